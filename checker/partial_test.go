package checker

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
)

// The models below each need one condition of the reduction: without it the reduced search
// misses what the full one finds. docs/reductions.md says why.

type shared struct {
	X, Y, Z, L uint8
	At         [4]uint8
}

// line is a process that takes steps one after the other; the last one goes to next.
func line(name string, at int, next uint8, steps ...Step[shared]) Process[shared] {
	p := Process[shared]{Name: name, Count: 1, Own: []string{fmt.Sprintf("At[%d]", at)}, Steps: steps,
		PC: func(s *shared, _ int) int { return int(s.At[at]) }}
	for k := range steps {
		do := steps[k].Do
		to := uint8(k + 1)
		if k == len(steps)-1 {
			to = next
		}
		p.Steps[k].Label = fmt.Sprintf("%s%d", name, k)
		p.Steps[k].Do = func(s *shared, self int) bool {
			if !do(s, self) {
				return false
			}
			s.At[at] = to
			return true
		}
	}
	return p
}

const gone = 200 // no step: the process has ended

func puts(path string, f func(s *shared) *uint8, to uint8) Step[shared] {
	return Step[shared]{Writes: []string{path}, Do: func(s *shared, _ int) bool { *f(s) = to; return true }}
}

func x(s *shared) *uint8 { return &s.X }
func y(s *shared) *uint8 { return &s.Y }
func z(s *shared) *uint8 { return &s.Z }

// when is a step that waits for a condition on what it reads.
func when(reads []string, ok func(s *shared) bool, then Step[shared]) Step[shared] {
	do := then.Do
	then.Reads = append(then.Reads, reads...)
	then.Do = func(s *shared, self int) bool { return ok(s) && do(s, self) }
	return then
}

func skip() Step[shared] { return Step[shared]{Do: func(*shared, int) bool { return true }} }

// takes and frees are the steps of the lock L.
func takes() Step[shared] {
	return Step[shared]{Acquires: "L", Do: func(s *shared, _ int) bool {
		if s.L != 0 {
			return false
		}
		s.L = 1
		return true
	}}
}

func frees() Step[shared] {
	return Step[shared]{Holds: []string{"L"}, Writes: []string{"L"}, Do: func(s *shared, _ int) bool { s.L = 0; return true }}
}

func holding(s Step[shared]) Step[shared] { s.Holds = []string{"L"}; return s }

func lines(processes ...Process[shared]) Model[shared] {
	return Model[shared]{Name: "lines", Init: []shared{{}}, Processes: processes, Terminal: func(*shared) bool { return true }}
}

// bystander is a process that has nothing to do with the others, so that there is something
// to leave out.
func bystander() Process[shared] { return line("by", 3, gone, skip(), skip()) }

