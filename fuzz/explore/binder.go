package explore

import (
	"context"
	"errors"
	"strconv"
	"strings"

	"urpc/checker/catalogue"
	"urpc/checker/schedule"
	urpc "urpc/runtime"
	"urpc/runtime/channel"
	spec "urpc/spec/binding"
	"urpc/spec/memory"
	"urpc/spec/step"
)

// next is the procedure, and flip the one that is called where values are lied about.
var (
	next = urpc.NewProc[uint64, uint64]("next")
	flip = urpc.NewProc[mark, mark]("flip")
)

// mark is a value whose type has others than every five bytes.
type mark struct {
	Set    bool
	Also   nested
	More   [2]bool
	Number uint8
}

type nested struct{ Set bool }

const mostMark = 99

// Validate implements urpc.Validator.
func (m *mark) Validate() error {
	if m.Number > mostMark {
		return errors.New("out of range")
	}
	return nil
}

// binder is one execution of the target.
type binder struct {
	w       *world
	v       catalogue.Values
	server  *urpc.Server
	serving *host
	stopped context.Context // ends when the server is told to stop
	clients []*client
	names   []string // of all threads, in order of declaration
	called  bool     // a call was executed, if the stop waits for that
	long    bool     // what is called has values that are too long
	kept    []byte   // of the first call of a handler that keeps what it is given
}

// client is one client, and the server's thread for it.
type client struct {
	s         *host
	end, far  *end
	bound     *urpc.Client
	context   context.Context // of Bind
	connected bool            // to a server that accepts
	failed    bool            // the handshake
	corrupt   bool            // a call has found the server corrupt
	served    bool            // the server's thread has ended
	called    int             // calls of the first thread that have ended
	waiting   int             // threads that have not come to their end
	threads   []string
}

func bindProgram(v catalogue.Values) func(*schedule.T) { return bindProgramOf(v, func(*binder) {}) }

// bindProgramOf is bindProgram, whose executions are looked at when they have ended.
func bindProgramOf(v catalogue.Values, look func(b *binder)) func(*schedule.T) {
	l := newLending(sizeOfBinding(v))
	return func(t *schedule.T) {
		b := newBinder(t, v, l)
		b.start()
		t.AtEnd(func() { look(b) })
	}
}

// sizeOfBinding is that of the channel that the server allows.
func sizeOfBinding(v catalogue.Values) channel.Size {
	z := channel.Size{Slots: 1, Payload: 96}
	if v.Int("callers") > 0 && v.Word("slots") == "enough" || lies[v.Int("lies")].lie == lieAsks {
		z.Slots = 4
	}
	return z
}

func newBinder(t *schedule.T, v catalogue.Values, l *lending) *binder {
	z := l.size
	o := urpc.ServerOptions{Slots: int(z.Slots), MessageSize: int(z.Payload), Workers: 1, Bindings: 1, Poll: -1}
	long := v.Word("values") == "long"
	if long {
		o.MessageSize = tooLong
	}
	o.Authorize = authorize(v, false)
	b := &binder{v: v, long: long, server: urpc.NewServer(o)}
	b.w = newWorld(t, v.Int("faults"), l, v.Int("memory") == 1)
	b.w.narrow, b.w.hasty = v.Word("socket") == "narrow", v.Word("socket") == "hasty"
	b.w.inherit = v.Int("inherited") == 1
	err := urpc.Handle(b.server, next, func(ctx context.Context, n uint64) (uint64, error) {
		b.called = v.Word("stop") == "called" // else it matters to nobody
		if v.Word("handlers") == "wait" {
			b.w.await(step.Work, func() bool { return ctx.Err() != nil })
			b.w.saw(0)
		}
		return n + 1, nil
	})
	b.w.encoded = v.Word("values") == "encoded"
	switch {
	case b.w.encoded:
		err = errors.Join(err, b.handleEncoded())
	case lies[v.Int("lies")].lie == lieValue:
		err = errors.Join(err, urpc.Handle(b.server, flip, b.flip))
	case long:
		err = errors.Join(err, b.handleLong())
	}
	if err != nil {
		panic("explore: a procedure that cannot be served: " + err.Error())
	}
	b.serving = b.w.host("server")
	b.serving.declare = b.declare
	for i := range v.Int("clients") {
		c := &client{s: b.w.host(numberedAs("client", i, v.Int("clients"))), context: context.Background()}
		c.s.declare = b.declare
		c.end, c.far = b.w.connect(c.s, b.serving)
		c.s.owed = func() bool { return b.saysFarewell(c) }
		b.clients = append(b.clients, c)
	}
	b.clients[0].s.lies, b.serving.lies = liesOf(v.Int("lies"))
	b.clients[0].s.foreign, b.serving.foreign = v.Word("peers") == "other-client", v.Word("peers") == "other-server"
	b.serving.decides = o.Authorize != nil
	b.w.unseen, b.w.cuts = v.Word("peers") == "unseen", v.Word("context") != "stays"
	b.serving.reserved = func() (n uint64) {
		b.server.Look(func(reserved uint64) { n = reserved })
		return n
	}
	b.serving.told = b.told
	t.Shared(b.state)
	return b
}

