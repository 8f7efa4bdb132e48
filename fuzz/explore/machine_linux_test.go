package explore

import (
	"net"
	"os"
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
			a.near, a.far = realSockets(t)
			c.run(a)
			if got := strings.Join(a.notes, "; "); got != c.want {
				t.Errorf("it shows\n%s, want\n%s", got, c.want)
			}
		})
	}
}

// realSockets gives the two ends of a connection.
func realSockets(t *testing.T) (a, b machine.Socket) {
	t.Helper()
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	var ends [2]machine.Socket
	for i, fd := range fds {
		f := os.NewFile(uintptr(fd), "socket")
		conn, err := net.FileConn(f)
		f.Close()
		if err != nil {
			t.Fatal(err)
		}
		if ends[i], err = machine.NewSocket(conn.(*net.UnixConn)); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(ends[i].Close)
	}
	return ends[0], ends[1]
}
