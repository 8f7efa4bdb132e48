package checker

import "fmt"

// symmetry is what a search knows of the symmetry that its model declares. The canonical
// states and the steps between them are the quotient of the state graph: a step leads from
// one to the canonical form of its successor. docs/reductions.md argues that it has the
// verdicts of the whole graph.
type symmetry[S comparable] struct {
	program *program[S]
	layout  *layout
	index   []int   // by process: the number of its instance 0 as a member, or -1
	over    [][]int // by process and step: the number of choice 0, or -1
	// renamings are those that are verified in a state, besides one that is drawn: all,
	// where they are few, else exchanges of neighbours, of which all are made.
	renamings []renaming
	draw      bool
	applied   bool
	reason    string // why it is not applied
}

// fewRenamings is the size up to which a group is verified whole in one state.
const fewRenamings = 24

// newSymmetry gives nil for a model that declares none. The model was validated.
func newSymmetry[S comparable](p *program[S], o Options) *symmetry[S] {
	m := p.model
	g, err := newGroup(m.Symmetry)
	if err != nil || len(g.sets) == 0 {
		return nil
	}
	y := &symmetry[S]{program: p}
	if y.layout, err = newLayout[S](g, make([]bool, len(g.sets))); err != nil {
		return nil
	}
	for i := range m.Processes {
		process := &m.Processes[i]
		y.index = append(y.index, g.start(process.Index))
		var over []int
		for k := range process.Steps {
			over = append(over, g.start(process.Steps[k].Over))
		}
		y.over = append(y.over, over)
	}
	if g.order <= fewRenamings {
		y.renamings = g.all()
	} else {
		y.renamings, y.draw = g.neighbours(), true
	}
	y.reason = whyWhole(m)
	y.applied = o.Symmetry && y.reason == ""
	return y
}

// whyWhole says why a model needs its whole state graph, or is "".
func whyWhole[S comparable](m *Model[S]) string {
	for i := range m.Properties {
		switch p := &m.Properties[i]; p.kind {
		case KindLiveness:
			return fmt.Sprintf("property %q is judged on fair behaviours, which are fair to each process by its name", p.name)
		case KindRefinement:
			return fmt.Sprintf("property %q is judged by a mapping, which may name members", p.name)
		case KindOrders:
			return fmt.Sprintf("property %q lists events, which may name members", p.name)
		}
	}
	return ""
}

// start is the number of member 0 of a scalarset by its name, or -1.
func (g *group) start(name string) int {
	if name == "" {
		return -1
	}
	return g.first[g.find(name)]
}

// all gives every renaming but the one that renames nobody.
func (g *group) all() []renaming {
	all := []renaming{g.identity()}
	for k, set := range g.sets {
		for i := 1; i < set.Size; i++ {
			// Each of those before, with member i and one before it, or none, exchanged.
			for _, r := range all[:len(all):len(all)] {
				for j := range i {
					all = append(all, r.exchanged(g.first[k]+i, g.first[k]+j))
				}
			}
		}
	}
	return all[1:]
}

// neighbours gives the exchanges of two members with neighbouring numbers.
func (g *group) neighbours() []renaming {
	var all []renaming
	for k, set := range g.sets {
		for i := range set.Size - 1 {
			r := g.identity()
			all = append(all, r.exchanged(g.first[k]+i, g.first[k]+i+1))
		}
	}
	return all
}

func (r renaming) exchanged(a, b int) renaming {
	r[a], r[b] = r[b], r[a]
	return r
}

// drawn gives a renaming that is drawn by a seed.
func (g *group) drawn(seed uint64) renaming {
	r := g.identity()
	for k, set := range g.sets {
		for i := set.Size - 1; i > 0; i-- {
			seed = mix(seed)
			r = r.exchanged(g.first[k]+i, g.first[k]+int(seed%uint64(i+1)))
		}
	}
	return r
}

// renamed gives a transition by its number once members have new names.
func (y *symmetry[S]) renamed(number uint32, r *renaming) uint32 {
	t := y.program.transitions[number]
	in, choice := t.instance, t.choice
	if first := y.index[t.process]; first >= 0 {
		in += int(r[first+t.self]) - t.self
	}
	if first := y.over[t.process][t.step]; first >= 0 {
		choice = int(r[first+choice])
	}
	return y.program.instances[in].steps[t.step].first + uint32(choice)
}

// canonicalizer makes one for a worker; nil where symmetry is not applied.
func (s *search[S]) canonicalizer() *canonicalizer[S] {
	if s.symmetry == nil || !s.symmetry.applied {
		return nil
	}
	return newCanonicalizer[S](s.symmetry.layout)
}

// canonical gives the canonical form of a state where symmetry is applied, else itself.
func (w *worker[S]) canonical(s *S) *S {
	if w.canonicalizer == nil {
		return s
	}
	return w.canonicalizer.of(s)
}

// bookOrbits adds up the states that the new ones of a shard stand for.
func (w *worker[S]) bookOrbits(sh *shard[S], from int) {
	if w.canonicalizer == nil {
		return
	}
	for local := from; local < sh.count; local++ {
		w.bookOrbit(sh, sh.state(local))
	}
}

// bookOrbit adds the states that a new one stands for.
func (w *worker[S]) bookOrbit(sh *shard[S], s *S) {
	if w.canonicalizer != nil {
		sh.orbits += w.canonicalizer.orbit(s)
	}
}

// symmetryReport tells what Options.Symmetry came to.
func (s *search[S]) symmetryReport() *SymmetryReport {
	switch y := s.symmetry; {
	case !s.options.Symmetry:
		return nil
	case y == nil:
		return &SymmetryReport{Reason: "the model declares none (Model.Symmetry)"}
	case !y.applied:
		return &SymmetryReport{Reason: y.reason, Renamings: y.layout.group.order}
	default:
		r := &SymmetryReport{Applied: true, Renamings: y.layout.group.order}
		for i := range s.shards {
			r.States += s.shards[i].orbits
		}
		return r
	}
}

// realNames tells a path of canonical states as one of the model: from the initial state of
// number start on, whenever the path takes a step from a canonical state, the state at hand
// takes the same step by its own names, which the renaming between the two tells.
func (s *search[S]) realNames(start int, path []S, numbers []uint32, last uint32) (_ []S, _ []uint32, _ uint32, err error) {
	w := worker[S]{program: s.program, symmetry: s.symmetry, source: s.model.Init[start]}
	finished := false
	defer func() {
		if !finished {
			err = recovered(recover(), w.where(), w.source)
		}
	}()
	c := newCanonicalizer[S](s.symmetry.layout)
	real, names := []S{w.source}, []uint32{}
	for i, number := range numbers {
		back := c.back(&w.source)
		w.number = s.symmetry.renamed(number, &back)
		t := s.program.transitions[w.number]
		after, enabled := w.perform(&s.program.instances[t.instance].steps[t.step], t.self, t.choice)
		if !enabled || *c.of(&after) != path[i+1] {
			panic(asymmetry{what: "does not do what the same step does in the canonical form of the state"})
		}
		real, names = append(real, after), append(names, w.number)
		w.source = after
	}
	if last != noTransition {
		back := c.back(&w.source)
		last = s.symmetry.renamed(last, &back)
	}
	finished = true
	return real, names, last, nil
}

// back gives the renaming that leads from the canonical form of s to s.
func (c *canonicalizer[S]) back(s *S) renaming {
	c.of(s)
	return c.layout.group.inverse(&c.renaming)
}
