package command

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"urpc/checker"
	"urpc/checker/catalogue"
	"urpc/checker/command/console"
)

// tally is a model of one process that counts to a bound, and wants to stay below it.
type tally struct{ N uint8 }

func counting(name string, bound, below uint8) checker.Model[tally] {
	return checker.Model[tally]{
		Name: name, Init: []tally{{}},
		Processes: []checker.Process[tally]{{Name: "counter", Count: 1, Steps: []checker.Step[tally]{
			{Label: "add", Do: func(s *tally, _ int) bool {
				if s.N == bound {
					return false
				}
				s.N++
				return true
			}},
			{Label: "never", Do: func(*tally, int) bool { return false }},
		}}},
		Terminal:   func(s *tally) bool { return s.N == bound },
		Properties: []checker.Property[tally]{checker.Invariant("below", func(s *tally) bool { return s.N < below })},
	}
}

// outcome is what a command line came to.
type outcome struct {
	code            int
	printed, errors string
}

// runs runs a command line over families, in the current folder.
func runs(t *testing.T, families []catalogue.Family, args ...string) outcome {
	t.Helper()
	out, complaints := temporary(t), temporary(t)
	program := console.Program{Name: "mine", Source: ".", CalledAs: "MINE_CALLED_AS", Out: "mine-out"}
	code := console.Run(t.Context(), program, args, out, complaints, func(c *console.Console, args []string) error {
		return Execute(c, args, families)
	})
	return outcome{code, contents(t, out), contents(t, complaints)}
}

func single(bound, below uint8) catalogue.Family {
	return catalogue.Single("counts to a bound", checker.Any(counting("tally", bound, below)))
}

// demand compares an exit code and looks for texts in what was printed.
func (o outcome) demand(t *testing.T, code int, texts ...string) {
	t.Helper()
	if o.code != code {
		t.Errorf("exit code %d, want %d\n%s%s", o.code, code, o.printed, o.errors)
	}
	for _, text := range texts {
		if !strings.Contains(o.printed+o.errors, text) {
			t.Errorf("it does not say %q:\n%s%s", text, o.printed, o.errors)
		}
	}
}

// A model that has no family is checked, and what is found of it replayed and shown; its
// name need not be given.
func TestOneModel(t *testing.T) {
	t.Chdir(t.TempDir())
	t.Setenv("MINE_CALLED_AS", "mine")
	families := []catalogue.Family{single(3, 3)}
	runs(t, families, "check").demand(t, console.ExitViolated, "tally: violated", "4 states, 3 transitions, depth 3",
		"never enabled: counter never", "replay: mine replay "+filepath.Join("mine-out", "check-tally", "below.trace.json"))
	file := filepath.Join("mine-out", "check-tally", "below.trace.json")
	runs(t, families, "replay", file).demand(t, console.ExitViolated, `violated again: invariant "below" of tally, configuration only`)
	runs(t, families, "show", file).demand(t, console.ExitHolds, `invariant "below" of tally, after 3 steps`, "replay: mine replay t1.")
	runs(t, families, "show").demand(t, console.ExitHolds, "after 3 steps")
	runs(t, families, "check", "--json").demand(t, console.ExitViolated, `"verdict":"violated","complete":true`)
	runs(t, families, "check", "--max-states", "2", "--config", "only").demand(t, console.ExitUnknown, "the limit of 2 states was met")
	runs(t, []catalogue.Family{single(3, 4)}, "check", "tally").demand(t, console.ExitHolds, "tally: holds")
}

