package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"urpc/checker"
)

// isScheduleToken tells a schedule's token from a file name.
func isScheduleToken(text string) bool {
	head, _, dotted := strings.Cut(text, ".")
	version, ok := strings.CutPrefix(head, "s")
	return dotted && ok && version != "" && strings.Trim(version, "0123456789") == "" && !strings.ContainsAny(text, "/\\")
}

// recorded is a trace that was read from a file or a token, and replayed.
type recorded struct {
	file   checker.TraceFile
	chosen chosen
	trace  checker.Trace // as the model tells it
}

// isReachable says that the trace is a witness, and no counterexample.
func (r *recorded) isReachable() bool { return r.trace.Kind == checker.KindReachable }

// readTrace reads a trace from a file or a trace token and replays it. Every
// error is one of usage, with the reason, but those of the model itself.
func readTrace(from string) (recorded, error) {
	file, err := traceFrom(from)
	if err != nil {
		return recorded{}, usage("%s: %w", shortened(from), err)
	}
	c, err := choose(file.Model, file.Configuration, file.Mutant)
	if err != nil {
		return recorded{}, usage("%s: a trace of model %q, configuration %s: %w", shortened(from), file.Model, file.Configuration, err)
	}
	trace, err := c.model.Replay(file.Trace)
	var panicked *checker.PanicError
	switch {
	case errors.As(err, &panicked):
		return recorded{}, err
	case err != nil:
		return recorded{}, usage("%s: not a trace of this program's model %s: %w", shortened(from), file.Model, err)
	}
	return recorded{file, c, trace}, nil
}

// wantSubject says what can be replayed.
const wantSubject = "want what a failure prints behind \"replay\": a token, one word that begins with s3. (an interleaving) or t1. (a trace of a model), or the path of its .trace.json"

func traceFrom(from string) (checker.TraceFile, error) {
	if isTraceToken(from) {
		return parseTraceToken(from)
	}
	info, err := os.Stat(from)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return checker.TraceFile{}, errors.New("is no token, and there is no such file; " + wantSubject)
	case err != nil:
		return checker.TraceFile{}, err
	case info.IsDir():
		return checker.TraceFile{}, errors.New("is a folder; want a trace file in it")
	}
	f, err := os.Open(from)
	if err != nil {
		return checker.TraceFile{}, err
	}
	defer f.Close()
	return checker.ReadTraceFile(f)
}

// shortened names a long token by its beginning.
func shortened(from string) string {
	if isTraceToken(from) || isScheduleToken(from) {
		if len(from) > 24 {
			from = from[:24] + "…"
		}
		return "token " + from
	}
	return fmt.Sprintf("%q", from)
}
