package stress

import (
	"encoding/binary"
	"errors"

	"github.com/zeebo/xxh3"

	"urpc/fuzz/history"
	"urpc/runtime"
)

// Each call does one operation on one register. It is made by one of two ways:
// as a value of fixed layout, or, in bulk, as bytes with a payload behind.

// request is what a client asks for.
type request struct {
	Client    uint32
	Key       uint32
	Sequence  uint64 // number of the call among the client's
	Operation uint64 // a history.Operation
	Input     int64
	Sum       uint64 // checksum of the fields above
}

// reply is what the server answers. It names the call again: a reply that reached
// another call would be seen.
type reply struct {
	Client   uint32
	Key      uint32
	Sequence uint64
	Output   int64
	Sum      uint64
}

var (
	operate = urpc.NewProc[request, reply]("operate")
	bulk    = urpc.NewProc[[]byte, []byte]("bulk")
)

func (r *request) sum() uint64 {
	return sumOf(1, uint64(r.Client)<<32|uint64(r.Key), r.Sequence, r.Operation, uint64(r.Input))
}

func (r *reply) sum() uint64 {
	return sumOf(2, uint64(r.Client)<<32|uint64(r.Key), r.Sequence, uint64(r.Output))
}

// sumOf mixes words into a checksum, by the finalizer of splitmix64 (Steele, Lea
// and Flood, OOPSLA 2014).
func sumOf(words ...uint64) uint64 {
	var h uint64
	for _, w := range words {
		h = mix(h ^ w)
	}
	return h
}

func mix(z uint64) uint64 {
	z += 0x9e3779b97f4a7c15
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// A bulk message is a header and a payload:
//
//	 0  client, key              two words of 4 bytes
//	 8  sequence
//	16  operation; 0 in a reply
//	24  input; output in a reply
//	32  checksum of the header before, and of the payload
//	40  payload
const (
	bulkHeader = 40
	maxSize    = urpc.MaxMessageSize - bulkHeader
)

var errSum = errors.New("the checksum is wrong")

func appendBulk(b []byte, client, key uint32, sequence, operation uint64, value int64, payload []byte) []byte {
	from := len(b)
	b = binary.LittleEndian.AppendUint32(b, client)
	b = binary.LittleEndian.AppendUint32(b, key)
	b = binary.LittleEndian.AppendUint64(b, sequence)
	b = binary.LittleEndian.AppendUint64(b, operation)
	b = binary.LittleEndian.AppendUint64(b, uint64(value))
	b = binary.LittleEndian.AppendUint64(b, sumOf(xxh3.Hash(b[from:from+32]), xxh3.Hash(payload)))
	return append(b, payload...)
}

func parseBulk(b []byte) (r request, payload []byte, err error) {
	if len(b) < bulkHeader {
		return r, nil, errSum
	}
	payload = b[bulkHeader:]
	if binary.LittleEndian.Uint64(b[32:]) != sumOf(xxh3.Hash(b[:32]), xxh3.Hash(payload)) {
		return r, nil, errSum
	}
	return request{
		Client: binary.LittleEndian.Uint32(b), Key: binary.LittleEndian.Uint32(b[4:]),
		Sequence: binary.LittleEndian.Uint64(b[8:]), Operation: binary.LittleEndian.Uint64(b[16:]),
		Input: int64(binary.LittleEndian.Uint64(b[24:])),
	}, payload, nil
}

// echoed is the payload that a reply to a bulk call has: the request's, with
// every byte inverted, so that a server that left its buffer alone is seen.
func echoed(payload []byte) []byte {
	inverted := make([]byte, len(payload))
	for i, b := range payload {
		inverted[i] = ^b
	}
	return inverted
}

// planned is one call as the seed has it.
type planned struct {
	operation history.Operation
	key       int
	input     int64
	bulk      bool
	size      int // of the payload
}

// plan gives the call of a client with a number. Inputs are unique, so that a
// register's value tells who wrote it.
func plan(o *setup, client, sequence int) planned {
	h := sumOf(o.Seed, uint64(client), uint64(sequence))
	operations := [...]history.Operation{history.Add, history.Add, history.Swap, history.Read}
	p := planned{
		operation: operations[h%4], key: int((h >> 2) % uint64(o.Keys)),
		input: int64(client+1)<<40 | int64(sequence+1),
	}
	h = mix(h)
	if o.Size > 0 && h%4 == 0 {
		p.bulk, p.size = true, int((h>>2)%uint64(o.Size+1))
	}
	return p
}

// fill fills a payload with bytes that depend on the call.
func fill(payload []byte, client, sequence int) {
	h := sumOf(uint64(client), uint64(sequence))
	for i := range payload {
		if i%8 == 0 {
			h = mix(h)
		}
		payload[i] = byte(h >> (i % 8 * 8))
	}
}