func TestConditionsOfTheReduction(t *testing.T) {
	never := func(name string, bad func(s *shared) bool, reads ...string) Property[shared] {
		return Invariant(name, func(s *shared) bool { return !bad(s) }).Reads(reads...)
	}
	for name, build := range map[string]func() Model[shared]{
		// Two steps that write one variable: who is last says what it is.
		"conflict": func() Model[shared] {
			m := lines(line("a", 0, gone, puts("X", x, 1)), line("b", 1, gone, puts("X", x, 2)), bystander())
			m.Properties = []Property[shared]{never("b last", func(s *shared) bool { return s.At[0] == gone && s.At[1] == gone && s.X == 2 }, "At", "X").BrokenBy("b0").MendedBy("a0")}
			m.Properties = append(m.Properties, never("a last", func(s *shared) bool { return s.At[0] == gone && s.At[1] == gone && s.X == 1 }, "At", "X").BrokenBy("a0").MendedBy("b0"))
			return m
		},
		// b reads what a writes, but waits for c, which has nothing to do with a.
		"enabler of a disabled step": func() Model[shared] {
			m := lines(line("a", 0, gone, puts("X", x, 1)),
				line("b", 1, gone, when([]string{"Y"}, func(s *shared) bool { return s.Y == 1 }, skip()), when([]string{"X"}, func(s *shared) bool { return s.X == 0 }, puts("Z", z, 1))),
				line("c", 2, gone, puts("Y", y, 1)))
			m.Properties = []Property[shared]{never("z", func(s *shared) bool { return s.Z == 1 }, "Z")}
			return m
		},
		// a mends what b breaks, and has nothing else to do with it.
		"visibility": func() Model[shared] {
			m := lines(line("a", 0, gone, puts("X", x, 1)), line("b", 1, gone, puts("Y", y, 1)))
			m.Properties = []Property[shared]{never("b before a", func(s *shared) bool { return s.X == 0 && s.Y == 1 }, "X", "Y").BrokenBy("b0").MendedBy("a0")}
			return m
		},
		"visibility of what is not declared": func() Model[shared] {
			m := lines(line("a", 0, gone, puts("X", x, 1)), line("b", 1, gone, puts("Y", y, 1)))
			m.Properties = []Property[shared]{Invariant("b before a", func(s *shared) bool { return s.X == 1 || s.Y == 0 })}
			return m
		},
		// a goes round for ever, and b is put off.
		"cycle": func() Model[shared] {
			m := lines(line("a", 0, 0, skip(), skip()), line("b", 1, gone, puts("Y", y, 1)))
			m.Properties = []Property[shared]{never("b", func(s *shared) bool { return s.Y == 1 }, "Y")}
			return m
		},
		"cycle of one who takes a lock": func() Model[shared] {
			m := lines(line("a", 0, 0, takes(), frees()), line("b", 1, gone, puts("Y", y, 1)))
			m.Properties = []Property[shared]{never("b", func(s *shared) bool { return s.Y == 1 }, "Y")}
			return m
		},
		"cycle of one without PC": func() Model[shared] {
			m := lines(Process[shared]{Name: "a", Count: 1, Own: []string{"At[0]"}, Steps: []Step[shared]{{Label: "a", Do: func(s *shared, _ int) bool { s.At[0] ^= 1; return true }}}},
				line("b", 1, gone, puts("Y", y, 1)))
			m.Properties = []Property[shared]{never("b", func(s *shared) bool { return s.Y == 1 }, "Y")}
			return m
		},
		// A process that has ended begins again when another one says so.
		"who has ended": func() Model[shared] {
			m := lines(line("a", 0, gone, puts("X", x, 1)),
				line("b", 1, gone, when([]string{"X"}, func(s *shared) bool { return s.X == 0 }, puts("Z", z, 1))),
				line("c", 2, gone, Step[shared]{Writes: []string{"At[1]"}, Do: func(s *shared, _ int) bool { s.At[1] = 0; return true }}))
			m.Init[0].At[1] = gone
			m.Properties = []Property[shared]{never("z", func(s *shared) bool { return s.Z == 1 }, "Z")}
			return m
		},
		// What is done under the lock is mended under it; b sees it all the same, without.
		"a reader without the lock": func() Model[shared] {
			m := lines(line("a", 0, gone, takes(), holding(puts("X", x, 1)), holding(puts("X", x, 0)), frees()),
				line("b", 1, gone, when([]string{"X"}, func(s *shared) bool { return s.X == 1 }, puts("Z", z, 1))), bystander())
			m.Properties = []Property[shared]{never("z", func(s *shared) bool { return s.Z == 1 }, "Z")}
			return m
		},
	} {
		m := build()
		full, reduced := check(t, m, Options{}), check(t, m, Options{PartialOrder: true})
		for i, p := range full.Properties {
			if q := reduced.Properties[i]; p.Verdict != q.Verdict || i > 0 && p.Verdict != Violated {
				t.Errorf("%s: %s is %v in full and %v reduced; want violated", name, p.Name, p.Verdict, q.Verdict)
			}
		}
		// A reachable is the same, seen from the other side.
		for i, p := range m.Properties {
			bad := p.state
			q := Reachable(p.name, func(s *shared) bool { return !bad(s) })
			q.reads, q.broken, q.mended = p.reads, p.broken, p.mended
			m.Properties[i] = q
		}
		if r := check(t, m, Options{PartialOrder: true}); r.Verdict != Holds {
			t.Errorf("%s: as a reachable it is %v; want holds", name, r.Verdict)
		}
		// The reduction is one: of the same processes, deadlock alone is found with less.
		m.Properties = nil
		if r := check(t, m, Options{PartialOrder: true}); r.Partly == 0 && r.States >= full.States && name != "cycle of one who takes a lock" && !strings.HasPrefix(name, "enabler") && name != "who has ended" {
			t.Errorf("%s: nothing is left out", name)
		}
	}
}

