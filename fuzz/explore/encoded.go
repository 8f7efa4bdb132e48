package explore

import (
	"bytes"
	"context"
	"errors"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"

	urpc "urpc/runtime"
	"urpc/spec/memory"
)

// What becomes of values that have no fixed layout: each encodes itself, or gob encodes it,
// and the code that does so may be the user's.
const (
	// Encoded: an error says whether it was the request or the reply.
	Encoded = "a call ends with its reply if its values can be encoded, decoded and are valid, and else with an error that says which is not"
	Kept    = "what a handler, or a caller, is given is its own to keep"
	// Released: also who has ended its goroutine in it.
	Released = "who is no more in a call does not hold memory"
)

// label is a value that encodes itself. Its number says what comes of that.
type label struct{ Number, Then uint8 }

const (
	unfit         uint8 = mostMark + 1 + iota // Validate has an error
	validatePanic                             // it panics
	validateExit                              // it ends its goroutine
	encodeFails
	encodePanics
	encodeExits
	decodeFails
	decodePanics
	decodeExits
)

var errLabel = errors.New("no label")

// fits says whether a label is valid. That which nobody has set is not.
func (l label) fits() bool { return l.Number > 0 && l.Number <= mostMark }

// MarshalBinary implements encoding.BinaryMarshaler. Beside an error it gives the bytes of a
// valid label.
func (l *label) MarshalBinary() ([]byte, error) {
	switch l.Number {
	case encodeFails:
		return []byte{1, 1}, errLabel
	case encodePanics:
		return noBytes[l.Number:], nil
	case encodeExits:
		runtime.Goexit()
	}
	return []byte{l.Number, l.Then}, nil
}

// UnmarshalBinary implements encoding.BinaryUnmarshaler. Beside an error it leaves a valid
// label.
func (l *label) UnmarshalBinary(b []byte) error {
	if *l = (label{1, 1}); len(b) != 2 {
		return errLabel
	}
	switch b[0] {
	case decodeFails:
		return errLabel
	case decodePanics:
		_ = noBytes[b[0]]
	case decodeExits:
		runtime.Goexit()
	}
	*l = label{b[0], b[1]}
	return nil
}

// Validate implements urpc.Validator.
func (l *label) Validate() error {
	switch {
	case l.Number == validatePanic:
		_ = noBytes[l.Number]
	case l.Number == validateExit:
		runtime.Goexit()
	case !l.fits():
		return errLabel
	}
	return nil
}

// noBytes are what code looks into that panics.
var noBytes []byte

// parcel is a value that gob encodes, and asks its labels for that.
type parcel []label

// Validate implements urpc.Validator.
func (p *parcel) Validate() error {
	if len(*p) != 1 {
		return errLabel
	}
	return (*p)[0].Validate()
}

// relic is a value that keeps the bytes that it is decoded from.
type relic struct{ bytes []byte }

// MarshalBinary implements encoding.BinaryMarshaler.
func (r *relic) MarshalBinary() ([]byte, error) { return r.bytes, nil }

// UnmarshalBinary implements encoding.BinaryUnmarshaler.
func (r *relic) UnmarshalBinary(b []byte) error {
	r.bytes = b
	return nil
}

// Procedures of such values.
var (
	labels   = urpc.NewProc[label, label]("label")
	parcels  = urpc.NewProc[parcel, parcel]("parcel")
	pointers = urpc.NewProc[*uint64, *uint64]("pointer")
	blobs    = urpc.NewProc[[]byte, []byte]("blob")
	relics   = urpc.NewProc[relic, relic]("relic")
)

// An encoding is what a thread calls with such values, and how that ends.
type encoding struct {
	name string
	call func(b *binder, c *client) error
	says func(err error) bool
}

// encodings are all of them. The first ones are those whose values are good.
var encodings = slices.Concat(
	labelled("good values", 41, 42, func(err error) bool { return err == nil }),
	[]encoding{
		{"bytes that are kept", callBlobs, func(err error) bool { return err == nil }},
		{"a value that keeps its bytes", callRelics, func(err error) bool { return err == nil }},
		{"a nil pointer as request", callPointer(nil), refusedAs("encode the request: ")},
		{"a nil pointer as reply", callPointer(new(uint64)), failedAs("encode the reply: ")},
	},
	labelled("a request that is not valid", unfit, 42, refusedAs("request: ")),
	labelled("a request whose Validate panics", validatePanic, 42, refusedAs("request: "))[:1],
	labelled("a request that is not encoded", encodeFails, 42, refusedAs("encode the request: ")),
	labelled("a request whose encoding panics", encodePanics, 42, refusedAs("encode the request: ")),
	labelled("a request whose encoding ends the goroutine", encodeExits, 42, nil)[:1],
	labelled("a request that is not decoded", decodeFails, 42, refusedAs("request: ")),
	labelled("a request whose decoding panics", decodePanics, 42, refusedAs("request: ")),
	labelled("a reply that is not valid", 41, unfit, isCorrupt),
	labelled("a reply whose Validate panics", 41, validatePanic, isCorrupt)[:1],
	labelled("a reply whose Validate ends the goroutine", 41, validateExit, nil)[:1],
	labelled("a reply that is not encoded", 41, encodeFails, failedAs("encode the reply: ")),
	labelled("a reply whose encoding panics", 41, encodePanics, failedAs("encode the reply: ")),
	labelled("a reply that is not decoded", 41, decodeFails, isCorrupt),
	labelled("a reply whose decoding panics", 41, decodePanics, isCorrupt),
	labelled("a reply whose decoding ends the goroutine", 41, decodeExits, nil)[:1],
)

// goodEncodings is how many of them a peer makes bad that lies about values.
const goodEncodings = 2

