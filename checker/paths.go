package checker

import "slices"

// pathResult answers for a property of whole paths.
func (s *search[S]) pathResult(g *graph, p *Property[S]) (r Result, err error) {
	r = Result{Name: p.name, Kind: p.kind}
	switch {
	case !s.complete:
		r.Note = "the search is not complete: " + s.reason
	case g == nil:
		r.Note = "it needs the graph of all states, and a search by fingerprints does not keep them"
	case g.note != "":
		r.Note = g.note
	case p.kind != KindLiveness && s.pruned > 0:
		r.Note = "paths that leave the constraint were not followed to their ends: " + s.outside()
	case p.kind == KindCount:
		s.countResult(g, p, &r)
	case p.kind == KindLiveness:
		err = s.livenessResult(g, p, &r)
	default:
		s.ordersResult(g, p, &r)
	}
	return r, err
}

// labelled marks, by transition number, the transitions of the property's steps;
// all of them when it names none.
func (s *search[S]) labelled(p *Property[S]) []bool {
	marks := make([]bool, len(s.program.transitions))
	for number := range marks {
		label := s.program.taken(uint32(number)).Label
		marks[number] = len(p.labels) == 0 || slices.Contains(p.labels, label)
	}
	return marks
}
