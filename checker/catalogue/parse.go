package catalogue

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Find gives the family of a name.
func Find(families []Family, name string) (Family, error) {
	var known []string
	for _, f := range families {
		if f.Name == name {
			return f, nil
		}
		known = append(known, f.Name)
	}
	return Family{}, unknown("model", "", name, known)
}

// Mutant gives the mutant of a name.
func (f Family) Mutant(name string) (Mutant, error) {
	var known []string
	for _, m := range f.Mutants {
		if m.Name == name {
			return m, nil
		}
		known = append(known, m.Name)
	}
	return Mutant{}, unknown("mutant", f.Name, name, known)
}

// Parse reads a configuration: "" for the first one; the name of one; settings
// "key=value,..." on top of the parameters' defaults; or a name and settings on
// top of it, "name,key=value,...". The name that it gives back is that of the
// declared configuration whose values came out, or "" if none is. The error says
// what is wrong and what would be right.
func (f Family) Parse(config string) (Values, string, error) {
	v, err := f.parse(config)
	if unknown := (*UnknownError)(nil); errors.As(err, &unknown) && unknown.Name == config {
		return Values{}, "", err // which says all
	}
	if err != nil {
		return Values{}, "", fmt.Errorf("configuration %q: %w", config, err)
	}
	return v, f.nameOf(v), nil
}

func (f Family) parse(config string) (Values, error) {
	if config == "" {
		return f.first(), nil
	}
	parts := strings.Split(config, ",")
	v := f.defaults()
	if !strings.Contains(parts[0], "=") && parts[0] != "" {
		named, err := f.configuration(parts[0])
		if err != nil {
			return Values{}, err
		}
		v, parts = f.with(named), parts[1:]
	}
	set := map[string]bool{}
	for _, part := range parts {
		if err := f.set(v, part, set); err != nil {
			return Values{}, err
		}
	}
	return v, nil
}

// set reads one "key=value".
func (f Family) set(v Values, part string, set map[string]bool) error {
	key, text, found := strings.Cut(part, "=")
	switch {
	case part == "":
		return errors.New("a setting is empty (two commas, or one at an end); want key=value[,key=value]")
	case !found:
		if slices.ContainsFunc(f.Configurations, func(c Configuration) bool { return c.Name == part }) {
			return fmt.Errorf("configuration name %q must come first; want name[,key=value]", part)
		}
		return fmt.Errorf("setting %q has no value; want key=value[,key=value]", part)
	}
	i := slices.IndexFunc(f.Parameters, func(p Parameter) bool { return p.Name == key })
	switch {
	case i < 0:
		return unknown("parameter", f.Name, key, f.parameterNames())
	case set[key]:
		return fmt.Errorf("parameter %s is set twice", key)
	}
	set[key] = true
	value, err := f.Parameters[i].parse(text)
	if err != nil {
		return fmt.Errorf("parameter %s: %w", key, err)
	}
	v.values[i] = value
	return nil
}

// parse reads a value of the parameter.
func (p Parameter) parse(text string) (int, error) {
	if text == "" {
		return 0, fmt.Errorf("has no value; want %s", p.Range())
	}
	if len(p.Words) > 0 {
		return p.parseWord(text)
	}
	value, err := strconv.Atoi(text)
	switch {
	case errors.Is(err, strconv.ErrRange):
		return 0, fmt.Errorf("%s is out of range; want %s", text, p.Range())
	case err != nil || strconv.Itoa(value) != text:
		return 0, fmt.Errorf("%q is not a number; want %s", text, p.Range())
	case value < p.Min || value > p.Max:
		return 0, fmt.Errorf("%d is out of range; want %s", value, p.Range())
	}
	return value, nil
}

func (p Parameter) parseWord(text string) (int, error) {
	for i, word := range p.Words {
		if word == text {
			return p.Min + i, nil
		}
	}
	if near := Nearest(text, p.Words); near != "" {
		return 0, fmt.Errorf("%q is none of its values; did you mean %q? want %s", text, near, p.Range())
	}
	return 0, fmt.Errorf("%q is none of its values; want %s", text, p.Range())
}

// Range says in words what the parameter may be: "1 to 4", "left or right".
func (p Parameter) Range() string {
	if n := len(p.Words); n > 0 {
		if n == 1 {
			return p.Words[0]
		}
		return strings.Join(p.Words[:n-1], ", ") + " or " + p.Words[n-1]
	}
	if p.Min == p.Max {
		return strconv.Itoa(p.Min)
	}
	return fmt.Sprintf("%d to %d", p.Min, p.Max)
}

func (f Family) configuration(name string) (Configuration, error) {
	var known []string
	for _, c := range f.Configurations {
		if c.Name == name {
			return c, nil
		}
		known = append(known, c.Name)
	}
	return Configuration{}, unknown("configuration", f.Name, name, known)
}

// first is the default configuration.
func (f Family) first() Values {
	if len(f.Configurations) == 0 {
		return f.defaults()
	}
	return f.with(f.Configurations[0])
}

func (f Family) defaults() Values {
	v := Values{parameters: f.Parameters, values: make([]int, len(f.Parameters))}
	for i, p := range f.Parameters {
		v.values[i] = p.Default
	}
	return v
}

// with is a configuration on top of the defaults.
func (f Family) with(c Configuration) Values {
	v := f.defaults()
	for i, p := range f.Parameters {
		if value, ok := c.Set[p.Name]; ok {
			v.values[i] = value
		}
	}
	return v
}

// nameOf is the declared configuration that has these values, or "".
func (f Family) nameOf(v Values) string {
	for _, c := range f.Configurations {
		if slices.Equal(f.with(c).values, v.values) {
			return c.Name
		}
	}
	return ""
}

func (f Family) parameterNames() []string {
	var names []string
	for _, p := range f.Parameters {
		names = append(names, p.Name)
	}
	return names
}
