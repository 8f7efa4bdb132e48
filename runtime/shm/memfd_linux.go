package shm

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// ErrMemory is wrapped by every error about memory that was received and is not
// what it must be: no sealed memfd, of another size, or with other seals.
var ErrMemory = errors.New("unfit shared memory")

// sealed are the seals of every segment: its size is fixed for ever, so that no
// access to the mapping can fault, and so are the seals.
const sealed = unix.F_SEAL_SHRINK | unix.F_SEAL_GROW | unix.F_SEAL_SEAL

// readOnly is the seal of a segment that the peer may only read. Writable
// mappings that exist stay, later ones are refused, mprotect included.
const readOnly = unix.F_SEAL_FUTURE_WRITE

// Descriptors are the two memfds of a region, to be passed to the peer and then
// closed.
type Descriptors struct {
	// Own is of the segment that its creator writes: the peer can only read it.
	Own *os.File
	// Peer is of the segment that the peer writes.
	Peer *os.File
}

// Close closes both descriptors. Mappings stay.
func (d Descriptors) Close() error {
	var errs []error
	for _, f := range []*os.File{d.Own, d.Peer} {
		if f != nil {
			errs = append(errs, f.Close())
		}
	}
	return errors.Join(errs...)
}

// RoundUp is the size of the memory that holds a segment of so many bytes: whole pages.
func RoundUp(bytes int) int {
	page := os.Getpagesize()
	return (bytes + page - 1) / page * page
}

// CreateRegion makes the two segments of a binding, each of so many bytes (whole
// pages, see RoundUp), with the given numbers. All memory is allocated at once, so
// that lack of it shows here and not as a fault later. format writes what both
// segments hold at first.
func CreateRegion(own, peer uint8, bytes int, format func(*Segment)) (*Region, Descriptors, error) {
	image := Heap(own, bytes)
	format(image)
	contents := image.bytes(0, uint32(bytes))
	var d Descriptors
	var err error
	var ownMemory, peerMemory []byte
	if d.Own, ownMemory, err = create(own, contents, unix.PROT_READ|unix.PROT_WRITE, sealed|readOnly); err != nil {
		return nil, Descriptors{}, err
	}
	// What the peer writes this side maps without the right to write, so that it
	// cannot even by mistake.
	if d.Peer, peerMemory, err = create(peer, contents, unix.PROT_READ, sealed); err != nil {
		return nil, Descriptors{}, errors.Join(err, unix.Munmap(ownMemory), d.Close())
	}
	return regionOf(own, peer, ownMemory, peerMemory), d, nil
}

// OpenRegion is the other side of CreateRegion: it maps the memory of two
// descriptors that were received, the one that this side writes and the one that
// it only reads, after it has verified what they are. It leaves the descriptors
// open.
func OpenRegion(own, peer uint8, ownFD, peerFD int, bytes int) (*Region, error) {
	if err := Verify(ownFD, bytes, sealed); err != nil {
		return nil, fmt.Errorf("segment %d: %w", own, err)
	}
	if err := Verify(peerFD, bytes, sealed|readOnly); err != nil {
		return nil, fmt.Errorf("segment %d: %w", peer, err)
	}
	ownMemory, err := mapMemory(ownFD, bytes, unix.PROT_READ|unix.PROT_WRITE)
	if err != nil {
		return nil, err
	}
	peerMemory, err := mapMemory(peerFD, bytes, unix.PROT_READ)
	if err != nil {
		return nil, errors.Join(err, unix.Munmap(ownMemory))
	}
	return regionOf(own, peer, ownMemory, peerMemory), nil
}

func regionOf(own, peer uint8, ownMemory, peerMemory []byte) *Region {
	unmap := func() error { return errors.Join(unix.Munmap(ownMemory), unix.Munmap(peerMemory)) }
	return NewRegion(Of(own, ownMemory), ViewOf(peer, peerMemory), unmap)
}

// create makes a memfd with these contents, maps it with the given protection
// and seals it.
func create(number uint8, contents []byte, protection, seals int) (_ *os.File, memory []byte, err error) {
	f, err := newMemory(number, contents)
	if err != nil {
		return nil, nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, f.Close())
		}
	}()
	if memory, err = mapMemory(int(f.Fd()), len(contents), protection); err != nil {
		return nil, nil, err
	}
	// The own mapping is there: if it is writable, it can now become the last one.
	if _, err = unix.FcntlInt(f.Fd(), unix.F_ADD_SEALS, seals); err != nil {
		return nil, nil, errors.Join(fmt.Errorf("seal shared memory: %w", err), unix.Munmap(memory))
	}
	return f, memory, nil
}

// newMemory makes a memfd with these contents. Writing them allocates every page.
func newMemory(number uint8, contents []byte) (*os.File, error) {
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

// mapMemory maps the memory with its pages in place: the first access of a call
// does not fault.
func mapMemory(fd, bytes, protection int) ([]byte, error) {
	memory, err := unix.Mmap(fd, 0, bytes, protection, unix.MAP_SHARED|unix.MAP_POPULATE)
	if err != nil {
		return nil, fmt.Errorf("map %d bytes of shared memory: %w", bytes, err)
	}
	return memory, nil
}

// Verify says what is wrong with a descriptor that was received: it must be a
// memfd (a regular file of tmpfs that can be sealed) of exactly so many bytes,
// with these seals, and be writable exactly if FUTURE_WRITE is not among them. Seals
// cannot be taken back, so what was verified stays true.
func Verify(fd, bytes, seals int) error {
	var s unix.Stat_t
	if err := unix.Fstat(fd, &s); err != nil {
		return fmt.Errorf("%w: %w", ErrMemory, err)
	}
	if s.Mode&unix.S_IFMT != unix.S_IFREG {
		return fmt.Errorf("%w: no regular file (mode %o)", ErrMemory, s.Mode)
	}
	var fs unix.Statfs_t
	if err := unix.Fstatfs(fd, &fs); err != nil {
		return fmt.Errorf("%w: %w", ErrMemory, err)
	}
	if int64(fs.Type) != unix.TMPFS_MAGIC {
		return fmt.Errorf("%w: of file system %#x, not tmpfs", ErrMemory, fs.Type)
	}
	// The seals first: a size that is not sealed may change after it was read.
	have, err := unix.FcntlInt(uintptr(fd), unix.F_GET_SEALS, 0)
	if err != nil {
		return fmt.Errorf("%w: cannot be sealed: %w", ErrMemory, err)
	}
	const writes = unix.F_SEAL_WRITE | unix.F_SEAL_FUTURE_WRITE
	if have&seals != seals || have&writes != seals&writes {
		return fmt.Errorf("%w: seals %#x, want %#x", ErrMemory, have, seals)
	}
	if err := unix.Fstat(fd, &s); err != nil {
		return fmt.Errorf("%w: %w", ErrMemory, err)
	}
	if s.Size != int64(bytes) {
		return fmt.Errorf("%w: %d bytes, want %d", ErrMemory, s.Size, bytes)
	}
	return nil
}