func numberedAs(what string, i, of int) string {
	if of == 1 {
		return what
	}
	return what + " " + strconv.Itoa(i+1)
}

func (b *binder) start() {
	var stop context.CancelFunc
	b.stopped, stop = context.WithCancel(context.Background())
	if b.v.Word("stop") == "called" { // first of all, so that searches begin with the stop in the middle
		b.declare("who stops the server", func() {
			b.w.await(step.StopServer, func() bool { return b.called })
			stop()
		})
	}
	for i, c := range b.clients {
		b.run(c, c.s.name, func() { b.bind(i) })
		for n := range b.v.Int("callers") {
			b.run(c, c.s.name+"'s caller "+strconv.Itoa(n+1), func() { b.afterwards(c, func() { b.call(c) }) })
		}
		for n := range b.v.Int("closers") {
			b.run(c, c.s.name+"'s closer "+strconv.Itoa(n+1), func() { b.afterwards(c, func() { b.close(c) }) })
		}
	}
	for _, c := range b.clients {
		c.s.hire(step.NoticeExit, step.Notice)
	}
	if most := b.v.Int("listen"); most > 0 {
		b.startListening(most)
	} else {
		b.startServing()
	}
	if b.v.Word("stop") == "yes" {
		b.declare("who stops the server", func() {
			b.w.step(step.StopServer)
			stop()
		})
	}
	if b.v.Word("context") == "ends" {
		b.startCancelling(b.clients[0])
	}
	if dies := b.v.Int("death"); dies > 0 {
		b.declare("who kills", func() {
			[]*host{1: b.clients[0].s, 2: b.serving}[dies].die()
		})
	}
	if b.serving.lies == lieLate {
		b.declare("hostile", b.w.shrink)
	}
	b.w.t.AtEnd(func() {
		if o := b.w.m.observer; o != nil {
			b.w.m.observer = nil // what follows are looks, not steps
			o.End()
		}
		if !b.w.alone {
			b.end()
		}
		stop()
	})
}

// startServing declares the threads of a server that is given its connections.
func (b *binder) startServing() {
	for i, c := range b.clients {
		name := numberedAs("server", i, len(b.clients))
		b.serving.names = append(b.serving.names, name)
		b.declare(name, func() { b.serve(c) })
	}
	for range b.clients {
		b.serving.hire(step.NoticeExit, step.Notice, step.StopProcessors)
	}
}

// run declares a thread of a client.
func (b *binder) run(c *client, name string, f func()) {
	c.s.names = append(c.s.names, name)
	c.threads = append(c.threads, name)
	c.waiting |= 1 << (len(c.threads) - 1)
	bit := 1 << (len(c.threads) - 1)
	b.declare(name, func() {
		f()
		c.waiting &^= bit
	})
}

// startCancelling declares the thread that ends the context of a client's Bind.
func (b *binder) startCancelling(c *client) {
	ctx, cancel := context.WithCancel(c.context)
	c.context = ctx
	b.declare("who cancels", func() {
		b.w.step(step.Cancel)
		cancel()
	})
	b.w.t.AtEnd(cancel)
}

// options are those of a client: it allows as much memory as that channel takes for which
// there is some, and asks for it where it is lied to about it, or the server allows more.
func (b *binder) options() urpc.Options {
	o := urpc.Options{
		Poll: -1, Donate: urpc.NeverDonate, Memory: 2 * b.w.lending.bytes,
		Procedures: b.demand(), Authorize: authorize(b.v, true),
	}
	z := b.w.lending.size
	if b.serving.lies == lieGranted {
		o.Slots = int(z.Slots)
	}
	if b.serving.lies == lieGranted || b.long {
		o.MessageSize = int(z.Payload)
	}
	return o
}

