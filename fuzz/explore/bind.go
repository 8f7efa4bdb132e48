package explore

import (
	"errors"
	"slices"

	"urpc/checker/catalogue"
	spec "urpc/spec/binding"
	"urpc/spec/memory"
)

var bindTarget = Target{
	Name: "bind",
	Doc:  "the life of a binding: the handshake, calls, close, the death of either side, and the next binding",
	Parameters: []catalogue.Parameter{
		{Name: "calls", Doc: "calls of the client's thread before it closes", Default: 1, Max: 3},
		{Name: "callers", Doc: "further threads of the client, of one call each", Max: 2},
		{Name: "closers", Doc: "further threads of the client that close", Max: 2},
		{Name: "clients", Doc: "clients, one after the other", Default: 1, Min: 1, Max: 2},
		{Name: "listen", Doc: "how many handshakes at once a server allows that accepts its clients, who come all at once; 0: it is given their connections, one after the other", Max: 2},
		{Name: "stop", Doc: "whether the server is told to stop, at any time, or at any time after the first call was executed; or the listener of one that accepts its clients fails, at any time", Max: 3, Words: []string{"no", "yes", "called", "fails"}},
		{Name: "death", Doc: "who dies, at any time", Max: 2, Words: []string{"nobody", "client", "server"}},
		{Name: "inherited", Doc: "whether a child holds the sockets of who dies", Max: 1, Words: []string{"no", "yes"}},
		{Name: "faults", Doc: "requests that the machine may refuse, or answer in part", Max: 2},
		{Name: "lies", Doc: "how the server is hostile, or the client", Max: len(lies) - 1, Words: lieWords()},
		{Name: "peers", Doc: "what the kernel tells of the other process: that it is of the own user; that the client, or the server, is of another one; or nothing, as of another pid namespace", Max: 3, Words: []string{"own", "other-client", "other-server", "unseen"}},
		{Name: "authorize", Doc: "who decides by a function of its own whether it trusts the other, and what that does", Max: len(authorities) - 1, Words: authorityWords()},
		{Name: "demands", Doc: "what the client demands: nothing, a procedure that the server has, or beside that one which it has not, or with another type of request, or of reply", Max: len(demands) - 1, Words: demandWords()},
		{Name: "context", Doc: "whether handshakes end with their contexts, which the server's does when it is told to stop; and whether that of the first client's Bind ends, at any time", Max: 2, Words: []string{"stays", "ends", "stops"}},
		{Name: "values", Doc: "whether the values of the calls fit the messages of the binding; or are encoded, each in one of many ways", Max: 2, Words: []string{"fit", "long", "encoded"}},
		{Name: "socket", Doc: "whether a socket holds all that is sent; or one message that is not read; or all, and what is written, or read, in a hurry may come too late", Max: 2, Words: []string{"wide", "narrow", "hasty"}},
		{Name: "slots", Doc: "whether there is a slot of each queue for every call; or one, and who finds it used waits", Max: 1, Words: []string{"enough", "one"}},
		{Name: "handlers", Doc: "what handlers do: return at once, or when their context has ended", Max: 1, Words: []string{"return", "wait"}},
		{Name: "memory", Doc: "whether accesses to memory are steps of their own", Max: 1, Words: []string{"coarse", "fine"}},
	},
	Configurations: []catalogue.Configuration{
		{Name: "default", Doc: "a client binds, calls once and closes"},
		{Name: "stop", Doc: "the server is told to stop meanwhile", Set: map[string]int{"stop": 1}},
		{Name: "stop-called", Doc: "the server is told to stop between two calls, or while one is executed", Set: map[string]int{"stop": 2, "calls": 2}},
		{Name: "stop-exits", Doc: "the same, and then the server dies, or before", Set: map[string]int{"stop": 2, "calls": 2, "death": 2}},
		{Name: "stop-narrow", Doc: "the server is told to stop, and sockets hold one message", Set: map[string]int{"stop": 1, "socket": 1, "calls": 0}},
		{Name: "stop-hasty", Doc: "the server is told to stop, and may have no time to say so", Set: map[string]int{"stop": 1, "socket": 2, "calls": 0}},
		{Name: "dies-hasty", Doc: "the same, and it dies, and its client may have no time to read what it has said", Set: map[string]int{"stop": 1, "socket": 2, "death": 2, "calls": 0}},
		{Name: "callers", Doc: "another thread calls, too", Set: map[string]int{"callers": 1}},
		{Name: "callers-wait", Doc: "the same, and there is one slot", Set: map[string]int{"callers": 1, "slots": 1}},
		{Name: "close-wait", Doc: "two threads call, there is one slot, and a call lasts until its handler is told that its client is gone, or that the server stops: another call waits meanwhile, and the client closes", Set: map[string]int{"callers": 2, "slots": 1, "calls": 0, "handlers": 1}, Large: true},
		{Name: "stop-wait", Doc: "the same with one more thread, and the server is told to stop: the client closes when its own call has ended", Set: map[string]int{"callers": 1, "slots": 1, "stop": 1, "handlers": 1}, Large: true},
		{Name: "stop-slot", Doc: "two threads call, there is one slot, and the server is told to stop", Set: map[string]int{"callers": 1, "slots": 1, "stop": 1}, Large: true},
		{Name: "closers", Doc: "two threads close at once", Set: map[string]int{"closers": 1, "calls": 0}},
		{Name: "close-call", Doc: "one thread calls, another closes", Set: map[string]int{"closers": 1}},
		{Name: "closers-stop", Doc: "two threads close at once, and the server stops", Set: map[string]int{"closers": 1, "calls": 0, "stop": 1}},
		{Name: "client-dies", Doc: "the client dies", Set: map[string]int{"death": 1}},
		{Name: "server-dies", Doc: "the server dies", Set: map[string]int{"death": 2}},
		{Name: "inherited", Doc: "the server dies, and a child of it holds the socket", Set: map[string]int{"death": 2, "inherited": 1}},
		{Name: "rebind", Doc: "the client dies, and another one binds", Set: map[string]int{"death": 1, "clients": 2, "calls": 0}},
		{Name: "faults", Doc: "one request is refused, or answered in part", Set: map[string]int{"faults": 1, "calls": 0}},
		{Name: "two-faults", Doc: "two requests are", Set: map[string]int{"faults": 2, "calls": 0}},
		lying("small"), lying("unsealed"), lying("writable"), lying("late"), lying("exchanged"), lying("lone"), lying("many"),
		lying("garbage"), lying("client-garbage"), lying("client-descriptors"), lying("client-number"), lying("notice-descriptors"),
		lying("granted"), lying("reply-length"), lying("client-deaf"),
		lying("client-asks"), lying("client-frame"), lying("frame"), lying("procedures"), lying("large"), lying("silent"), lying("reply-value"), lying("client-value"), lying("malformed"), lying("client-malformed"), lying("client-silent"), lying("early"),
		{Name: "reply-length-dies", Doc: "a hostile server whose reply is longer than messages are dies", Set: map[string]int{"lies": slices.Index(lieWords(), "reply-length"), "death": 2}},
		lying("big"), lying("half-sealed"), lying("client-lone"), lying("notice-other"), lying("no-size"),
		{Name: "other-client", Doc: "the client is of another user", Set: map[string]int{"calls": 0, "peers": 1}},
		{Name: "other-server", Doc: "the server is", Set: map[string]int{"calls": 0, "peers": 2}},
		{Name: "unseen", Doc: "client and server do not see each other's process", Set: map[string]int{"peers": 3}},
		{Name: "unseen-dies", Doc: "the same, and the server dies", Set: map[string]int{"peers": 3, "death": 2}},
		{Name: "client-admits", Doc: "the same, and the client admits it all the same", Set: map[string]int{"peers": 2, "authorize": 1}},
		{Name: "server-admits", Doc: "the client is of another user, and the server admits it all the same", Set: map[string]int{"peers": 1, "authorize": 4}},
		{Name: "client-refuses", Doc: "the client does not trust a server of its own user", Set: map[string]int{"calls": 0, "authorize": 2}},
		{Name: "server-refuses", Doc: "the server does not trust a client of its own user", Set: map[string]int{"calls": 0, "authorize": 5}},
		{Name: "client-panics", Doc: "what the client asks whether it trusts the server panics", Set: map[string]int{"calls": 0, "authorize": 3}},
		{Name: "server-panics", Doc: "what the server asks whether it trusts the client panics", Set: map[string]int{"calls": 0, "authorize": 6}},
		{Name: "demands", Doc: "the client demands the procedure that it calls", Set: map[string]int{"demands": 1}},
		{Name: "demands-missing", Doc: "it demands one that the server has not, too", Set: map[string]int{"calls": 0, "demands": 2}},
		{Name: "demands-request", Doc: "it demands one of which the server has another type of request", Set: map[string]int{"calls": 0, "demands": 3}},
		{Name: "demands-reply", Doc: "it demands one of which the server has another type of reply", Set: map[string]int{"calls": 0, "demands": 4}},
		{Name: "inherited-faults", Doc: "the server dies, a child of it holds the socket, and one request is refused", Set: map[string]int{"death": 2, "inherited": 1, "faults": 1}},
		{Name: "cancel", Doc: "the context of Bind ends", Set: map[string]int{"context": 1}},
		{Name: "cancel-stop", Doc: "the same, and the server is told to stop meanwhile", Set: map[string]int{"context": 1, "calls": 0, "stop": 1}},
		{Name: "long", Doc: "a request, or a reply, does not fit the messages of the binding", Set: map[string]int{"values": 1}},
		{Name: "encoded", Doc: "requests and replies that are encoded, or cannot be, or decoded, or are not valid", Set: map[string]int{"values": 2}},
		{Name: "reply-encoded", Doc: "a hostile server whose reply has a byte too little or too much for what is encoded, or another status", Set: map[string]int{"values": 2, "lies": slices.Index(lieWords(), "reply-value")}},
		{Name: "client-encoded", Doc: "a hostile client whose request has", Set: map[string]int{"values": 2, "lies": slices.Index(lieWords(), "client-value")}},
		{Name: "listen", Doc: "a server that accepts its client", Set: map[string]int{"listen": 1, "calls": 0}},
		{Name: "listen-stop", Doc: "the same, which is told to stop meanwhile", Set: map[string]int{"listen": 1, "calls": 0, "stop": 1}},
		{Name: "listen-faults", Doc: "the same, whose machine refuses one request", Set: map[string]int{"listen": 1, "calls": 0, "faults": 1}},
		{Name: "listen-fails", Doc: "two handshakes at a time are allowed, the client never asks, and the listener fails: nobody is waited for who was not told that the server stops", Set: map[string]int{"listen": 2, "calls": 0, "stop": 3, "context": 2, "lies": slices.Index(lieWords(), "client-silent")}},
		{Name: "listen-fails-two", Doc: "two clients connect at once, of a server of another user, and hang up, and the listener fails: it returns when it serves neither", Set: map[string]int{"listen": 2, "calls": 0, "clients": 2, "stop": 3, "peers": 2}},
		{Name: "listen-dies", Doc: "the client of such a server dies", Set: map[string]int{"listen": 1, "calls": 0, "death": 1}},
		{Name: "listen-silent", Doc: "two clients connect at once, two handshakes at a time are allowed, and one of the clients never asks: the other one is served, and the server accepts a third", Set: map[string]int{"listen": 2, "calls": 0, "clients": 2, "lies": slices.Index(lieWords(), "client-silent")}},
		{Name: "listen-two", Doc: "two clients connect at once, one handshake at a time is allowed, and one binding", Set: map[string]int{"listen": 1, "calls": 0, "clients": 2}, Large: true},
		{Name: "listen-two-stop", Doc: "the same, with two handshakes at a time, and the server is told to stop", Set: map[string]int{"listen": 2, "calls": 0, "clients": 2, "stop": 1}, Large: true},
		{Name: "fine", Doc: "every access to memory is a step", Set: map[string]int{"memory": 1}},
		{Name: "fine-server-dies", Doc: "every access to memory is a step, and the server dies", Set: map[string]int{"memory": 1, "death": 2}},
	},
	Properties: []string{
		spec.Mapped, spec.UnmapOnce, spec.CloseOnce, spec.Fit, spec.NothingLeft, spec.CloseWaits,
		spec.NoBinding, spec.EndsClosed, spec.Noticed, spec.Places, MostBindings, memory.OwnResult, Offered, Typed, Sized, Encoded, Kept, Released, Whole, Granted, Bounded, Formed, Admitted, Lives, Cancelled, CorruptEnds, SendsNoMore, Unsent, Lingers, Waits, Accepts, AtOnce, Returns, NoBypass,
		Told, Demanded, OneCause, Spares, Farewell, Departed,
	},
	Program:  bindProgram,
	possible: bindPossible,
}

