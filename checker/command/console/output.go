package console

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"sync"

	"golang.org/x/term"

	"urpc/checker/verdict"
)

// DefaultWidth is how wide a page is, in letters, where there is no terminal.
const DefaultWidth = 100

// Output is where the verdict goes: standard output.
type Output struct {
	file   *os.File
	cancel context.CancelFunc // ends the run when nobody reads
	colour bool

	mu   sync.Mutex
	err  error         // the first failure of a write
	kept *bytes.Buffer // a copy of what is written, if one is asked for
}

// NewOutput writes to a file; cancel is called when nobody reads it any more.
func NewOutput(file *os.File, cancel context.CancelFunc) *Output {
	return &Output{file: file, cancel: cancel, colour: coloured(file)}
}

// coloured: only a terminal is given colours, and none where NO_COLOR is set
// (no-color.org).
func coloured(file *os.File) bool {
	return os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb" && term.IsTerminal(int(file.Fd()))
}

// Write writes to standard output. Its failures are remembered for the end of
// the run, so that printing does not have to look at each.
func (o *Output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.kept != nil {
		o.kept.Write(p)
	}
	if o.err != nil {
		return len(p), nil
	}
	if _, err := o.file.Write(p); err != nil {
		o.err = err
		o.cancel()
	}
	return len(p), nil
}

// Kept gives what is printed meanwhile, without colours.
func (o *Output) Kept(print func()) []byte {
	o.mu.Lock()
	o.kept = &bytes.Buffer{}
	o.mu.Unlock()
	print()
	o.mu.Lock()
	defer o.mu.Unlock()
	text := o.kept.Bytes()
	o.kept = nil
	for _, colour := range []string{red, green, yellow, reset} {
		text = bytes.ReplaceAll(text, []byte(colour), nil)
	}
	return text
}

// Closed says that nobody reads the output any more.
func (o *Output) Closed() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.err != nil
}

// failure is the error of the output; a closed pipe is none, since whoever
// closed it knows.
func (o *Output) failure() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.err == nil || isBrokenPipe(o.err) {
		return nil
	}
	return fmt.Errorf("writing to standard output: %w", o.err)
}

// Line prints a line of text.
func (o *Output) Line(format string, args ...any) {
	fmt.Fprintf(o, format+"\n", args...)
}

// JSON prints one object on a line of its own.
func (o *Output) JSON(record any) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false) // events are named "T1>W"
	if err := e.Encode(record); err != nil {
		panic(fmt.Sprintf("console: a record is not JSON: %v", err))
	}
	o.Write(b.Bytes())
}

// Width is how wide a page is.
func (o *Output) Width() int {
	if width, _, err := term.GetSize(int(o.file.Fd())); err == nil && width > 0 {
		return width
	}
	if width, err := strconv.Atoi(os.Getenv("COLUMNS")); err == nil && width > 0 {
		return width
	}
	return DefaultWidth
}

// Colours of verdicts (ECMA-48).
const (
	red    = "\x1b[31m"
	green  = "\x1b[32m"
	yellow = "\x1b[33m"
	reset  = "\x1b[0m"
)

// Paint colours a word by a verdict.
func (o *Output) Paint(v verdict.Verdict, word string) string {
	if !o.colour {
		return word
	}
	switch v {
	case verdict.Holds:
		return green + word + reset
	case verdict.Violated:
		return red + word + reset
	default:
		return yellow + word + reset
	}
}
