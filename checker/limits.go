package checker

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"
)

// arm sets cancelled when ctx is done, or when so much time has passed (0: no limit). What it
// gives lets go of both.
func arm(ctx context.Context, most time.Duration, cancelled *atomic.Bool) (release func()) {
	cancelled.Store(ctx.Err() != nil) // before the work starts, which may be over before AfterFunc is heard
	stopContext := context.AfterFunc(ctx, func() { cancelled.Store(true) })
	stopTimer := func() bool { return true }
	if most > 0 {
		stopTimer = time.AfterFunc(most, func() { cancelled.Store(true) }).Stop
	}
	return func() { stopContext(); stopTimer() }
}

// cancellation says what set cancelled.
func cancellation(ctx context.Context, most time.Duration) string {
	if ctx.Err() != nil {
		return "interrupted"
	}
	return fmt.Sprintf("the time limit of %s was met", most)
}

func (s *search[S]) cancellation() string { return cancellation(s.ctx, s.options.MaxTime) }

// limit names the limit that forbids another block, or is "".
func (s *search[S]) limit() string {
	held := s.held()
	s.memory = max(s.memory, held)
	switch {
	case s.cancelled.Load():
		return s.cancellation()
	case s.options.MaxMemory > 0 && held+s.growth()+s.garbage() > s.options.MaxMemory:
		return fmt.Sprintf("the memory limit of %d bytes was met", s.options.MaxMemory)
	case s.full():
		return "the seen set is full"
	}
	return ""
}

// blockSize is how many states the next block may have so that its successors
// are sure to keep within the limit on states; or one, and then runBlock looks.
func (s *search[S]) blockSize() uint64 {
	size := min(s.cut.block, max(1, blockCandidates/uint64(s.program.fan)))
	if left, bounded := s.statesLeft(); bounded {
		size = min(size, max(1, left/uint64(s.program.fan)))
	}
	return size
}

// statesLeft is the number of states that may still be added.
func (s *search[S]) statesLeft() (left uint64, bounded bool) {
	left, states := ^uint64(0), s.states()
	if s.options.MaxStates > 0 {
		left, bounded = s.options.MaxStates-min(states, s.options.MaxStates), true
	}
	if s.violated && s.options.AfterViolation >= 0 {
		left, bounded = min(left, s.grace-min(states, s.grace)), true
	}
	return left, bounded
}

// fits says whether the new states among the successors are within the limit on
// states, so that a model with exactly as many is explored whole.
func (s *search[S]) fits(chunks int) bool {
	left, bounded := s.statesLeft()
	if !bounded || left >= uint64(s.program.fan) {
		return true
	}
	fresh := map[S]bool{}
	for i := range s.chunks[:chunks] {
		for k, candidates := range &s.chunks[i].successors {
			for _, c := range candidates {
				if s.shards[k].find(&c.state, c.hash) < 0 {
					fresh[c.state] = true
				}
			}
		}
	}
	return uint64(len(fresh)) <= left
}

// stateLimit names the limit on states that is the nearest.
func (s *search[S]) stateLimit() string {
	if s.options.MaxStates > 0 && !(s.violated && s.options.AfterViolation >= 0 && s.grace < s.options.MaxStates) {
		return fmt.Sprintf("the limit of %d states was met", s.options.MaxStates)
	}
	return "a property is violated, and the states to be visited after that were"
}

// full says whether a shard could run out of numbers in the next block.
func (s *search[S]) full() bool {
	most := blockCandidates + uint64(s.program.fan)
	for i := range s.shards {
		if uint64(s.shards[i].count)+most > maxInShard {
			return true
		}
	}
	return false
}

// held is the number of bytes that the shards and the buffers hold.
func (s *search[S]) held() uint64 {
	bytes := s.room.unused()
	for i := range s.shards {
		bytes += s.shards[i].memory()
	}
	for i := range s.workers {
		for _, j := range s.workers[i].judges {
			if j != nil {
				bytes += j.memory()
			}
		}
	}
	return bytes + s.buffers()
}

// buffers is the number of bytes of what the search holds beside its shards.
func (s *search[S]) buffers() uint64 {
	var bytes uint64
	per := uint64(sizeOf[candidate[S]]())
	for i := range s.chunks {
		for k := range s.chunks[i].successors {
			bytes += uint64(cap(s.chunks[i].successors[k])) * per
		}
		bytes += uint64(cap(s.chunks[i].partial))*uint64(sizeOf[partial]()) + uint64(cap(s.chunks[i].places))*uint64(sizeOf[place]())
	}
	return bytes + uint64(cap(s.stack))*uint64(sizeOf[waiting[S]]())
}

// garbage is an estimate of the bytes that are resident beside those that are held: the
// collector lets as much garbage lie about as there is in use of its heap (GOGC), and the
// runtime of Go has its own.
func (s *search[S]) garbage() uint64 {
	if s.options.MaxMemory < leastResident {
		return 0
	}
	bytes := s.room.heap + s.buffers() + min(s.options.MaxMemory/4, mostOwn)
	for i := range s.shards {
		bytes += s.shards[i].queued()
	}
	return bytes
}

const (
	// leastResident is the least limit on memory that bounds what is resident; a smaller one
	// bounds what is held.
	leastResident = 64 << 20
	// mostOwn bounds what is set aside for the runtime of Go.
	mostOwn = 32 << 20
)

// growth is an estimate of the bytes that the next block adds to the shards, and, depth
// first, that a larger stack takes.
func (s *search[S]) growth() uint64 {
	var bytes uint64
	if room := cap(s.stack); room > 0 && len(s.stack)+int(s.program.fan) > room {
		bytes = 2 * 2 * uint64(room) * uint64(sizeOf[waiting[S]]()) // beside the one that it takes the place of
	}
	for i := range s.shards {
		bytes += s.shards[i].growth(s.fresh/shards + 8)
	}
	return bytes
}
