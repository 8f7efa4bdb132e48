package checker

import "syscall"

// reserved is the size of a mapping in bytes: of addresses, which cost nothing. What of it is
// used is not known before.
const reserved uint64 = 1 << 36

// reserve maps addresses of which each page comes when it is touched first, a huge one where
// the system has some. It is nil where that cannot be.
func reserve() []byte {
	size := reserved
	if uint64(int(size)) != size { // addresses of 32 bits
		return nil
	}
	b, err := syscall.Mmap(-1, 0, int(size), syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_PRIVATE|syscall.MAP_ANON|syscall.MAP_NORESERVE)
	if err != nil { // a limit on addresses, or the system promises no more than it has
		return nil
	}
	syscall.Madvise(b, syscall.MADV_HUGEPAGE) //nolint:errcheck // it is advice
	return b
}

func unmap(b []byte) {
	syscall.Munmap(b) //nolint:errcheck // it was mapped by reserve
}
