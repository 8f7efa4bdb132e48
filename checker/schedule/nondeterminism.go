package schedule

import (
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
)

// How often an execution that went another way is run again by the same choices,
// and how many steps that may take.
const (
	reruns     = 50
	rerunSteps = 200_000
)

// diagnosed adds to an error that says that the program is not a function of its
// schedule what tells where it is not: the execution is run again by the same
// choices, and the runs are compared by what each thread stands before at each
// decision.
func (e *exploration) diagnosed(err error, plan []Decision) error {
	suspected := errors.Is(err, ErrState) // two states for one may be one program for two
	if !suspected && !errors.Is(err, ErrNondeterministic) {
		return err
	}
	e.r.goOn, e.r.keeps = false, false
	before := runtime.NumGoroutine()
	var runs []*rerun
	for spent := 0; len(runs) < reruns && spent < rerunSteps; {
		w := e.r.rerun(plan, e.o.Skip)
		runs = append(runs, w)
		spent += len(w.moments) + 1
		if e.r.outcome == interrupted {
			return err
		}
	}
	text, parted := parting(runs)
	if suspected && !parted {
		if leak := e.againAtTheEnd(); leak != nil {
			return fmt.Errorf("%w, so that %w; %s", leak, err, text)
		}
		return err
	}
	if suspected {
		err = fmt.Errorf("%w, so that %w", ErrNondeterministic, err)
	}
	if n := runtime.NumGoroutine() - before; n >= len(runs) {
		text += fmt.Sprintf("; the runs left %s behind: another goroutine may decide", plural(n, "goroutine"))
	}
	return fmt.Errorf("%w; %s", err, text)
}

// againTimes is how often the n-th execution is run again, to see whether it goes alike.
// A sample repeats nothing of itself. A search that is exhaustive repeats the first part
// of the execution before in each one, and notices other steps there, but no other value,
// and nothing of what comes last. (A search by states has ways of its own.)
func (e *exploration) againTimes(n uint64) int {
	switch {
	case e.o.Steered:
		return 0
	case n == 1:
		return 32
	case n < 64 && n&(n-1) == 0:
		return 4
	case n%64 == 0:
		return 1
	}
	return 0
}

// summary is what of an execution must be alike when it is run again.
type summary struct {
	outcome  outcome
	property string
	steps    int
	told     Digest
}

func (r *runner) summed() summary { return summary{r.outcome, r.property, len(r.steps), r.sum} }

// again runs the last execution again, so many times, and compares them.
func (e *exploration) again(was summary, times int) error {
	r := e.r
	defer func() { r.strategy, r.sums = e.strategy, false }()
	for range times {
		r.strategy, r.sums = &guided{plan: r.decisions()}, true
		r.run(was.steps)
		if err := r.alike(was, "run again"); err != nil || r.outcome == interrupted {
			return err
		}
	}
	return nil
}

// alike says what of the last execution, which was run again when it says, is not as it was
// before.
func (r *runner) alike(was summary, when string) error {
	how := ""
	switch is := r.summed(); {
	case r.outcome == interrupted:
		return nil
	case r.misuse != "":
		how = ", it calls T otherwise: " + r.misuse
	case r.outcome == refused && r.difference == "":
		how = fmt.Sprintf(", other threads can go on before step %d", is.steps+1)
	case r.outcome == refused:
		how = ", " + r.difference
	case is.steps != was.steps:
		how = fmt.Sprintf(", it has %s and had %d", plural(is.steps, "step"), was.steps)
	case is.outcome != was.outcome || is.property != was.property:
		how = " by the same steps, it ends otherwise" + endings(was.property, is.property)
	case is.told != was.told:
		how = " by the same steps, they read or write other values"
	default:
		return nil
	}
	return fmt.Errorf("%w: %s%s", ErrNondeterministic, when, how)
}

func endings(was, is string) string {
	say := func(property string) string {
		if property == "" {
			return "well"
		}
		return "as a failure of " + property
	}
	return fmt.Sprintf(": %s, and before %s", say(is), say(was))
}

// rerun is an execution by a plan, with what it went through.
type rerun struct {
	guided
	r       *runner
	moments []moment
}

// moment is what there is before a decision, and at the end.
type moment struct {
	after  string // the step before
	stands []standing
}

// standing is what one thread stands before.
type standing struct {
	who, what, source string
	frames            []string // where it stands, and where it stood before, in full
}

func (r *runner) rerun(plan []Decision, skip []string) *rerun {
	w := &rerun{guided: guided{plan: plan}, r: r}
	r.recording = newRecording(len(plan), "", skip)
	r.recording.stacks = true
	defer func() { r.recording = nil }()
	limit := r.maxSteps
	r.strategy, r.maxSteps = w, len(plan)+maxChecks
	r.run(0)
	r.maxSteps = limit
	end := "its end"
	if r.outcome == failed {
		end = "its failure of property " + r.property
	}
	w.note(standing{who: "the execution", what: end})
	return w
}

