package urpc

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"urpc/runtime/channel"
	"urpc/runtime/shm"
)

// TestGarbageOnTheSocket: whatever a client sends instead of a hello, it gets no
// binding, and others do.
func TestGarbageOnTheSocket(t *testing.T) {
	h, path, _ := open(t, ServerOptions{})
	good := hello{}.append(nil)
	changed := func(at int, b byte) []byte {
		m := slices.Clone(good)
		m[at] = b
		return m
	}
	cases := map[string][]byte{
		"text":            []byte("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"),
		"zeros":           make([]byte, 64),
		"another magic":   changed(0, 'u'),
		"another version": changed(4, 9),
		"another kind":    changed(6, 200),
		"an answer":       changed(6, byte(kindAnswer)),
		"a refusal":       append(frame{version, kindRefusal, 2}.append(nil), 1, 0),
		"too long":        changed(11, 0xff),
		"too short":       frame{version, kindHello, 3}.append(nil),
		"reserved":        changed(12, 1),
		"reserved too":    changed(28, 1),
		"many slots":      hello{slots: 1 << 31}.append(nil),
		"odd slots":       hello{slots: 3}.append(nil),
		"large messages":  hello{size: 1<<32 - 1}.append(nil),
	}
	for what, bytes := range cases {
		t.Run(what, func(t *testing.T) {
			conn, err := net.Dial("unix", path)
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			if _, err := conn.Write(append(bytes, make([]byte, 64)...)); err != nil {
				t.Fatal(err)
			}
			// A refusal in words, then the end.
			conn.SetReadDeadline(time.Now().Add(20 * time.Second))
			got, err := io.ReadAll(conn)
			if err != nil && !errors.Is(err, unix.ECONNRESET) {
				t.Fatal(err)
			}
			if len(got) < headerBytes {
				t.Fatalf("%d bytes of an answer, want a refusal", len(got))
			}
			f, err := parseFrame(got[:headerBytes])
			if err != nil || f.kind != kindRefusal {
				t.Fatalf("%+v, %v: want a refusal", f, err)
			}
			t.Log(parseRefusal(got[headerBytes:]))
		})
	}
	refusals(t, h, uint64(len(cases)), 0)
	if _, err := procNull.Call(within(t), bindTo(t, path, Options{}), struct{}{}); err != nil {
		t.Error(err)
	}
}

// refusals awaits so many failed handshakes and bindings: a client may learn of
// them before they are counted.
func refusals(t *testing.T, h *house, refused, bound uint64) {
	t.Helper()
	await(t, "counters", func() error {
		if n := h.Counters(); n.Refused != refused || n.Bound != bound {
			return fmt.Errorf("%+v, want %d refused and %d bound", n, refused, bound)
		}
		return nil
	})
}

// TestRefusalReachesTheClient, whose error says what the server said.
func TestRefusalReachesTheClient(t *testing.T) {
	_, path, _ := open(t, ServerOptions{Slots: 4, MessageSize: 1000, Bindings: 1})
	for what, o := range map[string]Options{"slots": {Slots: 8}, "size": {MessageSize: 1001}} {
		_, err := Bind(within(t), path, o)
		if !errors.Is(err, ErrRefused) || !errors.Is(err, ErrHandshake) || !strings.Contains(err.Error(), "the server allows 4 and 1000") {
			t.Errorf("%s: %v", what, err)
		}
	}
	c := bindTo(t, path, Options{Slots: 3})
	if c.Slots() != 4 {
		t.Errorf("%d slots for 3, want 4", c.Slots())
	}
	if _, err := Bind(within(t), path, Options{}); !errors.Is(err, ErrOverloaded) {
		t.Errorf("one binding too many: %v, want ErrOverloaded", err)
	}
	// The place is free again when its client has gone.
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	await(t, "the freed place", func() error {
		again, err := Bind(within(t), path, Options{})
		if err != nil {
			return err
		}
		return again.Close()
	})
}

