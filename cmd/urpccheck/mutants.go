package main

import (
	"errors"
	"fmt"

	"urpc/checker/catalogue"
	"urpc/fuzz/explore"
)

// plant is a fault that can be planted in the runtime's source.
type plant struct{ Name, Doc, Target, Configuration, KilledBy string }

func plantable() []plant { return nil }

func findPlantable(name string) (plant, error) {
	return plant{}, &catalogue.UnknownError{What: "mutant", Of: "the runtime", Name: name}
}

// asMutant runs this same command in a program that was built with the mutant
// planted, and ends as that one does.
func (a *app) asMutant(name string, args []string) error {
	if name == "" {
		return fmt.Errorf("this program has mutant %s planted: it can do nothing without --mutant %[1]s", explore.Planted)
	}
	return errors.New("this program cannot build mutants of the runtime")
}
