package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"urpc/checker"
	"urpc/checker/verdict"
	"urpc/spec/protocol"
)

// checked is a check that has ended, to be told.
type checked struct {
	*app
	chosen *chosen
	flags  *checkFlags
	report checker.Report

	violated  []*checker.Result // shortest counterexample first
	artifacts []string
	token     string // of the first
	replay    string // the command that shows the first again
}

// settle sorts the violations and writes what they leave.
func (v *checked) settle() {
	for i := range v.report.Properties {
		if p := &v.report.Properties[i]; p.Verdict == verdict.Violated {
			v.violated = append(v.violated, p)
		}
	}
	if len(v.violated) == 0 {
		return
	}
	slices.SortStableFunc(v.violated, func(p, q *checker.Result) int { return length(p) - length(q) })
	v.replay = v.chosen.command("check")
	folder := newArtifacts(v.flags.out, "check", v.chosen.family.Name, v.chosen.mutant)
	for i, p := range v.violated {
		if p.Trace == nil {
			continue
		}
		file := v.traceFile(p)
		path, err := folder.write(fileName(p.Name)+".trace.json", func(w io.Writer) error { return checker.WriteTraceFile(w, file) })
		if err != nil {
			fmt.Fprintf(v.errors, "urpccheck: %v; the violation stands\n", err)
		} else {
			v.artifacts = append(v.artifacts, path)
		}
		if i == 0 {
			v.token = traceToken(file)
			v.replay = replayOf(path, v.token, v.replay)
		}
	}
}

