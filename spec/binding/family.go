package binding

import (
	"urpc/checker"
	"urpc/checker/catalogue"
)

// Family is the binding as a family. Its configurations have the names of those of
// target bind (package explore) that refine them.
var Family = catalogue.Family{
	Name: "binding",
	Doc:  "the life of a binding: handshake, memory, descriptors, holders, close, and the death of either side, one request a step",
	Parameters: []catalogue.Parameter{
		{Name: "calls", Doc: "calls of the client's thread before it closes", Default: 1, Max: 3},
		{Name: "callers", Doc: "further threads of the client, of one call each", Max: 1},
		{Name: "closers", Doc: "further threads of the client that close", Max: 1},
		{Name: "stop", Doc: "whether the server is told to stop, at any time", Max: 1, Words: []string{"no", "yes"}},
		{Name: "slots", Doc: "whether there is a slot for every call; or one, and who finds it used waits", Max: 1, Words: []string{"enough", "one"}},
		{Name: "death", Doc: "who dies, at any time", Max: 2, Words: []string{"nobody", "client", "server"}},
		{Name: "inherited", Doc: "whether a child holds the sockets of who dies", Max: 1, Words: []string{"no", "yes"}},
		{Name: "refusals", Doc: "whether the kernel may refuse what it is asked for", Max: 1, Words: []string{"no", "yes"}},
	},
	Configurations: []catalogue.Configuration{
		{Name: "default", Doc: "a client binds, calls once and closes"},
		{Name: "stop", Doc: "the server is told to stop meanwhile", Set: map[string]int{"stop": 1}},
		{Name: "stop-slot", Doc: "the same, another thread calls, too, and there is one slot", Set: map[string]int{"stop": 1, "callers": 1, "slots": 1}},
		{Name: "callers", Doc: "another thread calls, too", Set: map[string]int{"callers": 1}},
		{Name: "closers", Doc: "two threads close at once", Set: map[string]int{"closers": 1, "calls": 0}},
		{Name: "close-call", Doc: "one thread calls, another closes", Set: map[string]int{"closers": 1}},
		{Name: "closers-stop", Doc: "two threads close at once, and the server stops", Set: map[string]int{"closers": 1, "calls": 0, "stop": 1}},
		{Name: "client-dies", Doc: "the client dies", Set: map[string]int{"death": int(ClientDies)}},
		{Name: "server-dies", Doc: "the server dies", Set: map[string]int{"death": int(ServerDies)}},
		{Name: "inherited", Doc: "the server dies, and a child of it holds the socket", Set: map[string]int{"death": int(ServerDies), "inherited": 1}},
		{Name: "refusals", Doc: "the kernel refuses requests", Set: map[string]int{"refusals": 1}},
		{Name: "all", Doc: "another thread closes, the server stops, and the client dies", Set: map[string]int{"closers": 1, "stop": 1, "death": int(ClientDies)}},
	},
	Mutants: described(),
	Build: func(v catalogue.Values, mutant string) (checker.AnyModel, error) {
		m, err := mutate(Of(v), mutant)
		if err != nil {
			return nil, err
		}
		return checker.Any(m.model()), nil
	},
}

// Of reads the values of a configuration.
func Of(v catalogue.Values) Config {
	return Config{
		Calls: v.Int("calls"), Caller: v.Int("callers") > 0, Closer: v.Int("closers") > 0, Stop: v.Int("stop") == 1, Waits: v.Word("slots") == "one",
		Death: Death(v.Int("death")), Inherited: v.Int("inherited") == 1, Refusals: v.Int("refusals") == 1,
	}
}
