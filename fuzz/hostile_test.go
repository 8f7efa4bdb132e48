package fuzz

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime/debug"
	"testing"

	"urpc/runtime/channel"
	"urpc/runtime/kernel"
	"urpc/runtime/shm"
	"urpc/spec/step"
)

// program is what a hostile peer does, and when this side does what: bytes that
// are used up one after the other. When they are used up the program is over.
type program struct{ rest []byte }

func (p *program) over() bool { return len(p.rest) == 0 }

func (p *program) byte() byte {
	if p.over() {
		return 0
	}
	b := p.rest[0]
	p.rest = p.rest[1:]
	return b
}

func (p *program) word() uint32 {
	return uint32(p.byte()) | uint32(p.byte())<<8 | uint32(p.byte())<<16 | uint32(p.byte())<<24
}

// victim is the side that is attacked, or a broken twin of it.
type victim interface {
	end
	Wake(k kernel.Kernel, donate channel.Donation) channel.Waking
	Park(k kernel.Kernel, nudge *kernel.Nudge, seen uint32, deadline int64) channel.Parking
	Parked() uint32
	Out() bool
	Guests() bool
	Return() bool
}

// attack is one run: a victim, and all that its peer can write.
type attack struct {
	program program
	size    channel.Size
	memory  []byte // of the peer's segment: the victim reads it, the peer writes it
	own     *shm.Segment
	peer    *channel.Port // an honest one, so that the victim gets far enough
	watch   *channel.Port // the peer's, to look at the victim's words
	victim  victim
	armed   bool // the peer writes between any two accesses of the victim, too
}

// newAttack makes the two segments. The peer's ends where memory ends that can be
// read: an access behind it is a fault.
func newAttack(input []byte, twin func(*channel.Port, *shm.View, channel.Size) victim, memoryOf func(int) []byte) *attack {
	a := &attack{program: program{input}}
	a.size = channel.Size{
		Slots:   1 << (a.program.byte() % 4),
		Payload: []uint32{0, 1, 40, 96, 300}[a.program.byte()%5],
		Start:   starts[a.program.byte()%4],
	}
	a.armed = a.program.byte()%2 == 1
	a.own = shm.Heap(channel.Calls, a.size.Bytes())
	a.memory = memoryOf(a.size.Bytes())
	segment := shm.Of(channel.Replies, a.memory)
	a.size.Format(a.own)
	a.size.Format(segment)
	a.peer = channel.NewPort(segment, &a.own.View, a.size)
	a.watch = channel.NewPort(shm.Heap(channel.Replies, a.size.Bytes()), &a.own.View, a.size)
	view := shm.ViewOf(channel.Replies, a.memory)
	view.SetHook(a)
	a.victim = twin(channel.NewPort(a.own, view, a.size), view, a.size)
	return a
}

// Before is told of each access of the victim to the peer's memory, and lets the
// peer write just before it: between a check and a use, if there is such a gap.
func (a *attack) Before(access shm.Access) {
	if a.armed && a.program.byte()%4 == 0 {
		a.write(uint32(access.Offset) + uint32(a.program.byte()%32))
	}
}
func (a *attack) Saw(uint32)                                    {}
func (a *attack) Copied([]byte)                                 {}
func (a *attack) Mark(step.Name, ...uint64)                     {}
func (a *attack) Beside(step.Name, shm.Kind, uint8, shm.Beside) {}
func (a *attack) More(shm.Access)                               {}
func (a *attack) Await(step.Name, uint8, shm.Offset, uint32)    {}

// Bypassed is told of an access that the peer could not get in before.
func (a *attack) Bypassed(access shm.Access) {
	panic(fmt.Sprintf("the victim reads %d bytes at %d, and it is no step", access.Size, access.Offset))
}

// write lets the peer write a word, or a few bytes, anywhere.
func (a *attack) write(at uint32) {
	at %= uint32(len(a.memory))
	switch a.program.byte() % 4 {
	case 0: // a word as it may come
		a.store(at, a.program.word())
	case 1: // a little more or less than is there
		at &^= 3
		a.store(at, binary.LittleEndian.Uint32(a.memory[at:])+uint32(int8(a.program.byte())))
	case 2: // a number at some limit
		a.store(at, []uint32{0, 1, 1 << 15, 1 << 16, 1 << 31, 1<<32 - 1, a.size.Payload, a.size.Payload + 1}[a.program.byte()%8])
	case 3:
		n := int(a.program.byte())
		for i := at; i < uint32(len(a.memory)) && n > 0; i, n = i+1, n-1 {
			a.memory[i] = a.program.byte()
		}
	}
}

