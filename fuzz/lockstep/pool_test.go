package lockstep

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"urpc/checker/schedule"
	"urpc/checker/verdict"
	"urpc/fuzz/explore"
	"urpc/runtime/channel"
	"urpc/runtime/shm"
	"urpc/spec/memory"
	"urpc/spec/step"
)

// Every transition of the code of target donation is one of the specification.
func TestDonationRefines(t *testing.T) {
	for _, c := range []struct {
		config      string
		code        uint64
		candidates  int
		transitions Share // of the specification; none: they are not counted
	}{
		{"default", 34569, 9, Share{15739, 15852}},
		{"alone", 1070, 9, Share{1052, 15852}},
		{"two-callers", 5193, 9, Share{}},
		{"never", 15028, 9, Share{4792, 4792}},
		{"preempted", 11472, 9, Share{2408, 4605}},
		{"stop", 22500, 2, Share{20107, 20107}},
		{"exit", 34066, 2, Share{14152, 14152}},
	} {
		t.Run(c.config, func(t *testing.T) {
			t.Parallel()
			v := valuesOf(t, explore.Donation(), c.config)
			rep, err := RunTarget(t.Context(), explore.Donation(), v, schedule.Stateful(), Options{Schedule: schedule.Options{Plain: true}})
			if err != nil || rep.Verdict != verdict.Holds || !rep.Complete || rep.Verified == 0 {
				t.Fatalf("%v, complete %v, %d verified: %s: %v, %+v", rep.Verdict, rep.Complete, rep.Verified, rep.Reason, err, rep.Failure)
			}
			if rep.Report.States != c.code || rep.Candidates != c.candidates || rep.Stutters[OfPool] == 0 {
				t.Errorf("%d states, %d candidates; want %d, %d; stutters %v", rep.Report.States, rep.Candidates, c.code, c.candidates, rep.Stutters)
			}
			if got := rep.Specification; (got != nil) != (c.transitions.All > 0) || got != nil && got.Transitions != c.transitions {
				t.Errorf("of the specification were taken: %v, want %v", got, c.transitions)
			}
		})
	}
}

// Samples of every configuration refine it, but for one that is too large; with the watch
// the executions are those of the explorer, and a token replays in lock-step.
func TestDonationRefinesInSamples(t *testing.T) {
	left := []string{}
	configs := []string{
		"clients=2,workers=2,handlers=work,preempt=1,spurious=1", "start=2^32-1,calls=3",
		"stop=any,clients=2,workers=2,handlers=exit,calls=2", "stop=after,handlers=exit,workers=2,poll=no,spurious=1",
	}
	for _, c := range explore.Donation().Configurations {
		configs = append(configs, c.Name)
	}
	for _, config := range configs {
		v, s := valuesOf(t, explore.Donation(), config), schedule.Random(1991, 300)
		rep, err := RunTarget(t.Context(), explore.Donation(), v, s, Options{Schedule: schedule.Options{Passing: true}})
		if errors.Is(err, ErrNotTied) {
			left = append(left, config)
			continue
		}
		if err != nil || rep.Failure != nil || rep.Matched < rep.Steps/2 {
			t.Errorf("%s: %v, %+v, %d of %d steps were judged", config, err, rep.Failure, rep.Matched, rep.Steps)
			continue
		}
		plain, err := explore.Run(t.Context(), explore.Donation(), v, s, schedule.Options{})
		if err != nil || plain.Executions != rep.Executions || plain.Steps != rep.Steps || plain.Depth != rep.Depth {
			t.Errorf("%s: %d executions of %d steps, without lock-step %d of %d (%v)", config, rep.Executions, rep.Steps, plain.Executions, plain.Steps, err)
		}
		again, err := ReplayTarget(t.Context(), rep.Passing.Token, Options{})
		if err != nil || again.Matched == 0 || again.Failure != nil {
			t.Errorf("%s: replayed: %v, %d steps, %+v", config, err, again.Matched, again.Failure)
		}
	}
	if want := []string{"large"}; !slices.Equal(left, want) {
		t.Errorf("not run in lock-step: %v, want %v", left, want)
	}
}

// poolMeddler does something to a refinement before one of its steps is judged.
type poolMeddler struct {
	*poolRefinement
	when func(m *poolMeddler, th *thread) bool
	do   func(m *poolMeddler, th *thread)
	done bool
	// What the procedure is told to be given, and the call to have got.
	request, reply func(payload []byte) []byte
}

func (m *poolMeddler) Begin(w explore.Watched) {
	m.done = false
	m.poolRefinement.Begin(w)
}

func (m *poolMeddler) Stand(thread int, name step.Name, e schedule.Event) {
	if th := m.thread(thread); m.do != nil && !m.done && th != nil && m.pending == thread && m.when(m, th) {
		m.done = true
		m.do(m, th)
	}
	m.poolRefinement.Stand(thread, name, e)
}

func (m *poolMeddler) Execute(thread int, request []byte) {
	if m.request != nil {
		request = m.request(request)
	}
	m.poolRefinement.Execute(thread, request)
}

