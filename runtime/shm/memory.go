package shm

import (
	"errors"
	"fmt"
	"os"

	"urpc/spec/step"
)

// ErrMemory is wrapped by every error about memory that was received and is not
// what it must be: no sealed memfd, of another size, or with other seals.
var ErrMemory = errors.New("unfit shared memory")

// Descriptor stands for memory, or for what else the operating system keeps for
// this process, until it is closed. It is closed once.
type Descriptor interface{ Close() error }

// Memory is what the making, the opening and the end of a region ask of the
// operating system, each one step. It is an interface so that the same code runs
// on the real one and on a simulated one whose every answer is a choice.
type Memory interface {
	// Create makes memory with these contents, whole pages, all of it allocated.
	Create(number uint8, contents []byte) (Descriptor, error)
	// Map maps so many bytes, with every page in place.
	Map(d Descriptor, bytes int, writable bool) ([]byte, error)
	// Unmap takes a mapping back, once.
	Unmap(memory []byte) error
	// Seal adds seals, for ever.
	Seal(d Descriptor, s Seals) error
	// Seals tells those of memory that can be sealed; of anything else it is an
	// error.
	Seals(d Descriptor) (Seals, error)
	// Size tells how many bytes there are now.
	Size(d Descriptor) (int64, error)
	// Made is told of a region before anybody else knows it, and may hook it.
	Made(r *Region)
}

// Seals forbid for ever what they name, to everybody who has the memory. The
// numbers are those of Linux.
type Seals uint32

// The seals.
const (
	SealSeal        Seals = 0x01 // further seals
	SealShrink      Seals = 0x02
	SealGrow        Seals = 0x04
	SealWrite       Seals = 0x08
	SealFutureWrite Seals = 0x10 // writable mappings that are not there yet, mprotect included
)

const (
	// Sealed are the seals of every segment: its size is fixed for ever, so that no
	// access to the mapping can fault, and so are the seals.
	Sealed = SealShrink | SealGrow | SealSeal
	// ReadOnly are those of a segment that the peer may only read.
	ReadOnly = Sealed | SealFutureWrite
)

// Descriptors are those of a region's two segments, to be passed to the peer and
// then closed.
type Descriptors struct {
	// Own is of the segment that its creator writes: the peer can only read it.
	Own Descriptor
	// Peer is of the segment that the peer writes.
	Peer Descriptor
}

// Close closes both descriptors. Mappings stay.
func (d Descriptors) Close() error {
	var errs []error
	for _, f := range []Descriptor{d.Own, d.Peer} {
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
func CreateRegion(m Memory, own, peer uint8, bytes int, format func(*Segment)) (*Region, Descriptors, error) {
	image := Heap(own, bytes)
	format(image)
	contents := image.bytes(0, uint32(bytes))
	var d Descriptors
	var err error
	var ownMemory, peerMemory []byte
	if d.Own, ownMemory, err = create(m, own, contents, true, ReadOnly); err != nil {
		return nil, Descriptors{}, err
	}
	// What the peer writes this side maps without the right to write, so that it
	// cannot even by mistake.
	if d.Peer, peerMemory, err = create(m, peer, contents, false, Sealed); err != nil {
		return nil, Descriptors{}, errors.Join(err, m.Unmap(ownMemory), d.Own.Close())
	}
	return regionOf(m, own, peer, ownMemory, peerMemory), d, nil
}

// create makes memory with these contents, maps it and seals it.
func create(m Memory, number uint8, contents []byte, writable bool, seals Seals) (_ Descriptor, memory []byte, err error) {
	d, err := m.Create(number, contents)
	if err != nil {
		return nil, nil, err
	}
	if memory, err = m.Map(d, len(contents), writable); err != nil {
		return nil, nil, errors.Join(err, d.Close())
	}
	// The own mapping is there: if it is writable, it can now become the last one.
	if err = m.Seal(d, seals); err != nil {
		return nil, nil, errors.Join(err, m.Unmap(memory), d.Close())
	}
	return d, memory, nil
}

// OpenRegion is the other side of CreateRegion: it maps the memory of two
// descriptors that were received, the one that this side writes and the one that
// it only reads, after it has verified what they are. It leaves the descriptors
// open.
func OpenRegion(m Memory, own, peer uint8, ownMemory, peerMemory Descriptor, bytes int) (*Region, error) {
	if err := Verify(m, ownMemory, bytes, Sealed); err != nil {
		return nil, fmt.Errorf("segment %d: %w", own, err)
	}
	if err := Verify(m, peerMemory, bytes, ReadOnly); err != nil {
		return nil, fmt.Errorf("segment %d: %w", peer, err)
	}
	mine, err := m.Map(ownMemory, bytes, true)
	if err != nil {
		return nil, err
	}
	theirs, err := m.Map(peerMemory, bytes, false)
	if err != nil {
		return nil, errors.Join(err, m.Unmap(mine))
	}
	return regionOf(m, own, peer, mine, theirs), nil
}

func regionOf(m Memory, own, peer uint8, ownMemory, peerMemory []byte) *Region {
	unmap := func() error { return errors.Join(m.Unmap(ownMemory), m.Unmap(peerMemory)) }
	r := NewRegion(Of(own, ownMemory), ViewOf(peer, peerMemory), unmap)
	m.Made(r)
	return r
}

// Verify says what is wrong with a descriptor that was received: it must be of
// memory of exactly so many bytes, with these seals, and be writable exactly if
// FUTURE_WRITE is not among them. Seals cannot be taken back, so what was verified
// stays true.
func Verify(m Memory, d Descriptor, bytes int, seals Seals) error {
	// The seals first: a size that is not sealed may change after it was read.
	have, err := m.Seals(d)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrMemory, err)
	}
	const writes = SealWrite | SealFutureWrite
	if have&seals != seals || have&writes != seals&writes {
		return fmt.Errorf("%w: seals %#x, want %#x", ErrMemory, uint32(have), uint32(seals))
	}
	size, err := m.Size(d)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrMemory, err)
	}
	if size != int64(bytes) {
		return fmt.Errorf("%w: %d bytes, want %d", ErrMemory, size, bytes)
	}
	return nil
}

// Holding is the hook of a region: it is told of what those who hold it, and who
// closes it, are about to do, on the goroutine that does it, and may hold it back.
type Holding interface {
	// Before is called before the step.
	Before(name step.Name)
	// Counted is called after it, with how many hold the region now, and whether it
	// is closed.
	Counted(holders int64, closed bool)
}
