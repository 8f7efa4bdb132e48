package schedule

import (
	"fmt"
	"strconv"
	"strings"
)

// strategyNames are the strategies as tokens and commands name them.
var strategyNames = map[strategyKind]string{
	bounded: "bounded", random: "random", optimally: "optimal", byStates: "stateful",
	byPriorities: "pct", byOrder: "pos", uniformly: "urw", selectively: "surw",
}

// Name gives the strategy's name as commands have it: "bounded", "random",
// "optimal", "stateful", "pct", "pos", "urw" (Uniform), "surw" (Selective). It is ""
// of a token that does not say by which strategy it was found.
func (s Strategy) Name() string { return strategyNames[s.kind] }

// Samples says whether the strategy visits a number of executions by chance, from
// a seed.
func (s Strategy) Samples() bool { return s.kind.samples() }

// Seed gives where the random choices of a sample begin.
func (s Strategy) Seed() uint64 { return s.seed }

// Depth gives for how many ordering constraints PCT looks; 0 of others.
func (s Strategy) Depth() int { return s.depth }

// Executions gives how many executions a sample visits.
func (s Strategy) Executions() uint64 { return s.executions }

// String gives the strategy as it stands in a token: its name and its numbers, in
// decimal, with "-" between: "stateful", "bounded-2", "bounded" (without a bound),
// "random-SEED-EXECUTIONS", "pct-DEPTH-SEED-EXECUTIONS".
func (s Strategy) String() string {
	parts := []string{s.Name()}
	if s.kind == bounded && s.preemptions >= 0 {
		parts = append(parts, strconv.Itoa(s.preemptions))
	}
	if s.kind == byPriorities {
		parts = append(parts, strconv.Itoa(s.depth))
	}
	if s.Samples() {
		parts = append(parts, strconv.FormatUint(s.seed, 10), strconv.FormatUint(s.executions, 10))
	}
	return strings.Join(parts, "-")
}

// parseStrategy reads what String gives. Only that form is accepted: what is read
// is written again byte for byte.
func parseStrategy(text string) (Strategy, error) {
	if text == "" {
		return Strategy{}, nil
	}
	name, rest, _ := strings.Cut(text, "-")
	var s Strategy
	for k, known := range strategyNames {
		if known == name {
			s.kind = k
		}
	}
	var numbers []uint64
	for part := range strings.SplitSeq(rest, "-") {
		if n, err := strconv.ParseUint(part, 10, 64); err == nil {
			numbers = append(numbers, n)
		}
	}
	switch n := len(numbers); {
	case s.kind == bounded && n == 0:
		s.preemptions = -1
	case s.kind == bounded:
		s.preemptions = int(numbers[0])
	case s.kind == byPriorities && n == 3:
		s.depth = int(numbers[0])
	}
	if n := len(numbers); s.Samples() && n >= 2 {
		s.seed, s.executions = numbers[n-2], numbers[n-1]
	}
	if s.kind == unsaid || s.String() != text {
		return Strategy{}, fmt.Errorf("strategy %q is not one that this build knows", text)
	}
	return s, nil
}
