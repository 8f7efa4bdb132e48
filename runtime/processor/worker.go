package processor

import (
	"runtime"
	"sync/atomic"

	"urpc/runtime/channel"
	"urpc/runtime/kernel"
	"urpc/spec/step"
)

// Worker receives and executes calls, one at a time, with buffers of its own.
type Worker struct {
	port    *channel.Port
	kernel  kernel.Kernel
	handler Handler
	exited  func(reply []byte) (status uint32, payload []byte)
	call    uint32         // the pool's number of the call being executed
	replied channel.Result // what came of the last reply
	message channel.Message
	request []byte // the part of in that the call fills
	in, out []byte
	awaits  bool           // room for a reply, instead of ending the binding
	wakes   *atomic.Uint64 // times that the kernel was asked to wake the peer
	returns *atomic.Uint64 // donated processors that went back; nil: none does
}

// NewWorker makes a worker.
func NewWorker(port *channel.Port, k kernel.Kernel, h Handler) *Worker {
	return &Worker{
		port: port, kernel: k, handler: h, wakes: new(atomic.Uint64),
		exited: func(reply []byte) (uint32, []byte) { return 0, reply },
		in:     make([]byte, port.Size().Payload), out: make([]byte, 0, port.Size().Payload),
	}
}

// AwaitRoom has the worker await room for its reply when it finds the queue of replies
// full: what explores a client with more calls pending than that queue has slots.
func (w *Worker) AwaitRoom() { w.awaits = true }

// Returns has the worker return what the peer donates, before it parks.
func (w *Worker) Returns() { w.returns = new(atomic.Uint64) }

// Receive tries to receive one call.
func (w *Worker) Receive() (r channel.Result) {
	if w.port.Hooked() {
		w.port.Mark(step.TestSetReceive)
	}
	w.request, r = w.port.Receive(&w.message, w.in)
	return r
}

// Execute runs the handler on the call that was received, sends the reply and
// wakes the caller if it is parked.
//
// An honest client never has more calls pending than the reply queue has slots,
// so the queue is never full. One who lets it fill breaks the protocol: it must
// not be able to make a processor of this space wait for it (H16).
func (w *Worker) Execute() channel.Result {
	returned := false
	defer func() {
		if !returned {
			w.reply(w.exited(w.out[:0])) // and the goroutine goes on to end
		}
	}()
	status, payload := w.handler(w.message.Procedure, w.request, w.out[:0])
	returned = true
	return w.reply(status, payload)
}

func (w *Worker) reply(status uint32, payload []byte) channel.Result {
	w.replied = w.send(status, payload)
	return w.replied
}

func (w *Worker) send(status uint32, payload []byte) channel.Result {
	reply := channel.Message{
		ID: w.message.ID, Procedure: w.message.Procedure, Status: status, Length: uint32(len(payload)),
	}
	for {
		if w.port.Hooked() {
			w.port.Mark(step.TestSetSend, reply.ID, uint64(reply.Procedure)<<32|uint64(status), channel.Sum(payload), uint64(w.call))
		}
		switch r := w.port.Send(&reply, payload); {
		case r == channel.Done:
			if w.port.Wake(w.kernel, channel.Keep) != channel.Awake {
				w.wakes.Add(1)
			}
			return channel.Done
		case r == channel.Busy, r == channel.Full && w.awaits:
			w.port.AwaitSend(r)
			if !w.port.Hooked() {
				runtime.Gosched() // another worker of this pool is sending
			}
		default:
			return channel.Corrupt
		}
	}
}

// Park parks the processor until the peer rings. What the peer has donated goes back
// before, once the doorbell was read: see channel.Port.Return.
func (w *Worker) Park(nudge *kernel.Nudge, seen uint32) channel.Parking {
	d := w.port.Doorbell()
	if w.returns != nil && w.port.Return() {
		w.returns.Add(1)
	}
	return w.port.ParkOn(d, w.kernel, nudge, seen, 0)
}

// Serve receives and executes calls for ever, parking whenever there is none: a
// processor without a pool, as the explorer runs it. It returns when the peer
// breaks the protocol.
func (w *Worker) Serve() channel.Result {
	var nudge kernel.Nudge
	for {
		switch r := w.Receive(); r {
		case channel.Done:
			if r := w.Execute(); r != channel.Done {
				return r
			}
		case channel.Busy:
			w.port.AwaitReceive()
		case channel.Empty:
			w.Park(&nudge, 0) // nobody nudges it
		default:
			return r
		}
	}
}
