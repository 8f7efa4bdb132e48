package checker

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	// defaultTextWidth is what a width of 0 stands for, in letters.
	defaultTextWidth = 100
	// narrowestColumn is the width below which columns are given up.
	narrowestColumn = 16
	columnGap       = 2
)

// WriteText writes the trace for a reader: one column per process instance, a
// step's label (and in brackets its event, else its choice) in the column of who takes it, and
// below it only what it changes. The steps of a cycle follow the line "for ever:". A
// program counter that shows as the labels of steps is left out where the instance's next
// step tells it again. Lines are at most width letters long; 0 stands for 100, and less
// than 40 is taken for 40. Columns of instances that take no
// step are left out when there is not room for all; when there is not room for
// the others either, steps are listed one below the other.
func (t Trace) WriteText(w io.Writer, width int) error { return t.write(w, width, nil) }

// WriteFull is WriteText with the whole state at the beginning and after each step.
func (t Trace) WriteFull(w io.Writer, width int) error { return t.write(w, width, t.States()) }

func (t Trace) write(w io.Writer, width int, full [][]Field) error {
	if width == 0 {
		width = defaultTextWidth
	}
	p := newTracePage(&t, max(width, 40))
	p.full = full
	p.head()
	for i := range t.Steps {
		if t.Cycle > 0 && i == len(t.Steps)-t.Cycle {
			p.line(0, []string{"for ever:"})
		}
		p.step(i)
	}
	if t.Abstract != nil {
		p.abstract(t.Abstract)
	}
	_, err := w.Write(p.out.Bytes())
	return err
}

// tracePage is a trace being laid out.
type tracePage struct {
	trace   *Trace
	width   int
	gutter  int         // for the number of the step
	columns []int       // shown, as indices in Trace.Columns; nil for a list
	place   map[int]int // where a column is shown
	column  int         // width of one
	full    [][]Field   // states to be shown whole; nil: only what changes
	out     bytes.Buffer
}

func newTracePage(t *Trace, width int) *tracePage {
	p := &tracePage{trace: t, width: width, gutter: len(strconv.Itoa(len(t.Steps))) + columnGap}
	all := make([]int, len(t.Columns))
	for i := range all {
		all[i] = i
	}
	if !p.fit(all) && !p.fit(p.busy()) {
		p.columns = nil
	}
	p.place = map[int]int{}
	for i, c := range p.columns {
		p.place[c] = i
	}
	return p
}

// fit lays out these columns if each is wide enough.
func (p *tracePage) fit(columns []int) bool {
	p.columns = columns
	if len(columns) == 0 {
		return false
	}
	p.column = (p.width-p.gutter+columnGap)/len(columns) - columnGap
	p.column = min(p.column, 48)
	return p.column >= narrowestColumn
}

// busy lists the columns of the instances that take a step.
func (p *tracePage) busy() []int {
	var columns []int
	for _, s := range p.trace.Steps {
		if !slices.Contains(columns, s.Column) {
			columns = append(columns, s.Column)
		}
	}
	slices.Sort(columns)
	return columns
}

// head writes what the trace is about, where it begins, and the names of the columns.
func (p *tracePage) head() {
	t := p.trace
	what := fmt.Sprintf("%s %q of %s", t.Kind, t.Property, t.Model)
	if t.Clause != "" {
		what = fmt.Sprintf("clause %q of %s", t.Clause, what)
	}
	switch t.Kind {
	case KindDeadlock:
		what = "deadlock of " + t.Model
	case KindWalk:
		what = "walk of " + t.Model
	case KindInduction:
		what = t.induction()
	}
	p.line(0, fold(clean(fmt.Sprintf("%s, %s", what, t.Length())), p.width))
	p.line(0, fold(clean(p.beginning()), p.width))
	if p.columns == nil {
		return
	}
	cells := make([][]string, len(p.columns))
	for i, c := range p.columns {
		cells[i] = fold(clean(t.Columns[c]), p.column)
	}
	p.row("", cells)
}

// Length tells how long the trace is, and of a liveness property how it goes on.
func (t *Trace) Length() string {
	switch {
	case t.Cycle > 0:
		return fmt.Sprintf("after %s, and then %s for ever", steps(len(t.Steps)-t.Cycle), steps(t.Cycle))
	case t.Kind == KindLiveness:
		return fmt.Sprintf("after %s, where no step is enabled", steps(len(t.Steps)))
	default:
		return "after " + steps(len(t.Steps))
	}
}

// induction says what a step is that does not keep invariants, or leaves their domain.
func (t *Trace) induction() string {
	what := fmt.Sprintf("invariant %q of %s", t.Property, t.Model)
	switch {
	case t.Property == "":
		return "step of " + t.Model + " that leaves the domain"
	case t.Clause != "":
		what = fmt.Sprintf("clause %q of %s", t.Clause, what)
	}
	return "counterexample to induction of " + what
}

func steps(n int) string {
	if n == 1 {
		return "1 step"
	}
	return strconv.Itoa(n) + " steps"
}

