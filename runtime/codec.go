package urpc

import (
	"bytes"
	"encoding"
	"encoding/gob"
	"errors"
	"fmt"
	"reflect"
)

// load checks bytes that came from the peer against a fixed layout and copies
// them into v. from is a private copy: what is checked is what is used.
func load[T any](l *layout, v *T, from []byte) error {
	if len(from) != l.size {
		return fmt.Errorf("%d bytes for a value of %d", len(from), l.size)
	}
	for _, at := range l.bools {
		if from[at] > 1 {
			return fmt.Errorf("byte %d is a bool of value %d", at, from[at])
		}
	}
	copy(bytesOf(v), from)
	if l.validates {
		return validate(*v)
	}
	return nil
}

// validate checks a copy of v, so that v itself need not live in the heap for it.
func validate[T any](v T) (err error) {
	defer recovered(&err)
	return any(&v).(Validator).Validate()
}

// encode appends a value of any form to a buffer. It keeps no part of the value.
func encode[T any](l *layout, to []byte, v *T) ([]byte, error) {
	switch l.form {
	case fixed:
		return append(to, bytesOf(v)...), nil
	case text:
		return append(to, *stringOf(v)...), nil
	case blob:
		return append(to, *blobOf(v)...), nil
	case marshaled:
		return marshal(to, *v)
	case gobbed:
		return engob(to, *v)
	default:
		panic("urpc: a layout without form")
	}
}

// decode gives the value of any form that bytes from the peer stand for. It
// keeps none of the bytes.
func decode[T any](l *layout, v *T, from []byte) (err error) {
	switch l.form {
	case fixed:
		return load(l, v, from)
	case text:
		*stringOf(v) = string(from)
	case blob:
		*blobOf(v) = bytes.Clone(from)
	case marshaled:
		*v, err = unmarshal[T](from)
	case gobbed:
		*v, err = ungob[T](from)
	default:
		panic("urpc: a layout without form")
	}
	if err == nil && l.validates {
		err = validate(*v)
	}
	return err
}

func marshal[T any](to []byte, v T) (_ []byte, err error) {
	defer recovered(&err)
	b, err := any(&v).(encoding.BinaryMarshaler).MarshalBinary()
	return append(to, b...), err
}

func unmarshal[T any](from []byte) (v T, err error) {
	defer recovered(&err)
	// Types may keep what they are given.
	err = any(&v).(encoding.BinaryUnmarshaler).UnmarshalBinary(bytes.Clone(from))
	return v, err
}

func engob[T any](to []byte, v T) (_ []byte, err error) {
	defer recovered(&err)
	if r := reflect.ValueOf(v); r.Kind() == reflect.Pointer && r.IsNil() {
		return to, errors.New("a nil pointer") // gob would make it a pointer to zero
	}
	b := bytes.NewBuffer(to)
	err = gob.NewEncoder(b).Encode(&v)
	return b.Bytes(), err
}

func ungob[T any](from []byte) (v T, err error) {
	defer recovered(&err)
	r := bytes.NewReader(from)
	if err := gob.NewDecoder(r).Decode(&v); err != nil {
		return v, err
	}
	if r.Len() != 0 {
		return v, errors.New("bytes after the value")
	}
	return v, nil
}

// recovered makes an error of a panic in code that reads a peer's bytes or a
// user's value.
func recovered(err *error) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("codec panicked: %v", p)
	}
}
