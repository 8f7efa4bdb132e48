// Package mutant is the catalogue of named faults of the runtime. Each is a small
// patch of its source in patches/, compiled with an overlay: the code that
// ships carries no trace of them. It promises nothing to users.
//
// A patch begins with what it breaks and how it is found:
//
//	Breaks: a processor announces that it parks and does not look again before it sleeps.
//	Target: channel
//	Configuration: 1-1-1-1
//	Preemptions: 1
//	Killed by: the client does not sleep while a reply is queued
//	Lock-step configuration: 1-1-1-1
//	Lock-step preemptions: 0
//	First difference: Announce of server 1
//
// Exploring that configuration of the target (package explore) with at most so
// many preemptions violates that property. Lock-step with the specification
// (package lockstep), which checks nothing else, finds the fault in a
// configuration of its own, of the target that is named before it ("donation handed"), or
// of target bind, call or death if that is the fault's, else of target channel, where that thread takes the first step that is none of the
// specification (or the last one, where nobody goes on and the specification does); one line in place of the last three,
// "Not in lock-step: ", says why it does not. Where the specification has the
// same fault it has the same name.
//
// Beside them are patches in refactorings/ that change no behaviour and are to
// raise no alarm. They begin with one line, "Changes: ".
//
// Where to look: patch.go reads and applies patches, source.go finds the source,
// build.go builds and runs, link.go builds fast.
package mutant

import (
	"embed"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"sync"

	"urpc/checker/catalogue"
	"urpc/fuzz/explore"
	"urpc/fuzz/mutant/patches"
	"urpc/fuzz/mutant/refactorings"
)

// Layer is where a mutant is planted, and to which end.
type Layer string

// The layers.
const (
	// Runtime: the runtime's source is made wrong.
	Runtime Layer = "runtime"
	// Refactorings: it is made different, and stays right.
	Refactorings Layer = "refactorings"
)

// Mutant is one named change of the runtime: a fault, or a refactoring.
type Mutant struct {
	Name  string // as on the command line: "no-recheck"
	Layer Layer
	Doc   string // what it breaks or changes, without a full stop
	// Target and Configuration, as explore.Target.Parse reads it, in which
	// KilledBy is violated by an execution with at most Preemptions preemptions.
	// Of a refactoring they are empty.
	Target, Configuration string
	Preemptions           int
	KilledBy              string
	LockStep              LockStep

	patch string
}

// TiedTarget names the target of LockStep.Configuration: that which stands before it; else
// the mutant's own, if that is bind, call or death; else target channel.
func (m Mutant) TiedTarget() string {
	if m.LockStep.Target != "" {
		return m.LockStep.Target
	}
	if slices.Contains([]string{explore.Bind().Name, explore.Call().Name, explore.Death().Name}, m.Target) && m.LockStep.Configuration != "" {
		return m.Target
	}
	return explore.Channel().Name
}

// Packages are the packages that the mutant changes, as paths from the module's root
// ("runtime/channel"), in alphabetical order.
func (m Mutant) Packages() []string {
	var all []string
	for line := range strings.Lines(m.patch) {
		if file, ok := strings.CutPrefix(line, "+++ b/"); ok {
			all = append(all, path.Dir(strings.TrimSpace(file)))
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// LockStep says where lock-step alone finds a mutant.
type LockStep struct {
	Target string // if the patch names one
	// Configuration of the mutant's TiedTarget, in which an execution with at most
	// Preemptions preemptions takes a step that is none of the specification.
	Configuration string
	Preemptions   int
	Step, Thread  string // the first such step, and who takes it
	Missed        string // why lock-step does not find the mutant; else ""
}

const suffix = ".patch"

// all reads the catalogue; same reads the refactorings.
var (
	all  = sync.OnceValue(func() []Mutant { return readAll(patches.Files, read) })
	same = sync.OnceValue(func() []Mutant { return readAll(refactorings.Files, readRefactoring) })
)

// readAll reads the patches of a layer, by name in alphabetical order. A patch
// that cannot be read is our own fault.
func readAll(in embed.FS, read func(name, text string) (Mutant, error)) []Mutant {
	files, err := fs.Glob(in, "*"+suffix)
	if err != nil {
		panic(fmt.Sprintf("mutant: list the embedded patches: %v", err))
	}
	var mutants []Mutant
	for _, file := range files {
		text, err := in.ReadFile(file)
		if err != nil {
			panic(fmt.Sprintf("mutant: read an embedded patch: %v", err))
		}
		m, err := read(strings.TrimSuffix(file, suffix), string(text))
		if err != nil {
			panic(fmt.Sprintf("mutant: %v", err))
		}
		mutants = append(mutants, m)
	}
	return mutants
}

// All are all faults, by name in alphabetical order.
func All() []Mutant { return slices.Clone(all()) }

// AllRefactorings are the patches that change no behaviour, by name in
// alphabetical order.
func AllRefactorings() []Mutant { return slices.Clone(same()) }

// Names are the names of all faults.
func Names() []string {
	var names []string
	for _, m := range all() {
		names = append(names, m.Name)
	}
	return names
}

// Find gives the fault, or the refactoring, of a name. Its error is a
// *catalogue.UnknownError, which knows the faults.
func Find(name string) (Mutant, error) {
	for _, m := range slices.Concat(all(), same()) {
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
func Running() string { return explore.Planted() }
