package history

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
)

// A history is kept as JSON Lines: a header, then one event a line.
//
//	{"format":"urpc history","version":1,"events":2,"comment":"stress, seed 7"}
//	{"client":0,"key":3,"operation":"add","input":5,"call":100,"return":170,"output":0}
//	{"client":1,"key":3,"operation":"swap","input":9,"call":130,"outcome":"unknown"}
//
// Only a call whose outcome is known has a return and an output.

// ErrDamaged is wrapped by every error of a file that is no history, or not whole.
var ErrDamaged = errors.New("damaged history")

// ErrVersion is wrapped where a file is a history of another version.
var ErrVersion = errors.New("history of another version")

const (
	format      = "urpc history"
	version     = 1
	longestLine = 4096 // bytes
)

type header struct {
	Format  string `json:"format"`
	Version int    `json:"version"`
	Events  int    `json:"events"`
	Comment string `json:"comment"`
}

// line is an event in a file. Pointers tell what is missing.
type line struct {
	Client    *int   `json:"client"`
	Key       *int   `json:"key"`
	Operation string `json:"operation"`
	Input     int64  `json:"input"`
	Call      *int64 `json:"call"`
	Return    *int64 `json:"return"`
	Output    *int64 `json:"output"`
	Outcome   string `json:"outcome"`
}

const unknownOutcome = "unknown"

// Write writes a history. The comment, of at most 1000 bytes, says where it comes
// from.
func Write(w io.Writer, comment string, events []Event) error {
	b := bufio.NewWriterSize(w, 1<<16)
	head, err := json.Marshal(header{format, version, len(events), comment[:min(len(comment), 1000)]})
	if err != nil {
		return fmt.Errorf("write history: %w", err)
	}
	b.Write(append(head, '\n')) // the writer keeps its first error
	var buffer []byte
	for i := range events {
		if err := events[i].Validate(); err != nil {
			return fmt.Errorf("write history: event %d: %w", i, err)
		}
		buffer = appendLine(buffer[:0], &events[i])
		b.Write(buffer)
	}
	if err := b.Flush(); err != nil {
		return fmt.Errorf("write history: %w", err)
	}
	return nil
}

func appendLine(b []byte, e *Event) []byte {
	b = strconv.AppendInt(append(b, `{"client":`...), int64(e.Client), 10)
	b = strconv.AppendInt(append(b, `,"key":`...), int64(e.Key), 10)
	b = append(append(append(b, `,"operation":"`...), e.Operation.String()...), '"')
	if e.Operation != Read {
		b = strconv.AppendInt(append(b, `,"input":`...), e.Input, 10)
	}
	b = strconv.AppendInt(append(b, `,"call":`...), e.Call, 10)
	if e.Outcome == Unknown {
		b = append(append(append(b, `,"outcome":"`...), unknownOutcome...), '"')
	} else {
		b = strconv.AppendInt(append(b, `,"return":`...), e.Return, 10)
		b = strconv.AppendInt(append(b, `,"output":`...), e.Output, 10)
	}
	return append(b, '}', '\n')
}

// Load reads what Write wrote. Errors wrap ErrDamaged or ErrVersion and tell the
// number of the line, unless they are the reader's.
func Load(r io.Reader) (events []Event, comment string, err error) {
	lines := bufio.NewScanner(r)
	lines.Buffer(make([]byte, 0, longestLine), longestLine)
	if !lines.Scan() {
		return nil, "", ended(lines, 1, "no header")
	}
	h, err := parseHeader(lines.Bytes())
	if err != nil {
		return nil, "", err
	}
	for number := 2; lines.Scan(); number++ {
		e, err := parseLine(lines.Bytes())
		if err != nil {
			return nil, "", fmt.Errorf("line %d: %w: %w", number, ErrDamaged, err)
		}
		events = append(events, e)
	}
	if lines.Err() != nil || len(events) != h.Events {
		return nil, "", ended(lines, len(events)+2, fmt.Sprintf("%d events, and the header says %d", len(events), h.Events))
	}
	return events, h.Comment, nil
}

// ended says why there is no further line.
func ended(lines *bufio.Scanner, number int, otherwise string) error {
	switch err := lines.Err(); {
	case errors.Is(err, bufio.ErrTooLong):
		return fmt.Errorf("line %d: %w: more than %d bytes", number, ErrDamaged, longestLine)
	case err != nil:
		return fmt.Errorf("read history: line %d: %w", number, err)
	default:
		return fmt.Errorf("line %d: %w: %s", number, ErrDamaged, otherwise)
	}
}

func parseHeader(b []byte) (h header, err error) {
	if err := json.Unmarshal(b, &h); err != nil || h.Format != format {
		return h, fmt.Errorf("line 1: %w: no header of a history", ErrDamaged)
	}
	if h.Version != version {
		return h, fmt.Errorf("line 1: %w: %d, want %d", ErrVersion, h.Version, version)
	}
	return h, nil
}

func parseLine(b []byte) (e Event, err error) {
	var l line
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(&l); err != nil {
		return e, err
	}
	if _, err := d.Token(); err != io.EOF {
		return e, errors.New("more than one value")
	}
	if l.Client == nil || l.Key == nil || l.Call == nil {
		return e, errors.New("no client, key or call")
	}
	e = Event{Client: *l.Client, Key: *l.Key, Input: l.Input, Call: *l.Call}
	for o := Read; o.known(); o++ {
		if o.String() == l.Operation {
			e.Operation = o
		}
	}
	if e.Operation == 0 {
		return e, fmt.Errorf("unknown operation %.20q", l.Operation)
	}
	switch {
	case l.Outcome == unknownOutcome && l.Return == nil && l.Output == nil:
		e.Outcome = Unknown
	case l.Outcome == "" && l.Return != nil && l.Output != nil:
		e.Return, e.Output = *l.Return, *l.Output
	default:
		return e, errors.New("want return and output, or outcome unknown and neither")
	}
	return e, e.Validate()
}
