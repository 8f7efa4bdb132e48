package urpc

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"sync/atomic"
)

// Proc is a procedure: its name and the types of its request and its reply. It is
// declared once, in a package that both sides import:
//
//	var Add = urpc.NewProc[Pair, Sum]("add")
type Proc[Req, Rep any] struct{ *declaration }

// Procedure is a Proc of any types.
type Procedure interface{ declared() *declaration }

// declaration is what is known of a procedure before it is served or called.
type declaration struct {
	name           string
	id             uint32 // this process's number for it, from 0
	request, reply layout
	err            error // why it can be neither served nor called
}

func (d *declaration) declared() *declaration { return d }

// declarations counts the procedures that this process has declared.
var declarations atomic.Uint32

// maxName is the longest name of a procedure in bytes.
const maxName = 255

// NewProc declares a procedure. Its name, of 1 to 255 bytes, is what client and
// server find each other by; the layouts of the types must be the same on both
// sides, which is checked once for each binding.
//
// Requests and replies may be of any type whose values mean something in another
// address space:
//
//   - integers, floats, bools, and arrays and structs of these without padding and
//     without blank fields are copied as they are: by far the fastest;
//   - strings and slices of bytes are copied, too;
//   - types with MarshalBinary and UnmarshalBinary encode themselves;
//   - anything else is encoded by encoding/gob, at the cost of microseconds. gob
//     is not meant for hostile peers: it may take much memory for few bytes.
//
// A type that cannot be sent (channels, functions, fields that are not exported)
// makes Handle, Bind and Call fail with an error that says so.
func NewProc[Req, Rep any](name string) Proc[Req, Rep] {
	d := &declaration{name: name, id: declarations.Add(1) - 1}
	var errRequest, errReply error
	d.request, errRequest = layoutOf(reflect.TypeFor[Req]())
	d.reply, errReply = layoutOf(reflect.TypeFor[Rep]())
	if name == "" || len(name) > maxName {
		d.err = fmt.Errorf("%w: the name %.20q of a procedure has %d bytes: want 1 to %d", ErrRefused, name, len(name), maxName)
	}
	for _, err := range []error{errRequest, errReply} {
		if err != nil {
			d.err = errors.Join(d.err, fmt.Errorf("%w: procedure %s: %w", ErrRefused, name, err))
		}
	}
	return Proc[Req, Rep]{d}
}

// Name is the procedure's name.
func (p Proc[Req, Rep]) Name() string { return p.name }

// Call calls the procedure and waits for its reply, or for one of the ends of a
// call that stand in errors.go. The context's deadline and cancellation end the
// wait, not the handler. A nil context is refused.
//
// Where both types have a fixed layout a call allocates nothing.
func (p Proc[Req, Rep]) Call(ctx context.Context, c *Client, request Req) (reply Rep, err error) {
	d := p.declaration
	number, err := c.begin(ctx, d)
	if err != nil {
		return reply, err
	}
	defer c.finish() // also where the user's Validate or UnmarshalBinary ends the goroutine
	if d.request.form == fixed && d.reply.form == fixed {
		err = c.caller.Do(ctx, number, bytesOf(&request), func(status uint32, payload []byte) error {
			if status != statusDone {
				return failure(d.name, status, payload)
			}
			if err := load(&d.reply, &reply, payload); err != nil {
				return badReply(d, err)
			}
			return nil
		})
	} else {
		reply, err = callEncoded[Req, Rep](ctx, c, d, number, request)
	}
	if err != nil {
		var zero Rep
		return zero, c.ended(ctx, d, err)
	}
	return reply, nil
}

// callEncoded is a call whose request or reply has no fixed layout.
func callEncoded[Req, Rep any](ctx context.Context, c *Client, d *declaration, number uint32, request Req) (reply Rep, err error) {
	payload, err := encode(&d.request, nil, &request)
	if err != nil {
		return reply, fmt.Errorf("%s: %w: encode the request: %w", d.name, ErrRefused, err)
	}
	if len(payload) > c.limit {
		return reply, &SizeError{Procedure: d.name, Size: len(payload), Limit: c.limit}
	}
	err = c.caller.Do(ctx, number, payload, func(status uint32, payload []byte) error {
		if status != statusDone {
			return failure(d.name, status, payload)
		}
		if err := decode(&d.reply, &reply, payload); err != nil {
			return badReply(d, err)
		}
		return nil
	})
	return reply, err
}

func badReply(d *declaration, err error) error {
	return fmt.Errorf("%s: %w: reply: %w", d.name, ErrCorrupt, err)
}
