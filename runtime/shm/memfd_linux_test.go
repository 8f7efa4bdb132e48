package shm

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

const pages = 2

func testBytes() int { return pages * os.Getpagesize() }

func newRegion(t *testing.T) (*Region, Descriptors) {
	t.Helper()
	r, d, err := CreateRegion(Memfd{}, 1, 0, testBytes(), func(s *Segment) { s.Store(0, 0, 7) })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		r.Close()
		d.Close()
	})
	return r, d
}

// openOther opens the region as the other side does.
func openOther(t *testing.T, d Descriptors) *Region {
	t.Helper()
	r, err := OpenRegion(Memfd{}, 0, 1, d.Peer, d.Own, testBytes())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Close)
	return r
}

func TestEachSideReadsWhatTheOtherWrites(t *testing.T) {
	server, d := newRegion(t)
	client := openOther(t, d)
	if got := []uint32{server.Own.Peek(0), server.Peer.Peek(0), client.Own.Peek(0), client.Peer.Peek(0)}; got[0] != 7 || got[1] != 7 || got[2] != 7 || got[3] != 7 {
		t.Fatalf("formatted words are %v, want 7 everywhere", got)
	}
	// The mappings outlive the descriptors.
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	server.Own.Store(0, 128, 41)
	client.Own.Store(0, 128, 42)
	if server.Peer.Peek(128) != 42 || client.Peer.Peek(128) != 41 {
		t.Fatalf("the server reads %d, the client %d; want 42 and 41", server.Peer.Peek(128), client.Peer.Peek(128))
	}
}

