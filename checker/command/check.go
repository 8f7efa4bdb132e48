package command

import (
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/spf13/cobra"

	"urpc/checker"
	"urpc/checker/command/console"
	"urpc/checker/verdict"
)

// checkFlags are the flags of check.
type checkFlags struct {
	config, mutant, out string
	json, keepGoing     bool
	full, coverage      bool
	symmetry            bool
	por, compare        bool
	witness             *int
	fairness, search    *string
	store, checkpoint   *string
	resume              bool
	walks, reseed       *uint64
	workers, maxDepth   *int
	maxStates, seed     *uint64
	maxMemory           console.Size
	time                *time.Duration
}

// CheckCommand explores every state of a model.
func (m *Models) CheckCommand() *cobra.Command {
	var f checkFlags
	c := &cobra.Command{
		Use:   "check MODEL",
		Short: "explore every state of a model",
		Args:  m.oneModel,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := f.fit(cmd.Flags().Changed); err != nil {
				return err
			}
			return m.check(m.model(args), &f)
		},
	}
	flags := c.Flags()
	flags.StringVar(&f.config, "config", "", "a `configuration`: NAME or key=value,... or NAME,key=value,...")
	flags.StringVar(&f.mutant, "mutant", "", "`NAME` of a fault to plant; see list MODEL")
	flags.StringVar(&f.out, "out", "", "`folder` for a report, and for traces in all formats (else those of a failure go to a fresh one under "+m.Program.Out+"/)")
	flags.BoolVar(&f.json, "json", false, "print one JSON object a line, the verdict last")
	flags.BoolVar(&f.full, "full", false, "show whole states, not only what changes")
	flags.BoolVar(&f.coverage, "coverage", false, "tell how often each step was taken")
	f.witness = console.NumberFlag(flags, "witness", 0, 0, 1000, "write so many traces that violate nothing, to --out: to what is reachable, then random walks")
	f.fairness = console.WordFlag(flags, "fairness", declared, []string{declared, "none", "weak", "strong"},
		"what is assumed of every process, in place of what the model declares; properties with assumptions of their own keep them")
	f.search = console.WordFlag(flags, "search", "bfs", []string{"bfs", "dfs", "random"},
		"bfs: every state, breadth first; dfs: depth first, on one worker, with traces that are not shortest; random: walks, as simulate takes them")
	f.store = console.WordFlag(flags, "store", "exact", []string{"exact", "fingerprint"},
		"how states are known again: whole, or by 64 bits, and then the probability that one was left out is told")
	f.reseed = console.NumberFlag[uint64](flags, "reseed", 0, 0, math.MaxUint64, "hash states in another way: what depends on it is an omission of --store fingerprint")
	f.checkpoint = flags.String("checkpoint", "", "`folder` into which the search is written every minute and at its end, to go on from with --resume")
	flags.BoolVar(&f.resume, "resume", false, "go on from --checkpoint: to the counts and traces of a search that was not interrupted")
	f.walks = walksFlag(flags, "of --search random: how many walks")
	flags.BoolVar(&f.keepGoing, "keep-going", false, "visit every state also after a violation")
	flags.BoolVar(&f.por, "por", false, "leave out steps of which the declared footprints say that it does not matter when they are taken")
	flags.BoolVar(&f.compare, "compare", false, "search without and with --por and --symmetry, and demand equal verdicts; unknown if they differ")
	flags.BoolVar(&f.symmetry, "symmetry", false, "visit one of all states that differ in nothing but names, as the model declares them")
	f.workers = console.NumberFlag(flags, "workers", 0, 0, 1024, "goroutines that search; 0: as many as processors")
	f.maxStates = console.NumberFlag[uint64](flags, "max-states", 0, 0, console.MostCount, "end with unknown after so many states; 0: no limit")
	f.maxDepth = console.NumberFlag(flags, "max-depth", 0, 0, 1<<31-1, "end with unknown after so many steps from the start; 0: no limit")
	flags.Var(&f.maxMemory, "max-memory", "end with unknown when the search holds so much; 0: no limit")
	f.time = console.SpanFlag(flags, "time", console.ShortestLimit, "end with unknown after so long; 0: no limit")
	f.seed = console.SeedFlag(flags)
	return c
}

// declared stands for the assumptions of fairness that the model declares.
const declared = "declared"

func (f *checkFlags) assumed() checker.Assumption {
	if *f.fairness == declared {
		return checker.AssumeDeclared
	}
	return checker.Assumption(*f.fairness)
}

// fit refuses flags that do not go together.
func (f *checkFlags) fit(given func(flag string) bool) error {
	if *f.search != "random" {
		if given("walks") {
			return console.Usage("check: --walks is for --search random: the search visits every state")
		}
		if *f.witness > 0 && f.out == "" {
			return console.Usage("check: --witness writes traces, and --out does not say where to")
		}
		return f.fitCheckpoint()
	}
	for flag, why := range map[string]string{
		"max-states": "walks do not store states", "max-memory": "walks do not store states",
		"symmetry": "walks do not store states", "store": "walks do not store states", "reseed": "walks do not store states",
		"checkpoint": "walks have nothing to go on from", "resume": "walks have nothing to go on from",
		"por": "walks leave nothing out", "compare": "walks are not a search that could be compared",
		"fairness": "walks are finite, and fairness is about what goes on for ever", "witness": "a walk that ends shows less than a search",
	} {
		if given(flag) {
			return console.Usage("check: --%s does not go with --search random: %s", flag, why)
		}
	}
	return nil
}

