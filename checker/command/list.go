package command

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"urpc/checker/catalogue"
	"urpc/checker/command/console"
)

// Subjects are families that list tells of, under a heading.
type Subjects struct {
	Heading  string // "models: urpccheck check MODEL"
	Record   string // what one is called in JSON: "model"
	Families []catalogue.Family
}

// list is the verb list.
type list struct {
	*console.Console
	of []Subjects
}

// ListCommand tells what models there are.
func (m *Models) ListCommand() *cobra.Command {
	return ListCommand(m.Console, Subjects{"models: " + m.Program.Name + " check MODEL", "model", m.Families})
}

// ListCommand tells what there is.
func ListCommand(c *console.Console, of ...Subjects) *cobra.Command {
	l, asJSON := list{c, of}, false
	command := &cobra.Command{
		Use:   "list [" + strings.ToUpper(l.records("|")) + "]",
		Short: "list what there is; of one, its parameters, configurations and mutants",
		Args:  cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			switch {
			case len(args) > 1:
				return console.Usage("list: %d arguments; want one %s, or none", len(args), strings.ToUpper(l.records(" or ")))
			case len(args) == 1:
				return l.one(args[0], asJSON)
			}
			l.all(asJSON)
			return nil
		},
	}
	command.Flags().BoolVar(&asJSON, "json", false, "print one JSON object a line")
	return command
}

// records joins what the subjects are called: "model or target".
func (l list) records(by string) string {
	var names []string
	for _, s := range l.of {
		names = append(names, s.Record)
	}
	return strings.Join(names, by)
}

// all prints a line for each.
func (l list) all(asJSON bool) {
	for i, s := range l.of {
		if asJSON {
			for _, f := range s.Families {
				l.Out.JSON(familyOf(s.Record, f))
			}
			continue
		}
		if i > 0 {
			l.Out.Line("")
		}
		l.Out.Line("%s", s.Heading)
		for _, f := range s.Families {
			l.entry(f.Name, f.Doc, 14)
			l.Out.Line("  %-14s  %s, %s", "", console.Plural(len(f.Configurations), "configuration"), console.Plural(len(f.Mutants), "mutant"))
		}
	}
	if !asJSON {
		l.Out.Line("")
		l.Out.Line("%s list NAME tells parameters, configurations and mutants.", l.Program.Name)
	}
}

// one prints everything of one name; a model and a target may share it.
func (l list) one(name string, asJSON bool) error {
	var known []string
	found := false
	for _, s := range l.of {
		for _, f := range s.Families {
			if !slices.Contains(known, f.Name) {
				known = append(known, f.Name)
			}
			if f.Name != name {
				continue
			}
			if found && !asJSON {
				l.Out.Line("")
			}
			found = true
			if asJSON {
				l.Out.JSON(familyOf(s.Record, f))
			} else {
				l.describe(s.Record, f)
			}
		}
	}
	if !found {
		return console.UsageOf(&catalogue.UnknownError{What: l.records(" or "), Name: name, Nearest: catalogue.Nearest(name, known), Known: known})
	}
	return nil
}

// describe prints a family in detail.
func (l list) describe(record string, f catalogue.Family) {
	l.Out.Line("%s", console.Folded(record+" "+f.Name+": "+f.Doc, l.Out.Width(), ""))
	if len(f.Parameters) > 0 {
		l.Out.Line("parameters (--config key=value,...)")
	}
	for _, p := range f.Parameters {
		value := p.Range()
		if len(p.Words) > 0 {
			value += "; " + p.Words[p.Default-p.Min] + " by default"
		} else if p.Min != p.Max {
			value += "; " + console.Grouped(p.Default) + " by default"
		}
		l.entry(p.Name, p.Doc+" ("+value+")", 18)
	}
	if len(f.Configurations) > 0 {
		l.Out.Line("configurations (--config NAME; the first is the default)")
	}
	for _, c := range f.Configurations {
		doc := c.Doc
		if c.Large {
			doc += " (large: with --all a sample of it is visited)"
		}
		l.entry(c.Name, doc, 18)
	}
	if len(f.Mutants) > 0 {
		l.Out.Line("mutants (--mutant NAME)")
	}
	for _, m := range f.Mutants {
		l.entry(m.Name, m.Doc+" (caught by "+m.KilledBy+" in "+m.Configuration+")", 18)
	}
}

// entry prints a name and what it is, folded beside it.
func (l list) entry(name, doc string, column int) {
	indent := strings.Repeat(" ", column+4)
	lines := strings.Split(console.Folded(doc, l.Out.Width(), indent), "\n")
	if len(name) > column {
		l.Out.Line("  %s", name)
		l.Out.Line("%s", strings.Join(lines, "\n"))
		return
	}
	lines[0] = strings.TrimPrefix(lines[0], indent)
	l.Out.Line("  %-*s  %s", column, name, strings.Join(lines, "\n"))
}

// familyRecord is a family as JSON.
type familyRecord struct {
	Record         string                `json:"record"` // "model" or "target"
	Name           string                `json:"name"`
	Doc            string                `json:"doc"`
	Parameters     []parameterRecord     `json:"parameters"`
	Configurations []configurationRecord `json:"configurations"`
	Mutants        []mutantRecord        `json:"mutants"`
}

type parameterRecord struct {
	Name    string   `json:"name"`
	Doc     string   `json:"doc"`
	Default int      `json:"default"`
	Min     int      `json:"min"`
	Max     int      `json:"max"`
	Words   []string `json:"words,omitempty"` // names of the values from min up
}

type configurationRecord struct {
	Name   string `json:"name"`
	Doc    string `json:"doc"`
	Values string `json:"values"`
	Large  bool   `json:"large,omitempty"`
}

type mutantRecord struct {
	Name          string `json:"name"`
	Doc           string `json:"doc"`
	Configuration string `json:"configuration"`
	KilledBy      string `json:"killedBy"`
}

func familyOf(record string, f catalogue.Family) familyRecord {
	r := familyRecord{Record: record, Name: f.Name, Doc: f.Doc,
		Parameters: []parameterRecord{}, Configurations: []configurationRecord{}, Mutants: []mutantRecord{}}
	for _, p := range f.Parameters {
		r.Parameters = append(r.Parameters, parameterRecord{p.Name, p.Doc, p.Default, p.Min, p.Max, p.Words})
	}
	for _, c := range f.Configurations {
		values, _, err := f.Parse(c.Name)
		if err != nil {
			panic("command: a declared configuration does not parse: " + err.Error())
		}
		r.Configurations = append(r.Configurations, configurationRecord{c.Name, c.Doc, values.String(), c.Large})
	}
	for _, m := range f.Mutants {
		r.Mutants = append(r.Mutants, mutantRecord(m))
	}
	return r
}
