package explore

import (
	"slices"
	"testing"

	"urpc/checker/schedule"
	"urpc/checker/verdict"
	"urpc/runtime/call"
	"urpc/runtime/shm"
)

// What ends a binding comes in either order, by two threads: that a property holds of what
// came first says nothing where only one ever does.
func TestWhatEndsABindingComesInEitherOrder(t *testing.T) {
	t.Parallel()
	for config, want := range map[string][]string{
		"stop-narrow":       {"a close, a stop of the server", "a stop of the server, a close"},
		"server-dies":       {"a close, the death of the server", "the death of the server, a close"},
		"closers":           {"a close, a close"},
		"notice-other":      {"a close, that the server is corrupt", "that the server is corrupt, a close"},
		"reply-length-dies": {"that the server is corrupt, the death of the server", "the death of the server, that the server is corrupt"},
	} {
		var came []string
		v, _, err := bindTarget.Parse(config)
		if err != nil {
			t.Fatal(err)
		}
		rep, err := schedule.Explore(t.Context(), bindProgramOf(v, func(b *binder) {
			if c := b.clients[0].s.causes; c.second != goesOn {
				came = append(came, c.refuses.String()+", "+c.second.String())
			}
		}), schedule.Stateful(), schedule.Options{Workers: 1})
		if err != nil || rep.Failure != nil {
			t.Fatalf("%s: %v, %+v", config, err, rep.Failure)
		}
		slices.Sort(came)
		came = slices.Compact(came)
		for _, w := range want {
			if !slices.Contains(came, w) {
				t.Errorf("%s: what ended the binding, and then another time, is %q, want %q, too", config, came, w)
			}
		}
	}
}

// Calls that two threads end are ended first by either.
func TestCallsAreEndedInEitherOrder(t *testing.T) {
	ended := map[cause]map[outcome]bool{closedHere: {}, serverDied: {}}
	v, _, err := deathTarget.Parse("server-closed")
	if err != nil {
		t.Fatal(err)
	}
	rep, err := schedule.Explore(t.Context(), deathProgramOf(v, func(d *death) {
		for _, how := range d.first.outcomes {
			ended[d.first.region.cause][how] = true
		}
	}), schedule.Bounded(1), schedule.Options{})
	if err != nil || rep.Verdict != verdict.Holds {
		t.Fatalf("%v, %v, %+v", err, rep.Verdict, rep.Failure)
	}
	for first, how := range map[cause]outcome{closedHere: closedMeanwhile, serverDied: peerDied} {
		if !ended[first][how] || !ended[first][replied] {
			t.Errorf("what came first is %v, and calls end as %v", first, ended[first])
		}
	}
	if ended[serverDied][closedMeanwhile] {
		t.Error("a call is told that its client has closed, and the server had died before")
	}
}

// So are those of a client whose server is hostile, and dies.
func TestCorruptionAndDeathComeInEitherOrder(t *testing.T) {
	t.Parallel()
	ended := map[cause]map[outcome]bool{serverCorrupt: {}, serverDied: {}}
	v, _, err := hostileTarget.Parse("client-notice")
	if err != nil {
		t.Fatal(err)
	}
	both := map[cause]bool{} // came, and which one first
	rep, err := schedule.Explore(t.Context(), hostileProgramOf(v, func(h *hostility) {
		if first := h.b.region.cause; first != goesOn {
			ended[first][h.b.outcomes[0]] = true
			both[first] = both[first] || *h.b.region.keptAt(call.Private, shm.Poisoned) == 2
		}
	}), schedule.Bounded(1), schedule.Options{})
	if err != nil || rep.Verdict != verdict.Holds {
		t.Fatalf("%v, %v, %+v", err, rep.Verdict, rep.Failure)
	}
	for first, how := range map[cause]outcome{serverCorrupt: corruptPeer, serverDied: peerDied} {
		if !ended[first][how] || !both[first] {
			t.Errorf("what came first is %v, and calls end as %v; that the other one came later: %v", first, ended[first], both[first])
		}
	}
}
