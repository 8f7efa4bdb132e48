//go:build !amd64 && !arm64

package schedule

import "unsafe"

// self tells a goroutine from all others: by the memory in which its stack was seen. It is wrong
// only where the stack has moved since, within one execution, and another goroutine was given
// the memory.
type self struct {
	top    uintptr     // an address in its outermost function
	blocks [32]uintptr // each at its number modulo their number
}

// stackBlock is how many bytes of memory, from a multiple of it on, are of one stack: a
// goroutine's stack has a power of two of bytes, 2 KB or more, and begins at a multiple of
// them or of a page.
const stackBlock = 1 << 11

// begins is called in the outermost function of the goroutine. If its stack has moved, what
// was known of it may be another's now.
func (s *self) begins() {
	if top := here(); s.top != top {
		*s = self{top: top}
	}
}

// calls says whether the goroutine calls; false: that is not known.
func (s *self) calls() bool { return s.has(here() / stackBlock) }

func (s *self) has(block uintptr) bool { return s.blocks[block%uintptr(len(s.blocks))] == block }

// learns is called by the goroutine, or by one that calls in its place. sure: each call is to be
// looked at by number.
func (s *self) learns(sure bool) {
	if block := here() / stackBlock; !sure {
		s.blocks[block%uintptr(len(s.blocks))] = block
	}
}

// ends is called where another goroutine has called in its place, and ends.
func (s *self) ends(self) { *s = self{top: s.top} }

// here gives an address in the stack of the goroutine that calls. It is a number, and keeps
// nothing alive.
func here() uintptr {
	var local byte
	return uintptr(unsafe.Pointer(&local))
}
