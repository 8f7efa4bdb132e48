// Command driver runs one configuration of target channel in lock-step with the
// specification, nothing else checked, and prints what came of it as JSON. The
// tests of package lockstep build it with one mutant after another planted.
//
//	driver CONFIGURATION bounded PREEMPTIONS
//	driver CONFIGURATION random EXECUTIONS
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strconv"

	"urpc/checker/schedule"
	"urpc/checker/verdict"
	"urpc/fuzz/explore"
	"urpc/fuzz/lockstep"
)

// Outcome is what is printed.
type Outcome struct {
	Mutant, Verdict          string
	Property, Message, Token string // of the failure
	Step, Thread             string // the last step of the failure, and who took it
	Executions               uint64
}

func main() {
	rep, err := run(os.Args[1:])
	if err == nil {
		err = json.NewEncoder(os.Stdout).Encode(outcome(rep))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(4)
	}
	if rep.Verdict == verdict.Violated {
		os.Exit(1)
	}
}

func run(args []string) (lockstep.Report, error) {
	if len(args) != 3 {
		return lockstep.Report{}, errors.New("want CONFIGURATION bounded PREEMPTIONS, or CONFIGURATION random EXECUTIONS")
	}
	v, _, err := explore.Channel().Parse(args[0])
	if err != nil {
		return lockstep.Report{}, err
	}
	n, err := strconv.Atoi(args[2])
	if err != nil {
		return lockstep.Report{}, err
	}
	s := schedule.Bounded(n)
	if args[1] == "random" {
		s = schedule.Random(1, uint64(n))
	}
	return lockstep.Run(context.Background(), v, s, lockstep.Options{Alone: true})
}

func outcome(rep lockstep.Report) Outcome {
	o := Outcome{Mutant: explore.Planted, Verdict: rep.Verdict.String(), Executions: rep.Executions}
	if f := rep.Failure; f != nil {
		o.Property, o.Message, o.Token = f.Property, f.Message, string(f.Token)
		if n := len(f.Steps); n > 0 {
			last := f.Steps[n-1]
			o.Step, o.Thread = last.Event.Name, f.Threads[last.Thread]
		}
	}
	return o
}
