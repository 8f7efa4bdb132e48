package schedule

import (
	"encoding/binary"
	"fmt"
	"hash"
	"hash/fnv"
	"runtime"
	"slices"
	"strings"
	"sync"
)

// recording keeps an execution in full: for display, and to make or to check the
// hash of its steps in a token.
type recording struct {
	mu     sync.Mutex // of steps and logged, which are copied while the program is stuck
	steps  []TakenStep
	hash   hash.Hash64 // of the steps so far, FNV-1a: equal in every process
	stride int
	checks []byte
	want   string // the checks to meet; "" none
	skip   []string
	until  int // the thread that makes this step does not make it, and the execution ends; 0: none
	logged []Logged
	// stacks: threads keep where they stand in full, too (thread.frames).
	stacks bool
}

func newRecording(decisions int, want string, skip []string) *recording {
	return &recording{hash: fnv.New64a(), stride: checkStride(decisions), want: want, skip: skip}
}

// step takes down the step that the thread is about to make; false: it is not
// the one that the token was made of.
func (c *recording) step(r *runner, th *thread, preempts bool) bool {
	c.add(th.name, th.event.Name, place(&th.event))
	th.last = len(c.steps)
	c.append(TakenStep{Thread: th.index, Event: th.event, Preempts: preempts, Source: th.source})
	if len(c.steps) == c.until {
		r.outcome = refused
		return false
	}
	return c.check(r)
}

func (c *recording) choice(r *runner, rec record, source string) bool {
	who := ""
	if rec.thread >= 0 {
		who = r.threads[rec.thread].name
	}
	name := r.names.list[rec.name]
	c.add(who, name, rec.place, uint64(rec.choice))
	c.append(TakenStep{
		Thread: int(rec.thread),
		Event:  Event{Name: name, Kind: Choice},
		Value:  fmt.Sprintf("%d of %d", rec.choice, uint32(rec.place)),
		Source: source,
	})
	return c.check(r)
}

func (c *recording) append(s TakenStep) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.steps = append(c.steps, s)
}

// soFar gives a copy of what was taken down up to now.
func (c *recording) soFar() ([]TakenStep, []Logged) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.steps), slices.Clone(c.logged)
}

func (c *recording) add(thread, name string, words ...uint64) {
	b := binary.AppendUvarint(nil, uint64(len(thread)))
	b = append(b, thread...)
	b = binary.AppendUvarint(b, uint64(len(name)))
	b = append(b, name...)
	for _, w := range words {
		b = binary.LittleEndian.AppendUint64(b, w)
	}
	c.hash.Write(b)
}

const checkDigits = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-="

// check makes the check that is due after the step just added and compares it.
func (c *recording) check(r *runner) bool {
	n := len(c.steps)
	if n%c.stride != 0 {
		return true
	}
	digit := digitOf(c.hash)
	i := len(c.checks)
	c.checks = append(c.checks, digit)
	if i >= len(c.want) || c.want[i] == digit {
		return true
	}
	r.outcome = refused
	was := fmt.Sprintf("step %d was another one", n)
	if c.stride > 1 {
		was = fmt.Sprintf("one of the steps %d to %d was another one", n-c.stride+1, n)
	}
	r.difference = fmt.Sprintf("%s; step %d is now %s", was, n, c.tell(r, n-1))
	return false
}

func (c *recording) tell(r *runner, i int) string {
	s := c.steps[i]
	who := "the set-up"
	if s.Thread >= 0 {
		who = r.threads[s.Thread].name
	}
	if s.Event.Kind == Choice {
		return fmt.Sprintf("choice %s = %s by %s", s.Event.Name, s.Value, who)
	}
	return fmt.Sprintf("%s (%v %v) by %s", s.Event.Name, s.Event.Kind, s.Event.Location, who)
}

func digitOf(hash hash.Hash64) byte {
	h := hash.Sum64()
	return checkDigits[(h^h>>32)%64]
}

// sum gives the hash of all steps, as it stands in a token.
func (c *recording) sum() string { return sumOfHash(c.hash) }

func sumOfHash(hash hash.Hash64) string {
	h := hash.Sum64()
	return fmt.Sprintf("%08x", uint32(h^h>>32))
}

// values gives what the steps told, as it stands in a token. They are all known at the
// end of the execution alone: a step tells after it was made.
func (c *recording) values() string {
	hash := fnv.New64a()
	var digits []byte
	stride := valueStride(len(c.steps))
	for i, s := range c.steps {
		hash.Write(append(binary.AppendUvarint(nil, uint64(len(s.Value))), s.Value...))
		if (i+1)%stride == 0 {
			digits = append(digits, digitOf(hash))
		}
	}
	return string(digits) + sumOfHash(hash)
}

