// Command urpccheck checks the protocol at every level: it explores the
// specification, drives the runtime's own code through chosen interleavings,
// and lets real processes call each other and judges their histories. It
// promises nothing to users beyond its exit codes and the fields of --json.
//
// Where to look: a file per verb (explore.go, stress.go, …), models.go and replay.go for
// the verbs of models, which are those of checker/command; verify_*.go for the parts of
// the main job, json.go for what is printed; checker/command/console for output, exit
// codes and values of flags.
package main

import (
	"context"
	"os"

	"urpc/checker/command"
	"urpc/checker/command/console"
)

func main() {
	children()
	os.Exit(console.Main(program, execute))
}

// run is the command: it gives the exit code.
func run(ctx context.Context, args []string, stdout, stderr *os.File) int {
	return console.Run(ctx, program, args, stdout, stderr, execute)
}

// app is one run of the command.
type app struct {
	*console.Console
	models *command.Models
}

// execute runs the verb that the arguments name.
func execute(c *console.Console, args []string) error {
	a := &app{Console: c, models: modelsOf(c)}
	root := a.rootCommand()
	if err := console.CheckVerb(root, args); err != nil {
		return err
	}
	root.SetArgs(args)
	return root.ExecuteContext(a.Ctx)
}
