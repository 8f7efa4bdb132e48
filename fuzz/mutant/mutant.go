// Package mutant is the catalogue of named faults of the runtime. Each is a small
// patch of its source in patches/, compiled with go build -overlay: the code that
// ships carries no trace of them. It promises nothing to users.
//
// A patch begins with what it breaks and how it is found:
//
//	Breaks: a processor announces that it parks and does not look again before it sleeps.
//	Target: channel
//	Configuration: 1-1-1-1
//	Preemptions: 1
//	Killed by: the server does not sleep while a call is queued
//
// Exploring that configuration of the target (package explore) with at most so
// many preemptions violates that property. Where the specification has the same
// fault it has the same name.
//
// Where to look: patch.go reads and applies patches, source.go finds the source,
// build.go builds and runs.
package mutant

import (
	"embed"
	"fmt"
	"io/fs"
	"path"
	"strings"
	"sync"

	"urpc/checker/catalogue"
	"urpc/fuzz/explore"
)

// Mutant is one named fault.
type Mutant struct {
	Name string // as on the command line: "no-recheck"
	Doc  string // what it breaks, without a full stop
	// Target and Configuration, as explore.Target.Parse reads it, in which
	// KilledBy is violated by an execution with at most Preemptions preemptions.
	Target, Configuration string
	Preemptions           int
	KilledBy              string

	patch string
}

//go:embed patches/*.patch
var patches embed.FS

const suffix = ".patch"

// all reads the catalogue. A patch that cannot be read is our own fault.
var all = sync.OnceValue(func() []Mutant {
	files, err := fs.Glob(patches, "patches/*"+suffix)
	if err != nil {
		panic(fmt.Sprintf("mutant: list the embedded patches: %v", err))
	}
	var mutants []Mutant
	for _, file := range files {
		text, err := patches.ReadFile(file)
		if err != nil {
			panic(fmt.Sprintf("mutant: read an embedded patch: %v", err))
		}
		m, err := read(strings.TrimSuffix(path.Base(file), suffix), string(text))
		if err != nil {
			panic(fmt.Sprintf("mutant: %v", err))
		}
		mutants = append(mutants, m)
	}
	return mutants
})

// All are all mutants, by name in alphabetical order.
func All() []Mutant { return append([]Mutant(nil), all()...) }

// Names are the names of all mutants.
func Names() []string {
	var names []string
	for _, m := range all() {
		names = append(names, m.Name)
	}
	return names
}

// Find gives the mutant of a name. Its error is a *catalogue.UnknownError.
func Find(name string) (Mutant, error) {
	for _, m := range all() {
		if m.Name == name {
			return m, nil
		}
	}
	return Mutant{}, &catalogue.UnknownError{
		What: "mutant", Of: "the runtime", Name: name, Nearest: catalogue.Nearest(name, Names()), Known: Names(),
	}
}

// Running is the name of the mutant that this program is; "" where the runtime
// is as it should be. It is compiled in: nothing outside can change it.
func Running() string { return explore.Planted }
