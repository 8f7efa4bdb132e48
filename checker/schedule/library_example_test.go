package schedule_test

import (
	"context"
	"fmt"
	"os"
	"testing"

	"urpc/checker/schedule"
	"urpc/checker/verdict"
)

// A spin lock of one word. The faulty one tests and sets in two steps.
type spinLock struct {
	word   *schedule.Word
	faulty bool
}

func free(v uint64) bool { return v == 0 }

func (l *spinLock) lock() {
	if !l.faulty {
		l.word.AwaitSwap(free, 1) // a loop of test-and-set, as one step that waits
		return
	}
	l.word.Await(free)
	l.word.Store(1)
}

func (l *spinLock) unlock() { l.word.Store(0) }

func spinLocked(faulty bool) func(*schedule.T) {
	return func(t *schedule.T) {
		l := &spinLock{t.Word("lock", 0), faulty}
		inside := t.Word("inside", 0)
		for _, name := range []string{"left", "right"} {
			t.Go(name, func() {
				l.lock()
				n := inside.Add(1)
				t.Check("mutual exclusion", n == 1, "%d threads are inside", n)
				inside.Add(^uint64(0))
				l.unlock()
			})
		}
	}
}

// A lock that tests and sets in two steps.
func Example_lock() {
	report, err := schedule.Explore(context.Background(), spinLocked(true), schedule.Optimal(), schedule.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(report.Verdict, report.Failure.Property, report.Failure.Message)
	for _, s := range report.Failure.Steps {
		fmt.Println(report.Failure.Threads[s.Thread], s.Event.Name, "=", s.Value)
	}
	// Output:
	// violated mutual exclusion 2 threads are inside
	// left await lock = 0
	// right await lock = 0
	// right store lock = 1
	// right add inside = 1
	// left store lock = 1
	// left add inside = 2
}

// A queue of slots with one producer and one consumer. The faulty one publishes a
// slot before it has written it.
type slotQueue struct {
	slots      []*schedule.Word // plain: the index orders them
	head, tail *schedule.Word
	faulty     bool
}

func newSlotQueue(t *schedule.T, size int, faulty bool) *slotQueue {
	q := &slotQueue{head: t.Word("head", 0), tail: t.Word("tail", 0), faulty: faulty}
	for i := range size {
		q.slots = append(q.slots, t.Word(fmt.Sprint("slot", i), 0))
	}
	return q
}

func (q *slotQueue) send(i, v uint64) {
	size := uint64(len(q.slots))
	q.head.Await(func(head uint64) bool { return i-head < size })
	if q.faulty {
		q.tail.Store(i + 1)
	}
	q.slots[i%size].Write(v)
	if !q.faulty {
		q.tail.Store(i + 1) // publishes the slot: who sees it is ordered after the write above
	}
}

func (q *slotQueue) receive(i uint64) uint64 {
	q.tail.Await(func(tail uint64) bool { return tail > i })
	v := q.slots[i%uint64(len(q.slots))].Read()
	q.head.Store(i + 1)
	return v
}

func queueOf(messages uint64, faulty bool) func(*schedule.T) {
	return func(t *schedule.T) {
		q := newSlotQueue(t, 2, faulty)
		t.Go("producer", func() {
			for i := range messages {
				t.Mark("send", i)
				q.send(i, 10+i)
			}
		})
		t.Go("consumer", func() {
			for i := range messages {
				t.Mark("receive", i)
				v := q.receive(i)
				t.Check("in order", v == 10+i, "message %d is %d", i, v)
			}
		})
	}
}

// A queue that publishes before it writes: a data race.
func Example_queue() {
	o := schedule.Options{DataRaces: true}
	for _, faulty := range []bool{false, true} {
		report, err := schedule.Explore(context.Background(), queueOf(5, faulty), schedule.Stateful(), o)
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(report.Verdict, "within", report.Bound)
		if report.Failure != nil {
			fmt.Println(report.Failure.Property)
		}
	}
	// Output:
	// holds within every reachable state
	// violated within every reachable state
	// data race
}

// A sequence lock: a writer makes the sequence odd while it writes, a reader
// reads again if it saw it odd or changed. The faulty reader looks at the sequence
// before alone.
type seqLock struct {
	sequence, x, y *schedule.Word
	faulty         bool
}

func (l *seqLock) write(v uint64) {
	l.sequence.Add(1)
	l.x.Store(v)
	l.y.Store(v)
	l.sequence.Add(1)
}

func (l *seqLock) read() (x, y uint64) {
	for {
		s := l.sequence.Await(func(s uint64) bool { return s%2 == 0 })
		x, y = l.x.Load(), l.y.Load()
		if l.faulty || l.sequence.Load() == s {
			return x, y
		}
	}
}

func sequenced(faulty bool) func(*schedule.T) {
	return func(t *schedule.T) {
		l := &seqLock{t.Word("sequence", 0), t.Word("x", 0), t.Word("y", 0), faulty}
		t.Go("writer", func() { l.write(1); l.write(2) })
		for _, name := range []string{"reader", "other reader"} {
			t.Go(name, func() {
				x, y := l.read()
				t.Check("no torn read", x == y, "x is %d and y is %d", x, y)
			})
		}
	}
}

// A sequence lock whose reader does not look again.
func Example_seqlock() {
	for _, faulty := range []bool{false, true} {
		report, err := schedule.Explore(context.Background(), sequenced(faulty), schedule.Optimal(), schedule.Options{})
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(report.Verdict)
		if report.Failure != nil {
			fmt.Println(report.Failure.Property, "with", report.Failure.Preemptions, "preemption")
		}
	}
	// Output:
	// holds
	// violated
	// no torn read with 1 preemption
}

// Two threads that each raise a flag, look at the other's and go in if it is down
// (Dekker). With plain stores both may go in: each store waits in its thread's
// buffer while the other thread looks. No interleaving shows that.
func Example_storeBuffers() {
	program := func(t *schedule.T) {
		left, right, inside := t.Word("left", 0), t.Word("right", 0), t.Word("inside", 0)
		enter := func(own, other *schedule.Word) func() {
			return func() {
				own.Write(1)
				if other.Load() == 0 {
					n := inside.Add(1)
					t.Check("mutual exclusion", n == 1, "%d threads are inside", n)
				}
			}
		}
		t.Go("left", enter(left, right))
		t.Go("right", enter(right, left))
	}
	for _, buffers := range []bool{false, true} {
		report, err := schedule.Explore(context.Background(), program, schedule.Optimal(), schedule.Options{StoreBuffers: buffers})
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(report.Verdict)
		if report.Failure != nil {
			report.Failure.WriteText(os.Stdout, 130)
		}
	}
	// Output:
	// holds
	// violated
	//      left                           right                          left's buffer                  right's buffer
	//      ------------------------------ ------------------------------ ------------------------------ ------------------------------
	//  1   write left = 1
	//      library_example_test.go:208
	//  2   load right = 0
	//      library_example_test.go:209
	//  3                                  write right = 1
	//                                     library_example_test.go:208
	//  4                                  load left = 0
	//                                     library_example_test.go:209
	//  5                                                                 flush left = 1
	//  6   drain
	//      library_example_test.go:210
	//  7   add inside = 1
	//      library_example_test.go:210
	//  8                                                                                                flush right = 1
	//  9                                  drain
	//                                     library_example_test.go:210
	// 10                                  add inside = 2
	//                                     library_example_test.go:210
	//
	// mutual exclusion, after 10 steps
	//   2 threads are inside
}

// A process that dies with the lock held: nobody frees it.
func Example_death() {
	report, err := schedule.Explore(context.Background(), func(t *schedule.T) {
		lock, x := t.Mutex("lock"), t.Word("x", 0)
		t.Go("victim", func() {
			lock.Lock()
			defer lock.Unlock()
			x.Add(1)
		})
		t.Go("heir", func() {
			lock.Lock()
			x.Add(1)
			lock.Unlock()
		})
		t.Go("killer", func() { t.Kill("kill", "victim") })
	}, schedule.Optimal(), schedule.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(report.Verdict, report.Failure.Property)
	fmt.Println(report.Failure.Message)
	// Output:
	// violated deadlock
	// no thread can go on: heir waits at lock lock
}

// A lock of the program's own whose word tells who holds it: the search is told what it
// guards, and visits fewer states. That the lock is one is not trusted.
func Example_guards() {
	counted := func(guards bool) func(*schedule.T) {
		return func(t *schedule.T) {
			owner, x, y := t.Word("owner", 0), t.Word("x", 0), t.Word("y", 0) // 0: nobody; else who, plus 1
			span := func(w *schedule.Word) schedule.Span { return schedule.Span{Location: w.Location(), Size: 8} }
			t.Recall()
			if guards {
				holder := func() int { return int(owner.Peek()) - 1 }
				t.Guards("guarded by", holder, span(x), span(y)).HeldAt(span(owner))
			}
			for _, name := range []string{"left", "middle", "right"} {
				t.Go(name, func() {
					for n := range uint64(2) {
						t.Mark("round", n)
						owner.AwaitSwap(free, uint64(t.Self())+1)
						x.Store(x.Load() + 1)
						y.Store(y.Load() + 1)
						owner.Store(0)
					}
				})
			}
			t.AtEnd(func() { t.Check("sum", x.Peek() == 6 && y.Peek() == 6, "%v, %v", x, y) })
		}
	}
	for _, guards := range []bool{false, true} {
		report, err := schedule.Explore(context.Background(), counted(guards), schedule.Stateful(), schedule.Options{})
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(report.Verdict, report.States, report.Distrusted)
	}
	// Output:
	// holds 674 []
	// holds 218 []
}

// The examples hold without their faults and fail with them, under every
// strategy that is exhaustive.
func TestExamplesUnderEachStrategy(t *testing.T) {
	for name, program := range map[string]func(bool) func(*schedule.T){
		"lock":    spinLocked,
		"queue":   func(faulty bool) func(*schedule.T) { return queueOf(3, faulty) },
		"seqlock": sequenced,
	} {
		for _, s := range []schedule.Strategy{schedule.Optimal(), schedule.Stateful(), schedule.Bounded(2)} {
			if rep := explore(t, program(false), s, schedule.Options{DataRaces: true}); rep.Verdict != verdict.Holds {
				t.Errorf("%s: %v within %s: %+v", name, rep.Verdict, rep.Bound, rep.Failure)
			}
			if rep := explore(t, program(true), s, schedule.Options{DataRaces: true}); rep.Verdict != verdict.Violated {
				t.Errorf("faulty %s: %v within %s", name, rep.Verdict, rep.Bound)
			}
		}
	}
}