// Of several models one is named; what there is not is refused with what there is.
func TestSeveralModels(t *testing.T) {
	families := []catalogue.Family{single(3, 4), catalogue.Single("another", checker.Any(counting("other one", 2, 2)))}
	runs(t, families, "check").demand(t, console.ExitUsage, "mine: check: no MODEL; want mine check MODEL: one of tally, other-one")
	runs(t, families, "check", "taly").demand(t, console.ExitUsage, `unknown model "taly"; did you mean "tally"?`)
	runs(t, families, "chek").demand(t, console.ExitUsage, `unknown verb "chek"; did you mean "check"?`)
	runs(t, families, "check", "tally", "--wrokers", "1").demand(t, console.ExitUsage, `did you mean "--workers"?`)
	runs(t, families).demand(t, console.ExitUsage, "no verb; want one of: check")
	runs(t, families, "replay", "t1.AAAA.00000000").demand(t, console.ExitUsage, "token is damaged: its checksum does not match")
	runs(t, families, "replay", "absent.json").demand(t, console.ExitUsage, "begins with t1. (a trace of a model), or the path")
	runs(t, families, "list").demand(t, console.ExitHolds, "models: mine check MODEL", "other-one       another", "mine list NAME tells")
	runs(t, families, "list", "taly").demand(t, console.ExitUsage, `unknown model "taly"; did you mean "tally"?`)
	runs(t, families, "list", "tally").demand(t, console.ExitHolds, "model tally: counts to a bound", "only")
	runs(t, nil, "list").demand(t, console.ExitUsage, "there is no model")
	runs(t, append(families, families[0]), "list").demand(t, console.ExitUsage, "there are two families of models of the name tally")
	wrong := families[0]
	wrong.Doc = ""
	runs(t, []catalogue.Family{wrong}, "list").demand(t, console.ExitFailed, "has no Doc")
}

// A trace of one command is none of another's, and the reason is told.
func TestTracesOfOtherModels(t *testing.T) {
	t.Chdir(t.TempDir())
	runs(t, []catalogue.Family{single(3, 3)}, "check", "--out", "here").demand(t, console.ExitViolated)
	file := filepath.Join("here", "below.trace.json")
	if _, err := os.Stat(file); err != nil {
		t.Fatal(err)
	}
	runs(t, []catalogue.Family{single(2, 2)}, "replay", file).demand(t, console.ExitUsage, "not a trace of this program's model tally", "is enabled in state {N=2}")
	runs(t, []catalogue.Family{catalogue.Single("another", checker.Any(counting("other", 2, 2)))}, "replay", file).
		demand(t, console.ExitUsage, `unknown model "tally"`)
}

// looping is a model of two processes that call each other's turn: without fairness one may
// take all the steps.
func looping() catalogue.Family {
	type turns struct{ N [2]uint8 }
	return catalogue.Single("two that go round", checker.Any(checker.Model[turns]{
		Name: "turns", Init: []turns{{}},
		Processes: []checker.Process[turns]{{Name: "p", Count: 2, Steps: []checker.Step[turns]{
			{Label: "end; of \"turn\"", Do: func(s *turns, p int) bool { s.N[p] = (s.N[p] + 1) % 3; return true }},
		}}},
		Fairness: []checker.Fairness{checker.Weak("p")},
		Properties: []checker.Property[turns]{
			checker.Eventually("p 0 moves", func(s *turns) bool { return s.N[0] > 0 }),
			checker.Eventually("p 1 moves", func(s *turns) bool { return s.N[1] > 0 }).Under(checker.Weak("p")),
			checker.Reachable("both at two", func(s *turns) bool { return s.N == [2]uint8{2, 2} }),
		},
	}))
}

