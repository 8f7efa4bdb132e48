package main

import (
	"slices"
	"strings"

	"urpc/checker/catalogue"
	"urpc/fuzz/explore"
	"urpc/fuzz/mutant"
)

// targetsThat are the names of such targets.
func targetsThat(are func(target string) bool) []string {
	return slices.DeleteFunc(targetNames(), func(name string) bool { return !are(name) })
}

// enumerated tells names as a sentence does: a, b and c.
func enumerated(names []string) string {
	last := len(names) - 1
	return strings.Join(names[:last], ", ") + " and " + names[last]
}

func targetNames() []string {
	var names []string
	for _, t := range explore.Targets {
		names = append(names, t.Name)
	}
	return names
}

// targetFamilies are the targets as list shows them, with the mutants that each finds.
func targetFamilies() []catalogue.Family {
	var all []catalogue.Family
	for _, t := range explore.Targets {
		all = append(all, familyOfTarget(t))
	}
	return all
}

func familyOfTarget(t explore.Target) catalogue.Family {
	f := catalogue.Family{Name: t.Name, Doc: t.Doc, Parameters: t.Parameters, Configurations: t.Configurations}
	for _, m := range mutant.All() {
		if m.Target == t.Name {
			f.Mutants = append(f.Mutants, catalogue.Mutant{Name: m.Name, Doc: m.Doc, Configuration: m.Configuration, KilledBy: m.KilledBy})
		}
	}
	return f
}
