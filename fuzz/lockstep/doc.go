// Package lockstep checks that the runtime's own code, run under the controlled
// scheduler, takes the steps of the memory-level specification (spec/memory) and
// no others. It promises nothing to users.
//
// The specification is run along: from its initial state it takes the step that
// a thread of the code has just taken, under the same name, and the state that
// it comes to is compared with the one that is decoded from memory: the words of
// both segments and of the client's private one, who sleeps in the simulated
// kernel, who was made ready, and at which step each thread stands. This is a
// refinement mapping (Abadi and Lamport, "The existence of refinement mappings",
// Theoretical Computer Science 82(2), 1991): whatever holds of all states of the
// specification holds of what the code's words stand for.
//
// Where to look:
//
//	layout.go      where the words stand: read from the layout's drawing, not from the runtime
//	image.go       the mapping: words and positions to a state of the specification
//	left.go        the same of what calls that are left add
//	access.go      which word each step touches, and how
//	stutter.go     steps of the code that are none of the specification, and why
//	outside.go     steps that no configuration takes which is run along, and why
//	refinement.go  the specification run along
//	follow.go      the same of a specification that is nondeterministic; binding.go, lock.go,
//	               pool.go: of targets bind, lock and donation, and of a client's death
//	poolimage.go   which steps of a pool are stutters, and what of a state shows meanwhile
//	difference.go  what is told when the two differ
//	graph.go       the specification's state graph, and how much of it the code has taken
//	drive.go       paths through that graph that decide how the code is scheduled
//	run.go         the entry points
//
// What it does not see: whatever explore does not (weak memory), a corrupt peer, a
// client that dies, what a pool's threads do among themselves, and configurations that a
// State cannot hold.
package lockstep
