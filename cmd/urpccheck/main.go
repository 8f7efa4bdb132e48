// Command urpccheck checks the protocol at every level: it explores the
// specification, drives the runtime's own code through chosen interleavings,
// and lets real processes call each other and judges their histories. It
// promises nothing to users beyond its exit codes and the fields of --json.
//
// Where to look: a file per verb (check.go, explore.go, …), verify_*.go for the
// parts of the main job, exit.go for exit codes, output.go and json.go for what
// is printed, flags.go for values of flags, subject.go for what replay and show
// take.
package main

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"syscall"
	"time"
)

func main() {
	children()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	go func() {
		<-ctx.Done()
		// A terminal interrupts a mutant's program at once, and so does the one that
		// started it: only a signal that comes later is meant to end the process.
		time.Sleep(time.Second)
		stop()
	}()
	ignoreBrokenPipe()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// run is the command: it gives the exit code.
func run(ctx context.Context, args []string, stdout, stderr *os.File) int {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	a := &app{ctx: ctx, out: newOutput(stdout, cancel), errors: stderr, progress: newProgress(stderr)}
	err := a.execute(args)
	a.progress.clear()
	return a.exitCode(err)
}

// app is one run of the command.
type app struct {
	// ctx ends when the run is interrupted, or when nobody reads its output.
	ctx      context.Context
	out      *output
	errors   *os.File
	progress *progress
	code     int // of the verdict
}

// execute runs the verb that the arguments name.
func (a *app) execute(args []string) error {
	root := a.rootCommand()
	if err := checkVerb(root, args); err != nil {
		return err
	}
	root.SetArgs(args)
	return root.ExecuteContext(a.ctx)
}

// interrupted says whether a signal ended the run.
func (a *app) interrupted() bool {
	return errors.Is(a.ctx.Err(), context.Canceled) && !a.out.closed()
}