// beginning tells the initial values of what the trace changes.
func (p *tracePage) beginning() string {
	changed := map[string]bool{}
	for i := range p.trace.Steps {
		for _, c := range p.told(i) {
			changed[c.Path] = true
		}
	}
	var parts []string
	for _, f := range p.trace.Initial {
		if len(p.trace.Steps) == 0 || changed[f.Path] || p.full != nil || p.trace.Kind == KindInduction {
			parts = append(parts, f.Path+"="+f.Value)
		}
	}
	switch {
	case p.trace.Kind == KindInduction:
		return "in a state that need not be reachable: " + strings.Join(parts, "  ")
	case len(parts) == 0:
		return "initially: nothing that changes"
	}
	return "initially: " + strings.Join(parts, "  ")
}

// step writes one step.
func (p *tracePage) step(i int) {
	s := &p.trace.Steps[i]
	number := strconv.Itoa(i + 1)
	name := s.Label
	switch {
	case s.Event != "": // says what was chosen in the reader's words
		name += " [" + s.Event + "]"
	case s.Choice != 0:
		name += " (choice " + strconv.Itoa(s.Choice) + ")"
	}
	at, shown := p.place[s.Column]
	if !shown {
		if s.Column >= 0 && s.Column < len(p.trace.Columns) {
			name = p.trace.Columns[s.Column] + ": " + name
		}
		p.row(number, [][]string{append(fold(clean(name), p.width-p.gutter), p.changes(i, p.width-p.gutter)...)})
	} else {
		cells := make([][]string, len(p.columns))
		cells[at] = append(fold(clean(name), p.column), p.changes(i, p.column)...)
		p.row(number, cells)
	}
	if p.full != nil {
		p.line(p.gutter, fold(clean("state: "+fieldsLine(p.full[i+1])), p.width-p.gutter))
	}
}

// fieldsLine tells fields on one line.
func fieldsLine(fields []Field) string {
	parts := make([]string, len(fields))
	for i, f := range fields {
		parts[i] = f.Path + "=" + f.Value
	}
	return strings.Join(parts, "  ")
}

// told is what a step changes without the advance of its program counter: from
// the step's own label to that of the instance's next step.
func (p *tracePage) told(i int) []Change {
	s := &p.trace.Steps[i]
	next := ""
	for _, later := range p.trace.Steps[i+1:] {
		if later.Column == s.Column {
			next = later.Label
			break
		}
	}
	var told []Change
	for _, c := range s.Changes {
		if c.Before != s.Label || c.After != next {
			told = append(told, c)
		}
	}
	return told
}

// changes tells what a step changes in lines of a width, and leaves the values
// before it out where there is not room for both.
func (p *tracePage) changes(i, width int) []string {
	var lines []string
	for _, c := range p.told(i) {
		text := clean("  " + c.Path + ": " + c.Before + " -> " + c.After)
		if utf8.RuneCountInString(text) > width {
			text = clean("  " + c.Path + "=" + c.After)
		}
		first := fold(text, width)
		lines = append(lines, first[0])
		if len(first) > 1 {
			rest := strings.TrimLeft(strings.TrimPrefix(text, first[0]), " ")
			for _, line := range fold(rest, width-4) {
				lines = append(lines, "    "+line)
			}
		}
	}
	return lines
}

// row writes cells side by side, behind the number of the step.
func (p *tracePage) row(number string, cells [][]string) {
	height := 0
	for _, cell := range cells {
		height = max(height, len(cell))
	}
	for i := range height {
		var b strings.Builder
		b.WriteString(strings.Repeat(" ", p.gutter-columnGap-len(number)) + number + strings.Repeat(" ", columnGap))
		number = ""
		for _, cell := range cells {
			text := ""
			if i < len(cell) {
				text = cell[i]
			}
			b.WriteString(text + strings.Repeat(" ", max(0, p.column+columnGap-utf8.RuneCountInString(text))))
		}
		p.out.WriteString(strings.TrimRight(b.String(), " ") + "\n")
	}
}

// line writes lines that span the page.
func (p *tracePage) line(indent int, lines []string) {
	for _, l := range lines {
		p.out.WriteString(strings.Repeat(" ", indent) + strings.TrimRight(l, " ") + "\n")
	}
}

// fold cuts a text into lines of at most width letters, at a space where there is
// one in the second half of the line.
func fold(text string, width int) []string {
	letters := []rune(text)
	var lines []string
	for len(letters) > width {
		cut := width
		for i := width; i > width/2; i-- {
			if letters[i] == ' ' {
				cut = i
				break
			}
		}
		lines = append(lines, string(letters[:cut]))
		letters = letters[cut:]
		for len(letters) > 0 && letters[0] == ' ' {
			letters = letters[1:]
		}
	}
	return append(lines, string(letters))
}

// clean replaces what a terminal would obey instead of show: a trace may come
// from a file.
func clean(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return unicode.ReplacementChar
	}, text)
}
