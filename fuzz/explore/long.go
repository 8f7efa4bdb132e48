package explore

import (
	"context"
	"errors"
	"strings"

	urpc "urpc/runtime"
)

// Sized: it is refused before it is sent. Of a reply the handler's side says so, or what
// there is room for of an error.
const Sized = "a value that no message of the binding holds ends the call with an error that says so"

// longest of what fits, and one more: a server that allows longer messages than its client
// asks for has procedures whose values do not fit.
const (
	mostFits = 96
	tooLong  = 100
)

// Procedures whose requests, or whose replies, do not fit, and one that fails with more to
// say than fits.
var (
	longRequest = urpc.NewProc[[tooLong]byte, bool]("long request")
	longText    = urpc.NewProc[string, bool]("long text")
	longReply   = urpc.NewProc[bool, [tooLong]byte]("long reply")
	longTold    = urpc.NewProc[bool, string]("long text of a reply")
	longFailure = urpc.NewProc[bool, bool]("long text of an error")
)

// handleLong serves them.
func (b *binder) handleLong() error {
	text := strings.Repeat("x", tooLong)
	executed := func(what string) {
		b.w.check(Sized, false, "a handler is run whose %s fits no message", what)
	}
	return errors.Join(
		urpc.Handle(b.server, longRequest, func(context.Context, [tooLong]byte) (bool, error) { executed("request"); return true, nil }),
		urpc.Handle(b.server, longText, func(context.Context, string) (bool, error) { executed("request"); return true, nil }),
		urpc.Handle(b.server, longReply, func(context.Context, bool) (v [tooLong]byte, err error) { executed("reply"); return v, nil }),
		urpc.Handle(b.server, longTold, func(context.Context, bool) (string, error) { return text, nil }),
		urpc.Handle(b.server, longFailure, func(context.Context, bool) (bool, error) { return false, errors.New(text) }),
	)
}

// callLong calls one of them.
func (b *binder) callLong(c *client) {
	ctx := context.Background()
	which := b.w.t.Choose("what is too long", 5)
	err := b.spares(Sized, func() (err error) {
		switch which {
		case 0:
			_, err = longRequest.Call(ctx, c.bound, [tooLong]byte{})
		case 1:
			_, err = longText.Call(ctx, c.bound, strings.Repeat("x", tooLong))
		case 2:
			_, err = longReply.Call(ctx, c.bound, true)
		case 3:
			_, err = longTold.Call(ctx, c.bound, true)
		default:
			_, err = longFailure.Call(ctx, c.bound, true)
		}
		return err
	})
	var size *urpc.SizeError
	var remote *urpc.RemoteError
	said := false
	switch which {
	case 0, 1:
		said = errors.As(err, &size) && size.Size == tooLong && size.Limit == mostFits
	case 2:
		said = errors.Is(err, urpc.ErrRefused) && !errors.As(err, &size)
	case 3:
		said = errors.As(err, &remote) && !remote.Panicked
	default:
		said = errors.As(err, &remote) && remote.Text == strings.Repeat("x", mostFits)
	}
	over := b.mayEnd() && (errors.Is(err, urpc.ErrClosed) || errors.Is(err, urpc.ErrPeerDied))
	b.w.check(Sized, said || over, "a call of %q ends with: %v", []string{"long request", "long text", "long reply", "long text of a reply", "long text of an error"}[which], err)
}

// spares runs what no peer, and no user, may make panic by what is too long, or malformed.
func (b *binder) spares(property string, f func() error) error {
	defer func() {
		p := recover()
		text, trespass := trespassOf(p)
		b.w.check(property, !trespass, "a panic: %s; made by the peer: %q", text, b.w.forged)
		if p != nil {
			panic(p)
		}
	}()
	return f()
}
