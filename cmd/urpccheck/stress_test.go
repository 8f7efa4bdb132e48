package main

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/spf13/pflag"

	"urpc/fuzz/stress"
	urpc "urpc/runtime"
)

// The command that is printed makes the same run: it has every option.
func TestStressAgain(t *testing.T) {
	o := stress.Options{
		Clients: 2, Calls: 3, Threads: 5, Keys: 6, Size: 7, Slots: 8, Seed: 9, Start: 10, Deadline: 11 * time.Millisecond,
		Kill: stress.Server, Donation: urpc.NeverDonate, Processors: stress.OneProcessor,
	}
	command := strings.Fields(stressAgain(o))
	var f stressFlags
	flags := pflag.NewFlagSet("stress", pflag.ContinueOnError)
	f.declare(flags)
	if err := flags.Parse(command[slices.Index(command, "stress")+1:]); err != nil {
		t.Fatal(err)
	}
	if got, want := stressAgain(f.options()), strings.Join(command, " "); got != want {
		t.Errorf("%s\nis read as\n%s", want, got)
	}
	for _, flag := range []string{"clients", "calls", "threads", "keys", "size", "slots", "seed", "start", "deadline", "kill", "donate", "processors"} {
		if !flags.Changed(flag) {
			t.Errorf("--%s is missing in %s", flag, strings.Join(command, " "))
		}
	}
}
