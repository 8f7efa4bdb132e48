package checker

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

const (
	traceFormat  = "urpc-trace"
	traceVersion = 1
	// maxTraceFile bounds what ReadTraceFile reads, in bytes.
	maxTraceFile = 256 << 20
)

// TraceFile is a trace with all that is needed to replay it later.
type TraceFile struct {
	// Model is the name of the family of models, Configuration its values as
	// text ("clients=2,servers=1"), Mutant the name of a mutant or "".
	Model         string `json:"model"`
	Configuration string `json:"configuration"`
	Mutant        string `json:"mutant,omitempty"`
	Trace         Trace  `json:"trace"`
}

// storedTrace is a trace file as it is stored.
type storedTrace struct {
	Format   string `json:"format"`
	Version  int    `json:"version"`
	Checksum string `json:"checksum"` // SHA-256 of the rest without spaces
	TraceFile
}

// Errors of ReadTraceFile, each wrapped with what was found.
var (
	// ErrForeignTrace: the file is not a trace of ours.
	ErrForeignTrace = errors.New("not a trace file of this program")
	// ErrTraceVersion: the file is a trace in a format of another version.
	ErrTraceVersion = errors.New("trace file of another version")
	// ErrDamagedTrace: the file was cut or changed after it was written.
	ErrDamagedTrace = errors.New("damaged trace file")
)

// WriteTraceFile writes a trace file as JSON with format, version and checksum.
func WriteTraceFile(w io.Writer, f TraceFile) error {
	sum, err := f.checksum()
	if err != nil {
		return fmt.Errorf("writing a trace file: %w", err)
	}
	data, err := json.MarshalIndent(storedTrace{Format: traceFormat, Version: traceVersion, Checksum: sum, TraceFile: f}, "", "  ")
	if err != nil {
		return fmt.Errorf("writing a trace file: %w", err)
	}
	if _, err := w.Write(append(data, '\n')); err != nil {
		return fmt.Errorf("writing a trace file: %w", err)
	}
	return nil
}

// ReadTraceFile reads what WriteTraceFile wrote and refuses everything else:
// ErrForeignTrace, ErrTraceVersion or ErrDamagedTrace, with the reason. Whether
// the trace is one of the model is for Replay to say.
func ReadTraceFile(r io.Reader) (TraceFile, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxTraceFile+1))
	if err != nil {
		return TraceFile{}, fmt.Errorf("reading a trace file: %w", err)
	}
	if len(data) > maxTraceFile {
		return TraceFile{}, fmt.Errorf("%w: longer than %d bytes", ErrForeignTrace, maxTraceFile)
	}
	if err := checkTraceHead(data); err != nil {
		return TraceFile{}, err
	}
	var stored storedTrace
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&stored); err != nil {
		return TraceFile{}, fmt.Errorf("%w: %w", ErrDamagedTrace, err)
	}
	if sum, err := stored.checksum(); err != nil || sum != stored.Checksum {
		return TraceFile{}, fmt.Errorf("%w: the checksum is %.12s and should be %.12s", ErrDamagedTrace, sum, stored.Checksum)
	}
	return stored.TraceFile, nil
}

// checkTraceHead looks at the format and version before anything else is taken
// at its word.
func checkTraceHead(data []byte) error {
	var head struct {
		Format  string `json:"format"`
		Version int    `json:"version"`
	}
	if !bytes.HasPrefix(bytes.TrimSpace(data), []byte("{")) {
		return fmt.Errorf("%w: it is not a JSON object", ErrForeignTrace)
	}
	if !json.Valid(data) {
		if bytes.Contains(data, []byte(`"`+traceFormat+`"`)) {
			return fmt.Errorf("%w: the JSON is cut or broken", ErrDamagedTrace)
		}
		return fmt.Errorf("%w: it is not JSON", ErrForeignTrace)
	}
	if err := json.Unmarshal(data, &head); err != nil {
		return fmt.Errorf("%w: %w", ErrForeignTrace, err)
	}
	if head.Format != traceFormat {
		return fmt.Errorf("%w: its format is %q, want %q", ErrForeignTrace, head.Format, traceFormat)
	}
	if head.Version != traceVersion {
		return fmt.Errorf("%w: it is version %d, this program reads version %d", ErrTraceVersion, head.Version, traceVersion)
	}
	return nil
}

// checksum is over all that the file says, however it is spaced.
func (f TraceFile) checksum() (string, error) {
	data, err := json.Marshal(f)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(append([]byte(traceFormat+"\n"), data...))
	return hex.EncodeToString(sum[:]), nil
}
