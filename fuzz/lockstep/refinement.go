package lockstep

import (
	"fmt"
	"math"
	"slices"

	"urpc/checker"
	"urpc/checker/catalogue"
	"urpc/checker/schedule"
	"urpc/fuzz/explore"
	"urpc/spec/memory"
	"urpc/spec/step"
)

// Property is the name under which an execution fails that does not refine the
// specification.
const Property = "refinement"

// Refinement runs the specification along with executions of target queue, channel, call or
// death.
// It is an explore.Observer; the zero value is none.
//
// The states in which the specification may be are its candidates. There is one,
// except while a procedure runs: when the specification executes it, between the
// processor's unlocking and its next test-and-set, shows in no word.
type Refinement struct {
	target       explore.Target
	config       memory.Config
	sides        [memory.AllSides]checker.Process[memory.CallState]
	names        [memory.AllSides][]step.Name // of the sides' steps, by index
	slots, start uint32
	records      int    // of calls
	generation   uint64 // of them before their first call
	says         explore.Messages
	images       []uint8 // of counts of messages, from -slots on
	graph        *Graph  // nil: the steps are taken, not looked up
	coverage     *Coverage
	gated        bool

	// Of one execution.
	watched  explore.Watched
	threads  []thread
	standing int // threads that have come to their first step
	pending  int // thread whose step has been taken and not yet judged; none
	image    memory.CallState
	odd      odd
	rings    [2]uint32
	nudges   uint32
	held     uint32 // holders of the client's memory, twice, and whether it is closed
	// Where calls may be left: how often each record was opened, and by which call.
	opened [memory.MaxRecords]int
	calls  [memory.MaxRecords][memory.Generations]int

	candidates, next []candidate
	judged           uint64 // steps so far
	failed           bool
	ids              []uint32 // of the candidates, while they are sorted

	// Over all executions.
	steps   uint64
	stutter [stutters]uint64
	largest int
}

const none = -1

// candidate is a state in which the specification may be.
type candidate struct {
	state memory.CallState
	id    uint32 // in the graph, if there is one
}

// newRefinement makes the check for a configuration of target queue, channel, call or
// death. graph may be nil.
func newRefinement(t explore.Target, v catalogue.Values, graph *Graph) (*Refinement, error) {
	c, err := specified(t, v)
	if err != nil {
		return nil, err
	}
	r := &Refinement{
		target: t, config: c, sides: memory.Processes(c), graph: graph,
		slots: uint32(c.Slots), start: explore.Start(v), records: c.Clients, threads: make([]thread, threadsOf(c)),
		says: explore.MessagesOf(t, v),
	}
	if c.Leaves() {
		r.records = c.Leave.Records
	}
	if t.Name == explore.Call().Name {
		r.generation = explore.Generation(v)
	}
	for side, p := range r.sides {
		for _, s := range p.Steps {
			name, err := step.Parse(s.Label)
			if err != nil {
				panic(fmt.Sprintf("lockstep: the specification's step: %v", err))
			}
			r.names[side] = append(r.names[side], name)
		}
	}
	for count := -c.Slots; count <= c.Clients*c.Calls; count++ {
		r.images = append(r.images, c.Image(memory.ClientSide, count))
	}
	if graph != nil {
		r.coverage = newCoverage(graph)
	}
	return r, nil
}