// bind binds, calls and closes.
func (b *binder) bind(i int) {
	c := b.clients[i]
	if l := b.serving.listener; l != nil {
		if c.connected = l.connect(c); !c.connected {
			c.failed = true
			return
		}
	} else if i > 0 {
		b.w.await(step.Connect, func() bool { return b.clients[i-1].served || b.serving.dead })
	}
	var bound *urpc.Client
	spared := Formed
	if b.panics() {
		spared = Admitted
	}
	err := b.spares(spared, func() (err error) {
		bound, err = urpc.BindOver(c.context, c.s, c.end, b.options())
		return err
	})
	if err != nil {
		b.failed(c, err)
		return
	}
	c.bound, c.s.ends = bound, c.ends
	b.w.check(Granted, b.serving.lies != lieGranted && b.serving.lies != lieNoSize, "a client is bound to a server that grants what it has not asked for, or what there is not: %d slots and messages of %d bytes", bound.Slots(), bound.MessageSize())
	b.w.check(Formed, !b.serving.lies.ill() && !c.s.lies.ill(), "client and server are bound by %s", b.w.forged)
	b.w.check(Bounded, b.serving.lies != lieProcedures, "a client is bound to a server with a table of %d procedures", mostProcedures+1)
	b.w.check(Admitted, b.admitted(c), "%s and the server are bound, and do not admit each other", c.s.name)
	b.w.check(Demanded, !b.lacks(), "a client is bound to a server that has not what it demands")
	b.server.Look(func(reserved uint64) {
		served := b.server.Counters().Bindings
		b.w.check(MostBindings, reserved <= 1 && served <= 1, "the server allows one binding, and has %d, %d of them served", reserved, served)
	})
	for range b.v.Int("calls") {
		b.w.t.Mark("call")
		b.call(c)
		c.called++
	}
	b.w.t.Mark("close")
	b.close(c)
}

// failed judges a handshake that failed.
func (b *binder) failed(c *client, err error) {
	c.failed = true
	left := c.s.left(c.end)
	b.w.check(spec.NoBinding, left == "", "the client has %s left of a handshake that failed: %v", left, err)
	refused := errors.Is(err, urpc.ErrUnauthorized)
	b.w.check(Admitted, !refused || !b.admitted(c), "client and server admit each other, and the handshake fails: %v", err)
	b.w.check(Admitted, refused || b.admitted(c) || b.mayBreak(), "client and server do not admit each other, and the handshake fails with: %v", err)
	b.w.check(Demanded, !b.lacks() || !b.admitted(c) || b.mayBreak() || b.saysWhat(err), "the server has not what is demanded, and the handshake fails with: %v", err)
	b.w.check(Whole, b.mayFail(), "a handshake fails, and bytes came in parts %d times: %v", b.w.parts, err)
	b.w.check(spec.Places, !errors.Is(err, urpc.ErrOverloaded) || b.overloaded(err), "the server serves nobody, and refuses a client: %v", err)
}

// saysFarewell says whether a server that hangs up on a client says before that it stops: one
// that was told to, serves it, lives, and finds room and time for that.
func (b *binder) saysFarewell(c *client) bool {
	return b.told() && c.far.shaken && !b.serving.dead && b.v.Word("socket") == "wide" && b.v.Word("lies") == "none"
}

// mayFail says whether something has gone wrong, was done or stands in the way, for which a
// handshake may fail.
func (b *binder) mayFail() bool { return b.mayBreak() || !b.admitted(b.clients[0]) || b.lacks() }

// mayBreak says whether something has gone wrong, or was done, with which a handshake may end.
func (b *binder) mayBreak() bool {
	return b.w.refused > 0 || b.v.Word("lies") != "none" || b.v.Word("stop") != "no" || b.v.Word("death") != "nobody" || b.v.Int("listen") > 0 ||
		b.clients[0].context.Err() != nil
}

// afterwards does something when the client is bound.
func (b *binder) afterwards(c *client, f func()) {
	b.w.await(step.Connect, func() bool { return c.bound != nil || c.failed })
	if b.w.sawIf(c.failed); !c.failed {
		f()
	}
}

// flip is the handler of that procedure.
func (b *binder) flip(_ context.Context, m mark) (mark, error) {
	b.w.check(Typed, b.clients[0].s.lies != lieValue, "a handler is given a value, of a call with %s", b.w.forged)
	return mark{Set: !m.Set, Number: m.Number + 1}, nil
}

