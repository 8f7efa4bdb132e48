package checker

import (
	"fmt"
	"reflect"
	"strconv"
)

// fieldsOf gives every scalar of a state by its path, in order of declaration.
func fieldsOf[S comparable](s S) []Field {
	var fields []Field
	walk(reflect.ValueOf(&s).Elem(), "", func(path string, v reflect.Value) {
		fields = append(fields, Field{Path: path, Value: textOf(v)})
	})
	return fields
}

// changesOf gives the scalars in which two states differ, in order of
// declaration; never nil. Two values with one text still are a change.
func changesOf[S comparable](before, after S) []Change {
	var old []reflect.Value
	walk(reflect.ValueOf(&before).Elem(), "", func(_ string, v reflect.Value) { old = append(old, v) })
	changes, i := []Change{}, 0
	walk(reflect.ValueOf(&after).Elem(), "", func(path string, v reflect.Value) {
		if was := old[i]; !was.Equal(v) {
			changes = append(changes, Change{Path: path, Before: textOf(was), After: textOf(v)})
		}
		i++
	})
	return changes
}

// walk calls visit with each scalar of v and its path.
func walk(v reflect.Value, path string, visit func(path string, v reflect.Value)) {
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			walk(v.Field(i), join(path, v.Type().Field(i).Name), visit)
		}
	case reflect.Array:
		for i := range v.Len() {
			walk(v.Index(i), path+"["+strconv.Itoa(i)+"]", visit)
		}
	default:
		visit(path, readable(v))
	}
}

// textOf gives a scalar as text: by its String method, else as its number. A
// String method that panics, on a value that it does not know, is no reason to
// lose the trace: the number is shown then.
func textOf(v reflect.Value) (text string) {
	defer func() {
		if recover() != nil {
			text = numberOf(v)
		}
	}()
	if named, ok := v.Interface().(fmt.Stringer); ok {
		return named.String()
	}
	if named, ok := v.Addr().Interface().(fmt.Stringer); ok {
		return named.String()
	}
	return numberOf(v)
}

func numberOf(v reflect.Value) string {
	switch {
	case v.Kind() == reflect.Bool:
		return strconv.FormatBool(v.Bool())
	case v.CanInt():
		return strconv.FormatInt(v.Int(), 10)
	default:
		return strconv.FormatUint(v.Uint(), 10)
	}
}
