package checker

import (
	"math/rand/v2"
	"testing"
)

// TestShardKeepsEveryState fills a shard through many splits of its pages and
// finds every state again, and none other.
func TestShardKeepsEveryState(t *testing.T) {
	type state struct{ A, B uint32 }
	const n = 60_000
	var sh shard[state]
	sh.init(0, Exact, new(memory))
	r := rand.New(rand.NewPCG(1, 2))
	var batch []candidate[state]
	for i := range uint32(n) {
		s := state{A: i, B: i / 2}
		c := candidate[state]{hash: hasher{}.of(bytesOf(&s)), from: uint64(i), state: s}
		batch = append(batch, c)
		if r.IntN(2) == 0 { // again, in the same batch or a later one
			batch = append(batch, candidate[state]{hash: c.hash, from: 1 << 40, state: s})
		}
		if len(batch) > 100 {
			sh.insert(batch, nil)
			sh.insert(batch[:50], nil)
			batch = batch[:0]
		}
	}
	sh.insert(batch, nil)
	if sh.count != n {
		t.Fatalf("%d states, want %d", sh.count, n)
	}
	for i := range uint32(n) {
		s := state{A: i, B: i / 2}
		if local := sh.find(&s, hasher{}.of(bytesOf(&s))); local != int(i) || *sh.state(local) != s || sh.origin(local) != uint64(i) {
			t.Fatalf("state %d is found at %d", i, local)
		}
		s.B += n
		if local := sh.find(&s, hasher{}.of(bytesOf(&s))); local != -1 {
			t.Fatalf("a state that was not inserted is found at %d", local)
		}
	}
	checkTable(t, &sh.table, n)
}

// Equal tags of different states are told apart by the states.
func TestShardWithEqualTags(t *testing.T) {
	type state struct{ A uint32 }
	var sh shard[state]
	sh.init(0, Exact, new(memory))
	var batch []candidate[state]
	for i := range uint32(500) {
		batch = append(batch, candidate[state]{hash: uint64(i%5) << 50, state: state{i}})
	}
	sh.insert(batch, nil)
	sh.insert(batch, nil)
	if sh.count != 500 {
		t.Errorf("%d states, want 500", sh.count)
	}
	for i := range uint32(500) {
		if local := sh.find(&state{i}, uint64(i%5)<<50); local != int(i) {
			t.Errorf("state %d is found at %d", i, local)
		}
	}
}

// checkTable demands that each page be where its words' tags lead, and not too full.
func checkTable(t *testing.T, table *table, words int) {
	t.Helper()
	seen, total := map[*page]bool{}, 0
	for i, p := range table.directory {
		if seen[p] {
			continue
		}
		seen[p] = true
		// The places of a page are all those that share its first bits: none is
		// left to the page that it was split from.
		span := 1 << (table.depth - uint(p.depth))
		for k, other := range table.directory {
			if (k/span == i/span) != (other == p) {
				t.Fatalf("place %d of the directory, page %d has %d places from %d", k, i, span, i/span*span)
			}
		}
		used := 0
		for _, word := range p.words {
			if word != 0 {
				used++
				if table.page(word>>32) != p {
					t.Fatalf("a word of place %d belongs to another page", i)
				}
			}
		}
		if used != int(p.used) || used >= pageRoom {
			t.Fatalf("page %d has %d words and says %d, of at most %d", i, used, p.used, pageRoom)
		}
		total += used
	}
	if total != words || len(seen) != table.pages {
		t.Errorf("%d words in %d pages, want %d in %d", total, len(seen), words, table.pages)
	}
}
