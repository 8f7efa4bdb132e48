package schedule_test

import (
	"context"
	"errors"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"urpc/checker/schedule"
	"urpc/checker/verdict"
)

// recalling is a random program of all that threads can do, which declares that its
// steps may be recalled, with more around it: answers in the set-up that make another
// word, a thread that others are declared by, a death, and answers at the end of which
// some fail.
func recalling(r *rand.Rand) func(*schedule.T, func(string)) {
	program := historied(r, 3, acts)
	chooses, kills, declares, fails := r.IntN(2) == 0, r.IntN(3) == 0, r.IntN(3) == 0, r.IntN(2) == 0
	return func(t *schedule.T, told func(string)) {
		t.Recall()
		if chooses && t.Choose("one word more", 2) == 1 {
			t.Word("before the others", 5)
		}
		x, y := t.Word("given", 1), t.Word("taken", 0)
		program(t, told)
		if declares {
			t.Daemon("parent", func() {
				v := x.Swap(2)
				t.Daemon("child", func() { y.Store(v) })
			})
			t.Daemon("giver", func() { x.Store(3); y.Load() })
		}
		if kills {
			t.Daemon("killer", func() { t.Kill("kill", "t0") })
		}
		if fails {
			t.AtEnd(func() { t.Check("the answer is right", t.Choose("at the end", 3) != 1, "it is not") })
		}
	}
}

// sameSearch compares the reports of a search that runs every step and of one that
// recalls some.
func sameSearch(t *testing.T, run, recalled schedule.Report) {
	t.Helper()
	if run.Recalled != 0 {
		t.Errorf("%d executions are recalled where none is to be", run.Recalled)
	}
	if run.Verdict != recalled.Verdict || run.States != recalled.States || run.Executions != recalled.Executions ||
		run.Hits != recalled.Hits || run.Steps != recalled.Steps || run.Depth != recalled.Depth || run.Bad != recalled.Bad ||
		!maps.Equal(run.Taken, recalled.Taken) || !maps.Equal(run.Marks, recalled.Marks) {
		t.Errorf("a search that recalls differs:\n%+v\nof\n%+v", recalled, run)
	}
}

// A search that recalls is the one that does not, step for step, on programs of all
// that threads can do.
func TestRecallingIsRunning(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(47, 48))
	var recalled, executions uint64
	for n := range 200 {
		program := recalling(r)
		ends, run := gathered(t, program, schedule.Options{RunAll: true})
		same, rep := gathered(t, program, schedule.Options{})
		sameSearch(t, run, rep)
		more, two := gathered(t, program, schedule.Options{Workers: 2})
		if !maps.Equal(ends, same) || !maps.Equal(ends, more) || two.States != run.States {
			t.Fatalf("program %d: it comes to %q, recalled to %q, with two workers to %q", n,
				slices.Sorted(maps.Keys(ends)), slices.Sorted(maps.Keys(same)), slices.Sorted(maps.Keys(more)))
		}
		if t.Failed() {
			t.Fatalf("program %d", n)
		}
		recalled += rep.Recalled
		executions += rep.Executions
	}
	t.Logf("of %d executions %d are recalled", executions, recalled)
	if recalled < executions/4 {
		t.Errorf("of %d executions %d are recalled: too few to tell", executions, recalled)
	}
}

// The same of loops, with marks, a lock that guards, and a fault.
func TestRecallingARing(t *testing.T) {
	t.Parallel()
	for _, guarded := range []bool{false, true} {
		for _, faulty := range []bool{false, true} {
			program := ring(3, 2, whole, guarded, faulty)
			o := schedule.Options{KeepGoing: true, MaxExecutions: 20_000}
			rep := explore(t, func(s *schedule.T) { s.Recall(); program(s) }, schedule.Stateful(), o)
			o.RunAll = true
			run := explore(t, program, schedule.Stateful(), o)
			sameSearch(t, run, rep)
			if rep.Recalled < rep.Executions/4*3 {
				t.Errorf("guarded %t, faulty %t: of %d executions %d are recalled", guarded, faulty, rep.Executions, rep.Recalled)
			}
			t.Logf("guarded %t, faulty %t: of %d executions %d are recalled", guarded, faulty, rep.Executions, rep.Recalled)
		}
	}
}

// Steps after which T.Choose answers are recalled for each of the answers, how many there may
// be.
func TestRecallingAnswers(t *testing.T) {
	t.Parallel()
	program := counting(3, 2, func(t *schedule.T, w *schedule.Word, _, _ *uint64) func(int) {
		got := t.Word("got", 0)
		return func(self int) {
			switch t.Choose("whether", 3) {
			case 1:
				got.Add(1)
			case 2:
				got.Store(uint64(t.Choose("what", 1+self)))
			}
		}
	})
	rep := explore(t, program, schedule.Stateful(), schedule.Options{})
	run := explore(t, program, schedule.Stateful(), schedule.Options{RunAll: true})
	sameSearch(t, run, rep)
	if rep.Recalled < rep.Executions/4*3 || !rep.Complete {
		t.Errorf("complete %v, of %d executions %d are recalled", rep.Complete, rep.Executions, rep.Recalled)
	}
	t.Logf("of %d executions %d are recalled", rep.Executions, rep.Recalled)
}

