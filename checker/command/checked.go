package command

import (
	"fmt"
	"strings"

	"urpc/checker"
	"urpc/checker/command/console"
	"urpc/checker/verdict"
)

// checked is a check that has ended, to be told.
type checked struct {
	*Models
	chosen *Chosen
	flags  *checkFlags
	report *checker.Report
	// compared is nil unless --compare.
	compared *checker.Comparison
	left     Left
	written  int // witnesses
}

func (v *checked) printText() {
	r := v.report
	width := v.Out.Width()
	within := ""
	if r.Pruned > 0 && r.Verdict == verdict.Holds {
		within = " within the constraint"
	}
	v.Out.Line("%s: %s%s", v.chosen.Title(), v.Out.Paint(r.Verdict, r.Verdict.String()), within)
	v.Out.Line("%s", console.Folded("configuration "+v.chosen.Configuration(), width, "  "))
	v.Out.Line("%s", console.Folded(v.covered(), width, "  "))
	if r.Symmetry != nil {
		v.Out.Line("%s", console.Folded(symmetryText(r.Symmetry), width, "  "))
	}
	for _, text := range append(v.searched(), v.reduced()...) {
		v.Out.Line("%s", console.Folded(text, width, "  "))
	}
	v.Out.Line("%s", console.Folded(fmt.Sprintf("%s on %s, %s, seed %d (%s)",
		console.Seconds(r.Elapsed), console.Plural(r.Workers, "worker"), console.Bytes(r.Memory), *v.flags.seed, v.seedUse()), width, "  "))
	if a := v.flags.assumed(); a != checker.AssumeDeclared {
		v.Out.Line("%s", console.Folded(fmt.Sprintf("assumed of every process, in place of what the model declares: %s", fairnessText(a)), width, "  "))
	}
	v.Out.Line("")
	for i := range r.Properties {
		v.printProperty(&r.Properties[i])
	}
	v.printNeverTaken()
	if v.flags.coverage {
		v.printCoverage(v.report.Coverage)
	}
	if v.written > 0 {
		v.Out.Line("%s", console.Folded(fmt.Sprintf("witnesses: %d, in %s", v.written, v.flags.out), width, "  "))
	}
	if len(v.left.Violated) > 0 {
		v.printViolation()
	}
}

// seedUse says what the seed is for.
func (v *checked) seedUse() string {
	if *v.flags.witness > 0 {
		return "for witnesses that are walks"
	}
	return "not used: nothing is drawn"
}

// covered says what was visited, and within which bound.
func (v *checked) covered() string {
	r := v.report
	text := fmt.Sprintf("%s, %s, depth %d, %s", console.Plural(r.States, "state"), console.Plural(r.Transitions, "transition"),
		r.Depth, console.Plural(r.Deadlocks, "deadlock"))
	if r.Complete {
		return text + ": " + r.Bound + " of this configuration"
	}
	return text + ": not complete: " + r.Reason
}

// searched says in what the search was another than the plain one.
func (v *checked) searched() (lines []string) {
	r := v.report
	if r.Store == checker.Fingerprint {
		lines = append(lines, fmt.Sprintf("states were known by fingerprints of 64 bits: the probability that some two have one, so that a state may have been left out, is %.2g; --reseed N looks again", r.Omission))
	}
	if r.Search == checker.DepthFirst {
		lines = append(lines, "depth first: a trace need not be a shortest one, and the depth is that of the longest path that was followed")
	}
	if r.Resumed > 0 {
		lines = append(lines, "gone on from a checkpoint of "+console.Plural(r.Resumed, "state"))
	}
	return lines
}

// reduced says what partial order reduction came to, and what a comparison did.
func (v *checked) reduced() (lines []string) {
	r := v.report
	switch {
	case r.Unreduced != "":
		lines = append(lines, "partial order reduction is not applied: "+r.Unreduced)
	case v.flags.por:
		lines = append(lines, "partial order reduction: not all steps were taken in "+console.Plural(r.Partly, "state"))
	}
	if v.compared == nil {
		return lines
	}
	lines = append(lines, fmt.Sprintf("compared with a search that is not reduced, of %s: %s", console.Plural(v.compared.Full.States, "state"), v.agreement()))
	for _, text := range v.compared.Differences {
		lines = append(lines, "differs: "+text)
	}
	for _, text := range v.compared.NotCompared {
		lines = append(lines, "not compared: "+text)
	}
	return lines
}

// agreement says how the two searches of a comparison agree.
func (v *checked) agreement() string {
	switch c := v.compared; {
	case len(c.Differences) > 0:
		return "they differ, so that neither is to be believed"
	case len(c.NotCompared) > 0:
		return "they agree as far as both could decide"
	default:
		return "they agree"
	}
}

// symmetryText says how many states stand for how many, or why none does.
func symmetryText(y *checker.SymmetryReport) string {
	if !y.Applied {
		return "symmetry is not applied: " + y.Reason
	}
	return fmt.Sprintf("under symmetry they stand for %s, each for at most %s", console.Plural(y.States, "state"), console.Grouped(y.Renamings))
}

