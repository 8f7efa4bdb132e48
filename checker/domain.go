package checker

import (
	"cmp"
	"errors"
	"fmt"
	"iter"
	"math/big"
	"reflect"
	"slices"
)

// Domain declares the states over which Inductive looks at a model: all combinations of the
// values that each field may have, or states one by one. Its zero value declares none.
type Domain[S comparable] struct {
	// Fields are the values that the fields may have, made by Range, OneOf and Every. Each
	// scalar of the state is of exactly one of them.
	Fields []FieldDomain
	// States, if set, gives the states one by one, in place of Fields, for a state in which
	// what one field may be depends on others. A state that comes again counts once. It is
	// called once for each check; its states are kept in memory.
	States iter.Seq[S]
}

// FieldDomain is the values that a part of the state may have: each scalar that its path
// means (see Step.Reads) may have each of them.
type FieldDomain struct {
	path      string
	every     bool
	low, high number   // of a range, if not nil: listed
	listed    []number // in the order given
	boolean   bool     // the values are
}

// number is any integer.
type number struct {
	negative bool
	bits     uint64 // of a negative one, its two's complement
}

// Integer is any integer type.
type Integer interface {
	~int | ~int8 | ~int16 | ~int32 | ~int64 | ~uint | ~uint8 | ~uint16 | ~uint32 | ~uint64
}

// Range says that integers are from low to high, both included.
func Range[T Integer](path string, low, high T) FieldDomain {
	return FieldDomain{path: path, low: numberAs(low), high: numberAs(high)}
}

// OneOf says that integers, or booleans, have one of these values.
func OneOf[T Integer | ~bool](path string, values ...T) FieldDomain {
	d := FieldDomain{path: path, listed: []number{}, boolean: reflect.TypeFor[T]().Kind() == reflect.Bool}
	for _, v := range values {
		d.listed = append(d.listed, numberAs(v))
	}
	return d
}

// Every says that scalars have any value of their type: booleans both.
func Every(path string) FieldDomain { return FieldDomain{path: path, every: true} }

func numberAs(value any) number {
	switch v := reflect.ValueOf(value); {
	case v.Kind() == reflect.Bool && v.Bool():
		return number{bits: 1}
	case v.Kind() == reflect.Bool:
		return number{}
	case v.CanInt():
		return number{v.Int() < 0, uint64(v.Int())}
	default:
		return number{bits: v.Uint()}
	}
}

func (n number) String() string {
	if n.negative {
		return fmt.Sprint(int64(n.bits))
	}
	return fmt.Sprint(n.bits)
}

func (n number) compare(m number) int {
	if n.negative != m.negative {
		return cmp.Compare(btou(m.negative), btou(n.negative))
	}
	return cmp.Compare(n.bits, m.bits) // in two's complement the lesser is the lesser
}

// declared says whether there is a domain.
func (d *Domain[S]) declared() bool { return d.Fields != nil || d.States != nil }

// values are what one scalar may be: low and the last numbers that follow it, modulo its
// width, or those listed.
type values struct {
	scalar
	kind      reflect.Kind
	low, last uint64
	listed    []uint64 // nil: it is a range
	sorted    []uint64
}

// lay lays the fields of a domain out, by scalar in the order of declaration, or says what
// of them is wrong.
func (d *Domain[S]) lay() ([]values, error) {
	switch {
	case d.Fields != nil && d.States != nil:
		return nil, errors.New("has both Fields and States; give one of them")
	case d.States != nil:
		return nil, nil
	}
	t := reflect.TypeFor[S]()
	all := make([]values, 0, len(d.Fields))
	said := map[int]string{} // by offset
	for i := range d.Fields {
		f := &d.Fields[i]
		spans, at, err := resolvePath(t, f.path, pathOwner{})
		if err != nil {
			return nil, err
		}
		for _, part := range spans {
			for _, k := range kindsOf(at) {
				v, err := f.of(k.kind, span{part.offset + k.offset, k.size})
				if err != nil {
					return nil, fmt.Errorf("path %q: %w", f.path, err)
				}
				if other, twice := said[v.offset]; twice {
					return nil, fmt.Errorf("path %q: there are values for some of it already, by path %q", f.path, other)
				}
				said[v.offset] = f.path
				all = append(all, v)
			}
		}
	}
	slices.SortFunc(all, func(a, b values) int { return cmp.Compare(a.offset, b.offset) })
	for i, s := range scalarsOf(t) { // which are in the order of their offsets
		if _, ok := said[s.offset]; !ok {
			return nil, fmt.Errorf("field %s has no values: give some by Range, OneOf or Every", s.path)
		}
		all[i].path = s.path
	}
	return all, nil
}