func (w *rerun) pick(enabled uint64, last int) int {
	w.note(w.threads(enabled)...)
	return w.guided.pick(enabled, last)
}

func (w *rerun) choose(n int) int {
	w.note(standing{who: "the program", what: fmt.Sprintf("a choice among %d", n), frames: w.r.frames()})
	return w.guided.choose(n)
}

func (w *rerun) note(stands ...standing) {
	m := moment{after: "at the beginning", stands: stands}
	c := w.r.recording
	if n := len(c.steps); n > 0 {
		m.after = fmt.Sprintf("after step %d, %s", n, c.tell(w.r, n-1))
		m.stands = slices.Concat([]standing{w.value(c.steps[n-1])}, stands)
	}
	w.moments = append(w.moments, m)
}

// value gives what a step has told, now that its thread has come to the next one.
func (w *rerun) value(s TakenStep) standing {
	v := standing{who: "the step", what: "no value"}
	if s.Value != "" {
		v.what = "the value " + s.Value
	}
	if s.Thread >= 0 {
		th := w.r.threads[s.Thread]
		v.source, v.frames = s.Source, slices.Concat(th.came, th.frames)
	}
	return v
}

// threads gives what each thread stands before.
func (w *rerun) threads(enabled uint64) []standing {
	var all []standing
	for _, th := range w.r.threads[:w.r.declared] {
		s := standing{who: fmt.Sprintf("thread %q", th.name), what: w.r.before(th), source: th.source}
		if !th.done && !th.dead && enabled&th.bit == 0 {
			s.what += ", which it awaits"
		}
		if th.done {
			s.source = ""
		}
		s.frames = slices.Concat(th.frames, th.came)
		all = append(all, s)
	}
	return all
}

// parting says where runs by the same choices part, and what may be the cause.
func parting(runs []*rerun) (text string, parted bool) {
	for i := 0; ; i++ {
		first := runs[0].at(i)
		if first == nil {
			return fmt.Sprintf("run again %d times by the same choices, it went alike each time: is there state that one execution leaves to the next (a package's variable, a cache, sync.Once, sync.Pool)?", len(runs)), false
		}
		for t := range first.stands {
			ways := waysOf(runs, i, t)
			if len(ways) > 1 {
				return describeParting(runs, first, ways), true
			}
		}
	}
}

// at gives the i-th moment, of a run that has ended its last one; nil: of a run
// that is all compared.
func (w *rerun) at(i int) *moment {
	if i < len(w.moments) {
		return &w.moments[i]
	}
	return nil
}

// way is one of the ways in which runs go.
type way struct {
	standing
	times int
}

// waysOf gives what the runs have at a moment for one thread, the most frequent
// first.
func waysOf(runs []*rerun, i, t int) []way {
	var ways []way
	for _, w := range runs {
		s := standing{who: "the execution", what: "its end"}
		if m := w.at(i); m != nil && t < len(m.stands) {
			s = m.stands[t]
		} else if m != nil {
			s = m.stands[len(m.stands)-1]
		}
		k := slices.IndexFunc(ways, func(w way) bool { return w.who == s.who && w.what == s.what && w.source == s.source })
		if k < 0 {
			k = len(ways)
			ways = append(ways, way{standing: s})
		}
		ways[k].times++
	}
	slices.SortStableFunc(ways, func(a, b way) int { return b.times - a.times })
	return ways
}

func describeParting(runs []*rerun, m *moment, ways []way) string {
	const most = 3
	var b strings.Builder
	fmt.Fprintf(&b, "run again %d times by the same choices, it goes %d ways, which part %s: ", len(runs), len(ways), m.after)
	for i, w := range ways[:min(most, len(ways))] {
		if i > 0 {
			b.WriteString(", ")
		}
		if i == 0 || w.who != ways[i-1].who {
			b.WriteString(w.who + " comes to ")
		}
		fmt.Fprintf(&b, "%s%s in %d of them", w.what, inSource(" at ", w.source), w.times)
	}
	if len(ways) > most {
		b.WriteString(", ..")
	}
	var sources []string
	for _, w := range ways {
		sources = append(sources, w.frames...)
	}
	if found := suspects(sources); len(found) > 0 {
		b.WriteString("; there: " + strings.Join(found, ", "))
		return b.String()
	}
	b.WriteString("; what decides there is not under control: the order of a map, time, random numbers, a select, another goroutine, an address, or state that one execution leaves to the next")
	return b.String()
}
