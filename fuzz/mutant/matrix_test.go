package mutant

import (
	"fmt"
	"strings"
	"testing"

	"urpc/checker/catalogue"
	"urpc/checker/schedule"
	"urpc/fuzz/explore"
	"urpc/spec/binding"
	"urpc/spec/lock"
	"urpc/spec/memory"
)

// That every mutant is killed as its patch says, by its named property, is a test
// of package trial, which builds each for all checks.

// mostSurvived is how many executions of each place are looked at: more than any
// mutant but few needs.
const mostSurvived = 20_000

// The runtime as it is survives what kills its mutants.
func TestRuntimeSurvives(t *testing.T) {
	type place struct{ target, configuration string }
	preemptions := map[place]int{} // the most that a mutant needs there
	for _, m := range All() {
		p := place{m.Target, m.Configuration}
		preemptions[p] = max(preemptions[p], m.Preemptions)
	}
	for p, most := range preemptions {
		t.Run(fmt.Sprint(p.target, " ", p.configuration), func(t *testing.T) {
			t.Parallel()
			target, err := explore.Find(p.target)
			if err != nil {
				t.Fatal(err)
			}
			v, _, err := target.Parse(p.configuration)
			if err != nil {
				t.Fatal(err)
			}
			rep, err := explore.Run(t.Context(), target, v, schedule.Bounded(most), schedule.Options{MaxExecutions: mostSurvived})
			if err != nil || rep.Failure != nil || !rep.Complete && !rep.BudgetUsed {
				t.Errorf("%v within %s: %s: %+v, %v", rep.Verdict, rep.Bound, rep.Reason, rep.Failure, err)
			}
		})
	}
}

// A mutant is killed by a property that its target or the scheduler names, never
// by a panic.
func TestEveryMutantNamesAProperty(t *testing.T) {
	for _, m := range All() {
		target, err := explore.Find(m.Target)
		if err != nil {
			t.Error(err)
			continue
		}
		known := append([]string{explore.Deadlock}, target.Properties...)
		if !strings.Contains("\n"+strings.Join(known, "\n")+"\n", "\n"+m.KilledBy+"\n") {
			t.Errorf("%s is killed by %q, which is none of %q", m.Name, m.KilledBy, known)
		}
	}
}