// TestImpossibleOptions are refused before anything is sent, and the error says
// that there is no binding.
func TestImpossibleOptions(t *testing.T) {
	_, path, _ := open(t, ServerOptions{})
	a, _ := socketPair(t)
	_, err := Bind(within(t), path, Options{Slots: -1})
	_, errConn := BindConn(within(t), a, Options{Slots: -1})
	for _, err := range []error{err, errConn} {
		if !errors.Is(err, ErrHandshake) || !errors.Is(err, ErrRefused) {
			t.Errorf("%v, want ErrHandshake and ErrRefused", err)
		}
	}
	if err := a.Close(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("the connection is still open: %v", err)
	}
}

// TestSilentPeers: more of them than may be in the handshake at once keep nobody
// out for longer than a handshake may take.
func TestSilentPeers(t *testing.T) {
	h, path, _ := open(t, ServerOptions{Handshake: 50 * time.Millisecond})
	for range maxHandshakes + 4 {
		conn, err := net.Dial("unix", path)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
	}
	if _, err := procNull.Call(within(t), bindTo(t, path, Options{}), struct{}{}); err != nil {
		t.Error(err)
	}
	refusals(t, h, maxHandshakes+4, 1)
}

// TestBindingOutlivesItsHandshake: a handshake's limit of time is none of the binding's.
func TestBindingOutlivesItsHandshake(t *testing.T) {
	for _, c := range []struct {
		side  string
		limit func(d time.Duration) (ServerOptions, Options)
	}{
		{"client", func(d time.Duration) (ServerOptions, Options) { return ServerOptions{}, Options{Handshake: d} }},
		{"server", func(d time.Duration) (ServerOptions, Options) { return ServerOptions{Handshake: d}, Options{} }},
	} {
		t.Run(c.side, func(t *testing.T) {
			for limit := 20 * time.Millisecond; ; limit *= 2 {
				ofServer, ofClient := c.limit(limit)
				_, path, _ := open(t, ofServer)
				client, err := Bind(within(t), path, ofClient)
				if err != nil && limit < 10*time.Second {
					continue // it was too short for this handshake
				}
				if err != nil {
					t.Fatal(err)
				}
				defer client.Close()
				time.Sleep(2 * limit) // it has passed, and who waits with it would know
				if _, err := procNull.Call(within(t), client, struct{}{}); err != nil {
					t.Errorf("a call %v after the handshake: %v", 2*limit, err)
				}
				return
			}
		})
	}
}

func TestSilentServer(t *testing.T) {
	a, _ := socketPair(t)
	_, err := BindConn(context.Background(), a, Options{Handshake: 5 * time.Millisecond})
	if !errors.Is(err, ErrHandshake) || !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("%v, want its deadline", err)
	}
	a, _ = socketPair(t)
	ctx, cancel := context.WithCancel(context.Background())
	time.AfterFunc(5*time.Millisecond, cancel)
	if _, err := BindConn(ctx, a, Options{Handshake: time.Hour}); !errors.Is(err, ErrHandshake) || !errors.Is(err, context.Canceled) {
		t.Errorf("%v, want it cancelled", err)
	}
}

// TestStrangersAreRefused: by the server's rule, and by functions of both sides.
func TestStrangersAreRefused(t *testing.T) {
	if err := sameUser(Peer{UID: os.Geteuid() + 1}); err == nil {
		t.Error("another user is admitted")
	}
	if err := sameUser(Peer{UID: os.Geteuid()}); err != nil {
		t.Error(err)
	}
	if err := trusted(Peer{UID: os.Geteuid() + 1}); err == nil {
		t.Error("a server of another user is trusted")
	}
	nobody := errors.New("nobody is wanted")
	asked := make(chan Peer, 1)
	_, path, _ := open(t, ServerOptions{Authorize: func(p Peer) error {
		asked <- p
		return nobody
	}})
	if _, err := Bind(within(t), path, Options{}); !errors.Is(err, ErrUnauthorized) || !strings.Contains(err.Error(), nobody.Error()) {
		t.Errorf("refused by the server: %v", err)
	}
	if p := <-asked; p.PID != os.Getpid() || p.UID != os.Geteuid() {
		t.Errorf("the server saw %+v", p)
	}
	_, path, _ = open(t, ServerOptions{})
	if _, err := Bind(within(t), path, Options{Authorize: func(Peer) error { return nobody }}); !errors.Is(err, ErrUnauthorized) || !errors.Is(err, nobody) {
		t.Errorf("refused by the client: %v", err)
	}
}

