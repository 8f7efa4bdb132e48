package urpc

import "fmt"

// The status of a reply, as it stands in the message. A client meets any other
// value as the work of a broken peer.
const (
	statusDone     uint32 = iota // the payload is the reply
	statusFailed                 // the handler returned an error: its text
	statusPanicked               // the handler panicked: what it said
	statusRefused                // the handler did not run: why
)

// replyRefused, replyFailed and replyPanicked write why there is no reply, cut
// to what the reply's message holds.
func replyRefused(reply []byte, err error) (uint32, []byte) {
	return statusRefused, cut(reply, err.Error())
}

func replyFailed(reply []byte, err error) (uint32, []byte) {
	return statusFailed, cut(reply, err.Error())
}

func replyPanicked(reply []byte, value any) (uint32, []byte) {
	return statusPanicked, cut(reply, says(value))
}

// says is what a panic, or a user's error, says. A value whose methods panic, too,
// says its type.
func says(value any) (text string) {
	defer func() {
		if recover() != nil {
			text = fmt.Sprintf("a %T", value)
		}
	}()
	return fmt.Sprint(value)
}

// replyExited is the reply of a handler that called runtime.Goexit.
func replyExited(reply []byte) (uint32, []byte) {
	return statusPanicked, cut(reply, "the handler ended its goroutine")
}

// cut appends what of the text there is room for.
func cut(reply []byte, text string) []byte {
	return append(reply, text[:min(len(text), cap(reply)-len(reply))]...)
}

// failure is the error that a reply without value stands for.
func failure(procedure string, status uint32, payload []byte) error {
	switch status {
	case statusFailed, statusPanicked:
		return &RemoteError{Procedure: procedure, Text: string(payload), Panicked: status == statusPanicked}
	case statusRefused:
		return fmt.Errorf("%s: %w: %s", procedure, ErrRefused, payload)
	default:
		return fmt.Errorf("%s: %w: a reply of status %d", procedure, ErrCorrupt, status)
	}
}
