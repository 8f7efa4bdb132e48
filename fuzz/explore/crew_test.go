package explore

import (
	"runtime"
	"slices"
	"testing"

	"urpc/checker/schedule"
	"urpc/runtime/processor"
	"urpc/runtime/shm"
)

// A crewCase says what some threads may see of a pool's crew. It runs on goroutines
// and on the simulated crew.
type crewCase struct {
	name string
	run  func(a *company)
	// want are the outcomes, each the sorted notes of one run. The simulated crew shows
	// all of them and no other, goroutines some of them.
	want []string
}

// company is what a case runs on: a crew of which one thread monitors and up to two
// work, and threads beside it.
type company struct {
	crew  processor.Crew
	start func(name string, f func()) // starts a thread that is none of the crew's
	exit  func()                      // ends the thread that calls, which is one of the crew's
	note  func(what string)           // takes down what a thread saw
}

// notes takes down which of the two an answer was.
func (a *company) notes(what string, ok bool) {
	if !ok {
		what = "no " + what
	}
	a.note(what)
}

var crewCases = []crewCase{
	{
		name: "a resume before the rest is not lost",
		run: func(a *company) {
			a.start("monitor", func() {
				a.crew.Resume()
				a.notes("rest", a.crew.Rest())
			})
		},
		want: []string{"rest"},
	},
	{
		name: "a resume before or during the rest",
		run: func(a *company) {
			a.start("monitor", func() { a.notes("rest", a.crew.Rest()) })
			a.start("worker", func() { a.crew.Resume() })
		},
		want: []string{"rest"},
	},
	{
		name: "two resumes are one",
		run: func(a *company) {
			a.start("monitor", func() {
				a.crew.Resume()
				a.crew.Resume()
				a.notes("rest", a.crew.Rest())
				a.start("stopper", func() { a.crew.Stop() })
				a.notes("rest", a.crew.Rest())
			})
		},
		want: []string{"no rest, rest"},
	},
	{
		name: "the stop ends the rest",
		run: func(a *company) {
			a.start("monitor", func() { a.notes("rest", a.crew.Rest()) })
			a.start("stopper", func() { a.crew.Stop() })
		},
		want: []string{"no rest"},
	},
	{
		name: "of a resume and the stop the rest ends by either",
		run: func(a *company) {
			a.start("monitor", func() {
				a.crew.Resume()
				a.crew.Stop()
				a.notes("rest", a.crew.Rest())
			})
		},
		want: []string{"no rest", "rest"},
	},
	{
		name: "a place that is offered is taken later",
		run: func(a *company) {
			a.start("worker", func() {
				a.crew.Give()
				a.notes("place", a.crew.Take())
			})
		},
		want: []string{"place"},
	},
	{
		name: "a place is taken once",
		run: func(a *company) {
			for _, name := range []string{"first", "second"} {
				a.start(name, func() {
					if taken := a.crew.Take(); taken {
						a.note("place")
						a.crew.Stop()
					} else {
						a.note("no place")
					}
				})
			}
			a.start("giver", func() { a.crew.Give() })
		},
		want: []string{"no place, place"},
	},
	{
		name: "of a place and the stop a thread takes either",
		run: func(a *company) {
			a.start("worker", func() {
				a.crew.Give()
				a.crew.Stop()
				a.notes("place", a.crew.Take())
			})
		},
		want: []string{"no place", "place"},
	},
	{
		name: "the time for a look comes to an idle pool, too",
		run:  func(a *company) { a.start("monitor", func() { a.notes("look", a.crew.Tick()) }) },
		want: []string{"look"},
	},
	{
		name: "the stop ends the wait for the next look",
		run: func(a *company) {
			a.start("monitor", func() {
				for a.crew.Tick() {
				}
				a.note("out")
			})
			a.start("stopper", func() { a.crew.Stop() })
		},
		want: []string{"out"},
	},
	{
		name: "who waits for the crew waits for those whom its threads start",
		run: func(a *company) {
			a.start("pool", func() {
				a.crew.Go(processor.Working, func() {
					a.crew.Go(processor.Monitoring, func() { a.crew.Give() })
				})
				a.crew.Wait()
				a.notes("place", a.crew.Take()) // for ever, if none was given
			})
		},
		want: []string{"place"},
	},
	{
		name: "a thread that ends itself is waited for, and does what it has deferred",
		run: func(a *company) {
			a.start("pool", func() {
				deferred := false
				a.crew.Go(processor.Working, func() {
					defer func() {
						deferred = true
						a.crew.Go(processor.Working, func() { a.crew.Resume() })
					}()
					a.exit()
					a.note("it goes on")
				})
				a.crew.Wait()
				a.notes("deferred", deferred)
				a.notes("rest", a.crew.Rest())
			})
		},
		want: []string{"deferred, rest"},
	},
}

// simulateCrew explores a case whole and gives all its outcomes. The time for a look
// comes once.
func simulateCrew(t *testing.T, c crewCase) []string {
	t.Helper()
	return outcomes(t, func(s *schedule.T, note func(string)) {
		m := NewMachine(s, 0)
		r := NewRegion(m, 0)
		private := shm.Heap(processor.Private, 4*shm.Line)
		crew := m.Crew(r, func() *shm.View { return &private.View })
		crew.looks = 1
		for _, th := range crew.crew(2) {
			s.Daemon(th.name, th.do)
		}
		c.run(&company{crew: crew, start: s.Go, exit: func() { panic(exited{}) }, note: note})
	})
}

func TestSimulatedCrew(t *testing.T) {
	for _, c := range crewCases {
		t.Run(c.name, func(t *testing.T) {
			if got := simulateCrew(t, c); !slices.Equal(got, c.want) {
				t.Errorf("it shows %q, want %q", got, c.want)
			}
		})
	}
}

func TestGoroutinesAreACrew(t *testing.T) {
	for _, c := range crewCases {
		t.Run(c.name, func(t *testing.T) {
			onGoroutinesOneOf(t, c.want, func(start func(string, func()), note func(string)) {
				c.run(&company{crew: processor.Goroutines(), start: start, exit: runtime.Goexit, note: note})
			})
		})
	}
}