// replayOf is the command that replays a trace: from its file, else from its
// token, else by doing everything again.
func replayOf(path, token, again string) string {
	switch {
	case path != "":
		return commandLine("replay", path)
	case token != "":
		return commandLine("replay", token)
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

func (v *checked) traceFile(p *checker.Result) checker.TraceFile {
	return checker.TraceFile{
		Model: v.chosen.family.Name, Configuration: v.chosen.values.String(), Mutant: v.chosen.mutant, Trace: *p.Trace,
	}
}

func (v *checked) printText() {
	r := &v.report
	width := v.out.width()
	v.out.line("%s: %s", v.chosen.title(), v.out.paint(r.Verdict, r.Verdict.String()))
	v.out.line("%s", folded("configuration "+v.chosen.configuration(), width, "  "))
	v.out.line("%s", folded(v.covered(), width, "  "))
	v.out.line("%s", folded(fmt.Sprintf("%s on %s, %s, seed %d (not used: the search is exhaustive)",
		seconds(r.Elapsed), plural(r.Workers, "worker"), bytesText(r.Memory), *v.flags.seed), width, "  "))
	v.out.line("")
	for i := range r.Properties {
		v.printProperty(&r.Properties[i])
	}
	v.printNeverTaken()
	if len(v.violated) > 0 {
		v.printViolation()
	}
}

// covered says what was visited, and within which bound.
func (v *checked) covered() string {
	r := &v.report
	text := fmt.Sprintf("%s, %s, depth %d, %s", plural(r.States, "state"), plural(r.Transitions, "transition"),
		r.Depth, plural(r.Deadlocks, "deadlock"))
	if r.Complete {
		return text + ": every reachable state of this configuration"
	}
	return text + ": not complete: " + r.Reason
}

// printProperty prints a line for a property.
func (v *checked) printProperty(p *checker.Result) {
	v.out.line("  %s%s  %-10s  %s%s", v.out.paint(p.Verdict, p.Verdict.String()),
		strings.Repeat(" ", 8-len(p.Verdict.String())), p.Kind, p.Name, propertyDetail(p))
	for i, order := range p.Orders {
		v.out.line("  %21s%d. %s", "", i+1, strings.Join(order, " "))
		if i == 49 && len(p.Orders) > 50 {
			v.out.line("  %21s… and %d more (--json has all)", "", len(p.Orders)-50)
			return
		}
	}
}

// propertyDetail is what there is to say of a property besides its verdict.
func propertyDetail(p *checker.Result) string {
	var parts []string
	switch {
	case p.Kind == checker.KindCount && p.Verdict != verdict.Unknown && p.Unbounded:
		parts = append(parts, fmt.Sprintf("least %d, without bound", p.Least))
	case p.Kind == checker.KindCount && p.Verdict != verdict.Unknown:
		parts = append(parts, fmt.Sprintf("least %d, most %d", p.Least, p.Most))
	case p.Kind == checker.KindOrders:
		parts = append(parts, grouped(len(p.Orders)))
	case p.Trace != nil && p.Kind == checker.KindReachable:
		parts = append(parts, "reached after "+plural(len(p.Trace.Steps), "step"))
	case p.Trace != nil:
		parts = append(parts, p.Trace.Length())
	}
	for _, f := range p.Fairness {
		parts = append(parts, "under "+f.String())
	}
	for _, f := range p.Idle {
		parts = append(parts, "it holds as well without "+f.String())
	}
	if p.Note != "" {
		parts = append(parts, p.Note)
	}
	if len(parts) == 0 {
		return ""
	}
	return ": " + strings.Join(parts, "; ")
}

// printNeverTaken warns of steps that nothing ever takes: what they do was not
// checked.
func (v *checked) printNeverTaken() {
	if never := v.neverEnabled(); len(never) > 0 {
		v.out.line("%s", folded("never enabled: "+strings.Join(never, ", "), v.out.width(), "  "))
	}
}

// neverEnabled names the steps that no state enables; none where not all states
// were visited.
func (v *checked) neverEnabled() []string {
	var never []string
	for _, c := range v.report.Coverage {
		if v.report.Complete && c.Transitions == 0 {
			never = append(never, c.Process+" "+c.Label)
		}
	}
	return never
}

// printViolation prints the shortest counterexample, and how to see it again.
func (v *checked) printViolation() {
	v.out.line("")
	first := v.violated[0]
	if first.Trace != nil {
		first.Trace.WriteText(v.out, v.out.width())
	} else {
		v.out.line("%s %q is violated: %s", first.Kind, first.Name, first.Note)
	}
	v.out.line("")
	v.out.line("replay: %s", v.replay)
	for _, path := range v.artifacts[min(1, len(v.artifacts)):] {
		v.out.line("  also: %s", commandLine("replay", path))
	}
}

func (v *checked) printJSON() {
	for i := range v.report.Properties {
		v.out.json(propertyOf(&v.report.Properties[i]))
	}
	v.out.json(v.record())
}

func propertyOf(p *checker.Result) propertyRecord {
	r := propertyRecord{Record: "property", Property: p.Name, Kind: string(p.Kind), Verdict: p.Verdict, Note: p.Note}
	if p.Trace != nil {
		r.TraceLength, r.Cycle = new(len(p.Trace.Steps)), p.Trace.Cycle
	}
	for _, f := range p.Fairness {
		r.Fairness = append(r.Fairness, f.String())
	}
	for _, f := range p.Idle {
		r.Idle = append(r.Idle, f.String())
	}
	if p.Kind == checker.KindCount && p.Verdict != verdict.Unknown {
		r.Least, r.Unbounded = new(p.Least), p.Unbounded
		if !p.Unbounded {
			r.Most = new(p.Most)
		}
	}
	if p.Kind == checker.KindOrders {
		r.Orders = new(len(p.Orders))
	}
	return r
}

// record is the verdict.
func (v *checked) record() verdictRecord {
	r := &v.report
	record := verdictRecord{
		Record: "verdict", Verb: "check",
		Model: v.chosen.family.Name, Configuration: v.chosen.name, Values: v.chosen.values.String(), Mutant: v.chosen.mutant,
		Verdict: r.Verdict, Complete: r.Complete, Interrupted: v.interrupted() && !r.Complete,
		Bound: "every reachable state of the configuration", Reason: r.Reason, Seed: *v.flags.seed,
		States: new(r.States), Transitions: new(r.Transitions), Depth: new(r.Depth), Deadlocks: new(r.Deadlocks), Ends: new(r.Ends),
		NeverEnabled: v.neverEnabled(),
		Token:        v.token, Artifacts: v.artifacts, Replay: v.replay,
		Workers: r.Workers, Memory: r.Memory, Seconds: r.Elapsed.Seconds(),
		Rate: float64(r.States) / max(r.Elapsed.Seconds(), 1e-9),
	}
	for i, p := range v.violated {
		record.Violated = append(record.Violated, p.Name)
		if i == 0 {
			record.Property, record.Message = p.Name, p.Note
			if p.Trace != nil {
				record.TraceLength, record.Cycle = new(len(p.Trace.Steps)), p.Trace.Cycle
			}
		}
	}
	for i := range r.Properties {
		record.addQuantity(&r.Properties[i])
	}
	return record
}

// addQuantity adds what the protocol is measured by.
func (record *verdictRecord) addQuantity(p *checker.Result) {
	if p.Verdict == verdict.Unknown {
		return
	}
	switch p.Name {
	case protocol.Donations:
		record.DonationsMin = new(p.Least)
		if !p.Unbounded {
			record.DonationsMax = new(p.Most)
		}
	case protocol.Orders:
		record.Orders, record.OrderList = new(len(p.Orders)), p.Orders
	}
}