// specified gives the configuration of the specification that a configuration of
// the target refines.
func specified(t explore.Target, v catalogue.Values) (memory.Config, error) {
	var c memory.Config
	var err error
	switch t.Name {
	case explore.Queue().Name:
		if v.Int("payload") > 0 {
			return c, fmt.Errorf("lock-step: %w: messages that fill their slots are judged by the target itself", ErrNotTied)
		}
		c = memory.Config{
			Clients: v.Int("senders"), Servers: v.Int("receivers"), Calls: v.Int("messages"),
			Slots: explore.Slots(v), Replies: explore.Slots(v), Queue: true,
		}
	case explore.Donation().Name:
		c = specifiedDonation(v)
	case explore.Call().Name:
		if c = specifiedCall(v); v.Int("twice") > 0 {
			return c, fmt.Errorf("lock-step: %w: a server that sends replies twice is none of ours", ErrNotTied)
		}
		if v.Int("stayers") > 0 {
			return c, fmt.Errorf("lock-step: %w: who may leave are the first threads in the specification", ErrNotTied)
		}
		if v.Word("flood") == "yes" {
			return c, fmt.Errorf("lock-step: %w: a server that replies to calls that nobody made is none of ours", ErrNotTied)
		}
		if v.Word("poll") == "yes" {
			return c, fmt.Errorf("lock-step: %w: nobody polls in the specification", ErrNotTied)
		}
		if v.Word("names") == "yes" {
			return c, fmt.Errorf("lock-step: %w: %s", ErrNotTied, ofName)
		}
	case explore.Death().Name:
		if c, err = specifiedDeath(v); err != nil {
			return c, err
		}
	default:
		c = memory.Config{
			Clients: v.Int("clients"), Servers: v.Int("servers"), Calls: v.Int("calls"),
			Slots: explore.Slots(v), Replies: explore.Slots(v), Spurious: v.Int("spurious") > 0, Donation: v.Int("donate") == 1,
		}
	}
	switch {
	case c.Clients > memory.MaxClients:
		return c, fmt.Errorf("lock-step: %w: %d %ss, the specification has at most %d", ErrNotTied, c.Clients, c.ProcessName(memory.ClientSide), memory.MaxClients)
	case c.Servers > memory.MaxServers:
		return c, fmt.Errorf("lock-step: %w: %d %ss, the specification has at most %d", ErrNotTied, c.Servers, c.ProcessName(memory.ServerSide), memory.MaxServers)
	case c.Slots > memory.MaxSlots:
		return c, fmt.Errorf("lock-step: %w: %d slots, the specification has at most %d", ErrNotTied, c.Slots, memory.MaxSlots)
	case c.Calls > maxCalls:
		return c, fmt.Errorf("lock-step: %w: %d calls, a caller of the specification counts to %d", ErrNotTied, c.Calls, maxCalls)
	}
	if err := c.Fits(); err != nil {
		return c, fmt.Errorf("lock-step: %w: %w", ErrNotTied, err)
	}
	return c, nil
}

// maxCalls is how far memory.Caller.Number counts.
const maxCalls = 255

var _ explore.Observer = (*Refinement)(nil)

// Begin implements explore.Observer.
func (r *Refinement) Begin(w explore.Watched) {
	r.watched = w
	if w.T.ByStates() {
		w.T.Shared(r.state)
	}
	r.reset()
	r.candidates = append(r.candidates[:0], candidate{state: memory.Initial(r.config)})
	if r.coverage != nil {
		r.candidates[0].id = r.graph.initial
		r.coverage.stateTaken(r.graph.initial)
	}
}

// reset forgets the execution before.
func (r *Refinement) reset() {
	r.standing, r.pending, r.judged, r.failed = 0, none, 0, false
	r.rings, r.nudges, r.held = [2]uint32{r.start, r.start}, 0, 0
	r.image, r.opened = memory.CallState{}, [memory.MaxRecords]int{}
	for i := range r.threads {
		side, self := sideOf(r.config, i)
		r.threads[i] = thread{side: side, self: self, actual: i}
	}
}

// state adds the states in which the specification may be to a digest: all else
// that is known of an execution is a function of the code's state. There is a
// graph (see Run).
func (r *Refinement) state(d *schedule.Digest) {
	r.ids = r.ids[:0]
	for i := range r.candidates {
		r.ids = append(r.ids, r.candidates[i].id)
	}
	slices.Sort(r.ids)
	for _, id := range r.ids {
		d.Word(uint64(id))
	}
}

