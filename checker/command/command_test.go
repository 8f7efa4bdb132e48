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
	runs(t, []catalogue.Family{single(2, 2)}, "replay", file).demand(t, console.ExitUsage, "not a trace of this program's model tally", "is not enabled")
	runs(t, []catalogue.Family{catalogue.Single("another", checker.Any(counting("other", 2, 2)))}, "replay", file).
		demand(t, console.ExitUsage, `unknown model "tally"`)
}
