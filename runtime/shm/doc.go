// Package shm is the memory that two address spaces share: segments of words,
// each written by one side only, and the hook through which every access to
// them can be watched and scheduled. It promises nothing to users of urpc.
//
// A Segment is memory that this side writes, a View is memory that it only
// reads: the peer's segment is a View, so the compiler refuses a write to it.
//
// Ordering. Load, Store, TestAndSet and Add are Go's atomic operations on
// 32-bit words: among the goroutines of one process they are sequentially
// consistent and synchronize as the Go memory model says of sync/atomic. The Go
// memory model ends at the process. Across processes the same instructions act
// on the same physical line, whose coherence is the hardware's; on every
// architecture that this package is built for, the instructions that Go emits
// for an atomic operation order the accesses around it, whoever maps the line.
// CopyIn and CopyOut are plain copies: a caller orders them by an atomic
// operation after (publish) or before (look).
//
// Faults. No access to a mapped segment faults, whatever the peer does: its size
// is sealed before anybody maps it, so no page of it can go, and every offset is
// checked against the length of the mapping. The runtime therefore does not set
// debug.SetPanicOnFault: a fault would be our own (an access after the memory has
// been unmapped), and a program that went on after it would hide that. Lack of
// memory is met when the segments are made, which allocates every page. A hostile
// peer can take a page of the calls out of its file again (a hole is no
// shrinking); the next access finds a page of zeros, with which that peer harms
// its own binding only.
package shm
