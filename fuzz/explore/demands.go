package explore

import (
	"errors"
	"strings"

	"urpc/checker/catalogue"
	urpc "urpc/runtime"
)

// What a client demands of a server, and whom either side trusts, beyond what the options
// leave to the rules.
const (
	Demanded = "a client is bound to a server that has the procedures which it demands, and else told which it has not"
	// Admitted: by the rules that is one of the own user, and by root as a server.
	Admitted = "client and server are bound if each admits the other, and else the client is not authorized"
)

// demands are the words of the parameter: what a client demands beside a procedure that
// the server has, and what its error says of that.
var demands = []struct {
	word, says string
	lacking    urpc.Procedure
}{
	{word: "nothing"},
	{word: "served"},
	{"missing", "the server has no such procedure", urpc.NewProc[uint64, uint64]("previous")},
	{"request", "the server's type of request has another layout", urpc.NewProc[int64, uint64]("next")},
	{"reply", "the server's type of reply has another layout", urpc.NewProc[uint64, int64]("next")},
}

func demandWords() (words []string) {
	for _, d := range demands {
		words = append(words, d.word)
	}
	return words
}

// demand is what a client demands. What the server has comes first, and is found.
func (b *binder) demand() (all []urpc.Procedure) {
	d := demands[b.v.Int("demands")]
	if d.word != "nothing" {
		all = append(all, next)
	}
	if d.lacking != nil {
		all = append(all, d.lacking)
	}
	return all
}

// lacks says whether the server has not what is demanded.
func (b *binder) lacks() bool { return demands[b.v.Int("demands")].lacking != nil }

// saysWhat says whether an error tells what the server has not.
func (b *binder) saysWhat(err error) bool {
	return errors.Is(err, urpc.ErrRefused) && strings.Contains(err.Error(), demands[b.v.Int("demands")].says)
}

// authorities are the words of the parameter: who decides by a function of its own whom it
// trusts, and what that does. A client trusts a server, and a server a client.
var authorities = []struct {
	word                    string
	client, server          bool
	admits, refuses, panics bool
}{
	{word: "rules"},
	{word: "client-admits", client: true, admits: true}, {word: "client-refuses", client: true, refuses: true}, {word: "client-panics", client: true, panics: true},
	{word: "server-admits", server: true, admits: true}, {word: "server-refuses", server: true, refuses: true}, {word: "server-panics", server: true, panics: true},
}

func authorityWords() (words []string) {
	for _, a := range authorities {
		words = append(words, a.word)
	}
	return words
}

// errNotTrusted has more to say than a refusal holds.
var errNotTrusted = errors.New(strings.Repeat("it is not trusted; ", 100))

// authorize gives the function of a side; nil: it has none.
func authorize(v catalogue.Values, client bool) func(urpc.Peer) error {
	a := authorities[v.Int("authorize")]
	if client && !a.client || !client && !a.server {
		return nil
	}
	return func(p urpc.Peer) error {
		switch {
		case a.panics:
			_ = authorities[len(authorities)+p.PID] // there is none
		case a.refuses:
			return errNotTrusted
		}
		return nil
	}
}

// admitted says whether client and server admit each other.
func (b *binder) admitted(c *client) bool {
	a := authorities[b.v.Int("authorize")]
	server, client := !b.serving.foreign, !c.s.foreign
	if a.client {
		server = a.admits
	}
	if a.server {
		client = a.admits
	}
	return server && client
}

// panics says whether a function of one side that decides whom it trusts panics.
func (b *binder) panics() bool { return authorities[b.v.Int("authorize")].panics }
