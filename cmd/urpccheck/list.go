package main

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"urpc/checker/catalogue"
)

func (a *app) listCommand() *cobra.Command {
	asJSON := false
	c := &cobra.Command{
		Use:   "list [MODEL|TARGET]",
		Short: "list what there is to check and to explore; of one, its parameters, configurations and mutants",
		Example: `  urpccheck list
  urpccheck list channel`,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			switch {
			case len(args) > 1:
				return usage("list: %d arguments; want one MODEL or TARGET, or none", len(args))
			case len(args) == 1:
				return a.listOne(args[0], asJSON)
			}
			return a.listAll(asJSON)
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print one JSON object a line")
	return c
}

// subjects are everything that list knows, under its heading.
type subjects struct {
	heading, record string
	families        []catalogue.Family
}

func listed() []subjects {
	return []subjects{
		{"models: urpccheck check MODEL", "model", families()},
		{"real code: urpccheck explore TARGET", "target", targetFamilies()},
	}
}

// listAll prints a line for each.
func (a *app) listAll(asJSON bool) error {
	for i, s := range listed() {
		if asJSON {
			for _, f := range s.families {
				a.out.json(familyOf(s.record, f))
			}
			continue
		}
		if i > 0 {
			a.out.line("")
		}
		a.out.line("%s", s.heading)
		for _, f := range s.families {
			a.entry(f.Name, f.Doc, 14)
			a.out.line("  %-14s  %s, %s", "", plural(len(f.Configurations), "configuration"), plural(len(f.Mutants), "mutant"))
		}
	}
	if !asJSON {
		a.out.line("")
		a.out.line("urpccheck list NAME tells parameters, configurations and mutants.")
	}
	return nil
}

// listOne prints everything of one name; a model and a target may share it.
func (a *app) listOne(name string, asJSON bool) error {
	var known []string
	found := false
	for _, s := range listed() {
		for _, f := range s.families {
			if !slices.Contains(known, f.Name) {
				known = append(known, f.Name)
			}
			if f.Name != name {
				continue
			}
			if found && !asJSON {
				a.out.line("")
			}
			found = true
			if asJSON {
				a.out.json(familyOf(s.record, f))
			} else {
				a.describe(s.record, f)
			}
		}
	}
	if !found {
		return usageOf(&catalogue.UnknownError{What: "model or target", Name: name, Nearest: catalogue.Nearest(name, known), Known: known})
	}
	return nil
}

// describe prints a family in detail.
func (a *app) describe(record string, f catalogue.Family) {
	a.out.line("%s", folded(record+" "+f.Name+": "+f.Doc, a.out.width(), ""))
	if len(f.Parameters) > 0 {
		a.out.line("parameters (--config key=value,...)")
	}
	for _, p := range f.Parameters {
		value := p.Range()
		if len(p.Words) > 0 {
			value += "; " + p.Words[p.Default-p.Min] + " by default"
		} else if p.Min != p.Max {
			value += "; " + grouped(p.Default) + " by default"
		}
		a.entry(p.Name, p.Doc+" ("+value+")", 18)
	}
	if len(f.Configurations) > 0 {
		a.out.line("configurations (--config NAME; the first is the default)")
	}
	for _, c := range f.Configurations {
		doc := c.Doc
		if c.Large {
			doc += " (large: with --all a sample of it is visited)"
		}
		a.entry(c.Name, doc, 18)
	}
	if len(f.Mutants) > 0 {
		a.out.line("mutants (--mutant NAME)")
	}
	for _, m := range f.Mutants {
		a.entry(m.Name, m.Doc+" (caught by "+m.KilledBy+" in "+m.Configuration+")", 18)
	}
}

// entry prints a name and what it is, folded beside it.
func (a *app) entry(name, doc string, column int) {
	indent := strings.Repeat(" ", column+4)
	lines := strings.Split(folded(doc, a.out.width(), indent), "\n")
	if len(name) > column {
		a.out.line("  %s", name)
		a.out.line("%s", strings.Join(lines, "\n"))
		return
	}
	lines[0] = strings.TrimPrefix(lines[0], indent)
	a.out.line("  %-*s  %s", column, name, strings.Join(lines, "\n"))
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
			panic("urpccheck: a declared configuration does not parse: " + err.Error())
		}
		r.Configurations = append(r.Configurations, configurationRecord{c.Name, c.Doc, values.String(), c.Large})
	}
	for _, m := range f.Mutants {
		r.Mutants = append(r.Mutants, mutantRecord(m))
	}
	return r
}
