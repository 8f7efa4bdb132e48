package checker

import (
	"reflect"
	"unsafe"
)

// bytesOf gives the bytes of a state. The state type was checked to have no
// padding and no pointers (checkStateType), so that equal states are equal bytes.
func bytesOf[S any](s *S) []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(s)), unsafe.Sizeof(*s))
}

// sizeOf is the size of a state in bytes.
func sizeOf[S any]() int {
	var s S
	return int(unsafe.Sizeof(s))
}

// touch reads one byte of a state, so that its cache line is on its way while
// the rest of a batch is looked at.
func touch[S any](s *S) byte { return *(*byte)(unsafe.Pointer(s)) }

// readable gives an addressable value without the mark of an unexported field,
// so that its String method can be called.
func readable(v reflect.Value) reflect.Value {
	return reflect.NewAt(v.Type(), unsafe.Pointer(v.UnsafeAddr())).Elem()
}
