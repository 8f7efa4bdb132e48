package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"urpc/checker/command/console"
	"urpc/checker/verdict"
	"urpc/fuzz/stress"
	urpc "urpc/runtime"
)

// Sizes of verify's runs of real processes.
const (
	verifyClients = 4
	verifyCalls   = 10_000
	verifySize    = 1024
)

// processes lets real processes call each other, on all processors and on one.
func (v *verification) processes(within context.Context) error {
	for _, r := range []struct {
		name string
		o    stress.Options
	}{
		{"all processors", stress.Options{Clients: verifyClients, Calls: verifyCalls, Size: verifySize}},
		{"one processor", stress.Options{Clients: 2, Calls: verifyCalls / 10, Size: verifySize, Processors: stress.OneProcessor}},
		{"positions wrap", stress.Options{Clients: 2, Calls: verifyCalls / 10, Slots: 2, Start: 1<<32 - 500}},
	} {
		if err := v.stress(within, "processes", r.name, r.o); err != nil {
			return err
		}
	}
	return nil
}

// kill lets real processes call each other, and kills one of them.
func (v *verification) kill(within context.Context) error {
	for _, victim := range []stress.Victim{stress.Client, stress.Server} {
		o := stress.Options{Clients: verifyClients, Calls: verifyCalls, Kill: victim}
		if err := v.stress(within, "kill", string(victim), o); err != nil {
			return err
		}
	}
	return nil
}

// leastRun is what a run of real processes may take although there is no time left: it
// takes a second or two where nothing else does.
const leastRun = 20 * time.Second

// stress is one run of real processes, and its row.
func (v *verification) stress(within context.Context, part, subject string, o stress.Options) error {
	o.Seed = *v.flags.seed
	o.Artifacts = program.Artifacts(v.flags.out, "verify", part, subject).Reserve()
	v.status("real processes, %s", subject)
	r := row{Part: part, Subject: subject, Configuration: fmt.Sprintf("%s, %s each", console.Plural(o.Clients, "client"), console.Plural(o.Calls, "call")),
		Bound: "these calls, as they happened to interleave; histories judged by Porcupine"}
	until, _ := within.Deadline()
	ctx, cancel := context.WithTimeout(v.Ctx, max(time.Until(until), leastRun))
	defer cancel()
	result, err := stress.Run(ctx, o)
	switch {
	case errors.Is(err, errors.ErrUnsupported):
		r.NotCovered, r.Note = true, err.Error()
		v.add(r)
		return nil
	case err != nil && v.Ctx.Err() != nil:
		r.NotCovered, r.Note = true, "interrupted: "+err.Error()
		v.add(r)
		return nil
	case err != nil && ctx.Err() != nil:
		r.NotCovered, r.Note = true, "no time: "+err.Error()
		v.add(r)
		return nil
	case err != nil:
		v.fail(r, err)
		return nil
	}
	r.Verdict, r.Calls, r.Seconds = result.Verdict, result.Calls, result.Elapsed.Seconds()
	r.Covered = fmt.Sprintf("%s, %d lost, %d duplicated; Porcupine: %s", console.Plural(result.Calls, "call"), result.Lost, result.Duplicated,
		linearizes(result.History.Verdict))
	if result.Verdict != verdict.Holds {
		r.Note = strings.Join(result.Reasons, "; ")
	}
	if result.Verdict == verdict.Violated {
		r.print = func(w io.Writer) {
			for _, reason := range result.Reasons {
				fmt.Fprintln(w, console.Folded(reason, v.Out.Width(), "  "))
			}
			for _, path := range result.Artifacts {
				fmt.Fprintf(w, "  written: %s\n", path)
			}
		}
		r.Replay = stressAgain(o)
	}
	v.add(r)
	return nil
}

// stressAgain is the command line that makes the same calls again: every option
// that is not left to its default.
func stressAgain(o stress.Options) string {
	args := []string{"stress", "--seed", fmt.Sprint(o.Seed)}
	number := func(name string, value int) {
		if value != 0 {
			args = append(args, name, fmt.Sprint(value))
		}
	}
	number("--clients", o.Clients)
	number("--calls", o.Calls)
	number("--threads", o.Threads)
	number("--keys", o.Keys)
	number("--size", o.Size)
	number("--slots", o.Slots)
	number("--start", int(o.Start))
	if o.Deadline != 0 {
		args = append(args, "--deadline", o.Deadline.String())
	}
	if o.Kill != stress.Nobody {
		args = append(args, "--kill", string(o.Kill))
	}
	if o.Donation == urpc.NeverDonate {
		args = append(args, "--donate", never)
	}
	if o.Processors == stress.OneProcessor {
		args = append(args, "--processors", onlyOne)
	}
	return program.CommandLine(args...)
}