func (a *attack) store(at, value uint32) { binary.LittleEndian.PutUint32(a.memory[at&^3:], value) }

// run runs the program, and says what the victim did that it must not.
func (a *attack) run() (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	for !a.program.over() {
		if err := a.turn(); err != nil {
			return err
		}
		if n := a.watch.Parked(); n != 0 {
			return fmt.Errorf("the victim left %d processors announced as parked", n)
		}
	}
	return nil
}

func (a *attack) turn() error {
	k := &asleep{}
	switch a.program.byte() % 8 {
	case 0, 1:
		a.write(a.program.word())
	case 2: // a slot's words are what a receiver looks at
		slot := 5*shm.Line + uint32(a.program.byte())%a.size.Slots*((32+a.size.Payload+shm.Line-1)/shm.Line*shm.Line)
		a.write(slot + uint32(a.program.byte()%32))
	case 3:
		payload := make([]byte, min(uint32(a.program.byte()), a.size.Payload))
		a.peer.Send(&channel.Message{ID: 7, Length: uint32(len(payload))}, payload)
	case 4, 5:
		return a.receive()
	case 6:
		return a.send()
	case 7:
		var nudge kernel.Nudge
		p := a.victim.Park(k, &nudge, 0, 0)
		if p != channel.Found && p != channel.Slept || k.slept > 1 || p == channel.Found && k.slept > 0 {
			return fmt.Errorf("park gave %d and slept %d times", p, k.slept)
		}
		if woke := a.victim.Wake(k, channel.Donate); (woke != channel.Awake) != (k.wakes == 1) {
			return fmt.Errorf("wake gave %d and asked the kernel %d times", woke, k.wakes)
		}
		a.victim.Parked()
		a.victim.Out()
		if guests, returned := a.victim.Guests(), a.victim.Return(); !a.armed && (guests != returned || a.victim.Guests()) {
			return fmt.Errorf("that it has processors of the peer's is %v, and that one went back %v", guests, returned)
		}
	}
	return nil
}

const untouched = 0xa5

func (a *attack) receive() error {
	// The buffer is longer than any payload may be, to see what is written where.
	whole := bytes.Repeat([]byte{untouched}, int(a.size.Payload)+64)
	buffer := whole[:a.size.Payload]
	var m channel.Message
	payload, r := a.victim.Receive(&m, buffer)
	if !bytes.Equal(whole[a.size.Payload:], bytes.Repeat([]byte{untouched}, 64)) {
		return errors.New("a receive wrote behind its buffer")
	}
	switch r {
	case channel.Empty, channel.Corrupt:
		if payload != nil {
			return fmt.Errorf("a receive gave %d and a payload", r)
		}
	case channel.Done:
		if len(payload) != int(m.Length) || m.Length > a.size.Payload {
			return fmt.Errorf("received %d bytes for a length of %d of at most %d", len(payload), m.Length, a.size.Payload)
		}
		if len(payload) > 0 && &payload[0] != &buffer[0] {
			return errors.New("what was received is not a private copy")
		}
	default:
		return fmt.Errorf("a receive gave %d", r)
	}
	return nil
}

func (a *attack) send() error {
	payload := make([]byte, min(uint32(a.program.byte()), a.size.Payload))
	switch r := a.victim.Send(&channel.Message{Length: uint32(len(payload))}, payload); r {
	case channel.Done, channel.Full, channel.Corrupt:
		return nil
	default: // busy: nobody else is there, so a lock was not freed
		return fmt.Errorf("a send gave %d", r)
	}
}

// FuzzReceive: a peer that writes any bytes anywhere in its segment, at any
// moment, gets neither a panic nor an access out of bounds nor a message that is
// none out of a receiver, a sender, or a processor that parks or wakes.
//
//	go test ./fuzz -run '^$' -fuzz FuzzReceive -fuzztime 20000x
func FuzzReceive(f *testing.F) {
	memory := newGuarded(f)
	for _, input := range seeds(64) {
		f.Add(input)
	}
	f.Fuzz(func(t *testing.T, input []byte) {
		if err := newAttack(input, honest, memory).run(); err != nil {
			t.Fatal(err)
		}
	})
}

