package catalogue

import (
	"fmt"
	"strconv"
	"strings"
)

// Values are the values of all parameters of a family, in the family's order.
type Values struct {
	parameters []Parameter
	values     []int
}

// Int gives a value by the name of its parameter. A name that the family does
// not have is a mistake of the family's own Build, and panics.
func (v Values) Int(name string) int {
	for i, p := range v.parameters {
		if p.Name == name {
			return v.values[i]
		}
	}
	panic(fmt.Sprintf("catalogue: a family asks for its parameter %q, which it does not declare", name))
}

// Word gives a value as text: by its word where the parameter has words.
func (v Values) Word(name string) string {
	for i, p := range v.parameters {
		if p.Name == name {
			return p.text(v.values[i])
		}
	}
	panic(fmt.Sprintf("catalogue: a family asks for its parameter %q, which it does not declare", name))
}

// String gives all values in the family's order, as Parse takes them:
// "clients=2,servers=1".
func (v Values) String() string {
	parts := make([]string, len(v.values))
	for i, p := range v.parameters {
		parts[i] = p.Name + "=" + p.text(v.values[i])
	}
	return strings.Join(parts, ",")
}

// text shows a value of the parameter.
func (p Parameter) text(value int) string {
	if i := value - p.Min; i >= 0 && i < len(p.Words) {
		return p.Words[i]
	}
	return strconv.Itoa(value)
}
