package urpc

import "unsafe"

// bytesOf is the memory of a value whose type has a fixed layout. It is valid as
// long as the value.
func bytesOf[T any](v *T) []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(v)), unsafe.Sizeof(*v))
}

// stringOf is v, whose type is of kind string.
func stringOf[T any](v *T) *string { return (*string)(unsafe.Pointer(v)) }

// blobOf is v, whose type is a slice of bytes.
func blobOf[T any](v *T) *[]byte { return (*[]byte)(unsafe.Pointer(v)) }
