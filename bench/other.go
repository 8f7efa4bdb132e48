//go:build !linux

package bench

import (
	"context"
	"errors"
	"fmt"
	"runtime"
)

// Child says that this process is no child: there are none here.
func Child([]string) (handled bool, exit int) { return false, 0 }

func processes(context.Context, Options, *Result, func()) error {
	return fmt.Errorf("calls between processes on %s: %w: want Linux 5.16 or later", runtime.GOOS, errors.ErrUnsupported)
}
