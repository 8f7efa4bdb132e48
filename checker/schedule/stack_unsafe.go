package schedule

import "unsafe"

// stackBlock is how many bytes of memory, from a multiple of it on, are of one stack: a
// goroutine's stack has a power of two of bytes, 2 KB or more, and begins at a multiple of
// them or of a page.
const stackBlock = 1 << 11

// here gives an address in the stack of the goroutine that calls. It is a number, and keeps
// nothing alive.
func here() uintptr {
	var local byte
	return uintptr(unsafe.Pointer(&local))
}
