//go:build !linux

package explore

import "urpc/runtime/shm"

// wholePages is the size of the memory that holds so many bytes.
func wholePages(bytes int) int { return (bytes + shm.Line - 1) / shm.Line * shm.Line }

// mapsTwice: the two mappings are one.
const mapsTwice = false

// mapTwice makes memory that both spaces share. Here they see it at one address,
// and who only reads it could write it.
func mapTwice(bytes int) (twice, func()) {
	memory := make([]byte, bytes)
	return twice{memory, memory}, func() {}
}
