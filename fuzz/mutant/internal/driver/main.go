// Command driver explores one configuration of a target, or replays a token, and
// prints what came of it as JSON. The tests of package mutant build it with a
// mutant planted, and see that errors and exit codes come through.
//
//	driver explore TARGET CONFIGURATION PREEMPTIONS
//	driver replay TOKEN
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
)

// Outcome is what is printed.
type Outcome struct {
	Mutant, Verdict, Reason  string
	Property, Message, Token string // of the failure
	Executions               uint64
}

func main() {
	rep, err := run(os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(4)
	}
	o := Outcome{Mutant: explore.Planted(), Verdict: rep.Verdict.String(), Reason: rep.Reason, Executions: rep.Executions}
	if f := rep.Failure; f != nil {
		o.Property, o.Message, o.Token = f.Property, f.Message, string(f.Token)
	}
	if err := json.NewEncoder(os.Stdout).Encode(o); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(4)
	}
	if rep.Verdict == verdict.Violated {
		os.Exit(1)
	}
}

func run(args []string) (schedule.Report, error) {
	switch {
	case len(args) == 2 && args[0] == "replay":
		return explore.Replay(context.Background(), schedule.Token(args[1]), schedule.Options{})
	case len(args) == 4 && args[0] == "explore":
		return search(args[1], args[2], args[3])
	default:
		return schedule.Report{}, errors.New("want explore TARGET CONFIGURATION PREEMPTIONS, or replay TOKEN")
	}
}

func search(target, configuration, preemptions string) (schedule.Report, error) {
	t, err := explore.Find(target)
	if err != nil {
		return schedule.Report{}, err
	}
	v, _, err := t.Parse(configuration)
	if err != nil {
		return schedule.Report{}, err
	}
	bound, err := strconv.Atoi(preemptions)
	if err != nil {
		return schedule.Report{}, err
	}
	return explore.Run(context.Background(), t, v, schedule.Bounded(bound), schedule.Options{})
}
