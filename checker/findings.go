package checker

// finding is the end of the shortest path that decides a property: a state, or a
// transition from it.
type finding struct {
	found      bool
	id         uint64
	transition uint32 // noTransition: the state itself
}

// find books the first thing that decides a property. Blocks, and in them chunks
// and shards, are gone through in order, so that it is the same at any number of
// workers; and levels are, so that the path to it is a shortest one.
func (s *search[S]) find(index int, id uint64, transition uint32) {
	if s.findings[index].found {
		return
	}
	s.findings[index] = finding{found: true, id: id, transition: transition}
	s.decided = true
	if index > 0 && s.model.Properties[index-1].kind == KindReachable || s.violated {
		return
	}
	s.violated = true
	after := uint64(1 << 20)
	if s.options.AfterViolation > 0 {
		after = uint64(s.options.AfterViolation)
	}
	s.grace = s.states() + after
}

// bookHits books what the new states of a shard have decided.
func (s *search[S]) bookHits(number int) {
	sh := &s.shards[number]
	for k, local := range sh.hits {
		if local >= 0 {
			s.find(1+k, uint64(local)<<shardBits|uint64(number), noTransition)
		}
	}
	sh.clearHits()
}

// openProperties lists the properties that nothing decided yet.
func (s *search[S]) openProperties() {
	if !s.decided {
		return
	}
	s.decided = false
	s.watches = s.watches[:0]
	checks := make([]int, 0, len(s.model.Properties))
	for i := range s.model.Properties {
		p := &s.model.Properties[i]
		if s.findings[1+i].found {
			continue
		}
		switch p.kind {
		case KindInvariant, KindReachable:
			s.watches = append(s.watches, watch[S]{property: i, is: p.state, fires: p.kind == KindReachable})
		case KindTransition, KindRefinement:
			checks = append(checks, i)
		}
	}
	if s.reduction != nil {
		s.reduction = s.reduce()
	}
	for i := range s.workers {
		s.workers[i].checks, s.workers[i].reduction = checks, s.reduction
	}
}
