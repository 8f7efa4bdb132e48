package urpc

import (
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

func TestListenIsForTheOwnUser(t *testing.T) {
	path := filepath.Join(t.TempDir(), "socket")
	l, err := Listen(path)
	if err != nil {
		t.Fatal(err)
	}
	s, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if got := s.Mode(); got != fs.ModeSocket|0o600 {
		t.Errorf("mode %v, want a socket of 0600", got)
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("after close: %v", err)
	}
}

func TestListenReplacesADeadServersSocket(t *testing.T) {
	path := filepath.Join(t.TempDir(), "socket")
	first := startChild(t, "listener", path)
	first.expect(t, "ready")
	if _, err := Listen(path); !errors.Is(err, ErrInUse) {
		t.Fatalf("while it lives: %v, want ErrInUse", err)
	}
	first.Process.Kill()
	first.Wait()
	if _, err := os.Stat(path); err != nil {
		t.Fatalf("the dead server's socket: %v", err)
	}
	l, err := Listen(path)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	conn, err := net.Dial("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	conn.Close()
}

// TestListenersRace: of several that find a dead server's socket, one gets the path.
func TestListenersRace(t *testing.T) {
	path := filepath.Join(t.TempDir(), "socket")
	for range 20 {
		dead, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
		if err != nil {
			t.Fatal(err)
		}
		dead.SetUnlinkOnClose(false)
		dead.Close()
		var got atomic.Pointer[net.UnixListener]
		var all sync.WaitGroup
		for range 4 {
			all.Go(func() {
				l, err := Listen(path)
				if err == nil {
					if !got.CompareAndSwap(nil, l) {
						t.Error("two listen on one path")
						l.Close()
					}
				} else if !errors.Is(err, ErrInUse) {
					t.Errorf("%v, want ErrInUse", err)
				}
			})
		}
		all.Wait()
		if got.Load() == nil {
			t.Fatal("nobody got the path")
		}
		got.Load().Close()
	}
}

func TestListenRefuses(t *testing.T) {
	directory := t.TempDir()
	file := filepath.Join(directory, "file")
	if err := os.WriteFile(file, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	for what, path := range map[string]string{
		"no path":           "",
		"an abstract path":  "@urpc-test",
		"an ordinary file":  file,
		"no such directory": filepath.Join(directory, "no", "socket"),
		"too long":          filepath.Join(directory, strings.Repeat("x", 120)),
	} {
		if l, err := Listen(path); err == nil {
			l.Close()
			t.Errorf("%s: listens", what)
		}
	}
	if b, err := os.ReadFile(file); err != nil || string(b) != "precious" {
		t.Errorf("the file: %q, %v", b, err)
	}
}