// bindPossible: a server may well serve for ever who does not read, and is alive.
func bindPossible(v catalogue.Values) error {
	switch {
	case v.Word("lies") == "client-deaf" && v.Word("stop") != "yes":
		return errors.New("a client that does not read is served until the server stops: want stop=yes")
	case v.Word("stop") == "fails" && v.Int("listen") == 0:
		return errors.New("a server that is given its connections has no listener that could fail: want listen=1 or more")
	case v.Word("lies") == "client-silent" && !waitsForSilent(v):
		return errors.New("a client that never asks is waited for until the server stops: want stop=yes, or stop=fails and listen=2, and not context=stays; or listen=2, stop=no and faults=0")
	case v.Word("lies") == "silent" && (v.Word("context") != "ends" || v.Int("clients") > 1):
		return errors.New("a server that never answers is waited for until the context of the first client's Bind ends: want context=ends and clients=1")
	case v.Word("values") == "long" && v.Word("lies") != "none":
		return errors.New("values that are too long are told of by an honest peer: want lies=none")
	case v.Word("values") == "encoded" && lies[v.Int("lies")].lie != lieValue && v.Word("lies") != "none":
		return errors.New("values that are encoded are told of by an honest peer, or lied about: want lies=none, reply-value or client-value")
	case v.Word("values") != "fit" && v.Word("stop") == "called":
		return errors.New("the stop that waits for a call waits for one whose values fit: want values=fit")
	case v.Word("handlers") == "wait" && v.Word("values") != "fit":
		return errors.New("the handler that waits is called with values that fit: want values=fit")
	case v.Word("handlers") == "wait" && !endsCalls(v):
		return errors.New("a call lasts until its handler is told that its client is gone, or that the server stops: want calls=0, closers=1, a stop, or the death of the server or of the only client")
	case v.Word("peers") == "unseen" && v.Word("inherited") == "yes":
		return errors.New("of who cannot be watched only the socket tells that it is gone: want inherited=no")
	}
	return nil
}

