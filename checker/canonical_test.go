package checker

import (
	"math/rand/v2"
	"testing"
)

// canonicalizerOf makes one for a state type and its scalarsets.
func canonicalizerOf[S comparable](t testing.TB, sets ...Scalarset) *canonicalizer[S] {
	t.Helper()
	g, err := newGroup(sets)
	if err != nil {
		t.Fatal(err)
	}
	l, err := newLayout[S](g, make([]bool, len(sets)))
	if err != nil {
		t.Fatal(err)
	}
	return newCanonicalizer[S](l)
}

// TestCanonical compares with all renamings, done by hand: the form is one of them, the
// same for each, by the renaming that is told; and an orbit has as many states as there are.
func TestCanonical(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	tally := map[string]int{}
	for range 6000 {
		a, b := 1+r.IntN(3), 1+r.IntN(3)
		c := canonicalizerOf[alike](t, Scalarset{"a", a}, Scalarset{"b", b})
		s := randomAlike(r)
		orbit := orbitOf(s, a, b)
		form := *c.of(&s)
		if !orbit[form] {
			t.Fatalf("a=%d b=%d: %+v is made\n%+v, which is no renaming of it", a, b, s, form)
		}
		for image := range orbit {
			if other := *c.of(&image); other != form {
				t.Fatalf("a=%d b=%d: %+v is made\n%+v, and its renaming\n%+v\n%+v", a, b, s, form, image, other)
			}
			var to alike
			c.layout.rename(&c.renaming, bytesOf(&image), bytesOf(&to))
			if to != form {
				t.Fatalf("a=%d b=%d: the renaming that is told leads to %+v, not to %+v", a, b, to, form)
			}
			if n := c.orbit(&image); n != uint64(len(orbit)) {
				t.Fatalf("a=%d b=%d: %+v stands for %d states; there are %d", a, b, image, n, len(orbit))
			}
		}
		switch n := uint64(len(orbit)); {
		case n == 1:
			tally["alone"]++
		case n == c.layout.group.order:
			tally["all differ"]++
		default:
			tally["some alike"]++
		}
		if c.orders > 0 {
			tally["tied"]++
			c.orders = 0
		}
	}
	t.Log(tally)
	for _, key := range []string{"alone", "all differ", "some alike", "tied"} {
		if tally[key] < 100 {
			t.Errorf("only %d states that are %s", tally[key], key)
		}
	}
}

// circle is a state in which members are tied and no twins: each names the next.
type circle struct {
	Next [8]uint8 `checker:"per=a,is=a"`
}

// In a circle of n all members are tied, and n renamings leave it as it is: there are
// (n-1)! of them. Two circles that refinement cannot tell from one are another orbit.
func TestCanonicalOfCircles(t *testing.T) {
	const n = 6
	c := canonicalizerOf[circle](t, Scalarset{"a", n})
	var one, two circle
	for i := range n {
		one.Next[i] = uint8((i + 1) % n)
		two.Next[i] = uint8(i/3*3 + (i+1)%3)
	}
	if orbit := c.orbit(&one); orbit != 120 {
		t.Errorf("a circle of 6 stands for %d states, want 5! = 120", orbit)
	}
	if orbit := c.orbit(&two); orbit != 40 {
		t.Errorf("two circles of 3 stand for %d states, want 6!/(3*3*2) = 40", orbit)
	}
	form := *c.of(&one)
	if form == *c.of(&two) {
		t.Error("one circle has the form of two")
	}
	forms := map[circle]int{}
	for _, order := range orderings(n) {
		var image circle
		for i := range n {
			image.Next[order[i]] = uint8(order[one.Next[i]])
		}
		forms[*c.of(&image)]++
	}
	if len(forms) != 1 {
		t.Errorf("a circle has %d canonical forms", len(forms))
	}
}

// chain is a path: its ends are tied, and by them, once refined, all others are told apart.
type chain struct {
	Beside [8]uint8 `checker:"per=a,set=a"`
}

func TestRefinementTellsApart(t *testing.T) {
	const n = 8
	c := canonicalizerOf[chain](t, Scalarset{"a", n})
	var s chain
	for i := range n - 1 {
		s.Beside[i] |= 1 << (i + 1)
		s.Beside[i+1] |= 1 << i
	}
	if orbit := c.orbit(&s); orbit != 40320/2 {
		t.Errorf("a path of 8 stands for %d states, want 8!/2", orbit)
	}
	ties := 0
	for at := range n {
		if c.tied[at] {
			ties++
		}
	}
	if ties != n/2 {
		t.Errorf("%d places are tied after refinement, want 4: each member with its mirror image", ties)
	}
}

func TestCanonicalDoesNotAllocate(t *testing.T) {
	c := canonicalizerOf[alike](t, Scalarset{"a", 3}, Scalarset{"b", 3})
	s := randomAlike(rand.New(rand.NewPCG(3, 4)))
	if n := testing.AllocsPerRun(100, func() { c.orbit(&s) }); n != 0 {
		t.Errorf("%v allocations for a state", n)
	}
}

// broad has fields of every width, and neighbours that are moved as one.
type broad struct {
	Own [3]struct {
		A uint64
		B uint32
		C uint16
		D uint8
		E bool
	} `checker:"per=a"`
	N64 int64  `checker:"is=a+1"`
	S64 uint64 `checker:"set=a"`
	N32 uint32 `checker:"is=a+1000000"`
	S32 uint32 `checker:"set=a"`
	N16 int16  `checker:"is=a"`
	S16 uint16 `checker:"set=a"`
}

func TestRenameOfEveryWidth(t *testing.T) {
	c := canonicalizerOf[broad](t, Scalarset{"a", 3})
	if n := len(c.layout.cells); n != 3*2+6 {
		t.Errorf("%d cells; want two words for each of three members, and six fields", n)
	}
	var s broad
	for i := range s.Own {
		s.Own[i].A, s.Own[i].B, s.Own[i].C, s.Own[i].D, s.Own[i].E = uint64(i+1)<<60+7, uint32(i+1)<<28, uint16(i+1)<<12, uint8(i+1)<<6, i == 1
	}
	s.N64, s.N32, s.N16 = 1, 1000002, 1          // members 0, 2, 1
	s.S64, s.S32, s.S16 = 1<<63|5, 1<<31|2, 6<<3 // {0, 2}, {1}, {} and what stands for nobody
	want := s
	want.Own[1], want.Own[2], want.Own[0] = s.Own[0], s.Own[1], s.Own[2]
	want.N64, want.N32, want.N16 = 2, 1000000, 2
	want.S64, want.S32 = 1<<63|3, 1<<31|4
	var got broad
	r := renaming{1, 2, 0}
	c.layout.rename(&r, bytesOf(&s), bytesOf(&got))
	if got != want {
		t.Errorf("renamed\n%+v\nwant\n%+v", got, want)
	}
	s.N64, s.N16 = 0, -1 // nobody
	c.layout.rename(&r, bytesOf(&s), bytesOf(&got))
	if got.N64 != 0 || got.N16 != -1 {
		t.Errorf("nobody is renamed: %d, %d", got.N64, got.N16)
	}
}
