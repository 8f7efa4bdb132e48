package call

import "errors"

// The ends of a call that are not a reply.
var (
	// ErrCancelled: the caller's context was cancelled while the call was pending.
	// Its late reply will be dropped.
	ErrCancelled = errors.New("call cancelled")
	// ErrDeadline: the caller's deadline passed while the call was pending.
	ErrDeadline = errors.New("call deadline exceeded")
	// ErrOverloaded: as many calls are pending as there can be, counting those that
	// were left and whose late reply has not come, and the caller asked not to wait.
	ErrOverloaded = errors.New("all calls of the channel are pending")
	// ErrCorrupt: the peer wrote what no peer of ours writes.
	ErrCorrupt = errors.New("the peer broke the channel's protocol")
)
