package catalogue

import (
	"strings"

	"urpc/checker"
)

// Single makes a family of one model: it has no parameters, no mutants, and one
// configuration, "only". doc is one sentence. The name of the family is that of the
// model, with a dash for each space or other character that settings are separated by.
func Single(doc string, m checker.AnyModel) Family {
	name := strings.Map(func(r rune) rune {
		if strings.ContainsRune(separators, r) {
			return '-'
		}
		return r
	}, m.ModelName())
	return Family{
		Name: name, Doc: doc,
		Configurations: []Configuration{{Name: "only", Doc: "the model as it is"}},
		Build:          func(Values, string) (checker.AnyModel, error) { return m, nil },
	}
}
