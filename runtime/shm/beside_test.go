package shm_test

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// announcements are the methods by which a step beside the segments is announced (of
// View, machine.Machine and Holding), with the step's name as their first argument.
var announcements = []string{"Beside", "Step", "Before"}

// operations says what each function of the runtime does to what the threads of a space
// share beside the segments (whatever is of an atomic type, or follows a mutex in its
// struct), and which steps it announces, in the order of the source:
//
//	Poison:                  the announcement of a step
//	poison.err.Load          an atomic operation
//	freeList.mu              a mutex that is held from there to the function's end
//	poison.why()             a call of a function of the list, or that calls one; it announces nothing
//	unguarded:free.records   what a mutex guards, touched without it
//	address:Nudge.word       the place of an atomic, given to somebody else
//	mutex:Server.mu.Lock     any other use of a mutex
//
// The explorer runs nothing between a step and the next one that is announced, so it
// could not tell an operation from a load and a store, nor miss a mutex. Therefore
// behind each announcement there is one operation or one mutex, and a function that
// announces nothing makes one; where it is otherwise, exceptions says why that is right.
var operations = map[string]string{
	"call.Caller.Counters":      "record.generation.Load",
	"call.Caller.Free":          "unguarded:freeList.records",
	"call.Caller.Look":          "Caller.LookFree() poison.unsent.Load Caller.LookRecord()",
	"call.Caller.LookFree":      "unguarded:freeList.records unguarded:freeList.records Caller.LookPoison()",
	"call.Caller.LookRecord":    "record.generation.Load",
	"call.Caller.Record":        "record.generation.Load",
	"call.Caller.lookName":      "LookName: Caller.name()",
	"call.Caller.name":          "record.generation.Load",
	"call.Caller.nameCall":      "NameCall: record.generation.Add",
	"call.New":                  "record.generation.Store freeList.fill()",
	"call.freeList.empty":       "freeList.mu",
	"call.freeList.fill":        "unguarded:freeList.records unguarded:freeList.records",
	"call.freeList.put":         "FreeRecord: freeList.mu",
	"call.freeList.take":        "TakeRecord: freeList.mu",
	"call.poison.look":          "LookPoison: poison.why()",
	"call.poison.lookSending":   "LookSending: poison.unsent.Load",
	"call.poison.set":           "Poison: poison.err.CompareAndSwap",
	"call.poison.stopSending":   "StopSending: poison.unsent.Store",
	"call.poison.unblock":       "Unblock:",
	"call.poison.why":           "poison.err.Load",
	"kernel.Nudge.Change":       "Nudge.word.Add",
	"kernel.Nudge.Peek":         "Nudge.word.Load",
	"kernel.Nudge.Seen":         "LookNudge: Nudge.word.Load",
	"kernel.Nudge.StartAt":      "Nudge.word.Store",
	"kernel.linux.Nudge":        "Nudge.Change() address:Nudge.word",
	"kernel.linux.Sleep":        "address:Nudge.word",
	"processor.Pool.Look":       "Pool.corrupt.Load counters.returns.Load",
	"processor.Pool.Run":        "Pool.hire() Pool.monitor() Pool.corrupt.Load",
	"processor.Pool.broken":     "Pool.corrupt.Store",
	"shm.Region.Close":          "Region.closed.CompareAndSwap Region.release()",
	"shm.Region.add":            "name: Region.holders.Add",
	"shm.Region.release":        "Region.unmapped.CompareAndSwap",
	"shm.View.Beside":           "name:",
	"shm.View.before":           "Access{…}:",
	"urpc.Client.Look":          "Client.ending.Load Client.cause.Load",
	"urpc.Client.begin":         "Client.number() Client.cause.Load",
	"urpc.Client.end":           "EndBinding: Client.ending.CompareAndSwap Client.cause.CompareAndSwap",
	"urpc.Client.lookUp":        "Client.mu Client.numbers.Load Client.numbers.Load Client.numbers.Store",
	"urpc.Client.number":        "Client.numbers.Load Client.lookUp()",
	"urpc.Client.stop":          "Client.cause.CompareAndSwap Client.cause.Load",
	"urpc.NewProc":              "declarations.Add",
	"urpc.Server.AcceptOver":    "admission.allEnded() admission.stop() Admit: admission.full() admission.enter()",
	"urpc.Server.Counters":      "Server.mu",
	"urpc.Server.Look":          "mutex:Server.mu.Lock unguarded:Server.reserved mutex:Server.mu.Unlock",
	"urpc.Server.add":           "Server.mu",
	"urpc.Server.enter":         "EnterBinding: Server.mu",
	"urpc.Server.leave":         "LeaveBinding: Server.mu",
	"urpc.Server.reserve":       "Reserve: Server.mu",
	"urpc.Server.serveAccepted": "EndServing: admission.end() EndHandshake: admission.shaken() Server.serveOver()",
	"urpc.Server.table":         "Server.mu",
	"urpc.Server.unreserve":     "Unreserve: Server.mu",
	"urpc.admission.allEnded":   "admission.mu",
	"urpc.admission.end":        "admission.mu",
	"urpc.admission.enter":      "admission.mu",
	"urpc.admission.full":       "admission.mu",
	"urpc.admission.shaken":     "admission.mu",
	"urpc.admission.stop":       "admission.mu",
	"urpc.newClient":            "Client.numbers.Store",
}

