package main

import (
	"github.com/spf13/cobra"

	"urpc/checker"
	"urpc/checker/catalogue"
	"urpc/checker/command"
	"urpc/checker/command/console"
	"urpc/checker/verdict"
	"urpc/examples"
	"urpc/spec"
	"urpc/spec/protocol"
)

// families are all models that the command knows: the specification, then the
// examples.
func families() []catalogue.Family {
	return append(append([]catalogue.Family(nil), spec.Families...), examples.Families...)
}

// modelsOf is the command line of the models, of which this command has more verbs.
func modelsOf(c *console.Console) *command.Models {
	return &command.Models{Console: c, Families: families(), Quantities: quantities, OtherTokens: "s3. (an interleaving)"}
}

func (a *app) checkCommand() *cobra.Command {
	c := a.models.CheckCommand()
	c.Short = "explore every state of a model of the specification or of the examples"
	c.Example = `  urpccheck check editor
  urpccheck check ring --config clients=2,replies=2 --json
  urpccheck check channel --mutant no-recheck`
	return c
}

func (a *app) inductiveCommand() *cobra.Command {
	c := a.models.InductiveCommand()
	c.Example = `  urpccheck inductive ticket
  urpccheck inductive ticket --invariant "mutual exclusion"`
	return c
}

func (a *app) simulateCommand() *cobra.Command {
	c := a.models.SimulateCommand()
	c.Example = `  urpccheck simulate protocol --walks 10000
  urpccheck simulate channel --mutant no-recheck --seed 7`
	return c
}

func (a *app) exportCommand() *cobra.Command {
	c := a.models.ExportCommand()
	c.Example = `  urpccheck export editor --format mermaid
  urpccheck export peterson --format dot --states 100 --out peterson.dot
  urpccheck export urpc-out/check-channel-no-recheck/deadlock.trace.json --format itf`
	return c
}

func (a *app) listCommand() *cobra.Command {
	c := command.ListCommand(a.Console,
		command.Subjects{Heading: "models: urpccheck check MODEL", Record: "model", Families: families()},
		command.Subjects{Heading: "real code: urpccheck explore TARGET", Record: "target", Families: targetFamilies()})
	c.Short = "list what there is to check and to explore; of one, its parameters, configurations and mutants"
	c.Example = "  urpccheck list\n  urpccheck list channel"
	return c
}

// quantityRecord is what the protocol is measured by, over all maximal paths.
// DonationsMax is left out where some path donates for ever.
type quantityRecord struct {
	DonationsMin *int       `json:"donationsMin,omitempty"`
	DonationsMax *int       `json:"donationsMax,omitempty"`
	Orders       *int       `json:"orders,omitempty"`
	OrderList    [][]string `json:"orderList,omitempty"`
}

func quantities(report *checker.Report) any {
	var record quantityRecord
	for i := range report.Properties {
		p := &report.Properties[i]
		if p.Verdict == verdict.Unknown {
			continue
		}
		switch p.Name {
		case protocol.Donations:
			record.DonationsMin = new(p.Least)
			if !p.Unbounded {
				record.DonationsMax = new(p.Most)
			}
		case protocol.Orders:
			record.Orders, record.OrderList = new(len(p.Orders)), p.Orders
		}
	}
	return record
}