// labelled is a call of a label, and one of a parcel with it.
func labelled(name string, number, then uint8, says func(err error) bool) []encoding {
	request, want := label{number, then}, label{Number: then}
	return []encoding{
		{"a label: " + name, func(b *binder, c *client) error {
			got, err := labels.Call(context.Background(), c.bound, request)
			b.w.check(memory.OwnResult, err != nil || got == want, "the procedure gives %v, want %v", got, want)
			return err
		}, says},
		{"a parcel: " + name, func(b *binder, c *client) error {
			got, err := parcels.Call(context.Background(), c.bound, parcel{request})
			b.w.check(memory.OwnResult, err != nil || len(got) == 1 && got[0] == want, "the procedure gives %v, want %v", got, want)
			return err
		}, says},
	}
}

func callPointer(request *uint64) func(b *binder, c *client) error {
	return func(_ *binder, c *client) error {
		_, err := pointers.Call(context.Background(), c.bound, request)
		return err
	}
}

// What is sent by two calls, one after the other: the first is kept.
var contents = [2][]byte{[]byte("first"), []byte("other")}

func callBlobs(b *binder, c *client) error {
	return b.keepsReplies(func(request []byte) ([]byte, error) {
		return blobs.Call(context.Background(), c.bound, request)
	})
}

func callRelics(b *binder, c *client) error {
	return b.keepsReplies(func(request []byte) ([]byte, error) {
		reply, err := relics.Call(context.Background(), c.bound, relic{request})
		return reply.bytes, err
	})
}

// keepsReplies makes two calls, and looks at the first one's reply when both have ended.
func (b *binder) keepsReplies(call func(request []byte) (reply []byte, err error)) error {
	first, err := call(contents[0])
	if err != nil {
		return err
	}
	_, err = call(contents[1])
	b.w.check(Kept, bytes.Equal(first, contents[0]), "what a caller was given is %q now, and was %q", first, contents[0])
	return err
}

// keepsRequest is a handler: it keeps what comes first, and looks at it when the other comes.
func (b *binder) keepsRequest(request []byte) []byte {
	if bytes.Equal(request, contents[0]) {
		b.kept = request
	}
	b.w.check(Kept, b.kept == nil || bytes.Equal(b.kept, contents[0]), "what a handler was given is %q now, and was %q", b.kept, contents[0])
	return slices.Clone(request)
}

// handleEncoded serves the procedures.
func (b *binder) handleEncoded() error {
	given := func(l label) {
		b.w.check(Typed, l.fits(), "a handler is given %v, which is not valid", l)
		b.w.check(Typed, b.clients[0].s.lies != lieValue, "a handler is given a value, of a call with %s", b.w.forged)
	}
	return errors.Join(
		urpc.Handle(b.server, labels, func(_ context.Context, l label) (label, error) {
			given(l)
			return label{Number: l.Then}, nil
		}),
		urpc.Handle(b.server, parcels, func(_ context.Context, p parcel) (parcel, error) {
			b.w.check(Typed, len(p) == 1, "a handler is given %v, which is not valid", p)
			given(p[0])
			return parcel{{Number: p[0].Then}}, nil
		}),
		urpc.Handle(b.server, pointers, func(_ context.Context, n *uint64) (*uint64, error) { return nil, nil }),
		urpc.Handle(b.server, blobs, func(_ context.Context, v []byte) ([]byte, error) { return b.keepsRequest(v), nil }),
		urpc.Handle(b.server, relics, func(_ context.Context, r relic) (relic, error) { return relic{b.keepsRequest(r.bytes)}, nil }),
	)
}

// callEncoded makes one of the calls.
func (b *binder) callEncoded(c *client) {
	all := encodings
	if c.s.lies == lieValue || b.serving.lies == lieValue {
		all = all[:goodEncodings]
	}
	x := all[b.w.t.Choose("what is encoded", len(all))]
	var err error
	returned := b.w.t.OnGoroutine(func() { // which it may end
		debug.SetPanicOnFault(true)
		err = b.spares(Encoded, func() error { return x.call(b, c) })
	})
	b.w.check(Released, c.s.holders>>b.w.t.Self()&1 == 0, "a call of %s has ended, and its thread holds the memory", x.name)
	over := err != nil && b.mayEnd() && (errors.Is(err, urpc.ErrClosed) || errors.Is(err, urpc.ErrPeerDied))
	says := x.says
	switch {
	case c.s.lies == lieValue:
		says = refusedAs("request: ")
	case b.serving.lies == lieValue:
		says = func(err error) bool { return errors.Is(err, urpc.ErrCorrupt) }
	}
	switch {
	case over:
	case !returned:
		b.w.check(Encoded, says == nil, "a call of %s ends its goroutine", x.name)
	case says == nil:
		b.w.check(Encoded, false, "a call of %s ends with: %v", x.name, err)
	case b.w.forged != "":
		b.w.check(Typed, says(err), "a call of %s ends with: %v: one of the two messages has %s", x.name, err, b.w.forged)
	default:
		b.w.check(Encoded, says(err), "a call of %s ends with: %v", x.name, err)
	}
}

func refusedAs(text string) func(err error) bool {
	return func(err error) bool {
		return errors.Is(err, urpc.ErrRefused) && strings.Contains(err.Error(), ": "+text)
	}
}

func failedAs(text string) func(err error) bool {
	return func(err error) bool {
		var remote *urpc.RemoteError
		return errors.As(err, &remote) && !remote.Panicked && strings.HasPrefix(remote.Text, text)
	}
}

func isCorrupt(err error) bool {
	return errors.Is(err, urpc.ErrCorrupt) && strings.Contains(err.Error(), ": reply: ")
}
