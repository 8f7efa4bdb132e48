package main

import (
	"errors"

	"github.com/spf13/cobra"
)

// errPending is for what this program cannot do yet.
var errPending = errors.New("this program cannot do that yet")

func pending(name string) *cobra.Command {
	return &cobra.Command{Use: name, Hidden: true, RunE: func(*cobra.Command, []string) error { return errPending }}
}

func (a *app) benchCommand() *cobra.Command { return pending("bench") }
