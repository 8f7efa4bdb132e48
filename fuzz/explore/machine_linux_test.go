package explore

import (
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"urpc/runtime/machine"
)

func TestRealMachine(t *testing.T) {
	m, err := machine.Real()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range machineCases {
		t.Run(c.name, func(t *testing.T) {
			a := newMachines()
			a.left, a.right = m, m
			var near *net.UnixConn
			near, a.near, a.far = realSockets(t)
			a.fill = func() { fill(t, near) }
			a.foreign = func() (machine.Socket, int) { return ofAnotherUser(t) }
			if strings.Contains(c.name, "death") {
				a.far, a.die = toAnotherProcess(t)
			}
			a.pass = func() {}
			_, ended := onGoroutines(0, func(start func(string, func()), _ func(string)) {
				a.start = start
				c.run(a)
			})
			if !ended {
				t.Fatal("a thread waits for ever")
			}
			if got := strings.Join(a.notes, "; "); got != c.want {
				t.Errorf("it shows\n%s, want\n%s", got, c.want)
			}
		})
	}
}

// realSockets gives the two ends of a connection, and what the first of them is made of.
func realSockets(t *testing.T) (conn *net.UnixConn, a, b machine.Socket) {
	t.Helper()
	fds, err := connection()
	if err != nil {
		t.Fatal(err)
	}
	return socketsOf(t, fds)
}

func connection() ([2]int, error) {
	return unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
}

// ofAnotherUser gives an end of a connection whose peer is of another user: one thread, which
// makes the connection, becomes that user. Where this process may not it stays who it is.
func ofAnotherUser(t *testing.T) (machine.Socket, int) {
	t.Helper()
	user := os.Geteuid()
	if user == 0 {
		user = 65534
	}
	var fds [2]int
	made := make(chan error)
	go func() {
		runtime.LockOSThread() // for ever: the thread ends with the goroutine
		if _, _, e := unix.RawSyscall(unix.SYS_SETRESUID, ^uintptr(0), uintptr(user), ^uintptr(0)); e != 0 {
			made <- e
			return
		}
		var err error
		fds, err = connection()
		made <- err
	}()
	if err := <-made; err != nil {
		t.Fatal(err)
	}
	_, _, far := socketsOf(t, fds)
	return far, user
}

// socketsOf gives both ends of a connection as sockets.
func socketsOf(t *testing.T, fds [2]int) (conn *net.UnixConn, a, b machine.Socket) {
	t.Helper()
	var conns [2]*net.UnixConn
	var ends [2]machine.Socket
	for i, fd := range fds {
		f := os.NewFile(uintptr(fd), "socket")
		conn, err := net.FileConn(f)
		f.Close()
		if err != nil {
			t.Fatal(err)
		}
		conns[i] = conn.(*net.UnixConn)
		if ends[i], err = machine.NewSocket(conns[i]); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(ends[i].Close)
	}
	return conns[0], ends[0], ends[1]
}

// fill fills a socket until it takes no byte more.
func fill(t *testing.T, conn *net.UnixConn) {
	t.Helper()
	raw, err := conn.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	var full error
	err = raw.Write(func(fd uintptr) bool {
		for _, n := range []int{1 << 12, 1} {
			for full = nil; full == nil; {
				_, full = unix.Write(int(fd), make([]byte, n))
			}
		}
		return true
	})
	if err != nil || !errors.Is(full, unix.EAGAIN) {
		t.Fatalf("%v, %v: want a socket that is full", err, full)
	}
}

// toAnotherProcess gives this end of a connection to another process, and what kills
// that.
func toAnotherProcess(t *testing.T) (machine.Socket, func()) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "s")
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	other := exec.Command(os.Args[0])
	other.Env = append(os.Environ(), elsewhere+"="+path)
	if err := other.Start(); err != nil {
		t.Fatal(err)
	}
	die := func() {
		other.Process.Kill()
		other.Wait()
	}
	t.Cleanup(die)
	conn, err := l.AcceptUnix()
	if err != nil {
		t.Fatal(err)
	}
	s, err := machine.NewSocket(conn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s, die
}

// elsewhere names the socket to which a process connects that is this program's, and
// does nothing else.
const elsewhere = "URPC_EXPLORE_CONNECT"

func TestMain(m *testing.M) {
	path := os.Getenv(elsewhere)
	if path == "" {
		debug.SetGCPercent(400) // executions hold little: a tenth of the time is saved
		os.Exit(m.Run())
	}
	conn, err := net.Dial("unix", path)
	if err != nil {
		os.Exit(1)
	}
	io.Copy(io.Discard, conn) // until it is killed
}