// What is said to be a lock and is none makes no verdict: where the full search, to which
// nothing is declared, finds a violation, the reduced one finds the lie.
func TestLocksThatAreNone(t *testing.T) {
	both := Invariant("both", func(s *shared) bool { return s.At[0] != 1 || s.At[1] != 2 })
	for want, build := range map[string]func() Model[shared]{
		// b takes the lock without looking, but only once a has told it to, and a has nothing left
		// to do then but to free it: in no state that is visited is it taken where it is held.
		"acquires L and is enabled where it is held, as it is in no state that was visited": func() Model[shared] {
			rogue := takes()
			rogue.Do = func(s *shared, _ int) bool { s.L = 1; return true }
			return lines(line("a", 0, gone, takes(), holding(puts("X", x, 1)), frees()),
				line("b", 1, gone, when([]string{"X"}, func(s *shared) bool { return s.X == 1 }, skip()), rogue, holding(skip()), frees()))
		},
		// c frees a lock that it has not taken.
		"step c0 of c changes L, which is not in its footprint": func() Model[shared] {
			return lines(line("a", 0, gone, takes(), holding(skip()), frees()), line("b", 1, gone, takes(), holding(skip()), frees()),
				line("c", 2, gone, Step[shared]{Do: func(s *shared, _ int) bool { s.L = 0; return true }}))
		},
		// c says that it holds it, and has not taken it.
		"initial state 0 has c at a step that holds L": func() Model[shared] {
			return lines(line("a", 0, gone, takes(), holding(skip()), frees()), line("b", 1, gone, takes(), holding(skip()), frees()), line("c", 2, gone, frees()))
		},
		"step c0 of c comes to a step that holds L and does not acquire it": func() Model[shared] {
			return lines(line("a", 0, gone, takes(), holding(skip()), frees()), line("b", 1, gone, takes(), holding(skip()), frees()), line("c", 2, gone, skip(), frees()))
		},
	} {
		m := build()
		_, err := Check(context.Background(), m, Options{PartialOrder: true})
		var untrue *DeclarationError
		if !errors.As(err, &untrue) || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want one that says %q", err, want)
		}
		m.Properties = []Property[shared]{both}
		for i := range m.Processes {
			m.Processes[i].Own = nil
			for k := range m.Processes[i].Steps {
				s := &m.Processes[i].Steps[k]
				s.Reads, s.Writes, s.Acquires, s.Holds = nil, nil, "", nil
			}
		}
		if r := check(t, m, Options{}); r.Properties[1].Verdict == Unknown {
			t.Errorf("%s: unknown without declarations", want)
		}
	}
}

// A step that acquires a lock is left out only where the word is all that it has in common
// with the step that holds it.
func TestExclusionByALock(t *testing.T) {
	m := lines(line("a", 0, gone, takes(), holding(puts("X", x, 1)), frees()),
		line("b", 1, gone, when([]string{"X"}, func(s *shared) bool { return s.X == 0 }, takes()), holding(puts("X", x, 2)), frees()))
	d, err := declare(&m)
	if err != nil {
		t.Fatal(err)
	}
	a, b := d.instances[0].steps, d.instances[1].steps
	for _, test := range []struct {
		f, g *footprint
		want bool
	}{
		{&a[1], &b[1], true},  // both hold it
		{&a[1], &b[0], false}, // b reads X to acquire it
		{&a[2], &b[0], true},  // only the word
		{&b[1], &a[0], true},
		{&a[0], &b[0], false}, // nobody holds it
		{&a[0], &b[1], false},
	} {
		if got := excluded(test.f, test.g, d.locks); got != test.want {
			t.Errorf("%+v excludes %+v: %v, want %v", test.f, test.g, got, test.want)
		}
	}
}

