package checker

import "fmt"

// Depth first the search goes on from the state that it has found last. It comes to the ends
// of long paths early, and holds the states that wait on a stack: what a behaviour leads to
// after very many steps it finds where breadth first would have a level too large to visit.
// Its counterexamples are not shortest ones. It is one goroutine's, so that it is the same at
// any number of workers.

// waiting is a state that was found and is not expanded yet.
type waiting[S comparable] struct {
	state S
	id    uint64
	depth int
}

// runDeep explores depth first until nothing is left or a limit is met.
func (s *search[S]) runDeep() {
	s.insertInitial()
	s.judgeInitial()
	for i := range s.shards {
		s.shards[i].drops = s.shards[i].byPrint // the stack has the states
	}
	seen := map[S]bool{}
	for i := range s.model.Init {
		state := *s.workers[0].canonical(&s.model.Init[i])
		if id, known := s.lookup(&state); known && !seen[state] {
			seen[state] = true
			s.stack = append(s.stack, waiting[S]{state, id, 0})
		}
	}
	for looked := 0; s.failed == nil && s.reason == ""; looked++ {
		if len(s.stack) == 0 {
			s.complete = !s.shallow
			if s.shallow {
				s.reason = s.depthLimit()
			}
			s.demandSome()
			return
		}
		if looked%1024 == 0 {
			s.tell(uint64(len(s.stack)))
			if s.reason = s.limit(); s.failed != nil || s.reason != "" {
				return
			}
		}
		s.goDeeper()
	}
}

func (s *search[S]) depthLimit() string {
	return fmt.Sprintf("the depth limit of %d steps was met", s.options.MaxDepth)
}

// lookup gives the id of a state that was found.
func (s *search[S]) lookup(state *S) (id uint64, known bool) {
	hash := s.program.hash.of(bytesOf(state))
	number := hash & (shards - 1)
	local := s.shards[number].find(state, hash)
	return uint64(local)<<shardBits | number, local >= 0
}

// goDeeper expands the state on top of the stack.
func (s *search[S]) goDeeper() {
	top := s.stack[len(s.stack)-1]
	s.depth = max(s.depth, top.depth)
	if s.options.MaxDepth > 0 && top.depth == s.options.MaxDepth {
		s.stack, s.shallow = s.stack[:len(s.stack)-1], true
		return
	}
	s.useChunks(1)
	c := &s.chunks[0]
	s.expandState(&s.workers[0], c, &top.state, top.id)
	if s.failed = c.failed; s.failed != nil {
		return
	}
	if !s.fits(1) {
		s.reason = s.stateLimit()
		return
	}
	s.stack = s.stack[:len(s.stack)-1]
	s.bookExpanded(1)
	for number := range c.successors {
		if len(c.successors[number]) > 0 {
			s.push(number, c.successors[number], top.depth+1)
		}
	}
	s.openProperties()
}

// push inserts successors in their shard and puts those on the stack that are new.
func (s *search[S]) push(number int, successors []candidate[S], depth int) {
	sh := &s.shards[number]
	for k := range successors {
		local := sh.count
		s.insertThese(sh, successors[k:k+1])
		if s.failed = sh.failed; s.failed != nil {
			return
		}
		if sh.count > local {
			s.workers[0].bookOrbit(sh, &successors[k].state)
			s.stack = append(s.stack, waiting[S]{successors[k].state, uint64(local)<<shardBits | uint64(number), depth})
		}
	}
	s.bookHits(number)
}

func (s *search[S]) insertThese(sh *shard[S], successors []candidate[S]) {
	finished := false
	defer s.close(sh, &finished)
	sh.insert(successors, s.watches)
	finished = true
}
