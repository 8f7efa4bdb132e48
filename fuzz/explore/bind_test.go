package explore

import (
	"strings"
	"testing"

	"urpc/checker/schedule"
)

// bindWhole are the configurations of target bind that are visited whole. Others take half
// a minute each, and are explored by hand: close-call, which has 142,239 states, stop-called,
// which has 255,196, listen-stop, which has 300,987, callers, which has 387,785, and
// callers-wait, which has 158,656; of listen-two and listen-two-stop nobody has seen the end,
// nor of close-wait and stop-wait, which have more than 440,000 each, and stop-slot, which
// has more than 150,000.
// All that its threads share stands at one place, so that no step of theirs can be recalled.
var bindWhole = map[string]uint64{
	"default": 2267, "server-dies": 4999, "inherited": 3916, "fine": 10276, "fine-server-dies": 35149,
	"listen": 2897, "listen-silent": 17534, "listen-fails": 134, "listen-fails-two": 1560, "listen-dies": 7025, "listen-faults": 22658,
	"stop": 97988, "closers-stop": 98311, "rebind": 48747, "closers": 6624, "client-dies": 6427, "faults": 4161, "two-faults": 13404,
	"small": 89, "unsealed": 84, "writable": 94, "late": 345, "exchanged": 84, "lone": 69, "many": 92,
	"garbage": 284, "client-garbage": 41, "client-descriptors": 16, "client-number": 8006, "notice-descriptors": 11835,
	"granted": 194, "reply-length": 4817, "reply-length-dies": 8999, "client-deaf": 188, "stop-narrow": 13181,
	"client-asks": 78, "client-frame": 31, "frame": 216, "procedures": 74, "large": 210, "silent": 21, "client-silent": 15,
	"other-client": 16, "other-server": 5, "unseen": 3405, "unseen-dies": 7788, "cancel": 5520, "cancel-stop": 35240,
	"malformed": 774, "client-malformed": 64,
	"demands": 2267, "demands-missing": 124, "demands-request": 124, "demands-reply": 124, "early": 4297, "inherited-faults": 16565,
	"client-admits": 2267, "server-admits": 2267, "client-refuses": 5, "server-refuses": 16, "client-panics": 5, "server-panics": 16,
	"reply-value": 13253, "long": 6643, "client-value": 11832, "stop-hasty": 13289, "dies-hasty": 23056,
	"encoded": 53273, "reply-encoded": 11509, "client-encoded": 7899,
	"big": 89, "half-sealed": 674, "client-lone": 13, "notice-other": 5727, "no-size": 254,
}

func TestEveryStateOfABinding(t *testing.T) {
	t.Parallel()
	whole(t, "bind", bindWhole)
}

// While a call waits for a record the client closes, or the server stops: the call is roused
// by that end.
func TestCallsWaitAsTheirBindingEnds(t *testing.T) {
	for config, want := range map[string]cause{"close-wait": closedHere, "stop-wait": serverDied} {
		v, _, err := bindTarget.Parse(config)
		if err != nil {
			t.Fatal(err)
		}
		waited, roused := 0, 0
		rep, err := schedule.Explore(t.Context(), bindProgramOf(v, func(b *binder) {
			c := b.clients[0]
			if c.bound == nil || c.bound.Counters().Overloads == 0 {
				return
			}
			if waited++; c.s.causes.ends == want && b.w.m.roused() != 0 {
				roused++
			}
		}), schedule.Random(1991, 2000), schedule.Options{})
		if err != nil || rep.Failure != nil {
			t.Fatalf("%s: %v, %+v", config, err, rep.Failure)
		}
		if waited == 0 || roused == 0 {
			t.Errorf("%s: in %d executions a call waits for a record, and is roused by what ends the binding in %d", config, waited, roused)
		}
	}
}

// What could wait for ever, and may, is not explored.
func TestImpossibleBindings(t *testing.T) {
	for config, want := range map[string]string{
		"lies=client-deaf":                                     "a client that does not read is served until the server stops: want stop=yes",
		"lies=silent":                                          "a server that never answers is waited for until the context of the first client's Bind ends: want context=ends and clients=1",
		"lies=silent,context=ends,clients=2":                   "a server that never answers is waited for until the context of the first client's Bind ends: want context=ends and clients=1",
		"peers=unseen,death=server,inherited=yes":              "of who cannot be watched only the socket tells that it is gone: want inherited=no",
		"values=long,lies=small":                               "values that are too long are told of by an honest peer: want lies=none",
		"values=long,stop=called,calls=2":                      "the stop that waits for a call waits for one whose values fit: want values=fit",
		"values=encoded,stop=called,calls=2":                   "the stop that waits for a call waits for one whose values fit: want values=fit",
		"values=encoded,lies=reply-length":                     "values that are encoded are told of by an honest peer, or lied about: want lies=none, reply-value or client-value",
		"lies=client-silent,listen=1":                          "a client that never asks is waited for until the server stops: want stop=yes, or stop=fails and listen=2, and not context=stays; or listen=2, stop=no and faults=0",
		"lies=client-silent,listen=2,stop=yes":                 "a client that never asks is waited for until the server stops: want stop=yes, or stop=fails and listen=2, and not context=stays; or listen=2, stop=no and faults=0",
		"lies=client-silent,stop=yes":                          "a client that never asks is waited for until the server stops: want stop=yes, or stop=fails and listen=2, and not context=stays; or listen=2, stop=no and faults=0",
		"lies=client-silent,context=stops":                     "a client that never asks is waited for until the server stops: want stop=yes, or stop=fails and listen=2, and not context=stays; or listen=2, stop=no and faults=0",
		"lies=client-silent,stop=fails,context=stops,listen=1": "a client that never asks is waited for until the server stops: want stop=yes, or stop=fails and listen=2, and not context=stays; or listen=2, stop=no and faults=0",
		"handlers=wait":                                        "a call lasts until its handler is told that its client is gone, or that the server stops: want calls=0, closers=1, a stop, or the death of the server or of the only client",
		"handlers=wait,clients=2,death=client":                 "a call lasts until its handler is told that its client is gone, or that the server stops: want calls=0, closers=1, a stop, or the death of the server or of the only client",
		"handlers=wait,death=client":                           "",
		"handlers=wait,closers=1":                              "",
		"stop=fails":                                           "a server that is given its connections has no listener that could fail: want listen=1 or more",
		"lies=client-silent,listen=2":                          "",
		"lies=client-deaf,stop=yes":                            "",
		"lies=silent,context=ends":                             "",
		"peers=other-client,death=server":                      "",
		"peers=own,death=server,inherited=yes":                 "",
		"values=encoded,lies=client-value":                     "",
		"peers=unseen,death=server,context=ends":               "",
	} {
		_, _, err := bindTarget.Parse(config)
		if want == "" != (err == nil) || err != nil && !strings.HasSuffix(err.Error(), ": "+want) {
			t.Errorf("%s: %v, want %q", config, err, want)
		}
	}
}
