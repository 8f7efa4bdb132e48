package memory

import (
	"urpc/checker"
	"urpc/checker/catalogue"
)

// CallFamily is the channel whose calls may be left, as a family. Its configurations
// are named as those of the runtime's target "call".
var CallFamily = catalogue.Family{
	Name: "call",
	Doc:  "calls that are left, at the level of memory: contexts that end at any step, late replies, records that are used again",
	Parameters: []catalogue.Parameter{
		{Name: "clients", Doc: "calling threads of the client", Default: 1, Min: 1, Max: MaxCallers},
		{Name: "servers", Doc: "processors of the server; 0: no call is ever replied to", Default: 1, Min: 0, Max: MaxServers},
		{Name: "calls", Doc: "calls of each thread", Default: 1, Min: 1, Max: 4},
		{Name: "slots", Doc: "slots of each queue", Default: 1, Min: 1, Max: MaxSlots},
		{Name: "records", Doc: "calls that may be pending, or left and not replied to yet, at once", Default: 1, Min: 1, Max: MaxRecords},
		{Name: "leavers", Doc: "threads, the first ones, whose calls have a context that ends", Default: 1, Min: 0, Max: MaxCallers},
		{Name: "end", Doc: "how a context ends: it is cancelled; the clock passes its deadline, then it ends; the clock does, and its timer never comes",
			Max: int(Passed), Words: []string{"cancel", "deadline", "clock"}},
		{Name: "overload", Doc: "what a call does that finds every record in use", Max: int(Refuse), Words: []string{"wait", "refuse"}},
		{Name: "twice", Doc: "how many replies a faulty server may send twice", Max: 2},
		{Name: "spurious", Doc: "whether the kernel may wake a sleeper for nothing", Max: 1, Words: []string{"no", "yes"}},
		{Name: "donate", Doc: "whether a caller donates its processor when it wakes the server", Max: 1, Words: []string{"no", "yes"}},
	},
	Configurations: []catalogue.Configuration{
		callNamed("1-1-2-1", "two calls in one record: the second waits for the first one's late reply", 1, 1, 2, 1, nil),
		callNamed("1-1-1-1", "one thread, one call, which may be left", 1, 1, 1, 1, nil),
		callNamed("1-0-1-1", "nobody replies: the call must be left, awake, asleep or before it is sent", 1, 0, 1, 1, nil),
		callNamed("1-1-3-1", "three calls in one record", 1, 1, 3, 1, nil),
		callNamed("refuse", "two calls in one record, and no waiting for it", 1, 1, 2, 1, map[string]int{"overload": int(Refuse)}),
		callNamed("two-records", "two calls, two records, one slot: a late reply comes while the next call is pending", 1, 1, 2, 1, map[string]int{"records": 2}),
		callNamed("deadline", "one call with a deadline", 1, 1, 1, 1, map[string]int{"end": int(Expired)}),
		callNamed("deadline-2", "two calls with deadlines in one record", 1, 1, 2, 1, map[string]int{"end": int(Expired)}),
		callNamed("clock", "nobody replies and no timer comes: the leader must look at the clock itself", 1, 0, 1, 1, map[string]int{"end": int(Passed)}),
		callNamed("full", "nobody replies, two threads, one slot: one leads, the other waits for room", 2, 0, 1, 1, map[string]int{"records": 2, "leavers": 2}),
		callNamed("blocked", "nobody replies, two threads: one leads, the other blocks", 2, 0, 1, 2, map[string]int{"records": 2, "leavers": 2}),
		callNamed("stuck", "nobody replies, two threads of which one may leave, also while the other leads", 2, 0, 1, 2, map[string]int{"records": 2}),
		callNamed("unsent-leaves", "nobody replies, three threads and two slots, two may leave: also the one that was given the lead and waits for room", 3, 0, 1, 2, map[string]int{"records": 3, "leavers": 2}),
		callNamed("one-leaves", "two threads, of which one may leave: it passes the lead on", 2, 1, 1, 2, map[string]int{"records": 2}),
		callNamed("both-leave", "two threads, both may leave", 2, 1, 1, 2, map[string]int{"records": 2, "leavers": 2}),
		callNamed("shared-record", "two threads with one record between them, one may leave", 2, 1, 1, 1, nil),
		callNamed("three-leave", "three threads, nobody replies, two may leave: a lead that was given to one that leaves", 3, 0, 1, 3, map[string]int{"records": 3, "leavers": 2}),
		callNamed("twice", "two calls in one record; the server may send one reply twice", 1, 1, 2, 1, map[string]int{"leavers": 0, "twice": 1}),
		callNamed("donate", "two calls in one record, of a caller that donates its processor", 1, 1, 2, 1, map[string]int{"donate": 1}),
		callNamed("donate-shared", "two threads with one record between them, one may leave, that donate their processor", 2, 1, 1, 1, map[string]int{"donate": 1}),
		callNamed("spurious", "nobody replies; the kernel wakes for nothing", 1, 0, 1, 1, map[string]int{"spurious": 1}),
	},
	Mutants: describedOf(callMutants),
	Build: func(v catalogue.Values, mutant string) (checker.AnyModel, error) {
		c := callConfig(v)
		if err := c.Leave.fits(c); err != nil {
			return nil, err
		}
		model, err := mutateCall(c, mutant)
		if err != nil {
			return nil, err
		}
		return checker.Any(model), nil
	},
}

func callNamed(name, doc string, clients, servers, calls, slots int, more map[string]int) catalogue.Configuration {
	set := map[string]int{"clients": clients, "servers": servers, "calls": calls, "slots": slots}
	for parameter, value := range more {
		set[parameter] = value
	}
	return catalogue.Configuration{Name: name, Doc: doc, Set: set}
}

func callConfig(v catalogue.Values) Config {
	return Config{
		Clients: v.Int("clients"), Servers: v.Int("servers"), Calls: v.Int("calls"), Slots: v.Int("slots"), Replies: v.Int("slots"),
		Spurious: v.Int("spurious") == 1, Donation: v.Int("donate") == 1,
		Leave: Leave{
			Records: v.Int("records"), Leavers: v.Int("leavers"), End: End(v.Int("end")), Overload: Overload(v.Int("overload")), Twice: v.Int("twice"),
		},
	}
}
