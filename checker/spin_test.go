package checker

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"sync"
	"testing"
)

var spinModels = flag.Int("spin", 0, "how many random models TestSpinAgrees gives to SPIN as well, which then has to be installed")

// fewSpinModels are given to SPIN where it is installed and nothing is said.
const fewSpinModels = 2

// SPIN (spinroot.com), which searches depth first in C and knows nothing of us, has the states,
// transitions, deadlocks and broken invariants of random models that the checker has.
func TestSpinAgrees(t *testing.T) {
	models := *spinModels
	for _, tool := range []string{"spin", "gcc"} {
		if _, err := exec.LookPath(tool); err != nil && models == 0 {
			t.Skipf("%s is not installed (on Debian: apt-get install spin gcc); -spin N makes that a failure", tool)
		} else if err != nil {
			t.Fatal(err)
		}
	}
	if models == 0 {
		models = fewSpinModels
	}
	all, lock := tally{}, sync.Mutex{}
	inParts(t, 0, models, func(t *testing.T, n int) error {
		of, r, err := spinNumbered(t, n)
		if err != nil {
			return fmt.Errorf("model %d: %w", n, err)
		}
		lock.Lock()
		defer lock.Unlock()
		all.note("violated", of.violated)
		all.note("not violated", !of.violated)
		all.note("deadlocked", of.stuck > 0)
		all.note("not deadlocked", of.stuck == 0)
		all.note("of a thousand states and more", r.States >= 1000)
		return nil
	})
	t.Logf("SPIN agrees on %d models:\n%v", models, all)
	if models >= fewModels {
		all.demandTenths(t, "violated", "not violated", "deadlocked", "not deadlocked")
	}
}

// spinNumbered gives one model to both.
func spinNumbered(t *testing.T, n int) (of spun, r Report, err error) {
	// SPIN knows no state that is an end because of what it says: all are deadlocks.
	if n%2 == 0 {
		m, _ := suited(n, 3000, func(seed uint64) drawn[rstate] { m := randomModel(seed); m.Terminal = 255; return &m })
		return spinOne(t, m.(*rmodel).promela(), m.model())
	}
	m, _ := suited(n, 3000, func(seed uint64) drawn[pstate] { m := randomPartial(seed); m.Terminal = 255; return &m })
	return spinOne(t, m.(*pmodel).promela(), m.model())
}

func spinOne[S comparable](t *testing.T, p promela, m Model[S]) (of spun, r Report, err error) {
	if of, err = spin(t, p.String()); err != nil {
		return of, r, fmt.Errorf("%w\n%s", err, p.String())
	}
	r = checkCut(t, m, Options{AfterViolation: -1}, defaultCut)
	want := spun{
		states:      int(r.States) + 1,
		transitions: int(r.Transitions) + len(p.starts) + 1,
		stuck:       int(r.Deadlocks),
		violated:    r.Properties[1].Verdict == Violated,
	}
	if of != want || r.Ends > 0 {
		err = fmt.Errorf("SPIN has %+v, which should be %+v, of\n%s", of, want, p.String())
	}
	return of, r, err
}

// spun is what SPIN has found.
type spun struct {
	states, transitions int // with the state before init, which counts as one of both, and what init does
	stuck               int
	violated            bool
}

var (
	spinErrors      = regexp.MustCompile(`errors: (\d+)`)
	spinStates      = regexp.MustCompile(`(\d+) states, stored`)
	spinTransitions = regexp.MustCompile(`(\d+) transitions`)
)

// spin has SPIN search a model whole, without reductions: once for states in which it is
// stuck, and once for false assertions.
func spin(t *testing.T, model string) (of spun, err error) {
	dir, err := os.MkdirTemp(t.TempDir(), "")
	if err != nil {
		return of, err
	}
	defer os.RemoveAll(dir) //nolint:errcheck // the test's folder goes, too
	if err := os.WriteFile(filepath.Join(dir, "model.pml"), []byte(model), 0o600); err != nil {
		return of, err
	}
	run := func(name string, arguments ...string) (string, error) {
		c := exec.CommandContext(t.Context(), name, arguments...)
		c.Dir = dir
		out, err := c.CombinedOutput()
		if err != nil {
			err = fmt.Errorf("%s %q: %w\n%s", name, arguments, err, out)
		}
		return string(out), err
	}
	// Without what SPIN leaves out by looking at the program (-o1 to -o3).
	if _, err := run("spin", "-o1", "-o2", "-o3", "-a", "model.pml"); err != nil {
		return of, err
	}
	if _, err := run("gcc", "-O0", "-w", "-DSAFETY", "-DNOREDUCE", "-o", "pan", "pan.c"); err != nil {
		return of, err
	}
	number := func(in string, of *regexp.Regexp) (n int) {
		if match := of.FindStringSubmatch(in); match == nil {
			err = fmt.Errorf("no %s in what SPIN says:\n%s", of, in)
		} else if n, err = strconv.Atoi(match[1]); err != nil {
			err = fmt.Errorf("%w in what SPIN says:\n%s", err, in)
		}
		return n
	}
	stuck, err := run("./pan", "-A", "-c0", "-m10000", "-w18")
	if err != nil {
		return of, err
	}
	broken, err := run("./pan", "-E", "-c0", "-m10000", "-w18")
	if err != nil {
		return of, err
	}
	of.states, of.transitions, of.stuck = number(stuck, spinStates), number(stuck, spinTransitions), number(stuck, spinErrors)
	of.violated = number(broken, spinErrors) > 0
	if states := number(broken, spinStates); err == nil && states != of.states {
		err = fmt.Errorf("SPIN visits %d states, and then %d", of.states, states)
	}
	return of, err
}
