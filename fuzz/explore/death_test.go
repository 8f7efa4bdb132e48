package explore

import (
	"bytes"
	"fmt"
	"runtime/debug"
	"testing"

	"urpc/checker/schedule"
	"urpc/checker/verdict"
	"urpc/runtime/channel"
	"urpc/runtime/shm"
)

// whole explores configurations by states, and demands that each is visited whole and has so
// many.
func whole(t *testing.T, target string, all map[string]uint64) {
	for config, states := range all {
		t.Run(config, func(t *testing.T) {
			t.Parallel()
			rep := run(t, target, config, schedule.Stateful())
			if rep.Verdict != verdict.Holds || !rep.Complete || rep.Verified == 0 && rep.Hits > 0 {
				t.Errorf("%v, complete %v, %d met again, %d verified: %s", rep.Verdict, rep.Complete, rep.Hits, rep.Verified, rep.Reason)
			}
			if rep.States != states {
				t.Errorf("%d states, want %d", rep.States, states)
			}
		})
	}
}

// within explores a configuration within a bound of preemptions.
func within(t *testing.T, target, config string, bound int, executions uint64) {
	t.Run(fmt.Sprintf("%s within %d", config, bound), func(t *testing.T) {
		t.Parallel()
		rep := run(t, target, config, schedule.Bounded(bound))
		if rep.Verdict != verdict.Holds || !rep.Complete || rep.Executions != executions {
			t.Errorf("%v, complete %v, %d executions, want %d", rep.Verdict, rep.Complete, rep.Executions, executions)
		}
	})
}

// deathWhole are the configurations of target death that are visited whole.
var deathWhole = map[string]uint64{
	"server":          4238,
	"server-calls":    10388,
	"server-closed":   45546,
	"server-wait":     304920,
	"server-stops":    432706,
	"server-restarts": 43487,
	"client":          19891,
}

func TestDeath(t *testing.T) {
	t.Parallel()
	whole(t, "death", deathWhole)
	within(t, "death", "client-idle", 1, 50612)
	within(t, "death", "server-2", 1, 53196)
}

// deaths runs random executions of a configuration of target death and gives what
// each has come to.
func endedDeaths(t *testing.T, config string, each func(d *death)) {
	t.Helper()
	v, _, err := deathTarget.Parse(config)
	if err != nil {
		t.Fatal(err)
	}
	rep, err := schedule.Explore(t.Context(), deathProgramOf(v, each), schedule.PCT(3, 1, 3000), schedule.Options{})
	if err != nil || rep.Failure != nil {
		t.Fatalf("%+v, %v", rep, err)
	}
}

// Every end that a call can have is met, and every way to wait: so that the
// properties of target death are about something.
func TestEveryDeathIsMet(t *testing.T) {
	var replies, died, held, posted int
	endedDeaths(t, "server-2", func(d *death) {
		for _, how := range d.first.outcomes {
			switch how {
			case replied:
				replies++
			case peerDied:
				died++
			}
		}
		words := d.first.size.Words()
		own := d.first.segments[channel.Replies]
		if own.Peek(words.SendLock)+own.Peek(words.RecvLock) > 0 {
			held++ // the dead holds a lock, and will for ever
		}
		if own.Peek(words.Parked) > 0 {
			posted++ // the dead is announced as parked
		}
	})
	if replies == 0 || died == 0 || held == 0 || posted == 0 {
		t.Errorf("%d replies, %d calls that the peer's death ended, %d locks of the dead, %d parked dead", replies, died, held, posted)
	}
}

// Every end is met that a call can have whose server stops in order, when it waits for the
// record of another one, and when it has it.
func TestEveryStopIsMet(t *testing.T) {
	var replies, died, waited, late int
	endedDeaths(t, "server-stops", func(d *death) {
		for _, how := range d.first.outcomes {
			switch how {
			case replied:
				replies++
			case peerDied:
				died++
			case stoppedBefore:
				waited++
			}
		}
		for _, w := range d.m.waiters {
			if w != nil && w.call.late {
				late++
			}
		}
	})
	if replies == 0 || died == 0 || waited == 0 || late == 0 {
		t.Errorf("%d replies, %d calls that the peer's death ended, %d that were not sent, %d of these with a record", replies, died, waited, late)
	}
}

// Each space maps shared memory at an address of its own, and a store through the
// mapping of who only reads is a fault.
func TestSpacesMapTheSameMemory(t *testing.T) {
	l := newLending(channel.Size{Slots: 1, Payload: payload})
	m := l.borrow()
	own, view := l.fresh(channel.Calls, m.calls), shm.ViewOf(channel.Calls, m.calls.readable)
	own.Store(0, 0, 7)
	if got := view.Peek(0); got != 7 {
		t.Errorf("one side wrote 7, the other reads %d", got)
	}
	if !mapsTwice {
		return
	}
	if own.Address(0) == view.Address(0) {
		t.Error("both sides map at one address")
	}
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if recover() == nil {
			t.Error("a store through the reader's mapping is no fault")
		}
	}()
	m.calls.readable[0] = 1
}

// Memory that was lent is lent again, as if nobody had used it.
func TestLentMemoryIsFresh(t *testing.T) {
	l := newLending(channel.Size{Slots: 2, Payload: payload, Start: 9})
	m := l.borrow()
	first := make([]byte, l.fresh(channel.Calls, m.calls).Size())
	copy(first, m.calls.readable)
	for i := range m.calls.writable {
		m.calls.writable[i] = 0xa5
	}
	l.giveBack(m)
	if again := l.borrow(); again != m {
		t.Error("other memory was lent")
	}
	l.fresh(channel.Calls, m.calls)
	if !bytes.Equal(first, m.calls.readable) {
		t.Error("it tells of its last use")
	}
	if l.borrow() == m {
		t.Error("memory was lent to two at once")
	}
}
