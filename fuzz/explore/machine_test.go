package explore

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"urpc/checker/schedule"
	"urpc/checker/verdict"
	"urpc/runtime/channel"
	"urpc/runtime/machine"
	"urpc/runtime/shm"
	"urpc/spec/step"
)

// A machineCase says what two spaces see of their machines and of the socket
// between them. It runs on the simulated and on the real ones.
type machineCase struct {
	name string
	run  func(a *machines)
	want string // what was noted
}

// machines are what a case runs on: two spaces that are connected.
type machines struct {
	left, right machine.Machine
	near, far   machine.Socket
	start       func(name string, f func())  // starts a thread beside the case's own
	pass        func()                       // lets one limit of a handshake pass: the real machine's passes by itself
	fill        func()                       // what is near with all that it takes and its peer does not read
	die         func()                       // the left, which is then another process than the right
	foreign     func() (machine.Socket, int) // an end whose peer is of another user, and which
	notes       []string
	bytes       int // of memory: one page
	contents    []byte
	mapping     []byte
}

func (a *machines) note(format string, args ...any) {
	a.notes = append(a.notes, fmt.Sprintf(format, args...))
}

// memory makes memory at the left.
func (a *machines) memory(seals shm.Seals) shm.Descriptor {
	d, err := a.left.Create(1, a.contents)
	if err == nil {
		a.mapping, err = a.left.Map(d, a.bytes, true)
	}
	if err == nil {
		err = a.left.Seal(d, seals)
	}
	if err != nil {
		panic("explore: memory is not made: " + err.Error())
	}
	return d
}

// read reads at the right, and notes what came.
func (a *machines) read(most int) []shm.Descriptor { return a.readAt(a.far, most) }

func (a *machines) readAt(s machine.Socket, most int) []shm.Descriptor {
	b := make([]byte, most)
	n, with, cut, err := s.Read(step.ReceiveAnswer, b)
	switch {
	case errors.Is(err, net.ErrClosed):
		a.note("closed")
	case errors.Is(err, syscall.ECONNRESET):
		a.note("reset")
	case errors.Is(err, os.ErrDeadlineExceeded):
		a.note("late")
	case err != nil:
		a.note("error")
	default:
		a.note("%q with %d, cut %v", b[:n], len(with), cut)
	}
	return with
}

// open maps at the right what came there, and is told before what it is.
func (a *machines) open(d shm.Descriptor, writable bool) ([]byte, error) {
	_, errSeals := a.right.Seals(d)
	_, errSize := a.right.Size(d)
	memory, err := a.right.Map(d, a.bytes, writable)
	return memory, errors.Join(errSeals, errSize, err)
}

func refusedIf(err error) string {
	if err != nil {
		return "refused"
	}
	return "done"
}

// lateOr says whether a request ended for want of time.
func lateOr(err error) string {
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return "late"
	}
	return refusedIf(err)
}

