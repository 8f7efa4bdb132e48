package main

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"urpc/checker/catalogue"
	"urpc/checker/command/console"
	"urpc/fuzz/mutant"
	"urpc/fuzz/mutant/trial"
)

// Layers that --layer takes, beside those of package mutant.
const (
	layerSpecification = "specification"
	bothLayers         = "runtime,refactorings"
)

// mutantsFlags are the flags of mutants.
type mutantsFlags struct {
	layer  *string
	checks checkList
	seeds  *int
	most   *uint64
	json   bool
}

// defaultMost is how many executions one sample has at most.
const defaultMost = 5_000

func (a *app) mutantsCommand() *cobra.Command {
	f := mutantsFlags{checks: trial.Checks()}
	c := &cobra.Command{
		Use:   "mutants [NAME...]",
		Short: "let every check look at every planted fault: which finds which, and does any cry wolf",
		Long: `mutants builds the runtime with one fault after another planted in its source and
lets every check look at it:

  explore          every execution of the fault's own target and configuration with
                   as few preemptions as it needs, and small samples of others where
                   that takes long; all properties of the target
  lock-step        each step must be one of the specification; nothing else
  race             no unordered accesses to the same bytes; nothing else
  linearizability  histories of sampled executions, by Porcupine; nothing else
  hostile          as explore, where the fault is one that a hostile peer shows
  stress           real processes at full speed

Every fault must be killed by a named property: never by a build that fails, a
panic or a time-out; one to which none of the chosen checks applies leaves the
verdict unknown. At least 95 % must be killed by explore or lock-step alone.
Refactorings, which change the source and no behaviour, must raise no alarm.

With --seeds it also tells how many executions each strategy that samples needs
to the first failure.`,
		Example: `  urpccheck mutants
  urpccheck mutants --layer runtime --check explore,lock-step
  urpccheck mutants --seeds 20 no-recheck wrong-slot --json`,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, names []string) error {
			if err := f.settle(cmd.Flags().Changed); err != nil {
				return err
			}
			if *f.layer == layerSpecification {
				return a.specificationMatrix(names, &f)
			}
			return a.mutants(names, &f)
		},
	}
	f.declare(c.Flags())
	return c
}

func (f *mutantsFlags) declare(flags *pflag.FlagSet) {
	f.layer = console.WordFlag(flags, "layer", bothLayers,
		[]string{string(mutant.Runtime), string(mutant.Refactorings), layerSpecification, bothLayers}, "where they are planted")
	flags.Var(&f.checks, "check", "which checks look at them, with commas")
	f.seeds = console.NumberFlag(flags, "seeds", 0, 0, 1000, "sample so often with each strategy until the first failure")
	f.most = console.NumberFlag[uint64](flags, "executions", defaultMost, 1, 1<<32, "with --seeds: the most of one sample")
	flags.BoolVar(&f.json, "json", false, "print one JSON object a line, the verdict last")
}

// settle refuses flags that have no meaning together.
func (f *mutantsFlags) settle(set func(flag string) bool) error {
	if set("executions") && *f.seeds == 0 {
		return console.Usage("mutants: --executions is for --seeds")
	}
	for _, flag := range []string{"check", "seeds"} {
		if *f.layer == layerSpecification && set(flag) {
			return console.Usage("mutants: --%s is for mutants of the runtime's code, not for --layer %s", flag, layerSpecification)
		}
	}
	return nil
}

// checkList is a flag of checks, in the order in which they are tried.
type checkList []trial.Check

func (l *checkList) Type() string { return "check,..." }

func (l *checkList) String() string {
	names := make([]string, len(*l))
	for i, c := range *l {
		names[i] = string(c)
	}
	return strings.Join(names, ",")
}

func (l *checkList) Set(text string) error {
	var wanted []trial.Check
	for name := range strings.SplitSeq(text, ",") {
		c, err := trial.FindCheck(strings.TrimSpace(name))
		if err != nil {
			return err
		}
		wanted = append(wanted, c)
	}
	*l = slices.DeleteFunc(trial.Checks(), func(c trial.Check) bool { return !slices.Contains(wanted, c) })
	return nil
}

// chosenMutants gives the mutants of the layer, or those of them that are named,
// in the catalogue's order.
func (f *mutantsFlags) chosenMutants(names []string) ([]mutant.Mutant, error) {
	var all []mutant.Mutant
	if *f.layer != string(mutant.Refactorings) {
		all = append(all, mutant.All()...)
	}
	if *f.layer != string(mutant.Runtime) {
		all = append(all, mutant.AllRefactorings()...)
	}
	known := make([]string, len(all))
	for i, m := range all {
		known[i] = m.Name
	}
	of := "the runtime"
	if *f.layer != bothLayers {
		of = "layer " + *f.layer
	}
	if err := knownNames(names, of, known); err != nil || len(names) == 0 {
		return all, err
	}
	return slices.DeleteFunc(all, func(m mutant.Mutant) bool { return !slices.Contains(names, m.Name) }), nil
}

// knownNames refuses a name that is none of the known ones.
func knownNames(names []string, of string, known []string) error {
	for _, name := range names {
		if !slices.Contains(known, name) {
			return console.UsageOf(&catalogue.UnknownError{
				What: "mutant", Of: of, Name: name, Nearest: catalogue.Nearest(name, known), Known: known,
			})
		}
	}
	return nil
}
