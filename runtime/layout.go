package urpc

import (
	"bytes"
	"crypto/sha256"
	"encoding"
	"encoding/binary"
	"encoding/gob"
	"fmt"
	"reflect"
	"strconv"
	"strings"
)

// form is how values of a type are put into a message.
type form uint8

const (
	// fixed: integers, floats, bools, and arrays and structs of these without
	// padding are copied as they stand in memory.
	fixed form = iota + 1
	// text and blob: a string, and a slice of bytes, are copied.
	text
	blob
	// marshaled: the type is its own encoding.BinaryMarshaler and BinaryUnmarshaler.
	marshaled
	// gobbed: everything else.
	gobbed
)

// layout is what is known of a type before the first call.
type layout struct {
	form form
	// size in bytes of a fixed type.
	size int
	// bools are where a fixed type has bools: a byte that is not 0 or 1 there is no
	// value of the type, and Go code that meets one misbehaves.
	bools []int
	// validates: a pointer to the type is a Validator.
	validates bool
	// hash names the layout; the two sides of a procedure must agree on it.
	hash uint64
}

// Validator is what a type of requests or replies may implement on its pointer
// to check ranges: a value that came from the peer is checked on a private copy
// before it is used. A request with an error is refused (ErrRefused), a reply
// with one is ErrCorrupt.
type Validator interface{ Validate() error }

var (
	marshalerType   = reflect.TypeFor[encoding.BinaryMarshaler]()
	unmarshalerType = reflect.TypeFor[encoding.BinaryUnmarshaler]()
	validatorType   = reflect.TypeFor[Validator]()
)

// layoutOf says how values of t are put into a message, and refuses types that
// cannot be.
func layoutOf(t reflect.Type) (layout, error) {
	l := layout{validates: reflect.PointerTo(t).Implements(validatorType)}
	var d describer
	switch {
	case reflect.PointerTo(t).Implements(unmarshalerType) && reflect.PointerTo(t).Implements(marshalerType):
		// The author says how; a fixed layout would go around checks in UnmarshalBinary.
		l.form = marshaled
		d.WriteString("binary " + t.Name())
	case t.Kind() == reflect.String:
		l.form = text
		d.WriteString("string")
	case t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Uint8:
		l.form = blob
		d.WriteString("bytes")
	case d.fixed(t, 0):
		l.form, l.size, l.bools = fixed, int(t.Size()), d.bools
	default:
		d.Reset()
		if err := gobbable(t); err != nil {
			return l, err
		}
		l.form = gobbed
		d.WriteString("gob ")
		d.gob(t, map[reflect.Type]int{})
	}
	sum := sha256.Sum256([]byte(d.String()))
	l.hash = binary.LittleEndian.Uint64(sum[:])
	return l, nil
}

// describer writes down the layout of a type: kinds, sizes, field names, in order.
// Names of types do not matter.
type describer struct {
	strings.Builder
	bools []int
}

// fixed describes a type that stands at an offset, and says whether it has a
// fixed layout without padding.
func (d *describer) fixed(t reflect.Type, offset int) bool {
	switch t.Kind() {
	case reflect.Bool:
		d.bools = append(d.bools, offset)
		d.WriteString("bool")
		return true
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		d.WriteString("int" + strconv.Itoa(t.Bits()))
		return true
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		d.WriteString("uint" + strconv.Itoa(t.Bits()))
		return true
	case reflect.Float32, reflect.Float64:
		d.WriteString("float" + strconv.Itoa(t.Bits()))
		return true
	case reflect.Complex64, reflect.Complex128:
		d.WriteString("complex" + strconv.Itoa(t.Bits()))
		return true
	case reflect.Array:
		return d.fixedArray(t, offset)
	case reflect.Struct:
		return d.fixedStruct(t, offset)
	default:
		return false
	}
}

func (d *describer) fixedArray(t reflect.Type, offset int) bool {
	if t.Size() > MaxMessageSize {
		return false // no message holds it; its bools are not worth counting
	}
	fmt.Fprintf(d, "[%d]", t.Len())
	inner := describer{}
	if !inner.fixed(t.Elem(), 0) {
		return false
	}
	d.WriteString(inner.String())
	if len(inner.bools) == 0 {
		return true // however many: elements of no size can be more than anybody counts
	}
	for i := range t.Len() {
		for _, b := range inner.bools {
			d.bools = append(d.bools, offset+i*int(t.Elem().Size())+b)
		}
	}
	return true
}

