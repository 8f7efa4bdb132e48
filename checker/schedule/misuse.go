package schedule

import (
	"fmt"
	"path/filepath"
	"strings"
)

// A program that calls T in a way that has no meaning has not failed, and has not passed
// either: nothing is found out about it. The search ends with ErrUsage.

// misused ends the search: it says what was wrong, where, and what would be right. It
// does not return.
func (r *runner) misused(format string, args ...any) {
	if r.outcome == underWay {
		r.outcome = refused
		r.misuse = fmt.Sprintf(format, args...) + " (" + r.whereabouts() + ")"
	}
	r.abandon(r.running)
}

// outsideSetUp ends the search: only the set-up may make the call.
func (r *runner) outsideSetUp(call string) {
	r.misused("%s outside the set-up: it is declared before the threads run, so that it is alike in every execution", call)
}

// checkKind refuses a step of a kind that a program cannot announce.
func (r *runner) checkKind(call string, e *Event) {
	if e.Kind < Load || e.Kind > Await {
		r.misused("%s of %q has kind %v: that of an access that a program announces is one of Load (%d) to Await (%d)", call, e.Name, e.Kind, Load, Await)
	}
}

// checkWrites refuses a StepIf of a kind that does not write: searches take it for a read.
func (r *runner) checkWrites(e *Event) {
	if !e.Kind.writes() {
		r.misused("StepIf of %q has kind %v, which changes nothing: that of a step that may change its location is CAS (%d), or another one that writes", e.Name, e.Kind, CAS)
	}
}

// changesNothing refuses an access that writes where the program is only asked something.
func (r *runner) changesNothing(name string, k Kind) {
	if r.quiet && k.writes() {
		r.misused("%s in a predicate, or in a function that is only to tell something, which must change nothing: it is called as often as the search likes", name)
	}
}

// waitsInVain refuses an await that is false where nothing interleaves, and so for ever. At
// the end that is a failure: what it waits for is as the threads have left it. It does not
// return.
func (r *runner) waitsInVain(what string) {
	what += " would wait for ever where nothing interleaves"
	if r.ending && !r.quiet {
		panic("schedule: " + what)
	}
	r.misused("%s: no thread runs before the set-up has returned, nor within a predicate", what)
}

// whereabouts says which part of the program runs now, after which step, and where in
// the source.
func (r *runner) whereabouts() string {
	who := "in a function that is only to tell something"
	switch {
	case r.asked != nil:
		who = "in " + r.predicateOf(r.asked)
	case r.quiet:
	case r.settingUp:
		who = "in the set-up"
	case r.ending:
		who = "at the end"
	case r.running != nil:
		who = fmt.Sprintf("in thread %q", r.running.name)
	}
	if n := len(r.steps); n > 0 {
		who += fmt.Sprintf(", after step %d, %s", n, r.tell(r.steps[n-1]))
	}
	return who + inSource(", at ", r.source())
}

// predicateOf names the predicate of the await that the thread stands before.
func (r *runner) predicateOf(th *thread) string {
	return fmt.Sprintf("the predicate of await %q of thread %q", th.event.Name, th.name)
}

// threadNames gives the names of the threads that the program has declared so far.
func (r *runner) threadNames() string {
	var names []string
	for _, th := range r.threads[:r.declared] {
		if !th.own {
			names = append(names, fmt.Sprintf("%q", th.name))
		}
	}
	if names == nil {
		return "none"
	}
	return strings.Join(names, ", ")
}

// ownThreads says how many of the threads are not the program's.
func (r *runner) ownThreads() string {
	n := 0
	for _, th := range r.threads[:r.declared] {
		n += oneIf(th.own)
	}
	if n == 0 {
		return ""
	}
	return fmt.Sprintf(", %d of them daemons of clocks and of store buffers", n)
}

func inSource(prefix, source string) string {
	if source == "" {
		return ""
	}
	return prefix + filepath.Base(source)
}
