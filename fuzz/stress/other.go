//go:build !linux

package stress

import (
	"context"
	"errors"
	"fmt"
	"runtime"
)

// Child says that this process is no child: there are none here.
func Child([]string) (handled bool, exit int) { return false, 0 }

// Run fails, wrapping errors.ErrUnsupported: the runtime is for Linux.
func Run(context.Context, Options) (Result, error) {
	return Result{}, fmt.Errorf("stress on %s: %w: want Linux 5.16 or later", runtime.GOOS, errors.ErrUnsupported)
}