// callTyped calls it once, and either the call has no value or the reply has none.
func (b *binder) callTyped(c *client) {
	err := b.spares(Typed, func() error {
		_, err := flip.Call(context.Background(), c.bound, mark{Set: true, Number: 41})
		return err
	})
	want := urpc.ErrCorrupt
	if c.s.lies == lieValue {
		want = urpc.ErrRefused
	}
	over := b.mayEnd() && (errors.Is(err, urpc.ErrClosed) || errors.Is(err, urpc.ErrPeerDied))
	b.w.check(Typed, errors.Is(err, want) || over, "a call ends with: %v, want %v: one of the two messages has %s", err, want, b.w.forged)
}

// call calls the procedure once.
func (b *binder) call(c *client) {
	switch {
	case b.w.encoded:
		b.callEncoded(c)
		return
	case c.s.lies == lieValue || b.serving.lies == lieValue:
		b.callTyped(c)
		return
	case b.long:
		b.callLong(c)
		return
	}
	reply, refused, err := b.next(c)
	died := errors.Is(err, urpc.ErrPeerDied)
	b.w.check(Lives, !died || b.peerWent(c), "a call ends, and the server lives: %v", err)
	b.w.check(Departed, !died || b.departed(c, err), "a call ends with: %v; the server is dead: %v, has hung up: %v, has said that it stops: %v", err, b.serving.dead, c.far.closed, c.end.stopped)
	b.w.check(Lingers, !died || !c.end.stopped || c.s.lingered, "a call has had no time to find its reply: %v", err)
	switch {
	case b.serving.lies == lieLength && errors.Is(err, urpc.ErrCorrupt):
		c.corrupt = true
		b.w.check(CorruptEnds, c.ends(), "a call ends, and its binding does not: %v", err)
	case b.serving.lies == lieNotice && errors.Is(err, urpc.ErrCorrupt): // it has come across that byte
	case c.s.lies == lieNumber:
		b.w.check(Offered, errors.Is(err, urpc.ErrRefused) || b.mayEnd() && (errors.Is(err, urpc.ErrClosed) || died), "a call of a procedure that there is not ends with: %v", err)
	case err == nil:
		b.w.check(memory.OwnResult, reply == 42, "the procedure gives %d, want 42", reply)
	case !errors.Is(err, urpc.ErrClosed) && !died:
		b.w.check(spec.EndsClosed, false, "a call ends with: %v", err)
	}
	b.endsByCause(c, refused, err)
}

// next calls the procedure, and tells whether the call was refused since the binding has
// ended. A call that panics ends as none may.
func (b *binder) next(c *client) (reply uint64, refused bool, err error) {
	self := uint64(1) << b.w.t.Self()
	defer func() {
		// One that waits, and looks when the server has stopped, is as one that was refused.
		refused = (c.s.causes.refused|b.w.waiting.told)&self != 0
		c.s.causes.refused &^= self
		b.w.waiting.ends(b.w.t.Self())
	}()
	defer func() {
		p := recover()
		text, trespass := trespassOf(p)
		b.w.check(spec.EndsClosed, !trespass, "a call ends in a panic: %s", text)
		if p != nil {
			panic(p)
		}
	}()
	reply, err = next.Call(context.Background(), c.bound, 41)
	return reply, false, err
}

// ends says whether the client's binding has ended, or is about to.
func (c *client) ends() bool {
	var looked []uint64
	c.bound.Look(func(v uint64) { looked = append(looked, v) })
	return looked[0]&1 != 0
}

// mayEnd says whether a binding may end while its client calls.
func (b *binder) mayEnd() bool {
	return b.v.Int("callers") > 0 || b.v.Int("closers") > 0 || b.v.Word("stop") != "no" || b.v.Word("death") != "nobody"
}

// close closes the client, and tries it once more.
func (b *binder) close(c *client) {
	c.s.causes.closing |= 1 << b.w.t.Self()
	err := c.bound.Close()
	b.w.check(Told, err != nil == c.end.kept, "memory was not unmapped: %v, and close gives: %v", c.end.kept, err)
	left := c.s.left(c.end)
	b.w.check(spec.CloseWaits, left == "", "the client has %s left when close has returned", left)
	_, refused, err := b.next(c)
	b.w.check(spec.EndsClosed, errors.Is(err, urpc.ErrClosed) || (c.corrupt || b.serving.lies == lieNotice) && errors.Is(err, urpc.ErrCorrupt) || b.peerWent(c) && errors.Is(err, urpc.ErrPeerDied),
		"a call on a binding that was closed ends with: %v", err)
	b.w.check(Formed, b.serving.lies != lieNotice || !strings.Contains(err.Error(), "the server has stopped"), "the server has sent another byte than the one that says that it stops, and a call ends with: %v", err)
	b.endsByCause(c, refused, err)
}

