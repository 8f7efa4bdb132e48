package checker

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
)

// resumable is what a report has in common with that of a search that was not interrupted.
func resumable(r Report) Report {
	r.Elapsed, r.Workers, r.Memory, r.Resumed = 0, 0, 0, 0
	return r
}

// inPieces checks a model by searches that each end before so many blocks (at least 2) and go on from
// each other's checkpoints.
func inPieces[S comparable](t *testing.T, m Model[S], o Options, c cut, blocks int) (r Report, pieces int) {
	t.Helper()
	// In memory, where it can be: there is much to be synced.
	folder, err := os.MkdirTemp("/dev/shm", "checkpoint")
	if err != nil {
		folder = t.TempDir()
	}
	defer os.RemoveAll(folder) //nolint:errcheck // the test's folder goes, too
	o.Checkpoint, o.CheckpointEvery = folder, time.Nanosecond
	for pieces = 1; ; pieces++ {
		ctx, cancel := context.WithCancel(t.Context())
		left := blocks
		o.Progress, o.ProgressEvery = func(Progress) {
			if left--; left == 0 {
				cancel()
			}
		}, 1
		s := newSearch(ctx, &m, o, time.Now())
		s.cut = c
		s.cut.inline = 0
		if s.failed = s.openCheckpoint(); s.failed != nil {
			t.Fatal(s.failed)
		}
		s.run()
		s.checkpoint.close()
		r, err := s.report()
		s.release()
		cancel()
		if err != nil {
			t.Fatal(err)
		}
		if left > 0 {
			return r, pieces
		}
		if r.Verdict == Holds && !r.Complete {
			t.Fatal("a search that was interrupted says holds")
		}
		o.Resume = true
	}
}

// Searches that go on from each other report what one does that was not interrupted.
func TestResumedSearchesReportTheSame(t *testing.T) {
	wanted, models, cuts := 60, 0, 0
	for seed := uint64(3 << 20); models < wanted; seed++ {
		m := randomModel(seed)
		o, ok := explore(&m, 1000)
		if !ok || len(o.states) < 30 {
			continue
		}
		models++
		options := Options{Workers: 1 + int(seed%3), AfterViolation: []int64{-1, 20}[seed%2], Store: Store(seed / 2 % 2)}
		want := checkCut(t, m.model(), options, fineCut)
		r, pieces := inPieces(t, m.model(), options, fineCut, 2+int(seed%6))
		if cuts += pieces - 1; !reflect.DeepEqual(resumable(r), resumable(want)) {
			t.Fatalf("seed %d, %d pieces:\n%+v\nat once\n%+v", seed, pieces, resumable(r), resumable(want))
		}
	}
	if cuts < wanted {
		t.Errorf("only %d interruptions", cuts)
	}
}

// A search that is killed at any moment, again and again, comes to the same counts.
func TestKilledSearchesGoOn(t *testing.T) {
	if folder := os.Getenv("URPC_CHECKPOINT_TEST"); folder != "" {
		_, err := os.Stat(filepath.Join(folder, headName))
		r, err := Check(context.Background(), grid(5), Options{Checkpoint: folder, CheckpointEvery: time.Microsecond, Resume: err == nil, Workers: 2})
		fmt.Printf("\nreport %v %v %d %d %d %v, resumed %v\n", err, r.Verdict, r.States, r.Transitions, r.Depth, r.Complete, r.Resumed > 0)
		return
	}
	want := check(t, grid(5), Options{})
	text := fmt.Sprintf("report <nil> %v %d %d %d true, resumed", Holds, want.States, want.Transitions, want.Depth)
	draw := rand.New(rand.NewPCG(1, 1))
	kills, resumed, took := 0, 0, time.Duration(0)
	for searches := 0; kills < 12 || resumed < 2; searches++ {
		if searches == 100 {
			t.Fatalf("only %d kills, and %d of 100 searches went on after one", kills, resumed)
		}
		folder := t.TempDir()
		for {
			// The first search tells how long one takes, and the others are killed within that.
			out, killed, elapsed := killedAfter(t, folder, took, draw)
			if !killed {
				if !strings.Contains(out, text) {
					t.Fatalf("after %d kills: %q, want %q", kills, out, text)
				}
				if strings.Contains(out, "resumed true") {
					resumed++
				}
				took = max(took, elapsed)
				break
			}
			kills++
		}
	}
	t.Logf("%d kills; %d searches went on from what was left", kills, resumed)
}

