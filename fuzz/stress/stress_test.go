//go:build linux

package stress

import (
	"bytes"
	"context"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"urpc/checker/verdict"
	"urpc/fuzz/history"
	"urpc/runtime"
)

func TestMain(m *testing.M) {
	if handled, exit := Child(os.Args[1:]); handled {
		os.Exit(exit)
	}
	goleak.VerifyTestMain(m)
}

func stress(t *testing.T, o Options) Result {
	t.Helper()
	r, err := Run(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%v: %d calls, %d completed in %v, failures %v, %d unknown, %+v; %d of %d overlap, longest part %d, judged in %v; victim %q at %d; left %v",
		r.Verdict, r.Calls, r.Completed, r.Elapsed, r.Failures, r.Unknown, r.Counters,
		r.History.Overlapping, r.History.Events, r.History.Longest, r.History.Elapsed, r.Victim, r.Moment, r.Leftovers)
	return r
}

func TestHolds(t *testing.T) {
	tests := map[string]Options{
		"defaults":           {Calls: 2000},
		"one caller":         {Clients: 1, Threads: 1, Calls: 2000, Keys: 1},
		"one processor":      {Calls: 500, Processors: OneProcessor},
		"never donate":       {Calls: 500, Processors: OneProcessor, Donation: urpc.NeverDonate},
		"donate when parked": {Calls: 500, Donation: urpc.DonateWhenParked},
		"payloads":           {Calls: 1000, Size: 5000},
		"few slots":          {Calls: 500, Threads: 8, Slots: 2},
		"near 2^16":          {Calls: 500, Start: 1<<16 - 20},
		"near 2^31":          {Calls: 500, Start: 1<<31 - 20},
		"near 2^32":          {Calls: 500, Start: 1<<32 - 20},
		"deadline":           {Calls: 500, Deadline: 10 * time.Second},
	}
	for _, name := range slices.Sorted(maps.Keys(tests)) {
		o := tests[name]
		t.Run(name, func(t *testing.T) {
			r := stress(t, o)
			clients := uint64(orDefault(o.Clients, defaultClients))
			if r.Verdict != verdict.Holds || !r.Complete || r.Completed != clients*uint64(o.Calls) {
				t.Errorf("verdict %v, complete %v, %d completed: %v", r.Verdict, r.Complete, r.Completed, r.Reasons)
			}
			if r.History.Events != int(r.Calls) {
				t.Errorf("%d events of %d calls were judged", r.History.Events, r.Calls)
			}
		})
	}
}

// The history of many clients is worth something only if their calls overlap.
func TestCallsOfDifferentClientsOverlap(t *testing.T) {
	r := stress(t, Options{Clients: 2, Calls: 3000, Keys: 1})
	if r.Verdict != verdict.Holds || r.History.Overlapping < int(r.Calls)/10 {
		t.Errorf("%v, %d of %d calls overlap: %v", r.Verdict, r.History.Overlapping, r.Calls, r.Reasons)
	}
}

func TestKillAClient(t *testing.T) {
	for seed := range uint64(3) {
		r := stress(t, Options{Clients: 3, Calls: 20_000, Kill: Client, Seed: seed})
		if r.Verdict != verdict.Holds || !strings.HasPrefix(r.Victim, "client ") {
			t.Errorf("seed %d: %v, victim %q: %v", seed, r.Verdict, r.Victim, r.Reasons)
		}
		if want := uint64(2 * 20_000); r.Completed < want || len(r.Failures) != 0 || r.Survivors != 2*defaultThreads {
			t.Errorf("seed %d: %d completed, survivors %d, failures %v", seed, r.Completed, r.Survivors, r.Failures)
		}
	}
}

func TestKillTheServer(t *testing.T) {
	for seed := range uint64(3) {
		for _, processors := range []Processors{AllProcessors, OneProcessor} {
			r := stress(t, Options{Clients: 3, Calls: 5000, Kill: Server, Seed: seed, Processors: processors})
			if r.Verdict != verdict.Holds || r.Victim != "server" {
				t.Errorf("seed %d: %v, victim %q: %v", seed, r.Verdict, r.Victim, r.Reasons)
			}
			if r.Survivors != 3*defaultThreads || r.Survivors != r.Informed+r.Finished || r.Informed == 0 {
				t.Errorf("seed %d: %d of %d survivors informed, failures %v", seed, r.Informed, r.Survivors, r.Failures)
			}
		}
	}
}

