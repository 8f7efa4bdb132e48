package kernel

import (
	"errors"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"urpc/runtime/shm"
)

func TestSleepReturnsWhenTheWordDiffers(t *testing.T) {
	k := real(t)
	word := shm.Heap(0, shm.Line)
	var nudge Nudge
	if got := k.Sleep(&word.View, 0, 1, &nudge, nudge.Seen(&word.View), 0); got != Changed {
		t.Fatalf("sleep on a word of another value: %d, want Changed", got)
	}
}

func TestSleepTimesOut(t *testing.T) {
	k := real(t)
	word := shm.Heap(0, shm.Line)
	var nudge Nudge
	if got := k.Sleep(&word.View, 0, 0, &nudge, nudge.Seen(&word.View), k.Now()+int64(time.Millisecond)); got != TimedOut {
		t.Fatalf("sleep to a deadline: %d, want TimedOut", got)
	}
	if got := k.Sleep(&word.View, 0, 0, &nudge, nudge.Seen(&word.View), k.Now()-1); got != TimedOut {
		t.Fatalf("sleep to a deadline in the past: %d, want TimedOut", got)
	}
}

// TestMoments: a moment that has passed is one, however long ago; what no clock comes to is
// none.
func TestMoments(t *testing.T) {
	k := real(t)
	for _, passed := range []time.Time{time.Now().Add(-1), time.Now().Add(-time.Hour), {}} {
		if got := k.Moment(passed); got <= 0 || got > k.Now() {
			t.Errorf("%v: %d, want a time up to now, and not 0", passed, got)
		}
	}
	before := k.Now()
	if got := k.Moment(time.Now().Add(time.Hour)); got < before+int64(time.Hour) || got > k.Now()+int64(time.Hour) {
		t.Errorf("in an hour: %d, want that", got)
	}
	if got := k.Moment(time.Now().Add(Never + time.Hour)); got != 0 {
		t.Errorf("never: %d, want 0", got)
	}
}

func TestNudgeBeforeSleepIsNotLost(t *testing.T) {
	k := real(t)
	word := shm.Heap(0, shm.Line)
	var nudge Nudge
	seen := nudge.Seen(&word.View)
	k.Nudge(&nudge)
	if got := k.Sleep(&word.View, 0, 0, &nudge, seen, 0); got != Changed {
		t.Fatalf("sleep after a nudge: %d, want Changed", got)
	}
}

func TestWakeAndNudgeGetSleepersOut(t *testing.T) {
	for _, how := range []string{"wake", "nudge"} {
		t.Run(how, func(t *testing.T) {
			k := real(t)
			word := shm.Heap(0, shm.Line)
			var nudge Nudge
			out := make(chan Outcome)
			const sleepers = 3
			for range sleepers {
				go func() {
					seen := nudge.Seen(&word.View)
					for word.Peek(0) == 0 && nudge.Peek() == seen {
						k.Sleep(&word.View, 0, 0, &nudge, seen, 0)
					}
					out <- Woken
				}()
			}
			time.Sleep(2 * time.Millisecond)
			if how == "wake" {
				word.Add(0, 0, 1)
				k.Wake(word, 0)
			} else {
				k.Nudge(&nudge)
				word.Store(0, 0, 1)
				k.Nudge(&nudge)
			}
			for range sleepers {
				<-out
			}
		})
	}
}

// TestUsable: of all answers to an invalid call only that it is invalid says that
// the call exists and is allowed.
func TestUsable(t *testing.T) {
	if err := usable(unix.EINVAL); err != nil {
		t.Error(err)
	}
	for _, answer := range []unix.Errno{0, unix.ENOSYS, unix.EPERM, unix.EACCES, unix.EFAULT} {
		if err := usable(answer); !errors.Is(err, errors.ErrUnsupported) {
			t.Errorf("%v: %v, want ErrUnsupported", answer, err)
		}
	}
}

func TestPollForIsBounded(t *testing.T) {
	if d := PollFor(); d < 0 || d > 200*time.Microsecond {
		t.Fatalf("poll for %v", d)
	}
	t.Logf("polling pays for %v on %d processors", PollFor(), Processors())
}

func real(t *testing.T) Kernel {
	t.Helper()
	k, err := Real()
	if err != nil {
		t.Fatal(err)
	}
	return k
}
