package console

import (
	"errors"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"urpc/checker/catalogue"
)

// Verbs lists the names of the verbs.
func Verbs(root *cobra.Command) []string {
	var names []string
	for _, c := range root.Commands() {
		if c.IsAvailableCommand() {
			names = append(names, c.Name())
		}
	}
	return names
}

// CheckVerb refuses an unknown verb before its flags are looked at.
func CheckVerb(root *cobra.Command, args []string) error {
	if len(args) == 0 || strings.HasPrefix(args[0], "-") || strings.HasPrefix(args[0], "__complete") {
		return nil
	}
	known := append(Verbs(root), "help")
	for _, name := range known {
		if name == args[0] {
			return nil
		}
	}
	return UsageOf(&catalogue.UnknownError{What: "verb", Name: args[0], Nearest: catalogue.Nearest(args[0], known), Known: known})
}

// FlagError says what is wrong with a flag, and what would be right.
func FlagError(cmd *cobra.Command, err error) error {
	var missing *pflag.NotExistError
	var valueless *pflag.ValueRequiredError
	var invalid *pflag.InvalidValueError
	switch {
	case errors.As(err, &missing):
		var known []string
		cmd.Flags().VisitAll(func(f *pflag.Flag) {
			if !f.Hidden {
				known = append(known, f.Name)
			}
		})
		name, dashes := missing.GetSpecifiedName(), "--"
		if missing.GetSpecifiedShortnames() != "" {
			dashes = "-"
		}
		nearest := catalogue.Nearest(name, known)
		if nearest != "" {
			nearest = "--" + nearest
		}
		for i := range known {
			known[i] = "--" + known[i]
		}
		return UsageOf(&catalogue.UnknownError{What: "flag", Of: cmd.Name(), Name: dashes + name, Nearest: nearest, Known: known})
	case errors.As(err, &valueless):
		return Usage("flag --%s has no value; want --%[1]s %s", valueless.GetFlag().Name, strings.ToUpper(valueless.GetFlag().Value.Type()))
	case errors.As(err, &invalid) && invalid.GetFlag().Value.Type() == "bool":
		return Usage("flag --%s: %q is none of its values: want true or false, or nothing", invalid.GetFlag().Name, invalid.GetValue())
	case errors.As(err, &invalid):
		return Usage("flag --%s: %w", invalid.GetFlag().Name, invalid.Unwrap())
	default:
		return UsageOf(err)
	}
}

// One demands exactly one argument.
func One(what string, known func() []string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) == 1 {
			return nil
		}
		right := ""
		if known != nil {
			right = ": one of " + strings.Join(known(), ", ")
		}
		if len(args) == 0 {
			return Usage("%s: no %s; want %s %s %s%s", cmd.Name(), what, cmd.Root().Name(), cmd.Name(), what, right)
		}
		return Usage("%s: %d arguments (%s); want one %s%s", cmd.Name(), len(args), strings.Join(args, " "), what, right)
	}
}

// None demands no argument.
func None(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return Usage("%s: takes no argument, and was given %q", cmd.Name(), args[0])
	}
	return nil
}

// Root makes a command one that prints to the console, tells an error once and without
// the whole help, and demands a verb.
func Root(root *cobra.Command, c *Console) {
	root.Args = cobra.ArbitraryArgs
	root.SilenceErrors, root.SilenceUsage = true, true
	root.RunE = func(cmd *cobra.Command, _ []string) error {
		return Usage("no verb; want one of: %s (%s --help tells more)", strings.Join(Verbs(cmd), ", "), cmd.Name())
	}
	root.SetOut(c.Out)
	root.SetErr(c.Errors)
	root.SetFlagErrorFunc(FlagError)
}