// otherValues says where the steps told something else than when the token was made of
// them; "": nowhere, as far as the token says.
func (c *recording) otherValues(r *runner, was string) string {
	now := c.values()
	if was == "" || was == now || len(was) != len(now) {
		return "" // no values, the same, or of fewer steps (Options.Stricter)
	}
	i, stride := 0, valueStride(len(c.steps))
	for was[i] == now[i] {
		i++
	}
	i = min(i, len(now)-hashDigits) // the whole hash is of the steps behind the last digit
	first, last := min(i*stride+1, len(c.steps)), min((i+1)*stride, len(c.steps))
	where := fmt.Sprintf("step %d reads or writes", first)
	if first != last {
		where = fmt.Sprintf("one of the steps %d to %d reads or writes", first, last)
	}
	return fmt.Sprintf("the steps are those of the token, but %s another value than when it was made: the code has changed, or what it begins with (step %d is now %s: %s)",
		where, last, c.tell(r, last-1), c.steps[last-1].Value)
}

// agrees says what is as it was when the token was made, if its values do not differ.
func (c *recording) agrees(values string) string {
	switch {
	case values == "":
		return "steps and answers are those of the token, which is older than values are in tokens"
	case !slices.ContainsFunc(c.steps, func(s TakenStep) bool { return s.Event.Kind != Choice && s.Value != "" }):
		return "steps and answers are those of the token; no step tells a value"
	}
	return "steps, answers and values are those of the token"
}

// saw sets the value of the thread's last step.
func (c *recording) saw(th *thread, value string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if th.last >= 0 {
		c.steps[th.last].Value = value
	}
}

// effect sets what the thread's last step made of the value.
func (c *recording) effect(th *thread, changed bool, v uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case th == nil || th.last < 0:
	case changed:
		c.steps[th.last].Effect = "to " + formatValue(v)
	default:
		c.steps[th.last].Effect = "unchanged"
	}
}

// sawMore adds to the value of the thread's last step.
func (c *recording) sawMore(th *thread, value string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if th.last >= 0 {
		v := &c.steps[th.last].Value
		*v = strings.TrimSpace(*v + " " + value)
	}
}

// formatValue gives a word in decimal, and in hexadecimal too where it may hold fields.
func formatValue(v uint64) string {
	if v < 1<<20 {
		return fmt.Sprintf("%d", v)
	}
	return fmt.Sprintf("%#x", v)
}

// source gives file:line of the innermost frame that is neither in this package
// nor in a package to skip; if all are in those, of the outermost one.
func (r *runner) source() string {
	var pcs [32]uintptr
	frames := runtime.CallersFrames(pcs[:runtime.Callers(2, pcs[:])])
	at := ""
	for {
		f, more := frames.Next()
		if ofPackage(f.Function, home) {
			if at != "" {
				return at // the bottom of the coroutine
			}
		} else if ofPackage(f.Function, "iter") {
			return at // a coroutine of this package's own
		} else {
			at = fmt.Sprintf("%s:%d", f.File, f.Line)
			if !r.recording.skips(f.Function) {
				return at
			}
		}
		if !more {
			return at
		}
	}
}

// frames gives file:line of all frames that are not in this package, innermost
// first.
func (r *runner) frames() (all []string) {
	var pcs [32]uintptr
	frames := runtime.CallersFrames(pcs[:runtime.Callers(2, pcs[:])])
	for {
		f, more := frames.Next()
		if !ofPackage(f.Function, home) && !ofPackage(f.Function, "iter") && !ofPackage(f.Function, "runtime") {
			all = append(all, fmt.Sprintf("%s:%d", f.File, f.Line))
		}
		if !more {
			return all
		}
	}
}

func (c *recording) skips(function string) bool {
	if c == nil {
		return false
	}
	for _, p := range c.skip {
		if ofPackage(function, p) {
			return true
		}
	}
	return false
}

// home is the import path of this package.
var home = func() string {
	pc, _, _, _ := runtime.Caller(0)
	name := runtime.FuncForPC(pc).Name()
	slash := strings.LastIndexByte(name, '/') + 1
	dot := strings.IndexByte(name[slash:], '.')
	return name[:slash+dot]
}()

func ofPackage(function, path string) bool {
	return len(function) > len(path) && function[len(path)] == '.' && function[:len(path)] == path
}
