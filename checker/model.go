package checker

// Model is a finite transition system: initial states, processes that take
// steps, and the properties that every behaviour shall have.
//
// S is the state: a fixed-size comparable struct of integers, booleans, arrays
// and structs of these, without pointers, strings, floats, padding or blank
// fields, so that equal states are equal bytes. Check refuses any other type
// with an error that names the field.
type Model[S comparable] struct {
	// Name is what reports, traces and tokens call the model.
	Name string
	// Init holds the initial states, at least one; duplicates count once.
	Init []S
	// Processes are the families of processes, in the order in which traces
	// show their columns.
	Processes []Process[S]
	// Terminal says whether a state without an enabled step is an intended end.
	// Where it is nil, every such state is a deadlock.
	Terminal func(s *S) bool
	// Constraint bounds the search of a model that is too large, or has no end: a state in
	// which it is false is outside. It is seen, counted and shown to the properties, and so
	// are the transitions that lead to it, as in TLC (Lamport, Specifying Systems, 14.3.1);
	// but none of its steps is taken. Where there is one, what holds does so within the
	// constraint: see Report.Pruned. It may be nil.
	Constraint func(s *S) bool
	// Event gives a step the name under which a reader of the protocol knows
	// it ("T1>W"), shown beside the label and collected by Orders; "" for none.
	// It may be nil.
	Event func(before, after *S, step Taken) string
	// Properties are what is checked, besides deadlock, which always is.
	Properties []Property[S]
	// Symmetry declares which processes, choices and parts of the state are alike
	// (Scalarset), so that Options.Symmetry can leave out states that differ in nothing but
	// names. It may be nil.
	Symmetry []Scalarset
	// Fairness are the assumptions under which liveness properties are judged that have
	// none of their own (Property.Under).
	Fairness []Fairness
	// Domain declares the states over which Inductive looks whether invariants are
	// inductive. Its zero value declares none; nothing else looks at it.
	Domain Domain[S]
}

// Process is a family of Count processes that run the same steps. An instance
// is known by its number: 0 to Count-1, handed to every step as self.
type Process[S comparable] struct {
	// Name names the family ("client"); its instances are shown as client 0, …
	// (or without a number when Count is 1).
	Name string
	// Count is the number of instances, at least 1.
	Count int
	// Instances, if set, are the names under which the instances are shown, one for
	// each, in place of the family's name and a number.
	Instances []string
	// Index, if set, is the name of the scalarset (Model.Symmetry) to which the instances
	// belong: instance i is its member i. Several processes may belong to one.
	Index string
	// PC, if set, gives the index in Steps of the one step at which the
	// instance stands; a value outside Steps says that the instance has ended.
	// Without it every step of the table is tried in every state, which is
	// slower and lets a process have several steps enabled at once.
	PC func(s *S, self int) int
	// Own are paths of what every step of an instance may read and write, PC included:
	// "Client[self]". See Step.Reads.
	Own []string
	// Steps is the program of the family.
	Steps []Step[S]
}

