package protocol

import (
	"fmt"
	"testing"

	"urpc/checker"
	"urpc/spec/step"
)

// The claims of section 4 of the notes that this level and this checker can
// decide. N threads, k calls each, (c, s) processors at the start.

func settings(n, k, c, s int, rest string) string {
	return fmt.Sprintf("threads=%d,calls=%d,clientProcessors=%d,serverProcessors=%d%s", n, k, c, s, rest)
}

// donations demands that every whole path has exactly so many, and that all
// properties hold.
func donations(t *testing.T, config string, want int) {
	t.Helper()
	r := check(t, Family, config, "", 2)
	holds(t, r)
	if d := result(t, r, Donations); d.Unbounded || d.Least != want || d.Most != want {
		t.Errorf("%s: %d to %d donations, unbounded %v; want exactly %d", config, d.Least, d.Most, d.Unbounded, want)
	}
}

// C3, C11, C21, C25: on one processor 2k reallocations whatever N is, which is
// 2/N a call; eagerly 2Nk. One thread gains nothing.
func TestOneProcessor(t *testing.T) {
	for n := 1; n <= 5; n++ {
		for k := 1; k <= 3; k++ {
			donations(t, settings(n, k, 1, 0, ""), 2*k)
			donations(t, settings(n, k, 1, 0, ",policy=eager"), 2*n*k)
		}
	}
}

// C10, C19: none where every space that communicates starts with a processor.
func TestEverySpacePowered(t *testing.T) {
	for n := 1; n <= 3; n++ {
		for _, p := range [][2]int{{1, 1}, {1, 2}, {2, 1}} {
			for k := 1; k <= 2; k++ {
				donations(t, settings(n, k, p[0], p[1], ""), 0)
			}
		}
	}
}

// C11: with two processors in the client and none in the server, exactly one in
// all. C31 is refuted by the same: no more threads than processors, and yet a
// reallocation.
func TestTwoIdle(t *testing.T) {
	for n := 1; n <= 3; n++ {
		for k := 1; k <= 3; k++ {
			donations(t, settings(n, k, 2, 0, ""), 1)
		}
	}
}

// C4, C12, C13, C15 are properties of every configuration: here on one
// processor, with work between the calls and any order of the ready list.
func TestWorkAndAnyOrder(t *testing.T) {
	for n := 1; n <= 3; n++ {
		for w := range 3 {
			r := check(t, Family, settings(n, 2, 1, 0, fmt.Sprintf(",work=%d,readyList=any", w)), "", 2)
			holds(t, r)
			if p := result(t, r, AfterAll); p.Kind != checker.KindTransition {
				t.Errorf("C4 is checked as %v", p.Kind)
			}
		}
	}
}

// C8 refuted: without donation, and without a processor in the server, send and
// receive are not enough. The shortest way: every thread is dispatched and sends.
func TestNoDonation(t *testing.T) {
	for n := 1; n <= 4; n++ {
		stuck(t, settings(n, 1, 1, 0, ",donate=off"), 2*n)
	}
}

// C13: a server that never returns a processor is a deadlock on one processor
// (dispatch, send of every thread; donate; receive, execute, reply of every call).
func TestServerHoards(t *testing.T) {
	for n := 1; n <= 3; n++ {
		stuck(t, settings(n, 1, 1, 0, ",keeps=server"), 2*n+1+3*n)
	}
}

func stuck(t *testing.T, config string, steps int) {
	t.Helper()
	r := check(t, Family, config, "", 2)
	p := result(t, r, "deadlock")
	if p.Verdict != checker.Violated || len(p.Trace.Steps) != steps {
		t.Errorf("%s: %v by %v, want a deadlock after %d steps", config, p.Verdict, p.Trace, steps)
	}
}

// C24, in part: with as many compute-bound threads as processors in the client,
// no call is ever executed once they all run; with one processor no call is
// executed in any behaviour.
func TestComputeBound(t *testing.T) {
	for _, c := range []struct {
		compute int
		served  bool
	}{{0, true}, {1, false}} {
		r := check(t, Family, settings(2, 1, 1, 0, fmt.Sprintf(",compute=%d", c.compute)), "", 2)
		for _, cover := range r.Coverage {
			if cover.Label == step.Execute.String() && (cover.Transitions > 0) != c.served {
				t.Errorf("%d compute-bound threads: %d executions, want some: %v", c.compute, cover.Transitions, c.served)
			}
		}
	}
}
