package child

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"sync"
)

// Child is a process that a Keeper started.
type Child struct {
	role   string
	cmd    *exec.Cmd
	in     *json.Encoder
	lines  chan json.RawMessage
	stderr tail
	exited chan struct{}
	err    error // how it ended, once exited is closed
}

// listen passes on what the child says, then waits for its end.
func (c *Child) listen(out io.Reader) {
	lines := bufio.NewReader(out)
	for {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			break // a dead child's last line may be cut
		}
		c.lines <- line
	}
	if err := c.cmd.Wait(); err != nil {
		c.err = fmt.Errorf("%s, process %d: %w%s", c.role, c.PID(), err, c.stderr.said())
	}
	close(c.exited)
	close(c.lines)
}

// PID is the child's process id.
func (c *Child) PID() int { return c.cmd.Process.Pid }

// Send tells the child something.
func (c *Child) Send(v any) error {
	if err := c.in.Encode(v); err != nil {
		return fmt.Errorf("tell the %s, process %d: %w", c.role, c.PID(), err)
	}
	return nil
}

// Receive waits for a message of the child. Its error is the child's own, or how
// the child ended, or that of the context.
func (c *Child) Receive(ctx context.Context, v any) error {
	select {
	case line, ok := <-c.lines:
		if !ok {
			return c.ended()
		}
		var m message
		if err := json.Unmarshal(line, &m); err != nil {
			return fmt.Errorf("understand the %s, process %d: %w", c.role, c.PID(), err)
		}
		if m.Error != "" {
			return fmt.Errorf("%s, process %d: %s", c.role, c.PID(), m.Error)
		}
		return json.Unmarshal(m.Body, v)
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (c *Child) ended() error {
	if c.err != nil {
		return c.err
	}
	return fmt.Errorf("%s, process %d: ended without a report", c.role, c.PID())
}

// Kill kills the child (SIGKILL) by the descriptor of the process, which cannot
// mean another one. It says whether the child was still there.
func (c *Child) Kill() bool { return c.cmd.Process.Kill() == nil }

// Exited is closed when the child has ended and was waited for.
func (c *Child) Exited() <-chan struct{} { return c.exited }

// Killed says whether a signal ended the child. It is called after Exited.
func (c *Child) Killed() bool {
	var exit *exec.ExitError
	return errors.As(c.err, &exit) && !exit.Exited()
}

// tail keeps the last part of what a child writes to its standard error.
type tail struct {
	mu   sync.Mutex
	last []byte
}

const tailSize = 8 << 10

func (t *tail) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.last = append(t.last, b...)
	t.last = t.last[max(0, len(t.last)-tailSize):]
	return len(b), nil
}

func (t *tail) said() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.last) == 0 {
		return ""
	}
	return ": " + string(bytes.TrimSpace(t.last))
}
