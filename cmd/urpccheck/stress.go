package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"urpc/checker/command/console"
	"urpc/checker/verdict"
	"urpc/fuzz/history"
	"urpc/fuzz/stress"
	urpc "urpc/runtime"
)

// stressFlags are the flags of stress.
type stressFlags struct {
	out                                        string
	kill, donate, processors                   *string
	json                                       bool
	clients, calls, threads, keys, size, slots *int
	seed, start                                *uint64
	deadline                                   *time.Duration
}

const (
	nobody    = "nobody"
	parked    = "when-parked"
	never     = "never"
	allOfThem = "all"
	onlyOne   = "one"
)

func (a *app) stressCommand() *cobra.Command {
	var f stressFlags
	c := &cobra.Command{
		Use:   "stress",
		Short: "let real processes call each other at full speed and judge what they saw",
		Long: `stress starts a server and clients as processes of their own, lets them call each
other over shared memory, and judges: nothing lost or duplicated, no payload
changed, each call's history linearizes (by Porcupine), nothing left behind.`,
		Example: `  urpccheck stress --clients 4 --calls 100000
  urpccheck stress --kill server --json`,
		Args: console.None,
		RunE: func(*cobra.Command, []string) error { return a.stress(&f) },
	}
	f.declare(c.Flags())
	return c
}

func (f *stressFlags) declare(flags *pflag.FlagSet) {
	flags.StringVar(&f.out, "out", "", "`folder` for what a failure leaves (a fresh one under urpc-out/)")
	flags.BoolVar(&f.json, "json", false, "print one JSON object a line, the verdict last")
	f.clients = console.NumberFlag(flags, "clients", 4, 1, 1024, "processes that call")
	f.calls = console.NumberFlag(flags, "calls", 10_000, 1, 32<<20, "calls of each client")
	f.threads = console.NumberFlag(flags, "threads", 4, 1, 4096, "goroutines of each client that call")
	f.keys = console.NumberFlag(flags, "keys", 64, 1, 1<<20, "registers that the calls read and change")
	f.size = console.NumberFlag(flags, "size", 0, 0, 1<<16, "bytes of the largest payload; 0: no payloads")
	f.slots = console.NumberFlag(flags, "slots", 0, 0, urpc.MaxSlots, "calls of a client that may be pending; 0: the runtime's default")
	f.kill = console.WordFlag(flags, "kill", nobody, []string{nobody, "client", "server"}, "who is killed in the middle")
	f.donate = console.WordFlag(flags, "donate", parked, []string{parked, never}, "when a caller hands its processor to the server")
	f.processors = console.WordFlag(flags, "processors", allOfThem, []string{allOfThem, onlyOne}, "on how many processors all processes run")
	f.start = console.NumberFlag[uint64](flags, "start", 0, 0, 1<<32-1, "position of the first message in each channel, to see positions wrap")
	f.deadline = console.SpanFlag(flags, "deadline", console.ShortestLimit, "of each call; 0: console.None, so that a lost wake-up hangs and is found (with --kill: 5s)")
	f.seed = console.SeedFlag(flags)
}

func (f *stressFlags) options() stress.Options {
	o := stress.Options{
		Clients: *f.clients, Calls: *f.calls, Threads: *f.threads, Keys: *f.keys, Size: *f.size, Slots: *f.slots,
		Seed: *f.seed, Deadline: *f.deadline, Start: uint32(*f.start),
	}
	if *f.kill != nobody {
		o.Kill = stress.Victim(*f.kill)
	}
	if *f.donate == never {
		o.Donation = urpc.NeverDonate
	}
	if *f.processors == onlyOne {
		o.Processors = stress.OneProcessor
	}
	return o
}

// stress runs real processes and tells what they saw.
func (a *app) stress(f *stressFlags) error {
	o := f.options()
	o.Artifacts = program.Artifacts(f.out, "stress").Reserve()
	result, err := a.runStress(a.Ctx, o)
	if err != nil {
		return err
	}
	replay := ""
	if result.Verdict == verdict.Violated {
		replay = stressAgain(o)
	}
	if f.json {
		a.Out.JSON(stressed(&result, replay, a.Interrupted()))
	} else {
		a.printStress(&result, replay)
	}
	a.Judged(result.Verdict, false)
	return nil
}

// runStress runs real processes, and shows how far they are.
func (a *app) runStress(ctx context.Context, o stress.Options) (stress.Result, error) {
	if a.Progress.On {
		o.Progress, o.ProgressEvery = func(p stress.Progress) {
			a.Progress.Show("%s of %s, %s/s, %s", console.Plural(p.Calls, "call"), console.Grouped(p.Of), console.Grouped(int64(p.Rate)), console.Seconds(p.Elapsed))
		}, time.Second/4
	}
	result, err := stress.Run(ctx, o)
	a.Progress.Clear()
	switch {
	case errors.Is(err, errors.ErrUnsupported):
		return result, fmt.Errorf("real processes cannot run here: %w; check, explore, replay and show can", err)
	case errors.Is(err, stress.ErrOptions):
		return result, console.UsageOf(err)
	}
	return result, err
}

