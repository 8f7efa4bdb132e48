//go:build !linux

package explore

// mapsTwice: the two mappings are one.
const mapsTwice = false

// mapTwice makes memory that both spaces share. Here they see it at one address,
// and who only reads it could write it.
func mapTwice(bytes int) (twice, func()) {
	memory := make([]byte, bytes)
	return twice{memory, memory}, func() {}
}
