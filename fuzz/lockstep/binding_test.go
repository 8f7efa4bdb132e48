package lockstep

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"urpc/checker"
	"urpc/checker/schedule"
	"urpc/checker/verdict"
	"urpc/fuzz/explore"
	"urpc/spec/binding"
)

// Every state of the code of small configurations, and every transition, is one of
// the specification; and the code takes so much of it.
func TestBindingRefines(t *testing.T) {
	for config, want := range map[string]struct {
		states     uint64
		specified  Taken
		candidates int
	}{
		"default":     {2267, Taken{Share{439, 439}, Share{1110, 1110}}, 2},
		"server-dies": {5470, Taken{Share{1390, 1390}, Share{3091, 3091}}, 2},
		"inherited":   {4231, Taken{Share{1142, 1142}, Share{2515, 2515}}, 2},
	} {
		rep, err := RunBinding(t.Context(), valuesOf(t, explore.Bind(), config), schedule.Stateful(), Options{Schedule: schedule.Options{Plain: true}})
		if err != nil || rep.Verdict != verdict.Holds || !rep.Complete {
			t.Errorf("%s: %v, %v, %s %+v", config, err, rep.Verdict, rep.Reason, rep.Failure)
			continue
		}
		if rep.Report.States != want.states || *rep.Specification != want.specified || rep.Candidates != want.candidates || rep.Stutters[InCall] == 0 {
			t.Errorf("%s: %d states, %v, %d candidates, stutters %v; want %v", config, rep.Report.States, *rep.Specification, rep.Candidates, rep.Stutters, want)
		}
	}
}

// What the code has not taken of the specification is listed, each with where all
// threads stand.
func TestBindingTellsWhatIsLeftOut(t *testing.T) {
	rep, err := RunBinding(t.Context(), valuesOf(t, explore.Bind(), "default"), schedule.Random(1, 1), Options{})
	if err != nil || rep.Failure != nil {
		t.Fatal(err, rep.Failure)
	}
	var told strings.Builder
	if err := rep.WriteText(&told, 3); err != nil {
		t.Fatal(err)
	}
	out := rep.Specification.Transitions.All - rep.Specification.Transitions.Taken
	for _, want := range []string{"left out 1: ", " of client in state ", ": client at ReceiveAnswer, server at ", "left out 3: ", fmt.Sprintf("left out: %d more", out-3)} {
		if !strings.Contains(told.String(), want) {
			t.Errorf("%q is not in:\n%s", want, &told)
		}
	}
}

// A transition by way of which, with more that do not show, the code is come to where it
// is, was taken; one that leads elsewhere was not.
func TestFollowerBooksTheWay(t *testing.T) {
	p := checker.Process[int]{Name: "thread", Count: 1, Instances: []string{"it"}, PC: func(s *int, _ int) int { return *s }}
	step := func(label string, to ...int) {
		p.Steps = append(p.Steps, checker.Step[int]{Label: label, Choices: len(to), Choose: func(s *int, _, choice int) bool {
			*s = to[choice]
			return true
		}})
	}
	step("go", 1, 2)
	step("silent", 3)
	step("silent", 4)
	step("end", 3)
	step("end", 4)
	f, err := newFollower(t.Context(), checker.Model[int]{Init: []int{0}, Processes: []checker.Process[int]{p}}, 10, silently("silent"))
	if err != nil {
		t.Fatal(err)
	}
	f.begin()
	if !f.take(0, "go", func(s *int) bool { return *s == 3 }) {
		t.Fatal("no candidate")
	}
	left := map[uint32]int{}
	f.leftOut(func(from uint32, _ edge) { left[from]++ })
	if states, transitions := f.shares(); states != (Share{2, 5}) || transitions != (Share{2, 6}) || left[0] != 1 || left[2] == 0 {
		t.Errorf("states %v, transitions %v, left out of %v", states, transitions, left)
	}
}

// Samples of every configuration that has a specification refine it.
func TestBindingRefinesInSamples(t *testing.T) {
	tied := 0
	for _, c := range explore.Bind().Configurations {
		rep, err := RunBinding(t.Context(), valuesOf(t, explore.Bind(), c.Name), schedule.Random(1991, 300), Options{})
		if errors.Is(err, ErrNotTied) {
			continue
		}
		tied++
		if err != nil || rep.Failure != nil || rep.Matched == 0 {
			t.Errorf("%s: %v, %+v", c.Name, err, rep.Failure)
		}
	}
	if tied < 11 {
		t.Errorf("only %d configurations are run in lock-step", tied)
	}
}

// What the specification has not is refused, and not found to differ.
func TestBindingsThatAreNotTied(t *testing.T) {
	for _, config := range []string{"clients=2", "lies=small", "socket=narrow", "peers=unseen", "context=ends", "authorize=client-admits", "demands=served", "handlers=wait,stop=yes", "stop=called,death=server", "stop=called,calls=0", "stop=called,closers=1"} {
		rep, err := RunBinding(t.Context(), valuesOf(t, explore.Bind(), config), schedule.Random(1991, 300), Options{})
		if !errors.Is(err, ErrNotTied) {
			t.Errorf("%s: %v, %+v: want ErrNotTied", config, err, rep.Failure)
		}
	}
}

// Whatever shows of a state is compared: one that differs in a single field is told
// apart.
func TestBindingLooksAreCompared(t *testing.T) {
	r, err := newBindingRefinement(t.Context(), valuesOf(t, explore.Bind(), "default"))
	if err != nil {
		t.Fatal(err)
	}
	s := binding.Initial(binding.Config{Calls: 1})
	r.shown = r.shows(&s)
	if !r.looks(&s) {
		t.Fatal("a state does not look like itself")
	}
	for what, change := range map[string]func(s *binding.State){
		"a descriptor":     func(s *binding.State) { s.Space[1].Open = 2 },
		"a mapping":        func(s *binding.State) { s.Space[0].Mapped = 1 },
		"the watch":        func(s *binding.State) { s.Space[0].Watch = true },
		"the socket":       func(s *binding.State) { s.Space[1].Hung = true },
		"death":            func(s *binding.State) { s.Space[0].Dead = true },
		"a hurry":          func(s *binding.State) { s.Space[0].Hurry = true },
		"holders":          func(s *binding.State) { s.Space[0].Holders = 1 },
		"a closed region":  func(s *binding.State) { s.Space[0].Closed = true },
		"a hello":          func(s *binding.State) { s.Socket.Hello = true },
		"a refusal":        func(s *binding.State) { s.Socket.Refusal = true },
		"a header":         func(s *binding.State) { s.Socket.Header = true },
		"a body":           func(s *binding.State) { s.Socket.Body = true },
		"that it stops":    func(s *binding.State) { s.Socket.Stop = true },
		"what is sent":     func(s *binding.State) { s.Socket.With = 3 },
		"seals":            func(s *binding.State) { s.Sealed = 1 },
		"the list":         func(s *binding.State) { s.Listed = true },
		"processors":       func(s *binding.State) { s.Stopping = true },
		"where one stands": func(s *binding.State) { s.Thread[0].At++; s.Thread[0].At++ },
	} {
		other := s
		if change(&other); r.looks(&other) {
			t.Errorf("%s makes no difference", what)
		}
	}
}
