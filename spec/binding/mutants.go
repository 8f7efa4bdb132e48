package binding

import (
	"fmt"

	"urpc/checker/catalogue"
)

// mutant is a fault: rows that are replaced.
type mutant struct {
	catalogue.Mutant
	rows map[Row]func(v view, choice int) bool
}

// mutants are the faults that the properties catch. Those that the runtime can
// have, too, have the same names there.
var mutants = []mutant{
	{
		catalogue.Mutant{Name: "hold-after-close", Doc: "a call holds a region that is closed, as if it were not", Configuration: "callers", KilledBy: Mapped},
		map[Row]func(view, int) bool{hold: holdClosed},
	},
	{
		catalogue.Mutant{Name: "held-after-close", Doc: "a call on a client that was closed holds its region", Configuration: "default", KilledBy: EndsClosed},
		map[Row]func(view, int) bool{holdAfterClose: func(v view, _ int) bool { v.t.Back = ended; return holdClosed(v, 0) }},
	},
	{
		catalogue.Mutant{Name: "unmapped-under-holder", Doc: "who closes the region unmaps it, whoever holds it", Configuration: "close-call", KilledBy: Mapped},
		map[Row]func(view, int) bool{closeRegion: func(v view, _ int) bool {
			v.own.Closed, v.own.Unmapping = true, true
			return v.to(endUnmapOwn)
		}},
	},
	{
		catalogue.Mutant{Name: "unmapped-twice", Doc: "whoever releases a closed region last unmaps it, although another one did", Configuration: "default", KilledBy: UnmapOnce},
		map[Row]func(view, int) bool{release: releaseAgain, releaseRefused: releaseAgain},
	},
	{
		catalogue.Mutant{Name: "descriptor-kept", Doc: "the client keeps the descriptor of the calls when it has mapped them", Configuration: "default", KilledBy: CloseWaits},
		map[Row]func(view, int) bool{mapReplies: func(v view, _ int) bool {
			v.own.Mapped |= segment(server)
			return v.to(closeReplies)
		}},
	},
	{
		catalogue.Mutant{Name: "closed-twice", Doc: "the server closes the descriptor of the replies twice", Configuration: "default", KilledBy: CloseOnce},
		map[Row]func(view, int) bool{closePeer: func(v view, _ int) bool {
			v.own.Open &^= segment(server)
			return v.to(enterBinding)
		}},
	},
	{
		catalogue.Mutant{Name: "notice-ignored", Doc: "the client does not end the binding when the server is gone", Configuration: "server-dies", KilledBy: "deadlock"},
		map[Row]func(view, int) bool{clientNotice: func(v view, _ int) bool { return (v.own.Hung || v.peer.Hung) && v.to(ended) }},
	},
	{
		catalogue.Mutant{Name: "departure-ignored", Doc: "the server does not stop its processors when the client is gone", Configuration: "default", KilledBy: "deadlock"},
		map[Row]func(view, int) bool{serverNotice: func(v view, _ int) bool { return (v.own.Hung || v.peer.Hung) && v.to(ended) }},
	},
	{
		catalogue.Mutant{Name: "unreserve-forgotten", Doc: "the server does not give the place of a binding back", Configuration: "default", KilledBy: Places},
		map[Row]func(view, int) bool{leaveBinding: func(v view, _ int) bool {
			v.s.Listed = false
			return v.to(ended)
		}},
	},
	{
		catalogue.Mutant{Name: "close-does-not-wait", Doc: "close does not wait for whoever ends the binding", Configuration: "closers", KilledBy: CloseWaits},
		map[Row]func(view, int) bool{awaitEnd: func(v view, _ int) bool { return v.to(awaitUnmap) }, awaitUnmap: func(v view, _ int) bool { return v.to(holdAfterClose) }},
	},
	{
		catalogue.Mutant{Name: "region-kept-on-failure", Doc: "a server that could not bind keeps the memory", Configuration: "client-dies", KilledBy: NoBinding},
		map[Row]func(view, int) bool{closePeerFailed: func(v view, _ int) bool { return v.shut(segment(client), unreserveFailed) }},
	},
	{
		catalogue.Mutant{Name: "not-hung-up", Doc: "a server that has served does not close its socket", Configuration: "server-dies", KilledBy: NothingLeft},
		map[Row]func(view, int) bool{serverAwaitUnmap: func(v view, _ int) bool {
			v.own.Hung = false
			return v.own.Gone && v.to(leaveBinding)
		}},
	},
}

// holdClosed holds a region without a look at whether it is closed.
func holdClosed(v view, _ int) bool {
	v.own.Holders++
	return v.to(inCall)
}

// releaseAgain unmaps whenever nobody holds a closed region any more.
func releaseAgain(v view, _ int) bool {
	v.own.Holders--
	if v.own.Closed && v.own.Holders == 0 {
		return v.to(releaseUnmapOwn)
	}
	return v.back()
}

// mutate gives a configuration with a fault.
func mutate(c Config, name string) (*machine, error) {
	m := newMachine(c)
	if name == "" {
		return m, nil
	}
	for _, fault := range mutants {
		if fault.Name != name {
			continue
		}
		for at, do := range fault.rows {
			m.rows[at].do = do
		}
		return m, nil
	}
	return nil, fmt.Errorf("no mutant is named %q", name)
}

// described lists the mutants as the catalogue does.
func described() []catalogue.Mutant {
	all := make([]catalogue.Mutant, len(mutants))
	for i, m := range mutants {
		all[i] = m.Mutant
	}
	return all
}
