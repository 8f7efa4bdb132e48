package schedule

import (
	"fmt"
	"io"
	"path"
	"path/filepath"
	"strings"
	"sync/atomic"
	"unicode/utf8"
)

// render makes the failure in full, by running it again.
func (e *exploration) render(f *found) (*Failure, error) {
	r := e.r
	r.stopping = new(atomic.Bool) // an interrupt does not keep the failure from the report
	c, err := r.follow(f.decisions, "", e.o.Skip)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNondeterministic, err)
	}
	if r.outcome != failed || r.property != f.property {
		return nil, fmt.Errorf("%w: property %s failed and now it does not", ErrNondeterministic, f.property)
	}
	return r.failure(c, TokenInfo{
		Version: tokenVersion, Strategy: e.finder(),
		Target: e.o.Target, Configuration: e.o.Configuration, Mutant: e.o.Mutant,
		Decisions: f.decisions, checks: string(c.checks), steps: c.sum(),
	}), nil
}

// finder is the strategy as a token names it: a sample ends with the execution
// that failed first.
func (e *exploration) finder() Strategy {
	s := e.s
	if s.Samples() {
		s.executions = e.firstAt
	}
	return s
}

// failure gives the failing execution that was just recorded.
func (r *runner) failure(c *recording, info TokenInfo) *Failure {
	f := &Failure{
		Property: r.property, Message: r.message,
		Token: info.text(), Steps: c.steps, Preemptions: r.preemptions,
	}
	for _, th := range r.threads[:r.declared] {
		f.Threads = append(f.Threads, th.name)
	}
	return f
}

// narrowest is the least width of a thread's column; below it the steps are
// printed one under another, each with its thread's name.
const narrowest = 14

// WriteText prints the failure: one column per thread, one step under another,
// each with its name, location, value and source, folded to width characters (0:
// 100). A step marked * preempts a thread that could have gone on. At the end
// come property and message.
func (f *Failure) WriteText(w io.Writer, width int) error {
	if width <= 0 {
		width = 100
	}
	p := &textPrinter{f: f, width: width, margin: len(fmt.Sprint(len(f.Steps))) + 2}
	if n := len(f.Threads); n > 0 {
		p.column = (width - p.margin) / n
	}
	if p.column >= narrowest {
		p.columns()
	} else {
		p.list()
	}
	p.summary()
	_, err := io.WriteString(w, p.b.String())
	return err
}

// textPrinter lays out one failure.
type textPrinter struct {
	f      *Failure
	b      strings.Builder
	width  int
	margin int // of the step numbers
	column int // width of a thread's column, a blank at its left included
}

func (p *textPrinter) columns() {
	p.row("", p.f.Threads)
	rules := make([]string, len(p.f.Threads))
	for i := range rules {
		rules[i] = strings.Repeat("-", p.column-1)
	}
	p.row("", rules)
	for i, s := range p.f.Steps {
		mark := p.number(i)
		words := describe(s)
		if s.Thread < 0 {
			words = "(set-up) " + words
		}
		for _, line := range fold(words, p.column-1) {
			cells := make([]string, len(p.f.Threads))
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
	for _, c := range cells {
		line.WriteString(" " + pad(cutTo(c, p.column-1), p.column-1))
	}
	p.b.WriteString(strings.TrimRight(line.String(), " ") + "\n")
}

func (p *textPrinter) list() {
	for i, s := range p.f.Steps {
		mark := p.number(i)
		for _, line := range fold(p.f.thread(s)+": "+describe(s), max(p.width-p.margin-1, narrowest)) {
			p.b.WriteString(pad(mark, p.margin) + " " + line + "\n")
			mark = ""
		}
	}
}

// number gives the step's number, with a star if it preempts.
func (p *textPrinter) number(i int) string {
	star := " "
	if p.f.Steps[i].Preempts {
		star = "*"
	}
	return fmt.Sprintf("%*d%s", p.margin-2, i+1, star)
}

func (p *textPrinter) summary() {
	f := p.f
	if f.Preemptions > 0 {
		fmt.Fprintf(&p.b, "\n* preempts a thread that could have gone on: %s\n", plural(f.Preemptions, "preemption"))
	}
	fmt.Fprintf(&p.b, "\n%s, after %s\n", f.Property, plural(len(f.Steps), "step"))
	for _, paragraph := range strings.Split(f.Message, "\n") {
		for _, line := range fold(paragraph, p.width-2) {
			p.b.WriteString("  " + line + "\n")
		}
	}
}

func (f *Failure) thread(s TakenStep) string {
	if s.Thread < 0 || s.Thread >= len(f.Threads) {
		return "set-up"
	}
	return f.Threads[s.Thread]
}

// describe gives a step in words: name, location, value, source.
func describe(s TakenStep) string {
	parts := []string{s.Event.Name}
	if s.Event.Kind != Choice {
		parts = append(parts, s.Event.Location.String())
	}
	if s.Event.Size > 0 {
		parts = append(parts, fmt.Sprintf("+%d", s.Event.Size))
	}
	if s.Value != "" {
		parts = append(parts, "= "+s.Value)
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
