//go:build linux

package kernel

import (
	"errors"
	"fmt"
	"math"
	"runtime"
	"sync"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"urpc/runtime/shm"
)

// Numbers of futex(2) and futex_waitv(2) that x/sys does not name.
const (
	futexWake     = 1
	futexPrivate  = 128
	futex2Size32  = 0x02
	futex2Private = 128
	sysFutexWaitv = 449 // the same on every architecture
	wakeAll       = math.MaxInt32
)

// waiter is struct futex_waitv: one word to sleep on.
type waiter struct {
	value   uint64
	address uint64
	flags   uint32
	_       uint32
}

// Compile-time check of the kernel's layout.
const _ = -uint(24 - unsafe.Sizeof(waiter{}))

// linux is the real kernel.
type linux struct{ start time.Time }

var probe = sync.OnceValue(func() error {
	_, _, errno := unix.Syscall6(sysFutexWaitv, 0, 0, 0, 0, 0, 0)
	return usable(errno)
})

// usable judges futex_waitv by its answer to a call without any waiter, which is
// invalid where the call exists. A kernel without it does not know it; a sandbox
// that does not allow it (seccomp) says what it likes.
func usable(answer unix.Errno) error {
	if answer != unix.EINVAL {
		return fmt.Errorf("futex_waitv: %w: want Linux 5.16 or later, and no sandbox that refuses it: %w", errors.ErrUnsupported, answer)
	}
	return nil
}

// Real gives the operating system. It fails, wrapping errors.ErrUnsupported, on
// a kernel without futex_waitv (Linux before 5.16), or where that is not allowed.
func Real() (Kernel, error) {
	if err := probe(); err != nil {
		return nil, err
	}
	return &linux{start: time.Now()}, nil
}

// Now is Go's monotonic clock, which Linux reads without a system call.
func (l *linux) Now() int64 { return int64(time.Since(l.start)) + 1 }

// Moment implements Kernel. A moment that has passed is before Now, and not 0,
// which says that there is none.
func (l *linux) Moment(t time.Time) int64 {
	left := time.Until(t)
	if left >= Never {
		return 0
	}
	return max(l.Now()+int64(max(left, -Never)), 1)
}

// Pause rests for some tens of nanoseconds. It is a call of its own, so that
// every turn of a polling loop passes a stack check, where the collector can
// stop it.
func (l *linux) Pause() { pause() }

// Sleep waits on both words at once, which also works on memory that is mapped
// read-only. The system call is an ordinary blocking one to Go: the goroutine's
// P is handed on meanwhile and the collector does not wait for it.
func (l *linux) Sleep(word *shm.View, off shm.Offset, expected uint32, nudge *Nudge, seen uint32, deadline int64) Outcome {
	waiters := [2]waiter{
		{value: uint64(expected), address: uint64(uintptr(unsafe.Pointer(word.Address(off)))), flags: futex2Size32},
		{value: uint64(seen), address: uint64(uintptr(unsafe.Pointer(&nudge.word))), flags: futex2Size32 | futex2Private},
	}
	var limit *unix.Timespec
	if deadline != 0 {
		var ok bool
		if limit, ok = l.limit(deadline); !ok {
			return TimedOut
		}
	}
	_, _, errno := unix.Syscall6(sysFutexWaitv, uintptr(unsafe.Pointer(&waiters)), uintptr(len(waiters)), 0,
		uintptr(unsafe.Pointer(limit)), unix.CLOCK_MONOTONIC, 0)
	runtime.KeepAlive(nudge)
	switch errno {
	case 0, unix.EINTR:
		return Woken
	case unix.EAGAIN:
		return Changed
	case unix.ETIMEDOUT:
		return TimedOut
	default:
		panic(fmt.Sprintf("kernel: futex_waitv on two mapped words: %v", errno))
	}
}

// limit turns a deadline into the kernel's absolute time; false when it has passed.
func (l *linux) limit(deadline int64) (*unix.Timespec, bool) {
	left := deadline - l.Now()
	if left <= 0 {
		return nil, false
	}
	var now unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &now); err != nil {
		panic(fmt.Sprintf("kernel: clock_gettime of the monotonic clock: %v", err))
	}
	limit := unix.NsecToTimespec(now.Nano() + left)
	return &limit, true
}

// Wake wakes all sleepers of the word. The call does not block, so it is made
// without telling Go's scheduler.
func (l *linux) Wake(word *shm.Segment, off shm.Offset) {
	wake(word.Address(off), futexWake)
}

// Nudge changes the nudge, then wakes who sleeps on it.
func (l *linux) Nudge(n *Nudge) {
	n.Change()
	wake((*uint32)(unsafe.Pointer(&n.word)), futexWake|futexPrivate)
}

func wake(word *uint32, operation uintptr) {
	_, _, errno := unix.RawSyscall6(unix.SYS_FUTEX, uintptr(unsafe.Pointer(word)), operation, wakeAll, 0, 0, 0)
	if errno != 0 {
		panic(fmt.Sprintf("kernel: futex wake on a mapped word: %v", errno))
	}
}