func honest(p *channel.Port, _ *shm.View, _ channel.Size) victim { return p }

// seeds are random programs.
func seeds(n int) [][]byte {
	var all [][]byte
	for i := range n {
		r := rand.New(rand.NewPCG(uint64(i), 3))
		input := make([]byte, 16+r.IntN(400))
		for j := range input {
			input[j] = byte(r.Uint32())
		}
		all = append(all, input)
	}
	return all
}

// trusting is a receiver that believes its peer: it has one of the usual faults.
type trusting struct {
	victim
	view  *shm.View
	size  channel.Size
	fault string
}

// Receive receives from the first slot only.
func (r *trusting) Receive(m *channel.Message, buffer []byte) ([]byte, channel.Result) {
	const slot, length, payload = 5 * shm.Line, 5*shm.Line + 24, 5*shm.Line + 32
	if r.view.Load(0, slot) == r.size.Start {
		return nil, channel.Empty
	}
	switch r.fault {
	case "trusts the length":
		m.Length = r.view.Load(0, length)
		into := buffer[:m.Length:m.Length]
		r.view.CopyOut(0, payload, into)
		return into, channel.Done
	case "fetches the length twice":
		if r.view.Load(0, length) > r.size.Payload {
			return nil, channel.Corrupt
		}
		m.Length = r.view.Load(0, length)
		into := buffer[:r.size.Payload][:min(m.Length, r.size.Payload)]
		r.view.CopyOut(0, payload, into)
		return into, channel.Done
	case "reads behind the segment":
		m.Length = min(r.view.Load(0, length), r.size.Payload)
		into := buffer[:m.Length]
		r.view.CopyOut(0, shm.Offset(r.view.Size())-shm.Offset(m.Length)+16, into)
		return into, channel.Done
	case "writes behind the buffer":
		m.Length = r.size.Payload
		r.view.CopyOut(0, payload, buffer[:m.Length+1])
		return buffer[:m.Length], channel.Done
	case "keeps no private copy":
		m.Length = min(1, r.size.Payload)
		return make([]byte, m.Length), channel.Done
	default:
		panic("no such fault")
	}
}

// parks is a processor that forgets to retract its announcement when there was
// something after all.
type parks struct {
	victim
	own *shm.Segment
}

func (p *parks) Park(k kernel.Kernel, nudge *kernel.Nudge, seen uint32, deadline int64) channel.Parking {
	r := p.victim.Park(k, nudge, seen, deadline)
	if r == channel.Found {
		p.own.Add(0, 3*shm.Line, 1)
	}
	return r
}

func TestFuzzReceiveFindsBrokenTwins(t *testing.T) {
	memory := newGuarded(t)
	for _, fault := range []string{"trusts the length", "fetches the length twice", "reads behind the segment",
		"writes behind the buffer", "keeps no private copy"} {
		t.Run(fault, func(t *testing.T) {
			findBroken(t, memory, func(p *channel.Port, view *shm.View, z channel.Size) victim {
				return &trusting{victim: p, view: view, size: z, fault: fault}
			})
		})
	}
	t.Run("leaves its announcement", func(t *testing.T) {
		for _, input := range seeds(20_000) {
			a := newAttack(input, honest, memory)
			a.victim = &parks{a.victim, a.own}
			if err := a.run(); err != nil {
				t.Log("found:", err)
				return
			}
		}
		t.Error("the broken twin went unnoticed")
	})
}

func findBroken(t *testing.T, memory func(int) []byte, twin func(*channel.Port, *shm.View, channel.Size) victim) {
	t.Helper()
	for i, input := range seeds(20_000) {
		if err := newAttack(input, twin, memory).run(); err != nil {
			t.Logf("found by program %d: %v", i, err)
			return
		}
	}
	t.Error("the broken twin went unnoticed")
}

// A read behind the segment's memory is a fault, which becomes a panic: without
// that a fuzzer would not see it.
func TestReadsBehindTheSegmentAreSeen(t *testing.T) {
	memory := newGuarded(t)(256)
	if len(memory) != 256 {
		t.Fatalf("%d bytes", len(memory))
	}
	if !guarded {
		return
	}
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if recover() == nil {
			t.Error("no fault")
		}
	}()
	t.Logf("read %d", *behind(memory))
}
