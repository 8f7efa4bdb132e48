package bench

import (
	"context"
	"errors"
	"math"
	"os"
	"runtime"
	"strings"
	"testing"

	"urpc/checker/verdict"
)

func TestMain(m *testing.M) {
	if handled, exit := Child(os.Args[1:]); handled {
		os.Exit(exit)
	}
	os.Exit(m.Run())
}

// A short run measures everything and prints it. What it finds is not judged
// here: tests run on machines that do other things meanwhile.
func TestRun(t *testing.T) {
	last := Progress{}
	r, err := Run(t.Context(), Options{Rounds: 3, Calls: 500, Searches: 1, Progress: func(p Progress) { last = p }})
	if runtime.GOOS != "linux" || runtime.NumCPU() < 2 {
		if !errors.Is(err, errors.ErrUnsupported) {
			t.Fatalf("error %v, want unsupported", err)
		}
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	if err := r.WriteText(&text); err != nil {
		t.Fatal(err)
	}
	t.Log("\n" + text.String())
	for _, name := range []string{RawPingPong, NullCall, StructCall, SocketEcho, PipeEcho, NullOverRaw, CheckerRate} {
		if !strings.Contains(text.String(), name) {
			t.Errorf("the table lacks %q", name)
		}
	}
	for _, m := range r.Measures {
		if m.Rounds != 3 || m.Low <= 0 || m.Low > m.Median || m.Median > m.High {
			t.Errorf("%+v", m)
		}
	}
	if last != (Progress{Done: 4, Of: 4}) {
		t.Errorf("progress ended at %+v", last)
	}
}

func TestInterruptEndsTheRun(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	r, err := Run(ctx, Options{Only: Checker})
	if !errors.Is(err, context.Canceled) || r.Verdict != verdict.Unknown {
		t.Errorf("%v, %v", r.Verdict, err)
	}
}

// What was measured before an interrupt is told, and is no verdict.
func TestInterruptLeavesWhatWasMeasured(t *testing.T) {
	for _, part := range []Part{Processes, Checker} {
		if part == Processes && (runtime.GOOS != "linux" || runtime.NumCPU() < 2) {
			continue
		}
		ctx, cancel := context.WithCancel(t.Context())
		o := Options{Rounds: 1000, Calls: 500, Searches: 1000, Only: part, Progress: func(p Progress) {
			if p.Done == 2 {
				cancel()
			}
		}}
		r, err := Run(ctx, o)
		if !errors.Is(err, context.Canceled) || r.Verdict != verdict.Unknown || len(r.Figures) == 0 || r.Figures[0].Value <= 0 {
			t.Errorf("part %d: %v, %v, figures %v", part, err, r.Verdict, r.Figures)
		}
		for _, m := range r.Measures {
			if m.Rounds < 2 || m.Rounds == 1000 || m.Median <= 0 {
				t.Errorf("%+v", m)
			}
		}
	}
}

func TestOptionsThatCannotBe(t *testing.T) {
	for _, o := range []Options{{Rounds: -1}, {Calls: 1}, {Searches: -1}, {Workers: -1}, {Only: 3}} {
		if _, err := Run(t.Context(), o); err == nil {
			t.Errorf("%+v was taken", o)
		}
	}
}

func TestQuartiles(t *testing.T) {
	for _, test := range []struct {
		samples           []float64
		low, median, high float64
	}{
		{[]float64{7}, 7, 7, 7},
		{[]float64{2, 1}, 1, 1.5, 2},
		{[]float64{5, 1, 4, 2, 3}, 2, 3, 4},
		{[]float64{8, 7, 6, 5, 4, 3, 2, 1}, 3, 4.5, 6},
	} {
		if low, median, high := quartiles(test.samples); low != test.low || median != test.median || high != test.high {
			t.Errorf("%v: %v, %v, %v", test.samples, low, median, high)
		}
	}
}

// A figure beyond its bound makes the verdict, and the table says so.
func TestBoundsAreJudged(t *testing.T) {
	over, under := []float64{400, 410, 900}, []float64{100, 100, 90}
	for _, test := range []struct {
		atMost float64
		want   verdict.Verdict
		text   string
	}{{4.2, verdict.Holds, "ok"}, {4, verdict.Violated, "MISSED"}, {0, verdict.Holds, ""}} {
		f := ratioOf("a / b", over, under, test.atMost)
		if math.Abs(f.Value-4.1) > 1e-9 || f.High != 10 {
			t.Errorf("%+v", f)
		}
		r := Result{Figures: []Figure{f, {Name: "rate", Value: 5, AtLeast: 5, Within: true}}}
		r.conclude()
		var text strings.Builder
		if err := r.WriteText(&text); err != nil || r.Verdict != test.want || !strings.Contains(text.String(), test.text) {
			t.Errorf("bound %v: %v\n%s", test.atMost, r.Verdict, text.String())
		}
	}
	f := Figure{Value: 4, AtLeast: 5}
	if f.judge(); f.Within {
		t.Error("a rate below its bound is within it")
	}
}
