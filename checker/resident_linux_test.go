package checker

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
)

// lattice has more states than any limit here lets be: counters that only grow, alike.
type lattice struct {
	N [6]uint8 `checker:"per=counter"`
}

func latticeModel() Model[lattice] {
	return Model[lattice]{
		Name: "lattice", Init: []lattice{{}}, Symmetry: []Scalarset{{Name: "counter", Size: 6}},
		Processes: []Process[lattice]{{Name: "counter", Count: 6, Index: "counter", Steps: []Step[lattice]{{
			Label: "up", Do: func(s *lattice, self int) bool {
				if s.N[self] == 40 {
					return false
				}
				s.N[self]++
				return true
			},
		}}}},
		Terminal: func(*lattice) bool { return true },
	}
}

// residents are searches of it.
var residents = map[string]Options{
	"exact":       {},
	"fingerprint": {Store: Fingerprint},
	"depth first": {Search: DepthFirst},
	"symmetry":    {Symmetry: true},
	"checkpoint":  {},
}

// A process in which a search runs grows by no more than the limit and a tenth of it, as the
// system counts what is resident, and the search holds more than a third of it.
func TestResidentMemoryKeepsToTheLimit(t *testing.T) {
	if of := os.Getenv("URPC_RESIDENT_TEST"); of != "" {
		var limit uint64
		name, size, _ := strings.Cut(of, " ")
		name = strings.ReplaceAll(name, "-", " ")
		fmt.Sscan(size, &limit) //nolint:errcheck // the test below wrote it
		o := residents[name]
		o.MaxMemory, o.Workers = limit, 2
		if name == "checkpoint" {
			o.Checkpoint = t.TempDir()
		}
		r, err := Check(context.Background(), latticeModel(), o)
		fmt.Printf("\nreport %v %v %d %s\n", err, r.Verdict, r.Memory, r.Reason)
		return
	}
	run := func(name string, limit uint64) (resident, held uint64) {
		c := exec.Command(os.Args[0], "-test.run=^TestResidentMemoryKeepsToTheLimit$", "-test.timeout=5m")
		c.Env = append(os.Environ(), fmt.Sprintf("URPC_RESIDENT_TEST=%s %d", strings.ReplaceAll(name, " ", "-"), limit), "GOGC=100")
		out, err := c.Output()
		_, report, found := strings.Cut(string(out), "\nreport <nil> unknown ")
		if _, e := fmt.Sscan(report, &held); err != nil || !found || e != nil || !strings.Contains(report, "memory limit") {
			t.Fatalf("%s: %v: %q", name, err, out)
		}
		return uint64(c.ProcessState.SysUsage().(*syscall.Rusage).Maxrss) << 10, held
	}
	const limit = 1 << 27
	before, _ := run("exact", 1) // what the program is without
	for name := range residents {
		resident, held := run(name, limit)
		t.Logf("%s: %d MiB held, %d resident beside the program's %d, limit %d", name, held>>20, (resident-before)>>20, before>>20, limit>>20)
		if resident-before > limit+limit/10 || held < limit/3 {
			t.Errorf("%s: %d bytes held, %d resident beside the program's %d, limit %d", name, held, resident-before, before, limit)
		}
	}
}
