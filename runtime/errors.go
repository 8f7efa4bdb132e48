package urpc

import (
	"context"
	"errors"
	"fmt"
)

// A call ends exactly once: by its reply, or by one of these errors. They are
// found by errors.Is; what stands beside them says in which case errors.As finds
// more.
var (
	// ErrPeerDied: the other address space is gone. Every blocked caller of the
	// binding learns it, and every later call, unless the server has said that it
	// stops: see ErrClosed. It is unknown whether a call that was pending executed,
	// once, or not at all. errors.As: *PeerDiedError.
	ErrPeerDied = errors.New("peer died: unknown whether the call executed")

	// ErrCancelled: the caller's context was cancelled while the call was pending.
	// It may execute all the same; its late reply is dropped. It is also
	// context.Canceled.
	ErrCancelled error = &ending{text: "call cancelled", is: context.Canceled}

	// ErrDeadlineExceeded: the deadline of the caller's context passed while the
	// call was pending. It may execute all the same; its late reply is dropped. It
	// is also context.DeadlineExceeded.
	ErrDeadlineExceeded error = &ending{text: "call deadline exceeded", is: context.DeadlineExceeded}

	// ErrRefused: type, size or value of the request are not what was agreed, or
	// the server has no such procedure. The handler never saw the call. errors.As:
	// *SizeError where it was too large.
	ErrRefused = errors.New("refused")

	// ErrOverloaded: as many calls are pending as the binding has slots and the
	// caller asked not to wait (a call that was left takes its slot until its late
	// reply has come); or a server has as many bindings as it allows.
	ErrOverloaded = errors.New("overloaded")

	// ErrClosed: this side closed the client before the call or while it was
	// pending; or the server has stopped in order, before the call or while it waited
	// for a slot: then it was not sent.
	ErrClosed = errors.New("closed")

	// ErrCorrupt: the peer wrote into shared memory what no peer of ours writes, or
	// replied with what is no value of the reply's type. Whether the call executed
	// is unknown.
	ErrCorrupt = errors.New("peer broke the protocol")
)

// Why a binding did not come about.
var (
	// ErrHandshake is wrapped by every error of a handshake that failed, whatever
	// else the error wraps.
	ErrHandshake = errors.New("handshake failed")
	// ErrVersion: client and server speak different versions of the protocol.
	ErrVersion = errors.New("different protocol versions")
	// ErrUnauthorized: one side does not talk to a process of the other's user.
	ErrUnauthorized = errors.New("peer is not authorized")
	// ErrInUse: a living server listens on the path.
	ErrInUse = errors.New("a server is listening on the path")
)

// ending is a sentinel that is also another package's.
type ending struct {
	text string
	is   error
}

func (e *ending) Error() string { return e.text }
func (e *ending) Unwrap() error { return e.is }

// RemoteError is an error that the handler returned, or its panic, as text. It
// has crossed address spaces: errors.Is does not find what the handler wrapped.
type RemoteError struct {
	Procedure string
	Text      string
	// Panicked says that the handler did not return but panicked with Text.
	Panicked bool
}

func (e *RemoteError) Error() string {
	if e.Panicked {
		return fmt.Sprintf("%s: handler panicked: %s", e.Procedure, e.Text)
	}
	return fmt.Sprintf("%s: %s", e.Procedure, e.Text)
}

// SizeError says what was too large. It is ErrRefused where a request was, and
// the handler did not run.
type SizeError struct {
	Procedure string
	Size      int // bytes of the encoded value
	Limit     int // bytes that a message of the binding holds
}

func (e *SizeError) Error() string {
	return fmt.Sprintf("%s: a request of %d bytes: messages of this binding hold at most %d", e.Procedure, e.Size, e.Limit)
}

// Unwrap makes the error ErrRefused.
func (e *SizeError) Unwrap() error { return ErrRefused }

// PeerDiedError says who died and how that was seen.
type PeerDiedError struct {
	Peer Peer
	// Cause is how it was seen: "process exited", "hung up" or "server stopped".
	Cause string
}

func (e *PeerDiedError) Error() string {
	return fmt.Sprintf("process %d: %s: %v", e.Peer.PID, e.Cause, ErrPeerDied)
}

// Unwrap makes the error ErrPeerDied.
func (e *PeerDiedError) Unwrap() error { return ErrPeerDied }
