// Package console is what a command of many verbs says and takes: output and
// progress, exit codes, values of flags, folders for what failures leave. It is for
// checker/command and for commands that have more verbs than that; it promises
// nothing to users.
package console

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// Console is one run of a command.
type Console struct {
	Program Program
	// Ctx ends when the run is interrupted, or when nobody reads its output.
	Ctx      context.Context
	Out      *Output
	Errors   *os.File
	Progress *Progress
	Code     int // of the verdict
}

// Main runs a command with this process's arguments and output, until it ends or a
// signal asks it to, and gives its exit code.
func Main(p Program, execute func(c *Console, args []string) error) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	go func() {
		<-ctx.Done()
		// A terminal interrupts a program that this one started at once, and so does this
		// one: only a signal that comes later is meant to end the process.
		time.Sleep(time.Second)
		stop()
	}()
	ignoreBrokenPipe()
	return Run(ctx, p, os.Args[1:], os.Stdout, os.Stderr, execute)
}

// Run runs a command: execute does what the arguments say. It gives the exit code.
func Run(ctx context.Context, p Program, args []string, stdout, stderr *os.File, execute func(c *Console, args []string) error) int {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	c := &Console{Program: p, Ctx: ctx, Out: NewOutput(stdout, cancel), Errors: stderr, Progress: NewProgress(stderr)}
	err := execute(c, args)
	c.Progress.Clear()
	return c.ExitCode(err)
}

// Interrupted says whether a signal ended the run.
func (c *Console) Interrupted() bool {
	return errors.Is(c.Ctx.Err(), context.Canceled) && !c.Out.Closed()
}