// Every check can fail: with a child that does one thing wrong, each finds it.
func TestEveryFaultIsFound(t *testing.T) {
	tests := []struct {
		fault   fault
		options Options
		found   func(*Result) bool
	}{
		{executeTwice, Options{}, func(r *Result) bool { return r.Duplicated > 0 && len(r.History.Violations) > 0 }},
		{staleRead, Options{}, func(r *Result) bool { return r.Duplicated == 0 && len(r.History.Violations) > 0 }},
		{lostUpdate, Options{}, func(r *Result) bool { return r.Lost == 0 && len(r.History.Violations) > 0 }},
		{forgetExecution, Options{}, func(r *Result) bool { return r.Lost == 5*2 }},
		{strayExecution, Options{}, func(r *Result) bool { return r.Stray == 5*2 }},
		{corruptReply, Options{}, func(r *Result) bool { return r.Corrupted > 0 && r.Failures[Corrupt] > 0 }},
		{corruptPayload, Options{Size: 100}, func(r *Result) bool { return r.Corrupted > 0 && r.Failures[Corrupt] > 0 }},
		{hang, Options{Stall: 300 * time.Millisecond}, func(r *Result) bool { return r.Lost > 0 && !r.Complete }},
		{hang, Options{Deadline: 50 * time.Millisecond}, func(r *Result) bool {
			// On a loaded machine other calls may miss so near a deadline, too.
			late := r.Failures[DeadlineExceeded]
			return r.Verdict == verdict.Holds && late >= 5*2 && r.Unknown == late
		}},
		{handlerError, Options{}, func(r *Result) bool { return r.Failures[Remote] == 5*2 }},
		{untypedError, Options{}, func(r *Result) bool { return r.Failures[Untyped] == 5*2 && len(r.Untyped) > 0 }},
		{endLate, Options{Deadline: time.Minute}, func(r *Result) bool { return r.Verdict == verdict.Violated && r.Late == 5*2 }},
		{giveUp, Options{}, func(r *Result) bool { return r.Silent == 2 }},
		{leaveFile, Options{}, func(r *Result) bool { return slices.Contains(r.Leftovers, "file left") }},
		{leaveMapping, Options{}, func(r *Result) bool {
			return len(r.Leftovers) >= 4 && strings.Contains(r.Leftovers[0], segments)
		}},
	}
	for _, test := range tests {
		t.Run(string(test.fault), func(t *testing.T) {
			o := test.options
			o.Clients, o.Calls, o.Keys, o.fault = 2, 500, 4, test.fault
			r := stress(t, o)
			if !test.found(&r) {
				t.Errorf("verdict %v: %v; %+v", r.Verdict, r.Reasons, r)
			}
			if o.Deadline == 0 && (r.Verdict != verdict.Violated || len(r.Reasons) == 0) {
				t.Errorf("verdict %v: %v", r.Verdict, r.Reasons)
			}
		})
	}
}

func TestAProcessLeftBehindIsFound(t *testing.T) {
	o := Options{Clients: 1, Calls: 10, fault: leaveProcess}
	r := stress(t, o)
	if r.Verdict != verdict.Violated || len(r.Leftovers) != 1 || !strings.HasPrefix(r.Leftovers[0], "process ") {
		t.Errorf("%v, left behind: %v", r.Verdict, r.Leftovers)
	}
}

// A server that does not end is left behind; what was counted before stands.
func TestAServerThatDoesNotEndIsLeftBehind(t *testing.T) {
	r := stress(t, Options{Clients: 2, Calls: 10, Stall: time.Second, fault: neverEnd})
	if r.Verdict != verdict.Violated || !r.Hung || len(r.Leftovers) != 1 || !strings.HasPrefix(r.Leftovers[0], "the server, which did not end") || r.Completed != 20 {
		t.Errorf("%v, hung: %v, %d calls, left behind: %v", r.Verdict, r.Hung, r.Completed, r.Leftovers)
	}
}

func TestAChildThatFailsIsAnErrorWithItsReason(t *testing.T) {
	_, err := Run(t.Context(), Options{fault: failAtStart})
	if err == nil || !strings.Contains(err.Error(), "told to fail") {
		t.Errorf("error %v", err)
	}
}