// kinds are the faults that any catalogue of such a runtime must have, and which
// mutants they are here.
var kinds = map[string][]string{
	"test-and-set that is not atomic":    {"lock-not-atomic", "receive-lock-not-atomic"},
	"early unlock":                       {"early-unlock"},
	"double unlock":                      {"double-unlock"},
	"publish before write":               {"publish-before-write"},
	"index before copy":                  {"head-before-copy"},
	"off by one":                         {"full-off-by-one", "replies-full-off-by-one", "full-one-early", "room-check-off", "deadline-off-by-one"},
	"no re-check":                        {"no-recheck", "sleep-on-replies", "no-lead-again"},
	"wake before publish":                {"wake-before-publish"},
	"one flag for two waiters":           {"one-flag-for-two", "blocked-flag"},
	"stale cached index":                 {"stale-room"},
	"no generation":                      {"no-generation"},
	"double donation":                    {"double-donation", "donate-not-atomic"},
	"donation that is never returned":    {"never-returned", "return-before-doorbell", "return-after-park", "guest-polls", "donation-seen-at-wake", "guest-forgotten"},
	"death ignored":                      {"death-ignored", "departure-ignored", "notice-ignored", "poison-not-looked-at"},
	"death assumed":                      {"poisoned-alive"},
	"reclaim of what a living owner has": {"unmapped-under-holder", "memory-goes-first", "hold-after-close"},
	"double fetch":                       {"double-fetch", "returned-reloaded", "peek-double-fetch"},
	"missing check of a length":          {"no-length-check", "length-cut", "frame-length-not-checked"},
	"missing check of an index":          {"no-index-check", "no-head-check", "no-sequence-check", "no-number-check"},
	"missing bound of what is asked for": {"slots-not-checked", "payload-not-checked"},
	"missing check of what is granted":   {"granted-not-checked", "granted-slots-not-checked", "granted-payload-not-checked", "procedures-not-counted", "memory-not-limited"},
	"missing check of a frame": {"answer-not-measured", "table-end-not-checked", "name-length-not-checked", "procedure-twice", "table-goes-on", "reserved-not-checked",
		"refusal-not-measured", "reason-not-checked", "hello-not-measured", "hello-not-reserved", "kind-not-checked", "descriptors-not-counted"},
	"missing check of what is sent":              {"request-size-not-checked", "payload-size-not-checked", "reply-size-not-checked", "told-size-not-checked", "error-not-cut"},
	"missing check of a value":                   {"value-length-not-checked", "bool-not-checked", "first-bool-checked", "nested-bool-misplaced", "array-bool-misplaced", "value-not-validated", "status-not-checked", "encoded-not-validated", "validated-undecoded", "gob-goes-on", "nil-pointer-sent"},
	"a user's code that panics, or exits":        {"unmarshal-not-recovered", "gob-not-recovered", "marshal-panic-dropped", "validate-panic-dropped", "finish-not-deferred"},
	"a value that is part of a message":          {"blob-not-copied", "unmarshal-not-copied"},
	"missing check of who the peer is":           {"same-user-not-checked", "client-admits-all", "unwatched-gone"},
	"a function that decides whom to trust":      {"client-authorize-not-asked", "server-authorize-not-asked", "rule-beside-authorize", "authorize-not-recovered"},
	"what a client demands":                      {"lookup-no-close", "demands-not-looked-up", "request-layout-not-checked", "reply-layout-not-checked"},
	"a handshake that ends with its context":     {"region-kept-on-cancel", "context-not-passed", "bound-though-cancelled", "stop-not-passed"},
	"missing check of memory":                    {"seals-not-verified", "write-seal-not-verified", "size-not-verified", "size-before-seals", "seals-not-told", "size-not-told"},
	"offset plus length that overflows":          {"length-overflows"},
	"counters narrowed to 16 bits":               {"tail-of-16-bits", "head-of-16-bits", "sequence-of-16-bits", "generation-of-16-bits", "donated-of-16-bits"},
	"counters compared by order":                 {"out-by-order", "guests-by-order", "return-by-order"},
	"counters that come to mean nothing":         {"calls-wrap"},
	"delivery, or leaving, by two steps":         {"deliver-not-atomic", "abandon-not-atomic"},
	"the lead, passed on too early":              {"pass-before-resign", "pass-before-abandon"},
	"what is left after a failure":               {"region-kept-on-failure", "received-kept", "descriptor-kept", "unmade-keeps-place", "close-not-deferred", "unmap-leak-on-seal", "mapped-own-kept", "unmap-stops", "unmap-not-told", "early-answer-kept", "watch-refused-ignored"},
	"a pool that is stopped twice, or grows":     {"stop-twice", "hire-off-by-one", "dismiss-forgotten", "rest-not-ended"},
	"a monitor that does not look, or for ever":  {"monitor-forgets-last", "end-call-before-execute", "rest-not-told", "rest-told-late", "rest-not-ended"},
	"a monitor that acts too early, or too late": {"at-first-look", "first-call-known", "at-third-look"},
	"a call that waits for a record":             {"end-not-seen-waiting", "corrupt-ends-one", "waiter-not-ended", "close-awaits-replies", "drain-keeps-lead", "waiter-sends-on", "sending-looked-at-first"},
	"a caller that polls":                        {"polling-not-left"},
	"a pool that hires for nothing, or nobody":   {"monitor-hires-always", "monitor-hires-first", "monitor-hires-when-idle", "idle-announced-late", "no-replacement"},
	"a server that has stopped, and its client":  {"stopped-sends-on", "linger-after-end", "stopped-taken-for-exited", "exit-told-as-hangup", "stop-cause-missing", "stop-told-to-nobody", "stopped-keeps-record"},
	"a peer that is corrupt, and lives on":       {"corrupt-not-ended", "corrupt-not-told", "corrupt-not-nudged", "lost-not-broken", "corrupt-told-for-close", "broken-told-for-death"},
	"a server that does not stop, or stops":      {"listener-not-closed", "others-kept-out", "clients-not-awaited", "clients-not-told", "ended-at-first", "shortage-ends-server", "handshake-not-ended", "farewell-waits", "farewell-demanded"},
	"donation with ready threads at home":        {"donate-though-ready", "delivered-not-ready"},
	"shared access past the hook":                {"peek-double-fetch", "head-peeked"},
	"bytes beyond a message":                     {"slot-written-whole", "slot-copied-whole", "copy-off-by-one"},
	"messages at the bounds of their length":     {"empty-not-written", "full-refused"},
	"what comes last counts":                     {"poison-last-counts", "cause-last-counts", "close-taken-for-death", "corrupt-told-for-death", "room-told-for-death"},
	"let go before it is said why":               {"unblock-before-poison", "poison-after-nudge", "stop-after-nudge"},
	"nudge that does not count":                  {"nudge-of-one-bit"},
	"nudge read after the look":                  {"nudge-after-look", "pool-nudge-after"},
}

func TestEveryKindIsHere(t *testing.T) {
	for kind, names := range kinds {
		for _, name := range names {
			if _, err := Find(name); err != nil {
				t.Errorf("%s: %v", kind, err)
			}
		}
	}
	if n := len(All()); n < 40 {
		t.Errorf("%d mutants, want at least 40", n)
	}
}

// onlyInTheSpecification are mutants of the specification that no patch makes, and why.
var onlyInTheSpecification = map[string]string{
	"awaits-next":            "AwaitMessage is there for the explorer alone: without it a receiver polls",
	"awaits-change":          "the same",
	"lock-of-the-dead-freed": "what its peer writes a space maps for reading alone: there is no code that could free a lock there",
	"stopped-alive":          "the code that learns of a death is the same on both sides: poisoned-alive",
	"client-death-ignored":   "what wakes the processors is the stop of the pool, whoever stops it: stop-not-nudged",
	"never-left":             "what a thread does in the critical section is not the lock's code",
	"held-after-close":       "whether a call comes before close or after it, the code that holds the region is the same: hold-after-close",
}

// A fault has one name, in the specification and in the runtime.
func TestSpecificationsMutantsAreHere(t *testing.T) {
	for _, family := range []catalogue.Family{lock.Family, memory.Family, memory.QueueFamily, memory.CallFamily, memory.DeathFamily, memory.StopFamily, binding.Family} {
		for _, m := range family.Mutants {
			_, err := Find(m.Name)
			_, excused := onlyInTheSpecification[m.Name]
			if missing := err != nil; missing != excused {
				t.Errorf("mutant %s of %s: missing here: %v, excused: %v", m.Name, family.Name, missing, excused)
			}
		}
	}
}