// Step is one labelled atomic step. Exactly one of Do and Choose is set.
type Step[S comparable] struct {
	// Label names the step in traces, coverage and quantities.
	Label string
	// Do performs the step for instance self on a scratch copy of the state and
	// says whether it was enabled. When it was not, Do leaves the state as it
	// was. Do is pure: its outcome depends on nothing but its arguments.
	Do func(s *S, self int) bool
	// Choose is Do with a nondeterministic choice: it is tried with choice 0 to
	// Choices-1, and each enabled one is a transition of its own.
	Choose func(s *S, self, choice int) bool
	// Choices is the number of choices of Choose, at least 1.
	Choices int
	// Over, if set, is the name of the scalarset (Model.Symmetry) of which the choice is
	// a member.
	Over string

	// Reads and Writes are the footprint of the step: paths of what it may read and write
	// besides what is Own of its process. A path is a field of the state, and from there on
	// fields of structs and elements of arrays: "Ring.Head", "Client[self].At", "Slot[*]".
	// An index is a number, * for every element, self, or self+1 (self-1) for a neighbour,
	// modulo the Count of the process. A path that ends at a struct or an array means all of
	// it. What a step may write it may also leave as it is; what it writes, and whether it is
	// enabled, depends on nothing but what it reads. Without a footprint, and without Own, a
	// step is taken to read and write the whole state.
	//
	// Footprints are verified, not trusted: see DeclarationError. Options.PartialOrder lives on
	// them.
	Reads, Writes []string
	// Acquires is the path of the word of a lock that the step takes: one integer or bool that
	// is 0 (false) where the lock is free and 1 (true) where it is held. The step is enabled
	// only where it is free. The word counts as read and written.
	Acquires string
	// Holds are paths of the words of locks that an instance holds where it stands at the
	// step. Such a step leaves the word 1 and comes to a step that holds the lock as well, or
	// makes it 0 and comes to one that does not. No other step writes the word, or comes to a
	// step that holds it, but those that acquire it. So at most one instance stands at steps
	// that hold a lock; and what it does there to data that only they touch is nobody's
	// concern, which a footprint alone cannot say.
	Holds []string
}

// choices is how many choices the step is tried with.
func (s *Step[S]) choices() int { return max(1, s.Choices) }

// instances goes through all instances of all processes, in the order of a trace.
func (m *Model[S]) instances(yield func(p *Process[S], self int) bool) {
	for i := range m.Processes {
		for self := range m.Processes[i].Count {
			if !yield(&m.Processes[i], self) {
				return
			}
		}
	}
}

// perform takes the step on a copy of a state, and says whether it was enabled.
func (s *Step[S]) perform(state S, self, choice int) (S, bool) {
	var enabled bool
	if s.Do != nil {
		enabled = s.Do(&state, self)
	} else {
		enabled = s.Choose(&state, self, choice)
	}
	return state, enabled
}

// Taken names one transition: which instance of which process took which step.
type Taken struct {
	Process string `json:"process"`
	Self    int    `json:"self"`
	Label   string `json:"label"`
	Choice  int    `json:"choice,omitempty"`
}

// Kind is the kind of a property.
type Kind string

const (
	KindInvariant  Kind = "invariant"  // true in every reachable state
	KindTransition Kind = "transition" // true of every transition
	KindReachable  Kind = "reachable"  // true in at least one reachable state
	KindDeadlock   Kind = "deadlock"   // no reachable state is stuck
	KindCount      Kind = "count"      // least and most occurrences over all maximal paths
	KindOrders     Kind = "orders"     // the set of orders of events over all maximal paths
	KindRefinement Kind = "refinement" // every transition is one of another model, or a stutter
	KindLiveness   Kind = "liveness"   // something happens in the end, on all fair paths
	KindWalk       Kind = "walk"       // of a trace alone: it violates neither invariants nor transition properties
	KindInduction  Kind = "induction"  // of Inductive alone: an invariant, and its counterexamples to induction
)

// Property is something that a model shall have, made by Invariant, Clauses,
// Transition, Reachable, Refines, Eventually, AlwaysEventually, LeadsTo, Count or Orders.
// Its name is unique in its model and is not "deadlock".
type Property[S comparable] struct {
	name       string
	kind       Kind
	state      func(s *S) bool
	clauses    []Clause[S] // of an invariant in parts, whose conjunction is state; else nil
	transition func(before, after *S, step Taken) bool
	refines    refines[S]      // of a refinement; else nil
	from       func(s *S) bool // of a liveness property that leads from it to state; else nil
	leads      bool            // it is one, and from must be set
	always     bool            // a liveness property that leads from every state to state
	fairness   []Fairness
	assumes    bool // fairness is the property's own
	labels     []string
	reads      []string // nil: the whole state
	broken     []string // nil: not declared
	mended     []string
	bounded    bool // Count: least and most make it a check
	least      int
	most       int
}

// Invariant demands that ok be true in every reachable state.
func Invariant[S comparable](name string, ok func(s *S) bool) Property[S] {
	return Property[S]{name: name, kind: KindInvariant, state: ok}
}

