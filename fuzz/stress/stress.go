// Package stress lets real processes call each other at full speed and judges
// what they saw: every call's history by Porcupine, every payload by checksum,
// every execution by the number of the call that asked for it. It can kill a
// process at a random moment meanwhile. It needs Linux, and promises nothing to
// users of urpc.
//
// What is counted survives SIGKILL: each client writes its calls, before it makes
// them and when they end, into memory that the parent made, and the server notes
// there each call that it executes before it does.
package stress

import (
	"errors"
	"fmt"
	"time"

	"urpc/checker/verdict"
	"urpc/fuzz/history"
	"urpc/runtime"
)

// Options say what to run. The zero value is right for a first run.
type Options struct {
	Clients int // processes that call; 0 stands for 4
	Calls   int // of each client; 0 stands for 10,000
	Threads int // goroutines of each client that call; 0 stands for 4
	Keys    int // registers that the calls read and change; 0 stands for 64
	// Size is the largest payload in bytes: with it one call in four is a bulk call
	// with a payload of 0 to Size bytes, checked at both sides.
	Size int
	// Slots is how many calls of a client may be pending; 0: the runtime's default.
	Slots int
	// Seed fixes what is called, and who is killed when. How the processes
	// interleave it does not fix.
	Seed uint64
	Kill Victim
	// Donation is that of the clients; see urpc.Donation.
	Donation   urpc.Donation
	Processors Processors
	// Start is the position of the first message in each channel.
	Start uint32
	// Deadline of each call. 0: none, so that a lost wake-up hangs and is found;
	// with Kill, 0 stands for five seconds.
	Deadline time.Duration
	// Stall is how long nothing may happen before the run counts as hung; 0 stands
	// for 15 s beyond the deadline.
	Stall time.Duration
	// Judge bounds the judgement of the history; a Timeout of 0 stands for a minute.
	Judge history.Options
	// Artifacts is the folder into which a history that does not linearize is
	// written, with pictures; "": none.
	Artifacts string
	// Progress, if set, is called every ProgressEvery (0: a second).
	Progress      func(Progress)
	ProgressEvery time.Duration

	fault fault // for tests that want to see a check fail
}

// Victim says who is killed in the middle.
type Victim string

// The victims.
const (
	Nobody Victim = ""
	Client Victim = "client"
	Server Victim = "server"
)

// Processors says on how many processors all processes run.
type Processors uint8

const (
	// AllProcessors: wherever the parent may run.
	AllProcessors Processors = iota
	// OneProcessor: all on one, so that every call needs a switch.
	OneProcessor
)

// Progress is a look at a run.
type Progress struct {
	Calls   uint64 // that have ended
	Of      uint64
	Elapsed time.Duration
	Rate    float64 // calls a second since the last look
}

// Ending is how a call ended.
type Ending uint8

// The endings: a reply, or one of the errors of package urpc.
const (
	Completed Ending = iota + 1
	PeerDied
	Cancelled
	DeadlineExceeded
	Refused
	Overloaded
	Closed
	Corrupt
	Remote  // the handler's error
	Untyped // any other error: there should be none
	endings
)

var endingNames = [...]string{
	Completed: "completed", PeerDied: "peer died", Cancelled: "cancelled", DeadlineExceeded: "deadline exceeded",
	Refused: "refused", Overloaded: "overloaded", Closed: "closed", Corrupt: "peer broke the protocol",
	Remote: "handler's error", Untyped: "untyped error",
}

// String is the ending in words.
func (e Ending) String() string {
	if e > 0 && int(e) < len(endingNames) {
		return endingNames[e]
	}
	return fmt.Sprintf("Ending(%d)", uint8(e))
}

// MarshalText is the ending in words.
func (e Ending) MarshalText() ([]byte, error) { return []byte(e.String()), nil }

// executed says whether a call that ended so may have been executed.
func (e Ending) executed() bool { return e != Refused && e != Overloaded }

// Result is what a run saw.
type Result struct {
	// Verdict is Holds if nothing was lost, duplicated, corrupted or stray, nothing
	// ended in a way or at a time that it must not, the history linearizes, and
	// nothing was left behind. It is Unknown if the run was cut short, or the victim
	// was not killed in the middle, or no call completed, or the judgement is unknown.
	Verdict verdict.Verdict
	// Complete: every client made all its calls, or was killed as planned, or lost
	// its server as planned; and some call completed.
	Complete bool
	Seed     uint64
	// Reasons say why the verdict is not Holds.
	Reasons []string
	// Hung: no call ended for Options.Stall, or a process did not end when it was to;
	// it was killed, and calls that a client had begun count as lost.
	Hung bool

	Calls     uint64 // begun
	Completed uint64 // ended by their reply
	Lost      uint64 // completed, but never executed; or begun and never ended, by a client that lives
	// Duplicated counts executions beyond a call's first.
	Duplicated uint64
	Corrupted  uint64 // requests, replies and payloads whose checksum was wrong
	// Stray counts executions that nobody asked for: of calls that were never begun,
	// or that ended as refused or overloaded.
	Stray uint64
	// Failures are the calls that ended otherwise than by their reply.
	Failures map[Ending]uint64
	Unknown  uint64 // calls of unknown outcome
	// Late counts calls that ended more than a second after their deadline.
	Late uint64
	// Untyped are some of the errors that are none of package urpc.
	Untyped []string
	History history.Judgement

	// Victim says who was killed ("client 2"), "" if nobody; Moment after how many
	// calls (of the client; of all for the server).
	Victim string
	Moment uint64
	// Survivors are the calling threads of clients that were not killed. Of them
	// Finished made all their calls, Informed learned that the server died. The rest
	// would be Silent: they left without a word.
	Survivors, Finished, Informed, Silent int

	Counters Counters
	Elapsed  time.Duration // of the calls
	Rate     float64       // calls a second
	// Leftovers name what was left behind: processes, files, mappings, descriptors.
	Leftovers []string
	Artifacts []string // files that were written
}

