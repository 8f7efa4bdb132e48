package machine

import (
	"net"
	"os"
	"os/exec"
	"testing"

	"golang.org/x/sys/unix"
)

// pair gives the two ends of a connection.
func pair(t *testing.T) (a, b *socket) {
	t.Helper()
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	var ends [2]*socket
	for i, fd := range fds {
		f := os.NewFile(uintptr(fd), "socket")
		conn, err := net.FileConn(f)
		f.Close()
		if err != nil {
			t.Fatal(err)
		}
		s, err := NewSocket(conn.(*net.UnixConn))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(s.Close)
		ends[i] = s.(*socket)
	}
	return ends[0], ends[1]
}

// The exit of a process is told although its socket does not hang up, which other
// processes may hold.
func TestPeersProcessIsWatched(t *testing.T) {
	a, _ := pair(t)
	sleeper := exec.Command("sleep", "1000")
	if err := sleeper.Start(); err != nil {
		t.Fatal(err)
	}
	defer sleeper.Wait()
	a.pid = sleeper.Process.Pid
	if err := a.Watch(); err != nil {
		t.Fatal(err)
	}
	if a.pidfd == nil {
		t.Fatal("no pidfd")
	}
	if err := sleeper.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := a.AwaitExit(); err != nil {
		t.Errorf("the exit is not told: %v", err)
	}
}

// Who is not watched does not exit, as far as one is told; and a watch ends with
// the socket.
func TestNobodyIsWatched(t *testing.T) {
	a, _ := pair(t)
	if err := a.AwaitExit(); err == nil {
		t.Error("the exit of a process that is not watched")
	}
	seen := a.pid
	a.pid = 0 // as the kernel tells of a process of another pid namespace
	if err := a.Watch(); err != nil || a.pidfd != nil {
		t.Errorf("a process that cannot be seen: %v, watched %v", err, a.pidfd != nil)
	}
	if err := a.AwaitExit(); err == nil {
		t.Error("the exit of a process that cannot be seen")
	}
	a.pid = seen
	if err := a.Watch(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error)
	go func() { ended <- a.AwaitExit() }()
	a.Close()
	if err := <-ended; err == nil {
		t.Error("the exit of this process, which is the peer's")
	}
}
