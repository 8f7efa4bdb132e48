package schedule

import (
	"bytes"
	"fmt"
	"iter"
	"maps"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// A thread that does not come back: it waits for what no other thread can do meanwhile, a
// sync.Mutex that another one holds or a channel, or it goes round in a loop that announces
// nothing. Nobody can end a goroutine from outside, but who waits for the search can look at
// it and say where it stands.
//
// The lookout looks at a count of each runner, which grows before the program's code runs
// on (show), at so many instants within Options.StuckAfter. If it has not grown at any of
// them, the stacks of all goroutines tell whether the program's code is in hand: that of
// who searches may take as long as it likes. Instants are counted and not time, so that a
// process that is stopped for a while, by a debugger or since the machine sleeps, is not
// thought to be stuck.
//
// What the lookout then reads of the runner is what that has shown: show writes it before
// it adds to the count, atomically, and the lookout reads the count before. The runner does
// not write it meanwhile: held is set before the stacks are taken, with the world stopped,
// and these show its goroutine in the program's code, from which it comes back by way of show,
// or of the end of run, which look at held, and wait.

// DefaultStuckAfter is what Options.StuckAfter is if it is 0.
const DefaultStuckAfter = 10 * time.Second

// The lookout looks so many times within Options.StuckAfter, and gives code that runs, and
// does not wait, so many times as long: it may compute something.
const (
	looksWithin = 20
	runsLonger  = 3
)

// lookout looks at the runners of one search.
type lookout struct {
	verb     string
	after    time.Duration // 0: it does not
	of       TokenInfo     // what is searched
	skip     []string      // packages whose frames are passed over
	stopping *atomic.Bool  // ends the search
	held     atomic.Bool   // who comes back from the program's code is to wait for mu
	mu       sync.Mutex    // of what follows, and of what runners have shown while held is set
	who      sync.Mutex    // of members: who calls T takes it (foreign.go), and waits for no look
	members  map[uint64]member
	idle     map[*runner]*idle
	found    error
	at       *Execution
	runs     bool // the code that is found runs, and does not wait
	thread   int  // that it is of, by index; nobody: it is no thread's between two steps
	// Of foreign.go, under mu but for the first two.
	caller      uint64        // the number of the goroutine that waits for the search
	alarm       chan struct{} // closed once a foreign goroutine was seen
	foreign     error         // what is said of the first one
	hasReturned bool          // the search has
	passed      bool          // it has found nothing wrong
}

// member is who runs on a goroutine: a thread by its index, or nobody.
type member struct {
	r      *runner
	thread int
	name   string // of the thread that ran on it first
}

// ofSearch is a goroutine on which no thread runs.
func ofSearch(r *runner) member { return member{r: r, thread: nobody} }

const nobody = -1

// idle is for how many looks in a row the count of a runner has been what it is.
type idle struct {
	shows uint64
	looks int
}

// shown is what a runner shows to the lookout.
type shown struct {
	steps     []record
	threads   []*thread
	recording *recording
	repeating bool // these are made again as they were before
}

func newLookout(verb string, o Options, of TokenInfo) *lookout {
	l := &lookout{verb: verb, after: o.StuckAfter, of: of, skip: o.Skip, stopping: new(atomic.Bool), members: make(map[uint64]member), alarm: make(chan struct{}), idle: make(map[*runner]*idle)}
	switch {
	case l.after == 0:
		l.after = DefaultStuckAfter
	case l.after < 0:
		l.after = 0
	}
	return l
}

// show is called before the program's code runs on.
func (r *runner) show() {
	if r.lookout.held.Load() {
		r.lookout.wait(r)
	}
	r.shown.steps, r.shown.recording, r.shown.repeating = r.steps, r.recording, r.repeating
	r.shows.Add(1)
}

// showThreads is show where there are other threads.
func (r *runner) showThreads() {
	if r.lookout.held.Load() {
		r.lookout.wait(r)
	}
	r.shown.threads = r.threads[:r.declared]
	r.show()
}

// wait waits until the lookout has read what it wants to know. If a thread is stuck the
// search is over, and what this runner still does is to unwind its threads.
func (l *lookout) wait(r *runner) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.found != nil {
		r.stopping.Store(true)
	}
}

// join notes who runs on the goroutine that calls, and leave that it ends.
func (l *lookout) join(m member) (leave func()) {
	n := current()
	l.who.Lock()
	defer l.who.Unlock()
	l.members[n] = m
	return func() {
		l.who.Lock()
		defer l.who.Unlock()
		delete(l.members, n)
	}
}

// all gives the members, by the numbers of their goroutines.
func (l *lookout) all() map[uint64]member {
	l.who.Lock()
	defer l.who.Unlock()
	return maps.Clone(l.members)
}