// departed says whether the server has gone in the way that the error of a call tells.
func (b *binder) departed(c *client, err error) bool {
	var died *urpc.PeerDiedError
	if !errors.As(err, &died) {
		return false
	}
	switch died.Cause {
	case "process exited":
		return b.serving.dead
	case "hung up":
		return c.far.closed
	case "server stopped":
		return c.end.stopped
	}
	return false
}

// peerWent says whether the server may have gone before the client closed.
func (b *binder) peerWent(c *client) bool {
	return c.far.closed || b.serving.dead || b.told()
}

// serve is the server's thread for one client.
func (b *binder) serve(c *client) {
	var err error
	serve := func() error { return b.server.ServeOver(b.stopped, b.serving, c.far) }
	switch {
	case b.long:
		err = b.spares(Sized, serve)
	case b.panics():
		err = b.spares(Admitted, serve)
	default:
		err = b.spares(Formed, serve)
	}
	b.w.check(Told, err != nil || !c.far.kept, "memory was not unmapped, and the server has nothing to tell of it")
	left := b.serving.left(c.far)
	b.w.check(spec.NothingLeft, left == "" || errors.Is(err, urpc.ErrHandshake), "the server has %s left of a binding that it has done with: %v", left, err)
	b.w.check(spec.NoBinding, left == "", "the server has %s left of a handshake that failed: %v", left, err)
	c.served = true
}

// state adds what the target knows to a digest.
func (b *binder) state(d *schedule.Digest) {
	d.Word(uint64(oneIf(b.called))<<1 | uint64(oneIf(b.stopped.Err() != nil)))
	d.Bytes(b.kept)
	b.server.Look(d.Word)
	if l := b.serving.listener; l != nil {
		l.state(d)
	}
	n := b.server.Counters()
	d.Word(uint64(n.Bindings)<<48 | n.Bound<<32 | n.Refused<<16 | n.Died)
	for _, c := range b.clients {
		d.Word(uint64(oneIf(c.failed))<<1 | uint64(oneIf(c.served)) | uint64(oneIf(c.corrupt))<<31 | uint64(c.waiting)<<2 | uint64(c.called)<<32)
		if c.bound != nil {
			c.bound.Look(d.Word)
		}
	}
}

// told says whether the server is to stop: it was told to, or its listener has failed and it
// has told so itself those who serve its clients, by the context that it made first.
func (b *binder) told() bool {
	s := b.serving
	return b.stopped.Err() != nil || s.listener != nil && s.listener.failed && s.stops[0].ctx.Err() != nil
}

// neverAsks says whether a client waits for ever, since it has asked for nothing, and nobody
// tells the server that accepts clients to wait for it no longer. Then a place is its own.
func (b *binder) neverAsks(c *client) bool {
	return b.serving.listener != nil && c.s.lies == lieSilent && c.waiting != 0 && !c.s.dead && !b.serving.dead && !b.told()
}

// end judges an execution in which nobody can go on.
func (b *binder) end() {
	gone := b.serving.dead
	for _, c := range b.clients {
		for i, name := range c.threads {
			if c.waiting>>i&1 == 0 || c.s.dead || b.neverAsks(c) {
				continue
			}
			b.w.check(spec.Noticed, !gone && !c.far.closed, "%s waits for ever, and the server is gone", name)
			b.w.check(Cancelled, i > 0 || c.bound != nil || c.context.Err() == nil, "%s waits for ever, and the context of its Bind has ended", name)
			b.w.t.Fail(Deadlock, "%s waits for ever", name)
		}
		if !c.served && !gone && b.serving.listener == nil {
			b.w.check(spec.Noticed, !c.s.dead && !c.end.closed, "the server serves for ever, and the client is gone")
			b.w.t.Fail(Deadlock, "the server serves for ever")
		}
	}
	b.w.childrenEnd()
	if l := b.serving.listener; l != nil {
		l.end()
	}
	for _, m := range b.w.memory {
		b.w.check(Spares, m.number != channel.Calls || m.word(b.w.words.Donated) == 0, "%d processors were donated", m.word(b.w.words.Donated))
		b.w.check(spec.NothingLeft, m.refs == 0, "segment %d is left when both sides have done with it, %d times open or mapped", m.number, m.refs)
	}
	b.server.Look(func(reserved uint64) {
		b.w.check(spec.Places, gone || reserved == 0 && b.server.Counters().Bindings == 0, "the server serves nobody, and counts a binding")
	})
}
