package schedule_test

import (
	"context"
	"runtime/debug"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"urpc/checker/schedule"
)

func TestMain(m *testing.M) {
	debug.SetGCPercent(400) // executions hold little: a tenth of the time is saved
	goleak.VerifyTestMain(m)
}

// words is a small shared memory whose accesses are steps.
type words struct {
	t *schedule.T
	w [8]uint64
}

// newWords is words that a stateful search is told of.
func newWords(t *schedule.T) *words {
	m := &words{t: t}
	t.Shared(func(d *schedule.Digest) {
		for _, w := range m.w {
			d.Word(w)
		}
	})
	return m
}

func at(i int) schedule.Location { return schedule.Location{Segment: 1, Offset: uint32(8 * i)} }

func (m *words) step(name string, k schedule.Kind, i int) {
	m.t.Step(schedule.Event{Name: name, Kind: k, Location: at(i), Size: 8})
}

func (m *words) load(name string, i int) uint64 {
	m.step(name, schedule.Load, i)
	m.t.SawValue(m.w[i])
	return m.w[i]
}

func (m *words) store(name string, i int, v uint64) {
	m.step(name, schedule.Store, i)
	m.w[i] = v
	m.t.SawValue(v)
}

func (m *words) add(name string, i int, v uint64) uint64 {
	m.step(name, schedule.Add, i)
	m.w[i] += v
	m.t.SawValue(m.w[i])
	return m.w[i]
}

func (m *words) cas(name string, i int, old, v uint64) bool {
	m.step(name, schedule.CAS, i)
	done := m.w[i] == old
	if done {
		m.w[i] = v
	}
	m.t.Saw("%d, %t", m.w[i], done)
	return done
}

// lock waits until the word is free and takes it, in one step.
func (m *words) lock(name string, i int) {
	m.t.AwaitStep(schedule.Event{Name: name, Kind: schedule.Swap, Location: at(i)}, func() bool { return m.w[i] == 0 })
	m.w[i] = 1
}

func (m *words) unlock(name string, i int) { m.store(name, i, 0) }

// explore runs a program that must be accepted.
func explore(t *testing.T, program func(*schedule.T), s schedule.Strategy, o schedule.Options) schedule.Report {
	t.Helper()
	rep, err := schedule.Explore(context.Background(), program, s, o)
	if err != nil {
		t.Fatal(err)
	}
	return rep
}

// contains demands each part in the text.
func contains(t *testing.T, text string, parts ...string) {
	t.Helper()
	for _, p := range parts {
		if !strings.Contains(text, p) {
			t.Errorf("%q is not in:\n%s", p, text)
		}
	}
}