// What is assumed of every process decides; a property that has assumptions keeps them; and
// what was found under an assumption is replayed under it, from its file and its token.
func TestFairness(t *testing.T) {
	t.Chdir(t.TempDir())
	t.Setenv("MINE_CALLED_AS", "mine")
	families := []catalogue.Family{looping()}
	runs(t, families, "check").demand(t, console.ExitHolds, "turns: holds", "p 0 moves: under weak fairness of p")
	for _, fairness := range []string{"weak", "strong"} {
		runs(t, families, "check", "--fairness", fairness).demand(t, console.ExitHolds, "turns: holds",
			"p 0 moves: under "+fairness+" fairness of p", "p 1 moves: under weak fairness of p", "in place of what the model declares: "+fairness+" fairness")
	}
	o := runs(t, families, "check", "--fairness", "none", "--out", "here")
	o.demand(t, console.ExitViolated, `liveness "p 0 moves" of turns, after 0 steps, and then 3 steps for ever`)
	if strings.Contains(o.printed, "violated  liveness    p 1 moves") {
		t.Errorf("the property has lost its own assumption:\n%s", o.printed)
	}
	file := filepath.Join("here", "p-0-moves.trace.json")
	runs(t, families, "replay", file).demand(t, console.ExitViolated, "violated again")
	_, token, _ := strings.Cut(runs(t, families, "show", file).printed, "replay: mine replay ")
	runs(t, families, "replay", strings.TrimSpace(token)).demand(t, console.ExitViolated, "and then 3 steps for ever", "violated again")
	runs(t, families, "check", "--fairness", "some").demand(t, console.ExitUsage, "want declared or none or weak or strong")
}

// A report and its traces are left in all formats; a run that holds leaves its report, and
// witnesses if they are asked for.
func TestOut(t *testing.T) {
	t.Chdir(t.TempDir())
	families := []catalogue.Family{looping()}
	o := runs(t, families, "check", "--fairness", "none", "--out", "failed", "--full", "--coverage")
	o.demand(t, console.ExitViolated, "state: N[0]=0  N[1]=1", "end; of \"turn\"  18")
	report, err := os.ReadFile(filepath.Join("failed", "report.txt"))
	if err != nil || string(report) != o.printed {
		t.Errorf("%v: the report is not what was printed:\n%s", err, report)
	}
	for _, ending := range []string{".trace.json", ".itf.json", ".dot", ".mmd"} {
		if _, err := os.Stat(filepath.Join("failed", "p-0-moves"+ending)); err != nil {
			t.Error(err)
		}
	}
	runs(t, families, "check", "--fairness", "weak", "--witness", "3", "--out", "held", "--json", "--coverage").
		demand(t, console.ExitHolds, `{"record":"coverage","process":"p","step":"end; of \"turn\"","transitions":18}`, `"assumed":"weak"`)
	for _, file := range []string{"report.jsonl", "both-at-two.mmd", "walk-1.dot", "walk-2.itf.json"} {
		if _, err := os.Stat(filepath.Join("held", file)); err != nil {
			t.Error(err)
		}
	}
	if _, err := os.Stat(filepath.Join("held", "walk-3.trace.json")); err == nil {
		t.Error("there are more witnesses than were asked for")
	}
	runs(t, families, "replay", filepath.Join("held", "walk-1.trace.json")).demand(t, console.ExitHolds, "walked again: nothing is violated on the way")
	runs(t, families, "replay", filepath.Join("held", "both-at-two.trace.json")).demand(t, console.ExitHolds, "reached again")
	runs(t, families, "check", "--witness", "3").demand(t, console.ExitUsage, "--out does not say where to")
	if o := runs(t, families, "check"); strings.Contains(o.printed, "state: ") || strings.Contains(o.printed, "taken") {
		t.Errorf("more is shown than was asked for:\n%s", o.printed)
	}
}

