package explore

import (
	"sync/atomic"
	"testing"

	"urpc/checker/catalogue"
	"urpc/checker/schedule"
	"urpc/checker/verdict"
	"urpc/runtime/channel"
	"urpc/runtime/shm"
	"urpc/spec/step"
)

// guesses is the hook of a region whose callers cannot know whether a processor of
// theirs is out: whatever it is that they find when they look, is a choice.
type guesses struct {
	*Region
	wrong bool // the word is another one while it is read
	found *[2]int
}

func (g *guesses) word() *uint32 {
	return g.segments[channel.Calls].Address(g.ghost.words.Donated)
}

// Before implements shm.Hook.
func (g *guesses) Before(a shm.Access) {
	g.Region.Before(a)
	if a.Step != step.LoadDonated {
		return
	}
	n := g.m.t.Choose("wrong", 2)
	if g.found[n]++; n == 1 {
		g.wrong = true
		atomic.AddUint32(g.word(), 1)
	}
}

// Saw implements shm.Hook: the word has been read, and no other thread has run since.
func (g *guesses) Saw(value uint32) {
	if g.wrong {
		g.wrong, value = false, value-1
		atomic.AddUint32(g.word(), ^uint32(0))
	}
	g.Region.Saw(value)
}

// guessing is the program of target donation where callers guess. That none polls
// while its space's processor is out is then not to be expected; it is all that is
// not checked.
func guessing(v catalogue.Values, found *[2]int) func(*schedule.T) {
	return donationProgramWith(v, func(d *donating) {
		d.region.pool.guessed = true
		d.region.owners[channel.Calls].SetHook(&guesses{Region: d.region, found: found})
	})
}

// On what a caller that leads finds when it looks whether a processor of its space is
// out rests nothing but whether it polls: for the memory level it is no step (package
// lockstep, outside).
func TestWhatIsOutIsAHint(t *testing.T) {
	for _, config := range []string{"alone", "two-callers", "processors=2,calls=1"} {
		v, _, err := donationTarget.Parse(config)
		if err != nil {
			t.Fatal(err)
		}
		var found [2]int
		rep, err := schedule.Explore(t.Context(), guessing(v, &found), schedule.Stateful(), schedule.Options{Workers: 1})
		if err != nil || rep.Verdict != verdict.Holds || !rep.Complete {
			t.Errorf("%s: %+v, %v", config, rep, err)
		}
		if found[0] == 0 || found[1] == 0 {
			t.Errorf("%s: %d times found what there is, %d times the contrary", config, found[0], found[1])
		}
	}
}
