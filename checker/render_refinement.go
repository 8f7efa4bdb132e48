package checker

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// mostShown bounds the abstract steps that a counterexample of a refinement shows.
const mostShown = 64

// otherSteps tells the images of a step, and what the abstract model could have done.
func (r *refinement[S, A]) otherSteps(from, to A, could []enabledStep[A]) *Abstract {
	a := &Abstract{Model: r.abstract.Name, Before: fieldsOf(from), After: fieldsOf(to), Enabled: []AbstractStep{}}
	for _, o := range could {
		a.Enabled = append(a.Enabled, AbstractStep{o.Taken, changesOf(from, o.after), changesOf(o.after, to)})
	}
	a.nearest()
	return a
}

// otherStart tells the image of an initial state, and where the abstract model begins.
func (r *refinement[S, A]) otherStart(image A) *Abstract {
	a := &Abstract{Model: r.abstract.Name, After: fieldsOf(image), Enabled: []AbstractStep{}}
	for _, start := range r.abstract.Init {
		a.Enabled = append(a.Enabled, AbstractStep{Changes: []Change{}, Differs: changesOf(start, image)})
	}
	a.nearest()
	return a
}

// nearest sorts what the abstract model could do by how much it differs from what happened,
// and keeps so much of it as can be shown.
func (a *Abstract) nearest() {
	slices.SortStableFunc(a.Enabled, func(x, y AbstractStep) int { return cmp.Compare(len(x.Differs), len(y.Differs)) })
	if n := len(a.Enabled); n > mostShown {
		a.Enabled, a.More = a.Enabled[:mostShown], n-mostShown
	}
}

// abstract writes the other side of a counterexample of a refinement.
func (p *tracePage) abstract(a *Abstract) {
	if a.Before == nil {
		p.text(0, "the mapping makes of it the following, which is no initial state of "+a.Model+":")
		p.text(2, fieldsText(a.After))
		p.text(0, "initial states of "+a.Model+", nearest first:")
	} else {
		p.text(0, "the mapping makes of the last step the following, which is no step of "+a.Model+":")
		p.text(2, changesText(differences(a.Before, a.After)))
		p.text(0, "in the state of "+a.Model+" before it:")
		p.text(2, fieldsText(a.Before))
		if len(a.Enabled) == 0 {
			p.text(0, "no step is enabled there")
			return
		}
		p.text(0, "steps that are enabled there, nearest first:")
	}
	for _, s := range a.Enabled {
		p.text(2, s.text(a.Before == nil))
	}
	if a.More > 0 {
		p.text(2, fmt.Sprintf("… and %d more", a.More))
	}
}

// text tells what the abstract model could do, and what then would be different.
func (s *AbstractStep) text(initial bool) string {
	var differs []string
	for _, d := range s.Differs {
		differs = append(differs, d.Path+"="+d.Before+" in place of "+d.After)
	}
	there := strings.Join(differs, ", ")
	if initial {
		return "one with " + there
	}
	name := s.Process
	if s.Self != 0 {
		name += fmt.Sprintf(" %d", s.Self)
	}
	name += ": " + s.Label
	if s.Choice != 0 {
		name += fmt.Sprintf(" (choice %d)", s.Choice)
	}
	does := changesText(s.Changes)
	if does == "" {
		does = "changes nothing"
	}
	return name + ", " + does + "; which gives " + there
}

// differences pairs the fields of two states of one type.
func differences(before, after []Field) []Change {
	var all []Change
	for i := range min(len(before), len(after)) { // a trace may come from a file
		if before[i].Value != after[i].Value {
			all = append(all, Change{before[i].Path, before[i].Value, after[i].Value})
		}
	}
	return all
}

func changesText(changes []Change) string {
	parts := make([]string, len(changes))
	for i, c := range changes {
		parts[i] = c.Path + ": " + c.Before + " -> " + c.After
	}
	return strings.Join(parts, "  ")
}

func fieldsText(fields []Field) string {
	parts := make([]string, len(fields))
	for i, f := range fields {
		parts[i] = f.Path + "=" + f.Value
	}
	return strings.Join(parts, "  ")
}

// text writes a text that spans the page, folded.
func (p *tracePage) text(indent int, text string) {
	p.line(indent, fold(clean(text), p.width-indent))
}