// fitCheckpoint refuses what a checkpoint cannot be of.
func (f *checkFlags) fitCheckpoint() error {
	switch {
	case f.resume && *f.checkpoint == "":
		return console.Usage("check: --resume goes on from a checkpoint, and --checkpoint does not say which")
	case *f.checkpoint == "":
		return nil
	case *f.search == "dfs":
		return console.Usage("check: --checkpoint does not go with --search dfs: what waits on its stack is not kept")
	case f.compare:
		return console.Usage("check: --checkpoint does not go with --compare, which makes two searches")
	}
	return nil
}

// walking are the flags of check as those of simulate.
func (f *checkFlags) walking() *simulateFlags {
	return &simulateFlags{out: f.out, json: f.json, keepGoing: f.keepGoing, full: f.full, coverage: f.coverage, verb: "check",
		workers: f.workers, maxSteps: f.maxDepth, walks: f.walks, seed: f.seed, time: f.time}
}

// check explores a model and tells what it found.
func (m *Models) check(name string, f *checkFlags) error {
	c, err := m.Choose(name, f.config, f.mutant)
	if err != nil {
		return err
	}
	if *f.search == "random" {
		return m.simulate(&c, f.walking())
	}
	if f.compare && !f.por && !f.symmetry {
		return console.Usage("--compare compares a search with one that is reduced: give --por, --symmetry or both")
	}
	report, compared, err := m.searched(&c, f)
	m.Progress.Clear()
	if err != nil {
		return m.failed(&c, "check", f.json, *f.seed, report, err)
	}
	v := &checked{Models: m, chosen: &c, flags: f, report: &report, compared: compared, left: m.Leave("check", &c, &report, f.out)}
	if err := v.leaveWitnesses(); err != nil {
		return err
	}
	m.reported(f.out, f.json, func() {
		if f.json {
			v.printJSON()
		} else {
			v.printText()
		}
	})
	m.Judged(report.Verdict, false)
	return nil
}

// searched gives the report of the search; compared is nil unless it was compared with one
// that is not reduced, and where they differ the verdict is unknown.
func (m *Models) searched(c *Chosen, f *checkFlags) (checker.Report, *checker.Comparison, error) {
	if !f.compare {
		report, err := c.Model.Check(m.Ctx, m.checkOptions(c, f))
		return report, nil, err
	}
	compared, err := c.Model.Compare(m.Ctx, m.checkOptions(c, f))
	report := compared.Reduced
	if len(compared.Differences) > 0 || len(compared.NotCompared) > 0 && report.Verdict == verdict.Holds {
		report.Verdict = verdict.Unknown
	}
	return report, &compared, err
}

func (m *Models) checkOptions(c *Chosen, f *checkFlags) checker.Options {
	o := checker.Options{
		Symmetry: f.symmetry, PartialOrder: f.por, Workers: *f.workers, MaxStates: *f.maxStates, MaxMemory: uint64(f.maxMemory),
		MaxDepth: *f.maxDepth, MaxTime: *f.time, Assume: f.assumed(),
		Checkpoint: *f.checkpoint, Resume: f.resume, Subject: c.Configuration(), Reseed: *f.reseed,
	}
	if *f.search == "dfs" {
		o.Search = checker.DepthFirst
	}
	if *f.store == "fingerprint" {
		o.Store = checker.Fingerprint
	}
	if f.keepGoing {
		o.AfterViolation = -1
	}
	if m.Progress.On {
		o.Progress, o.ProgressEvery = m.showSearch, time.Second/4
	}
	return o
}

func (m *Models) showSearch(p checker.Progress) {
	m.Progress.Show("%s, %s, depth %d, frontier %s, %s, %s/s, %s",
		console.Plural(p.States, "state"), console.Plural(p.Transitions, "transition"), p.Depth, console.Grouped(p.Frontier),
		console.Bytes(p.Memory), console.Grouped(int64(p.Rate)), console.Seconds(p.Elapsed))
}

// failed ends a verb whose model could not be explored: the model's own
// fault, and never a verdict.
func (m *Models) failed(c *Chosen, verb string, asJSON bool, seed uint64, report checker.Report, err error) error {
	if asJSON {
		m.Out.JSON(VerdictRecord{Record: "verdict", Verb: verb, Model: c.Family.Name, Configuration: c.Name,
			Values: c.Values.String(), Mutant: c.Mutant, Verdict: verdict.Unknown, Reason: err.Error(), Seed: seed,
			Seconds: report.Elapsed.Seconds()})
	}
	var panicked *checker.PanicError
	if errors.As(err, &panicked) {
		fmt.Fprintln(m.Errors, panicked.Stack)
	}
	return err
}
