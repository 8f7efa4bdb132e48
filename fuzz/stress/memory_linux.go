package stress

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"

	"urpc/runtime/shm"
)

// memory is a segment that parent and child share. The child gets it as
// descriptor 3, and what it writes is there for the parent when the child is
// killed.
type memory struct {
	*shm.Segment
	file   *os.File
	mapped []byte
}

const inherited = 3

// newMemory makes memory of at least so many bytes, all 0.
func newMemory(name string, bytes int) (m memory, err error) {
	fd, err := unix.MemfdCreate(name, unix.MFD_CLOEXEC)
	if err != nil {
		return m, fmt.Errorf("create a ledger: %w", err)
	}
	file := os.NewFile(uintptr(fd), name)
	if err := file.Truncate(int64(shm.RoundUp(bytes))); err != nil {
		return m, errors.Join(fmt.Errorf("size a ledger: %w", err), file.Close())
	}
	return mapMemory(file)
}

// openMemory maps what the child was given.
func openMemory() (memory, error) { return mapMemory(os.NewFile(inherited, "ledger")) }

func mapMemory(file *os.File) (memory, error) {
	info, err := file.Stat()
	if err != nil {
		return memory{}, errors.Join(fmt.Errorf("map a ledger: %w", err), file.Close())
	}
	mapped, err := unix.Mmap(int(file.Fd()), 0, int(info.Size()), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return memory{}, errors.Join(fmt.Errorf("map a ledger: %w", err), file.Close())
	}
	return memory{Segment: shm.Of(0, mapped), file: file, mapped: mapped}, nil
}

func (m memory) close() error {
	if m.mapped == nil {
		return nil
	}
	return errors.Join(unix.Munmap(m.mapped), m.file.Close())
}
