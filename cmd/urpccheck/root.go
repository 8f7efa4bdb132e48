package main

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"urpc/checker/command/console"

	"github.com/spf13/cobra"
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
	}
	console.Root(root, a.Console)
	root.SetVersionTemplate("{{.Version}}\n")
	root.AddCommand(
		a.verifyCommand(), a.listCommand(), a.checkCommand(), a.exploreCommand(), a.stressCommand(),
		a.mutantsCommand(), a.inductiveCommand(), a.simulateCommand(), a.replayCommand(), a.showCommand(), a.exportCommand(), a.benchCommand(), a.doctorCommand(),
	)
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd()
	return root
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