// guards says what each mutex guards: the plain fields that follow it in its struct.
var guards = map[string]string{
	"call.freeList.mu":  "records",
	"urpc.Client.mu":    "",
	"urpc.Server.mu":    "procedures names bindings reserved past",
	"urpc.admission.mu": "handshakes served stopped room ended",
}

const watches = "it is for what watches a run, whose threads stand still"

// exceptions are the functions that announce a step, and do not make one operation
// behind it, or announce none, and do not make one.
var exceptions = map[string]string{
	"call.Caller.Free":     watches,
	"call.Caller.Look":     watches,
	"call.Caller.LookFree": watches,
	"processor.Pool.Look":  watches,
	"urpc.Client.Look":     watches,
	"urpc.Server.Look":     watches,

	"call.New":            "nobody else has the caller yet",
	"call.freeList.fill":  "nobody else has the list yet",
	"call.poison.unblock": "it closes a channel, and is called once, by who has set the poison",
	"kernel.linux.Nudge":  "who sleeps there is woken by the address",
	"kernel.linux.Sleep":  "the kernel compares what stands there as it lets the thread fall asleep",
	"processor.Pool.Run":  "the pool's threads have ended",
	"shm.Region.Close":    "add, which announces a step, comes between; only the first to close comes so far",
	"shm.View.Beside":     "it is the announcement itself",
	"shm.View.before":     "it announces accesses to words: TestEachAccessIsOneOperation",
	"urpc.Client.begin": "a number, once it is there, stays; the cause is there before the region is closed, " +
		"which was found so by a step",
	"urpc.Client.end": "only the first to end it comes to the second; if stop gives a cause between the two, " +
		"it is as if it had done so before",
	"urpc.Client.stop":          "the cause that is there after the first stays",
	"urpc.Client.lookUp":        "who stores holds the mutex, and who loads without it finds the one slice or the other: nobody writes in one",
	"urpc.Client.number":        "a number, once it is there, stays",
	"urpc.Server.AcceptOver":    "allEnded and stop run later; Accept, which is a step, comes before enter, and nobody else enters",
	"urpc.Server.serveAccepted": "the announcements are in functions that run later; serveOver has steps of its own",
}

// counts are what is only counted and told, and what nothing is decided by: adding to
// them is no step. readers are the names of the functions that may tell them.
var (
	counts = []string{
		"call.counters.parks", "call.counters.wakes", "call.counters.donations", "call.counters.blocks",
		"call.counters.overloads", "call.counters.dropped",
		"processor.counters.parks", "processor.counters.wakes", "processor.counters.returns", "processor.counters.replaced",
		"processor.Worker.wakes", "processor.Worker.returns",
		"urpc.Server.bound", "urpc.Server.refused", "urpc.Server.died", "urpc.binding.calls", "urpc.binding.failed",
	}
	readers = []string{"Counters", "counted"}
)

// What stands behind a step beside the segments is one operation, by the source of the
// runtime.
func TestEachStepBesideIsOneOperation(t *testing.T) {
	seen := 0
	for _, folder := range packagesOf(t) {
		name, rows := operationsOf(t, folder, nil)
		for _, d := range differences(name, rows) {
			t.Error(d)
		}
		seen += len(rows)
	}
	if want := len(operations) + len(guards); seen != want {
		t.Errorf("%d functions and mutexes are seen, want %d", seen, want)
	}
	for _, f := range slices.Sorted(maps.Keys(operations)) {
		if _, is := exceptions[f]; is == one(operations[f]) {
			t.Errorf("%s: %q, and an exception: %v", f, operations[f], is)
		}
	}
	for f := range exceptions {
		if operations[f] == "" {
			t.Errorf("%s is an exception, and not on the list", f)
		}
	}
}

// differences gives the functions of a package that do not do what the list says, and
// the mutexes that do not guard it, each with both.
func differences(name string, rows map[string]string) (found []string) {
	want := maps.Clone(operations)
	maps.Copy(want, guards)
	all := maps.Clone(want)
	maps.Copy(all, rows)
	for _, f := range slices.Sorted(maps.Keys(all)) {
		if strings.HasPrefix(f, name+".") && rows[f] != want[f] {
			found = append(found, f+": "+rows[f]+"; want "+want[f])
		}
	}
	return found
}

