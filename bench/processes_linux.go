package bench

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"urpc/fuzz/child"
	"urpc/runtime/shm"
)

// Child runs this process as one of a benchmark's children, if args (of the
// command line, without the program's name) are those of one. A program that
// calls Run calls it first of all, and ends with the exit status if it was
// handled.
func Child(args []string) (handled bool, exit int) {
	return child.Enter(verb, map[string]child.Role{roleAnswer: answer, roleAsk: ask}, args)
}

const (
	verb       = "urpc-bench-child"
	roleAnswer = "answering process"
	roleAsk    = "asking process"
)

// setup is what a child is told first.
type setup struct {
	Path string // of the server's socket
}

// order is one round of one measure, for the process that asks; of the raw
// ping-pong also for the one that answers, which polls only then.
type order struct {
	Measure string
	Trips   int
	From    uint32 // the raw ping-pong's last number before
}

// timed is what a round took.
type timed struct{ Nanoseconds int64 }

// measures are in the order in which a round takes them.
var measures = []struct {
	name, what string
	kernel     bool // it goes through the kernel
}{
	{RawPingPong, "two cache lines of shared memory, both sides polling", false},
	{NullCall, "urpc, no argument, both sides polling", false},
	{StructCall, "urpc, 64 bytes there and back, both sides polling", false},
	{SocketEcho, "8 bytes over a socket pair, by package net", true},
	{PipeEcho, "8 bytes over two pipes, blocking reads", true},
}

// pair is the two processes.
type pair struct {
	answer, ask *child.Child
	last        uint32
}

// processes measures what is between processes.
func processes(ctx context.Context, o Options, r *Result, step func()) (err error) {
	cpus, err := child.CPUs()
	if err != nil {
		return err
	}
	if len(cpus) < 2 {
		return fmt.Errorf("two processes pinned apart: %w: want two processors", errors.ErrUnsupported)
	}
	r.CPUs = []int{cpus[0], cpus[1]}
	folder, err := os.MkdirTemp("", "urpc-bench-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	keeper, err := child.NewKeeper(verb)
	if err != nil {
		return err
	}
	defer keeper.Close()
	p, err := start(ctx, keeper, filepath.Join(folder, "server"), r.CPUs)
	if err != nil {
		return err
	}
	return p.measure(ctx, o, r, step)
}

// Descriptors of the children, from 3 on.
const (
	fdWords = 3 + iota
	fdSocket
	fdRead
	fdWrite
)

// start starts both processes with what connects them.
func start(ctx context.Context, k *child.Keeper, path string, cpus []int) (p pair, err error) {
	var files []*os.File
	defer func() {
		for _, f := range files {
			err = errors.Join(err, f.Close())
		}
	}()
	words, err := unix.MemfdCreate("bench-words", unix.MFD_CLOEXEC)
	if err != nil {
		return p, fmt.Errorf("create shared memory: %w", err)
	}
	files = append(files, os.NewFile(uintptr(words), "words"))
	if err := files[0].Truncate(int64(shm.RoundUp(2 * shm.Line))); err != nil {
		return p, err
	}
	sockets, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return p, fmt.Errorf("create a socket pair: %w", err)
	}
	for _, fd := range sockets {
		files = append(files, os.NewFile(uintptr(fd), "socket"))
	}
	for range 2 {
		read, write, err := os.Pipe()
		if err != nil {
			return p, err
		}
		files = append(files, read, write)
	}
	words0, near, far := files[0], files[1], files[2]
	thereRead, thereWrite, backRead, backWrite := files[3], files[4], files[5], files[6]
	p.answer, err = startOne(ctx, k, child.Config{Role: roleAnswer, Setup: setup{path}, CPUs: cpus[:1],
		Files: []*os.File{words0, far, thereRead, backWrite}})
	if err != nil {
		return p, err
	}
	p.ask, err = startOne(ctx, k, child.Config{Role: roleAsk, Setup: setup{path}, CPUs: cpus[1:2],
		Files: []*os.File{words0, near, backRead, thereWrite}})
	return p, err
}

// startOne starts a child and waits until it is ready.
func startOne(ctx context.Context, k *child.Keeper, c child.Config) (*child.Child, error) {
	started, err := k.Start(c)
	if err != nil {
		return nil, err
	}
	var word string
	return started, started.Receive(ctx, &word)
}

// measure makes the rounds. Those that were done count also when the run is cut
// short.
func (p *pair) measure(ctx context.Context, o Options, r *Result, step func()) error {
	samples, err := p.rounds(ctx, o, step)
	if len(samples) == 0 {
		return err
	}
	for _, m := range measures {
		r.Measures = append(r.Measures, measureOf(m.name, m.what, samples[m.name]))
	}
	r.Figures = append(r.Figures,
		ratioOf(NullOverRaw, samples[NullCall], samples[RawPingPong], nullBound),
		ratioOf(StructOver, samples[StructCall], samples[NullCall], 0),
		ratioOf(SocketOver, samples[SocketEcho], samples[NullCall], 0),
		ratioOf(PipeOver, samples[PipeEcho], samples[NullCall], 0))
	return err
}

// rounds makes the rounds, and one before that does not count. It gives the
// nanoseconds of each measure in each whole round.
func (p *pair) rounds(ctx context.Context, o Options, step func()) (map[string][]float64, error) {
	samples := map[string][]float64{}
	for round := range o.Rounds + 1 {
		took := map[string]float64{}
		for i := range measures {
			// Each round starts with another measure, so that each follows each.
			m := measures[(round+i)%len(measures)]
			trips := o.Calls
			if m.kernel {
				trips /= slower
			}
			ns, err := p.round(ctx, m.name, trips)
			if err != nil {
				return samples, err
			}
			took[m.name] = ns
		}
		if round == 0 {
			continue
		}
		for name, ns := range took {
			samples[name] = append(samples[name], ns)
		}
		step()
	}
	return samples, nil
}

// round makes one round and gives the nanoseconds of a round trip.
func (p *pair) round(ctx context.Context, measure string, trips int) (float64, error) {
	o := order{Measure: measure, Trips: trips, From: p.last}
	if measure == RawPingPong {
		if err := p.answer.Send(o); err != nil {
			return 0, err
		}
		p.last += uint32(warm(trips) + trips)
	}
	if err := p.ask.Send(o); err != nil {
		return 0, err
	}
	var t timed
	if err := p.ask.Receive(ctx, &t); err != nil {
		return 0, err
	}
	return float64(t.Nanoseconds) / float64(trips), nil
}

// warm is how many round trips are made before those that count.
func warm(trips int) int { return trips/10 + 1 }
