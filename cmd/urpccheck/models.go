package main

import (
	"urpc/checker"
	"urpc/checker/catalogue"
	"urpc/examples"
	"urpc/spec"
)

// families are all models that the command knows: the specification, then the
// examples.
func families() []catalogue.Family {
	return append(append([]catalogue.Family(nil), spec.Families...), examples.Families...)
}

func modelNames() []string {
	var names []string
	for _, f := range families() {
		names = append(names, f.Name)
	}
	return names
}

// chosen is a model with a configuration and, perhaps, a mutant.
type chosen struct {
	family catalogue.Family
	values catalogue.Values
	name   string // of the configuration, if it is a declared one
	mutant string
	model  checker.AnyModel
}

// choose builds the model that names say. Without a configuration a mutant comes
// in its own. Every error is one of usage.
func choose(model, config, mutant string) (chosen, error) {
	family, err := catalogue.Find(families(), model)
	if err != nil {
		return chosen{}, usageOf(err)
	}
	if mutant != "" {
		m, err := family.Mutant(mutant)
		if err != nil {
			return chosen{}, usageOf(err)
		}
		if config == "" {
			config = m.Configuration
		}
	}
	values, name, err := family.Parse(config)
	if err != nil {
		return chosen{}, usage("model %s: %w", model, err)
	}
	built, err := family.Build(values, mutant)
	if err != nil {
		return chosen{}, usage("model %s: configuration %s: %w", model, values, err)
	}
	return chosen{family, values, name, mutant, built}, nil
}

// title names the model for a reader.
func (c *chosen) title() string {
	if c.mutant != "" {
		return c.family.Name + " with mutant " + c.mutant
	}
	return c.family.Name
}

// configuration names it and its values for a reader.
func (c *chosen) configuration() string {
	if c.name != "" {
		return c.name + " (" + c.values.String() + ")"
	}
	return c.values.String()
}

// command is the command line of a verb on the same choice.
func (c *chosen) command(verb string) string {
	config := c.name
	if config == "" {
		config = c.values.String()
	}
	args := []string{verb, c.family.Name, "--config", config}
	if c.mutant != "" {
		args = append(args, "--mutant", c.mutant)
	}
	return commandLine(args...)
}