// Property names what is violated; it means nothing of another verdict.
func (r *Result) Property() string {
	switch {
	case r.Lost > 0:
		return "nothing lost"
	case r.Duplicated > 0:
		return "nothing duplicated"
	case r.Corrupted > 0:
		return "nothing corrupted"
	case r.Stray > 0:
		return "nothing executed that was not called"
	case r.History.Verdict == verdict.Violated:
		return "history linearizes"
	case len(r.Leftovers) > 0:
		return "nothing left behind"
	default:
		return "every call ends as it should"
	}
}

// Counters are the runtime's own, summed over the processes that lived to report.
type Counters struct {
	Parks     uint64 `json:"parks"`     // of processors at either side
	Wakes     uint64 `json:"wakes"`     // by which the kernel was asked to wake the other side
	Donations uint64 `json:"donations"` // of these, with the caller's processor handed over
	Returns   uint64 `json:"returns"`   // donated processors that went back, as the server counted them
	Blocks    uint64 `json:"blocks"`    // callers that blocked while another received for all
	Overloads uint64 `json:"overloads"` // calls that found every slot in use
	Dropped   uint64 `json:"dropped"`   // late replies of calls that were left
}

// Defaults and bounds.
const (
	defaultClients = 4
	defaultCalls   = 10_000
	defaultThreads = 4
	defaultKeys    = 64
	defaultStall   = 15 * time.Second
	defaultKilled  = 5 * time.Second
	defaultJudge   = time.Minute
	grace          = time.Second // beyond a deadline
	maxClients     = 1024
	maxThreads     = 4096
	maxCalls       = 16 << 20 // of all clients: their histories take 1 GiB
)

// ErrOptions: an option is out of its bounds.
var ErrOptions = errors.New("bad options")

// withDefaults fills in what is left zero. Its error wraps ErrOptions.
func (o Options) withDefaults() (Options, error) {
	o.Clients = orDefault(o.Clients, defaultClients)
	o.Calls = orDefault(o.Calls, defaultCalls)
	o.Threads = orDefault(o.Threads, defaultThreads)
	o.Keys = orDefault(o.Keys, defaultKeys)
	o.Judge.Timeout = orDefault(o.Judge.Timeout, defaultJudge)
	o.ProgressEvery = orDefault(o.ProgressEvery, time.Second)
	if o.Kill != Nobody {
		o.Deadline = orDefault(o.Deadline, defaultKilled)
	}
	o.Stall = orDefault(o.Stall, defaultStall+o.Deadline)
	if err := o.check(); err != nil {
		return o, fmt.Errorf("%w: %w", ErrOptions, err)
	}
	return o, nil
}

// check says what is out of bounds.
func (o *Options) check() error {
	switch {
	case o.Clients < 1 || o.Clients > maxClients:
		return fmt.Errorf("%d clients: want 1 to %d", o.Clients, maxClients)
	case o.Threads < 1 || o.Threads > maxThreads:
		return fmt.Errorf("%d threads: want 1 to %d", o.Threads, maxThreads)
	case o.Calls < 1 || o.Calls > maxCalls/o.Clients:
		return fmt.Errorf("%d calls of each of %d clients: want 1 to %d of all together", o.Calls, o.Clients, maxCalls)
	case o.Keys < 1 || o.Keys > 1<<20:
		return fmt.Errorf("%d keys: want 1 to %d", o.Keys, 1<<20)
	case o.Size < 0 || o.Size > maxSize:
		return fmt.Errorf("payloads of %d bytes: want 0 to %d", o.Size, maxSize)
	case o.Slots < 0 || o.Slots > urpc.MaxSlots:
		return fmt.Errorf("%d slots: want 1 to %d", o.Slots, urpc.MaxSlots)
	case o.Deadline < 0 || o.Stall < 0 || o.Judge.Timeout < 0:
		return fmt.Errorf("deadline %v, stall %v, time to judge %v: none can be negative", o.Deadline, o.Stall, o.Judge.Timeout)
	case o.Kill != Nobody && o.Kill != Client && o.Kill != Server:
		return fmt.Errorf("kill %q: want %q, %q or nobody", o.Kill, Client, Server)
	case o.Processors > OneProcessor:
		return fmt.Errorf("unknown choice of processors %d", o.Processors)
	}
	return nil
}

func orDefault[T comparable](v, otherwise T) T {
	var zero T
	if v == zero {
		return otherwise
	}
	return v
}
