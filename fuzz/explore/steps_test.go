package explore

import (
	"slices"
	"testing"

	"urpc/checker/schedule"
	"urpc/spec/step"
)

// notTaken are the steps of the memory level that no target takes, and why.
var notTaken = map[step.Name]string{}

// sample is a strategy that samples the target. A walk by even choices ends a
// context within a few steps of the call's beginning, and so nearly always then; it
// tells a server to stop, or kills, before there is a binding.
func sample(target Target, seed, n uint64) schedule.Strategy {
	if target.Name == callName || target.Name == bindTarget.Name {
		return schedule.Uniform(seed, n)
	}
	return schedule.Random(seed, n)
}

func TestEveryStepIsTaken(t *testing.T) {
	t.Parallel()
	taken := map[string]uint64{}
	for _, target := range Targets {
		for _, c := range target.Configurations {
			for name, n := range run(t, target.Name, c.Name, sample(target, 7, 500)).Taken {
				taken[name] += n
			}
		}
	}
	memoryLevel := []step.Name{step.TestSet, step.CS, step.Unlock}
	for n := step.TestSetSend; n <= step.Expire; n++ {
		memoryLevel = append(memoryLevel, n)
	}
	for n := step.SendHello; n <= step.Die; n++ { // those of a binding's life
		memoryLevel = append(memoryLevel, n)
	}
	for n := step.AnnounceIdle; n <= step.Yield; n++ {
		memoryLevel = append(memoryLevel, n)
	}
	for _, n := range memoryLevel {
		_, excused := notTaken[n]
		switch was := taken[n.String()] > 0; {
		case !was && !excused:
			t.Errorf("%v is never taken", n)
		case was && excused:
			t.Errorf("%v is taken now: it needs no excuse", n)
		}
		delete(taken, n.String())
	}
	for name := range taken {
		answers := []string{
			"wake for nothing", "reply twice", "tale", "pre-empted", "the time for polling passes", "stopped before TakePlace", "stopped before AwaitResume",
			"memory is refused", "a mapping is refused", "the limit of descriptors", "the kernel sends a part", "a part is read", "number",
			"accept is refused", "the listener fails", "which word", "what is too long", "what is encoded", "form", "a connection gives no socket", "there is no time to write", "there is no time to read", "the time of the handshake is over", "value", "the end of the context is known",
			"which seal", "which byte", "which size", "what is asked", "how large", "how long", "seals are refused", "the seals are not told", "the size is not told", "memory is not unmapped",
		}
		if _, err := step.Parse(name); err != nil && !slices.Contains(answers, name) {
			t.Errorf("%q is the name of no step", name)
		}
	}
}

func TestMarksStandAtEveryLoop(t *testing.T) {
	marks := run(t, "channel", "2-2-1-1", schedule.Random(7, 200)).Marks
	for _, where := range []step.Name{step.TestSetSend, step.TestSetReceive, step.CheckReply} {
		if marks[where.String()] == 0 {
			t.Errorf("no mark at %v", where)
		}
	}
}
