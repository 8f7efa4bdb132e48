// Command subject tries checks on the runtime that it was built with: a mutant,
// a refactoring, or the runtime as it is. It writes each answer as a line of
// JSON. Package trial builds and runs it.
//
//	subject JOB      a trial.Job as JSON
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"urpc/fuzz/mutant"
	"urpc/fuzz/mutant/trial"
	"urpc/fuzz/stress"
)

// collectAt is how far garbage may grow, in percent of what is not garbage: a scheduler
// keeps little and drops much.
const collectAt = 400

func main() {
	if handled, exit := stress.Child(os.Args[1:]); handled {
		os.Exit(exit)
	}
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(collectAt)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	if len(args) != 1 {
		return errors.New("want a job")
	}
	var j trial.Job
	if err := json.Unmarshal([]byte(args[0]), &j); err != nil {
		return fmt.Errorf("the job: %w", err)
	}
	m := mutant.Mutant{Layer: mutant.Refactorings} // the runtime as it is: no fault
	if name := mutant.Running(); name != "" {
		var err error
		if m, err = mutant.Find(name); err != nil {
			return err
		}
	}
	lines := json.NewEncoder(os.Stdout)
	var written error
	err := trial.Run(ctx, m, j, func(a trial.Answer) { written = errors.Join(written, lines.Encode(a)) })
	return errors.Join(err, written)
}
