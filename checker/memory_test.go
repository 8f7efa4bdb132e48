package checker

import (
	"math/rand/v2"
	"testing"
)

// Rooms are empty, as large as asked for, and nobody's twice: on the heap, in a mapping, and
// where one goes over into the other.
func TestMemoryGivesRoomOnce(t *testing.T) {
	var m memory
	defer m.release()
	r := rand.New(rand.NewPCG(3, 4))
	var rooms [][]uint64
	words := 0
	for words < 3*mostHeap/8 {
		n := 1 + r.IntN(1<<14)
		room := take[uint64](&m, n)
		if len(room) != n || cap(room) < n {
			t.Fatalf("%d words are %d", n, len(room))
		}
		for i := range room {
			if room[i] != 0 {
				t.Fatalf("room %d is not empty", len(rooms))
			}
			room[i] = uint64(len(rooms)) + 1
		}
		rooms = append(rooms, room)
		words += n
	}
	for k, room := range rooms {
		for i := range room {
			if room[i] != uint64(k)+1 {
				t.Fatalf("room %d is room %d too", k, room[i]-1)
			}
		}
	}
	mapping := reserve()
	if mapping != nil && len(m.mappings) != 1 {
		t.Errorf("%d mappings, want one", len(m.mappings))
	}
	unmap(mapping)
}

// Values of every size are as many as asked for.
func TestTakeAnySize(t *testing.T) {
	type odd [31]byte
	var m memory
	a, b := take[odd](&m, 100), take[odd](&m, 100)
	for i := range a {
		a[i][30], b[i][0] = 1, 2
	}
	for i := range a {
		if a[i][0] != 0 || a[i][30] != 1 || b[i][0] != 2 || b[i][30] != 0 {
			t.Fatalf("value %d overlaps", i)
		}
	}
}

func TestUnusedIsWhatNobodyHas(t *testing.T) {
	var m memory
	take[uint64](&m, 1000)
	if got, want := m.unused(), m.heap-8000; got != want {
		t.Errorf("%d bytes are unused, want %d", got, want)
	}
}

func sameAsEqual[S comparable](t *testing.T, fill func(s *S, at int, to byte)) {
	var a, b S
	if !same(&a, &b) {
		t.Fatalf("%T: equal states differ", a)
	}
	for at := range sizeOf[S]() {
		b = a
		fill(&b, at, 1)
		if same(&a, &b) || a == b {
			t.Errorf("%T: states that differ in byte %d are the same", a, at)
		}
	}
}

// same is ==, for sizes around those of words.
func TestSameAsEqual(t *testing.T) {
	sameAsEqual(t, func(s *[1]byte, at int, to byte) { s[at] = to })
	sameAsEqual(t, func(s *[7]byte, at int, to byte) { s[at] = to })
	sameAsEqual(t, func(s *[8]byte, at int, to byte) { s[at] = to })
	sameAsEqual(t, func(s *[9]byte, at int, to byte) { s[at] = to })
	sameAsEqual(t, func(s *[16]byte, at int, to byte) { s[at] = to })
	sameAsEqual(t, func(s *[31]byte, at int, to byte) { s[at] = to })
	sameAsEqual(t, func(s *[65]byte, at int, to byte) { s[at] = to })
}
