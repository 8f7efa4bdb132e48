package spec

import (
	"testing"

	"urpc/checker/catalogue"
)

// Every family is declared well, and found by its name.
func TestFamilies(t *testing.T) {
	names := map[string]bool{}
	for _, f := range Families {
		if names[f.Name] {
			t.Errorf("there are two families %q", f.Name)
		}
		names[f.Name] = true
		if err := f.Validate(); err != nil {
			t.Error(err)
		}
		if found, err := catalogue.Find(Families, f.Name); err != nil || found.Name != f.Name {
			t.Errorf("family %q is not found: %v", f.Name, err)
		}
	}
	for _, name := range []string{"editor", "protocol", "channel", "queue", "call", "death", "binding", "lock"} {
		if !names[name] {
			t.Errorf("there is no family %q", name)
		}
	}
}
