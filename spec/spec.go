// Package spec is the protocol as the notes tell it, made executable. It
// promises nothing to users.
//
// Where to look:
//
//	spec/step      the names of the atomic steps, shared with the runtime
//	spec/protocol  whole messages and whole processors: spaces, threads, ready
//	               lists, channels, donation; the families "protocol" and "editor"
//	spec/memory    one shared access per step: one channel's two queues, the locks
//	               at their ends, parking and waking, calls that are left, and the death of
//	               the server; the families "channel", "queue", "call" and "death"
//	spec/binding   one request or shared access per step: the life of a binding; the
//	               family "binding"
//	spec/lock      the test-and-set lock by itself; the family "lock"
package spec

import (
	"urpc/checker/catalogue"
	"urpc/spec/binding"
	"urpc/spec/lock"
	"urpc/spec/memory"
	"urpc/spec/protocol"
)

// Families are the models of the specification.
var Families = []catalogue.Family{
	protocol.Editor,
	protocol.Family,
	memory.Family,
	memory.QueueFamily,
	memory.CallFamily,
	memory.DeathFamily,
	memory.StopFamily,
	binding.Family,
	lock.Family,
}
