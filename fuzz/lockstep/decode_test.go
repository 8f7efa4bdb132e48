package lockstep

import (
	"slices"
	"strings"
	"testing"

	"urpc/checker/catalogue"
	"urpc/checker/schedule"
	"urpc/fuzz/explore"
	"urpc/runtime/shm"
	"urpc/spec/memory"
	"urpc/spec/step"
)

// meddler is a refinement that something is done to before one of its steps is
// judged.
type meddler struct {
	*Refinement
	when func(m *meddler, thread int) bool
	do   func(m *meddler, thread int)
	done bool
	// What the procedure is told to be given, and the call to have got.
	request, reply func(payload []byte) []byte
}

func (m *meddler) Begin(w explore.Watched) {
	m.done = false
	m.Refinement.Begin(w)
}

func (m *meddler) Stand(thread int, name step.Name, e schedule.Event) {
	m.meddle(thread)
	m.Refinement.Stand(thread, name, e)
}

func (m *meddler) Ended(thread int) {
	m.meddle(thread)
	m.Refinement.Ended(thread)
}

func (m *meddler) meddle(thread int) {
	if m.do != nil && !m.done && m.pending == thread && m.when(m, thread) {
		m.done = true
		m.do(m, thread)
	}
}

func (m *meddler) Execute(thread int, request []byte) {
	if m.request != nil {
		request = m.request(request)
	}
	m.meddle(thread)
	m.Refinement.Execute(thread, request)
}

func (m *meddler) Return(thread int, reply []byte) {
	if m.reply != nil {
		reply = m.reply(reply)
	}
	m.Refinement.Return(thread, reply)
}

// meddled runs executions of a configuration with a meddler, and gives the
// failure, which must be one of the refinement.
func meddled(t *testing.T, config string, m *meddler) *schedule.Failure {
	t.Helper()
	return meddledIn(t, explore.Channel(), values(t, config), m)
}

func meddledIn(t *testing.T, target explore.Target, v catalogue.Values, m *meddler) *schedule.Failure {
	t.Helper()
	return meddledBy(t, target, v, m, schedule.Random(3, 50))
}