// Walks are a sample: nothing holds for them, what they find is violated and replays, and
// check --search random takes the same ones.
func TestSimulate(t *testing.T) {
	t.Chdir(t.TempDir())
	t.Setenv("MINE_CALLED_AS", "mine")
	failing, holding := []catalogue.Family{single(3, 3)}, []catalogue.Family{single(3, 4)}
	runs(t, holding, "simulate", "--walks", "10", "--seed", "5").demand(t, console.ExitHolds, "nothing found; a sample proves nothing",
		"10 walks, 30 steps, the longest of 3 steps; 4 different states seen; 0 deadlocks, 10 intended ends", "seed 5", "taken by no walk: counter never")
	o := runs(t, holding, "simulate", "--walks", "10", "--json", "--seed", "5")
	o.demand(t, console.ExitHolds, `"verdict":"unknown","complete":false`, `"budgetUsed":true,"walks":10,"steps":30`)
	if strings.Contains(o.printed, `"verdict":"holds"`) {
		t.Errorf("a sample holds:\n%s", o.printed)
	}
	for _, args := range [][]string{{"simulate", "--seed", "1"}, {"check", "--search", "random", "--seed", "1"}} {
		runs(t, failing, args...).demand(t, console.ExitViolated, "tally, random walks: violated", "after 3 steps; by a walk, and there may be a shorter way",
			"replay: mine replay "+filepath.Join("mine-out", "check-tally"))
	}
	runs(t, failing, "replay", filepath.Join("mine-out", "check-tally", "below.trace.json")).demand(t, console.ExitViolated, "violated again")
	runs(t, failing, "simulate", "--along", filepath.Join("mine-out", "check-tally", "below.trace.json"), "--seed", "1").demand(t, console.ExitViolated, "along a trace")
	runs(t, []catalogue.Family{single(2, 2)}, "simulate", "--along", filepath.Join("mine-out", "check-tally", "below.trace.json")).
		demand(t, console.ExitUsage, "not a trace of model tally")
	runs(t, failing, "simulate", "--along", "absent").demand(t, console.ExitUsage, `--along "absent": is no token, and there is no such file`)
	runs(t, failing, "check", "--search", "random", "--fairness", "weak").demand(t, console.ExitUsage, "--fairness does not go with --search random: walks are finite")
	runs(t, failing, "check", "--search", "random", "--max-states", "5").demand(t, console.ExitUsage, "--max-states does not go with --search random")
	runs(t, failing, "check", "--walks", "5").demand(t, console.ExitUsage, "--walks is for --search random")
}

// A trace is exported from a file, a token or a model, in each format; states are drawn of
// a model that has no trace, too.
func TestExport(t *testing.T) {
	t.Chdir(t.TempDir())
	families := []catalogue.Family{single(3, 3)}
	runs(t, families, "check", "--out", "here").demand(t, console.ExitViolated)
	file := filepath.Join("here", "below.trace.json")
	for format, want := range map[string]string{"json": `"format": "urpc-trace"`, "itf": `"vars": [`, "dot": "digraph {", "mermaid": "sequenceDiagram"} {
		fromFile := runs(t, families, "export", file, "--format", format)
		fromFile.demand(t, console.ExitHolds, want)
		if fromModel := runs(t, families, "export", "tally", "--format", format); fromModel.printed != fromFile.printed {
			t.Errorf("%s: the trace of the model is\n%s, that of the file\n%s", format, fromModel.printed, fromFile.printed)
		}
		runs(t, families, "export", "--format", format, "--out", "out").demand(t, console.ExitHolds)
		if text, err := os.ReadFile("out"); err != nil || string(text) != fromFile.printed {
			t.Errorf("%s: %v: the file has\n%s", format, err, text)
		}
	}
	runs(t, families, "export", "--format", "dot", "--states", "100").demand(t, console.ExitHolds, "tally: 4 states, 3 transitions", `color="red"`)
	runs(t, families, "export", "--format", "dot", "--states", "2").demand(t, console.ExitHolds, "4 states")
	holding := []catalogue.Family{single(3, 4)}
	runs(t, holding, "export", "--format", "dot", "--states", "2").demand(t, console.ExitHolds, "mine: not all states are drawn: the limit of 2 states was met", "2 states, 1 transitions, not all")
	runs(t, holding, "export").demand(t, console.ExitFailed, "no trace to show")
	runs(t, families, "export", "--states", "3").demand(t, console.ExitUsage, "--states is for --format dot")
	runs(t, families, "export", "--format", "pdf").demand(t, console.ExitUsage, "want json or itf or dot or mermaid")
	runs(t, families, "export", "--out", filepath.Join("no", "such", "folder")).demand(t, console.ExitFailed, "writing the export")
	runs(t, families, "export", "taly").demand(t, console.ExitUsage, `did you mean "tally"?`)
}

