package checker

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// A path names a part of the state: Client[self].At, Slot[*], Lock. It is a field, and
// from there on fields of structs and elements of arrays; what it comes to may be a scalar
// or all that is within a struct or an array. An index is
//
//	3               a number
//	*               every element
//	self            the number of the instance that takes the step
//	self+1, self-1  that of another one of its process, round at the end

// span is where a part lies in the bytes of a state.
type span struct{ offset, size int }

// pathOwner is for whom paths are read: instance self of count. Where count is 0 it is for
// nobody, and no path may say self.
type pathOwner struct{ self, count int }

// resolvePath gives the parts of a state type that a path means, or says what of it is wrong.
func resolvePath(t reflect.Type, path string, owner pathOwner) ([]span, reflect.Type, error) {
	r := pathReader{whole: path, rest: path, owner: owner, at: t, spans: []span{{0, int(t.Size())}}}
	if err := r.field(); err != nil {
		return nil, nil, fmt.Errorf("path %q: %w", path, err)
	}
	for r.rest != "" {
		var err error
		switch r.rest[0] {
		case '.':
			r.rest = r.rest[1:]
			err = r.field()
		case '[':
			err = r.index()
		default:
			err = fmt.Errorf("%q is followed by %q, want . or [", r.known(), r.rest)
		}
		if err != nil {
			return nil, nil, fmt.Errorf("path %q: %w", path, err)
		}
	}
	return r.spans, r.at, nil
}

// pathReader goes along a path.
type pathReader struct {
	whole, rest string
	owner       pathOwner
	at          reflect.Type // of each of spans
	spans       []span
}

// known is what was read of the path.
func (r *pathReader) known() string { return r.whole[:len(r.whole)-len(r.rest)] }

// where names what the next part is looked for in.
func (r *pathReader) where() string {
	if known := strings.TrimSuffix(r.known(), "."); known != "" {
		return known
	}
	return "the state"
}

// field reads the name of a field and goes there.
func (r *pathReader) field() error {
	where := r.where()
	end := strings.IndexAny(r.rest, ".[")
	if end < 0 {
		end = len(r.rest)
	}
	name := r.rest[:end]
	switch {
	case name == "":
		return fmt.Errorf("a field of %s is not named", where)
	case r.at.Kind() == reflect.Array:
		return fmt.Errorf("%s is an array: give an index, as in %s[*]", where, where)
	case r.at.Kind() != reflect.Struct:
		return fmt.Errorf("%s is a %s and has no fields", where, r.at.Kind())
	}
	f, ok := r.at.FieldByName(name)
	if !ok || len(f.Index) != 1 {
		return fmt.Errorf("%s has no field %q; it has %s", where, name, strings.Join(fieldNames(r.at), ", "))
	}
	r.rest = r.rest[end:]
	for i := range r.spans {
		r.spans[i] = span{r.spans[i].offset + int(f.Offset), int(f.Type.Size())}
	}
	r.at = f.Type
	return nil
}

func fieldNames(t reflect.Type) []string {
	var names []string
	for i := range t.NumField() {
		names = append(names, t.Field(i).Name)
	}
	return names
}

// index reads an index and goes to the elements that it means.
func (r *pathReader) index() error {
	where := r.where()
	if r.at.Kind() != reflect.Array {
		return fmt.Errorf("%s is a %s and has no elements", where, r.at.Kind())
	}
	text, rest, closed := strings.Cut(r.rest[1:], "]")
	if !closed {
		return fmt.Errorf("the index of %s has no end: ] is missing", where)
	}
	first, n := 0, r.at.Len()
	if text != "*" {
		i, err := r.number(text)
		if err != nil {
			return fmt.Errorf("%w, as index of %s", err, where)
		}
		if i >= n {
			return fmt.Errorf("%s has elements 0 to %d, and [%s] is element %d", where, n-1, text, i)
		}
		first, n = i, 1
	}
	r.rest, r.at = rest, r.at.Elem()
	size := int(r.at.Size())
	elements := make([]span, 0, n*len(r.spans))
	for _, s := range r.spans {
		for i := range n {
			elements = append(elements, span{s.offset + (first+i)*size, size})
		}
	}
	r.spans = elements
	return nil
}

// number gives the value of an index.
func (r *pathReader) number(text string) (int, error) {
	shift, ofSelf := strings.CutPrefix(text, "self")
	switch {
	case ofSelf && r.owner.count == 0:
		return 0, fmt.Errorf("%q means nothing where no process takes a step", text)
	case ofSelf && shift == "":
		return r.owner.self, nil
	case ofSelf && (shift[0] == '+' || shift[0] == '-'):
		if by, err := strconv.ParseUint(shift[1:], 10, 31); err == nil {
			step := int(by % uint64(r.owner.count))
			if shift[0] == '-' {
				step = r.owner.count - step
			}
			return (r.owner.self + step) % r.owner.count, nil
		}
	default:
		if i, err := strconv.ParseUint(text, 10, 31); err == nil {
			return int(i), nil
		}
	}
	return 0, fmt.Errorf("%q is not a number, *, self, self+NUMBER or self-NUMBER", text)
}

// scalar is one number of the state.
type scalar struct {
	path string
	span
}

// scalarsOf gives all scalars of a state type, in order of declaration.
func scalarsOf(t reflect.Type) []scalar {
	var all []scalar
	appendScalars(&all, t, "", 0)
	return all
}

func appendScalars(all *[]scalar, t reflect.Type, path string, offset int) {
	switch t.Kind() {
	case reflect.Struct:
		for i := range t.NumField() {
			f := t.Field(i)
			appendScalars(all, f.Type, join(path, f.Name), offset+int(f.Offset))
		}
	case reflect.Array:
		for i := range t.Len() {
			appendScalars(all, t.Elem(), path+"["+strconv.Itoa(i)+"]", offset+i*int(t.Elem().Size()))
		}
	default:
		*all = append(*all, scalar{path, span{offset, int(t.Size())}})
	}
}

// mask is a set of bytes of a state.
type mask []uint64

func newMask(size int) mask { return make(mask, (size+63)/64) }

func (m mask) add(s span) {
	for i := s.offset; i < s.offset+s.size; i++ {
		m[i/64] |= 1 << (i % 64)
	}
}

func (m mask) has(i int) bool { return m[i/64]>>(i%64)&1 == 1 }

// touches says whether some of a part is in the set.
func (m mask) touches(s span) bool {
	for i := s.offset; i < s.offset+s.size; i++ {
		if m.has(i) {
			return true
		}
	}
	return false
}

// and gives what is in both sets.
func (m mask) and(o mask) mask {
	out := slices.Clone(m)
	for i := range out {
		out[i] &= o[i]
	}
	return out
}

// or gives what is in one of the sets.
func (m mask) or(o mask) mask {
	out := slices.Clone(m)
	for i := range out {
		out[i] |= o[i]
	}
	return out
}

// within says whether all of a set is in another one.
func (m mask) within(o mask) bool {
	for i := range m {
		if m[i]&^o[i] != 0 {
			return false
		}
	}
	return true
}

// runs gives the set as parts of the state, as few as there are.
func (m mask) runs(size int) []span {
	var runs []span
	for i := range size {
		switch n := len(runs); {
		case !m.has(i):
		case n > 0 && runs[n-1].offset+runs[n-1].size == i:
			runs[n-1].size++
		default:
			runs = append(runs, span{i, 1})
		}
	}
	return runs
}

func (m mask) empty() bool {
	for _, word := range m {
		if word != 0 {
			return false
		}
	}
	return true
}
