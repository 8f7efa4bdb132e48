package machine

import (
	"context"
	"time"

	"urpc/runtime/call"
	"urpc/runtime/kernel"
	"urpc/runtime/processor"
	"urpc/runtime/shm"
	"urpc/spec/step"
)

// Real gives the machine that this process runs on.
func Real() (Machine, error) {
	k, err := kernel.Real()
	if err != nil {
		return nil, err
	}
	return real{kernel: k}, nil
}

type real struct {
	shm.Memfd
	kernel kernel.Kernel
}

func (r real) Kernel() kernel.Kernel                           { return r.kernel }
func (real) Callers(int) (call.Threads, shm.Hook)              { return nil, nil }
func (real) Processors(c processor.Config) Processors          { return processor.New(c) }
func (real) Step(step.Name)                                    {}
func (real) Go(_ step.Name, f func())                          { go f() }
func (real) AfterFunc(c context.Context, f func()) func() bool { return context.AfterFunc(c, f) }

func (real) Wait(_ step.Name, done <-chan struct{}, limit time.Duration) bool {
	if limit == 0 {
		<-done
		return true
	}
	t := time.NewTimer(limit)
	defer t.Stop()
	select {
	case <-done:
		return true
	case <-t.C:
		return false
	}
}