// await waits for the end of the search; false: a thread is stuck.
func (l *lookout) await(done <-chan struct{}) bool {
	var looks <-chan time.Time
	if l.after > 0 {
		tick := time.NewTicker(max(l.after/looksWithin, 1))
		defer tick.Stop()
		looks = tick.C
	}
	for {
		select {
		case <-done:
			return true
		case <-l.alarm:
			return l.endsSoon(done)
		case <-looks:
		}
		if l.look(); l.found != nil {
			return false
		}
	}
}

// look looks at all runners.
func (l *lookout) look() {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := make(map[*runner]*idle)
	for _, m := range l.all() {
		i := l.idle[m.r]
		if i == nil {
			i = new(idle)
		}
		now[m.r] = i
	}
	l.idle = now
	for r, i := range now {
		if n := r.shows.Load(); n != i.shows {
			*i = idle{shows: n}
			continue
		}
		if i.looks++; i.looks%looksWithin == 0 {
			l.examine(r, i)
		}
		if l.found != nil {
			return
		}
	}
}

// examine looks at where the runner stands that has not come on for so long.
func (l *lookout) examine(r *runner, i *idle) {
	l.held.Store(true)
	all, members := goroutines(), l.all()
	for _, g := range all {
		m, is := members[g.number]
		if !is || m.r != r || g.state == "coroutine" {
			continue
		}
		in, frames := g.inProgram()
		if in == "" || g.runs() && i.looks < runsLonger*looksWithin || r.shows.Load() != i.shows {
			continue
		}
		l.at = r.shownExecution()
		l.runs, l.thread = g.runs(), nobody
		if in == inThread {
			l.thread = m.thread
		}
		l.found = l.tell(m, in, frames, g, i.looks/looksWithin, l.others(m, all))
		l.stopping.Store(true)
		return // held stays set: this runner and all others are to end
	}
	l.held.Store(false)
}

// tell says who is stuck and what would be right.
func (l *lookout) tell(m member, in string, frames []string, g goroutine, times int, others string) error {
	var b strings.Builder
	who := in
	if m.thread != nobody && m.thread < len(l.at.Threads) {
		name := fmt.Sprintf("thread %q", l.at.Threads[m.thread])
		switch in {
		case inThread:
			who = name
		case inUnwinding:
			who = "a deferred function of " + name + ", which is unwound,"
		}
	}
	fmt.Fprintf(&b, "%s has not for %v", who, time.Duration(times)*l.after)
	if n := len(l.at.Steps); n > 0 {
		fmt.Fprintf(&b, ", after step %d, %s by %s", n, describe(l.at.Steps[n-1].bare()), l.at.thread(l.at.Steps[n-1]))
	}
	fmt.Fprintf(&b, "; it is in %s:", g.state)
	for _, f := range frames {
		b.WriteString("\n    " + f)
	}
	b.WriteString(others)
	fmt.Fprintf(&b, "\n%s", g.advice())
	if m.r.shown.repeating {
		b.WriteString(". It has come further by these steps before: does one execution leave something to the next, a lock that is held?")
	}
	fmt.Fprintf(&b, ". Its goroutine cannot be ended, and stays behind with those of the search. The token of the steps before: %s", l.at.Token)
	return fmt.Errorf("%w: %s", ErrStuck, b.String())
}

// goroutine is one of the process, from the text of its stack.
type goroutine struct {
	number uint64
	state  string
	lines  []string
}

// goroutines gives all, as they stand while the world is stopped.
func goroutines() (all []goroutine) {
	text := make([]byte, 1<<16)
	for {
		n := runtime.Stack(text, true)
		if n < len(text) || n >= 1<<28 {
			text = text[:n]
			break
		}
		text = make([]byte, 4*len(text))
	}
	for part := range bytes.SplitSeq(text, []byte("\n\n")) {
		all = append(all, newGoroutine(string(part)))
	}
	return all
}

// newGoroutine reads the text of a stack.
func newGoroutine(text string) goroutine {
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	n, rest := goroutineOf([]byte(lines[0]))
	state, _, _ := strings.Cut(rest, "]")
	state, _, _ = strings.Cut(state, ",") // for how long, and whether it is locked to a thread of the system
	return goroutine{n, state, lines[1:]}
}

// goroutineOf reads the first line of a stack, "goroutine 7 [running]:": the number, and
// what follows the bracket.
func goroutineOf(head []byte) (number uint64, rest string) {
	text, ok := strings.CutPrefix(string(head), "goroutine ")
	digits, rest, _ := strings.Cut(text, " ")
	number, err := strconv.ParseUint(digits, 10, 64)
	if !ok || err != nil {
		return 0, ""
	}
	_, rest, _ = strings.Cut(rest, "[")
	return number, rest
}

