package urpc

import (
	"os"
	"testing"
	"time"

	"urpc/runtime/machine"
	"urpc/runtime/shm"
	"urpc/spec/step"
)

// starting is a machine of which nothing is asked but to start goroutines.
type starting struct{ machine.Machine }

func (starting) Go(_ step.Name, f func()) { go f() }

// A hurried socket is one of a peer whose process has exited, and which a child holds. Its Read
// has no time left as soon as there is a limit, and Hurry returns only when that was noticed: to
// the explorer Hurry is no step, between which and the next one others run.
type hurried struct {
	machine.Socket
	limited, noticed chan struct{}
}

func (hurried) AwaitExit() error { return nil }

func (h hurried) Read(step.Name, []byte) (n int, with []shm.Descriptor, cut bool, err error) {
	<-h.limited
	return 0, nil, false, os.ErrDeadlineExceeded
}

func (h hurried) Hurry(time.Duration) {
	close(h.limited)
	<-h.noticed
}

// Who reads no more since the peer's process has exited says so, and not that it has hung up,
// also where the goroutine that has noticed the exit goes on late.
func TestExitIsKnownBeforeReadIsLimited(t *testing.T) {
	s := hurried{limited: make(chan struct{}), noticed: make(chan struct{})}
	l, how := newLink(starting{}, s), departure(0)
	l.watch(func(d departure) {
		how = d
		close(s.noticed)
	})
	<-s.noticed
	if how != exited {
		t.Errorf("the peer %v, want that its process has exited", how)
	}
}
