package schedule

import (
	"fmt"
	"io"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"unicode/utf8"
)

// render makes the failure in full, by running it again.
func (e *exploration) render(f *found) (*Failure, error) {
	if f.property == propertyLivelock {
		return e.renderLivelock(f)
	}
	r := e.r
	r.stopping = new(atomic.Bool) // an interrupt does not keep the failure from the report
	c, err := r.follow(f.decisions, "", e.o.Skip, false)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNondeterministic, err)
	}
	if r.outcome != failed || r.property != f.property {
		return nil, fmt.Errorf("%w: property %s failed and now it does not", ErrNondeterministic, f.property)
	}
	return r.failure(c, e.token(c, f.decisions, e.firstAt)), nil
}

// renderLivelock makes an execution that does not end in full, and verifies that none does
// that goes on from there; nil: that is not known, and the report has the reason.
func (e *exploration) renderLivelock(f *found) (*Failure, error) {
	r := e.r
	c, err := r.follow(f.decisions, "", e.o.Skip, true)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNondeterministic, err)
	}
	info := e.token(c, f.decisions, 0)
	info.Endless = true
	x := r.execution(c, info)
	is, states, unknown, err := r.livelock(f.decisions, e.o)
	switch {
	case err != nil:
		return nil, err
	case unknown != "":
		e.report.Complete, e.report.Reason = false, unknownEnd(unknown)
		return nil, nil
	case !is:
		return nil, fmt.Errorf("%w: the search has found no end that comes after step %d, and there is one", ErrState, len(x.Steps))
	}
	return &Failure{Property: propertyLivelock, Message: tellLost(&x, x.nth(f.lost)) + tellLivelock(states), Execution: x}, nil
}

// renderPassing makes an execution that passes in full.
func (e *exploration) renderPassing(ds []Decision) (*Execution, error) {
	r := e.r
	r.stopping = new(atomic.Bool)
	c, err := r.follow(ds, "", e.o.Skip, false)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNondeterministic, err)
	}
	if r.outcome == failed {
		return nil, fmt.Errorf("%w: an execution passed and now it fails property %s", ErrNondeterministic, r.property)
	}
	x := r.execution(c, e.token(c, ds, e.passingAt))
	return &x, nil
}

// token is what a token says of the execution that was just recorded, which is,
// or was made of, the n-th of the search.
func (e *exploration) token(c *recording, ds []Decision, n uint64) TokenInfo {
	return tokenFor(e.s, e.o).of(c, ds, n)
}

// tokenFor is what the tokens of a search have in common.
func tokenFor(s Strategy, o Options) TokenInfo {
	return TokenInfo{
		Version: tokenVersion, Target: o.Target, Configuration: o.Configuration, Mutant: o.Mutant,
		Strategy: s, StoreBuffers: o.StoreBuffers, DataRaces: o.DataRaces,
	}
}

// of is the token of a recorded execution, the n-th of its search.
func (info TokenInfo) of(c *recording, ds []Decision, n uint64) TokenInfo {
	if info.Strategy.Samples() {
		info.Strategy.executions = n // such a sample ends with it
	}
	info.Decisions, info.checks, info.steps, info.values = ds, string(c.checks), c.sum(), c.values()
	return info
}

// failure gives the failing execution that was just recorded.
func (r *runner) failure(c *recording, info TokenInfo) *Failure {
	return &Failure{Property: r.property, Message: r.message, Execution: r.execution(c, info)}
}

// execution gives the execution that was just recorded.
func (r *runner) execution(c *recording, info TokenInfo) Execution {
	x := Execution{Token: info.text(), Steps: c.steps, Preemptions: r.preemptions, Log: c.logged}
	for _, th := range r.threads[:r.declared] {
		x.Threads = append(x.Threads, th.name)
	}
	return x
}

// widest is the greatest width of a page.
const widest = 10_000

// narrowest is the least width of a thread's column; below it the steps are
// printed one under another, each with its thread's name.
const narrowest = 14

// WriteText prints the execution: one column per thread, one step under another,
// each with its name, location, value and source, folded to width characters (0 or less:
// 100; at most 10,000), what was logged, and how it ended. A step marked * preempts a thread that could have
// gone on. The error is that of w.
func (x *Execution) WriteText(w io.Writer, width int) error {
	p := newTextPrinter(x, width)
	p.steps()
	p.log()
	if x.stuck {
		fmt.Fprintf(&p.b, "\nstuck, after %s\n", plural(len(x.Steps), "step"))
	} else {
		fmt.Fprintf(&p.b, "\nall checks pass, after %s\n", plural(len(x.Steps), "step"))
	}
	_, err := io.WriteString(w, p.b.String())
	return err
}

// WriteText prints the failure as Execution.WriteText does, and at the end property and
// message. The error is that of w.
func (f *Failure) WriteText(w io.Writer, width int) error {
	p := newTextPrinter(&f.Execution, width)
	p.steps()
	p.log()
	p.violation(f)
	_, err := io.WriteString(w, p.b.String())
	return err
}

func newTextPrinter(x *Execution, width int) *textPrinter {
	if width <= 0 {
		width = 100
	}
	width = min(width, widest)
	p := &textPrinter{x: x, width: width, margin: len(fmt.Sprint(len(x.Steps))) + 2}
	p.shown = x.withColumn()
	if n := len(p.shown); n > 0 {
		p.column = (width - p.margin) / n
	}
	return p
}

