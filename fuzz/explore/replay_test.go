package explore

import (
	"errors"
	"strings"
	"testing"

	"urpc/checker/catalogue"
	"urpc/checker/schedule"
	"urpc/checker/verdict"
	"urpc/runtime/kernel"
	"urpc/runtime/shm"
	"urpc/spec/memory"
)

// deaf is a kernel that wakes nobody.
type deaf struct{ *Kernel }

func (deaf) Wake(*shm.Segment, shm.Offset) {}

// withDeaf adds the target of a channel on that kernel for the time of a test.
func withDeaf(t *testing.T) Target {
	t.Helper()
	target := channelTarget
	target.Name = "deaf"
	target.Program = func(v catalogue.Values) func(*schedule.T) {
		return channelProgram(v, func(k *Kernel) kernel.Kernel { return deaf{k} })
	}
	were := Targets
	Targets = append(Targets[:len(Targets):len(Targets)], target)
	t.Cleanup(func() { Targets = were })
	return target
}

func failure(t *testing.T, target Target) *schedule.Failure {
	t.Helper()
	v, _, err := target.Parse("1-1-1-1")
	if err != nil {
		t.Fatal(err)
	}
	rep, err := Run(t.Context(), target, v, schedule.Bounded(2), schedule.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if rep.Verdict != verdict.Violated {
		t.Fatalf("a kernel that wakes nobody: %v", rep.Verdict)
	}
	return rep.Failure
}

func TestFailingScheduleReplays(t *testing.T) {
	f := failure(t, withDeaf(t))
	if f.Property != memory.NoSleepOnReply || f.Preemptions != 0 {
		t.Errorf("property %q after %d preemptions: %s", f.Property, f.Preemptions, f.Message)
	}
	rep, err := Replay(t.Context(), f.Token, schedule.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if rep.Verdict != verdict.Violated || rep.Failure.Property != f.Property || rep.Failure.Token != f.Token {
		t.Errorf("the replay: %v, %+v", rep.Verdict, rep.Failure)
	}
	var text strings.Builder
	if err := rep.Failure.WriteText(&text, 120); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"client 1", "server 1", "Publish", "send.go:", "Sleep", f.Property} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("the printed failure lacks %q:\n%s", want, text.String())
		}
	}
}

func TestTokenOfAnotherProgramIsRefused(t *testing.T) {
	f := failure(t, withDeaf(t))
	info, err := schedule.ParseToken(f.Token)
	if err != nil || info.Target != "deaf" || info.Configuration != "1-1-1-1" || info.Mutant != planted {
		t.Fatalf("the token says %+v, %v", info, err)
	}
	t.Run("target", func(t *testing.T) {
		Targets = Targets[:len(Targets)-1]
		var unknown *catalogue.UnknownError
		if _, err := Replay(t.Context(), f.Token, schedule.Options{}); !errors.As(err, &unknown) {
			t.Errorf("a token of a target that there is not: %v", err)
		}
	})
	t.Run("mutant", func(t *testing.T) {
		rep, err := schedule.Explore(t.Context(), func(s *schedule.T) { s.Fail("x", "x") }, schedule.Bounded(0),
			schedule.Options{Target: "lock", Configuration: "default", Mutant: "lock-not-atomic"})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Replay(t.Context(), rep.Failure.Token, schedule.Options{}); !errors.Is(err, schedule.ErrTokenProgram) {
			t.Errorf("a token of a mutant: %v", err)
		}
	})
	t.Run("damage", func(t *testing.T) {
		if _, err := Replay(t.Context(), f.Token+"0", schedule.Options{}); !errors.Is(err, schedule.ErrTokenDamaged) {
			t.Errorf("a damaged token: %v", err)
		}
	})
}