func TestSearchesThatAreNotReduced(t *testing.T) {
	always := func(*shared) bool { return true }
	for want, change := range map[string]func(m *Model[shared]){
		`property "p" is about every transition, also those that would be left out`: func(m *Model[shared]) {
			m.Properties = []Property[shared]{Transition("p", func(_, _ *shared, _ Taken) bool { return true })}
		},
		`property "p" is about whole paths, also those that would be left out`: func(m *Model[shared]) {
			m.Properties = []Property[shared]{Invariant("i", always), AlwaysEventually("p", always)}
		},
		`property "c" is about whole paths`: func(m *Model[shared]) { m.Properties = []Property[shared]{Count[shared]("c", "a0")} },
		"no process has Own and no step has Reads or Writes": func(m *Model[shared]) {
			for i := range m.Processes {
				m.Processes[i].Own, m.Processes[i].Steps[0].Writes = nil, nil
			}
		},
		"there are 65 process instances, more than 64": func(m *Model[shared]) {
			m.Processes[0].Count, m.Processes[0].PC = 64, nil
			m.Processes[0].Steps[0].Do = func(*shared, int) bool { return false }
		},
	} {
		m := lines(line("a", 0, gone, puts("X", x, 1)), line("b", 1, gone, puts("Y", y, 1)))
		change(&m)
		full, r := check(t, m, Options{}), check(t, m, Options{PartialOrder: true})
		if !strings.Contains(r.Unreduced, want) || r.Partly != 0 || r.States != full.States || r.Transitions != full.Transitions || full.Unreduced != "" {
			t.Errorf("not reduced since %q, %d partly, %d states; want since %q, all %d", r.Unreduced, r.Partly, r.States, want, full.States)
		}
	}
}

// Once a property is decided nothing has to be kept for it.
func TestDecidedPropertiesDoNotHinder(t *testing.T) {
	build := func(seen uint8) Model[gridState] {
		m := grid(2)
		m.Processes[0].Own = []string{"N[self]"}
		m.Properties = []Property[gridState]{Reachable("both", func(s *gridState) bool { return s.N[0] == seen && s.N[1] == seen }).Reads("N")}
		return m
	}
	early, never := check(t, build(1), Options{PartialOrder: true}), check(t, build(10), Options{PartialOrder: true})
	if early.Verdict != Holds || never.Verdict != Violated || never.States != 100 || early.States > 40 || early.Partly == 0 {
		t.Errorf("decided early: %v, %d states; not at all: %v, %d states; want holds with few, violated with 100", early.Verdict, early.States, never.Verdict, never.States)
	}
}

// A limit on states is kept where a state is completed, and what was left out then is told.
func TestReducedSearchesKeepToLimits(t *testing.T) {
	m := grid(4)
	m.Processes[0].Own = []string{"N[self]"}
	m.Properties = nil
	all := check(t, m, Options{PartialOrder: true})
	if all.States >= 10_000 || !all.Complete {
		t.Fatalf("%d states, complete %v", all.States, all.Complete)
	}
	for limit := uint64(1); limit < all.States+3; limit++ {
		r := check(t, m, Options{PartialOrder: true, MaxStates: limit})
		if r.States > limit || r.Complete != (limit >= all.States) || r.Complete == (r.Verdict == Unknown) {
			t.Errorf("limit %d: %d states, complete %v, %v", limit, r.States, r.Complete, r.Verdict)
		}
	}
}
