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

// numbersOf gives every scalar of a state as a number, or true or false, in order of
// declaration.
func numbersOf[S comparable](s S) (numbers []string) {
	walk(reflect.ValueOf(&s).Elem(), "", func(_ string, v reflect.Value) { numbers = append(numbers, numberOf(v)) })
	return numbers
}

// stateOf gives the state that has these numbers.
func stateOf[S comparable](numbers []string) (s S, err error) {
	rest := numbers
	walk(reflect.ValueOf(&s).Elem(), "", func(path string, v reflect.Value) {
		switch {
		case err != nil:
		case len(rest) == 0:
			err = fmt.Errorf("there is no number for field %s", path)
		case !setNumber(v, rest[0]):
			err = fmt.Errorf("%q is no value of field %s, of type %s", rest[0], path, v.Type())
		default:
			rest = rest[1:]
		}
	})
	if err == nil && len(rest) > 0 {
		err = fmt.Errorf("there are %d numbers too many", len(rest))
	}
	return s, err
}

// setNumber sets a scalar to what numberOf gave; it is false if that is none of its values.
func setNumber(v reflect.Value, text string) bool {
	switch {
	case v.Kind() == reflect.Bool:
		v.SetBool(text == "true")
	case v.CanInt():
		n, _ := strconv.ParseInt(text, 10, v.Type().Bits())
		v.SetInt(n)
	default:
		n, _ := strconv.ParseUint(text, 10, v.Type().Bits())
		v.SetUint(n)
	}
	return numberOf(v) == text // which it is not if there was an error
}
