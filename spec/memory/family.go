package memory

import (
	"urpc/checker"
	"urpc/checker/catalogue"
)

// Family is the channel as a family. A configuration is named by its numbers of
// calling threads, processors of the server, calls of each thread ("w": for
// ever, so that positions wrap without end) and slots of each queue; then the
// slots of the queue of replies, where they differ.
var Family = catalogue.Family{
	Name: "channel",
	Doc:  "one channel at the level of memory: locks, indices, slots, parking and waking, one shared access per step",
	Parameters: []catalogue.Parameter{
		{Name: "clients", Doc: "calling threads of the client", Default: 2, Min: 1, Max: MaxClients},
		{Name: "servers", Doc: "processors of the server", Default: 1, Min: 1, Max: MaxServers},
		{Name: "calls", Doc: "calls of each thread; 0: for ever", Default: 1, Min: 0, Max: 4},
		{Name: "slots", Doc: "slots of the queue of calls", Default: 1, Min: 1, Max: MaxSlots},
		{Name: "replies", Doc: "slots of the queue of replies", Default: 1, Min: 1, Max: MaxSlots},
		{Name: "spurious", Doc: "whether the kernel may wake a sleeper for nothing", Max: 1, Words: []string{"no", "yes"}},
		{Name: "pass", Doc: "whom the caller that resigns the lead makes ready: the first whose call is pending, or all", Max: 1, Words: []string{"first", "all"}},
		{Name: "doorbell", Doc: "after how many rings a doorbell has its old value again; 0: never", Min: 0, Max: 16},
		{Name: "donate", Doc: "whether a caller donates its processor when it wakes the server", Max: 1, Words: []string{"no", "yes"}},
		{Name: "poll", Doc: "whether who finds nothing to receive may poll once more before it parks", Max: 1, Words: []string{"no", "yes"}},
	},
	Configurations: []catalogue.Configuration{
		named("2-1-1-1", "two threads, one call each, one slot: each queue fills, wraps and empties", 2, 1, 1, 1, 1),
		named("1-1-1-1", "the smallest", 1, 1, 1, 1, 1),
		named("1-1-2-1", "one thread, two calls: each queue wraps", 1, 1, 2, 1, 1),
		named("1-1-w-1", "one thread that calls for ever", 1, 1, 0, 1, 1),
		named("1-2-1-1", "two processors in the server", 1, 2, 1, 1, 1),
		named("1-2-w-1", "two processors in the server, calls for ever", 1, 2, 0, 1, 1),
		named("2-1-1-2", "two slots", 2, 1, 1, 2, 2),
		named("2-1-1-1-2", "one slot for calls, two for replies", 2, 1, 1, 1, 2),
		named("2-1-2-1", "two threads, two calls each", 2, 1, 2, 1, 1),
		named("2-1-2-2", "two threads, two calls each, two slots", 2, 1, 2, 2, 2),
		named("2-1-w-1", "two threads that call for ever", 2, 1, 0, 1, 1),
		named("2-2-1-1", "two threads and two processors", 2, 2, 1, 1, 1),
		named("2-2-2-1", "two threads and two processors, two calls each (35 million states)", 2, 2, 2, 1, 1),
		named("3-1-1-1", "three threads", 3, 1, 1, 1, 1),
		named("3-1-1-2", "three threads, two slots: each queue fills, wraps and empties (21 million states)", 3, 1, 1, 2, 2),
		{Name: "spurious", Doc: "two threads, one call each; the kernel wakes for nothing", Set: map[string]int{"spurious": 1}},
		{Name: "donate", Doc: "two threads, one call each, that donate their processor", Set: map[string]int{"donate": 1}},
		{Name: "donate-poll", Doc: "the same, with polling before parking", Set: map[string]int{"donate": 1, "poll": 1}},
		{Name: "pass-all", Doc: "two threads, two calls each; who resigns the lead makes all ready", Set: map[string]int{"calls": 2, "pass": int(PassAll)}},
	},
	Mutants: describedOf(mutants),
	Build: func(v catalogue.Values, mutant string) (checker.AnyModel, error) {
		model, err := mutate(config(v), mutant)
		if err != nil {
			return nil, err
		}
		return checker.Any(model), nil
	},
}

func named(name, doc string, clients, servers, calls, slots, replies int) catalogue.Configuration {
	return catalogue.Configuration{Name: name, Doc: doc, Set: map[string]int{
		"clients": clients, "servers": servers, "calls": calls, "slots": slots, "replies": replies,
	}}
}

func config(v catalogue.Values) Config {
	return Config{
		Clients: v.Int("clients"), Servers: v.Int("servers"), Calls: v.Int("calls"),
		Slots: v.Int("slots"), Replies: v.Int("replies"),
		Spurious: v.Int("spurious") == 1, Pass: Pass(v.Int("pass")), Doorbell: v.Int("doorbell"), Donation: v.Int("donate") == 1,
		Polls: v.Int("poll") == 1,
	}
}

// describedOf lists mutants as the catalogue does.
func describedOf(mutants []mutant) []catalogue.Mutant {
	all := make([]catalogue.Mutant, len(mutants))
	for i, m := range mutants {
		all[i] = m.Mutant
	}
	return all
}