// fixedStruct refuses padding, and blank fields, which are padding by another
// name: bytes that the program does not look after would go to the peer.
func (d *describer) fixedStruct(t reflect.Type, offset int) bool {
	d.WriteString("{")
	end := 0
	for i := range t.NumField() {
		f := t.Field(i)
		if int(f.Offset) != end || f.Name == "_" {
			return false
		}
		d.WriteString(f.Name + " ")
		if !d.fixed(f.Type, offset+end) {
			return false
		}
		d.WriteString(";")
		end += int(f.Type.Size())
	}
	d.WriteString("}")
	return end == int(t.Size())
}

// gob describes a type that gob encodes: kinds, lengths, field names, in order. Of
// types that encode themselves only the names are known. A type that was
// described already, or is being described, is its number.
func (d *describer) gob(t reflect.Type, seen map[reflect.Type]int) {
	if n, ok := seen[t]; ok {
		fmt.Fprintf(d, "#%d", n)
		return
	}
	if t.Name() != "" {
		seen[t] = len(seen)
	}
	if encodesItself(t) {
		d.WriteString("itself " + t.Name())
		return
	}
	d.WriteString(t.Kind().String() + " ")
	switch t.Kind() {
	case reflect.Array:
		d.WriteString(strconv.Itoa(t.Len()) + " ")
		d.gob(t.Elem(), seen)
	case reflect.Pointer, reflect.Slice:
		d.gob(t.Elem(), seen)
	case reflect.Map:
		d.gob(t.Key(), seen)
		d.gob(t.Elem(), seen)
	case reflect.Struct:
		for i := range t.NumField() {
			d.WriteString("." + t.Field(i).Name + " ")
			d.gob(t.Field(i).Type, seen)
		}
		d.WriteString(";")
	}
}

// gobbable says why gob cannot encode a type, or would leave parts of it out.
func gobbable(t reflect.Type) (err error) {
	if err := wholly(t, map[reflect.Type]bool{}); err != nil {
		return err
	}
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t.Kind() == reflect.Interface {
		return fmt.Errorf("type %v is an interface: want a concrete type", t)
	}
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("type %v: %v", t, p)
		}
	}()
	// gob compiles its encoder at the first value.
	if err := gob.NewEncoder(new(bytes.Buffer)).EncodeValue(reflect.New(t)); err != nil {
		return fmt.Errorf("type %v: %w", t, err)
	}
	return nil
}

// wholly refuses types with parts that do not cross address spaces. gob would
// leave out channels, functions and fields that are not exported without a word.
func wholly(t reflect.Type, seen map[reflect.Type]bool) error {
	if seen[t] || encodesItself(t) {
		return nil
	}
	seen[t] = true
	switch t.Kind() {
	case reflect.Chan, reflect.Func, reflect.UnsafePointer, reflect.Uintptr:
		return fmt.Errorf("type %v: a %v means nothing in another address space", t, t.Kind())
	case reflect.Pointer, reflect.Slice, reflect.Array:
		return wholly(t.Elem(), seen)
	case reflect.Map:
		if err := wholly(t.Key(), seen); err != nil {
			return err
		}
		return wholly(t.Elem(), seen)
	case reflect.Struct:
		for i := range t.NumField() {
			f := t.Field(i)
			if !f.IsExported() && f.Name != "_" && !f.Anonymous {
				return fmt.Errorf("type %v: field %s is not exported and would not be sent", t, f.Name)
			}
			if err := wholly(f.Type, seen); err != nil {
				return err
			}
		}
	}
	return nil
}

// encodesItself says whether gob asks the type how it is encoded.
func encodesItself(t reflect.Type) bool {
	p := reflect.PointerTo(t)
	return p.Implements(marshalerType) || p.Implements(reflect.TypeFor[gob.GobEncoder]()) ||
		p.Implements(reflect.TypeFor[encoding.TextMarshaler]())
}
