package console

import (
	"errors"
	"syscall"
)

// Codes of WriteFile to a pipe that nobody reads (winerror.h).
const (
	errorBrokenPipe = syscall.Errno(109)
	errorNoData     = syscall.Errno(232)
)

func ignoreBrokenPipe() {}

func isBrokenPipe(err error) bool {
	return errors.Is(err, errorBrokenPipe) || errors.Is(err, errorNoData)
}
