package explore

import (
	"encoding/binary"
	"testing"

	"urpc/checker/schedule"
	"urpc/runtime/channel"
	"urpc/runtime/shm"
)

// hostileWhole are the configurations of target hostile that are visited whole.
var hostileWhole = map[string]uint64{
	"client":                 56015,
	"server":                 82234,
	"client-notice":          216085,
	"client-room-notice":     83351,
	"client-wait":            903628,
	"client-donates":         135922,
	"client-donates-differs": 135922,
	"client-donates-wrap":    135917, // some of what is written stands there already
	"pool":                   217549,
	"pool-pair":              2389577,
	"pool-donates":           331833,
	"pool-donates-wrap":      318682,
	"pool-notice":            1123152,
}

func TestHostile(t *testing.T) {
	t.Parallel()
	whole(t, "hostile", hostileWhole)
	within(t, "hostile", "pool", 0, 1068)
	within(t, "hostile", "pool-exit", 0, 3017)
	within(t, "hostile", "pool-idle", 0, 6076)
	within(t, "hostile", "pool-donates", 0, 1068)
}

// A hostile peer gets somewhere: calls end with what it made of them, servers find
// it out, and words that are read again do differ where they are to.
func TestLiesAreHeard(t *testing.T) {
	for _, config := range []string{"client-writes", "server-writes,differs=yes"} {
		ends := map[outcome]int{}
		told := map[string]bool{}
		attacked(t, config, func(h *hostility) {
			for _, how := range h.b.outcomes {
				ends[how]++
			}
			for _, m := range h.guard.got {
				told[m.payload] = true
			}
		})
		if ends[replied] == 0 || ends[corruptPeer] == 0 || ends[pendingStill] == 0 || len(told) < 3 {
			t.Errorf("%s: calls ended %v, messages with %d payloads were received", config, ends, len(told))
		}
	}
}

// attacked runs random executions of a configuration and gives what each has come to.
func attacked(t *testing.T, config string, each func(h *hostility)) {
	t.Helper()
	v, _, err := hostileTarget.Parse(config)
	if err != nil {
		t.Fatal(err)
	}
	rep, err := schedule.Explore(t.Context(), hostileProgramOf(v, each), schedule.POS(1, 4000), schedule.Options{})
	if err != nil || rep.Failure != nil {
		t.Fatalf("%s: %+v, %v", config, rep, err)
	}
}

// So do lies about donated processors: a server says of every one of them that it is
// back, and of more than were donated; a client that it has donated more than one.
func TestLiesAboutDonationsAreHeard(t *testing.T) {
	twice, refrained := 0, 0
	attacked(t, "client-donates-calls", func(h *hostility) {
		n := h.b.caller.Counters()
		if n.Donations == 2 {
			twice++
		}
		if n.Wakes > 0 && n.Donations == 0 {
			refrained++ // an honest server has not returned what was never donated
		}
	})
	if twice == 0 || refrained == 0 {
		t.Errorf("in %d executions both calls donated, in %d none did, and a server was woken", twice, refrained)
	}
	jumps, claims := 0, 0
	attacked(t, "pool-donates,calls=2,slots=2", func(h *hostility) {
		claims = max(claims, h.guard.claims)
		if h.guard.said > 2 && h.pool.Counters().Returns > 0 {
			jumps++
		}
	})
	if jumps == 0 || claims < 3 {
		t.Errorf("in %d executions more were donated than there are calls; %d times was it said that one is", jumps, claims)
	}
}

// Who reads a word again in one operation fails, or finds another value; past the
// hook, too.
func TestSecondReadDiffers(t *testing.T) {
	for how, again := range map[string]func(v *shm.View, off shm.Offset) uint32{
		"Load": func(v *shm.View, off shm.Offset) uint32 { return v.Load(0, off) },
		"Peek": (*shm.View).Peek,
		"PeekBytes": func(v *shm.View, off shm.Offset) uint32 {
			var word [4]byte
			v.PeekBytes(off, word[:])
			return binary.NativeEndian.Uint32(word[:])
		},
	} {
		t.Run(how, func(t *testing.T) { secondReadDiffers(t, again) })
	}
}

func secondReadDiffers(t *testing.T, again func(*shm.View, shm.Offset) uint32) {
	for shadowed, want := range map[int]string{nothing: OneFetch, 1: ""} {
		l := newLending(channel.Size{Slots: 1, Payload: payload})
		var first, second uint32
		rep, err := schedule.Explore(t.Context(), func(s *schedule.T) {
			m := NewMachine(s, 0)
			m.alone = true // that a read is no step does not end it
			near := &space{m: m}
			b := bind(m, 0, l, near, &space{m: m}, []string{"client"}, 1, 1, shadowed, channel.Keep)
			g := newGuard(b, near, 0)
			near.thread("client", func() {
				w := g.words
				b.client.Parked() // an operation begins
				first = b.replies.Load(0, w.Head)
				second = again(b.replies, w.Head)
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

// What is a pool's is refused where there is none.
func TestImpossiblePools(t *testing.T) {
	for config, target := range map[string]Target{"exit=yes": hostileTarget, "looks=1": hostileTarget, "dies=server,looks=1": deathTarget} {
		if _, _, err := target.Parse(config); err == nil {
			t.Errorf("%s of target %s is accepted", config, target.Name)
		}
	}
}
