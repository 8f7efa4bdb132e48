package schedule

import (
	"fmt"
	"slices"
)

// A search sees of a program what its threads announce. If they announce nothing there is
// one order, in which nothing happens: that all of it passes says nothing, and is refused.
// A program that is explored for T.Choose alone has at most one thread: then the answers
// are all that there is.

// announced is what the executions of a search have had to explore.
type announced struct {
	steps   bool     // a thread stood before a step
	answers bool     // T.Choose was asked
	threads []string // the names of those of the execution that had the most
}

// note adds an execution.
func (a *announced) note(r *runner) {
	if a.steps {
		return
	}
	a.answers = a.answers || len(r.steps) > int(r.taken)
	var names []string
	for _, th := range r.threads[:r.declared] {
		if !th.own {
			a.steps = a.steps || th.event != Event{}
			names = append(names, fmt.Sprintf("%q", th.name))
		}
	}
	if len(names) > len(a.threads) {
		a.threads = names
	}
}

// add adds the executions of another worker.
func (a *announced) add(other *announced) {
	a.steps, a.answers = a.steps || other.steps, a.answers || other.answers
	if len(other.threads) > len(a.threads) {
		a.threads = other.threads
	}
}

// covers says why a search that passes would say nothing, if it would.
func (a *announced) covers(executions uint64) error {
	switch {
	case a.steps || a.answers && len(a.threads) <= 1:
		return nil
	case len(a.threads) == 0:
		return fmt.Errorf("%w: it declares no thread (T.Go, T.Daemon) and asks T.Choose for no answer, so that there is nothing to explore", ErrUsage)
	}
	const most = 4
	who := "thread " + a.threads[0] + " announces no step"
	if len(a.threads) > 1 {
		who = "none of the threads " + enumerated(a.threads, most) + " announces a step"
	}
	return fmt.Errorf("%w: %s (%s), so that nothing of what is shared is seen. An access is announced by the methods of T.Word, T.Mutex, T.Cond and T.Clock, or by T.Step before it; a wait by T.Await",
		ErrUsage, who, plural(executions, "execution"))
}

// enumerated is "a, b and c"; of more than so many, the first ones and how many more.
func enumerated(names []string, most int) string {
	names = slices.Clone(names)
	if n := len(names) - most; n > 0 {
		names = append(names[:most], fmt.Sprintf("%d more", n))
	}
	text := names[0]
	for i, name := range names[1:] {
		if i == len(names)-2 {
			text += " and " + name
		} else {
			text += ", " + name
		}
	}
	return text
}