// meddledBy is meddledIn with another strategy than a sample.
func meddledBy(t *testing.T, target explore.Target, v catalogue.Values, m *meddler, s schedule.Strategy) *schedule.Failure {
	t.Helper()
	r, err := newRefinement(target, v, nil)
	if err != nil {
		t.Fatal(err)
	}
	m.Refinement = r
	rep, err := explore.RunWatchedTarget(t.Context(), target, v, explore.Watch{Observer: m, Alone: true}, s, schedule.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if rep.Failure == nil {
		return nil
	}
	if rep.Failure.Property != Property {
		t.Fatalf("%s: %s", rep.Failure.Property, rep.Failure.Message)
	}
	return rep.Failure
}

// flip changes a word, which no code may do that maps it read-only.
func flip(m *meddler, segment int, off shm.Offset, mask uint32) {
	*m.watched.Segments[segment].Address(off) ^= mask
}

// A word that changes behind the code's back is found at the next step, whatever
// bit of whichever word that is mapped, and by the name of what it stands for.
func TestEveryWordIsSeen(t *testing.T) {
	type word struct {
		segment int
		off     shm.Offset
		field   string
	}
	var words []word
	for side, name := range []string{"Side[0].", "Side[1]."} {
		words = append(words,
			word{side, offSendLock, name + "SendLock"}, word{side, offTail, name + "Tail"}, word{side, offRoom, name + "Room"},
			word{side, offRecvLock, name + "RecvLock"}, word{side, offHead, name + "Head"}, word{side, offParked, name + "Parked"},
			word{side, offDoorbell, ""}, word{side, offDonated, name + "Donated"}, word{side, offReturned, name + "Returned"},
			word{side, offSlots + slotSequence, name + "Slot[0].Sequence"}, word{side, offSlots + slotSize + slotSequence, name + "Slot[1].Sequence"},
			word{side, offSlots + slotHeader, ""}, word{side, offSlots + slotHeader + 8, ""}, word{side, offSlots + slotHeader + 12, ""},
			word{side, offSlots + slotHeader + 16, ""}, word{side, offSlots + slotPayload, ""}, word{side, offSlots + slotPayload + 12, ""},
			word{side, offSlots + slotSize + slotHeader, ""}, word{side, offSlots + slotSize + slotPayload, ""})
	}
	words = append(words, word{2, offLead, "Led"}, word{2, offBlocked, "Blocked"}, word{2, offReady, "Ready"}, word{2, stateOf(0), "Caller[0].Call"}, word{2, stateOf(1), "Caller[1].Call"})
	for _, w := range words {
		for _, bit := range []uint{0, 15, 16, 31} {
			const when = 40
			m := &meddler{
				when: func(m *meddler, _ int) bool { return m.judged == when },
				do:   func(m *meddler, _ int) { flip(m, w.segment, w.off, 1<<bit) },
			}
			f := meddled(t, "2-1-1-2", m)
			if f == nil || len(f.Steps) != when+1 {
				t.Errorf("bit %d of word %d:%d is changed, and it is not found at once: %v", bit, w.segment, w.off, f)
				continue
			}
			named := "the word " + (schedule.Location{Segment: uint16(w.segment), Offset: uint32(w.off)}).String()
			if bit == 0 && w.field != "" {
				named = w.field
			}
			if !strings.Contains(f.Message, named) && !strings.Contains(f.Message, "the word ") {
				t.Errorf("bit %d of word %d:%d: the message does not name %q: %s", bit, w.segment, w.off, named, f.Message)
			}
		}
	}
}

// What stands for the state beside the words is compared, too.
func TestEveryPositionIsSeen(t *testing.T) {
	after := func(name step.Name) func(m *meddler, thread int) bool {
		return func(m *meddler, thread int) bool {
			th := &m.threads[thread]
			return th.taken == name && (name != step.LookDonation || th.saw > 0) // what is 0 is not kept
		}
	}
	for _, c := range []struct {
		what  string
		after step.Name
		do    func(m *meddler, th *thread)
		field string
	}{
		{"the tail that was read", step.LoadTail, func(_ *meddler, th *thread) { th.saw++ }, ".Position"},
		{"the head that was read", step.LoadHead, func(_ *meddler, th *thread) { th.saw++ }, ".Position"},
		{"the head that was read again", step.RecheckHead, func(_ *meddler, th *thread) { th.saw++ }, ".Position"},
		{"the peer's head that was read", step.LookHead, func(_ *meddler, th *thread) { th.saw++ }, ".Seen"},
		{"the doorbell that was read", step.LookDoorbell, func(_ *meddler, th *thread) { th.saw++ }, ".Rung"},
		{"the lead that was taken", step.Lead, func(_ *meddler, th *thread) { th.saw ^= 1 }, ".Leads"},
		{"the word that was touched", step.LookParked, func(_ *meddler, th *thread) { th.touched.Location.Offset += 4 }, "load"},
		{"how it was touched", step.LookParked, func(_ *meddler, th *thread) { th.touched.Kind = schedule.Add }, "load"},
		{"how much of it was touched", step.LookParked, func(_ *meddler, th *thread) { th.touched.Size++ }, "has it touch 4 bytes, and the code touches 5"},
		{"how much was written", step.WriteSlot, func(_ *meddler, th *thread) { th.touched.Size -= 8 }, "has it touch 40 bytes, and the code touches 32"},
		{"how much was read", step.CopySlot, func(_ *meddler, th *thread) { th.touched.Size++ }, "has it touch 40 bytes, and the code touches 41"},
		{"how much was put into two words", step.Ring, func(_ *meddler, th *thread) { th.touched.Size = 8 }, "has it touch 4 bytes, and the code touches 8"},
		{"the step's name", step.LookParked, func(_ *meddler, th *thread) { th.taken = step.LookHead }, "at LookParked"},
		{"a step that is none", step.LookParked, func(_ *meddler, th *thread) { th.taken = step.LookDonation }, "at LookParked"},
		{"a ring that was not", step.Ring, func(m *meddler, th *thread) { m.rings[th.side]++ }, "the word "},
		{"what has gone back", step.LookReturned, func(_ *meddler, th *thread) { th.saw++ }, ".Position"},
		{"what had gone back before", step.LoadReturned, func(_ *meddler, th *thread) { th.saw++ }, ".Position"},
		{"what was donated", step.LookDonation, func(_ *meddler, th *thread) { th.saw += 2 }, ".Seen"},
		{"that no other is ready", step.RetractReady, func(_ *meddler, th *thread) { th.saw ^= 3 }, ".Seen"},
	} {
		m := &meddler{when: after(c.after), do: func(m *meddler, thread int) { c.do(m, &m.threads[thread]) }}
		f := meddled(t, "donate", m) // threads, calls and slots of 2-1-1-1
		if f == nil || !strings.Contains(f.Message, c.field) {
			t.Errorf("%s is changed: %v", c.what, f)
		}
	}
}

// copier is a refinement that is told of another second part of each copy.
type copier struct {
	*Refinement
	more func(r *Refinement, thread int, e schedule.Event)
}

func (c *copier) More(thread int, e schedule.Event) { c.more(c.Refinement, thread, e) }

// The second part of a message's copy is compared with what the specification has in the
// slot: how long it is, and that it goes on where the first part ends; whether messages
// have one length or several.
func TestTheRestOfACopyIsSeen(t *testing.T) {
	for what, c := range map[string]struct {
		more  func(r *Refinement, thread int, e schedule.Event)
		found bool
	}{
		"as it is": {more: (*Refinement).More},
		"whatever the length": {found: true, more: func(r *Refinement, thread int, e schedule.Event) {
			e.Size = explore.PayloadSize - e.Size
			r.More(thread, e)
		}},
		"a byte further": {found: true, more: func(r *Refinement, thread int, e schedule.Event) {
			e.Location.Offset++
			r.More(thread, e)
		}},
		"written": {found: true, more: func(r *Refinement, thread int, e schedule.Event) {
			e.Kind = schedule.Write
			r.More(thread, e)
		}},
		"not at all": {found: true, more: func(*Refinement, int, schedule.Event) {}},
	} {
		for _, config := range []string{"1-1-2-1", "lengths", "lengths-2"} {
			v := values(t, config)
			r, err := newRefinement(explore.Channel(), v, nil)
			if err != nil {
				t.Fatal(err)
			}
			rep, err := explore.RunWatched(t.Context(), v, explore.Watch{Observer: &copier{r, c.more}, Alone: true}, schedule.Random(3, 50), schedule.Options{})
			if err != nil {
				t.Fatal(err)
			}
			f := rep.Failure
			if found := f != nil; found != c.found || found && (f.Property != Property || !strings.Contains(f.Message, "took CopySlot") || !strings.Contains(f.Message, "has it touch")) {
				t.Errorf("%s: a message is copied %s: %+v", config, what, f)
			}
		}
	}
}

// A mapping that is wrong is found where the two start, or at the first step
// that shows it.
func TestWrongMappings(t *testing.T) {
	for _, c := range []struct {
		what, config string
		wrong        func(r *Refinement)
	}{
		{"positions start one earlier", "1-1-1-1", func(r *Refinement) { r.start-- }},
		{"positions count backwards", "1-1-1-1", func(r *Refinement) { r.images[2], r.images[0] = r.images[0], r.images[2] }},
		{"a message counts for none", "1-1-1-1", func(r *Refinement) { r.images[2] = r.images[1] }},
		{"the sides are exchanged", "1-1-1-1", func(r *Refinement) { r.sides[0], r.sides[1] = r.sides[1], r.sides[0] }},
		{"one call more of each thread", "2-1-1-1", func(r *Refinement) { r.config.Calls++ }},
	} {
		v := values(t, c.config)
		r, err := newRefinement(explore.Channel(), v, nil)
		if err != nil {
			t.Fatal(err)
		}
		c.wrong(r)
		rep, err := explore.RunWatched(t.Context(), v, explore.Watch{Observer: r, Alone: true}, schedule.Random(3, 50), schedule.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if rep.Failure == nil || rep.Failure.Property != Property {
			t.Errorf("%s, and nothing is found: %v", c.what, rep.Failure)
		}
	}
}

// The procedure's argument and the call's result are compared.
func TestPayloadsAreSeen(t *testing.T) {
	for what, change := range map[string]func([]byte) []byte{
		"torn":  func(p []byte) []byte { return append([]byte{p[0] ^ 1}, p[1:]...) },
		"empty": func([]byte) []byte { return nil },
		"other": func(p []byte) []byte {
			other := append([]byte(nil), p...)
			other[1] ^= 3
			other[9] ^= 3
			return other
		},
	} {
		f := meddled(t, "2-1-1-1", &meddler{request: change})
		if f == nil || !strings.Contains(f.Message, "executes") {
			t.Errorf("%s: %v", what, f)
		}
		if f := meddled(t, "2-1-1-1", &meddler{reply: change}); f == nil || !strings.Contains(f.Message, "gets") {
			t.Errorf("a reply, %s: %v", what, f)
		}
	}
}

// An execution that stops where the specification goes on fails.
func TestTheEndIsCompared(t *testing.T) {
	v := values(t, "1-1-1-1")
	r, err := newRefinement(explore.Channel(), v, nil)
	if err != nil {
		t.Fatal(err)
	}
	early := explore.Watch{Observer: r, Alone: true, Gate: func(int) bool { return r.judged < 5 }}
	rep, err := explore.RunWatched(t.Context(), v, early, schedule.Random(1, 1), schedule.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if rep.Failure == nil || rep.Failure.Property != Property || !strings.Contains(rep.Failure.Message, "nobody can go on") {
		t.Errorf("%+v", rep.Failure)
	}
}

// Every step of the specification has its access, and every access its step.
func TestEveryStepHasItsAccess(t *testing.T) {
	known := map[step.Name]bool{}
	channel := memory.Config{Clients: 1, Servers: 1, Calls: 1, Slots: 1, Replies: 1, Spurious: true, Donation: true}
	call := memory.Config{Clients: 1, Servers: 1, Calls: 1, Slots: 1, Replies: 1, Leave: memory.Leave{Records: 1, Leavers: 1, End: memory.Expired}}
	death := memory.Config{Clients: 1, Servers: 1, Calls: 1, Slots: 1, Replies: 1, Leave: memory.Leave{Records: 1, Death: true}}
	queue := memory.Config{Clients: 1, Servers: 1, Calls: 1, Slots: 1, Replies: 1, Queue: true}
	stop := memory.Config{Clients: 1, Servers: 1, Calls: 1, Slots: 1, Replies: 1, Stops: true}
	of, left, dying, polling, stopped := memory.Processes(channel), memory.Processes(call), memory.Processes(death), memory.Processes(queue), memory.Processes(stop)
	for _, p := range slices.Concat(of[:2], left[:memory.NudgerSide+1], dying[:], polling[:2], stopped[:2], stopped[memory.StopperSide:]) {
		for _, s := range p.Steps {
			name, err := step.Parse(s.Label)
			if err != nil {
				t.Fatal(err)
			}
			known[name] = true
			if a := accesses[name]; a.owner == nowhere && name != step.Execute || a.kind == 0 && name != step.Execute {
				t.Errorf("%v has no access", name)
			}
		}
	}
	for name, a := range accesses {
		if a.owner != nowhere && !known[step.Name(name)] {
			t.Errorf("%v is no step of the specification", step.Name(name))
		}
	}
	for n := step.TestSetSend; n <= step.Yield; n++ {
		if _, leftOut := outside[n]; leftOut == known[n] && (n != step.Stop && n != step.LookStop) { // which are left out where no pool stops
			t.Errorf("%v: a step of the specification: %v, left out: %v", n, known[n], leftOut)
		}
	}
}