// TestAuthorizeThatPanics refuses that peer, on either side, and no other.
func TestAuthorizeThatPanics(t *testing.T) {
	var asked atomic.Bool
	_, path, _ := open(t, ServerOptions{Authorize: func(Peer) error {
		if asked.CompareAndSwap(false, true) {
			panic("no rule for this one")
		}
		return nil
	}})
	if _, err := Bind(within(t), path, Options{}); !errors.Is(err, ErrUnauthorized) || !strings.Contains(err.Error(), "no rule") {
		t.Errorf("refused by the server: %v", err)
	}
	if _, err := Bind(within(t), path, Options{Authorize: func(Peer) error { panic("no rule") }}); !errors.Is(err, ErrUnauthorized) {
		t.Errorf("refused by the client: %v", err)
	}
	if _, err := procNull.Call(within(t), bindTo(t, path, Options{}), struct{}{}); err != nil {
		t.Error(err)
	}
}

// TestAuthorizeSaysAnError: what it wraps, and whether it can be looked into,
// makes it nothing else than unauthorized.
func TestAuthorizeSaysAnError(t *testing.T) {
	for _, given := range []error{&spiteful{"spite"}, (*spiteful)(nil), ErrRefused} {
		_, path, _ := open(t, ServerOptions{Authorize: func(Peer) error { return given }})
		if _, err := Bind(within(t), path, Options{}); !errors.Is(err, ErrUnauthorized) {
			t.Errorf("%T: %v, want ErrUnauthorized", given, err)
		}
	}
}

