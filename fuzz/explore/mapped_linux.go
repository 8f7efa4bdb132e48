package explore

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// mapsTwice: the two mappings are at different addresses, and only one can be written.
const mapsTwice = true

// mapTwice makes memory without a name and maps it twice, for its writer and for
// who only reads it.
func mapTwice(bytes int) (twice, func()) {
	fd, err := unix.MemfdCreate("explore", unix.MFD_CLOEXEC)
	if err == nil {
		err = unix.Ftruncate(fd, int64(bytes))
	}
	var m twice
	if err == nil {
		m.writable, err = unix.Mmap(fd, 0, bytes, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	}
	if err == nil {
		m.readable, err = unix.Mmap(fd, 0, bytes, unix.PROT_READ, unix.MAP_SHARED)
	}
	if err == nil {
		err = unix.Close(fd)
	}
	if err != nil {
		panic(fmt.Sprintf("explore: map %d bytes of memory twice: %v", bytes, err))
	}
	return m, func() {
		unix.Munmap(m.writable) // they are whole mappings: it does not fail
		unix.Munmap(m.readable)
	}
}
