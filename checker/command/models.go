package command

import (
	"urpc/checker"
	"urpc/checker/catalogue"
	"urpc/checker/command/console"
)

// Chosen is a model with a configuration and, perhaps, a mutant.
type Chosen struct {
	Family catalogue.Family
	Values catalogue.Values
	Name   string // of the configuration, if it is a declared one
	Mutant string
	Model  checker.AnyModel

	program console.Program
}

// Choose builds the model that names say. Without a configuration a mutant comes
// in its own. Every error is one of usage.
func (m *Models) Choose(model, config, mutant string) (Chosen, error) {
	family, err := catalogue.Find(m.Families, model)
	if err != nil {
		return Chosen{}, console.UsageOf(err)
	}
	if mutant != "" {
		found, err := family.Mutant(mutant)
		if err != nil {
			return Chosen{}, console.UsageOf(err)
		}
		if config == "" {
			config = found.Configuration
		}
	}
	values, name, err := family.Parse(config)
	if err != nil {
		return Chosen{}, console.Usage("model %s: %w", model, err)
	}
	built, err := family.Build(values, mutant)
	if err != nil {
		return Chosen{}, console.Usage("model %s: configuration %s: %w", model, values, err)
	}
	return Chosen{family, values, name, mutant, built, m.Program}, nil
}

// Names are those of the models.
func (m *Models) Names() []string {
	var names []string
	for _, f := range m.Families {
		names = append(names, f.Name)
	}
	return names
}

// Title names the model for a reader.
func (c *Chosen) Title() string {
	if c.Mutant != "" {
		return c.Family.Name + " with mutant " + c.Mutant
	}
	return c.Family.Name
}

// Configuration names it and its values for a reader.
func (c *Chosen) Configuration() string {
	values := c.Values.String()
	switch {
	case c.Name != "" && values != "":
		return c.Name + " (" + values + ")"
	case c.Name != "":
		return c.Name
	default:
		return values
	}
}

// Command is the command line of a verb on the same choice.
func (c *Chosen) Command(verb string) string {
	config := c.Name
	if config == "" {
		config = c.Values.String()
	}
	args := []string{verb, c.Family.Name, "--config", config}
	if c.Mutant != "" {
		args = append(args, "--mutant", c.Mutant)
	}
	return c.program.CommandLine(args...)
}
