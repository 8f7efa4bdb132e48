package schedule

import (
	"fmt"
	"slices"
	"strings"
)

// An execution that is longer than Options.MaxSteps has a loop that goes round for ever,
// or would have ended a little later. Where the program tells its state, the two can be
// told apart: the execution is made once more, and if a state comes twice in it, nothing
// keeps its threads from going round. If none does, and all threads pass marks, it is no
// such loop. A thread that passes none is in another state after each step.

// noteCut keeps what is known of the first execution that was too long.
func (e *exploration) noteCut() {
	e.report.TooLong++
	if e.cutText == "" {
		e.cutText = e.tellCut()
	}
}

func (e *exploration) tellCut() string {
	const shown = 4
	r := e.r
	final := r.finalRun()
	who := final.who
	var last []string
	outside := 0
	took := make([]int, r.declared)
	for i := len(r.steps) - 1; i >= 0; i-- {
		t := int(r.steps[i].thread)
		if t == final.thread && len(last) < shown {
			last = append([]string{r.names.list[r.steps[i].name]}, last...)
		}
		if t >= 0 {
			took[t]++
		} else {
			outside++
		}
	}
	var each []string
	for t, n := range took {
		if n > 0 {
			each = append(each, fmt.Sprintf("%s took %d", r.threads[t].name, n))
		}
	}
	if outside > 0 {
		each = append(each, plural(outside, "answer")+" in the set-up or at the end")
	}
	return fmt.Sprintf("an execution is longer than %s (%s): %s ran last, its last steps are %s: %s",
		plural(r.maxSteps, "step"), strings.Join(each, ", "), who, strings.Join(last, ", "), e.whyCut(final))
}

// finalRun is what an execution that is too long did last.
type finalRun struct {
	who     string
	thread  int // -1: none, the set-up or a function of AtEnd
	answers int // that it was given in a row
}

func (r *runner) finalRun() finalRun {
	f := finalRun{who: "the set-up", thread: -1}
	switch {
	case r.cutAtEnd:
		f.who = "a function of AtEnd"
	case r.last >= 0:
		f.who, f.thread = fmt.Sprintf("thread %q", r.threads[r.last].name), r.last
	case len(r.steps) > 0 && r.steps[len(r.steps)-1].thread >= 0: // before any step
		f.thread = int(r.steps[len(r.steps)-1].thread)
		f.who = fmt.Sprintf("thread %q", r.threads[f.thread].name)
	}
	for _, rec := range slices.Backward(r.steps) {
		if rec.choice < 0 || int(rec.thread) != f.thread {
			break
		}
		f.answers++
	}
	return f
}

// whyCut says which it is, a loop or a program that is longer, as far as is known.
func (e *exploration) whyCut(final finalRun) string {
	const longer = "the program is longer than that, or counts for ever: more steps are allowed by MaxSteps"
	if n := final.answers; n > e.r.maxSteps/2 {
		return fmt.Sprintf("its last %d steps are answers of T.Choose in a row: a loop of questions that some answers never end? It must be bounded; if so many are wanted, more steps are allowed by MaxSteps", n)
	}
	r := newRunner(e.r.program, e.r.maxSteps, e.r.lookout, e.r.names.lexicon)
	defer r.close()
	r.tso, r.keeps = e.r.tso, true
	c := &comingAgain{guided: guided{plan: e.r.decisions()}, r: r, at: make(map[Digest]int)}
	r.strategy = c
	r.run(0)
	switch thread := c.unmarked(); {
	case r.outcome != cut || r.mute != "" || len(r.words) == 0 && len(r.shared) == 0:
		return "a loop without an await? Or " + longer
	case c.again > 0:
		return fmt.Sprintf("the state after step %d is that after step %d: a loop without an await (Word.Await, T.Await, T.AwaitStep)", c.again, c.before)
	case thread != "":
		return fmt.Sprintf("a loop without an await? Or %s. No state comes twice, but thread %q goes on without a mark, and then none does: T.Mark at the head of its loop tells the two apart", longer, thread)
	}
	return "no state comes twice: " + longer
}

// comingAgain goes by a plan, and looks for a state that comes twice.
type comingAgain struct {
	guided
	r             *runner
	at            map[Digest]int // after how many steps each state was
	again, before int            // two steps after which it was the same; 0: there are none
	passed        []int          // by thread, after how many steps it passed its last mark
	marks         int
}

func (c *comingAgain) pick(enabled uint64, last int) int {
	r := c.r
	c.noteMarks()
	if key := r.state(); c.again == 0 {
		if before, is := c.at[key]; is {
			c.again, c.before = len(r.steps), before
		}
		c.at[key] = len(r.steps)
	}
	return c.guided.pick(enabled, last)
}

// noteMarks notes that the thread which took the last step has passed a mark, if it has.
func (c *comingAgain) noteMarks() {
	r := c.r
	for len(c.passed) < r.declared {
		c.passed = append(c.passed, 0)
	}
	if len(r.marks) > c.marks && r.last >= 0 {
		c.passed[r.last] = len(r.steps)
	}
	c.marks = len(r.marks)
}

// unmarked gives a thread that took steps in the later half of the execution and passed no
// mark there, "" if there is none.
func (c *comingAgain) unmarked() string {
	r := c.r
	c.noteMarks()
	half := len(r.steps) / 2
	for _, rec := range r.steps[half:] {
		if t := int(rec.thread); t >= 0 && c.passed[t] <= half {
			return r.threads[t].name
		}
	}
	return ""
}