// Stand implements explore.Observer.
func (r *Refinement) Stand(thread int, name step.Name, e schedule.Event) {
	if r.failed {
		return
	}
	th := &r.threads[thread]
	th.at, th.event = name, e
	r.arrive(thread)
}

// Ended implements explore.Observer.
func (r *Refinement) Ended(thread int) {
	if r.failed {
		return
	}
	r.threads[thread].at = step.None
	r.arrive(thread)
}

// arrive judges the step that the thread has taken, now that its effect, and
// where the thread stands after it, can be seen.
func (r *Refinement) arrive(thread int) {
	th := &r.threads[thread]
	switch {
	case r.pending == thread:
		r.judge(th)
	case !th.standing:
		// Where all start is compared with the first step that is judged: it tells who
		// takes it, and where it stands in the specification.
		th.standing = true
		r.standing++
	case th.executes:
		r.compare(th)
	}
	if th.returned {
		r.returns(th)
	}
}

// Take implements explore.Observer.
func (r *Refinement) Take(thread int) {
	if r.failed {
		return
	}
	if r.pending != none {
		panic(fmt.Sprintf("lockstep: thread %d goes on before the step of thread %d was judged", thread, r.pending))
	}
	r.pending = thread
	th := &r.threads[thread]
	th.taken, th.touched, th.saw = th.at, th.event, 0
	th.came = th.taken
}

// Saw implements explore.Observer.
func (r *Refinement) Saw(thread int, value uint32) { r.threads[thread].saw = value }

// More implements explore.Observer.
func (r *Refinement) More(thread int, e schedule.Event) { r.threads[thread].goesOn(e) }

// goesOn notes that the copy of a message goes on with these bytes. If they are not the next
// ones, it has no size that the specification could have.
func (th *thread) goesOn(e schedule.Event) {
	next := th.touched.Location
	if next.Offset += th.touched.Size; e.Kind != th.touched.Kind || e.Location != next {
		th.touched.Size = apart
		return
	}
	th.touched.Size += e.Size
}

// apart is the size of a copy that is not one of bytes in a row.
const apart = math.MaxUint32

// End implements explore.Observer.
func (r *Refinement) End() {
	if r.failed || r.gated {
		return
	}
	r.compare(nil)
	for i := range r.candidates {
		if r.stuck(&r.candidates[i]) {
			return
		}
	}
	r.fail(&difference{r: r, what: "nobody can go on"})
}

// Execute implements explore.Observer. Where the procedure is no step of the
// execution, the specification may from now on take its own at any time.
func (r *Refinement) Execute(thread int, request []byte) {
	if r.failed {
		return
	}
	th := &r.threads[thread]
	number, whole := explore.Number(request)
	if r.gated && r.pending == thread && th.taken == step.Execute {
		r.executing(th, number, whole)
		return // the step itself is judged when the thread has come to its next one
	}
	if th.executes {
		r.fail(&difference{r: r, th: th, what: "executes a call a second time"})
	}
	th.at = step.Execute
	if r.pending == thread {
		r.judge(th)
	} else {
		r.compare(th)
	}
	r.executing(th, number, whole)
	th.executes = true
	r.close()
}

// executing compares the argument that the procedure is given.
func (r *Refinement) executing(th *thread, number uint64, whole bool) {
	r.keep(func(c *candidate) bool {
		i, ok := r.callOf(&c.state, threadOf(&c.state, th).Message)
		return ok && whole && number == explore.Argument(i)
	}, &difference{r: r, th: th, what: "executes", payload: true, number: number, detail: func(s *memory.CallState) string {
		return "is to execute " + threadOf(s, th).Message.String()
	}})
}

// Return implements explore.Observer.
func (r *Refinement) Return(thread int, reply []byte) {
	th := &r.threads[thread]
	number, whole := explore.Number(reply)
	if r.config.Queue {
		r.receives(th, number, whole)
		return
	}
	th.returned, th.result = true, number
	if !whole {
		th.result = 0
	}
}