// printProperty prints a line for a property.
func (v *Models) printProperty(p *checker.Result) {
	v.Out.Line("  %s%s  %-10s  %s%s", v.Out.Paint(p.Verdict, p.Verdict.String()),
		strings.Repeat(" ", 8-len(p.Verdict.String())), p.Kind, p.Name, propertyDetail(p))
	for i, order := range p.Orders {
		v.Out.Line("  %21s%d. %s", "", i+1, strings.Join(order, " "))
		if i == 49 && len(p.Orders) > 50 {
			v.Out.Line("  %21s… and %d more (--json has all)", "", len(p.Orders)-50)
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
		parts = append(parts, console.Grouped(len(p.Orders)))
	case p.Trace != nil && p.Kind == checker.KindReachable:
		parts = append(parts, "reached after "+console.Plural(len(p.Trace.Steps), "step"))
	case p.Trace != nil:
		parts = append(parts, p.Trace.Length())
	}
	if p.Clause != "" {
		parts = append(parts, fmt.Sprintf("clause %q is false", p.Clause))
	}
	for _, f := range p.Fairness {
		parts = append(parts, "under "+f.String())
	}
	for _, f := range p.Idle {
		parts = append(parts, "it holds as well without "+f.String())
	}
	if p.Vacuous != "" {
		parts = append(parts, "vacuous: "+p.Vacuous)
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
		v.Out.Line("%s", console.Folded("never enabled: "+strings.Join(never, ", "), v.Out.Width(), "  "))
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
	v.Out.Line("")
	first := v.left.Violated[0]
	if first.Trace != nil {
		v.printSteps(first.Trace, v.flags.full)
	} else {
		v.Out.Line("%s %q is violated: %s", first.Kind, first.Name, first.Note)
	}
	v.Out.Line("")
	v.Out.Line("replay: %s", v.left.Replay)
	for _, path := range v.left.Artifacts[min(1, len(v.left.Artifacts)):] {
		v.Out.Line("  also: %s", v.Program.CommandLine("replay", path))
	}
}

// fairnessText tells an assumption.
func fairnessText(a checker.Assumption) string {
	if a == checker.AssumeNone {
		return "no fairness"
	}
	return string(a) + " fairness"
}

// printSteps prints a trace, with whole states or what changes.
func (m *Models) printSteps(t *checker.Trace, full bool) {
	if full {
		t.WriteFull(m.Out, m.Out.Width())
	} else {
		t.WriteText(m.Out, m.Out.Width())
	}
}

// printCoverage tells how often each step was taken.
func (m *Models) printCoverage(all []checker.Coverage) {
	page := console.Table{Head: []string{"process", "step", "taken"}}
	for _, c := range all {
		page.Row(nil, -1, c.Process, c.Label, console.Grouped(c.Transitions))
	}
	m.Out.Line("")
	page.Write(m.Out, m.Out.Width())
}

func (m *Models) jsonCoverage(all []checker.Coverage) {
	for _, c := range all {
		m.Out.JSON(coverageRecord{"coverage", c.Process, c.Label, c.Transitions})
	}
}

func (v *checked) printJSON() {
	if v.flags.coverage {
		v.jsonCoverage(v.report.Coverage)
	}
	for i := range v.report.Properties {
		v.Out.JSON(propertyOf(&v.report.Properties[i]))
	}
	var further any
	if v.Quantities != nil {
		further = v.Quantities(v.report)
	}
	v.Out.JSON(joined{v.record(), further})
}

func propertyOf(p *checker.Result) PropertyRecord {
	r := PropertyRecord{Record: "property", Property: p.Name, Kind: string(p.Kind), Verdict: p.Verdict, Clause: p.Clause, Vacuous: p.Vacuous, Note: p.Note}
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
func (v *checked) record() VerdictRecord {
	r := v.report
	record := VerdictRecord{
		Record: "verdict", Verb: "check",
		Model: v.chosen.Family.Name, Configuration: v.chosen.Name, Values: v.chosen.Values.String(), Mutant: v.chosen.Mutant,
		Verdict: r.Verdict, Complete: r.Complete, Interrupted: v.Interrupted() && !r.Complete,
		Bound: r.Bound + " of the configuration", Pruned: r.Pruned, Reason: r.Reason, Seed: *v.flags.seed,
		States: new(r.States), Transitions: new(r.Transitions), Depth: new(r.Depth), Deadlocks: new(r.Deadlocks), Ends: new(r.Ends),
		NeverEnabled: v.neverEnabled(),
		Assumed:      string(v.flags.assumed()),
		Token:        v.left.Token, Artifacts: v.left.Artifacts, Replay: v.left.Replay,
		Workers: r.Workers, Memory: r.Memory, Seconds: r.Elapsed.Seconds(),
		Rate: float64(r.States) / max(r.Elapsed.Seconds(), 1e-9),
	}
	if r.Store == checker.Fingerprint {
		record.Store, record.Omission = r.Store.String(), new(r.Omission)
	}
	if r.Search != checker.BreadthFirst {
		record.Search = r.Search.String()
	}
	record.Resumed = r.Resumed
	if v.flags.por {
		record.Partly, record.PorOff = new(r.Partly), r.Unreduced
	}
	if v.compared != nil {
		record.Compared = v.agreement()
		record.Differences, record.NotCompared = v.compared.Differences, v.compared.NotCompared
	}
	if y := r.Symmetry; y != nil && y.Applied {
		record.StandFor = new(y.States)
	} else if y != nil {
		record.SymmetryOff = y.Reason
	}
	for i, p := range v.left.Violated {
		record.Violated = append(record.Violated, p.Name)
		if i == 0 {
			record.Property, record.Message = p.Name, p.Note
			if p.Trace != nil {
				record.TraceLength, record.Cycle = new(len(p.Trace.Steps)), p.Trace.Cycle
			}
		}
	}
	return record
}
