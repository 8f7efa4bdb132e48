package command

import (
	"bytes"
	"compress/flate"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"strconv"
	"strings"

	"urpc/checker"
	"urpc/checker/command/console"
)

// A trace token is a trace of a model as one word that no shell changes:
//
//	t1.payload.sum
//
// The payload is the compressed JSON of what names the trace's steps, in base64;
// what the steps change is left out, since the model tells it again. The sum is
// a CRC-32 of all before it.
const (
	tokenPrefix  = "t"
	tokenVersion = 1
	// longestToken, in letters, is what is still fit for a command line.
	longestToken = 512
	// longestPayload bounds what a token unfolds to, in bytes.
	longestPayload = 1 << 20
)

var (
	errTokenDamaged = errors.New("token is damaged")
	errTokenVersion = errors.New("token is of another version")
)

// tracePayload is what a trace token holds.
type tracePayload struct {
	Model         string             `json:"m"`
	Configuration string             `json:"c"`
	Mutant        string             `json:"u,omitempty"`
	Property      string             `json:"p"`
	Kind          checker.Kind       `json:"k"`
	Start         int                `json:"i,omitempty"`
	Cycle         int                `json:"y,omitempty"`
	Assumed       checker.Assumption `json:"a,omitempty"`
	From          []string           `json:"f,omitempty"`
	Given         []string           `json:"g,omitempty"`
	Steps         []tokenStep        `json:"s"`
}

// tokenStep is a step as ["process", self, "label", choice].
type tokenStep checker.Taken

func (s tokenStep) MarshalJSON() ([]byte, error) {
	if s.Choice == 0 {
		return json.Marshal([]any{s.Process, s.Self, s.Label})
	}
	return json.Marshal([]any{s.Process, s.Self, s.Label, s.Choice})
}

func (s *tokenStep) UnmarshalJSON(data []byte) error {
	var parts []json.RawMessage
	if err := json.Unmarshal(data, &parts); err != nil {
		return err
	}
	into := []any{&s.Process, &s.Self, &s.Label, &s.Choice}
	if len(parts) < 3 || len(parts) > len(into) {
		return fmt.Errorf("a step has %s", console.Plural(len(parts), "part"))
	}
	for i, part := range parts {
		if err := json.Unmarshal(part, into[i]); err != nil {
			return err
		}
	}
	return nil
}

// IsToken tells a trace token from a file name and from a schedule's token.
func IsToken(text string) bool {
	head, _, dotted := strings.Cut(text, ".")
	version, ok := strings.CutPrefix(head, tokenPrefix)
	return dotted && ok && version != "" && strings.Trim(version, "0123456789") == "" && !strings.ContainsAny(text, "/\\")
}

// Token writes a trace as a token; "" if it is too long for a command line.
func Token(f checker.TraceFile) string {
	t := &f.Trace
	payload := tracePayload{f.Model, f.Configuration, f.Mutant, t.Property, t.Kind, t.Start, t.Cycle, t.Assumed, t.From, t.Given, []tokenStep{}}
	for _, s := range f.Trace.Steps {
		payload.Steps = append(payload.Steps, tokenStep(s.Taken))
	}
	data, err := json.Marshal(payload)
	if err != nil {
		panic(fmt.Sprintf("command: a trace is not JSON: %v", err))
	}
	var packed bytes.Buffer
	w, err := flate.NewWriter(&packed, flate.BestCompression)
	if err != nil {
		panic(fmt.Sprintf("command: no such level of compression: %v", err))
	}
	w.Write(data)
	w.Close()
	body := fmt.Sprintf("%s%d.%s", tokenPrefix, tokenVersion, base64.RawURLEncoding.EncodeToString(packed.Bytes()))
	token := body + "." + tokenSum(body)
	if len(token) > longestToken {
		return ""
	}
	return token
}

// parseToken reads a token. Whether its steps are the model's is for the
// replayer to say.
func parseToken(token string) (checker.TraceFile, error) {
	fields := strings.Split(token, ".")
	version := strings.TrimPrefix(fields[0], tokenPrefix)
	if version == "" || strings.Trim(version, "0123456789") != "" {
		return checker.TraceFile{}, fmt.Errorf("%w: it does not begin as a token does", errTokenDamaged)
	}
	if version != strconv.Itoa(tokenVersion) {
		return checker.TraceFile{}, fmt.Errorf("%w: it has version %s, this build reads %d", errTokenVersion, version, tokenVersion)
	}
	if len(fields) != 3 {
		return checker.TraceFile{}, fmt.Errorf("%w: it has %s, not 3: was it cut off?", errTokenDamaged, console.Plural(len(fields), "field"))
	}
	if sum := tokenSum(fields[0] + "." + fields[1]); sum != fields[2] {
		return checker.TraceFile{}, fmt.Errorf("%w: its checksum does not match", errTokenDamaged)
	}
	payload, err := unpackTrace(fields[1])
	if err != nil {
		return checker.TraceFile{}, fmt.Errorf("%w: %w", errTokenDamaged, err)
	}
	f := checker.TraceFile{Model: payload.Model, Configuration: payload.Configuration, Mutant: payload.Mutant,
		Trace: checker.Trace{Model: payload.Model, Property: payload.Property, Kind: payload.Kind, Start: payload.Start,
			Cycle: payload.Cycle, Assumed: payload.Assumed, From: payload.From, Given: payload.Given}}
	for _, s := range payload.Steps {
		f.Trace.Steps = append(f.Trace.Steps, checker.TraceStep{Taken: checker.Taken(s)})
	}
	return f, nil
}

func unpackTrace(text string) (tracePayload, error) {
	packed, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		return tracePayload{}, err
	}
	data, err := io.ReadAll(io.LimitReader(flate.NewReader(bytes.NewReader(packed)), longestPayload+1))
	if err != nil {
		return tracePayload{}, err
	}
	if len(data) > longestPayload {
		return tracePayload{}, fmt.Errorf("it unfolds to more than %d bytes", longestPayload)
	}
	var payload tracePayload
	if err := json.Unmarshal(data, &payload); err != nil {
		return tracePayload{}, err
	}
	return payload, nil
}

func tokenSum(body string) string {
	return fmt.Sprintf("%08x", crc32.ChecksumIEEE([]byte(body)))
}