// Transition demands that ok be true of every transition of every reachable state.
func Transition[S comparable](name string, ok func(before, after *S, step Taken) bool) Property[S] {
	return Property[S]{name: name, kind: KindTransition, transition: ok}
}

// Reachable demands that p be true in at least one reachable state: the guard
// against an invariant that holds because nothing happens.
func Reachable[S comparable](name string, p func(s *S) bool) Property[S] {
	return Property[S]{name: name, kind: KindReachable, state: p}
}

// Eventually demands that every behaviour come to a state in which p is true. A behaviour
// goes on as long as a step is enabled, and is fair: see Model.Fairness.
func Eventually[S comparable](name string, p func(s *S) bool) Property[S] {
	return Property[S]{name: name, kind: KindLiveness, state: p}
}

// AlwaysEventually demands that every behaviour come, from each of its states, to one in
// which p is true, that state included: again and again if it has no end, and in its last
// state if it has one.
func AlwaysEventually[S comparable](name string, p func(s *S) bool) Property[S] {
	return Property[S]{name: name, kind: KindLiveness, state: p, always: true}
}

// LeadsTo demands that every behaviour come, from each of its states in which from is true,
// to one in which to is true, that state included.
func LeadsTo[S comparable](name string, from, to func(s *S) bool) Property[S] {
	return Property[S]{name: name, kind: KindLiveness, state: to, from: from, leads: true}
}

// Under gives a liveness property assumptions of its own in place of Model.Fairness;
// without any, it is judged on all behaviours.
func (p Property[S]) Under(fairness ...Fairness) Property[S] {
	p.fairness, p.assumes = fairness, true
	return p
}

// Reads are paths of what the predicate of an invariant or a reachable looks at (see
// Step.Reads; self means nothing here). Without them it is the whole state.
func (p Property[S]) Reads(paths ...string) Property[S] {
	p.reads = append([]string{}, paths...)
	return p
}

// BrokenBy are labels of the only steps that may make an invariant false, or a reachable true:
// what a search looks for. It is verified in states put together from parts of those that were
// visited, too, so that a step which does so only in states that cannot be reached has to be
// named as well. Not declared, it is every step that may write what the property reads.
func (p Property[S]) BrokenBy(labels ...string) Property[S] {
	p.broken = append([]string{}, labels...)
	return p
}

// MendedBy are labels of the only steps that may make an invariant true again, or a reachable
// false, as BrokenBy.
func (p Property[S]) MendedBy(labels ...string) Property[S] {
	p.mended = append([]string{}, labels...)
	return p
}

// ForEach makes a property for each of n things, instances of a process most of all: the
// property of thing i has a name that tells i.
//
//	checker.ForEach(clients, func(i int) checker.Property[State] {
//		return checker.LeadsTo(fmt.Sprintf("client %d is answered", i), waits(i), rests(i))
//	})
func ForEach[S comparable](n int, property func(i int) Property[S]) []Property[S] {
	all := make([]Property[S], n)
	for i := range all {
		all[i] = property(i)
	}
	return all
}

// Count asks for the least and the most occurrences of the labelled steps over
// all maximal paths: those that end in a state without enabled steps, and the
// infinite ones. It is a measurement; Between makes it a check.
func Count[S comparable](name string, labels ...string) Property[S] {
	return Property[S]{name: name, kind: KindCount, labels: labels}
}

// Orders asks for the set of sequences of events (Model.Event) that the
// labelled steps give over all maximal paths. It is a measurement.
func Orders[S comparable](name string, labels ...string) Property[S] {
	return Property[S]{name: name, kind: KindOrders, labels: labels}
}

// Between makes a Count a check: it is violated when some maximal path has
// fewer than least or more than most occurrences.
func (p Property[S]) Between(least, most int) Property[S] {
	p.bounded, p.least, p.most = true, least, most
	return p
}

// Name is the name under which reports and traces know the property.
func (p Property[S]) Name() string { return p.name }
