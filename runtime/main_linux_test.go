package urpc

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// The tests' procedures, shared by the two sides as a user's would be.
type point struct {
	X, Y int32
	On   bool
	Pad  [3]bool
}

type record struct {
	Name  string
	Tags  map[string][]int
	Inner *record
}

var (
	procNull   = NewProc[struct{}, struct{}]("null")
	procEcho   = NewProc[[]byte, []byte]("echo")
	procUpper  = NewProc[string, string]("upper")
	procMirror = NewProc[point, point]("mirror")
	procRecord = NewProc[record, record]("record")
	procTime   = NewProc[time.Time, time.Time]("time")
	procNext   = NewProc[uint64, uint64]("next")
	procFail   = NewProc[string, struct{}]("fail")
	procPanic  = NewProc[string, struct{}]("panic")
	procBlock  = NewProc[uint64, uint64]("block") // until released or the context ends
	procHold   = NewProc[uint64, uint64]("hold")  // until released, whatever the context says
	procGrow   = NewProc[uint32, []byte]("grow")
	procWho    = NewProc[struct{}, int64]("who")
)

// house is a server of the tests' procedures.
type house struct {
	*Server
	blocked chan uint64   // told by each procBlock that it runs
	release chan struct{} // lets one procBlock go
}

func newHouse(o ServerOptions) (*house, error) {
	h := &house{Server: NewServer(o), blocked: make(chan uint64, 1024), release: make(chan struct{})}
	return h, errors.Join(
		Handle(h.Server, procNull, func(context.Context, struct{}) (struct{}, error) { return struct{}{}, nil }),
		Handle(h.Server, procEcho, func(_ context.Context, b []byte) ([]byte, error) { return b, nil }),
		Handle(h.Server, procUpper, func(_ context.Context, s string) (string, error) { return strings.ToUpper(s), nil }),
		Handle(h.Server, procMirror, func(_ context.Context, p point) (point, error) {
			p.X, p.Y, p.On = p.Y, p.X, !p.On
			return p, nil
		}),
		Handle(h.Server, procRecord, func(_ context.Context, r record) (record, error) {
			return record{Name: r.Name + "!", Tags: r.Tags, Inner: &r}, nil
		}),
		Handle(h.Server, procTime, func(_ context.Context, t time.Time) (time.Time, error) { return t.Add(time.Hour), nil }),
		Handle(h.Server, procNext, func(_ context.Context, n uint64) (uint64, error) { return n + 1, nil }),
		Handle(h.Server, procFail, func(_ context.Context, s string) (struct{}, error) { return struct{}{}, errors.New(s) }),
		Handle(h.Server, procPanic, func(_ context.Context, s string) (struct{}, error) { panic(s) }),
		Handle(h.Server, procBlock, func(ctx context.Context, n uint64) (uint64, error) {
			h.blocked <- n
			select {
			case <-h.release:
				return n + 1, nil
			case <-ctx.Done():
				return n + 1, nil // drained: the reply is delivered all the same
			}
		}),
		Handle(h.Server, procHold, func(_ context.Context, n uint64) (uint64, error) {
			h.blocked <- n
			<-h.release
			return n + 1, nil
		}),
		Handle(h.Server, procGrow, func(_ context.Context, n uint32) ([]byte, error) { return make([]byte, n), nil }),
		Handle(h.Server, procWho, func(ctx context.Context, _ struct{}) (int64, error) {
			p, ok := PeerFrom(ctx)
			if !ok {
				return 0, errors.New("no peer in the context")
			}
			return int64(p.PID), nil
		}),
	)
}

// open serves a house until the test ends, or stop is called; stop gives what
// Serve returned.
func open(t testing.TB, o ServerOptions) (h *house, path string, stop func() error) {
	t.Helper()
	h, err := newHouse(o)
	if err != nil {
		t.Fatal(err)
	}
	path = filepath.Join(t.TempDir(), "socket")
	l, err := Listen(path)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- h.Serve(ctx, l) }()
	stop = sync.OnceValue(func() error {
		cancel()
		return <-ended
	})
	t.Cleanup(func() {
		if err := stop(); err != nil {
			t.Errorf("serve: %v", err)
		}
	})
	return h, path, stop
}

