package shm

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// The seals are numbered as the kernel does: were one not, an index would be
// out of range here.
var _ = [1]struct{}{}[uint(SealSeal^unix.F_SEAL_SEAL)|uint(SealShrink^unix.F_SEAL_SHRINK)|uint(SealGrow^unix.F_SEAL_GROW)|
	uint(SealWrite^unix.F_SEAL_WRITE)|uint(SealFutureWrite^unix.F_SEAL_FUTURE_WRITE)]

// Memfd is memory without a name, of Linux. Its descriptors are *os.File.
type Memfd struct{}

var _ Memory = Memfd{}

func fdOf(d Descriptor) int { return int(d.(*os.File).Fd()) }

// Create makes a memfd with these contents. Writing them allocates every page.
func (Memfd) Create(number uint8, contents []byte) (Descriptor, error) {
	if len(contents) == 0 || len(contents)%os.Getpagesize() != 0 {
		panic(fmt.Sprintf("shm: memory of %d bytes: want whole pages", len(contents)))
	}
	name := fmt.Sprintf("urpc-%d", number)
	fd, err := unix.MemfdCreate(name, unix.MFD_CLOEXEC|unix.MFD_ALLOW_SEALING|unix.MFD_NOEXEC_SEAL)
	if errors.Is(err, unix.EINVAL) { // MFD_NOEXEC_SEAL is of Linux 6.3
		fd, err = unix.MemfdCreate(name, unix.MFD_CLOEXEC|unix.MFD_ALLOW_SEALING)
	}
	if err != nil {
		return nil, fmt.Errorf("create shared memory: %w", err)
	}
	f := os.NewFile(uintptr(fd), name)
	if _, err := f.Write(contents); err != nil {
		return nil, errors.Join(fmt.Errorf("allocate %d bytes of shared memory: %w", len(contents), err), f.Close())
	}
	return f, nil
}

// Map maps the memory with its pages in place: the first access of a call does
// not fault.
func (Memfd) Map(d Descriptor, bytes int, writable bool) ([]byte, error) {
	protection := unix.PROT_READ
	if writable {
		protection |= unix.PROT_WRITE
	}
	memory, err := unix.Mmap(fdOf(d), 0, bytes, protection, unix.MAP_SHARED|unix.MAP_POPULATE)
	if err != nil {
		return nil, fmt.Errorf("map %d bytes of shared memory: %w", bytes, err)
	}
	return memory, nil
}

// Unmap implements Memory.
func (Memfd) Unmap(memory []byte) error { return unix.Munmap(memory) }

// Seal implements Memory.
func (Memfd) Seal(d Descriptor, s Seals) error {
	if _, err := unix.FcntlInt(uintptr(fdOf(d)), unix.F_ADD_SEALS, int(s)); err != nil {
		return fmt.Errorf("seal shared memory: %w", err)
	}
	return nil
}

// Seals implements Memory: of a regular file of tmpfs that can be sealed, which
// is what a memfd is.
func (Memfd) Seals(d Descriptor) (Seals, error) {
	fd := fdOf(d)
	var s unix.Stat_t
	if err := unix.Fstat(fd, &s); err != nil {
		return 0, err
	}
	if s.Mode&unix.S_IFMT != unix.S_IFREG {
		return 0, fmt.Errorf("no regular file (mode %o)", s.Mode)
	}
	var fs unix.Statfs_t
	if err := unix.Fstatfs(fd, &fs); err != nil {
		return 0, err
	}
	if int64(fs.Type) != unix.TMPFS_MAGIC {
		return 0, fmt.Errorf("of file system %#x, not tmpfs", fs.Type)
	}
	have, err := unix.FcntlInt(uintptr(fd), unix.F_GET_SEALS, 0)
	if err != nil {
		return 0, fmt.Errorf("cannot be sealed: %w", err)
	}
	return Seals(have), nil
}

// Size implements Memory.
func (Memfd) Size(d Descriptor) (int64, error) {
	var s unix.Stat_t
	err := unix.Fstat(fdOf(d), &s)
	return s.Size, err
}

// Made implements Memory: nobody watches.
func (Memfd) Made(*Region) {}