var machineCases = []machineCase{
	{"bytes come as they were sent", func(a *machines) {
		a.near.Write(step.SendAnswer, []byte("abc"))
		a.read(2)
		a.read(2)
	}, `"ab" with 0, cut false; "c" with 0, cut false`},
	{"descriptors come with the first byte that they were sent with", func(a *machines) {
		d := a.memory(shm.Sealed)
		a.near.Write(step.SendAnswer, []byte("abc"), d, d)
		closeEach(a.read(1))
		closeEach(a.read(2))
	}, `"a" with 2, cut false; "bc" with 0, cut false`},
	{"more descriptors than there is room for are cut off", func(a *machines) {
		d := a.memory(shm.Sealed)
		a.near.Write(step.SendAnswer, []byte("abc"), d, d, d, d, d, d)
		closeEach(a.read(3))
	}, `"abc" with 4, cut true`},
	{"what was sent before a hang-up is there, and then nothing", func(a *machines) {
		a.near.Write(step.SendAnswer, []byte("abc"))
		a.near.Close()
		a.read(3)
		a.read(3)
	}, `"abc" with 0, cut false; "" with 0, cut false`},
	{"nothing reaches who has hung up, and who has cannot read", func(a *machines) {
		a.far.Close()
		_, err := a.near.Write(step.SendAnswer, []byte("abc"))
		a.note("%s", refusedIf(err))
		a.read(3)
	}, `refused; closed`},
	{"what was sent before a hang-up that left bytes unread is there, then once that it did, and then nothing", func(a *machines) {
		a.near.Write(step.SendHello, []byte("abc"))
		a.far.Write(step.SendAnswer, []byte("de"))
		a.far.Close()
		for range 3 {
			a.readAt(a.near, 2)
		}
		_, err := a.near.Write(step.SendAnswer, []byte("f"))
		a.note("%s", refusedIf(err))
	}, `"de" with 0, cut false; reset; "" with 0, cut false; refused`},
	{"who reads all before it hangs up resets nothing", func(a *machines) {
		a.near.Write(step.SendHello, []byte("abc"))
		a.read(3)
		a.far.Close()
		a.readAt(a.near, 1)
	}, `"abc" with 0, cut false; "" with 0, cut false`},
	{"a write for which the peer makes no room ends with its time, and a read of the same end has none", func(a *machines) {
		a.fill()
		a.near.HurryWrite(time.Millisecond)
		n, err := a.near.Write(step.SendStopping, []byte("abc"))
		a.note("%d, %v", n, errors.Is(err, os.ErrDeadlineExceeded))
		a.far.Write(step.SendAnswer, []byte("abc"))
		a.readAt(a.near, 3)
	}, `0, true; "abc" with 0, cut false`},
	{"a write for which there is room has time", func(a *machines) {
		a.near.HurryWrite(time.Hour)
		a.near.Write(step.SendStopping, []byte("abc"))
		a.read(3)
	}, `"abc" with 0, cut false`},
	{"a write that comes too late ends, although there is room", func(a *machines) {
		a.near.HurryWrite(-time.Second)
		n, err := a.near.Write(step.SendStopping, []byte("abc"))
		a.note("%d, %v", n, errors.Is(err, os.ErrDeadlineExceeded))
		a.near.Close()
		a.read(3)
	}, `0, true; "" with 0, cut false`},
	{"a write that finds no room ends when the peer has hung up", func(a *machines) {
		a.fill()
		a.far.Close()
		_, err := a.near.Write(step.SendStopping, []byte("abc"))
		a.note("%s, %v", refusedIf(err), errors.Is(err, os.ErrDeadlineExceeded))
		a.readAt(a.near, 1)
	}, `refused, false; reset`},
	{"the seals and the size of memory are told to who receives it", func(a *machines) {
		a.near.Write(step.SendAnswer, []byte("abc"), a.memory(shm.ReadOnly))
		with := a.read(3)
		seals, errSeals := a.right.Seals(with[0])
		size, errSize := a.right.Size(with[0])
		a.note("%#x %v, %v %v", uint32(seals&shm.ReadOnly), errSeals, size == int64(a.bytes), errSize)
		closeEach(with)
	}, `"abc" with 1, cut false; 0x17 <nil>, true <nil>`},
	{"sealed against writing, memory is not mapped for it any more, and where it is it stays", func(a *machines) {
		a.near.Write(step.SendAnswer, []byte("abc"), a.memory(shm.ReadOnly))
		with := a.read(3)
		_, err := a.open(with[0], true)
		a.note("%s", refusedIf(err))
		memory, err := a.open(with[0], false)
		closeEach(with)
		a.mapping[7] = 42
		a.note("%s, %d, at its own address: %v", refusedIf(err), memory[7], (&memory[0] != &a.mapping[0]) == mapsTwice)
		a.note("%s", refusedIf(a.right.Unmap(memory)))
	}, `"abc" with 1, cut false; refused; done, 42, at its own address: true; done`},
	{"memory outlives the descriptors and the other's mapping", func(a *machines) {
		d := a.memory(shm.Sealed)
		a.near.Write(step.SendAnswer, []byte("abc"), d)
		with := a.read(3)
		memory, err := a.open(with[0], true)
		a.mapping[7] = 41
		closeEach(append(with, d))
		a.note("%s, %s, %d", refusedIf(err), refusedIf(a.left.Unmap(a.mapping)), memory[7])
		a.note("%s", refusedIf(a.right.Unmap(memory)))
	}, `"abc" with 1, cut false; done, done, 41; done`},
	{"the exit of who is not watched, or after a hang-up, is not told", func(a *machines) {
		a.note("%s", refusedIf(a.far.AwaitExit()))
		a.note("%s", refusedIf(a.far.Watch()))
		a.far.Close()
		a.note("%s", refusedIf(a.far.AwaitExit()))
	}, `refused; done; refused`},
	{"a peer of this user is told", func(a *machines) {
		pid, uid, gid := a.far.Credentials()
		a.note("seen %v, of this user %v and group %v, watched: %s", pid > 0, uid == os.Geteuid(), gid == os.Getegid(), refusedIf(a.far.Watch()))
	}, `seen true, of this user true and group true, watched: done`},
	{"a peer of another user is told", func(a *machines) {
		s, user := a.foreign()
		pid, uid, _ := s.Credentials()
		a.note("seen %v, of that user %v, watched: %s", pid > 0, uid == user, refusedIf(s.Watch()))
	}, `seen true, of that user true, watched: done`},
	{"reads and writes of a handshake end with its context, and have no time afterwards", func(a *machines) {
		ctx, cancel := context.WithCancel(context.Background())
		done := a.far.Within(ctx, time.Hour)
		cancel()
		a.read(1)
		_, err := a.far.Write(step.SendAnswer, []byte("abc"))
		a.note("%s, %v, cancelled %v", refusedIf(err), errors.Is(err, os.ErrDeadlineExceeded), errors.Is(done(), context.Canceled))
		a.near.Write(step.SendAnswer, []byte("abc"))
		a.read(3)
	}, `late; refused, true, cancelled true; late`},
	{"a handshake that is over is not limited by its context", func(a *machines) {
		ctx, cancel := context.WithCancel(context.Background())
		done := a.far.Within(ctx, time.Hour)
		a.note("%v", done())
		cancel()
		a.near.Write(step.SendAnswer, []byte("abc"))
		a.read(3)
	}, `<nil>; "abc" with 0, cut false`},
	{"a read of a handshake that gets nothing ends with its time, and waits when the handshake is over", func(a *machines) {
		done := a.far.Within(context.Background(), time.Millisecond)
		a.pass()
		a.read(1)
		a.note("%v", done())
		a.pass()
		a.start("writer", func() { a.near.Write(step.SendAnswer, []byte("a")) })
		a.read(1)
	}, `late; <nil>; "a" with 0, cut false`},
	{"a write of a handshake that finds no room ends with its time, and waits when the handshake is over", func(a *machines) {
		a.fill()
		done := a.near.Within(context.Background(), time.Millisecond)
		a.pass()
		n, err := a.near.Write(step.SendAnswer, []byte("a"))
		a.note("%d, %s, %v", n, lateOr(err), done())
		a.pass()
		a.start("closer", func() { a.far.Close() })
		_, err = a.near.Write(step.SendAnswer, []byte("a"))
		a.note("%s", lateOr(err))
	}, `0, late, <nil>; refused`},
	{"a read in a hurry that gets nothing ends with its time, and a write of the same end has none", func(a *machines) {
		a.far.Hurry(time.Millisecond)
		a.read(1)
		_, err := a.far.Write(step.SendHello, []byte("abc"))
		a.note("%s", lateOr(err))
	}, `late; done`},
	{"a read that comes too late ends, although something is there", func(a *machines) {
		a.near.Write(step.SendAnswer, []byte("abc"))
		a.far.Hurry(-time.Second)
		a.read(3)
		a.near.Close()
		a.read(3)
	}, `late; late`},
	{"a write that comes too late ends, although the peer has hung up", func(a *machines) {
		a.far.Close()
		a.near.HurryWrite(-time.Second)
		_, err := a.near.Write(step.SendStopping, []byte("abc"))
		a.note("%s", lateOr(err))
	}, `late`},
	{"the time of a handshake has passed until the handshake is over, whatever is there", func(a *machines) {
		done := a.far.Within(context.Background(), time.Millisecond)
		a.pass()
		a.read(1)
		a.near.Write(step.SendAnswer, []byte("abc"))
		a.read(3)
		_, err := a.far.Write(step.SendHello, []byte("abc"))
		a.note("%s, %v", lateOr(err), done())
		a.read(3)
		_, err = a.far.Write(step.SendHello, []byte("abc"))
		a.note("%s", lateOr(err))
	}, `late; late; late, <nil>; "abc" with 0, cut false; done`},
	{"a read in a hurry has time for what is there", func(a *machines) {
		a.far.Hurry(time.Hour)
		a.near.Write(step.SendAnswer, []byte("abc"))
		a.read(3)
	}, `"abc" with 0, cut false`},
	{"a function that awaits the end of a context, and is stopped before, is not called", func(a *machines) {
		ctx, cancel := context.WithCancel(context.Background())
		called := make(chan struct{})
		stop := a.left.AfterFunc(ctx, func() { close(called) })
		a.note("%v, %v", stop(), stop())
		cancel()
		a.note("%v", a.left.Wait(step.AwaitServing, called, time.Millisecond))
	}, `true, false; false`},
	{"a function that awaits the end of a context, and is stopped afterwards, is called", func(a *machines) {
		ctx, cancel := context.WithCancel(context.Background())
		called := make(chan struct{})
		stop := a.left.AfterFunc(ctx, func() { close(called) })
		cancel()
		a.note("%v, %v", stop(), a.left.Wait(step.AwaitServing, called, 0))
	}, `false, true`},
	{"a wait ends with its limit, or when it is over", func(a *machines) {
		over := make(chan struct{})
		a.note("%v", a.left.Wait(step.AwaitServing, over, time.Millisecond))
		close(over)
		a.note("%v, %v", a.left.Wait(step.AwaitServing, over, time.Hour), a.left.Wait(step.AwaitServing, over, 0))
	}, `false; true, true`},
	{"a wait without a limit waits", func(a *machines) {
		over := make(chan struct{})
		a.start("closer", func() {
			a.left.Step(step.HangUp)
			close(over)
		})
		waited := a.left.Wait(step.AwaitServing, over, 0)
		a.note("%v, %v", waited, closed(over))
	}, `true, true`},
	{"the death of who is watched is told, and its socket hangs up", func(a *machines) {
		a.note("%s", refusedIf(a.far.Watch()))
		a.die()
		a.note("%s", refusedIf(a.far.AwaitExit()))
		a.read(1)
	}, `done; done; "" with 0, cut false`},
	{"a death before the watch is told all the same", func(a *machines) {
		a.die()
		a.note("%s", refusedIf(a.far.Watch()))
		a.note("%s", refusedIf(a.far.AwaitExit()))
	}, `done; done`},
}

