package call

import (
	"sync/atomic"

	"urpc/runtime/shm"
	"urpc/spec/step"
)

// poison is why every call of a caller ends, and the channel that lets go who is
// blocked then. Like all that is kept beside the private words it is reached by its
// own methods alone, and each of them first tells the hook of the step that it is.
type poison struct {
	err     atomic.Pointer[error] // nil: nothing has ended
	unsent  atomic.Pointer[error] // why calls that were not sent end, nil: they are sent
	stopped chan struct{}
}

// set gives the reason, unless there is one, and says whether it did.
func (p *poison) set(private *shm.Segment, err *error) bool {
	private.Beside(step.Poison, shm.KindCompareAndSwap, shm.Poisoned)
	return p.err.CompareAndSwap(nil, err)
}

// unblock lets go whoever blocks or is about to. It is called once.
func (p *poison) unblock(private *shm.Segment) {
	private.Beside(step.Unblock, shm.KindStore, shm.Unblocks)
	close(p.stopped)
}

// look gives the reason, nil if there is none.
func (p *poison) look(private *shm.Segment) error {
	private.Beside(step.LookPoison, shm.KindLoad, shm.Poisoned)
	return p.why()
}

// stopSending gives the reason why calls that were not sent are not sent any more. It is
// called once.
func (p *poison) stopSending(private *shm.Segment, err *error) {
	private.Beside(step.StopSending, shm.KindStore, shm.Sending)
	p.unsent.Store(err)
}

// lookSending gives that reason, nil if calls are sent.
func (p *poison) lookSending(private *shm.Segment) error {
	private.Beside(step.LookSending, shm.KindLoad, shm.Sending)
	if err := p.unsent.Load(); err != nil {
		return *err
	}
	return nil
}

// why is look without a step.
func (p *poison) why() error {
	if err := p.err.Load(); err != nil {
		return *err
	}
	return nil
}
