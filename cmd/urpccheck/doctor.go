package main

import (
	"errors"
	"fmt"
	"runtime"
	"strings"

	"github.com/spf13/cobra"

	"urpc/checker/command/console"
	"urpc/checker/verdict"
)

// finding is one thing that doctor looked at.
type finding struct {
	Record string `json:"record"` // "finding"
	Name   string `json:"name"`
	// State is "ok", "missing" or "note": a fact that nothing depends on.
	State  string `json:"state"`
	Detail string `json:"detail"`
	// Needed says what for.
	Needed string `json:"needed,omitempty"`
}

func note(name, format string, args ...any) finding {
	return finding{"finding", name, "note", fmt.Sprintf(format, args...), ""}
}

// feature is a finding that is ok without an error and missing with one.
func feature(name, needed string, detail string, err error) finding {
	if err != nil {
		return finding{"finding", name, "missing", err.Error(), needed}
	}
	return finding{"finding", name, "ok", detail, needed}
}

// doctorRecord is the last line of doctor.
type doctorRecord struct {
	Record   string          `json:"record"` // "verdict"
	Verb     string          `json:"verb"`
	Verdict  verdict.Verdict `json:"verdict"` // holds: nothing is missing; else unknown
	Complete bool            `json:"complete"`
	Seed     uint64          `json:"seed"` // not used
	Missing  []string        `json:"missing"`
}

func (a *app) doctorCommand() *cobra.Command {
	asJSON := false
	c := &cobra.Command{
		Use:     "doctor",
		Short:   "look for what the runtime and the mutants need of this machine",
		Example: "  urpccheck doctor",
		Args:    console.None,
		RunE:    func(*cobra.Command, []string) error { return a.doctor(asJSON) },
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print one JSON object a line, the verdict last")
	return c
}

// doctor looks at everything; what is missing makes it fail.
func (a *app) doctor(asJSON bool) error {
	findings := append([]finding{
		note("program", "%s", version()),
		note("processors", "%d, of which Go uses %d", runtime.NumCPU(), runtime.GOMAXPROCS(0)),
	}, machine()...)
	findings = append(findings, sources(a.Ctx))
	record := doctorRecord{Record: "verdict", Verb: "doctor", Verdict: verdict.Holds, Complete: true, Missing: []string{}}
	for _, f := range findings {
		if f.State == "missing" {
			record.Missing = append(record.Missing, f.Name)
			record.Verdict = verdict.Unknown
		}
		if asJSON {
			a.Out.JSON(f)
		} else {
			a.printFinding(f)
		}
	}
	if a.Interrupted() {
		record.Verdict, record.Complete = verdict.Unknown, false
	}
	if asJSON {
		a.Out.JSON(record)
	}
	switch {
	case len(record.Missing) > 0:
		return fmt.Errorf("missing: %s", strings.Join(record.Missing, ", "))
	case a.Interrupted():
		return errors.New("not everything was looked at")
	case !asJSON:
		a.Out.Line("nothing is missing")
	}
	return nil
}

func (a *app) printFinding(f finding) {
	state := f.State
	switch state {
	case "ok":
		state = a.Out.Paint(verdict.Holds, state) + "     "
	case "missing":
		state = a.Out.Paint(verdict.Violated, state)
	default:
		state = "       "
	}
	needed := ""
	if f.State == "missing" {
		needed = " (needed by " + f.Needed + ")"
	}
	a.Out.Line("%s  %-18s  %s%s", state, f.Name, f.Detail, needed)
}
