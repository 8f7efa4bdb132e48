package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"urpc/checker/command/console"
	"urpc/checker/verdict"
	"urpc/fuzz/mutant"
)

// leastMutants is how many mutants of the code are tried however long that takes.
const leastMutants = 1

// codeMutants plants faults in the runtime's source, in an order that the seed
// says and as many as there is time for, and demands that each be found by the
// property that is named for it.
func (v *verification) codeMutants(ctx context.Context) error {
	// What the mutants' failures leave is expected, and of no further use.
	folder, err := os.MkdirTemp("", "urpc-mutants-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	m := &mutantRun{v: v, folder: folder, started: time.Now(), row: row{
		Part: "code mutants", Subject: "runtime", Configuration: "each one's own", Verdict: verdict.Holds,
		Bound: "each fault planted in the runtime's source; found by an execution with as many preemptions as it needs, as the property that is named for it",
	}}
	all := mutant.All()
	rand.New(rand.NewPCG(*v.flags.seed, 0)).Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	jobs := make([]func() error, len(all))
	for i := range all {
		within := ctx
		if i < leastMutants {
			within = v.Ctx
		}
		jobs[i] = func() error { return m.try(within, all[i]) }
	}
	if err := inParallel(processors(), jobs); err != nil {
		return err
	}
	r := m.conclude(len(all))
	if len(m.failed) > 0 && r.Verdict != verdict.Violated {
		v.fail(r, errors.Join(m.failed...))
		return nil
	}
	v.add(r)
	return nil
}

// mutantRun is the trial of the runtime's mutants.
type mutantRun struct {
	v       *verification
	folder  string
	started time.Time

	mu      sync.Mutex
	caught  int
	left    []string // there was no time for
	missing error    // why none can be built here
	failed  []error  // of mutants that could not be built or run
	row     row
}

// try builds a mutant and lets it explore.
func (m *mutantRun) try(ctx context.Context, x mutant.Mutant) error {
	m.mu.Lock()
	skip := ctx.Err() != nil || m.missing != nil
	if skip {
		m.left = append(m.left, x.Name)
	}
	m.mu.Unlock()
	if skip {
		return nil
	}
	m.v.status("building the runtime with mutant %s, and exploring it", x.Name)
	var stdout, stderr bytes.Buffer
	code, err := mutant.Exec(ctx, x.Name, []string{"explore", x.Target, "--mutant", x.Name, "--config", x.Configuration,
		"--preemptions", fmt.Sprint(x.Preemptions), "--json", "--out", m.folder}, &stdout, &stderr)
	m.mu.Lock()
	defer m.mu.Unlock()
	switch {
	case ctx.Err() != nil:
		m.left = append(m.left, x.Name)
		return nil
	case errors.Is(err, mutant.ErrNoToolchain) || errors.Is(err, mutant.ErrNoSource):
		m.missing = err
		m.left = append(m.left, x.Name)
		return nil
	case err != nil:
		m.failed = append(m.failed, err)
		return nil
	}
	return m.judge(x, code, stdout.Bytes(), stderr.String())
}

// judge books what the mutant's exploration says.
func (m *mutantRun) judge(x mutant.Mutant, code int, stdout []byte, stderr string) error {
	lines := bytes.Split(bytes.TrimSpace(stdout), []byte("\n"))
	var said struct {
		Verdict, Property, Bound string
		Executions               uint64
	}
	if err := json.Unmarshal(lines[len(lines)-1], &said); err != nil {
		return fmt.Errorf("mutant %s ended with exit code %d and no verdict: %s", x.Name, code, strings.TrimSpace(stderr))
	}
	m.row.Executions += said.Executions
	if said.Verdict == verdict.Violated.String() && said.Property == x.KilledBy {
		m.caught++
		return nil
	}
	m.row.Verdict = verdict.Violated
	wrong := fmt.Sprintf("mutant %s of %s, configuration %s: %s %s within %s; it should violate %q",
		x.Name, x.Target, x.Configuration, said.Verdict, said.Property, said.Bound, x.KilledBy)
	if m.row.print != nil {
		m.row.Note = strings.TrimPrefix(m.row.Note+"; "+wrong, "; ")
		return nil
	}
	m.row.print = func(w io.Writer) { fmt.Fprintln(w, console.Folded(wrong, m.v.Out.Width(), "  ")) }
	m.row.Replay = program.CommandLine("explore", x.Target, "--mutant", x.Name, "--config", x.Configuration, "--preemptions", fmt.Sprint(x.Preemptions))
	return nil
}

// conclude gives the row.
func (m *mutantRun) conclude(all int) row {
	r := m.row
	r.Seconds = time.Since(m.started).Seconds()
	r.Covered = fmt.Sprintf("%d of %d caught", m.caught, all)
	if m.caught == 0 && r.Verdict == verdict.Holds {
		r.Verdict, r.NotCovered = verdict.Unknown, true
		r.Note = "none was tried in time"
		if m.missing != nil {
			r.Note = m.missing.Error()
		}
		return r
	}
	if len(m.left) > 0 {
		slices.Sort(m.left)
		r.Note = strings.TrimPrefix(r.Note+"; no time for "+strings.Join(m.left, ", "), "; ")
	}
	return r
}
