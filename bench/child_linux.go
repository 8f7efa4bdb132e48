package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"urpc/fuzz/child"
	"urpc/runtime"
	"urpc/runtime/shm"
)

// block is what a call of 64 bytes moves.
type block struct{ Words [8]uint64 }

var (
	null   = urpc.NewProc[struct{}, struct{}]("null")
	double = urpc.NewProc[block, block]("double")
)

// pollFor is how long the processes poll before they park: longer than anything
// that comes in between while both have a processor, and short against the rounds
// in which another measure needs it.
const pollFor = time.Millisecond

// wires are what connects a child with the other one.
type wires struct {
	there, back *uint32 // two words, on lines of their own
	socket      net.Conn
	read, write *os.File
}

func openWires() (w wires, err error) {
	words := os.NewFile(fdWords, "words")
	mapped, err := unix.Mmap(int(words.Fd()), 0, shm.RoundUp(2*shm.Line), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED|unix.MAP_POPULATE)
	if err != nil {
		return w, fmt.Errorf("map shared memory: %w", err)
	}
	segment := shm.Of(0, mapped)
	w.there, w.back = segment.Address(0), segment.Address(shm.Line)
	socket := os.NewFile(fdSocket, "socket")
	if w.socket, err = net.FileConn(socket); err != nil {
		return w, err
	}
	w.read, w.write = os.NewFile(fdRead, "pipe"), os.NewFile(fdWrite, "pipe")
	return w, socket.Close()
}

// answer is the role of the process that answers.
func answer(p *child.Parent) error {
	var s setup
	w, err := openWires()
	if err = errors.Join(err, p.Setup(&s)); err != nil {
		return err
	}
	server := urpc.NewServer(urpc.ServerOptions{Poll: pollFor})
	err = errors.Join(
		urpc.Handle(server, null, func(context.Context, struct{}) (struct{}, error) { return struct{}{}, nil }),
		urpc.Handle(server, double, func(_ context.Context, b block) (block, error) {
			for i := range b.Words {
				b.Words[i] *= 2
			}
			return b, nil
		}))
	if err != nil {
		return err
	}
	listener, err := urpc.Listen(s.Path)
	if err != nil {
		return err
	}
	ended := make(chan error, 4)
	go func() { ended <- server.Serve(context.Background(), listener) }()
	go func() { ended <- echo(w.socket, w.socket) }()
	go func() { ended <- echo(w.read, w.write) }()
	go func() { ended <- w.answerRaw(p) }()
	if err := p.Send("ready"); err != nil {
		return err
	}
	return <-ended // never in order: the parent kills this process
}

// echo answers every 8 bytes with themselves.
func echo(from io.Reader, to io.Writer) error {
	var b [8]byte
	for {
		if _, err := io.ReadFull(from, b[:]); err != nil {
			return fmt.Errorf("echo: %w", err)
		}
		if _, err := to.Write(b[:]); err != nil {
			return fmt.Errorf("echo: %w", err)
		}
	}
}

// answerRaw answers the raw ping-pong, whenever the parent says that one begins.
func (w *wires) answerRaw(p *child.Parent) error {
	for {
		var o order
		if err := p.Receive(&o); err != nil {
			return err
		}
		n := o.From
		for range warm(o.Trips) + o.Trips {
			n++
			for atomic.LoadUint32(w.there) != n {
			}
			atomic.StoreUint32(w.back, n)
		}
	}
}

// ask is the role of the process that asks, and looks at the clock.
func ask(p *child.Parent) error {
	var s setup
	w, err := openWires()
	if err = errors.Join(err, p.Setup(&s)); err != nil {
		return err
	}
	client, err := urpc.Bind(context.Background(), s.Path, urpc.Options{
		Poll: pollFor, Donate: urpc.NeverDonate, Procedures: []urpc.Procedure{null, double},
	})
	if err != nil {
		return err
	}
	if err := p.Send("ready"); err != nil {
		return err
	}
	for {
		var o order
		if err := p.Receive(&o); err != nil {
			return err
		}
		t, err := w.measure(client, &o)
		if err != nil {
			return err
		}
		if err := p.Send(t); err != nil {
			return err
		}
	}
}

// measure makes one round.
func (w *wires) measure(c *urpc.Client, o *order) (timed, error) {
	run := map[string]func(trips int) error{
		RawPingPong: func(trips int) error { return w.askRaw(o, trips) },
		NullCall:    func(trips int) error { return callNull(c, trips) },
		StructCall:  func(trips int) error { return callDouble(c, trips) },
		SocketEcho:  func(trips int) error { return askEcho(w.socket, w.socket, trips) },
		PipeEcho:    func(trips int) error { return askEcho(w.read, w.write, trips) },
	}[o.Measure]
	if run == nil {
		return timed{}, fmt.Errorf("no measure %q", o.Measure)
	}
	if err := run(warm(o.Trips)); err != nil {
		return timed{}, err
	}
	started := time.Now()
	err := run(o.Trips)
	return timed{int64(time.Since(started))}, err
}

func (w *wires) askRaw(o *order, trips int) error {
	for range trips {
		o.From++
		atomic.StoreUint32(w.there, o.From)
		for atomic.LoadUint32(w.back) != o.From {
		}
	}
	return nil
}

func callNull(c *urpc.Client, trips int) error {
	for range trips {
		if _, err := null.Call(context.Background(), c, struct{}{}); err != nil {
			return err
		}
	}
	return nil
}

func callDouble(c *urpc.Client, trips int) error {
	b := block{Words: [8]uint64{1, 2, 3, 4, 5, 6, 7, 8}}
	for range trips {
		got, err := double.Call(context.Background(), c, b)
		if err != nil {
			return err
		}
		if got.Words[7] != 16 {
			return fmt.Errorf("twice %v is %v", b, got)
		}
	}
	return nil
}

func askEcho(from io.Reader, to io.Writer, trips int) error {
	var b [8]byte
	for i := range trips {
		b[0] = byte(i)
		if _, err := to.Write(b[:]); err != nil {
			return err
		}
		if _, err := io.ReadFull(from, b[:]); err != nil {
			return err
		}
		if b[0] != byte(i) {
			return fmt.Errorf("the echo of %d is %d", byte(i), b[0])
		}
	}
	return nil
}
