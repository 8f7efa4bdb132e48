package explore

import (
	"testing"

	"urpc/checker/schedule"
	"urpc/runtime/channel"
)

func TestHostile(t *testing.T) {
	whole(t, "hostile", "client", 49962)
	whole(t, "hostile", "server", 71064)
	within(t, "hostile", "pool", 0, 924)
}

// A hostile peer gets somewhere: calls end with what it made of them, servers find
// it out, and words that are read again do differ where they are to.
func TestLiesAreHeard(t *testing.T) {
	for _, config := range []string{"client-writes", "server-writes,differs=yes"} {
		v, _, err := hostileTarget.Parse(config)
		if err != nil {
			t.Fatal(err)
		}
		ends := map[outcome]int{}
		told := map[string]bool{}
		rep, err := schedule.Explore(t.Context(), hostileProgramOf(v, func(h *hostility) {
			for _, how := range h.b.outcomes {
				ends[how]++
			}
			for _, m := range h.guard.got {
				told[m.payload] = true
			}
		}), schedule.Random(1, 4000), schedule.Options{})
		if err != nil || rep.Failure != nil {
			t.Fatalf("%s: %+v, %v", config, rep, err)
		}
		if ends[replied] == 0 || ends[corruptPeer] == 0 || ends[pendingStill] == 0 || len(told) < 3 {
			t.Errorf("%s: calls ended %v, messages with %d payloads were received", config, ends, len(told))
		}
	}
}

// Who reads a word again in one operation fails, or finds another value.
func TestSecondReadDiffers(t *testing.T) {
	for shadowed, want := range map[int]string{nothing: OneFetch, 1: ""} {
		l := newLending(channel.Size{Slots: 1, Payload: payload})
		var first, second uint32
		rep, err := schedule.Explore(t.Context(), func(s *schedule.T) {
			m := NewMachine(s, 0)
			near := &space{m: m}
			b := bind(m, 0, l, near, &space{m: m}, []string{"client"}, 1, shadowed)
			g := newGuard(b, near, 0)
			near.thread("client", func() {
				w := g.words
				b.client.Parked() // an operation begins
				first = b.replies.Load(0, w.Head)
				second = b.replies.Load(0, w.Head)
			})
		}, schedule.Bounded(0), schedule.Options{})
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		if rep.Failure != nil {
			got = rep.Failure.Property
		}
		if got != want || want == "" && first == second {
			t.Errorf("shadowed %d: fails %q, want %q; read %d, then %d", shadowed, got, want, first, second)
		}
	}
}
