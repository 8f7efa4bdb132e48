// Package explore runs the runtime's own code (not a copy of it and not a model)
// under the controlled scheduler: its shared accesses are steps, its kernel is
// simulated, its threads are coroutines. It promises nothing to users.
//
// Where to look:
//
//	machine.go  what an execution runs on; region.go: accesses become steps
//	sim.go      the simulated kernel; threads.go: threads that block and are readied
//	crew.go     the threads of a pool; processors.go: fewer processors than threads, polling
//	context.go  contexts that end
//	ghost.go    what is checked of every step, whatever the target; pool.go: of a pool's
//	state.go    what a state of a channel is; poolstate.go: of a pool
//	spaces.go   address spaces that die, and bindings between them; mapped.go: their memory
//	guard.go    what is checked of the victim of a hostile peer, guardmessages.go: of its
//	            messages; guardstate.go: what its state is; tales.go: what the peer writes
//	watch.go    what runs along and sees each step (lockstep); watchcall.go, watchbind.go: of
//	            calls and of bindings
//	values.go   sizes, where counters start, what messages say; messages.go: how long they are
//	record.go   what is checked of the records of calls; faulty.go, flood.go: a server that
//	            replies twice, or without end
//	world.go    the machine of bindings; host.go: of one space; socket.go, listen.go: what connects
//	            them; lies.go, malformed.go: sides that lie; demands.go: what they demand, and whom they
//	            trust; long.go: calls whose values do not fit
//	death.go, hostile.go, lock.go, queue.go, channel.go, call.go, donation.go,
//	bind.go     the targets; binder.go: an execution of target bind; causes.go: what ended a binding
//
// What it does not see: the words of the runtime that do not go through shm (the
// list of free records and the names of calls but where a target has them by steps,
// counters), and weak memory: every interleaving is sequentially consistent.
package explore

import (
	"context"
	"fmt"

	"urpc/checker/catalogue"
	"urpc/checker/schedule"
)

// Target is a program of real code with parameters.
type Target struct {
	Name string // as on the command line: "channel"
	Doc  string // one sentence
	// Parameters and Configurations are as those of a model; the first
	// configuration is the default.
	Parameters     []catalogue.Parameter
	Configurations []catalogue.Configuration
	// Properties are the names of what is checked, beside the scheduler's own
	// "deadlock" and "panic".
	Properties []string
	// Program makes the program of a configuration. It may be run any number of
	// times, but not at once.
	Program func(v catalogue.Values) func(*schedule.T)

	// possible says what is wrong with values that are within their bounds each,
	// but not together; nil: nothing.
	possible func(v catalogue.Values) error
}

// Targets are all targets.
var Targets = []Target{lockTarget, queueTarget, channelTarget, callTarget, deathTarget, hostileTarget, donationTarget, bindTarget}

// Find gives the target of a name. Its error is a *catalogue.UnknownError.
func Find(name string) (Target, error) {
	var known []string
	for _, t := range Targets {
		if t.Name == name {
			return t, nil
		}
		known = append(known, t.Name)
	}
	return Target{}, &catalogue.UnknownError{
		What: "target", Name: name, Nearest: catalogue.Nearest(name, known), Known: known,
	}
}

// Parse reads a configuration as catalogue.Family.Parse does: values, and the
// name of the declared configuration that has these values, or "".
func (t Target) Parse(config string) (catalogue.Values, string, error) {
	v, name, err := t.family().Parse(config)
	if err == nil && t.possible != nil {
		if err = t.possible(v); err != nil {
			err = fmt.Errorf("configuration %q: %w", config, err)
		}
	}
	return v, name, err
}

func (t Target) family() catalogue.Family {
	return catalogue.Family{Name: t.Name, Doc: t.Doc, Parameters: t.Parameters, Configurations: t.Configurations}
}

// configuration is how tokens name the values: by the name of the configuration
// that has them, else in full. Parse reads either.
func (t Target) configuration(v catalogue.Values) string {
	_, name, err := t.Parse(v.String())
	if err != nil {
		panic(fmt.Sprintf("explore: values that %s does not read back: %v", t.Name, err))
	}
	if name != "" {
		return name
	}
	return v.String()
}

// Run explores a configuration of a target. It fills in what the options say
// about the program: Target, Configuration, Mutant, Skip.
func Run(ctx context.Context, t Target, v catalogue.Values, s schedule.Strategy, o schedule.Options) (schedule.Report, error) {
	return schedule.Explore(ctx, t.Program(v), s, t.options(o, t.configuration(v)))
}

// Replay runs the execution of a token. A token of another mutant than this
// program is (or of none) is refused with schedule.ErrTokenProgram.
func Replay(ctx context.Context, token schedule.Token, o schedule.Options) (schedule.Report, error) {
	t, v, configuration, err := resolve(token)
	if err != nil {
		return schedule.Report{}, err
	}
	return schedule.Replay(ctx, t.Program(v), token, t.options(o, configuration))
}

// resolve gives what a token is of, and refuses one of another mutant.
func resolve(token schedule.Token) (t Target, v catalogue.Values, configuration string, err error) {
	info, err := schedule.ParseToken(token)
	if err != nil {
		return t, v, "", err
	}
	if info.Mutant != planted {
		return t, v, "", fmt.Errorf("replay: %w: it is of %s, this program is %s",
			schedule.ErrTokenProgram, describe(info.Mutant), describe(planted))
	}
	if t, err = Find(info.Target); err != nil {
		return t, v, "", fmt.Errorf("replay: %w", err)
	}
	if v, _, err = t.Parse(info.Configuration); err != nil {
		return t, v, "", fmt.Errorf("replay: %w", err)
	}
	return t, v, info.Configuration, nil
}

func describe(mutant string) string {
	if mutant == "" {
		return "the runtime as it is"
	}
	return "mutant " + mutant
}

func (t Target) options(o schedule.Options, configuration string) schedule.Options {
	o.Target, o.Configuration, o.Mutant = t.Name, configuration, planted
	// The source of a step is where the protocol stands, not how it touches memory.
	o.Skip = []string{"urpc/runtime/shm", "urpc/runtime/lock", "urpc/fuzz/explore"}
	return o
}

// tooLarge marks a configuration of which nobody waits for all states.
func tooLarge(c catalogue.Configuration) catalogue.Configuration {
	c.Large = true
	return c
}
