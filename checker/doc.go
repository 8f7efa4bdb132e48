// Package checker explores every reachable state of a finite model and answers,
// for each of its properties, holds, violated or unknown, with a shortest
// counterexample that was re-executed before it is shown.
//
// A model is a table of labelled steps over a struct of numbers; the example of
// this package is one, and those in examples/ are written to be read first. In go test it
// is checked in three lines:
//
//	if r, err := checker.Check(t.Context(), model, checker.Options{}); err != nil || r.Verdict != checker.Holds {
//		t.Errorf("%v, %v: %+v", r.Verdict, err, r.Properties)
//	}
//
// and package command gives it a command line, in a main of ten.
//
// What holds means: the search was complete (Report.Complete), so that every
// state that the model can reach was visited and expanded. States are stored
// exactly, so that none is omitted for its hash (but see Fingerprint). A limit, an interrupt, or a
// property that was too large to decide makes the verdict unknown. What was
// visited is the model: a property holds of its configuration and of no larger one.
//
// Of liveness: a behaviour begins in an initial state and goes on as long as a step is
// enabled; it does not stop before that, nor stutter, unless the model has a step that
// changes nothing. Where it ends it may be thought of as repeating its last state. It is
// fair (Fairness) if it keeps every assumption: a step is taken where the behaviour goes
// along it, whatever state that leads to. A liveness property holds if no fair behaviour
// violates it; its counterexample is one that a cycle tells, fairly, or that ends.
//
// What is demanded of a model: its functions are pure. That a step which is not
// enabled leaves the state alone is looked at in every state; that functions have
// one outcome and change nothing that they may only read, in the first 64 states
// of each of 64 shards and in one of 256 of the others.
//
// What a model declares of its steps and properties (Step.Reads, Step.Acquires,
// Property.Reads) is verified as well, beyond those first states in one of 1,024
// (DeclarationError); Options.PartialOrder uses it to
// leave out what makes no difference.
//
// Where to look: search.go for the search, deep.go for that depth first, shard.go, table.go
// and hash.go for the seen set, checkpoint.go and resume.go for checkpoints, expand.go for the steps, graph.go, count.go and orders.go for properties of
// whole paths, liveness.go, fairness.go, fair.go and lasso.go for liveness, clauses.go for
// invariants in parts, refine.go for refinement, apart.go for functions of a model that do
// not return, symmetry.go, layout.go and canonical.go for symmetry and canonical forms,
// symmetry_search.go and symmetry_verify.go for what a search does with them, fieldpath.go,
// footprint.go, rules.go and declared.go for what a model declares of its steps, partial.go
// and partial_expand.go for partial order reduction, simulate.go and
// walk.go for random walks, domain.go, domain_states.go, inductive.go and inductive_*.go for
// inductive checks, replay.go for the replayer,
// names.go, render.go, render_refinement.go and tracefile.go for traces.
package checker
