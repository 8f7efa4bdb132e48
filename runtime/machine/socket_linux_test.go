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

// Where the process has exited before it could be watched, the socket alone tells: that is
// no error.
func TestNobodyIsLeftToWatch(t *testing.T) {
	a, b := pair(t)
	a.pid = 1<<22 + 1 // Linux gives no process such a number
	if err := a.Watch(); err != nil || a.pidfd != nil {
		t.Fatalf("a process that is gone: %v, watched %v", err, a.pidfd != nil)
	}
	b.Close()
	if n, _, _, err := a.Read(0, make([]byte, 1)); n != 0 || err != nil {
		t.Errorf("%d bytes, %v: want the hang-up", n, err)
	}
}

// The peer is who writes, also where another process made the connection and holds it
// still: so the process that is watched is the writer's.
func TestPeerIsWhoWrites(t *testing.T) {
	a, b := pair(t)
	f, err := b.conn.File()
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	writer := exec.Command("sh", "-c", "echo >&3; read end")
	writer.ExtraFiles = []*os.File{f}
	in, err := writer.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	if err := writer.Start(); err != nil {
		t.Fatal(err)
	}
	defer writer.Process.Kill()
	if _, _, _, err := a.Read(0, make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	if pid, _, _ := a.Credentials(); pid != writer.Process.Pid {
		t.Fatalf("the peer is process %d, want the writer, %d", pid, writer.Process.Pid)
	}
	if err := a.Watch(); err != nil {
		t.Fatal(err)
	}
	in.Close()
	writer.Wait()
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