// TestPeerCannotWrite tries every way in which the receiver of a descriptor could
// come to write what it may only read.
func TestPeerCannotWrite(t *testing.T) {
	_, d := newRegion(t)
	fd := fdOf(d.Own)
	refused := func(what string, err error) {
		t.Helper()
		if !errors.Is(err, unix.EPERM) && !errors.Is(err, unix.EACCES) {
			t.Errorf("%s: %v, want it refused", what, err)
		}
	}
	_, err := unix.Mmap(fd, 0, testBytes(), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	refused("writable mapping", err)
	memory, err := unix.Mmap(fd, 0, testBytes(), unix.PROT_READ, unix.MAP_SHARED)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Munmap(memory)
	refused("mprotect", unix.Mprotect(memory, unix.PROT_READ|unix.PROT_WRITE))
	_, err = unix.Pwrite(fd, []byte{1}, 0)
	refused("write", err)
	refused("punch a hole", unix.Fallocate(fd, unix.FALLOC_FL_PUNCH_HOLE|unix.FALLOC_FL_KEEP_SIZE, 0, int64(os.Getpagesize())))
	again, err := unix.Open("/proc/self/fd/"+strconv.Itoa(fd), unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err == nil {
		defer unix.Close(again)
		_, err = unix.Mmap(again, 0, testBytes(), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	}
	refused("writable mapping of a descriptor opened anew", err)
}

// TestOwnCannotWriteThePeers: the server, too, has only a read-only mapping of
// what the client writes.
func TestOwnCannotWriteThePeers(t *testing.T) {
	newRegion(t)
	maps, err := os.ReadFile("/proc/self/maps")
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for line := range strings.Lines(string(maps)) {
		if !strings.Contains(line, "memfd:urpc-") {
			continue
		}
		seen++
		writable := strings.Fields(line)[1][1] == 'w'
		if own := strings.Contains(line, "memfd:urpc-1"); own != writable {
			t.Errorf("own %v, writable %v: %s", own, writable, line)
		}
	}
	if seen != 2 {
		t.Errorf("%d mappings, want 2:\n%s", seen, maps)
	}
}

func TestSizeIsForEver(t *testing.T) {
	_, d := newRegion(t)
	for name, f := range map[string]Descriptor{"own": d.Own, "peer": d.Peer} {
		for _, size := range []int{0, testBytes() - 1, testBytes() + 1} {
			if err := unix.Ftruncate(fdOf(f), int64(size)); !errors.Is(err, unix.EPERM) {
				t.Errorf("%s: truncate to %d: %v, want it refused", name, size, err)
			}
		}
		if _, err := unix.FcntlInt(uintptr(fdOf(f)), unix.F_ADD_SEALS, unix.F_SEAL_WRITE); !errors.Is(err, unix.EPERM) {
			t.Errorf("%s: another seal: %v, want it refused", name, err)
		}
	}
}

func TestDescriptorsAreClosedOnExec(t *testing.T) {
	_, d := newRegion(t)
	for _, f := range []Descriptor{d.Own, d.Peer} {
		flags, err := unix.FcntlInt(uintptr(fdOf(f)), unix.F_GETFD, 0)
		if err != nil || flags&unix.FD_CLOEXEC == 0 {
			t.Errorf("flags %#x, %v: want close on exec", flags, err)
		}
	}
}

// TestVerifyRefuses hands the receiver descriptors that are not what they must be.
func TestVerifyRefuses(t *testing.T) {
	memory := func(bytes int, seals Seals) Descriptor {
		f, err := Memfd{}.Create(0, make([]byte, bytes))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { f.Close() })
		if _, err := unix.FcntlInt(uintptr(fdOf(f)), unix.F_ADD_SEALS, int(seals)); err != nil {
			t.Fatal(err)
		}
		return f
	}
	ordinary, err := os.Create(filepath.Join(t.TempDir(), "file"))
	if err != nil {
		t.Fatal(err)
	}
	defer ordinary.Close()
	if err := ordinary.Truncate(int64(testBytes())); err != nil {
		t.Fatal(err)
	}
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	fd, err := unix.MemfdCreate("unsealable", unix.MFD_CLOEXEC)
	if err != nil {
		t.Fatal(err)
	}
	unsealable := os.NewFile(uintptr(fd), "unsealable")
	defer unsealable.Close()
	if err := unsealable.Truncate(int64(testBytes())); err != nil {
		t.Fatal(err)
	}
	closed, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	closed.Close()

	cases := []struct {
		what  string
		d     Descriptor
		seals Seals
	}{
		{"too small", memory(testBytes()-os.Getpagesize(), Sealed), Sealed},
		{"too large", memory(testBytes()+os.Getpagesize(), Sealed), Sealed},
		{"no seals", memory(testBytes(), 0), Sealed},
		{"may shrink", memory(testBytes(), Sealed&^SealShrink), Sealed},
		{"may grow", memory(testBytes(), Sealed&^SealGrow), Sealed},
		{"may be sealed", memory(testBytes(), Sealed&^SealSeal), Sealed},
		{"writable for the receiver", memory(testBytes(), Sealed), Sealed | ReadOnly},
		{"not writable for the receiver", memory(testBytes(), ReadOnly), Sealed},
		{"not writable at all", memory(testBytes(), Sealed|SealWrite), Sealed},
		{"cannot be sealed", unsealable, Sealed},
		{"ordinary file", ordinary, Sealed},
		{"pipe", r, Sealed},
		{"no descriptor", closed, Sealed},
	}
	for _, c := range cases {
		t.Run(c.what, func(t *testing.T) {
			err := Verify(Memfd{}, c.d, testBytes(), c.seals)
			if !errors.Is(err, ErrMemory) {
				t.Fatalf("%v, want ErrMemory", err)
			}
		})
	}
	if err := Verify(Memfd{}, memory(testBytes(), Sealed), testBytes(), Sealed); err != nil {
		t.Errorf("as it must be: %v", err)
	}
	if err := Verify(Memfd{}, memory(testBytes(), ReadOnly), testBytes(), ReadOnly); err != nil {
		t.Errorf("read-only as it must be: %v", err)
	}
}

// TestHugePagesAreRefused: memory of huge pages has seals and a size, too. But whoever maps
// it may find that there is none, and its pages are others than those that are counted here.
func TestHugePagesAreRefused(t *testing.T) {
	fd, err := unix.MemfdCreate("huge", unix.MFD_CLOEXEC|unix.MFD_ALLOW_SEALING|unix.MFD_HUGETLB)
	if errors.Is(err, unix.ENOSYS) {
		return // this kernel has no huge pages: nobody can hand them over
	}
	if err != nil {
		t.Fatal(err)
	}
	d := os.NewFile(uintptr(fd), "huge")
	defer d.Close()
	var s unix.Stat_t
	if err := unix.Fstat(fd, &s); err != nil {
		t.Fatal(err)
	}
	bytes := int(s.Blksize) // one page
	if err := d.Truncate(int64(bytes)); err != nil {
		t.Fatal(err)
	}
	if err := (Memfd{}).Seal(d, Sealed); err != nil {
		t.Fatal(err)
	}
	if err := Verify(Memfd{}, d, bytes, Sealed); !errors.Is(err, ErrMemory) {
		t.Errorf("%v, want ErrMemory", err)
	}
}

// TestOpenRegionExchanged: the two descriptors in the wrong order are refused.
func TestOpenRegionExchanged(t *testing.T) {
	_, d := newRegion(t)
	if r, err := OpenRegion(Memfd{}, 0, 1, d.Own, d.Peer, testBytes()); !errors.Is(err, ErrMemory) {
		t.Fatalf("%v, %v: want ErrMemory", r, err)
	}
}

func TestNoMemoryIsAnError(t *testing.T) {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	few := limit
	few.Cur = 0
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &few); err != nil {
		t.Fatal(err)
	}
	_, _, err := CreateRegion(Memfd{}, 1, 0, testBytes(), func(*Segment) {})
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	if !errors.Is(err, unix.EMFILE) {
		t.Fatalf("without descriptors: %v, want EMFILE", err)
	}
}