func (m *poolMeddler) Return(thread int, reply []byte) {
	if m.reply != nil {
		reply = m.reply(reply)
	}
	m.poolRefinement.Return(thread, reply)
}

// What the code does is compared, each of it: words, accesses, what threads know and
// where they stand, payloads, and the end.
func TestWrongDonationsAreSeen(t *testing.T) {
	after := func(name step.Name) func(*poolMeddler, *thread) bool {
		return func(_ *poolMeddler, th *thread) bool { return th.taken == name }
	}
	other := func(p []byte) []byte {
		p = slices.Clone(p)
		p[1] ^= 3
		p[9] ^= 3
		return p
	}
	stops := func(what string) bool {
		return slices.Contains([]string{"that it is stopped", "the nudge", "who is about to park", "another word that tells of the stop"}, what)
	}
	for what, m := range map[string]*poolMeddler{
		"that it is stopped": {when: after(step.LookNudge), do: func(m *poolMeddler, _ *thread) { *m.watched.Pool.Address(offStopping) ^= 1 }},
		"the nudge":          {when: after(step.LookDoorbell), do: func(m *poolMeddler, _ *thread) { m.nudges++ }},
		"who is about to park": {when: func(_ *poolMeddler, th *thread) bool {
			return th.taken == step.LookNudge && th.side == memory.ServerSide
		}, do: func(_ *poolMeddler, th *thread) { th.came = step.Retract }},
		"another word that tells of the stop": {when: after(step.LookStop), do: func(_ *poolMeddler, th *thread) { th.touched.Location.Offset += 4 }},
		"a lock":                              {when: after(step.LoadTail), do: func(m *poolMeddler, _ *thread) { m.flip(channel.Calls, offSendLock) }},
		"how many are donated":                {when: after(step.LoadHead), do: func(m *poolMeddler, _ *thread) { m.flip(channel.Calls, offDonated) }},
		"how many went back":                  {when: after(step.Donate), do: func(m *poolMeddler, _ *thread) { m.flip(channel.Replies, offReturned) }},
		"a doorbell":                          {when: after(step.Ring), do: func(m *poolMeddler, _ *thread) { m.flip(channel.Calls, offDoorbell) }},
		"who is parked":                       {when: after(step.Announce), do: func(m *poolMeddler, _ *thread) { m.flip(channel.Replies, offParked) }},
		"another word":                        {when: after(step.Donate), do: func(_ *poolMeddler, th *thread) { th.touched.Location.Offset += 4 }},
		"another access":                      {when: after(step.Return), do: func(_ *poolMeddler, th *thread) { th.touched.Kind = schedule.Store }},
		"another step":                        {when: after(step.Return), do: func(_ *poolMeddler, th *thread) { th.taken = step.Donate }},
		"a value":                             {when: after(step.LookReturned), do: func(_ *poolMeddler, th *thread) { th.saw++ }},
		"the argument":                        {request: other},
		"the result":                          {reply: other},
		"no result":                           {reply: func([]byte) []byte { return nil }},
		"more than the word":                  {when: after(step.Donate), do: func(_ *poolMeddler, th *thread) { th.touched.Size = 8 }},
		"less than a message":                 {when: after(step.CopySlot), do: func(_ *poolMeddler, th *thread) { th.touched.Size-- }},
		"a look that is none": {
			when: func(m *poolMeddler, th *thread) bool { return th.taken == step.LoadHead },
			do:   func(_ *poolMeddler, th *thread) { th.taken = step.LoadReturned },
		},
	} {
		config, strategy := "default", schedule.Random(3, 50)
		if stops(what) {
			config, strategy = "stop", schedule.Bounded(1)
		}
		v := valuesOf(t, explore.Donation(), config)
		r, err := newPoolRefinement(t.Context(), explore.Donation(), v)
		if err != nil {
			t.Fatal(err)
		}
		m.poolRefinement = r
		rep, err := explore.RunWatchedTarget(t.Context(), explore.Donation(), v, explore.Watch{Observer: m}, strategy, schedule.Options{})
		if err != nil || rep.Failure == nil || rep.Failure.Property != Property {
			t.Errorf("%s: not found: %v, %+v", what, err, rep.Failure)
		}
	}
}

// flip changes a word that no code may change.
func (m *poolMeddler) flip(segment uint8, off shm.Offset) {
	*m.watched.Segments[segment].Address(off) ^= 1
}

// A thread that receives where there is no processor for it is found.
func TestDonationKnowsItsProcessors(t *testing.T) {
	r, err := newPoolRefinement(t.Context(), explore.Donation(), valuesOf(t, explore.Donation(), "handed,workers=1"))
	if err != nil {
		t.Fatal(err)
	}
	v := valuesOf(t, explore.Donation(), "handed")
	rep, err := explore.RunWatchedTarget(t.Context(), explore.Donation(), v, explore.Watch{Observer: r}, schedule.Random(3, 200), schedule.Options{})
	if err != nil || rep.Failure == nil || rep.Failure.Property != Property || !strings.Contains(rep.Failure.Message, "every processor has its worker") {
		t.Errorf("%v, %+v", err, rep.Failure)
	}
}