// waitsForSilent says whether a server waits for a client that never asks until it stops, or
// need not come to an end, since it has a place for others.
func waitsForSilent(v catalogue.Values) bool {
	switch v.Word("stop") {
	case "yes":
		return v.Word("context") != "stays"
	case "fails": // as it waits for another client
		return v.Word("context") != "stays" && v.Int("listen") == 2
	}
	return v.Word("stop") == "no" && v.Int("listen") == 2 && v.Int("faults") == 0
}

// endsCalls says whether something ends each client's calls whose handlers wait until then: its
// first thread closes when it has made its own, of which there is none.
func endsCalls(v catalogue.Values) bool {
	return v.Int("calls") == 0 || v.Int("closers") > 0 || v.Word("stop") != "no" ||
		v.Word("death") == "server" || v.Word("death") == "client" && v.Int("clients") == 1
}

// Waits: nobody takes a peer for gone, or a server for stopped, without having waited.
const Waits = "who watches waits until there is something to notice"

// Properties of the handshake, and of what ends a binding.
const (
	// Whole: short reads and writes are no failures.
	Whole   = "a handshake in which nothing goes wrong binds, also where its messages come in parts"
	Granted = "a client is bound with the channel that it has asked for"
	// Bounded: memory, mappings, room for what is read, tables.
	Bounded   = "a space takes no more memory for a peer than its options, and the handshake, allow"
	Formed    = "only well-formed frames bind, and others are errors"
	Cancelled = "Bind returns when its context has ended"
	Lives     = "nobody takes a peer that lives for gone"
	// CorruptEnds: the server, too, learns of it, and not only when the client closes.
	CorruptEnds = "a binding has ended whose server a call finds corrupt"
	SendsNoMore = "no call is begun once the server is known to have stopped"
	// Unsent: it may have been let in before, and found every slot used.
	Unsent = "no call is sent that was waiting for a slot when the server was known to have stopped"
	// Told: by the error of Close, or of what serves a client.
	Told = "memory that was not unmapped is an error of who was to unmap it, and nothing else of Close is"
	// Lingers: the reply may have been sent before the server stopped, and exited.
	Lingers = "a call that is pending when the server stops has time to find its reply"
)

