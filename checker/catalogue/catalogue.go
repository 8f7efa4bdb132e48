// Package catalogue describes families of models: their parameters with
// bounds, their named configurations and their mutants, so that a command can
// list them, parse "key=value,..." and refuse what is wrong with an error that
// says what would be right.
package catalogue

import "urpc/checker"

// Family is a model with parameters.
type Family struct {
	Name string // as on the command line: "ring"
	Doc  string // one sentence
	// Columns says what a column of a trace is: "process", "processor", …
	Parameters     []Parameter
	Configurations []Configuration // the first one is the default
	Mutants        []Mutant
	// Build makes the model; values are complete and within their bounds, and
	// mutant is "" or the name of one of Mutants.
	Build func(v Values, mutant string) (checker.AnyModel, error)
}

// Parameter is one bound of a configuration.
type Parameter struct {
	Name, Doc string
	Default   int
	Min, Max  int // inclusive
	// Words, if set, are the names of the values Min, Min+1, …: the parameter is
	// then given and shown by word ("lazy").
	Words []string
}

// Configuration is a named choice of parameters; those that it leaves out have
// their defaults.
type Configuration struct {
	Name, Doc string
	Set       map[string]int
	// Large: nobody waits for all of it. A command over many configurations visits a
	// sample of it and says so.
	Large bool
}

// Mutant is a named fault: the model with one step replaced.
type Mutant struct {
	Name string // as on the command line: "no-recheck"
	Doc  string // what it breaks, one sentence
	// Configuration is the name of one in which KilledBy, a property of the
	// model, is violated.
	Configuration string
	KilledBy      string
}
