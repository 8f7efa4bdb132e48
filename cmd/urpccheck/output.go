package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/term"

	"urpc/checker/verdict"
)

// defaultWidth is how wide a page is, in letters, where there is no terminal.
const defaultWidth = 100

// output is where the verdict goes: standard output.
type output struct {
	file   *os.File
	cancel context.CancelFunc // ends the run when nobody reads
	colour bool

	mu  sync.Mutex
	err error // the first failure of a write
}

func newOutput(file *os.File, cancel context.CancelFunc) *output {
	return &output{file: file, cancel: cancel, colour: coloured(file)}
}

// coloured: only a terminal is given colours, and none where NO_COLOR is set
// (no-color.org).
func coloured(file *os.File) bool {
	return os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb" && term.IsTerminal(int(file.Fd()))
}

// Write writes to standard output. Its failures are remembered for the end of
// the run, so that printing does not have to look at each.
func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.err != nil {
		return len(p), nil
	}
	if _, err := o.file.Write(p); err != nil {
		o.err = err
		o.cancel()
	}
	return len(p), nil
}

// closed says that nobody reads the output any more.
func (o *output) closed() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.err != nil
}

// failure is the error of the output; a closed pipe is none, since whoever
// closed it knows.
func (o *output) failure() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.err == nil || isBrokenPipe(o.err) {
		return nil
	}
	return fmt.Errorf("writing to standard output: %w", o.err)
}

// line prints a line of text.
func (o *output) line(format string, args ...any) {
	fmt.Fprintf(o, format+"\n", args...)
}

// json prints one object on a line of its own.
func (o *output) json(record any) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false) // events are named "T1>W"
	if err := e.Encode(record); err != nil {
		panic(fmt.Sprintf("urpccheck: a record of its own is not JSON: %v", err))
	}
	o.Write(b.Bytes())
}

// width is how wide a page is.
func (o *output) width() int {
	if width, _, err := term.GetSize(int(o.file.Fd())); err == nil && width > 0 {
		return width
	}
	if width, err := strconv.Atoi(os.Getenv("COLUMNS")); err == nil && width > 0 {
		return width
	}
	return defaultWidth
}

// Colours of verdicts (ECMA-48).
const (
	red    = "\x1b[31m"
	green  = "\x1b[32m"
	yellow = "\x1b[33m"
	reset  = "\x1b[0m"
)

// paint colours a word by a verdict.
func (o *output) paint(v verdict.Verdict, word string) string {
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

// grouped writes a number with commas between thousands.
func grouped[N int | int64 | uint64](n N) string {
	digits := strconv.FormatInt(int64(n), 10)
	sign := ""
	if digits[0] == '-' {
		sign, digits = "-", digits[1:]
	}
	var groups []string
	for len(digits) > 3 {
		groups = append([]string{digits[len(digits)-3:]}, groups...)
		digits = digits[:len(digits)-3]
	}
	return sign + strings.Join(append([]string{digits}, groups...), ",")
}

// plural writes "1 state", "2 states".
func plural[N int | int64 | uint64](n N, one string) string {
	if n == 1 {
		return "1 " + one
	}
	if strings.HasSuffix(one, "y") {
		return grouped(n) + " " + strings.TrimSuffix(one, "y") + "ies"
	}
	return grouped(n) + " " + one + "s"
}

// seconds writes a time for a reader.
func seconds(d time.Duration) string {
	switch {
	case d < 10*time.Millisecond:
		return fmt.Sprintf("%.1f ms", float64(d)/float64(time.Millisecond))
	case d < time.Second:
		return fmt.Sprintf("%.0f ms", float64(d)/float64(time.Millisecond))
	default:
		return fmt.Sprintf("%.1f s", d.Seconds())
	}
}

// bytesText writes an amount of memory for a reader.
func bytesText(n uint64) string {
	for _, unit := range sizeUnits {
		if n >= unit.bytes && unit.bytes > 1 {
			return fmt.Sprintf("%.1f %s", float64(n)/float64(unit.bytes), unit.name)
		}
	}
	return fmt.Sprintf("%d B", n)
}

// folded writes text in lines of at most width letters, each behind indent.
func folded(text string, width int, indent string) string {
	width = max(width-len(indent), 20)
	var b strings.Builder
	line := ""
	for _, word := range strings.Fields(text) {
		switch {
		case line == "":
			line = word
		case len([]rune(line))+1+len([]rune(word)) <= width:
			line += " " + word
		default:
			b.WriteString(indent + line + "\n")
			line = word
		}
	}
	b.WriteString(indent + line)
	return b.String()
}
