package protocol

import (
	"errors"
	"fmt"

	"urpc/checker"
	"urpc/checker/catalogue"
)

// "N client threads, k calls each; (c, s) processors that client and server
// start with." One client space C, one server space S.
//
//	thread: repeat k times: work w steps; call S
//	        exit
//	hog:    compute for ever                          \* compute-bound

const (
	client = iota
	server
)

// policy is how calls are made: by word, so that a configuration reads well.
type policy int

const (
	lazyPolicy   policy = iota // no call forces the switch
	eagerPolicy                // every call does
	hybridPolicy               // the first thread's calls do
)

var (
	readyListParameter = catalogue.Parameter{Name: "readyList", Doc: "which ready thread a processor dispatches", Max: 1, Words: []string{"fifo", "any"}}
	donateParameter    = catalogue.Parameter{Name: "donate", Doc: "check and donate in one step (atomic), donate later without looking again (seen), or never (off)", Max: 2, Words: []string{"atomic", "seen", "off"}}
	donorsParameter    = catalogue.Parameter{Name: "donors", Doc: "whose idle processors may be donated: everyone's, or only those of spaces that share a channel with the receiver (linked)", Max: 1, Words: []string{"everyone", "linked"}}
	policyParameter    = catalogue.Parameter{Name: "policy", Doc: "which calls carry the processor along: none (lazy), all (eager), T1's (hybrid)", Max: 2, Words: []string{"lazy", "eager", "hybrid"}}
)

// Family is N threads that call one server.
var Family = catalogue.Family{
	Name: "protocol",
	Doc:  "client threads that each call one server so many times, over processors that are donated and come back",
	Parameters: []catalogue.Parameter{
		{Name: "threads", Doc: "client threads that call", Default: 2, Min: 1, Max: MaxThreads},
		{Name: "calls", Doc: "calls of each", Default: 1, Min: 1, Max: 4},
		{Name: "work", Doc: "steps of its own before each call", Default: 0, Min: 0, Max: 3},
		{Name: "compute", Doc: "further client threads that only compute, for ever", Default: 0, Min: 0, Max: 2},
		{Name: "clientProcessors", Doc: "processors that start in the client", Default: 1, Min: 0, Max: 2},
		{Name: "serverProcessors", Doc: "processors that start in the server", Default: 0, Min: 0, Max: 2},
		{Name: "keeps", Doc: "the space that never gives a processor away", Max: 2, Words: []string{"none", "client", "server"}},
		readyListParameter, donateParameter, donorsParameter, policyParameter,
	},
	Configurations: []catalogue.Configuration{
		{Name: "default", Doc: "two threads, one call each, one processor, in the client"},
		{Name: "batch", Doc: "three threads, two calls each, one processor, in the client", Set: map[string]int{"threads": 3, "calls": 2}},
		{Name: "both", Doc: "a processor on each side", Set: map[string]int{"calls": 2, "serverProcessors": 1}},
		{Name: "two-idle", Doc: "two processors, both in the client", Set: map[string]int{"calls": 2, "clientProcessors": 2}},
		{Name: "eager", Doc: "every call carries the processor along", Set: map[string]int{"calls": 2, "policy": int(eagerPolicy)}},
		{Name: "hybrid", Doc: "only T1's calls carry the processor along", Set: map[string]int{"calls": 2, "policy": int(hybridPolicy)}},
		{Name: "any", Doc: "any ready thread may be dispatched", Set: map[string]int{"calls": 2, "readyList": int(Any)}},
		{Name: "compute", Doc: "a third thread computes for ever; two processors, in the client", Set: map[string]int{"compute": 1, "clientProcessors": 2}},
		{Name: "large", Doc: "four threads, three calls each, after a step of work; three processors", Set: map[string]int{"threads": 4, "calls": 3, "work": 1, "clientProcessors": 2, "serverProcessors": 1}},
	},
	Mutants: append(mutantsOf("default", "two-idle", "default"),
		catalogue.Mutant{Name: "server-hoards", Doc: "the server never gives a processor back (C13, H18)", Configuration: "default", KilledBy: "deadlock"}),
	Build: func(v catalogue.Values, mutant string) (checker.AnyModel, error) {
		model, err := familyModel(v, mutant)
		if err != nil {
			return nil, err
		}
		return checker.Any(model), nil
	},
}

func familyModel(v catalogue.Values, mutant string) (checker.Model[State], error) {
	c, err := familyConfig(v)
	if err != nil {
		return checker.Model[State]{}, err
	}
	return build(c, v, mutant)
}

func familyConfig(v catalogue.Values) (Config, error) {
	c := Config{Name: "protocol", Spaces: "CS"}
	if v.Int("threads")+v.Int("compute") > MaxThreads {
		return c, fmt.Errorf("threads and compute together are %d, at most %d", v.Int("threads")+v.Int("compute"), MaxThreads)
	}
	var program []Instruction
	for range v.Int("calls") {
		for range v.Int("work") {
			program = append(program, Instruction{Kind: Work})
		}
		program = append(program, Instruction{Kind: Call, Server: server})
	}
	for range v.Int("threads") {
		c.Threads = append(c.Threads, Program{Space: client, Do: program})
	}
	for range v.Int("compute") {
		c.Threads = append(c.Threads, Program{Space: client, Do: []Instruction{{Kind: Compute}}})
	}
	for space, name := range []string{"clientProcessors", "serverProcessors"} {
		for range v.Int(name) {
			c.Processors = append(c.Processors, space)
		}
	}
	return c, nil
}

// build applies the parameters that all families share, and the mutant.
func build(c Config, v catalogue.Values, mutant string) (checker.Model[State], error) {
	if len(c.Processors) == 0 {
		return checker.Model[State]{}, errors.New("there is no processor: give a space at least one")
	}
	return mutate(withChoices(c, v), mutant)
}

// withChoices sets what the notes leave open.
func withChoices(c Config, v catalogue.Values) Config {
	if keeps := v.Int("keeps"); keeps > 0 {
		c.Keepers = 1 << (keeps - 1)
	}
	c.ReadyList = ReadyList(v.Int("readyList"))
	c.Donation = Donation(v.Int("donate"))
	c.Donors = Donors(v.Int("donors"))
	threads := make([]Program, len(c.Threads))
	for i, t := range c.Threads {
		p := policy(v.Int("policy"))
		t.Eager = p == eagerPolicy || p == hybridPolicy && i == 0
		threads[i] = t
	}
	c.Threads = threads
	return c
}