func (g *goroutine) runs() bool { return g.state == "running" || g.state == "runnable" }

// What the program's code is that runs, by the function of this package that calls it.
const (
	inThread    = "a thread"
	inPredicate = "a predicate"
	inUnwinding = "a deferred function of a thread that is unwound"
	inTelling   = "a function that is only to tell something (T.Shared, T.Quotient, T.Guards)"
	inWords     = "what puts a value into words"
)

var callers = map[string]string{
	"(*thread).body":          inThread,
	"(*T).OnGoroutine.func1":  inThread,
	"(*runner).execute.func1": "the set-up",
	"(*runner).end.func1":     "a function of AtEnd",
	"(*runner).giveBack":      "a function of Cleanup",
	"(*runner).awake":         inPredicate,
	"(*runner).predicate":     inPredicate,
	"(*runner).would":         inPredicate,
	"(*optimal).ask":          inPredicate,
	"(*T).StepIf":             inPredicate,
	"(*T).Await":              inPredicate,
	"(*T).AwaitStep":          inPredicate,
	"(*Word).await":           inPredicate,
	"(*Word).await.func1":     inPredicate,
	"(*thread).unwind":        inUnwinding,
	"(*runner).abandon":       inUnwinding,
	"(*part).add":             inTelling,
	"(*runner).class":         inTelling,
	"(*guard).heldBy":         inTelling,
	"(*runner).checkGuards":   inTelling,
	"(*T).fail":               inWords,
	"(*T).Saw":                inWords,
	"(*asTest).Logf":          inWords,
}

// calls gives the calls that the goroutine is in, innermost first, each with file:line, of
// which the file is without its folders.
func (g *goroutine) calls() iter.Seq2[string, string] {
	return func(yield func(call, place string) bool) {
		for i := 0; i+1 < len(g.lines); i += 2 {
			call, place := g.lines[i], strings.TrimSpace(g.lines[i+1])
			if strings.HasPrefix(call, "created by ") {
				return
			}
			if n := strings.LastIndexByte(call, '('); n > 0 {
				call = call[:n]
			}
			place, _, _ = strings.Cut(place, " +0x")
			if !yield(call, filepath.Base(place)) {
				return
			}
		}
	}
}

// asides are the calls by which code of the program asks or tells something between two
// steps: it runs on at once, and a loop of nothing else comes to no step. All other calls of
// this package by the program stand before a step, and the search may be at work in them.
var asides = map[string]bool{
	"(*Word).Peek": true, "(*Word).Location": true, "(*Word).String": true,
	"(*Mutex).Held": true, "(*Mutex).Location": true,
	"(*Clock).Peek": true, "(*Clock).Location": true,
	"(*T).Saw": true, "(*T).SawValue": true, "(*T).SawBytes": true, "(*T).Mark": true,
	"(*T).Check": true, "(*T).Self": true, "(*T).Name": true, "(*T).ByStates": true,
	"(*T).AtEnd": true, "(*asTest).Log": true, "(*asTest).Logf": true, "(*asTest).Failed": true,
	"(*Digest).Word": true, "(*Digest).Bytes": true, "(*Digest).Part": true,
}

// looksWhoCalls is by which functions a call that asks something is looked at (foreign.go): what
// they call is no code of the program.
var looksWhoCalls = map[string]bool{"current": true, "goroutineOf": true, "(*lookout).member": true}

// inProgram says which code of the program the goroutine is in, "" if it is in none, and by
// which calls, innermost first.
func (g *goroutine) inProgram() (in string, frames []string) {
	called := "" // by the program, of this package
	for call, place := range g.calls() {
		if ofPackage(call, home) {
			name := call[len(home)+1:]
			if looksWhoCalls[name] {
				frames = nil
			}
			if len(frames) > 0 {
				return callers[name], frames
			}
			called = name
			continue
		}
		if ofPackage(call, "runtime") || call == "panic" {
			continue
		}
		if called != "" && !asides[called] {
			return "", nil
		}
		frames = append(frames, fmt.Sprintf("%s (%s)", call, place))
	}
	return "", nil
}

// advice says what is to be done about a thread that stands so.
func (g *goroutine) advice() string {
	switch g.state {
	case "running", "runnable":
		return "A loop must announce what it looks at (T.Word, T.Step), or wait for it (T.Await): no other thread runs until the next step. To what computes so long Options.StuckAfter gives more"
	case "sleep":
		return "Under a schedule time passes by T.Clock alone; what a sleep is to let others do is a wait (T.Await)"
	case "syscall", "IO wait":
		return "It waits in the kernel. If that is for another thread: none runs until the next step"
	}
	return "It waits for a goroutine, and no other thread runs until its next step: a lock must be under control (T.Mutex, T.Cond), and so must any other wait (T.Await, T.AwaitStep)"
}
