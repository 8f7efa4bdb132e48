//go:build !linux

package fuzz

import "testing"

const guarded = false

// newGuarded gives memory that Go's own bounds checks guard.
func newGuarded(testing.TB) func(bytes int) []byte {
	return func(bytes int) []byte {
		words := make([]byte, bytes+8)
		return words[:bytes:bytes]
	}
}

func behind([]byte) *byte { return nil }
