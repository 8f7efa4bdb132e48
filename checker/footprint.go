package checker

import (
	"fmt"
	"reflect"
	"slices"
)

// What a model declares of its steps is laid out once, as sets of bytes: see Process.Own,
// Step.Reads, Step.Acquires, Property.Reads. Nothing of it is trusted: see declared.go for
// what is verified in samples, and rules.go for what is verified in every state where the
// search relies on it.

// declarations is what a model declares, laid out for the search.
type declarations struct {
	scalars   []scalar
	instances []declaredInstance // as in program.instances
	locks     []scalar           // the words that steps acquire
	observed  []observed
}

// declaredInstance is what is declared of a process instance.
type declaredInstance struct {
	own   mask // what its PC may read
	mix   mixture
	steps []footprint
	locks bool // one of its steps acquires or holds a lock
}

// footprint is what a step of an instance may read and write.
type footprint struct {
	reads, writes mask
	written       []span // writes
	mix           mixture
	whole         bool   // nothing is declared: both are the whole state
	acquires      int    // a lock, or noLock
	holds         uint64 // a bit for each lock
}

const (
	noLock    = -1
	mostLocks = 64
)

// declares says whether something is declared of the steps of a model.
func (m *Model[S]) declares() bool {
	return slices.ContainsFunc(m.Processes, func(p Process[S]) bool {
		return len(p.Own) > 0 || slices.ContainsFunc(p.Steps, func(s Step[S]) bool { return s.declares() })
	})
}

func (s *Step[S]) declares() bool {
	return len(s.Reads) > 0 || len(s.Writes) > 0 || s.Acquires != "" || len(s.Holds) > 0
}

// declare lays out what a model declares, or says what of it is wrong. It is nil where
// nothing is.
func declare[S comparable](m *Model[S]) (*declarations, error) {
	b := declarer[S]{model: m, state: reflect.TypeFor[S](), all: newMask(sizeOf[S]())}
	b.scalars = scalarsOf(b.state)
	b.all.add(span{0, sizeOf[S]()})
	if err := b.observe(); err != nil {
		return nil, err
	}
	if !m.declares() && !slices.ContainsFunc(b.observed, func(o observed) bool { return o.declared() }) {
		return nil, nil
	}
	for i := range m.Processes {
		if err := b.process(&m.Processes[i]); err != nil {
			return nil, fmt.Errorf("process %s: %w", m.Processes[i].Name, err)
		}
	}
	return &b.declarations, b.lockable()
}

// declarer lays declarations out.
type declarer[S comparable] struct {
	declarations
	model *Model[S]
	state reflect.Type
	all   mask
}

func (b *declarer[S]) process(p *Process[S]) error {
	if p.PC != nil && len(p.Own) == 0 {
		for k := range p.Steps {
			if p.Steps[k].declares() {
				return fmt.Errorf("step %s has a footprint, and Own is empty, though PC reads something: "+
					"name in Own at least where the instance stands", p.Steps[k].Label)
			}
		}
	}
	for self := range p.Count {
		owner := pathOwner{self, p.Count}
		own, err := b.mask("Own", p.Own, owner)
		if err != nil {
			return err
		}
		in := declaredInstance{own: own}
		if len(p.Own) == 0 {
			in.own = b.all
		}
		in.mix = b.mixture(in.own)
		for k := range p.Steps {
			f, err := b.step(p, &p.Steps[k], own, owner)
			if err != nil {
				return fmt.Errorf("step %s: %w", p.Steps[k].Label, err)
			}
			f.written, f.mix = f.writes.runs(int(b.state.Size())), b.mixture(f.reads)
			in.locks = in.locks || f.acquires != noLock || f.holds != 0
			in.steps = append(in.steps, f)
		}
		b.instances = append(b.instances, in)
	}
	return nil
}

// mixture tells the bytes that something may read from the scalars that it may not: from
// another state it may be given any of these, and see no difference.
type mixture struct {
	read   []span
	unread []scalar
}

func (b *declarer[S]) mixture(reads mask) mixture {
	m := mixture{read: reads.runs(int(b.state.Size()))}
	for _, s := range b.scalars {
		if !reads.touches(s.span) {
			m.unread = append(m.unread, s)
		}
	}
	return m
}

// mask gives the bytes that paths mean. field is where they are declared.
func (b *declarer[S]) mask(field string, paths []string, owner pathOwner) (mask, error) {
	m := newMask(int(b.state.Size()))
	for _, path := range paths {
		spans, _, err := resolvePath(b.state, path, owner)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", field, err)
		}
		for _, s := range spans {
			m.add(s)
		}
	}
	return m, nil
}

func (b *declarer[S]) step(p *Process[S], s *Step[S], own mask, owner pathOwner) (footprint, error) {
	f := footprint{acquires: noLock}
	if len(p.Own) == 0 && !s.declares() {
		f.reads, f.writes, f.whole = b.all, b.all, true
		return f, nil
	}
	reads, err := b.mask("Reads", s.Reads, owner)
	if err != nil {
		return f, err
	}
	writes, err := b.mask("Writes", s.Writes, owner)
	if err != nil {
		return f, err
	}
	f.reads, f.writes = reads.or(own), writes.or(own)
	if s.Acquires == "" && len(s.Holds) == 0 {
		return f, nil
	}
	if p.PC == nil {
		return f, fmt.Errorf("acquires or holds a lock, and the process has no PC by which it is known who stands where")
	}
	return f, b.lockStep(s, &f, owner)
}

