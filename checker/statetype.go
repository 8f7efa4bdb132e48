package checker

import (
	"fmt"
	"reflect"
)

// checkStateType refuses a state type whose equality is not equality of bytes,
// naming the field. The seen set hashes and compares bytes: a pointer, a float
// (0 = -0, NaN != NaN), or a padding byte would make one state look like two.
func checkStateType(t reflect.Type) error {
	if t.Kind() != reflect.Struct {
		return fmt.Errorf("state type %s: must be a struct, is %s", t, t.Kind())
	}
	if t.Size() == 0 {
		return fmt.Errorf("state type %s: has no fields, so that there is nothing to explore", t)
	}
	if err := checkField(t, ""); err != nil {
		return fmt.Errorf("state type %s: %w", t, err)
	}
	return nil
}

func checkField(t reflect.Type, path string) error {
	switch t.Kind() {
	case reflect.Bool,
		reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return nil
	case reflect.Array:
		return checkField(t.Elem(), path+"[0]")
	case reflect.Struct:
		return checkFields(t, path)
	case reflect.Float32, reflect.Float64, reflect.Complex64, reflect.Complex128:
		return fmt.Errorf("field %s is a %s: equal floats need not be equal bytes; use a scaled integer", path, t.Kind())
	case reflect.String:
		return fmt.Errorf("field %s is a string: use an integer type with a String method", path)
	case reflect.Slice, reflect.Map:
		return fmt.Errorf("field %s is a %s: a state has a fixed size; use an array and a length", path, t.Kind())
	case reflect.Pointer, reflect.UnsafePointer, reflect.Uintptr:
		return fmt.Errorf("field %s is a pointer (%s): use an index", path, t)
	default:
		return fmt.Errorf("field %s is a %s: only integers, booleans, arrays and structs of these are states", path, t.Kind())
	}
}

// checkFields checks the fields of a struct and that nothing lies between them.
func checkFields(t reflect.Type, path string) error {
	var end uintptr
	for i := range t.NumField() {
		f := t.Field(i)
		at := join(path, f.Name)
		if f.Name == "_" {
			return fmt.Errorf("field %s is blank: equality skips it, its bytes remain; give it a name", at)
		}
		if f.Offset != end {
			return fmt.Errorf("field %s has %d bytes of padding before it: order fields from wide to narrow or name the gap", at, f.Offset-end)
		}
		if err := checkField(f.Type, at); err != nil {
			return err
		}
		end = f.Offset + f.Type.Size()
	}
	if end != t.Size() {
		where := path
		if where == "" {
			where = t.Name()
		}
		return fmt.Errorf("%s has %d bytes of padding at its end: order fields from wide to narrow or name the gap", where, t.Size()-end)
	}
	return nil
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}