// withColumn gives the threads that have a column: all but store buffers from which
// nothing comes.
func (x *Execution) withColumn() (shown []int) {
	for i, name := range x.Threads {
		flushes := slices.ContainsFunc(x.Steps, func(s TakenStep) bool { return s.Thread == i })
		if flushes || !strings.HasSuffix(name, bufferSuffix) {
			shown = append(shown, i)
		}
	}
	return shown
}

func (p *textPrinter) steps() {
	if p.column >= narrowest {
		p.columns()
	} else {
		p.list()
	}
	if n := p.x.Preemptions; n > 0 {
		fmt.Fprintf(&p.b, "\n* preempts a thread that could have gone on: %s\n", plural(n, "preemption"))
	}
}

// textPrinter lays out one execution.
type textPrinter struct {
	x      *Execution
	b      strings.Builder
	width  int
	margin int   // of the step numbers
	shown  []int // threads that have a column
	column int   // its width, a blank at its left included
}

func (p *textPrinter) columns() {
	p.row("", p.x.Threads)
	rules := make([]string, len(p.x.Threads))
	for i := range rules {
		rules[i] = strings.Repeat("-", p.column-1)
	}
	p.row("", rules)
	for i, s := range p.x.Steps {
		mark := p.number(i)
		words := describe(s)
		if s.Thread < 0 {
			words = "(set-up) " + words
		}
		for _, line := range fold(words, p.column-1) {
			cells := make([]string, len(p.x.Threads))
			cells[max(s.Thread, 0)] = line
			p.row(mark, cells)
			mark = ""
		}
	}
}

// row prints a line with a cell per thread.
func (p *textPrinter) row(mark string, cells []string) {
	var line strings.Builder
	line.WriteString(pad(mark, p.margin))
	for _, t := range p.shown {
		line.WriteString(" " + pad(cutTo(cells[t], p.column-1), p.column-1))
	}
	p.b.WriteString(strings.TrimRight(line.String(), " ") + "\n")
}

func (p *textPrinter) list() {
	for i, s := range p.x.Steps {
		mark := p.number(i)
		for _, line := range fold(p.x.thread(s)+": "+describe(s), max(p.width-p.margin-1, narrowest)) {
			p.b.WriteString(pad(mark, p.margin) + " " + line + "\n")
			mark = ""
		}
	}
}

// number gives the step's number, with a star if it preempts.
func (p *textPrinter) number(i int) string {
	star := " "
	if p.x.Steps[i].Preempts {
		star = "*"
	}
	return fmt.Sprintf("%*d%s", p.margin-2, i+1, star)
}

// log prints what the program has told the log.
func (p *textPrinter) log() {
	for i, l := range p.x.Log {
		if i == 0 {
			p.b.WriteString("\nlog\n")
		}
		for j, paragraph := range strings.Split(fmt.Sprintf("%s, after %s: %s", l.By, plural(l.After, "step"), l.Text), "\n") {
			indent := strings.Repeat(" ", 2+2*oneIf(j > 0))
			for _, line := range fold(paragraph, p.width-len(indent)) {
				p.b.WriteString(indent + line + "\n")
			}
		}
	}
}

// violation says which property is violated, and how.
func (p *textPrinter) violation(f *Failure) {
	fmt.Fprintf(&p.b, "\n%s, after %s\n", f.Property, plural(len(f.Steps), "step"))
	for _, paragraph := range strings.Split(f.Message, "\n") {
		for _, line := range fold(paragraph, p.width-2) {
			p.b.WriteString("  " + line + "\n")
		}
	}
}

// nth gives the number of the n-th step that is no answer of T.Choose, from 1; 0: none.
func (x *Execution) nth(n int) int {
	for i, s := range x.Steps {
		if s.Event.Kind != Choice {
			if n--; n == 0 {
				return i + 1
			}
		}
	}
	return 0
}

func (x *Execution) thread(s TakenStep) string {
	if s.Thread < 0 || s.Thread >= len(x.Threads) {
		return "set-up"
	}
	return x.Threads[s.Thread]
}

// describe gives a step in words: name, location, value, source. The name of a step on a Word
// says which.
func describe(s TakenStep) string {
	parts := []string{s.Event.Name}
	onWord := s.Event.Location.Segment == wordSegment
	if k := s.Event.Kind; k != Choice && k != Drain && !onWord {
		parts = append(parts, s.Event.Location.String())
	}
	if s.Event.Size > 0 && !onWord {
		parts = append(parts, fmt.Sprintf("+%d", s.Event.Size))
	}
	if s.Value != "" {
		parts = append(parts, "= "+s.Value)
	}
	if s.Effect != "" {
		parts = append(parts, s.Effect)
	}
	if s.Source != "" {
		parts = append(parts, path.Base(filepath.ToSlash(s.Source)))
	}
	return strings.Join(parts, " ")
}

// fold breaks text into lines of at most width characters, at blanks where it can.
func fold(text string, width int) []string {
	width = max(width, 1)
	var lines []string
	for utf8.RuneCountInString(text) > width {
		r := []rune(text)
		at := width
		for i := width; i > 0; i-- {
			if r[i] == ' ' {
				at = i
				break
			}
		}
		lines = append(lines, string(r[:at]))
		text = strings.TrimLeft(string(r[at:]), " ")
	}
	return append(lines, text)
}

func pad(s string, width int) string {
	return s + strings.Repeat(" ", max(0, width-utf8.RuneCountInString(s)))
}

func cutTo(s string, width int) string {
	if utf8.RuneCountInString(s) <= width {
		return s
	}
	return string([]rune(s)[:width])
}
