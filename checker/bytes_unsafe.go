package checker

import (
	"encoding/binary"
	"reflect"
	"unsafe"
)

// bytesOf gives the bytes of a state. The state type was checked to have no
// padding and no pointers (checkStateType), so that equal states are equal bytes.
func bytesOf[S any](s *S) []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(s)), unsafe.Sizeof(*s))
}

// same says whether two states are equal: word by word, which is faster than a call of the
// runtime for as few bytes as most states have.
func same[S any](a, b *S) bool {
	x, y := bytesOf(a), bytesOf(b)
	var differ uint64
	for len(x) >= 8 && len(y) >= 8 {
		differ |= binary.NativeEndian.Uint64(x) ^ binary.NativeEndian.Uint64(y)
		x, y = x[8:], y[8:]
	}
	for i := range x {
		differ |= uint64(x[i] ^ y[i])
	}
	return differ == 0
}

// sizeOf is the size of a state in bytes.
func sizeOf[S any]() int {
	var s S
	return int(unsafe.Sizeof(s))
}

// valuesOf takes words, which must be enough, for n values of a type without pointers.
func valuesOf[T any](words []uint64, n int) []T {
	return unsafe.Slice((*T)(unsafe.Pointer(unsafe.SliceData(words))), n)
}

// wordsOf gives the words of a mapping, which begins at a page.
func wordsOf(mapping []byte) []uint64 {
	return unsafe.Slice((*uint64)(unsafe.Pointer(unsafe.SliceData(mapping))), len(mapping)/8)
}

// touch reads one byte of a state, so that its cache line is on its way while
// the rest of a batch is looked at.
func touch[S any](s *S) byte { return *(*byte)(unsafe.Pointer(s)) }

// touchBoth reads a state's first byte and its last one, which may be in another line.
func touchBoth[S any](s *S) byte {
	return *(*byte)(unsafe.Pointer(s)) ^ *(*byte)(unsafe.Add(unsafe.Pointer(s), max(1, unsafe.Sizeof(*s))-1))
}

// readable gives an addressable value without the mark of an unexported field,
// so that its String method can be called.
func readable(v reflect.Value) reflect.Value {
	return reflect.NewAt(v.Type(), unsafe.Pointer(v.UnsafeAddr())).Elem()
}
