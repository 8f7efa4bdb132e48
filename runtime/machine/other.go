//go:build !linux

package machine

import (
	"fmt"

	"urpc/runtime/kernel"
)

// Real fails, wrapping errors.ErrUnsupported: the runtime is for Linux.
func Real() (Machine, error) {
	if _, err := kernel.Real(); err != nil {
		return nil, err
	}
	return nil, fmt.Errorf("machine: a kernel without its machine")
}
