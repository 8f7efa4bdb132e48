//go:build linux

package fuzz

import (
	"os"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"
)

// guarded says that memory ends where its slice ends.
const guarded = true

// newGuarded gives memory of any size up to some pages, always the same, followed
// by a page that nobody can read.
func newGuarded(t testing.TB) func(bytes int) []byte {
	t.Helper()
	page := os.Getpagesize()
	const pages = 4
	mapped, err := unix.Mmap(-1, 0, (pages+1)*page, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANON)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := unix.Munmap(mapped); err != nil {
			t.Error(err)
		}
	})
	if err := unix.Mprotect(mapped[pages*page:], unix.PROT_NONE); err != nil {
		t.Fatal(err)
	}
	return func(bytes int) []byte {
		m := mapped[pages*page-bytes : pages*page : pages*page]
		clear(m)
		return m
	}
}

// behind is the first byte behind some memory.
func behind(memory []byte) *byte {
	return (*byte)(unsafe.Add(unsafe.Pointer(unsafe.SliceData(memory)), len(memory)))
}
