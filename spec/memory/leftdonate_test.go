package memory

import (
	"slices"
	"testing"

	"urpc/checker"
)

// The faults of donation that the channel has are caught where calls may be left, too.
func TestDonationOfCallsFails(t *testing.T) {
	for name, property := range map[string]string{
		"double-donation": OneDonation, "donate-though-ready": NoneReady, "never-returned": GoesBack,
	} {
		m := newMachine(Config{
			Clients: 2, Servers: 1, Calls: 1, Slots: 2, Replies: 2, Donation: true, Leave: Leave{Records: 2, Leavers: 1},
		})
		programs := m.programs()
		for _, fault := range mutants {
			if fault.Name == name {
				for side := range programs {
					programs[side] = replace(programs[side], fault.steps)
				}
			}
		}
		r, err := checker.Check(t.Context(), m.callModel(programs, besidePrograms), checker.Options{})
		if err != nil {
			t.Fatal(err)
		}
		fails := func(p checker.Result) bool { return p.Name == property && p.Verdict == checker.Violated }
		if !slices.ContainsFunc(r.Properties, fails) {
			t.Errorf("%s: %v, and %q is not violated", name, r.Verdict, property)
		}
	}
}
