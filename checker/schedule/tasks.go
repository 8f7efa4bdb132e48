package schedule

import (
	"sync"
	"sync/atomic"
)

// What the workers of a search have in common, and how one hands a part of its own to
// another: workers.go says why that loses nothing.

// common is what the workers of a search have in common.
type common struct {
	usage usage
	seen  *seen
	kept  kept

	hungry  atomic.Int32 // workers that wait, less tasks that wait for them
	ended   atomic.Bool  // no worker begins another execution
	counted atomic.Uint64
	steps   atomic.Uint64
	swapped atomic.Uint64 // pairs of steps that were taken in either order

	mu      sync.Mutex
	changed sync.Cond
	tasks   []*task
	idle    int
	workers int
	// Why the workers end, beside what each says: the search must begin again, or
	// there was no room for a state.
	begins, noRoom bool
	clash          *clash       // the first two steps that do not commute, if all locks are some
	handed         uint64       // tasks that one worker gave another
	transitions    *transitions // nil: they are not taken down

	// orders: what is ordered before what is a part of the state. It need not be as long as
	// each atomic read orders what it sees: of two accesses that race in some execution, the
	// steps that are ordered before either are one by themselves, after which both threads
	// stand before theirs, and the search sees that (collide). A Signal may be among them
	// without the Wait of whom it has woken: it wakes another one then, if any waits, or
	// nobody, and who has called it cannot tell; all that were woken are so by then, still. But
	// a TryLock that has failed is among them without the Lock that made it fail. So once it
	// comes to one with Options.DataRaces it begins again, with the order.
	orders atomic.Bool
}

// task is a part of the search: all that comes after the decisions in path, which are
// settled but for the last one, and of that one the chosen thread. whole: all of it.
type task struct {
	whole bool
	path  []*fork
	steps []record
	marks []int32
	setUp []choice
}

func newCommon(workers int, memory uint64) *common {
	c := &common{usage: newUsage(), workers: workers, seen: &seen{most: memory}}
	c.changed.L = &c.mu
	c.kept.c = c
	c.anew()
	return c
}

// anew sets all back but the usage of places.
func (c *common) anew() {
	c.seen = &seen{most: c.seen.most}
	if c.transitions != nil {
		c.transitions = &transitions{c: c}
	}
	c.kept.forget()
	c.tasks, c.idle, c.handed = []*task{{whole: true}}, 0, 0
	c.begins, c.noRoom, c.usage.void = false, false, false
	c.clash = nil
	c.hungry.Store(0)
	c.counted.Store(0)
	c.steps.Store(0)
	c.swapped.Store(0)
	c.ended.Store(false)
}

// end keeps the workers from beginning another execution. If because is given, it is
// set first.
func (c *common) end(because *bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if because != nil {
		*because = true
	}
	c.ended.Store(true)
	c.changed.Broadcast()
}

// take waits for a task; nil: there will be none. That is so when all workers wait,
// since only one that has a task can have some to spare.
func (c *common) take() *task {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.hungry.Add(1)
	c.idle++
	for len(c.tasks) == 0 && c.idle < c.workers && !c.ended.Load() {
		c.changed.Wait()
	}
	if len(c.tasks) == 0 || c.ended.Load() {
		c.ended.Store(true)
		c.changed.Broadcast()
		return nil
	}
	c.idle--
	c.hungry.Add(-1)
	t := c.tasks[0]
	c.tasks = c.tasks[1:]
	return t
}

// giveTo hands a part of the worker's task to one that waits, if there are any.
func (c *common) giveTo(s *stateful) {
	if c.hungry.Load() <= 0 || s.task == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.idle <= len(c.tasks) {
		return
	}
	if t := s.spare(); t != nil {
		c.tasks = append(c.tasks, t)
		c.handed++
		c.changed.Signal()
	}
}

// spare gives away an untried thread of the shallowest decision that has one; nil:
// there is none. The worker has settled its execution and not begun the next one.
func (s *stateful) spare() *task {
	for i := s.base; i < len(s.path); i++ {
		p := s.path[i]
		others := p.left &^ (1 << uint(p.chosen))
		if others == 0 {
			continue
		}
		given := uint64(1) << uint(lowest(others))
		t := &task{
			steps: append([]record(nil), s.r.steps[:p.before.steps]...),
			marks: append([]int32(nil), s.r.marks[:p.before.marks]...),
			setUp: append([]choice(nil), s.setUp.choices...),
		}
		for _, q := range s.path[:i+1] {
			t.path = append(t.path, q.copied())
		}
		last := t.path[i]
		last.sleep |= 1<<uint(p.chosen) | p.given
		last.left, last.given, last.chosen, last.answers = given, 0, lowest(others), odometer{}
		p.left &^= given
		p.given |= given
		return t
	}
	return nil
}

// load makes the task that was taken the one in hand.
func (s *stateful) load() {
	t := s.task
	s.base, s.fresh = max(len(t.path)-1, 0), true
	s.path = append(s.path[:0], t.path...)
	s.r.steps = append(s.r.steps[:0], t.steps...)
	s.r.marks = append(s.r.marks[:0], t.marks...)
	s.setUp.choices = append(s.setUp.choices[:0], t.setUp...)
	s.ended.choices = s.ended.choices[:0]
	s.r.names.learn()
}