// kindOf is a scalar of a type and its kind.
type kindOf struct {
	span
	kind reflect.Kind
}

func kindsOf(t reflect.Type) (all []kindOf) {
	switch t.Kind() {
	case reflect.Struct:
		for i := range t.NumField() {
			for _, k := range kindsOf(t.Field(i).Type) {
				k.offset += int(t.Field(i).Offset)
				all = append(all, k)
			}
		}
	case reflect.Array:
		for i := range t.Len() {
			for _, k := range kindsOf(t.Elem()) {
				k.offset += i * int(t.Elem().Size())
				all = append(all, k)
			}
		}
	default:
		all = append(all, kindOf{span{0, int(t.Size())}, t.Kind()})
	}
	return all
}

// of gives the values to a scalar of a kind, if it can have them.
func (f *FieldDomain) of(kind reflect.Kind, at span) (values, error) {
	v := values{scalar: scalar{span: at}, kind: kind}
	switch {
	case f.every && kind == reflect.Bool:
		v.last = 1
		return v, nil
	case f.every:
		v.last = v.all()
		if v.signed() {
			v.low = v.last/2 + 1
		}
		return v, nil
	case f.boolean != (kind == reflect.Bool):
		return v, fmt.Errorf("type %s has no such values: Range is for integers, OneOf for values of the field's own kind, Every for any", kind)
	case f.listed != nil:
		return v, f.list(&v)
	case f.high.compare(f.low) < 0:
		return v, fmt.Errorf("the range from %v to %v is empty", f.low, f.high)
	}
	if err := cmp.Or(v.fits(f.low), v.fits(f.high)); err != nil {
		return v, err
	}
	v.low, v.last = f.low.bits&v.all(), f.high.bits-f.low.bits
	return v, nil
}

func (f *FieldDomain) list(v *values) error {
	if len(f.listed) == 0 {
		return errors.New("no value is listed")
	}
	v.listed = []uint64{}
	for _, n := range f.listed {
		if err := v.fits(n); err != nil {
			return err
		}
		v.listed = append(v.listed, n.bits&v.all())
	}
	v.sorted = slices.Sorted(slices.Values(v.listed))
	for i := range v.sorted[1:] {
		if v.sorted[i] == v.sorted[i+1] {
			return fmt.Errorf("value %s is listed twice", v.text(v.sorted[i]))
		}
	}
	return nil
}

func (v *values) signed() bool { return v.kind >= reflect.Int && v.kind <= reflect.Int64 }

// all is the greatest number of the width.
func (v *values) all() uint64 { return ^uint64(0) >> (64 - 8*v.size) }

func (v *values) fits(n number) error {
	most := v.all()
	if v.kind == reflect.Bool {
		most = 1
	} else if v.signed() {
		most /= 2
	}
	if n.negative && (!v.signed() || ^n.bits > most) || !n.negative && n.bits > most {
		return fmt.Errorf("%v is no value of type %s", n, v.kind)
	}
	return nil
}

// count is how many values there are, which may be 2^64.
func (v *values) count() *big.Int {
	if v.listed != nil {
		return big.NewInt(int64(len(v.listed)))
	}
	n := new(big.Int).SetUint64(v.last)
	return n.Add(n, big.NewInt(1))
}

// value is that of a number from 0.
func (v *values) value(i uint64) uint64 {
	if v.listed != nil {
		return v.listed[i]
	}
	return (v.low + i) & v.all()
}

// has says whether a word is among the values.
func (v *values) has(word uint64) bool {
	if v.listed != nil {
		_, found := slices.BinarySearch(v.sorted, word)
		return found
	}
	return (word-v.low)&v.all() <= v.last
}

// text tells a word as a number.
func (v *values) text(word uint64) string {
	switch {
	case v.kind == reflect.Bool:
		return fmt.Sprint(word != 0)
	case v.signed():
		shift := 64 - 8*v.size
		return fmt.Sprint(int64(word<<shift) >> shift)
	default:
		return fmt.Sprint(word)
	}
}

// String tells what the values are.
func (v *values) String() string {
	if v.listed == nil {
		return "from " + v.text(v.low) + " to " + v.text((v.low+v.last)&v.all())
	}
	text := "one of"
	for i, word := range v.listed {
		if i == 16 {
			return fmt.Sprintf("%s and %d more", text, len(v.listed)-i)
		}
		text += " " + v.text(word)
	}
	return text
}

// validateDomain refuses a domain that means nothing.
func validateDomain[S comparable](d *Domain[S]) error {
	if !d.declared() {
		return nil
	}
	if _, err := d.lay(); err != nil {
		return fmt.Errorf("domain: %w", err)
	}
	return nil
}
