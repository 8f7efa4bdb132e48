package command

import (
	"fmt"
	"io"
	"slices"

	"urpc/checker"
	"urpc/checker/command/console"
	"urpc/checker/verdict"
)

// Left is what a check leaves of what is violated.
type Left struct {
	Violated  []*checker.Result // shortest counterexample first
	Artifacts []string          // files of their traces
	Token     string            // of the first trace; "" if it is too long
	Replay    string            // the command that shows the first again
}

// Leave writes the counterexamples of a report, into the folder out or, where that is
// "", into a fresh one. What cannot be written is complained of: the violation stands.
func (m *Models) Leave(c *Chosen, report *checker.Report, out string) Left {
	var left Left
	for i := range report.Properties {
		if p := &report.Properties[i]; p.Verdict == verdict.Violated {
			left.Violated = append(left.Violated, p)
		}
	}
	if len(left.Violated) == 0 {
		return left
	}
	slices.SortStableFunc(left.Violated, func(p, q *checker.Result) int { return length(p) - length(q) })
	left.Replay = c.Command("check")
	folder := m.Program.Artifacts(out, "check", c.Family.Name, c.Mutant)
	for i, p := range left.Violated {
		if p.Trace == nil {
			continue
		}
		file := c.TraceFile(p.Trace)
		path, err := folder.Write(console.FileName(p.Name)+".trace.json", func(w io.Writer) error { return checker.WriteTraceFile(w, file) })
		if err != nil {
			fmt.Fprintf(m.Errors, "%s: %v; the violation stands\n", m.Program.Name, err)
		} else {
			left.Artifacts = append(left.Artifacts, path)
		}
		if i == 0 {
			left.Token = Token(file)
			left.Replay = m.replayOf(path, left.Token, left.Replay)
		}
	}
	return left
}

// replayOf is the command that replays a trace: from its file, else from its
// token, else by doing everything again.
func (m *Models) replayOf(path, token, again string) string {
	switch {
	case path != "":
		return m.Program.CommandLine("replay", path)
	case token != "":
		return m.Program.CommandLine("replay", token)
	default:
		return again
	}
}

// length orders violations; those without a counterexample come last.
func length(p *checker.Result) int {
	if p.Trace == nil {
		return 1 << 30
	}
	return len(p.Trace.Steps)
}

// TraceFile is a trace of the choice with all that is needed to replay it.
func (c *Chosen) TraceFile(t *checker.Trace) checker.TraceFile {
	return checker.TraceFile{Model: c.Family.Name, Configuration: c.Values.String(), Mutant: c.Mutant, Trace: *t}
}