// counting is a program of threads that count in a word, and in variables of the
// program: counted is what the word is, hidden what how makes of it.
func counting(threads, rounds int, how func(t *schedule.T, w *schedule.Word, hidden, counted *uint64) (also func(self int))) func(*schedule.T) {
	return func(t *schedule.T) {
		hidden, counted := new(uint64), new(uint64)
		words := make([]*schedule.Word, threads)
		for i := range words {
			words[i] = t.Word("own", 0)
		}
		w := t.Word("common", 0)
		also := how(t, w, hidden, counted)
		t.Recall()
		for i := range threads {
			t.Go("counter", func() {
				for n := range rounds {
					t.Mark("round", uint64(n))
					*counted = w.Add(1)
					words[i].Store(uint64(n))
					also(i)
				}
			})
		}
	}
}

// A program that declares less than its steps touch is found out.
func TestRecallIsVerified(t *testing.T) {
	for _, c := range []struct {
		name string
		how  func(t *schedule.T, w *schedule.Word, hidden, counted *uint64) func(int)
		want []string
	}{
		{"a part that changes elsewhere", func(t *schedule.T, w *schedule.Word, hidden, counted *uint64) func(int) {
			t.SharedAt("tally", func(d *schedule.Digest) { d.Word(*hidden) }, schedule.Span{Location: w.Location(), Size: 8})
			return func(int) { *hidden++ }
		}, []string{"changed tally", "store own"}},
		{"a value that is read and not declared", func(t *schedule.T, w *schedule.Word, hidden, counted *uint64) func(int) {
			seen := t.Word("seen", 0)
			return func(int) {
				seen.Add(1)
				seen.Store(w.Peek())
			}
		}, []string{"what else does it look at?", "store seen"}},
		{"a predicate that looks elsewhere", func(t *schedule.T, w *schedule.Word, hidden, counted *uint64) func(int) {
			other := schedule.Location{Segment: 1}
			return func(self int) {
				if self == 0 {
					t.Await("await evenness", func() bool { return *counted%2 == 0 || *counted > 4 }, other)
					t.SawValue(0)
				}
			}
		}, []string{"await evenness", "what else does its predicate look at?"}},
		{"another answer that is asked for", func(t *schedule.T, w *schedule.Word, hidden, counted *uint64) func(int) {
			seen := t.Word("seen", 0)
			return func(int) {
				seen.Store(0)
				t.Choose("answer", 2+int(w.Peek()%2))
				t.Mark("answered")
			}
		}, []string{"store seen", "asks T.Choose for other answers"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			rep, err := schedule.Explore(context.Background(), counting(3, 3, c.how), schedule.Stateful(), schedule.Options{})
			if !errors.Is(err, schedule.ErrState) {
				t.Fatalf("it is not found out: %v, of %d executions %d are recalled", err, rep.Executions, rep.Recalled)
			}
			contains(t, err.Error(), append(c.want, "Recall")...)
		})
	}
}

// A check that looks at what is declared fails in the recalled search where it fails
// in the other: here where two threads that did not lock meet.
func TestRecallFindsFailures(t *testing.T) {
	program := func(t *schedule.T) {
		inside, turn := 0, t.Word("turn", 0)
		at := []schedule.Span{{Location: turn.Location(), Size: 8}}
		t.SharedAt("who is inside", func(d *schedule.Digest) { d.Word(uint64(inside)) }, at...)
		t.Recall()
		for i := range 3 {
			t.Go("user", func() {
				for n := range 2 {
					t.Mark("try", uint64(n))
					if turn.Load() != uint64(i) { // and not taken at once
						turn.Add(1)
						continue
					}
					turn.Store(uint64(i))
					inside++
					t.Check("alone", inside == 1, "%d are inside", inside)
					turn.Swap(uint64(i) + 1)
					inside--
				}
			})
		}
	}
	rep := explore(t, program, schedule.Stateful(), schedule.Options{})
	if rep.Verdict != verdict.Violated || rep.Failure.Property != "alone" {
		t.Errorf("%v, %+v", rep.Verdict, rep.Failure)
	}
}

// A check that looks at what is not declared, after an answer: an execution ends where the
// recalled steps went on, and it is the declaration that is blamed.
func TestRecallBlamesTheDeclaration(t *testing.T) {
	for _, o := range []schedule.Options{{}, {KeepGoing: true}} {
		rep, err := schedule.Explore(context.Background(), func(t *schedule.T) {
			sum := 0
			x, y := t.Word("x", 0), t.Word("y", 0)
			t.Recall()
			for i, w := range []*schedule.Word{x, y} {
				t.Go([]string{"a", "b"}[i], func() {
					w.Store(1)
					sum += t.Choose("adds", 2)
					t.Check("sum", sum < 2, "it is %d", sum)
					w.Load()
				})
			}
			t.Go("looks", func() { x.Load(); y.Load() })
		}, schedule.Stateful(), o)
		if !errors.Is(err, schedule.ErrState) || errors.Is(err, schedule.ErrNondeterministic) || rep.Verdict != verdict.Unknown {
			t.Fatalf("%+v: %v, %v", o, rep.Verdict, err)
		}
		contains(t, err.Error(), "the program declares Recall, and it ends after step 3 and went on before: does a step change something, or a check look at something, that is not declared")
	}
}
