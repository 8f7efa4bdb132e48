package main

import (
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"urpc/checker/catalogue"
)

// rootCommand makes the command with all its verbs.
func (a *app) rootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:   "urpccheck",
		Short: "check user-level remote procedure calls, from the specification to real processes",
		Long: `urpccheck checks user-level remote procedure calls (URPC) at every level.

Exit codes: 0 holds within the stated bound, or the budget was used and nothing
found; 1 violated; 2 usage; 3 unknown; 4 the tool or its environment failed;
130 interrupted, with a partial report.`,
		Example: "  urpccheck verify\n  urpccheck check channel --mutant no-recheck",
		Version: version(),
		Args:    cobra.ArbitraryArgs,
		// Errors are printed once, by exitCode, and without the whole help.
		SilenceErrors: true,
		SilenceUsage:  true,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return usage("no verb; want one of: %s (urpccheck --help tells more)", strings.Join(verbs(cmd), ", "))
		},
	}
	root.SetOut(a.out)
	root.SetErr(a.errors)
	root.SetVersionTemplate("{{.Version}}\n")
	root.SetFlagErrorFunc(flagError)
	root.AddCommand(
		a.verifyCommand(), a.listCommand(), a.checkCommand(), a.exploreCommand(), a.stressCommand(),
		a.mutantsCommand(), a.replayCommand(), a.showCommand(), a.benchCommand(), a.doctorCommand(),
	)
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd()
	return root
}

// verbs lists the names of the verbs.
func verbs(root *cobra.Command) []string {
	var names []string
	for _, c := range root.Commands() {
		if c.IsAvailableCommand() {
			names = append(names, c.Name())
		}
	}
	return names
}

// checkVerb refuses an unknown verb before its flags are looked at.
func checkVerb(root *cobra.Command, args []string) error {
	if len(args) == 0 || strings.HasPrefix(args[0], "-") || strings.HasPrefix(args[0], "__complete") {
		return nil
	}
	known := append(verbs(root), "help")
	for _, name := range known {
		if name == args[0] {
			return nil
		}
	}
	return usageOf(&catalogue.UnknownError{What: "verb", Name: args[0], Nearest: catalogue.Nearest(args[0], known), Known: known})
}

// flagError says what is wrong with a flag, and what would be right.
func flagError(cmd *cobra.Command, err error) error {
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
		return usageOf(&catalogue.UnknownError{What: "flag", Of: cmd.Name(), Name: dashes + name, Nearest: nearest, Known: known})
	case errors.As(err, &valueless):
		return usage("flag --%s has no value; want --%[1]s %s", valueless.GetFlag().Name, strings.ToUpper(valueless.GetFlag().Value.Type()))
	case errors.As(err, &invalid) && invalid.GetFlag().Value.Type() == "bool":
		return usage("flag --%s: %q is none of its values: want true or false, or nothing", invalid.GetFlag().Name, invalid.GetValue())
	case errors.As(err, &invalid):
		return usage("flag --%s: %w", invalid.GetFlag().Name, invalid.Unwrap())
	default:
		return usageOf(err)
	}
}

// version tells what this program was built from.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "urpccheck (built without module information)"
	}
	settings := map[string]string{}
	for _, s := range info.Settings {
		settings[s.Key] = s.Value
	}
	text := fmt.Sprintf("urpccheck %s %s %s/%s", info.Main.Version, info.GoVersion, runtime.GOOS, runtime.GOARCH)
	if revision := settings["vcs.revision"]; revision != "" {
		text += " " + revision[:min(12, len(revision))]
		if settings["vcs.modified"] == "true" {
			text += " (modified)"
		}
	}
	return text
}

// one demands exactly one argument.
func one(what string, known func() []string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) == 1 {
			return nil
		}
		right := ""
		if known != nil {
			right = ": one of " + strings.Join(known(), ", ")
		}
		if len(args) == 0 {
			return usage("%s: no %s; want urpccheck %[1]s %[2]s%s", cmd.Name(), what, right)
		}
		return usage("%s: %d arguments (%s); want one %s%s", cmd.Name(), len(args), strings.Join(args, " "), what, right)
	}
}

// none demands no argument.
func none(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return usage("%s: takes no argument, and was given %q", cmd.Name(), args[0])
	}
	return nil
}
