package main

import (
	"context"
	"fmt"
	"os"

	"urpc/checker/command/console"
	"urpc/fuzz/mutant"
)

// asMutant runs a command line of this program in a program that was built with
// the mutant planted, and ends as that one does.
func (a *app) asMutant(name string, args []string) error {
	if name == "" {
		return fmt.Errorf("this program has mutant %s planted: it can do nothing without --mutant %[1]s", mutant.Running())
	}
	// What the other program prints to call it again is to be this one.
	if err := os.Setenv(calledAs, program.Self()); err != nil {
		return fmt.Errorf("mutant %s: %w", name, err)
	}
	a.Progress.Show("building the runtime with mutant %s planted", name)
	code, err := mutant.Exec(a.Ctx, name, args, &clearing{a.Out, a.Progress}, a.Errors)
	if err != nil {
		return err
	}
	a.Code = code
	return nil
}

// clearing is the output; the line of progress goes away before anything is
// written to it.
type clearing struct {
	out      *console.Output
	progress *console.Progress
}

func (c *clearing) Write(p []byte) (int, error) {
	c.progress.Clear()
	return c.out.Write(p)
}

// sources tries whether mutants can be planted: it builds one.
func sources(ctx context.Context) finding {
	name := mutant.Names()[0]
	_, cleanup, err := mutant.Build(ctx, name)
	if err == nil {
		cleanup()
	} else if ctx.Err() != nil {
		return note("Go and the source", "not looked at: interrupted")
	}
	return feature("Go and the source", "explore --mutant, mutants and verify", "built mutant "+name, err)
}