// one says whether a function makes one operation, behind each announcement if there
// is any.
func one(row string) bool {
	words := strings.Fields(row)
	for i, w := range words {
		if announces(w) != (announces(words[0]) && i%2 == 0) || !announces(w) && strings.Contains(w, ":") {
			return false
		}
	}
	return len(words) == 1 && !announces(words[0]) || len(words)%2 == 0 && announces(words[0])
}

func announces(word string) bool { return strings.HasSuffix(word, ":") }

// Two operations for one, and a mutex that is not held, are seen.
func TestTwoOperationsForOneAreSeen(t *testing.T) {
	for _, c := range []struct{ file, from, to, in string }{
		{"call/poison.go", "return p.err.CompareAndSwap(nil, err)", "if p.err.Load() != nil {\nreturn false\n}\np.err.Store(err)\nreturn true", "call.poison.set"},
		{"call/poison.go", "private.Beside(step.Poison, shm.KindCompareAndSwap, shm.Poisoned)", "", "call.poison.set"},
		{"call/free.go", "f.mu.Lock()\n\tf.records = append(f.records, i)\n\tf.mu.Unlock()", "f.records = append(f.records, i)", "call.freeList.put"},
		{"call/free.go", "f.records = append(f.records, i)\n\tf.mu.Unlock()", "f.mu.Unlock()\n\tf.records = append(f.records, i)", "call.freeList.put"},
		{"call/free.go", "f.mu.Lock()\n\tdefer f.mu.Unlock()\n\tif len(f.records) == 0 {", "if len(f.records) == 0 {", "call.freeList.take"},
		{"call/table.go", "c.records[i].generation.Add(1)", "c.records[i].generation.Store(c.records[i].generation.Load() + 1)", "call.Caller.nameCall"},
		{"kernel/kernel.go", "n.word.Add(1)", "n.word.Store(n.word.Load() + 1)", "kernel.Nudge.Change"},
		{"shm/region.go", "n := r.holders.Add(delta)", "n := r.holders.Load() + delta\nr.holders.Store(n)", "shm.Region.add"},
		{"shm/region.go", "if r.closed.CompareAndSwap(false, true) &&", "was := r.closed.Load()\nr.closed.Store(true)\nif !was &&", "shm.Region.Close"},
		{"shm/region.go", "if !r.unmapped.CompareAndSwap(false, true) {\n\t\treturn\n\t}", "if r.unmapped.Load() {\nreturn\n}\nr.unmapped.Store(true)", "shm.Region.release"},
		{"client.go", "if !c.ending.CompareAndSwap(false, true) {\n\t\treturn\n\t}", "if c.ending.Load() {\nreturn\n}\nc.ending.Store(true)", "urpc.Client.end"},
		{"client.go", "c.cause.CompareAndSwap(nil, &err)", "if c.cause.Load() == nil {\nc.cause.Store(&err)\n}", "urpc.Client.end"},
		{"client.go", "c.mu.Lock()\n\tdefer c.mu.Unlock()\n", "", "urpc.Client.lookUp"},
		{"bind.go", "c.cause.CompareAndSwap(nil, &errStopped)", "if c.cause.Load() == nil {\nc.cause.Store(&errStopped)\n}", "urpc.Client.stop"},
		{"binding.go", "l.machine.Step(step.Reserve)\n\ts.mu.Lock()\n\tdefer s.mu.Unlock()\n", "l.machine.Step(step.Reserve)\n", "urpc.Server.reserve"},
		{"binding.go", "l.machine.Step(step.Reserve)\n\ts.mu.Lock()\n\tdefer s.mu.Unlock()\n", "s.mu.Lock()\n\tdefer s.mu.Unlock()\n\tl.machine.Step(step.Reserve)\n", "urpc.Server.reserve"},
		{"accept.go", "func (a *admission) shaken() {\n\ta.mu.Lock()\n\tdefer a.mu.Unlock()\n", "func (a *admission) shaken() {\n", "urpc.admission.shaken"},
		{"accept.go", "\thandshakes, served int\n", "\n\thandshakes, served int\n", "urpc.admission.mu"},
		{"binding.go", "// table is", "func (s *Server) twice(l *link) {\n\tl.machine.Step(step.Reserve)\n\ts.unreserve(l)\n}\n\n// table is", "urpc.Server.twice"},
	} {
		path := filepath.Join("..", c.file)
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Count(string(text), c.from) != 1 {
			t.Errorf("%s has not %q once", c.file, c.from)
			continue
		}
		found := differences(operationsOf(t, filepath.Dir(path), map[string]string{path: strings.Replace(string(text), c.from, c.to, 1)}))
		if len(found) != 1 || !strings.HasPrefix(found[0], c.in+": ") {
			t.Errorf("%s with %q: %q, want %s alone", c.file, c.to, found, c.in)
		}
	}
}
