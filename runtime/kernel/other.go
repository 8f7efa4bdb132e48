//go:build !linux

package kernel

import (
	"errors"
	"fmt"
	"runtime"
)

// Real fails, wrapping errors.ErrUnsupported: the runtime is for Linux.
func Real() (Kernel, error) {
	return nil, fmt.Errorf("futex on %s: %w: want Linux 5.16 or later", runtime.GOOS, errors.ErrUnsupported)
}
