//go:build !linux

package kernel

import (
	"errors"
	"fmt"
	"runtime"
	"time"
)

// Real fails, wrapping errors.ErrUnsupported: the runtime is for Linux.
func Real() (Kernel, error) {
	return nil, fmt.Errorf("futex on %s: %w: want Linux 5.16 or later", runtime.GOOS, errors.ErrUnsupported)
}

// PollFor is 0: there is nothing to measure.
func PollFor() time.Duration { return 0 }

// Processors is the number of processors of this machine.
func Processors() int { return runtime.NumCPU() }
