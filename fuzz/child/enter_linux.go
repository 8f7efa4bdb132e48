package child

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"sync/atomic"
)

// Role is what a child does until it ends. Its error is told to the parent.
type Role func(*Parent) error

// Parent is the child's line to its parent.
type Parent struct {
	setup    json.RawMessage
	messages chan json.RawMessage
	out      *json.Encoder
}

// message is one line: a body, or the child's last word.
type message struct {
	Body  json.RawMessage `json:"body,omitempty"`
	Error string          `json:"error,omitempty"`
}

// entered says that Enter was called: only then may this binary start itself again.
var entered atomic.Bool

// ErrNotEntered says that this program does not call Enter when it starts, so
// that it cannot be started again as a child: it would do its ordinary work.
var ErrNotEntered = errors.New("this program cannot run its own children: its main does not look for them")

// Enter runs this process as a child if args (of the command line, without the
// program's name) are those of one with this verb. It is called first of all in
// main. If handled, the process ends with the exit status.
func Enter(verb string, roles map[string]Role, args []string) (handled bool, exit int) {
	entered.Store(true)
	if len(args) != 2 || args[0] != verb {
		return false, 0
	}
	role, ok := roles[args[1]]
	if !ok {
		fmt.Fprintf(os.Stderr, "no role %q\n", args[1])
		return true, 2
	}
	if err := enter(role); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return true, 1
	}
	return true, 0
}

func enter(role Role) error {
	p := &Parent{messages: make(chan json.RawMessage), out: json.NewEncoder(os.Stdout)}
	go p.listen()
	p.setup = <-p.messages
	err := role(p)
	if err != nil {
		return errors.Join(err, p.out.Encode(message{Error: err.Error()}))
	}
	return nil
}

// listen passes on what the parent says. When the parent is gone the child ends:
// a second net beside the kernel's.
func (p *Parent) listen() {
	in := bufio.NewReader(os.Stdin)
	for {
		line, err := in.ReadBytes('\n')
		if err != nil {
			if err != io.EOF {
				fmt.Fprintln(os.Stderr, err)
			}
			os.Exit(3)
		}
		p.messages <- line
	}
}

// Setup decodes what the child was started with.
func (p *Parent) Setup(v any) error { return decode(p.setup, v) }

// Receive waits for a message of the parent.
func (p *Parent) Receive(v any) error { return decode(<-p.messages, v) }

// Send sends a message to the parent.
func (p *Parent) Send(v any) error {
	body, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("tell the parent: %w", err)
	}
	return p.out.Encode(message{Body: body})
}

func decode(line json.RawMessage, v any) error {
	if err := json.Unmarshal(line, v); err != nil {
		return fmt.Errorf("understand the parent: %w", err)
	}
	return nil
}