func closeEach(with []shm.Descriptor) {
	for _, d := range with {
		d.Close()
	}
}

func newMachines() *machines {
	bytes := shm.RoundUp(1)
	return &machines{bytes: bytes, contents: make([]byte, bytes)}
}

func TestSimulatedMachine(t *testing.T) {
	for _, c := range machineCases {
		t.Run(c.name, func(t *testing.T) {
			a, l := newMachines(), newLending(channel.Size{Slots: 1, Payload: 96})
			seen := map[string]bool{}
			rep, err := schedule.Explore(t.Context(), func(s *schedule.T) {
				a.notes = nil
				w := newWorld(s, 0, l, false)
				w.cuts, w.alone = true, true // the case judges, not the properties of a binding
				left, right := w.host("left"), w.host("right")
				a.left, a.right = left, right
				a.near, a.far = w.connect(left, right)
				a.die = left.die
				a.foreign = func() (machine.Socket, int) {
					left.foreign = true
					return a.far, os.Geteuid() + 1
				}
				left.declare = s.Daemon
				left.hire(step.StopProcessors)
				a.start = s.Go
				a.pass = func() { w.faults++ }
				a.fill = func() {
					w.narrow = true
					a.near.Write(step.SendAnswer, []byte("abc"))
				}
				s.Go("both", func() { c.run(a) })
				s.AtEnd(func() { seen[strings.Join(a.notes, "; ")] = true })
			}, schedule.Bounded(-1), schedule.Options{})
			if err != nil || rep.Verdict != verdict.Holds {
				t.Fatalf("%v, %v, %+v", err, rep.Verdict, rep.Failure)
			}
			if got := slices.Sorted(maps.Keys(seen)); !slices.Equal(got, []string{c.want}) {
				t.Errorf("it shows\n%s, want\n%s", strings.Join(got, "\n"), c.want)
			}
		})
	}
}