// killedAfter runs the search of a folder in a process of its own, and kills it at a moment
// drawn from so long (0: not at all).
func killedAfter(t *testing.T, folder string, within time.Duration, draw *rand.Rand) (out string, killed bool, elapsed time.Duration) {
	t.Helper()
	c := exec.Command(os.Args[0], "-test.run=^TestKilledSearchesGoOn$", "-test.timeout=5m")
	c.Env = append(os.Environ(), "URPC_CHECKPOINT_TEST="+folder)
	var printed strings.Builder
	c.Stdout = &printed
	begin := time.Now()
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	stop := func() bool { return true }
	if within > 0 {
		stop = time.AfterFunc(time.Duration(draw.Int64N(int64(within))), func() { c.Process.Kill() }).Stop //nolint:errcheck // it may have ended
	}
	c.Wait() //nolint:errcheck // it was killed
	return printed.String(), !stop(), time.Since(begin)
}

// written makes a checkpoint of about so many bytes, of a search that is not over.
func written(t *testing.T, states uint64) (m Model[gridState], o Options) {
	t.Helper()
	m = grid(4)
	m.Properties = m.Properties[:2]
	o = Options{Checkpoint: t.TempDir(), MaxStates: states, Workers: 1}
	if r := check(t, m, o); r.Complete || r.States < states/2 {
		t.Fatalf("%+v", r)
	}
	o.Resume, o.MaxStates = true, 0
	return m, o
}

var allFlips = flag.Bool("flips", false, "flip every bit of a checkpoint of 64 KiB, and not one of each byte")

