package stress

import "urpc/runtime/shm"

// executions is where the server notes each call that it executes, before it does.
//
//	offset  word
//	     0  duplicates  executions of calls that were executed before
//	     4  corrupted   requests whose checksum was wrong
//	     8  strays      executions of calls that cannot be
//	   128  a bit for each call of the first client, then of the second, …
type executions struct {
	memory
	clients, calls int
}

const (
	offDuplicates shm.Offset = 0
	offCorrupted  shm.Offset = 4
	offStrays     shm.Offset = 8
)

// stride is the bytes of one client's bits: whole lines.
func stride(calls int) int { return (calls + 8*shm.Line - 1) / (8 * shm.Line) * shm.Line }

func newExecutions(clients, calls int) (executions, error) {
	m, err := newMemory("stress-executions", shm.Line+clients*stride(calls))
	return executions{m, clients, calls}, err
}

func openExecutions(clients, calls int) (executions, error) {
	m, err := openMemory()
	return executions{m, clients, calls}, err
}

// note notes an execution.
func (x *executions) note(client uint32, sequence uint64) {
	if int64(client) >= int64(x.clients) || sequence >= uint64(x.calls) {
		x.Add(0, offStrays, 1)
		return
	}
	at, bit := x.bit(int(client), int(sequence))
	for {
		old := x.Load(0, at)
		if old&bit != 0 {
			x.Add(0, offDuplicates, 1)
			return
		}
		if x.CompareAndSwap(0, at, old, old|bit) {
			return
		}
	}
}

// noted says whether a call was executed.
func (x *executions) noted(client, sequence int) bool {
	at, bit := x.bit(client, sequence)
	return x.Peek(at)&bit != 0
}

func (x *executions) bit(client, sequence int) (shm.Offset, uint32) {
	return shm.Offset(shm.Line + client*stride(x.calls) + sequence/32*4), 1 << (sequence % 32)
}