// returns compares the result that the call of a thread has given.
func (r *Refinement) returns(th *thread) {
	th.returned = false
	r.keep(func(c *candidate) bool {
		if c.state.Caller[th.self].At != step.CloseCall {
			return false
		}
		i, ok := r.callOf(&c.state, r.resultOf(&c.state, th))
		return ok && i == th.self*r.config.Calls+int(c.state.Caller[th.self].Number) && th.result == explore.Result(explore.Argument(i))
	}, &difference{r: r, th: th, what: "gets", payload: true, number: th.result, detail: func(s *memory.CallState) string {
		return "returns " + r.resultOf(s, th).String()
	}})
}

// receives compares what a receiver has received, by its unlocking, which is judged
// next.
func (r *Refinement) receives(th *thread, number uint64, whole bool) {
	if r.failed {
		return
	}
	if th.received = true; !whole {
		number = 0
	}
	r.keep(func(c *candidate) bool {
		m := threadOf(&c.state, th).Message
		sender, n := m.Name()
		return whole && m != 0 && number == explore.Content(sender, n)
	}, &difference{r: r, th: th, what: "receives", payload: true, number: number, detail: func(s *memory.CallState) string {
		return "has received " + threadOf(s, th).Message.String()
	}})
}

// receivedNothing fails if the specification has received a message and the code has
// not told of it.
func (r *Refinement) receivedNothing(th *thread) {
	r.keep(func(c *candidate) bool { return threadOf(&c.state, th).Message == 0 || th.received }, &difference{
		r: r, th: th, what: "has received nothing", detail: func(s *memory.CallState) string {
			return "has received " + threadOf(s, th).Message.String()
		},
	})
	th.received = false
}

// resultOf is the result that stands in the record of a thread's call.
func (r *Refinement) resultOf(s *memory.CallState, th *thread) memory.Message {
	if j := r.recordOf(s, th); j >= 0 {
		return s.Caller[j].Result
	}
	return 0
}

// keep drops the candidates that are not such, and fails if none is left.
func (r *Refinement) keep(such func(*candidate) bool, d *difference) {
	r.next = r.next[:0]
	for i := range r.candidates {
		if such(&r.candidates[i]) {
			r.next = append(r.next, r.candidates[i])
		}
	}
	if len(r.next) == 0 {
		r.fail(d)
	}
	r.candidates, r.next = r.next, r.candidates
}

// compare compares the candidates with what is decoded, where no step was taken.
func (r *Refinement) compare(th *thread) {
	r.look()
	for i := range r.candidates {
		if r.agrees(&r.candidates[i].state) {
			return
		}
	}
	r.fail(&difference{r: r, th: th, what: "stands elsewhere", decoded: true})
}

// judge demands that the step which was taken be one of the specification, from
// some candidate, to a state that is decoded as the present one.
func (r *Refinement) judge(th *thread) {
	r.remember(th, th.taken)
	th.executes = false
	if r.config.Queue && th.taken == step.UnlockReceive {
		r.receivedNothing(th)
	}
	r.look()
	r.next = r.next[:0]
	stuttered := notStutter
	for i := range r.candidates {
		before := &r.candidates[i]
		// It is copied to where it may stay, so that no step allocates.
		r.next = append(r.next, *before)
		after := &r.next[len(r.next)-1]
		how, s := r.advance(after, th)
		if how != taken || !r.agrees(&after.state) {
			r.next = r.next[:len(r.next)-1]
			continue
		}
		stuttered = s
		if r.coverage != nil && s == notStutter {
			r.coverage.taken(before.id, th.number(r), after.id)
		}
	}
	if len(r.next) == 0 {
		r.fail(&difference{r: r, th: th, step: true, decoded: true})
	}
	r.candidates, r.next = r.next, r.candidates
	r.pending = none
	r.judged++
	r.steps++
	r.stutter[stuttered]++
	r.close()
}
