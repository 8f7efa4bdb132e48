// Package checker explores every reachable state of a finite model and answers,
// for each of its properties, holds, violated or unknown, with a shortest
// counterexample that was re-executed before it is shown.
//
// A model is a table of labelled steps over a struct of numbers; the example of
// this package is one, and those in examples/ are written to be read first.
//
// What holds means: the search was complete (Report.Complete), so that every
// state that the model can reach was visited and expanded. States are stored
// exactly, so that none is omitted for its hash. A limit, an interrupt, or a
// property that was too large to decide makes the verdict unknown. What was
// visited is the model: a property holds of its configuration and of no larger one.
//
// What is demanded of a model: its functions are pure. That a step which is not
// enabled leaves the state alone is looked at in every state; that functions have
// one outcome and change nothing that they may only read, in the first 64 states
// of each of 64 shards and in one of 256 of the others.
//
// Where to look: search.go for the search, shard.go and table.go for the seen
// set, expand.go for the steps, graph.go, count.go and orders.go for properties of
// whole paths, apart.go for functions of a model that do not return, replay.go for
// the replayer, render.go and tracefile.go for traces.
package checker
