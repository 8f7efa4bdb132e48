package checker

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// Whatever function of the model ends its goroutine, in whatever part of a check,
// Check returns and names it: no state is silently lost, and the caller goes on.
func TestGoexitIsAnError(t *testing.T) {
	at := func(n uint8) func(s *small) bool {
		return func(s *small) bool {
			if s.N == n {
				runtime.Goexit()
			}
			return true
		}
	}
	for where, change := range map[string]func(m *Model[small]){
		"step up of p": func(m *Model[small]) {
			m.Processes[0].Steps[0].Do = func(s *small, _ int) bool { at(2)(s); s.N++; return true }
		},
		"PC of p":      func(m *Model[small]) { m.Processes[0].PC = func(s *small, _ int) int { return btoi(!at(2)(s)) } },
		"Terminal":     func(m *Model[small]) { m.Terminal = at(3) },
		`property "p"`: func(m *Model[small]) { m.Properties = []Property[small]{Invariant("p", at(0))} },
		`property "t"`: func(m *Model[small]) {
			m.Properties = []Property[small]{Transition("t", func(a, _ *small, _ Taken) bool { return at(1)(a) })}
		},
		"Event": func(m *Model[small]) {
			m.Event = func(a, _ *small, _ Taken) string { at(1)(a); return "e" }
			m.Properties = []Property[small]{Orders[small]("o")}
		},
	} {
		for _, workers := range []int{1, 2, 8} {
			m := counter()
			change(&m)
			r, err := Check(context.Background(), m, Options{Workers: workers})
			var p *PanicError
			if !errors.As(err, &p) || p.Where != where || !errors.Is(err, ErrGoexit) || len(p.State) != 2 || r.Complete || r.Verdict != Unknown {
				t.Errorf("%s, %d workers: %v, complete %v, error %v", where, workers, r.Verdict, r.Complete, err)
			}
		}
	}
}

// On a level that several workers share one of them ends: the others do not hide it.
func TestGoexitOfOneWorkerOfMany(t *testing.T) {
	for _, test := range []struct {
		where string
		state string
		edit  func(m *Model[gridState])
	}{
		{"step up of p 1", "N[0]=4 N[1]=4 ", func(m *Model[gridState]) {
			up := m.Processes[0].Steps[0].Do
			m.Processes[0].Steps[0].Do = func(s *gridState, self int) bool {
				if *s == (gridState{[6]uint8{4, 4, 4, 4}}) && self == 1 {
					runtime.Goexit()
				}
				return up(s, self)
			}
		}},
		{`property "low"`, "N[0]=5 N[1]=4 ", func(m *Model[gridState]) {
			m.Properties[0] = Invariant("low", func(s *gridState) bool {
				if *s == (gridState{[6]uint8{5, 4, 4, 4}}) {
					runtime.Goexit()
				}
				return true
			})
		}},
	} {
		for _, workers := range []int{1, 2, 8} {
			m := grid(4)
			test.edit(&m)
			r, err := Check(context.Background(), m, Options{Workers: workers})
			if !errors.Is(err, ErrGoexit) || !strings.Contains(err.Error(), test.where+" ended its goroutine") || !strings.Contains(err.Error(), test.state) ||
				r.Complete || r.Verdict != Unknown {
				t.Errorf("%d workers: %v, complete %v, error %v; want %s and %s", workers, r.Verdict, r.Complete, err, test.where, test.state)
			}
		}
	}
}

func TestGoexitInAReplay(t *testing.T) {
	trace := traces(t)["not both"]
	m := forge()
	m.Processes[0].Steps[0].Do = func(*small, int) bool { runtime.Goexit(); return true }
	var p *PanicError
	if _, err := Replay(m, trace); !errors.As(err, &p) || p.Where != "step one of walker" || !errors.Is(err, ErrGoexit) {
		t.Errorf("error %v, want that step one of walker ended its goroutine", err)
	}
}

// The search does not go on behind the back of a Progress that did not return.
func TestProgressThatDoesNotReturn(t *testing.T) {
	boom := errors.New("boom")
	for want, progress := range map[error]func(Progress){
		ErrGoexit: func(Progress) { runtime.Goexit() },
		boom:      func(Progress) { panic(boom) },
	} {
		r, err := Check(context.Background(), grid(3), Options{ProgressEvery: 1, Progress: progress})
		if !errors.Is(err, want) || !strings.Contains(err.Error(), "Options.Progress") || r.Complete || r.States > 1 {
			t.Errorf("complete %v, %d states, error %v; want %v", r.Complete, r.States, err, want)
		}
	}
}

// letter is a scalar whose name does not come.
type letter uint8

func (letter) String() string { runtime.Goexit(); return "" }

func TestGoexitInAString(t *testing.T) {
	type lettered struct{ L letter }
	m := Model[lettered]{Name: "lettered", Init: []lettered{{}}, Processes: []Process[lettered]{{Name: "p", Count: 1,
		Steps: []Step[lettered]{{Label: "stop", Do: func(*lettered, int) bool { return false }}}}}}
	if r, err := Check(context.Background(), m, Options{}); !errors.Is(err, ErrGoexit) || r.Verdict != Unknown {
		t.Errorf("%v, error %v; want that String ended its goroutine", r.Verdict, err)
	}
	if out, err := Replay(m, Trace{Model: "lettered", Property: "deadlock", Kind: KindDeadlock}); !errors.Is(err, ErrGoexit) {
		t.Errorf("replay gives %+v, %v; want that String ended its goroutine", out, err)
	}
}

// The report is not made while a worker is still at work: the end of one waits for
// the others.
func TestGoexitWaitsForTheOtherWorkers(t *testing.T) {
	m := grid(2)
	s := newSearch(context.Background(), &m, Options{Workers: 2}, time.Now())
	defer s.release()
	started, exiting := make(chan struct{}), make(chan struct{})
	var late atomic.Bool
	apart(func() {
		s.parallel(2, false, false, func(w *worker[gridState], _ int) {
			if w == &s.workers[0] {
				<-started
				close(exiting)
				runtime.Goexit()
			}
			close(started)
			<-exiting
			for range 1000 {
				runtime.Gosched()
			}
			late.Store(true)
		})
	})
	if !late.Load() {
		t.Error("the search ended before one of its workers")
	}
}
