package explore

import (
	"bytes"
	"slices"
	"testing"

	"urpc/checker/schedule"
	"urpc/runtime/channel"
	"urpc/spec/step"
)

// Where lengths take turns, messages fill their slots, are empty, and are shorter, in each
// direction; a call is known from any of them, and from no other.
func TestLengthsTakeTurns(t *testing.T) {
	const calls = 3
	for lengths, want := range map[string][2][]int{
		"lengths=full":  {{16, 16, 16}, {16, 16, 16}},
		"lengths=turns": {{16, 0, 5}, {5, 16, 0}},
	} {
		v, _, err := channelTarget.Parse(lengths)
		if err != nil {
			t.Fatal(err)
		}
		m := MessagesOf(channelTarget, v)
		var requests, replies []int
		for i := range calls {
			request, reply := m.Request(nil, i), m.Reply(nil, i)
			requests, replies = append(requests, len(request)), append(replies, len(reply))
			if int(m.RequestLength(i)) != len(request) || int(m.ReplyLength(i)) != len(reply) {
				t.Errorf("%s: call %d has %d bytes and %d, want %d and %d", lengths, i, len(request), len(reply), m.RequestLength(i), m.ReplyLength(i))
			}
			if got, ok := m.called(m.Procedure(i), request, calls); got != i || !ok {
				t.Errorf("%s: the argument of call %d is taken for that of %d: %v", lengths, i, got, ok)
			}
			for what, other := range map[string][]byte{
				"longer": append(slices.Clone(request), 0), "another": bytes.Repeat([]byte{1}, len(request)+1), "shorter": request[:max(len(request), 1)-1],
			} {
				if _, ok := m.called(m.Procedure(i), other, calls); ok && !bytes.Equal(other, request) {
					t.Errorf("%s: %s than the argument of call %d, and taken for it", lengths, what, i)
				}
			}
			if _, ok := m.called(m.Procedure(i)+calls, request, calls); ok {
				t.Errorf("%s: call %d is known by another procedure", lengths, i)
			}
		}
		if !slices.Equal(requests, want[0]) || !slices.Equal(replies, want[1]) {
			t.Errorf("%s: arguments of %d bytes, results of %d, want %d", lengths, requests, replies, want)
		}
	}
}

// Whatever is touched beyond a message, in a slot or in a buffer, is found.
func TestNothingBeyondIsTouched(t *testing.T) {
	z := channel.Size{Slots: 2, Payload: payload}
	end := int(slotEnd(z, z.Words())) // of a slot, after the header
	for what, c := range map[string]struct {
		length, written int // of the message; bytes that are written after its header
		copied          int // bytes that are copied out after it
		fails           bool
	}{
		"nothing":                        {length: shorter, written: shorter, copied: shorter},
		"nothing, of an empty message":   {},
		"nothing, of one that fills":     {length: payload, written: payload, copied: payload},
		"the next byte of the slot":      {length: shorter, written: shorter + 1, copied: shorter, fails: true},
		"a byte of an empty message":     {written: 1, fails: true},
		"all that the slot may hold":     {length: shorter, written: payload, copied: shorter, fails: true},
		"the byte after that":            {length: payload, written: payload + 1, copied: payload, fails: true},
		"the slot's last byte":           {length: payload, written: end, copied: payload, fails: true},
		"a length beyond the slot":       {length: end + 1, written: payload, fails: true},
		"one byte more of the buffer":    {length: shorter, written: shorter, copied: shorter + 1, fails: true},
		"all of the buffer":              {length: shorter, written: shorter, copied: payload, fails: true},
		"one byte too few of the buffer": {length: shorter, written: shorter, copied: shorter - 1, fails: true},
	} {
		rep, err := schedule.Explore(t.Context(), func(s *schedule.T) {
			m := NewMachine(s, 0)
			_, _, r := pair(m, z)
			r.watch(z, 0)
			w, own := z.Words(), r.owners[channel.Calls]
			s.Go("thread", func() {
				var header [channel.HeaderSize]byte
				header[lengthAt] = byte(c.length)
				own.CopyIn(step.WriteSlot, w.Header[1], header[:], make([]byte, c.written))
				own.Store(step.Publish, w.Sequence[1], 2)
				own.CopyOut(step.CopySlot, w.Header[1], header[:])
				own.CopyMore(w.Payload[1], make([]byte, c.copied))
			})
		}, schedule.Bounded(0), schedule.Options{})
		if err != nil {
			t.Fatal(err)
		}
		failed := rep.Failure != nil && rep.Failure.Property == NothingBeyond
		if failed != c.fails || failed != (rep.Failure != nil) {
			t.Errorf("%s is touched: %+v, want a failure: %v", what, rep.Failure, c.fails)
		}
	}
	for what, c := range map[string]struct {
		buffer []byte
		length int
		is     bool
	}{
		"all of it is the message": {buffer: []byte{1, unwritten}, length: 2},
		"its next byte is copied":  {buffer: []byte{1, unwritten}, length: 1, is: true},
		"its last byte is copied":  {buffer: []byte{1, 2, 3, unwritten}, length: 0, is: true},
		"an older message is left": {buffer: []byte{1, 2, 3}, length: 1},
	} {
		if is := spilled(c.buffer[:c.length]); is != c.is {
			t.Errorf("%s: %v, want %v", what, is, c.is)
		}
	}
}
