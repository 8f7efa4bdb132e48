package catalogue

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Validate says what is wrong with a declaration: names that are missing, used
// twice or not readable by Parse, defaults and configurations out of bounds,
// mutants whose configuration does not exist or whose model does not build. It
// is for tests: every family has one that calls it.
func (f Family) Validate() error {
	if err := f.validate(); err != nil {
		return fmt.Errorf("family %q: %w", f.Name, err)
	}
	return nil
}

func (f Family) validate() error {
	if err := validName(f.Name); err != nil {
		return err
	}
	if f.Doc == "" {
		return errors.New("has no Doc")
	}
	if f.Build == nil {
		return errors.New("has no Build")
	}
	if len(f.Configurations) == 0 {
		return errors.New("has no configuration: the first one is the default")
	}
	for _, check := range []func() error{f.validateParameters, f.validateConfigurations, f.validateMutants} {
		if err := check(); err != nil {
			return err
		}
	}
	return nil
}

func (f Family) validateParameters() error {
	names := map[string]bool{}
	for _, p := range f.Parameters {
		if err := unique(names, p.Name, p.Doc); err != nil {
			return fmt.Errorf("parameter %q: %w", p.Name, err)
		}
		switch {
		case p.Min > p.Max:
			return fmt.Errorf("parameter %q: Min %d is above Max %d", p.Name, p.Min, p.Max)
		case p.Default < p.Min || p.Default > p.Max:
			return fmt.Errorf("parameter %q: Default %d is not within %d to %d", p.Name, p.Default, p.Min, p.Max)
		case p.Words != nil && len(p.Words) != p.Max-p.Min+1:
			return fmt.Errorf("parameter %q: has %d words for %d values", p.Name, len(p.Words), p.Max-p.Min+1)
		}
		words := map[string]bool{}
		for _, word := range p.Words {
			if err := unique(words, word, p.Doc); err != nil {
				return fmt.Errorf("parameter %q: word %q: %w", p.Name, word, err)
			}
		}
	}
	return nil
}

func (f Family) validateConfigurations() error {
	names := map[string]bool{}
	for _, c := range f.Configurations {
		if err := unique(names, c.Name, c.Doc); err != nil {
			return fmt.Errorf("configuration %q: %w", c.Name, err)
		}
		for key, value := range c.Set {
			i := slices.IndexFunc(f.Parameters, func(p Parameter) bool { return p.Name == key })
			if i < 0 {
				return fmt.Errorf("configuration %q: sets %q, which is no parameter", c.Name, key)
			}
			if p := f.Parameters[i]; value < p.Min || value > p.Max {
				return fmt.Errorf("configuration %q: sets %s to %d, not within %d to %d", c.Name, key, value, p.Min, p.Max)
			}
		}
		if _, err := f.Build(f.with(c), ""); err != nil {
			return fmt.Errorf("configuration %q: does not build: %w", c.Name, err)
		}
	}
	return nil
}

func (f Family) validateMutants() error {
	names := map[string]bool{}
	for _, m := range f.Mutants {
		if err := unique(names, m.Name, m.Doc); err != nil {
			return fmt.Errorf("mutant %q: %w", m.Name, err)
		}
		if m.KilledBy == "" {
			return fmt.Errorf("mutant %q: names no property that catches it", m.Name)
		}
		c, err := f.configuration(m.Configuration)
		if err != nil {
			return fmt.Errorf("mutant %q: %w", m.Name, err)
		}
		if _, err := f.Build(f.with(c), m.Name); err != nil {
			return fmt.Errorf("mutant %q: does not build: %w", m.Name, err)
		}
	}
	return nil
}

// unique books a name that must be readable, documented and new.
func unique(names map[string]bool, name, doc string) error {
	if err := validName(name); err != nil {
		return err
	}
	if doc == "" {
		return errors.New("has no Doc")
	}
	if names[name] {
		return errors.New("there are two of this name")
	}
	names[name] = true
	return nil
}

// separators are what a command line or Parse would take a name apart at.
const separators = "=, \t\n\"'"

// validName refuses a name that a command line or Parse would take apart.
func validName(name string) error {
	if name == "" {
		return errors.New("has no name")
	}
	if strings.ContainsAny(name, separators) {
		return fmt.Errorf("name %q has a character that settings are separated by", name)
	}
	return nil
}
