package schedule

import "math/bits"

// depthFirst visits every execution with at most a number of preemptions, in
// rounds of 0, 1, .. preemptions. Round k runs again the executions of the
// rounds before it, since only running them shows where one more preemption can
// be spent; they are not counted again (see fresh).
type depthFirst struct {
	limit   int  // the last round; negative: one round without a bound
	bound   int  // of this round; negative: none
	skipped bool // this round left out a preemption because of its bound
	begun   bool
	path    []branch
	at      int // of the next decision
}

// branch is one decision of the current execution and what is left to try there.
type branch struct {
	enabled uint64
	left    uint64 // threads not yet tried
	chosen  int32
	of      int32 // number of answers; 0: a choice among threads
	spent   int32 // preemptions up to and with this decision
}

func newDepthFirst(limit int) *depthFirst {
	d := &depthFirst{limit: limit}
	if limit < 0 {
		d.bound = -1
	}
	return d
}

// fresh says whether an execution with so many preemptions belongs to this round.
func (d *depthFirst) fresh(preemptions int) bool { return d.bound < 0 || preemptions == d.bound }

// begin moves to the next execution, or to the next round.
func (d *depthFirst) begin() (settled int, more bool) {
	d.at = 0
	if !d.begun {
		d.begun = true
		return 0, true
	}
	if d.backtrack() {
		return len(d.path) - 1, true
	}
	if d.bound < 0 || d.bound == d.limit || !d.skipped {
		return 0, false
	}
	d.bound++
	d.skipped = false
	return 0, true
}

// backtrack changes the last decision that has something left to try.
func (d *depthFirst) backtrack() bool {
	for n := len(d.path); n > 0; n-- {
		b := &d.path[n-1]
		switch {
		case b.of > 0 && b.chosen+1 < b.of:
			b.chosen++
		case b.of == 0 && b.left != 0:
			b.chosen = int32(bits.TrailingZeros64(b.left))
			b.left &= b.left - 1
			b.spent = d.before(n-1) + b.cost(d.lastBefore(n-1))
		default:
			continue
		}
		d.path = d.path[:n]
		return true
	}
	d.path = d.path[:0]
	return false
}

func (d *depthFirst) before(n int) int32 {
	if n == 0 {
		return 0
	}
	return d.path[n-1].spent
}

// lastBefore gives the thread of the last step before decision n, or -1.
func (d *depthFirst) lastBefore(n int) int {
	for n--; n >= 0; n-- {
		if d.path[n].of == 0 {
			return int(d.path[n].chosen)
		}
	}
	return -1
}

// cost is 1 if the decision switches away from a thread that is still enabled.
func (b *branch) cost(last int) int32 {
	if last >= 0 && int(b.chosen) != last && b.enabled>>uint(last)&1 == 1 {
		return 1
	}
	return 0
}

// pick repeats the path, and beyond it stays with the running thread as long as
// that can go on.
func (d *depthFirst) pick(enabled uint64, last int) int {
	if d.at < len(d.path) {
		b := &d.path[d.at]
		d.at++
		if b.of != 0 || b.enabled != enabled {
			return -1
		}
		return int(b.chosen)
	}
	b := branch{enabled: enabled, spent: d.before(d.at)}
	if last >= 0 && enabled>>uint(last)&1 == 1 {
		b.chosen = int32(last)
		b.left = enabled &^ (1 << uint(last))
		if b.left != 0 && d.bound >= 0 && int(b.spent) >= d.bound {
			b.left = 0
			d.skipped = true
		}
	} else {
		b.chosen = int32(bits.TrailingZeros64(enabled))
		b.left = enabled & (enabled - 1)
	}
	d.path = append(d.path, b)
	d.at++
	return int(b.chosen)
}

func (d *depthFirst) choose(n int) int {
	if d.at < len(d.path) {
		b := &d.path[d.at]
		d.at++
		if int(b.of) != n {
			return -1
		}
		return int(b.chosen)
	}
	d.path = append(d.path, branch{of: int32(n), spent: d.before(d.at)})
	d.at++
	return 0
}

// lowest gives the first thread of a set that is not empty.
func lowest(set uint64) int { return bits.TrailingZeros64(set) }
