package stress

import (
	"encoding/binary"

	"urpc/fuzz/history"
	"urpc/runtime/shm"
)

// ledger is where a client writes its calls. Its words belong to the client until
// it has ended; then the parent reads them.
//
//	offset  word
//	     0  begun   calls that were begun
//	     4  ended   calls that have ended
//	     8  gate    written by the parent: 1 when the last calls may be made
//	128+64n record of the call of number n:
//	          +0  status     0: not begun; 1: begun; else 1 + its Ending
//	          +4  operation
//	          +8  key
//	         +12  thread
//	         +16  input      8 bytes
//	         +24  call       earliest moment of the begin
//	         +32  output
//	         +40  return     latest moment of the end
//
// A status is stored after what it speaks of: a client that is killed has written
// either both or not the status.
type ledger struct{ memory }

const (
	offBegun   shm.Offset = 0
	offEnded   shm.Offset = 4
	offGate    shm.Offset = 8
	recordSize            = 64

	recordCall   = 4
	recordReturn = 32

	statusBegun = 1
)

func recordAt(n int) shm.Offset { return shm.Line + shm.Offset(n)*recordSize }

func newLedger(calls int) (ledger, error) {
	m, err := newMemory("stress-ledger", int(recordAt(calls)))
	return ledger{m}, err
}

// begin notes a call that is about to be made.
func (l *ledger) begin(n, thread int, p *planned, call int64) {
	var b [28]byte
	binary.LittleEndian.PutUint32(b[0:], uint32(p.operation))
	binary.LittleEndian.PutUint32(b[4:], uint32(p.key))
	binary.LittleEndian.PutUint32(b[8:], uint32(thread))
	binary.LittleEndian.PutUint64(b[12:], uint64(p.input))
	binary.LittleEndian.PutUint64(b[20:], uint64(call))
	at := recordAt(n)
	l.CopyIn(0, at+recordCall, b[:], nil)
	l.Store(0, at, statusBegun)
	l.Add(0, offBegun, 1)
}

// end notes how a call ended.
func (l *ledger) end(n int, e Ending, output, end int64) {
	var b [16]byte
	binary.LittleEndian.PutUint64(b[0:], uint64(output))
	binary.LittleEndian.PutUint64(b[8:], uint64(end))
	at := recordAt(n)
	l.CopyIn(0, at+recordReturn, b[:], nil)
	l.Store(0, at, statusBegun+uint32(e))
	l.Add(0, offEnded, 1)
}

// open lets the client make its last calls.
func (l *ledger) open() { l.Store(0, offGate, 1) }

// isOpen says whether the client may make its last calls.
func (l *ledger) isOpen() bool { return l.Load(0, offGate) == 1 }

// ended is how many calls have ended so far.
func (l *ledger) ended() uint64 { return uint64(l.Peek(offEnded)) }

// record is one call as the ledger has it.
type record struct {
	ending     Ending // 0: it has not ended
	thread     int
	event      history.Event
	begun, end int64
}

// read gives the call of number n, if it was begun.
func (l *ledger) read(n int) (r record, begun bool) {
	at := recordAt(n)
	status := l.Peek(at)
	if status == 0 {
		return r, false
	}
	var b [44]byte
	l.CopyOut(0, at+recordCall, b[:])
	r.ending = Ending(status - statusBegun)
	r.thread = int(binary.LittleEndian.Uint32(b[8:]))
	r.begun = int64(binary.LittleEndian.Uint64(b[20:]))
	r.event = history.Event{
		Operation: history.Operation(binary.LittleEndian.Uint32(b[0:])),
		Key:       int(binary.LittleEndian.Uint32(b[4:])),
		Input:     int64(binary.LittleEndian.Uint64(b[12:])),
		Call:      r.begun, Outcome: history.Unknown,
	}
	if r.ending != 0 {
		r.end = int64(binary.LittleEndian.Uint64(b[36:]))
	}
	if r.ending == Completed {
		r.event.Outcome = history.Done
		r.event.Output = int64(binary.LittleEndian.Uint64(b[28:]))
		r.event.Return = r.end
	}
	return r, true
}