// MostBindings: of several clients that come at once a server takes as many as it allows.
const MostBindings = "a server has no more bindings than it may have"

// Departed: of a server whose child holds its socket nothing but its exit tells.
const Departed = "a call is told how its server has gone: that it stopped, exited or hung up"

// Farewell: what calls still find of their replies depends on it.
const Farewell = "a server that stops tells its client so before it hangs up"

// Spares: so say its options.
const Spares = "a client that never donates its processor keeps it"

// Offered: a call by another number than those of the server's procedures is refused.
const Offered = "only a procedure that the server offers is executed"

// Typed: of another payload, or status, than such a value has there is no call, or it ends
// as one of a peer that is corrupt.
const Typed = "a handler and a caller are given valid values of their types"

func lying(how string) catalogue.Configuration {
	c := catalogue.Configuration{Name: how, Doc: "a hostile peer: " + how, Set: map[string]int{"calls": 0}}
	switch how {
	case "client-number", "reply-length", "reply-value", "client-value":
		c.Set["calls"] = 1
	case "notice-descriptors", "notice-other":
		c.Set["stop"] = 1
	case "client-deaf":
		c.Doc += ", which reads nothing more, and whose socket is full when the server stops"
		c.Set["stop"], c.Set["socket"] = 1, 1
	case "client-silent":
		c.Doc += ", and the server is told to stop"
		c.Set["stop"], c.Set["context"] = 1, 2
	case "early":
		c.Doc += ", which answers before it has heard anything, and dies"
		c.Set["death"] = 2
	case "silent":
		c.Doc += ", and the context of Bind ends"
		c.Set["context"] = 1
	}
	c.Set["lies"] = slices.Index(lieWords(), how)
	return c
}
