package main

import (
	"context"
	"errors"
	"os/exec"

	"github.com/spf13/cobra"
)

// errPending is for what this program cannot do yet.
var errPending = errors.New("this program cannot do that yet")

func children() {}

func sources(context.Context) finding {
	path, err := exec.LookPath("go")
	return feature("Go toolchain", "--mutant", path, err)
}

func pending(name string) *cobra.Command {
	return &cobra.Command{Use: name, Hidden: true, RunE: func(*cobra.Command, []string) error { return errPending }}
}

func (a *app) stressCommand() *cobra.Command { return pending("stress") }
func (a *app) benchCommand() *cobra.Command  { return pending("bench") }

func (v *verification) codeMutants(context.Context) error {
	v.add(row{Part: "code mutants", NotCovered: true, Note: errPending.Error()})
	return nil
}

func (v *verification) processes(context.Context) error {
	v.add(row{Part: "processes", NotCovered: true, Note: errPending.Error()})
	return nil
}

func (v *verification) kill(context.Context) error {
	v.add(row{Part: "kill", NotCovered: true, Note: errPending.Error()})
	return nil
}