func TestInterruptGivesAPartialResult(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var seen Progress
	o := Options{Calls: 2_000_000, ProgressEvery: 50 * time.Millisecond}
	o.Progress = func(p Progress) {
		if seen = p; p.Calls > 1000 {
			cancel()
		}
	}
	r, err := Run(ctx, o)
	if err != nil {
		t.Fatal(err)
	}
	if r.Verdict != verdict.Unknown || r.Complete || r.Lost != 0 || r.Completed < 1000 || r.Completed != r.Calls {
		t.Errorf("%v, complete %v, %d of %d calls completed, %d lost: %v", r.Verdict, r.Complete, r.Completed, r.Calls, r.Lost, r.Reasons)
	}
	if seen.Of != 4*2_000_000 || seen.Rate <= 0 {
		t.Errorf("progress %+v", seen)
	}
}

func TestNobodyKilledInTimeIsUnknown(t *testing.T) {
	r := stress(t, Options{Clients: 1, Calls: 100, Kill: Server, fault: killTooLate})
	if r.Victim != "" || r.Verdict != verdict.Unknown || r.Complete {
		t.Errorf("%v, victim %q: %v", r.Verdict, r.Victim, r.Reasons)
	}
}

// A run that covered nothing is no reason to trust anything.
func TestNothingCoveredIsUnknown(t *testing.T) {
	for name, test := range map[string]struct {
		o    Options
		want string
	}{
		"no call completes":            {Options{Clients: 1, Calls: 100, Deadline: 1}, "no call completed"},
		"a client is killed at once":   {Options{Clients: 1, Calls: 1, Threads: 1, Kill: Client}, "not killed in the middle"},
		"the server is killed at once": {Options{Clients: 1, Calls: 1, Threads: 1, Kill: Server}, "not killed in the middle"},
	} {
		t.Run(name, func(t *testing.T) {
			r := stress(t, test.o)
			if r.Verdict != verdict.Unknown || r.Complete || !strings.Contains(strings.Join(r.Reasons, "; "), test.want) {
				t.Errorf("%v, complete %v: %v; want %q", r.Verdict, r.Complete, r.Reasons, test.want)
			}
		})
	}
}

func TestArtifactsOfAViolation(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "found")
	r := stress(t, Options{Clients: 1, Calls: 300, Keys: 2, Artifacts: folder, fault: staleRead})
	if len(r.Artifacts) < 2 {
		t.Fatalf("artifacts %v", r.Artifacts)
	}
	file, err := os.ReadFile(r.Artifacts[0])
	if err != nil {
		t.Fatal(err)
	}
	events, comment, err := history.Load(bytes.NewReader(file))
	if err != nil || comment != "stress, seed 0" {
		t.Fatal(comment, err)
	}
	j, err := history.Judge(t.Context(), events, history.Options{})
	if err != nil || len(j.Violations) != len(r.History.Violations) {
		t.Errorf("the file has %d violations, the run %d: %v", len(j.Violations), len(r.History.Violations), err)
	}
	page, err := os.ReadFile(r.Artifacts[1])
	if err != nil || !bytes.Contains(page, []byte("read(key")) {
		t.Errorf("no picture: %v", err)
	}
}

func TestOptionsThatCannotBe(t *testing.T) {
	for _, test := range []struct {
		o    Options
		want string
	}{
		{Options{Clients: -1}, "clients"},
		{Options{Threads: maxThreads + 1}, "threads"},
		{Options{Calls: maxCalls + 1, Clients: 1}, "calls"},
		{Options{Keys: -1}, "keys"},
		{Options{Size: maxSize + 1}, "payloads"},
		{Options{Slots: -1}, "slots"},
		{Options{Deadline: -1}, "negative"},
		{Options{Kill: "parent"}, `kill "parent"`},
		{Options{Processors: 2}, "processors"},
	} {
		if _, err := Run(t.Context(), test.o); !errors.Is(err, ErrOptions) || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%+v: %v, want %q", test.o, err, test.want)
		}
	}
}

func TestClockBracketsTheKernelsTime(t *testing.T) {
	c, err := newClock()
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("bracket of %d ns", c.high-c.low)
	for range 1000 {
		before, _ := kernelTime()
		low, high := c.earliest(), c.latest()
		after, _ := kernelTime()
		if low > after || high < before || low > high {
			t.Fatalf("kernel %d to %d, clock %d to %d", before, after, low, high)
		}
	}
}