// Every bit of a checkpoint that is another one is found; so is one that is cut short.
func TestDamagedCheckpoints(t *testing.T) {
	m, o := written(t, 3900)
	s := newSearch(t.Context(), &m, o, time.Now())
	defer s.release()
	for _, name := range []string{headName, seenName} {
		path := filepath.Join(o.Checkpoint, name)
		whole, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if name == seenName && len(whole) < 48<<10 {
			t.Fatalf("the checkpoint has %d bytes only", len(whole))
		}
		refused := func(what string) {
			if err := s.openCheckpoint(); err == nil {
				t.Fatalf("%s: %s is taken", name, what)
			} else if !strings.Contains(err.Error(), "damaged") && !strings.Contains(err.Error(), "cut short") {
				t.Fatalf("%s: %s: %v", name, what, err)
			}
		}
		f, err := os.OpenFile(path, os.O_RDWR, 0)
		if err != nil {
			t.Fatal(err)
		}
		for at, b := range whole {
			for bit := range 8 {
				if !*allFlips && name == seenName && (bit != at%8 || at%4 != 0) {
					continue
				}
				if _, err := f.WriteAt([]byte{b ^ 1<<bit}, int64(at)); err != nil {
					t.Fatal(err)
				}
				refused(fmt.Sprintf("bit %d of byte %d flipped", bit, at))
			}
			if _, err := f.WriteAt([]byte{b}, int64(at)); err != nil {
				t.Fatal(err)
			}
		}
		for _, n := range []int{0, 1, len(whole) / 2, len(whole) - 1} {
			if err := os.WriteFile(path, whole[:n], 0o666); err != nil {
				t.Fatal(err)
			}
			refused(fmt.Sprintf("cut to %d bytes", n))
		}
		if err := os.WriteFile(path, whole, 0o666); err != nil {
			t.Fatal(err)
		}
		f.Close() //nolint:errcheck // of a test
	}
	// What stands behind what the head counts is of a search that was killed.
	f, err := os.OpenFile(filepath.Join(o.Checkpoint, seenName), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Write(make([]byte, 1000)); err != nil {
		t.Fatal(err)
	}
	f.Close() //nolint:errcheck // of a test
	r, want := check(t, m, o), check(t, m, Options{})
	if r.Resumed == 0 || !reflect.DeepEqual(resumable(r), resumable(want)) {
		t.Errorf("%+v, want %+v", r, want)
	}
}

// A checkpoint of another search is refused, and what is other about it is said.
func TestForeignCheckpoints(t *testing.T) {
	for _, test := range []struct {
		change func(m *Model[gridState], o *Options)
		says   string
	}{
		{func(m *Model[gridState], o *Options) { m.Name = "other" }, `"model grid" where this one has "model other"`},
		{func(m *Model[gridState], o *Options) { o.Subject = "n=4" }, "configuration"},
		{func(m *Model[gridState], o *Options) { o.Store = Fingerprint }, "store exact"},
		{func(m *Model[gridState], o *Options) { o.Reseed = 3 }, "reseed 0"},
		{func(m *Model[gridState], o *Options) { m.Processes[0].Count = 3 }, "process p of 4"},
		{func(m *Model[gridState], o *Options) { m.Init = []gridState{{N: [6]uint8{1}}} }, "initial states"},
		{func(m *Model[gridState], o *Options) { m.Properties = m.Properties[:1] }, "nothing more"},
		{func(m *Model[gridState], o *Options) { m.Processes[0].Steps[0].Label = "down" }, "up/0"},
		{func(m *Model[gridState], o *Options) {
			m.Processes[0].Steps[0].Do = func(s *gridState, self int) bool { s.N[self] += 2; return s.N[self] < 9 }
		}, "step up leads to another state than it did"},
		{func(m *Model[gridState], o *Options) { o.Checkpoint = o.Checkpoint + "/none" }, "there is no checkpoint"},
		{func(m *Model[gridState], o *Options) { o.Resume = false }, "the folder has a checkpoint"},
		{func(m *Model[gridState], o *Options) { o.Checkpoint = "" }, "Resume needs a Checkpoint"},
		{func(m *Model[gridState], o *Options) { o.Search = DepthFirst }, "breadth first"},
	} {
		m, o := written(t, 1000)
		test.change(&m, &o)
		r, err := Check(t.Context(), m, o)
		if err == nil || !strings.Contains(err.Error(), test.says) || r.Verdict != Unknown || r.Complete {
			t.Errorf("%v, %v; want %q", r.Verdict, err, test.says)
		}
	}
}

// Of two searches on one folder the second one has it; and what cannot be written is an error.
func TestOneSearchWritesACheckpoint(t *testing.T) {
	m, o := written(t, 1000)
	o.CheckpointEvery = 1
	first := newSearch(t.Context(), &m, o, time.Now())
	defer first.release()
	if err := first.openCheckpoint(); err != nil {
		t.Fatal(err)
	}
	defer first.checkpoint.close()
	if r := check(t, m, o); r.Verdict != Holds {
		t.Fatalf("%+v", r)
	}
	first.run()
	if r, err := first.report(); err == nil || !strings.Contains(err.Error(), "another search writes to the folder") || r.Verdict != Unknown {
		t.Errorf("%v, %v", r.Verdict, err)
	}
	m, o = written(t, 1000)
	o.CheckpointEvery = 1
	o.Progress, o.ProgressEvery = func(Progress) { os.RemoveAll(o.Checkpoint) }, 1
	if r, err := Check(t.Context(), m, o); err == nil || !strings.Contains(err.Error(), "could not be written") || r.Verdict != Unknown {
		t.Errorf("%v, %v", r.Verdict, err)
	}
}

// What a refinement saw before an interruption counts: it is not vacuous for stutters that
// come after it.
func TestResumedRefinementIsNotVacuous(t *testing.T) {
	moves := Model[counters]{Name: "moves once", Init: []counters{{}}, Processes: []Process[counters]{{Name: "a", Count: 1, Steps: []Step[counters]{
		{Label: "raise", Do: func(s *counters, _ int) bool {
			if s.A == 100 {
				return false
			}
			s.A++
			return true
		}},
	}}}, Terminal: func(s *counters) bool { return s.A == 100 },
		Properties: []Property[counters]{Refines("sums", summing(1), func(s *counters) sum { return sum{uint16(min(s.A, 1))} })}}
	r, pieces := inPieces(t, moves, Options{}, fineCut, 5)
	if p := r.Properties[1]; pieces < 2 || p.Verdict != Holds || p.Vacuous != "" {
		t.Errorf("%d pieces, %+v; want that it holds, and not vacuously", pieces, p)
	}
}
