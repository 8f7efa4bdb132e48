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

// Leave writes the counterexamples of a report that a verb gave, into the folder out or,
// where that is "", into a fresh one. What cannot be written is complained of: the violation
// stands.
func (m *Models) Leave(verb string, c *Chosen, report *checker.Report, out string) Left {
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
	left.Replay = c.Command(verb)
	folder := m.Program.Artifacts(out, verb, c.Family.Name, c.Mutant)
	for i, p := range left.Violated {
		if p.Trace == nil {
			continue
		}
		file := c.TraceFile(p.Trace)
		path, err := writeTrace(folder, p.Name, file, out != "")
		if err != nil {
			fmt.Fprintf(m.Errors, "%s: %v; the violation stands\n", m.Program.Name, err)
		}
		if path != "" {
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

// writeTrace writes a trace file to a folder, and the trace in the other formats if that is
// asked for. It gives the path of the trace file, "" if there is none.
func writeTrace(folder *console.Artifacts, name string, file checker.TraceFile, all bool) (string, error) {
	name = console.FileName(name)
	path, err := folder.Write(name+".trace.json", func(w io.Writer) error { return checker.WriteTraceFile(w, file) })
	for _, f := range formats {
		if all && err == nil && f.name != formatJSON {
			_, err = folder.Write(name+f.ending, func(w io.Writer) error { return f.write(w, file) })
		}
	}
	return path, err
}

// leaveWitnesses writes as many traces that violate nothing as were asked for: those to
// what is reachable, then random walks.
func (v *checked) leaveWitnesses() error {
	left := *v.flags.witness
	if left == 0 {
		return nil
	}
	folder := v.Program.Artifacts(v.flags.out)
	for i := range v.report.Properties {
		if p := &v.report.Properties[i]; left > 0 && p.Kind == checker.KindReachable && p.Trace != nil {
			if _, err := writeTrace(folder, p.Name, v.chosen.TraceFile(p.Trace), true); err != nil {
				return err
			}
			left--
			v.written++
		}
	}
	if left == 0 {
		return nil
	}
	s, err := v.chosen.Model.Simulate(v.Ctx, checker.SimulateOptions{
		Walks: uint64(64 + 4*left), MaxSteps: witnessSteps, Seed: *v.flags.seed, KeepGoing: true, Passing: left})
	if err != nil {
		return err
	}
	for i := range s.Passing {
		if _, err := writeTrace(folder, fmt.Sprintf("walk-%d", i+1), v.chosen.TraceFile(&s.Passing[i]), true); err != nil {
			return err
		}
		v.written++
	}
	if missing := left - len(s.Passing); missing > 0 {
		fmt.Fprintf(v.Errors, "%s: of %d witnesses %d were not found: too many walks violate something\n", v.Program.Name, *v.flags.witness, missing)
	}
	return nil
}

// witnessSteps is how long a walk that is a witness may be.
const witnessSteps = 100

// reported prints, and writes what is printed to the folder as well if one was given.
func (m *Models) reported(out string, asJSON bool, print func()) {
	if out == "" {
		print()
		return
	}
	name := "report.txt"
	if asJSON {
		name = "report.jsonl"
	}
	text := m.Out.Kept(print)
	_, err := m.Program.Artifacts(out).Write(name, func(w io.Writer) error { _, err := w.Write(text); return err })
	if err != nil {
		fmt.Fprintf(m.Errors, "%s: %v\n", m.Program.Name, err)
	}
}
