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