// An inductive check is told with its counterexample, which replays from its file and its
// token; what cannot be asked is wrong usage.
func TestInductive(t *testing.T) {
	t.Chdir(t.TempDir())
	t.Setenv("MINE_CALLED_AS", "mine")
	m := counting("tally", 3, 6)
	m.Properties = append(m.Properties, checker.Invariant("not 5", func(s *tally) bool { return s.N != 5 }))
	m.Domain.Fields = []checker.FieldDomain{checker.Range("N", 0, 9)}
	families := []catalogue.Family{catalogue.Single("counts to a bound", checker.Any(m))}
	runs(t, families, "inductive", "--invariant", "below").demand(t, console.ExitViolated, "tally, induction: violated",
		"6 states looked at, the invariants hold in 6; 5 steps taken from there", "violated  induction   below: after 1 step; the state before the step need not be reachable",
		`counterexample to induction of invariant "below" of tally, after 1 step`, "in a state that need not be reachable: N=5", "N: 5 -> 6",
		"replay: mine replay "+filepath.Join("mine-out", "inductive-tally", "below.trace.json"))
	file := filepath.Join("mine-out", "inductive-tally", "below.trace.json")
	runs(t, families, "replay", file).demand(t, console.ExitViolated, `violated again: induction "below" of tally, configuration only`)
	_, token, _ := strings.Cut(runs(t, families, "show", file).printed, "replay: mine replay ")
	runs(t, families, "replay", strings.TrimSpace(token)).demand(t, console.ExitViolated, "violated again")
	runs(t, families, "export", file, "--format", "mermaid").demand(t, console.ExitHolds, "sequenceDiagram")
	runs(t, families, "inductive", "--invariant", "below", "--json", "--coverage", "--keep-going").demand(t, console.ExitViolated,
		`{"record":"coverage","process":"counter","step":"add","transitions":5}`, `"record":"property","property":"below","kind":"induction","verdict":"violated"`,
		`"verb":"inductive"`, `"invariants":["below"],"domain":10,"holding":6,"broken":1,"leaving":0,"vacuous":["enabled in no state in which the invariants hold: counter never"]`)
	runs(t, families, "inductive", "--invariant", "below", "--lemma", "not 5", "--out", "here").demand(t, console.ExitHolds, "tally, induction: holds", "assumed: not 5",
		"10 states looked at, the invariants hold in 5; 4 steps taken from there: every state of the", "declared domain, which has 10", "holds     induction   below: true in every initial state, and kept by every step")
	if _, err := os.Stat(filepath.Join("here", "report.txt")); err != nil {
		t.Error(err)
	}
	runs(t, families, "inductive", "--max-states", "9").demand(t, console.ExitUnknown, "the domain has 10 states, and the limit is 9")
	runs(t, families, "inductive", "--invariant", "blow").demand(t, console.ExitUsage, `there is no invariant "blow"; invariants are "below", "not 5"`)
	runs(t, []catalogue.Family{single(3, 3)}, "inductive").demand(t, console.ExitUsage, "no inductive check: the model declares no domain")
	m.Domain.Fields[0] = checker.Range("N", 0, 1)
	runs(t, []catalogue.Family{catalogue.Single("counts to a bound", checker.Any(m))}, "inductive").demand(t, console.ExitUnknown, "step add of counter leaves the domain",
		"N is 2, and in the domain from 0 to 1", "step of tally that leaves the domain, after 1 step", "N: 1 -> 2")
	m.Processes[0].Steps[0].Do = func(s *tally, _ int) bool { panic("no") }
	runs(t, []catalogue.Family{catalogue.Single("panics", checker.Any(m))}, "inductive", "--json").demand(t, console.ExitFailed, "step add of counter panicked: no, in state {N=0}", `"verb":"inductive","model":"tally"`, `"verdict":"unknown"`)
}
