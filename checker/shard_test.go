package checker

import (
	"context"
	"strings"
	"testing"
	"time"
)

// What a shard says that it holds is what its slab has room for, in all its chunks.
func TestMemoryOfAShard(t *testing.T) {
	var sh shard[small]
	sh.init(0, Exact, new(memory))
	empty := sh.memory()
	const per = 2 + 8 // a state, and where it came from
	for range 3 << sh.shift {
		sh.append(&small{}, 0, 0)
	}
	if got, want := sh.memory()-empty, uint64(3*per)<<sh.shift; got < want || got > want+want/4 { // the first grew
		t.Errorf("three full chunks hold %d bytes, want about %d", got, want)
	}
}

// A shard has a number for each state that one more block can add, or the search
// ends before it.
func TestFullShardEndsTheSearch(t *testing.T) {
	m := grid(2)
	s := newSearch(context.Background(), &m, Options{}, time.Now())
	defer s.release()
	room := blockCandidates + s.program.fan
	most := uint64(maxInShard) // more than an int of 32 bits holds
	s.shards[3].count = int(most) - room
	if s.full() || s.limit() != "" {
		t.Errorf("full %v, limit %q with room for a block", s.full(), s.limit())
	}
	s.shards[3].count++
	if !s.full() || !strings.Contains(s.limit(), "seen set is full") {
		t.Errorf("full %v, limit %q without room for a block", s.full(), s.limit())
	}
}
