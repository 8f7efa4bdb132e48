package explore

import (
	"testing"

	"urpc/checker/schedule"
	"urpc/checker/verdict"
)

// TestEveryStateOfABinding explores configurations whole, by states. Some take half
// a minute each, and are explored by hand: close-call, which has 142,239 states, stop-called,
// which has 222,228, listen-stop, which has 247,713, and callers, which has 387,785; of
// listen-two and listen-two-stop nobody has seen the end. All that its
// threads share stands at one place, so that no step of theirs can be recalled.
func TestEveryStateOfABinding(t *testing.T) {
	for config, states := range map[string]uint64{
		"default": 2267, "server-dies": 4999, "inherited": 3916, "fine": 10276, "fine-server-dies": 35149,
		"listen": 2897, "listen-dies": 7025, "listen-faults": 13440,
		"stop": 81722, "closers-stop": 77651, "rebind": 48747, "closers": 6624, "client-dies": 6427, "faults": 2351, "two-faults": 6079,
		"small": 89, "unsealed": 84, "writable": 94, "late": 345, "exchanged": 84, "lone": 69, "many": 92,
		"garbage": 80, "client-garbage": 11, "client-descriptors": 16, "client-number": 4180, "notice-descriptors": 9463,
		"granted": 74, "reply-length": 4817, "client-deaf": 188, "stop-narrow": 10809,
	} {
		t.Run(config, func(t *testing.T) {
			rep := run(t, "bind", config, schedule.Stateful())
			if rep.Verdict != verdict.Holds || !rep.Complete || rep.Verified == 0 {
				t.Errorf("%v, complete %v, %d verified: %s", rep.Verdict, rep.Complete, rep.Verified, rep.Reason)
			}
			if rep.States != states {
				t.Errorf("%q: %d states, want %d", config, rep.States, states)
			}
		})
	}
}
