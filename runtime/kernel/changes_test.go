package kernel

import (
	"testing"

	"urpc/fuzz/atonce"
)

// Each change counts: a nudge that is lost could leave who sleeps asleep. The explorer
// takes Change for one step: see TestEachStepBesideIsOneOperation of package shm.
func TestNoNudgeIsLost(t *testing.T) {
	const rounds = 1 << 19
	var n Nudge
	atonce.Do(rounds, func(int, int) { n.Change() })
	if got := n.Peek(); got != atonce.Threads*rounds {
		t.Errorf("changed %d times, want %d", got, atonce.Threads*rounds)
	}
}