// lockStep adds the locks of a step to its footprint.
func (b *declarer[S]) lockStep(s *Step[S], f *footprint, owner pathOwner) error {
	if s.Acquires != "" {
		words, err := b.words("Acquires", s.Acquires, owner)
		if err != nil {
			return err
		}
		if len(words) != 1 {
			return fmt.Errorf("acquires %q, which is %d words: a step acquires one lock", s.Acquires, len(words))
		}
		f.acquires = words[0]
		f.reads.add(b.locks[f.acquires].span)
		f.writes.add(b.locks[f.acquires].span)
	}
	for _, path := range s.Holds {
		words, err := b.words("Holds", path, owner)
		if err != nil {
			return err
		}
		for _, lock := range words {
			if lock == f.acquires {
				return fmt.Errorf("acquires %s and holds it: a step acquires what nobody holds", b.locks[lock].path)
			}
			f.holds |= 1 << lock
		}
	}
	return nil
}

// words gives the locks whose words a path names.
func (b *declarer[S]) words(field, path string, owner pathOwner) ([]int, error) {
	spans, at, err := resolvePath(b.state, path, owner)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", field, err)
	}
	if kind := at.Kind(); kind == reflect.Struct || kind == reflect.Array {
		return nil, fmt.Errorf("%s: path %q is of kind %s: the word of a lock is a number or a bool", field, path, kind)
	}
	var words []int
	for _, s := range spans {
		lock := slices.IndexFunc(b.locks, func(known scalar) bool { return known.span == s })
		if lock < 0 {
			if lock = len(b.locks); lock == mostLocks {
				return nil, fmt.Errorf("%s: path %q: the model has more than %d locks", field, path, mostLocks)
			}
			i := slices.IndexFunc(b.scalars, func(known scalar) bool { return known.span == s })
			b.locks = append(b.locks, b.scalars[i])
		}
		words = append(words, lock)
	}
	return words, nil
}

// lockable demands of the masks what locks rest on: that only who acquires or holds a lock
// writes its word, and that nobody moves another one that takes locks.
func (b *declarer[S]) lockable() error {
	if len(b.locks) == 0 {
		return nil
	}
	acquired := uint64(0)
	owner := make([]int, b.state.Size()) // by byte: 1 + the instance that takes locks and is told by it; 0: none; -1: several
	for i := range b.instances {
		in := &b.instances[i]
		for k := range in.steps {
			if lock := in.steps[k].acquires; lock != noLock {
				acquired |= 1 << lock
			}
		}
		for at := range owner {
			if in.locks && in.own.has(at) {
				owner[at] = []int{1 + i, -1}[btou(owner[at] != 0)]
			}
		}
	}
	for i := range b.instances {
		for k := range b.instances[i].steps {
			if err := b.lockableStep(i, &b.instances[i].steps[k], acquired, owner); err != nil {
				p, self := b.processOf(i)
				return fmt.Errorf("step %s of %s: %w", p.Steps[k].Label, instanceName(p, self), err)
			}
		}
	}
	return nil
}

func (b *declarer[S]) lockableStep(i int, f *footprint, acquired uint64, owner []int) error {
	for lock, word := range b.locks {
		held := f.holds>>lock&1 == 1
		switch {
		case held && acquired>>lock&1 == 0:
			return fmt.Errorf("holds %s, which no step acquires", word.path)
		case !held && f.acquires != lock && f.writes.touches(word.span):
			return fmt.Errorf("may write %s, the word of a lock that it neither acquires nor holds", word.path)
		}
	}
	for _, s := range b.scalars {
		if who := owner[s.offset]; f.writes.touches(s.span) && who != 0 && who != 1+i {
			return fmt.Errorf("may write %s, which is Own of another process that takes locks, and so may say where that stands", s.path)
		}
	}
	return nil
}

// processOf gives the process of an instance, and its number there.
func (b *declarer[S]) processOf(i int) (*Process[S], int) {
	for k := range b.model.Processes {
		p := &b.model.Processes[k]
		if i < p.Count {
			return p, i
		}
		i -= p.Count
	}
	panic("checker: an instance of no process")
}

func btou(b bool) uint {
	if b {
		return 1
	}
	return 0
}

// observed is a predicate of states, of a property or of a clause of one, whose violation a
// reduced search must not miss.
type observed struct {
	property int
	clause   int  // -1: the property itself
	fires    bool // the value that is looked for: true of a reachable
	reads    mask
	mix      mixture
	all      bool // reads is the whole state, and was not declared
	// broken and mended are labels of the only steps that may make the predicate come to the
	// value that is looked for, or leave it; nil: not declared.
	broken, mended []string
}

func (o *observed) declared() bool { return !o.all || o.broken != nil || o.mended != nil }

// observe lays out what properties declare.
func (b *declarer[S]) observe() error {
	for i := range b.model.Properties {
		p := &b.model.Properties[i]
		o := observed{property: i, clause: -1, fires: p.kind == KindReachable, broken: p.broken, mended: p.mended}
		if p.kind != KindInvariant && p.kind != KindReachable {
			if p.reads != nil || p.broken != nil || p.mended != nil {
				return fmt.Errorf("property %q: has Reads, BrokenBy or MendedBy, which only an invariant and a reachable have", p.name)
			}
			continue
		}
		for _, labels := range [][]string{p.broken, p.mended} {
			for _, label := range labels {
				if !hasLabel(b.model, label) {
					return fmt.Errorf("property %q: names step %q, which no process has", p.name, label)
				}
			}
		}
		reads, err := b.mask("Reads", p.reads, pathOwner{})
		if err != nil {
			return fmt.Errorf("property %q: %w", p.name, err)
		}
		if o.reads = reads; p.reads == nil {
			o.reads, o.all = b.all, true
		}
		o.mix = b.mixture(o.reads)
		b.observed = append(b.observed, o)
	}
	return nil
}
