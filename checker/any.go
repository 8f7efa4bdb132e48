package checker

import "context"

// AnyModel is a model whose state type is hidden, so that models of different
// states fit in one list.
type AnyModel interface {
	// ModelName is the name of the model.
	ModelName() string
	// Check is the function Check on the model.
	Check(ctx context.Context, o Options) (Report, error)
	// Compare is the function Compare on the model.
	Compare(ctx context.Context, o Options) (Comparison, error)
	// Simulate is the function Simulate on the model.
	Simulate(ctx context.Context, o SimulateOptions) (Simulation, error)
	// Inductive is the function Inductive on the model.
	Inductive(ctx context.Context, o InductiveOptions) (InductiveReport, error)
	// Graph is the function Graph on the model.
	Graph(ctx context.Context, most int, along *Trace) (StateGraph, error)
	// Replay is the function Replay on the model.
	Replay(t Trace) (Trace, error)
}

// Any hides the state type of a model.
func Any[S comparable](m Model[S]) AnyModel { return anyModel[S]{m} }

type anyModel[S comparable] struct{ model Model[S] }

func (a anyModel[S]) ModelName() string { return a.model.Name }

func (a anyModel[S]) Check(ctx context.Context, o Options) (Report, error) {
	return Check(ctx, a.model, o)
}

func (a anyModel[S]) Compare(ctx context.Context, o Options) (Comparison, error) {
	return Compare(ctx, a.model, o)
}

func (a anyModel[S]) Simulate(ctx context.Context, o SimulateOptions) (Simulation, error) {
	return Simulate(ctx, a.model, o)
}

func (a anyModel[S]) Inductive(ctx context.Context, o InductiveOptions) (InductiveReport, error) {
	return Inductive(ctx, a.model, o)
}

func (a anyModel[S]) Graph(ctx context.Context, most int, along *Trace) (StateGraph, error) {
	return Graph(ctx, a.model, most, along)
}

func (a anyModel[S]) Replay(t Trace) (Trace, error) { return Replay(a.model, t) }
