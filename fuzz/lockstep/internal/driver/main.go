// Command driver runs one configuration of target channel in lock-step with the
// specification, nothing else checked (by states the target checks, too). It
// prints what came of it as JSON, and to stderr, with -cover, how much of the
// specification the code has taken. The tests of package lockstep build it with
// one mutant after another planted.
//
//	driver replay TOKEN
//	driver [-cover] CONFIGURATION bounded PREEMPTIONS
//	driver [-cover] CONFIGURATION random EXECUTIONS
//	driver [-cover] CONFIGURATION drive EXECUTIONS      (0: until all is taken)
//	driver [-cover] CONFIGURATION states EXECUTIONS     (0: until all is visited)
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"strconv"

	"urpc/checker/catalogue"
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
	Executions, States       uint64
}

func main() {
	rep, err := run()
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

// mostStates is the largest graph of the specification that is held in memory.
const mostStates = 8 << 20

func run() (lockstep.Report, error) {
	cover := flag.Bool("cover", false, "count how much of the specification is taken")
	flag.Parse()
	if flag.NArg() == 2 && flag.Arg(0) == "replay" {
		return lockstep.Replay(context.Background(), schedule.Token(flag.Arg(1)), lockstep.Options{Alone: true})
	}
	if flag.NArg() != 3 {
		return lockstep.Report{}, errors.New("want CONFIGURATION bounded PREEMPTIONS, or CONFIGURATION random|drive|states EXECUTIONS")
	}
	v, _, err := explore.Channel().Parse(flag.Arg(0))
	if err != nil {
		return lockstep.Report{}, err
	}
	n, err := strconv.Atoi(flag.Arg(2))
	if err != nil {
		return lockstep.Report{}, err
	}
	var g *lockstep.Graph
	if *cover || flag.Arg(1) == "drive" {
		if g, err = lockstep.NewGraph(context.Background(), v, mostStates); err != nil {
			return lockstep.Report{}, err
		}
	}
	rep, err := runs(v, g, n)
	if err == nil && *cover {
		err = rep.WriteText(os.Stderr, 20)
	}
	return rep, err
}

func runs(v catalogue.Values, g *lockstep.Graph, n int) (lockstep.Report, error) {
	o := lockstep.Options{Alone: true, Graph: g}
	switch how := flag.Arg(1); how {
	case "bounded":
		return lockstep.Run(context.Background(), v, schedule.Bounded(n), o)
	case "random":
		return lockstep.Run(context.Background(), v, schedule.Random(1, uint64(n)), o)
	case "drive":
		return lockstep.Drive(context.Background(), v, g, uint64(n))
	case "states":
		// The target tells what its state is only when it checks something, too.
		o.Alone, o.Schedule.Plain, o.Schedule.MaxExecutions = false, true, uint64(n)
		return lockstep.Run(context.Background(), v, schedule.Stateful(), o)
	default:
		return lockstep.Report{}, fmt.Errorf("want bounded, random, drive or states, not %q", how)
	}
}

func outcome(rep lockstep.Report) Outcome {
	o := Outcome{Mutant: explore.Planted, Verdict: rep.Verdict.String(), Executions: rep.Executions, States: rep.States}
	if f := rep.Failure; f != nil {
		o.Property, o.Message, o.Token = f.Property, f.Message, string(f.Token)
		if n := len(f.Steps); n > 0 {
			last := f.Steps[n-1]
			o.Step, o.Thread = last.Event.Name, f.Threads[last.Thread]
		}
	}
	return o
}