func bindTo(t testing.TB, path string, o Options) *Client {
	t.Helper()
	c, err := Bind(context.Background(), path, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return c
}

// within is a context that makes a test fail rather than hang.
func within(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// child is this test binary as another process, in a role.
type child struct {
	*exec.Cmd
	in  io.WriteCloser
	out *bufio.Reader
}

const roleVariable = "URPC_TEST_ROLE"

func startChild(t testing.TB, role string, arguments ...string) *child {
	t.Helper()
	c := &child{Cmd: exec.Command(os.Args[0], arguments...)}
	c.Env = append(os.Environ(), roleVariable+"="+role)
	c.Stderr = os.Stderr
	in, err := c.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	c.in, c.out = in, bufio.NewReader(out)
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		c.in.Close()
		c.Process.Kill()
		c.Wait()
	})
	return c
}

// expect reads a line that the child must write.
func (c *child) expect(t testing.TB, want string) {
	t.Helper()
	if got, err := c.out.ReadString('\n'); strings.TrimSpace(got) != want {
		t.Fatalf("child wrote %q (%v), want %q", got, err, want)
	}
}

// say writes a line that the parent expects.
func say(line string) { fmt.Println(line) }

// roles are what a child can be. Each ends when its standard input does.
var roles = map[string]func(arguments []string) error{
	"server": func(arguments []string) error {
		h, err := newHouse(ServerOptions{})
		if err != nil {
			return err
		}
		l, err := Listen(arguments[0])
		if err != nil {
			return err
		}
		ctx, cancel := context.WithCancel(context.Background())
		go func() {
			io.Copy(io.Discard, os.Stdin)
			cancel()
		}()
		say("ready")
		return h.Serve(ctx, l)
	},
	// a client that has calls pending, for ever
	"blocked client": func(arguments []string) error {
		c, err := Bind(context.Background(), arguments[0], Options{})
		if err != nil {
			return err
		}
		if _, err := procNull.Call(context.Background(), c, struct{}{}); err != nil {
			return err
		}
		for n := range uint64(4) {
			go procBlock.Call(context.Background(), c, n)
		}
		say("ready")
		io.Copy(io.Discard, os.Stdin)
		return nil
	},
	// a client that calls all the time
	"busy client": func(arguments []string) error {
		c, err := Bind(context.Background(), arguments[0], Options{})
		if err != nil {
			return err
		}
		for n := range uint64(4) {
			go func() {
				for m := n; ; {
					next, err := procNext.Call(context.Background(), c, m)
					if err != nil || next != m+1 {
						panic(fmt.Sprint(next, err))
					}
					m = next
				}
			}()
		}
		say("ready")
		io.Copy(io.Discard, os.Stdin)
		return nil
	},
	"inherited client": func([]string) error {
		f := os.NewFile(3, "inherited")
		conn, err := net.FileConn(f)
		if err != nil {
			return err
		}
		f.Close()
		c, err := BindConn(context.Background(), conn.(*net.UnixConn), Options{})
		if err != nil {
			return err
		}
		pid, err := procWho.Call(context.Background(), c, struct{}{})
		if err != nil {
			return err
		}
		if pid != int64(os.Getpid()) || c.Peer().PID != os.Getppid() {
			return fmt.Errorf("seen as %d, sees %d; want %d and %d", pid, c.Peer().PID, os.Getpid(), os.Getppid())
		}
		say("ready")
		io.Copy(io.Discard, os.Stdin)
		return nil
	},
	"listener": func(arguments []string) error {
		l, err := Listen(arguments[0])
		if err != nil {
			return err
		}
		defer l.Close()
		say("ready")
		io.Copy(io.Discard, os.Stdin)
		return nil
	},
}

func TestMain(m *testing.M) {
	if role := os.Getenv(roleVariable); role != "" {
		if err := roles[role](os.Args[1:]); err != nil {
			fmt.Fprintln(os.Stderr, role+":", err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	goleak.VerifyTestMain(m)
}
