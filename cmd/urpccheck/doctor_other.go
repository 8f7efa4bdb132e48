//go:build !linux

package main

import (
	"fmt"
	"runtime"
)

// machine says that the runtime is for Linux.
func machine() []finding {
	return []finding{
		feature("Linux", "the runtime: stress and bench", "", fmt.Errorf("this is %s: want Linux 5.16 or later; check, explore, replay and show work here", runtime.GOOS)),
	}
}