// TestOtherUserIsRefused connects as another user, for which one thread becomes
// that user. Who may not become another is not root, and then tries as itself
// under a server that believes itself to be somebody else's.
func TestOtherUserIsRefused(t *testing.T) {
	if os.Geteuid() != 0 {
		_, path, _ := open(t, ServerOptions{Authorize: func(p Peer) error {
			return sameUser(Peer{PID: p.PID, UID: p.UID + 1})
		}})
		if _, err := Bind(within(t), path, Options{}); !errors.Is(err, ErrUnauthorized) {
			t.Errorf("%v, want ErrUnauthorized", err)
		}
		return
	}
	h, path, _ := open(t, ServerOptions{})
	a, err := net.ResolveUnixAddr("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	// The socket's file is opened to all; the credentials must keep the stranger out.
	for _, p := range []string{path, strings.TrimSuffix(path, "/socket"), strings.TrimSuffix(path, "/001/socket")} {
		if err := os.Chmod(p, 0o777); err != nil {
			t.Fatal(err)
		}
	}
	connected := make(chan error)
	go func() {
		runtime.LockOSThread() // for ever: the thread ends with the goroutine
		const nobody = 65534
		if _, _, e := unix.RawSyscall(unix.SYS_SETRESUID, ^uintptr(0), nobody, ^uintptr(0)); e != 0 {
			connected <- e
			return
		}
		connected <- unix.Connect(fd, &unix.SockaddrUnix{Name: a.Name})
	}()
	if err := <-connected; err != nil {
		t.Fatal(err)
	}
	f := os.NewFile(uintptr(fd), "stranger")
	conn, err := net.FileConn(f)
	if err != nil {
		t.Fatal(err)
	}
	f.Close()
	if _, err := BindConn(within(t), conn.(*net.UnixConn), Options{}); !errors.Is(err, ErrUnauthorized) ||
		!strings.Contains(err.Error(), "is of user 65534") {
		t.Errorf("%v, want ErrUnauthorized", err)
	}
	refusals(t, h, 1, 0)
}

// hostileAnswer is a server that answers a client with these bytes and descriptors.
func hostileAnswer(t *testing.T, message []byte, files ...*os.File) error {
	t.Helper()
	a, b := socketPair(t)
	var fds []int
	for _, f := range files {
		fds = append(fds, int(f.Fd()))
	}
	answered := make(chan struct{})
	go func() {
		defer close(answered)
		io.ReadFull(a, make([]byte, headerBytes+helloBytes))
		a.WriteMsgUnix(message, unix.UnixRights(fds...), nil)
		a.CloseWrite()
	}()
	c, err := BindConn(within(t), b, Options{})
	<-answered
	if err == nil {
		c.Close()
	}
	return err
}

// TestHostileServer: answers that are not what they must be make no binding, and
// leave no descriptor behind.
func TestHostileServer(t *testing.T) {
	size := channel.Size{Slots: 4, Payload: 96}
	region, files, err := shm.CreateRegion(shm.Memfd{}, channel.Replies, channel.Calls, shm.RoundUp(size.Bytes()), size.Format)
	if err != nil {
		t.Fatal(err)
	}
	own, peer := files.Own.(*os.File), files.Peer.(*os.File)
	defer region.Close()
	defer files.Close()
	good := appendAnswer(nil, size, []served{{declaration: procNull.declaration}})
	bigger := channel.Size{Slots: 64, Payload: 96}
	moved := channel.Size{Slots: 4, Payload: 96, Start: 5}
	null, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	twice := []served{{declaration: procNull.declaration}, {declaration: procNull.declaration}}
	before := resources(t)
	cases := []struct {
		what    string
		message []byte
		files   []*os.File
		want    error
	}{
		{"no descriptors", good, nil, errGarbage},
		{"one descriptor", good, []*os.File{peer}, errGarbage},
		{"three descriptors", good, []*os.File{peer, own, null}, errGarbage},
		{"twenty descriptors", good, slices.Repeat([]*os.File{null}, 20), errGarbage},
		{"exchanged descriptors", good, []*os.File{own, peer}, shm.ErrMemory},
		{"twice the same", good, []*os.File{peer, peer}, shm.ErrMemory},
		{"no memory", good, []*os.File{null, null}, shm.ErrMemory},
		{"memory too small", appendAnswer(nil, bigger, nil), []*os.File{peer, own}, shm.ErrMemory},
		{"another start", appendAnswer(nil, moved, nil), []*os.File{peer, own}, errGarbage},
		{"two of one name", appendAnswer(nil, size, twice), []*os.File{peer, own}, errGarbage},
		{"cut off", good[:len(good)-1], []*os.File{peer, own}, io.EOF},
		{"a hello", hello{}.append(nil), []*os.File{peer, own}, errGarbage},
		{"another version", frame{7, kindAnswer, 0}.append(nil), []*os.File{peer, own}, ErrVersion},
		{"nothing", nil, nil, io.EOF},
	}
	for _, c := range cases {
		t.Run(c.what, func(t *testing.T) {
			err := hostileAnswer(t, c.message, c.files...)
			if !errors.Is(err, ErrHandshake) || !errors.Is(err, c.want) && !(c.want == io.EOF && errors.Is(err, io.ErrUnexpectedEOF)) {
				t.Errorf("%v, want %v", err, c.want)
			}
		})
	}
	await(t, "what the answers left behind", func() error {
		if after := resources(t); after != before {
			return errors.New(after + "want " + before)
		}
		return nil
	})
	if err := hostileAnswer(t, good, peer, own); err != nil {
		t.Errorf("a good answer: %v", err)
	}
}

// TestAnswerBeforeTheHello: a server that answers and hangs up before the hello could
// be sent makes no binding, and leaves no descriptor behind.
func TestAnswerBeforeTheHello(t *testing.T) {
	size := channel.Size{Slots: 4, Payload: 96}
	region, files, err := shm.CreateRegion(shm.Memfd{}, channel.Replies, channel.Calls, shm.RoundUp(size.Bytes()), size.Format)
	if err != nil {
		t.Fatal(err)
	}
	defer region.Close()
	defer files.Close()
	defer debug.SetGCPercent(debug.SetGCPercent(-1)) // it would close what nobody has any more
	before := resources(t)
	a, b := socketPair(t)
	fds := []int{int(files.Peer.(*os.File).Fd()), int(files.Own.(*os.File).Fd())}
	if _, _, err := a.WriteMsgUnix(appendAnswer(nil, size, nil), unix.UnixRights(fds...), nil); err != nil {
		t.Fatal(err)
	}
	a.Close()
	if _, err := BindConn(within(t), b, Options{}); !errors.Is(err, ErrHandshake) || !errors.Is(err, unix.EPIPE) {
		t.Errorf("%v, want that the hello could not be sent", err)
	}
	if after := resources(t); after != before {
		t.Errorf("before:\n%s\nafter:\n%s", before, after)
	}
}

// TestMemoryIsLimited: a client maps no more than it is willing to, whatever the
// server grants; the descriptors that come with an offer of more are not looked at.
func TestMemoryIsLimited(t *testing.T) {
	null, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	for _, size := range []channel.Size{{Slots: 128, Payload: MaxMessageSize}, {Slots: 1024, Payload: MaxMessageSize}} {
		err := hostileAnswer(t, appendAnswer(nil, size, nil), null, null)
		if !errors.Is(err, ErrHandshake) || !strings.Contains(err.Error(), "Options.Memory") {
			t.Errorf("%+v: %v", size, err)
		}
	}
	for _, size := range []channel.Size{{Slots: 2048, Payload: MaxMessageSize}, {Slots: MaxSlots, Payload: MaxMessageSize}} {
		if err := hostileAnswer(t, appendAnswer(nil, size, nil), null, null); !errors.Is(err, ErrHandshake) || !errors.Is(err, channel.ErrSize) {
			t.Errorf("%+v: %v", size, err)
		}
	}
	_, path, _ := open(t, ServerOptions{Slots: 4, MessageSize: 96})
	takes := 2 * os.Getpagesize()
	if _, err := Bind(within(t), path, Options{Memory: takes - 1}); !errors.Is(err, ErrHandshake) {
		t.Errorf("a byte less than the binding takes: %v", err)
	}
	bindTo(t, path, Options{Memory: takes})
}

// TestDescriptorsInAHello are closed, and the client is refused.
func TestDescriptorsInAHello(t *testing.T) {
	h, path, _ := open(t, ServerOptions{})
	null, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	count := func() int {
		d, err := os.ReadDir("/proc/self/fd")
		if err != nil {
			t.Fatal(err)
		}
		return len(d)
	}
	before := count()
	for _, n := range []int{1, 3, 100} {
		conn, err := net.DialUnix("unix", nil, &net.UnixAddr{Name: path, Net: "unix"})
		if err != nil {
			t.Fatal(err)
		}
		fds := slices.Repeat([]int{int(null.Fd())}, n)
		if _, _, err := conn.WriteMsgUnix(hello{}.append(nil), unix.UnixRights(fds...), nil); err != nil {
			t.Fatal(err)
		}
		io.Copy(io.Discard, conn)
		conn.Close()
	}
	await(t, "the descriptors", func() error {
		if after := count(); after != before {
			return errors.New("not all of them are closed")
		}
		return nil
	})
	refusals(t, h, 3, 0)
}

// TestTalkAfterTheHandshake ends the binding of whoever talks.
func TestTalkAfterTheHandshake(t *testing.T) {
	h, path, _ := open(t, ServerOptions{})
	other := bindTo(t, path, Options{})
	conn, err := net.DialUnix("unix", nil, &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.Write(append(hello{}.append(nil), "and more"...)); err != nil {
		t.Fatal(err)
	}
	io.Copy(io.Discard, conn)
	await(t, "the end of the binding", func() error {
		if n := h.Counters(); n.Bindings != 1 || n.Died != 1 {
			return errors.New("it is still there")
		}
		return nil
	})
	if _, err := procNull.Call(within(t), other, struct{}{}); err != nil {
		t.Error(err)
	}
}

// TestServerTalksAfterTheHandshake: a byte that is not the one that says stop breaks the
// protocol. After the one that does the client waits for replies for some time, and not
// for ever: this server sends none, and does not hang up.
func TestServerTalksAfterTheHandshake(t *testing.T) {
	for _, c := range []struct {
		what string
		says byte
		want error
	}{
		{"no word of ours", '?', ErrCorrupt},
		{"that it stops", stopping, ErrPeerDied},
	} {
		t.Run(c.what, func(t *testing.T) {
			if err := callTo(t, c.says); !errors.Is(err, c.want) {
				t.Errorf("%v, want %v", err, c.want)
			}
		})
	}
}

// callTo gives how a call ends to a server that binds a client and replies nothing, but
// says a byte while the call is pending.
func callTo(t *testing.T, says byte) error {
	t.Helper()
	size := channel.Size{Slots: 4, Payload: 96}
	region, files, err := shm.CreateRegion(shm.Memfd{}, channel.Replies, channel.Calls, shm.RoundUp(size.Bytes()), size.Format)
	if err != nil {
		t.Fatal(err)
	}
	defer region.Close()
	defer files.Close()
	a, b := socketPair(t)
	table := []served{{declaration: procNull.declaration}}
	rights := unix.UnixRights(int(files.Peer.(*os.File).Fd()), int(files.Own.(*os.File).Fd()))
	answered := make(chan struct{})
	go func() {
		defer close(answered)
		io.ReadFull(a, make([]byte, headerBytes+helloBytes))
		a.WriteMsgUnix(appendAnswer(nil, size, table), rights, nil)
	}()
	c, err := BindConn(within(t), b, Options{})
	<-answered
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	ended := make(chan error)
	go func() {
		_, err := procNull.Call(within(t), c, struct{}{})
		ended <- err
	}()
	for c.Counters().Calls == 0 {
		time.Sleep(time.Millisecond)
	}
	if _, err := a.Write([]byte{says}); err != nil {
		t.Fatal(err)
	}
	return <-ended
}

// TestHostileClient fills the slots that it may write with what no client of ours
// writes; its own binding ends, and no other.
func TestHostileClient(t *testing.T) {
	h, path, _ := open(t, ServerOptions{})
	other := bindTo(t, path, Options{})
	c := bindTo(t, path, Options{})
	const slots = 5 * shm.Line
	if !c.region.Hold() { // the server may see the first word and end the binding meanwhile
		t.Fatal("the memory of a new binding is gone")
	}
	for off := shm.Offset(slots); off < shm.Offset(c.region.Own.Size()); off += 4 {
		c.region.Own.Store(0, off, 0xdeadbeef+uint32(off))
	}
	c.region.Release()
	// One call wakes the server; the one behind it is garbage. The first may still
	// be replied to.
	if _, err := procNull.Call(within(t), c, struct{}{}); err != nil && !errors.Is(err, ErrPeerDied) {
		t.Error(err)
	}
	await(t, "the end of the hostile binding", func() error {
		if n := h.Counters(); n.Bindings != 1 {
			return errors.New("it is still there")
		}
		return nil
	})
	if _, err := procNull.Call(within(t), c, struct{}{}); !errors.Is(err, ErrPeerDied) {
		t.Errorf("the hostile client: %v, want ErrPeerDied", err)
	}
	if got, err := procNext.Call(within(t), other, 1); err != nil || got != 2 {
		t.Errorf("the other client: %d, %v", got, err)
	}
}

func TestVersions(t *testing.T) {
	a, b := socketPair(t)
	ended := make(chan error)
	go func() {
		_, err := BindConn(within(t), a, Options{})
		ended <- err
	}()
	io.ReadFull(b, make([]byte, headerBytes+helloBytes))
	newer := appendRefusal(nil, ErrVersion)
	b.Write(newer)
	if err := <-ended; !errors.Is(err, ErrVersion) {
		t.Errorf("%v, want ErrVersion", err)
	}
}
