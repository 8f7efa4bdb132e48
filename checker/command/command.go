// Package command gives models a command line: check explores one and says what
// holds, inductive asks whether its invariants are inductive, simulate takes random walks,
// replay, show and export take a counterexample up again, list tells what there is.
//
//	func main() {
//		command.Main(mine.Family, catalogue.Single("one sentence", checker.Any(other)))
//	}
//
// Exit codes: 0 holds within the stated bound; 1 violated; 2 usage; 3 unknown; 4 the
// program or its environment failed; 130 interrupted, with a partial report. With
// --json every line is one object, the verdict last.
//
// Where to look: a file per verb (check.go, show.go, …), checked.go for how a check is
// told, recorded.go and token.go for traces that are read again; package console for
// output, exit codes and values of flags.
package command

import (
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"

	"urpc/checker"
	"urpc/checker/catalogue"
	"urpc/checker/command/console"
)

// Models is the command line of some families of models, for commands that have more
// verbs than it: each method that gives a command gives a verb. Others call Main.
type Models struct {
	*console.Console
	Families []catalogue.Family
	// Quantities, if set, gives more fields for the JSON record of a check's verdict: a
	// struct, or nil.
	Quantities func(*checker.Report) any
	// OtherTokens, if set, says what can be replayed besides a trace of a model: "s3.
	// (an interleaving)".
	OtherTokens string
}

// Main runs the command line of the families with this process's arguments, and ends
// the process with its exit code. A family that is wrong (catalogue.Family.Validate)
// is refused whatever the arguments are.
func Main(families ...catalogue.Family) {
	name := strings.TrimSuffix(filepath.Base(os.Args[0]), ".exe")
	program := console.Program{Name: name, Source: ".", Out: name + "-out"}
	if info, ok := debug.ReadBuildInfo(); ok {
		program.Source = info.Path
	}
	os.Exit(console.Main(program, func(c *console.Console, args []string) error {
		return Execute(c, args, families)
	}))
}

// Execute runs the command line of the families in a console.
func Execute(c *console.Console, args []string, families []catalogue.Family) error {
	if len(families) == 0 {
		return console.Usage("there is no model: this program was given none")
	}
	for i, f := range families {
		if err := f.Validate(); err != nil {
			return err
		}
		for _, other := range families[:i] {
			if other.Name == f.Name {
				return console.Usage("there are two families of models of the name %s", f.Name)
			}
		}
	}
	m := &Models{Console: c, Families: families}
	root := m.root()
	if err := console.CheckVerb(root, args); err != nil {
		return err
	}
	root.SetArgs(args)
	return root.ExecuteContext(c.Ctx)
}

func (m *Models) root() *cobra.Command {
	root := &cobra.Command{
		Use:   m.Program.Name,
		Short: "check models: " + strings.Join(m.Names(), ", "),
		Long: `Explores every state that a model can reach, and says which of its properties hold.

Exit codes: 0 holds within the stated bound; 1 violated; 2 usage; 3 unknown;
4 the program or its environment failed; 130 interrupted, with a partial report.`,
	}
	console.Root(root, m.Console)
	root.AddCommand(m.CheckCommand(), m.InductiveCommand(), m.SimulateCommand(), m.ReplayCommand(), m.ShowCommand(), m.ExportCommand(), m.ListCommand())
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd()
	return root
}

// model takes the name of a model off the arguments of a verb; where there is only one,
// it need not be named.
func (m *Models) model(args []string) string {
	if len(args) == 0 {
		return m.Families[0].Name
	}
	return args[0]
}

// oneModel demands the name of a model, if there are several.
func (m *Models) oneModel(cmd *cobra.Command, args []string) error {
	if len(args) == 0 && len(m.Families) == 1 {
		return nil
	}
	return console.One("MODEL", m.Names)(cmd, args)
}
