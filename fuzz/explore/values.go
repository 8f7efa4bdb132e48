package explore

import (
	"encoding/binary"
	"math"
	"strconv"

	"urpc/checker/catalogue"
	"urpc/runtime/channel"
)

// Parameters that targets with a channel share.
var (
	slotsParameter = catalogue.Parameter{
		Name: "slots", Doc: "slots of each queue", Max: 2, Words: []string{"1", "2", "4"},
	}
	startParameter = catalogue.Parameter{
		Name: "start", Doc: "position of the first message, and of the first processor that is donated; how often each doorbell was rung and each sleeper nudged before; of a pool, how many calls it has executed", Max: 3,
		Words: []string{"0", "2^16-1", "2^31-1", "2^32-1"},
	}
)

var starts = [...]uint32{0, math.MaxUint16, math.MaxInt32, math.MaxUint32}

// payload is the length of the messages' payloads in bytes.
const payload = 16

// size gives the size of the channel in a configuration.
func size(v catalogue.Values) channel.Size {
	return channel.Size{Slots: 1 << v.Int("slots"), Payload: payload, Start: starts[v.Int("start")]}
}

// slotsOf is the value of parameter slots for so many.
func slotsOf(n int) int { return map[int]int{1: 0, 2: 1, 4: 2}[n] }

// near2to32 is the value of parameter start just before positions wrap.
const near2to32 = 3

// put writes a number as a payload from which a torn or foreign one differs: the
// number and its complement.
func put(to []byte, number uint64) []byte {
	return binary.LittleEndian.AppendUint64(binary.LittleEndian.AppendUint64(to, number), ^number)
}

// get reads it back; false: it is no such payload.
func get(from []byte) (number uint64, ok bool) {
	if len(from) != payload {
		return 0, false
	}
	number = binary.LittleEndian.Uint64(from)
	return number, binary.LittleEndian.Uint64(from[8:]) == ^number
}

// numbered names n threads.
func numbered(what string, n int) []string {
	names := make([]string, n)
	for i := range names {
		names[i] = what + " " + strconv.Itoa(i+1)
	}
	return names
}