// stressRecord is the last line of stress.
type stressRecord struct {
	verdictRecord
	Completed uint64                   `json:"completed"`
	Corrupted uint64                   `json:"corrupted"`
	Stray     uint64                   `json:"stray"`
	Late      uint64                   `json:"late"`
	Unknown   uint64                   `json:"unknownOutcomes"`
	Failures  map[stress.Ending]uint64 `json:"failures"`
	History   historyRecord            `json:"history"`
	Victim    string                   `json:"victim,omitempty"`
	Moment    uint64                   `json:"moment,omitempty"` // after how many calls
	Survivors int                      `json:"survivors"`
	Informed  int                      `json:"informed"`
	Counters  stress.Counters          `json:"counters"`
	Leftovers []string                 `json:"leftovers"`
}

// historyRecord is what Porcupine says.
type historyRecord struct {
	Verdict     verdict.Verdict `json:"verdict"`
	Events      int             `json:"events"`
	Keys        int             `json:"keys"`
	Segments    int             `json:"segments"`
	Overlapping int             `json:"overlapping"`
	Undecided   int             `json:"undecided"`
	Note        string          `json:"note,omitempty"`
}

func historyOf(j *history.Judgement) historyRecord {
	return historyRecord{j.Verdict, j.Events, j.Keys, j.Segments, j.Overlapping, j.Undecided, j.Note}
}

func stressed(r *stress.Result, replay string, interrupted bool) stressRecord {
	record := stressRecord{
		verdictRecord: verdictRecord{
			Record: "verdict", Verb: "stress", Verdict: r.Verdict, Complete: r.Complete, Interrupted: interrupted && !r.Complete,
			Bound: "these calls, as they happened to interleave", Reason: strings.Join(r.Reasons, "; "), Seed: r.Seed,
			Calls: new(r.Calls), Lost: new(r.Lost), Duplicated: new(r.Duplicated),
			Artifacts: r.Artifacts, Replay: replay, Seconds: r.Elapsed.Seconds(), Rate: r.Rate,
		},
		Completed: r.Completed, Corrupted: r.Corrupted, Stray: r.Stray, Late: r.Late, Unknown: r.Unknown, Failures: r.Failures,
		History: historyOf(&r.History), Victim: r.Victim, Moment: r.Moment, Survivors: r.Survivors, Informed: r.Informed,
		Counters: r.Counters, Leftovers: r.Leftovers,
	}
	if record.Leftovers == nil {
		record.Leftovers = []string{}
	}
	if r.Verdict == verdict.Violated {
		record.Violated = r.Reasons
		record.Property = r.Property()
	}
	return record
}

func (a *app) printStress(r *stress.Result, replay string) {
	width := a.Out.Width()
	a.Out.Line("stress: %s", a.Out.Paint(r.Verdict, r.Verdict.String()))
	a.Out.Line("%s", console.Folded(fmt.Sprintf("%s, %s completed, %d lost, %d duplicated, %d corrupted, %d stray; %s at %s calls/s, seed %d",
		console.Plural(r.Calls, "call"), console.Grouped(r.Completed), r.Lost, r.Duplicated, r.Corrupted, r.Stray, console.Seconds(r.Elapsed), console.Grouped(int64(r.Rate)), r.Seed), width, "  "))
	if r.Victim != "" {
		text := fmt.Sprintf("%s was killed after %s; %s survived", r.Victim, console.Plural(r.Moment, "call"), console.Plural(r.Survivors, "thread"))
		if r.Victim == string(stress.Server) {
			text += fmt.Sprintf(", %d of them learned that the server died", r.Informed)
		}
		a.Out.Line("%s", console.Folded(text, width, "  "))
	}
	if text := failuresText(r.Failures); text != "" {
		a.Out.Line("%s", console.Folded("ended otherwise: "+text, width, "  "))
	}
	a.Out.Line("%s", console.Folded(judgedText(&r.History), width, "  "))
	c := &r.Counters
	a.Out.Line("%s", console.Folded(fmt.Sprintf("%s, %s, %s (%s returned), %s", console.Plural(c.Parks, "park"), console.Plural(c.Wakes, "wake"),
		console.Plural(c.Donations, "donation"), console.Grouped(c.Returns), console.Plural(c.Blocks, "block")), width, "  "))
	for _, reason := range r.Reasons {
		a.Out.Line("%s", console.Folded(reason, width, "  "))
	}
	for _, left := range r.Leftovers {
		a.Out.Line("  left behind: %s", left)
	}
	for _, path := range r.Artifacts {
		a.Out.Line("  written: %s", path)
	}
	if replay != "" {
		a.Out.Line("")
		a.Out.Line("replay: %s", replay)
		a.Out.Line("(the same calls; how the processes interleave is up to the machine)")
	}
}

func failuresText(failures map[stress.Ending]uint64) string {
	var parts []string
	for ending, n := range failures {
		if n > 0 {
			parts = append(parts, fmt.Sprintf("%s %s", console.Grouped(n), ending))
		}
	}
	slices.Sort(parts)
	return strings.Join(parts, ", ")
}

// judgedText says what Porcupine says.
func judgedText(j *history.Judgement) string {
	text := fmt.Sprintf("Porcupine: %s: %s of %s, %s overlapping, in %s", linearizes(j.Verdict),
		console.Plural(j.Events, "event"), console.Plural(j.Keys, "register"), console.Grouped(j.Overlapping), console.Plural(j.Segments, "part"))
	if j.Note != "" {
		text += "; " + j.Note
	}
	return text
}

func linearizes(v verdict.Verdict) string {
	switch v {
	case verdict.Holds:
		return "linearizes"
	case verdict.Violated:
		return "does not linearize"
	default:
		return "not decided"
	}
}
