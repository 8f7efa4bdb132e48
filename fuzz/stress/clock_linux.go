package stress

import (
	"fmt"
	"math"
	"time"

	"golang.org/x/sys/unix"
)

// clock gives moments that processes can compare: nanoseconds of CLOCK_MONOTONIC,
// which the kernel keeps the same on all processors.
//
// Go's monotonic time is that clock less an offset that a process does not tell.
// One reading of Go's time between two of the kernel's bounds the offset, which
// never changes: so the bounds of many readings all hold, and the closest ones are
// kept. A call's interval is then widened to the earliest moment of its begin and
// the latest of its end. Widening is sound: whatever linearizes in the true
// intervals linearizes in wider ones. The price is that a violation shorter than
// the bracket, some hundred nanoseconds, may be missed.
type clock struct {
	base      time.Time
	low, high int64 // base on the kernel's clock
}

const readings = 1000

func newClock() (clock, error) {
	c := clock{base: time.Now(), low: math.MinInt64, high: math.MaxInt64}
	for range readings {
		before, err := kernelTime()
		if err != nil {
			return clock{}, err
		}
		since := int64(time.Since(c.base))
		after, err := kernelTime()
		if err != nil {
			return clock{}, err
		}
		c.low, c.high = max(c.low, before-since), min(c.high, after-since)
	}
	if c.low > c.high {
		return clock{}, fmt.Errorf("the kernel's clock and Go's do not run alike: %d to %d", c.low, c.high)
	}
	return c, nil
}

func kernelTime() (int64, error) {
	var t unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &t); err != nil {
		return 0, fmt.Errorf("read the monotonic clock: %w", err)
	}
	return t.Nano(), nil
}

// earliest is a moment not after now.
func (c *clock) earliest() int64 { return c.low + int64(time.Since(c.base)) }

// latest is a moment not before now.
func (c *clock) latest() int64 { return c.high + int64(time.Since(c.base)) }
