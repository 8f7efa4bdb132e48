package schedule

import (
	"fmt"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

// Goroutines that the program starts by go are under no control: they run at once with the
// thread whose turn it is, in an order that no schedule tells. One that calls T, or a method
// of what T has made, is refused there: the search ends with ErrUsage, and that goroutine ends.
// One that touches plain memory alone cannot be seen.
//
// Who calls is known for certain by the number of the goroutine, which only the text of its
// stack tells: that takes longer than a step. So it is looked at only where the caller is not
// seen to be the goroutine whose turn it is (self), which is cheap: by an address that is its
// own (goroutine_asm.go), or by one in its stack (goroutine_generic_unsafe.go). The latter may
// be wrong, so that with it each call is looked at by number in the first executions.
//
// A foreign goroutine reads of the runner whose turn it is, and writes nothing: what it has
// done is noted in the lookout. The race detector tells of these reads where nobody waits for
// the goroutine: it is one.

// surelyOurs is in how many executions of a runner each call is looked at.
const surelyOurs = 2

// isOurs says whether the goroutine that calls is the one whose turn it is, or another one of
// the search.
func (r *runner) isOurs() bool { return r.self.calls() || r.knows() }

// knows is isOurs by number. From then on the caller is seen to be the one whose turn it is.
func (r *runner) knows() bool {
	turn := nobody
	if th := r.running; th != nil {
		turn = th.index
	}
	m := r.lookout.member(current())
	if m.r == r && m.thread == turn {
		r.self.learns(r.sure)
	}
	return m.r == r
}

// current gives the number of the goroutine that calls.
func current() uint64 {
	var head [64]byte
	n, _ := goroutineOf(head[:runtime.Stack(head[:], false)])
	return n
}

// member gives who runs on a goroutine; none: it is none of the search's.
func (l *lookout) member(number uint64) member {
	l.who.Lock()
	defer l.who.Unlock()
	return l.members[number]
}

// foreign refuses a call by a goroutine that is none of the search's, and ends it.
//
// Once the search has returned there is nobody to tell. If it has found nothing wrong, that
// was not earned, and the process ends with what is said here.
func (t *T) foreign(call string) {
	l := t.r.lookout
	text := make([]byte, 1<<14)
	g := newGoroutine(string(text[:runtime.Stack(text, false)]))
	said := fmt.Errorf("%w: %s", ErrUsage, l.tellForeign(call, &g, t.over))
	switch late, passed := l.noteForeign(said); {
	case late && g.number == l.caller:
		panic("schedule: " + call + " after the end of the execution (a T, or what it made, that is kept when the search has returned)")
	case late && passed:
		panic(fmt.Sprintf("schedule: %v. The search has returned, and knew nothing of it", said))
	}
	runtime.Goexit()
}

// noteForeign ends the search with what is said, unless it has returned: late. passed: it has
// found nothing wrong.
func (l *lookout) noteForeign(said error) (late, passed bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.hasReturned && l.foreign == nil {
		l.foreign = said
		l.stopping.Store(true)
		close(l.alarm)
	}
	return l.hasReturned, l.passed
}

// tellForeign says who calls, and what would be right.
func (l *lookout) tellForeign(call string, g *goroutine, over bool) string {
	var b strings.Builder
	b.WriteString(call)
	if over {
		b.WriteString(" of a T whose execution is over")
	}
	b.WriteString(" is called by a goroutine that is no thread")
	if at := g.ahead(l.skip); at != "" {
		b.WriteString(", at " + at)
	}
	if by, place, number := g.created(); by != "" {
		who := ""
		if m := l.member(number); m.r != nil && m.thread != nobody {
			who = fmt.Sprintf(" by thread %q", m.name)
		}
		fmt.Fprintf(&b, "; it was started%s, in %s (%s)", who, by, place)
	}
	b.WriteString(". What it does comes in an order that no schedule tells: " + undeclared)
	return b.String()
}

// undeclared says what is to be done about goroutines.
const undeclared = "a thread is declared by T.Go or T.Daemon. Code that starts goroutines is to be given the function that does, which says go where it ships and T.Go here; who waits for them waits by T.Await"

// created says which function has started the goroutine, where, and on which goroutine; "":
// the stack does not tell.
func (g *goroutine) created() (by, place string, number uint64) {
	for i := 0; i+1 < len(g.lines); i++ {
		rest, is := strings.CutPrefix(g.lines[i], "created by ")
		if !is {
			continue
		}
		by, in, _ := strings.Cut(rest, " in ")
		number, _ := goroutineOf([]byte(in + " ["))
		place, _, _ := strings.Cut(strings.TrimSpace(g.lines[i+1]), " +0x")
		return by, filepath.Base(place), number
	}
	return "", "", 0
}

// forForeign is how long a search may take to end once a foreign goroutine was seen: a thread
// may wait for it, and for ever now that it has ended.
const forForeign = time.Second

// forThoseWhoGoOn is how long a search that has found nothing wrong waits for goroutines that
// run or sleep: far longer than a busy machine keeps one waiting that may run. It looks again
// after longestWait at most.
const (
	forThoseWhoGoOn = 5 * time.Second
	longestWait     = 100 * time.Millisecond
)

// endsSoon waits for the end of a search in which a foreign goroutine was seen; false: it is
// left behind.
func (l *lookout) endsSoon(done <-chan struct{}) bool {
	late := time.NewTimer(forForeign)
	defer late.Stop()
	select {
	case <-done:
		return true
	case <-late.C:
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.found = l.foreign
	return false
}

// leftBehind looks for goroutines that the program has started and that are there still: at
// the end of a search that has found nothing wrong, and where there are many. Those that go on
// may come to call T, and are waited for. Where each execution has left one that does not end,
// the search is refused: who knows what they wait for, and in the end there is no room for more.
func (l *lookout) leftBehind(r *runner) {
	begun := time.Now()
	for wait := time.Millisecond; !l.sawForeign(); wait = min(2*wait, longestWait) {
		left, goesOn := l.started(r)
		if goesOn && time.Since(begun) < forThoseWhoGoOn {
			time.Sleep(wait)
			continue
		}
		if n := uint64(len(left)); n > 0 && n >= r.runs {
			l.noteForeign(fmt.Errorf("%w: %s", ErrUsage, tellLeft(left, r.runs)))
		}
		return
	}
}

// firstLook is after how many executions of a runner it is looked for the first time whether
// each leaves a goroutine behind; then after twice as many, and so on.
const firstLook = 64

// lookForLeaks ends the search if each execution has left a goroutine behind.
func (r *runner) lookForLeaks() {
	if n := r.runs; n >= firstLook && n&(n-1) == 0 && uint64(runtime.NumGoroutine()) >= n {
		r.lookout.leftBehind(r)
	}
}

// started gives the goroutines that the threads and the set-up of a runner have started, and
// says whether one of them goes on by itself.
func (l *lookout) started(r *runner) (all []goroutine, goesOn bool) {
	for _, g := range goroutines() {
		by, _, number := g.created()
		if l.member(g.number).r != nil || l.member(number).r != r || ofPackage(by, "runtime") {
			continue
		}
		all = append(all, g)
		goesOn = goesOn || g.runs() || g.state == "sleep" || g.state == "syscall" || g.state == "IO wait"
	}
	return all, goesOn
}

// tellLeft says what the executions have left behind.
func tellLeft(left []goroutine, executions uint64) string {
	g := left[0]
	by, place, _ := g.created()
	return fmt.Sprintf("%s have left %s behind: one is in %s at %s, and was started in %s (%s). Each execution must end what it starts, by T.Cleanup say; %s",
		plural(executions, "execution"), plural(len(left), "goroutine"), g.state, g.ahead(nil), by, place, undeclared)
}

// sawForeign says whether a foreign goroutine was seen.
func (l *lookout) sawForeign() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.foreign != nil
}

// returns takes down how the search ends, and gives what it returns.
func (l *lookout) returns(rep Report, err error) (Report, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.foreign != nil {
		rep.Failure, rep.Passing, rep.Stuck = nil, nil, nil
		err = fmt.Errorf("%s: %w", l.verb, l.foreign)
	}
	l.hasReturned, l.passed = true, err == nil && rep.Failure == nil
	return rep.endedBy(err), err
}
