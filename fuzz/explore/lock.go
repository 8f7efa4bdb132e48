package explore

import (
	"urpc/checker/catalogue"
	"urpc/checker/schedule"
	"urpc/runtime/lock"
	"urpc/runtime/shm"
	spec "urpc/spec/lock"
	"urpc/spec/step"
)

// NothingLost is a property of the target lock: what one holder writes the next
// one sees.
const NothingLost = "no increment under the lock is lost"

var lockTarget = Target{
	Name: "lock",
	Doc:  "the test-and-set lock by itself, with a counter that it guards",
	Parameters: []catalogue.Parameter{
		{Name: "n", Doc: "threads", Default: 2, Min: 1, Max: 8},
		{Name: "rounds", Doc: "times that each thread takes the lock", Default: 2, Min: 1, Max: 100},
	},
	Configurations: []catalogue.Configuration{
		{Name: "default", Doc: "two threads, two rounds"},
		{Name: "three", Doc: "three threads, two rounds", Set: map[string]int{"n": 3}},
		{Name: "eight", Doc: "eight threads, three rounds", Set: map[string]int{"n": 8, "rounds": 3}, Large: true},
	},
	Properties: []string{spec.MutualExclusion, NothingLost, NoBypass},
	Program:    func(v catalogue.Values) func(*schedule.T) { return watchedLock(v, Watch{}) },
}

// Words of the target's segment.
const (
	lockWord shm.Offset = 0
	counter  shm.Offset = shm.Line
)

func watchedLock(v catalogue.Values, w Watch) func(*schedule.T) {
	n, rounds := v.Int("n"), v.Int("rounds")
	names := numbered("thread", n)
	return func(t *schedule.T) {
		memory := shm.Heap(0, 2*shm.Line)
		m := NewMachine(t, 0)
		m.alone = w.Alone
		NewRegion(m, 0).Hook(memory)
		look := memory.Unhooked()
		l := &lock.TryLock{Segment: memory, Word: lockWord, TestSet: step.TestSet, Unlock: step.Unlock}
		inside := 0
		t.Shared(func(d *schedule.Digest) {
			d.Word(uint64(look.Peek(lockWord))<<32 | uint64(look.Peek(counter)))
			d.Word(uint64(inside))
		})
		check := func(property string, ok bool, format string, args ...any) {
			if !ok && !w.Alone {
				t.Fail(property, format, args...)
			}
		}
		declare := t.Go
		if w.Observer != nil {
			declare = t.Daemon // that a thread does not come to its end is the observer's to judge
			m.observer, m.gate = w.Observer, w.Gate
			w.Observer.Begin(Watched{T: t, machine: m, Segments: [3]*shm.View{look}})
		}
		for i := range n {
			declare(names[i], func() {
				for round := range rounds {
					t.Mark("round", uint64(round))
					for !l.Try() {
						l.AwaitFree()
						t.Mark("round", uint64(round))
					}
					inside++
					check(spec.MutualExclusion, inside == 1, "%d threads hold the lock", inside)
					memory.Store(step.CS, counter, memory.Load(step.CS, counter)+1)
					l.Free()
					inside-- // as the lock is freed: no step comes between
				}
				t.Mark("end")
				if w.Observer != nil {
					w.Observer.Ended(t.Self())
				}
			})
		}
		t.AtEnd(func() {
			if m.observer != nil {
				m.observer = nil // what follows are looks, not steps
				w.Observer.End()
			}
			count := look.Peek(counter)
			check(NothingLost, count == uint32(n*rounds), "%d increments make %d", n*rounds, count)
		})
	}
}
