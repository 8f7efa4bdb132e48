package schedule_test

import (
	"context"
	"fmt"
	"os"
	"sync/atomic"
	"testing"

	"urpc/checker/schedule"
	"urpc/checker/verdict"
)

// word is a shared word of code that is to run as it ships and under a schedule: a Word has
// the methods of an atomic integer. Pointers are then numbers of nodes.
type word interface {
	Load() uint64
	Store(v uint64)
	Add(d uint64) uint64
	Swap(v uint64) (old uint64)
	CompareAndSwap(old, v uint64) bool
}

var (
	_ word = (*atomic.Uint64)(nil)
	_ word = (*schedule.Word)(nil)
)

// wordsNamed makes n words of a schedule.
func wordsNamed(t *schedule.T, name string, n int) (ws []word) {
	for i := range n {
		ws = append(ws, t.Word(fmt.Sprint(name, i), 0))
	}
	return ws
}

// stack is a stack of nodes that are numbered from 1 (Treiber, "Systems programming: coping
// with parallelism", 1986). The word of its top is a number of nodes that were taken, times
// 2^32, and the node on top; the faulty one does not count, so that it takes a node that was
// taken and has come back meanwhile for one that was there all the time.
type stack struct {
	top    word
	next   []word
	faulty bool
}

const node = 1<<32 - 1 // the part of top that is the node

func (s *stack) push(n uint64) {
	for {
		top := s.top.Load()
		s.next[n].Store(top & node)
		if s.top.CompareAndSwap(top, top&^node|n) {
			return
		}
	}
}

// pop gives 0 if there is none.
func (s *stack) pop() (n uint64) {
	for {
		top := s.top.Load()
		if n = top & node; n == 0 {
			return 0
		}
		taken := top&^node + node + 1
		if s.faulty {
			taken = 0
		}
		if s.top.CompareAndSwap(top, taken|s.next[n].Load()) {
			return n
		}
	}
}

// stacked are two threads that take nodes and give one back. Three less two and one more are
// one each at the end.
func stacked(faulty bool) func(*schedule.T) {
	return func(t *schedule.T) {
		s := &stack{t.Word("top", 0), wordsNamed(t, "next", 4), faulty}
		for n := range uint64(3) {
			s.push(3 - n)
		}
		t.Go("takes", func() { s.pop() })
		t.Go("gives back", func() {
			n := s.pop()
			s.pop()
			s.push(n)
		})
		t.AtEnd(func() {
			left := 0
			for s.pop() != 0 {
				left++
			}
			t.Check("as many as there must be", left == 1, "%d nodes are left", left)
		})
	}
}

// A stack that takes what has come back for what was there (ABA).
func Example_stack() {
	for _, faulty := range []bool{false, true} {
		report, err := schedule.Explore(context.Background(), stacked(faulty), schedule.Optimal(), schedule.Options{})
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(report.Verdict)
		if report.Failure != nil {
			report.Failure.WriteText(os.Stdout, 110)
		}
	}
	// Output:
	// holds
	// violated
	//      takes                                                gives back
	//      ---------------------------------------------------- ----------------------------------------------------
	//  1   load top = 1 lockfree_example_test.go:62
	//  2   load next1 = 2 lockfree_example_test.go:70
	//  3*                                                       load top = 1 lockfree_example_test.go:62
	//  4                                                        load next1 = 2 lockfree_example_test.go:70
	//  5                                                        cas top = 1 to 2 lockfree_example_test.go:70
	//  6                                                        load top = 2 lockfree_example_test.go:62
	//  7                                                        load next2 = 3 lockfree_example_test.go:70
	//  8                                                        cas top = 2 to 3 lockfree_example_test.go:70
	//  9                                                        load top = 3 lockfree_example_test.go:51
	// 10                                                        store next1 = 3 lockfree_example_test.go:52
	// 11                                                        cas top = 3 to 1 lockfree_example_test.go:53
	// 12   cas top = 1 to 2 lockfree_example_test.go:70
	//
	// * preempts a thread that could have gone on: 1 preemption
	//
	// as many as there must be, after 12 steps
	//   2 nodes are left
}

// boundedQueue is a queue of any number of senders and receivers (Vyukov, "Bounded MPMC queue",
// 1024cores.net, 2010): the number of a slot says who may use it next, who sends the
// message of that number or who receives the one before. The faulty one says so before it
// has written.
type boundedQueue struct {
	sent, received word
	number, slot   []word
	faulty         bool
}

func newBoundedQueue(t *schedule.T, size int, faulty bool) *boundedQueue {
	q := &boundedQueue{t.Word("sent", 0), t.Word("received", 0), wordsNamed(t, "number", size), wordsNamed(t, "slot", size), faulty}
	for i := range q.number {
		q.number[i].Store(uint64(i))
	}
	return q
}

// send gives false if the queue is full.
func (q *boundedQueue) send(v uint64) bool {
	size := uint64(len(q.slot))
	for {
		i := q.sent.Load()
		switch ahead := int64(q.number[i%size].Load() - i); {
		case ahead < 0:
			return false
		case ahead == 0 && q.sent.CompareAndSwap(i, i+1):
			if q.faulty {
				q.number[i%size].Store(i + 1)
			}
			q.slot[i%size].Store(v)
			if !q.faulty {
				q.number[i%size].Store(i + 1)
			}
			return true
		}
	}
}

// receive gives false if the queue is empty.
func (q *boundedQueue) receive() (v uint64, ok bool) {
	size := uint64(len(q.slot))
	for {
		i := q.received.Load()
		switch ahead := int64(q.number[i%size].Load() - i - 1); {
		case ahead < 0:
			return 0, false
		case ahead == 0 && q.received.CompareAndSwap(i, i+1):
			v = q.slot[i%size].Load()
			q.number[i%size].Store(i + size)
			return v, true
		}
	}
}

func boundedly(faulty bool) func(*schedule.T) {
	return func(t *schedule.T) {
		q := newBoundedQueue(t, 2, faulty)
		got := t.Word("got", 0)
		for i, name := range []string{"sender", "other sender"} {
			t.Go(name, func() { q.send(1 << (8 * i)) })
		}
		for _, name := range []string{"receiver", "other receiver"} {
			t.Go(name, func() {
				if v, ok := q.receive(); ok {
					got.Add(v)
				}
			})
		}
		t.AtEnd(func() {
			for v, ok := q.receive(); ok; v, ok = q.receive() {
				got.Add(v)
			}
			t.Check("each message once", got.Peek() == 0x101, "got %#x", got.Peek())
		})
	}
}

// Lock-free code is explored as it ships: each of these holds, and fails with its fault, by
// every strategy that is exhaustive.
func TestLockFree(t *testing.T) {
	for name, program := range map[string]func(bool) func(*schedule.T){"stack": stacked, "queue": boundedly} {
		for _, s := range []schedule.Strategy{schedule.Optimal(), schedule.Stateful(), schedule.Bounded(2)} {
			if rep := explore(t, program(false), s, schedule.Options{}); rep.Verdict != verdict.Holds {
				t.Errorf("%s: %v within %s: %+v", name, rep.Verdict, rep.Bound, rep.Failure)
			}
			rep := explore(t, program(true), s, schedule.Options{})
			if rep.Verdict != verdict.Violated || rep.Failure.Preemptions != 1 {
				t.Errorf("faulty %s: %v within %s: %+v", name, rep.Verdict, rep.Bound, rep.Failure)
			}
		}
	}
}
