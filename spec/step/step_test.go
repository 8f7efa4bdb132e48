package step

import "testing"

// Every step has a name of its own, by which it is found again.
func TestNames(t *testing.T) {
	all := All()
	if want := int(end-1) + int(last-end) + int(locked-last) + int(count-locked); len(all) != want {
		t.Errorf("%d names, want %d: some step has none", len(all), want)
	}
	seen := map[string]bool{}
	for _, n := range all {
		if seen[n.String()] {
			t.Errorf("two steps are named %s", n)
		}
		seen[n.String()] = true
		if found, err := Parse(n.String()); err != nil || found != n {
			t.Errorf("Parse(%q) = %v, %v", n.String(), found, err)
		}
	}
	for _, text := range []string{"", "none", "donate", "Donated"} {
		if n, err := Parse(text); err == nil {
			t.Errorf("Parse(%q) = %v, want an error", text, n)
		}
	}
	if got, want := Name(255).String(), "step.Name(255)"; got != want {
		t.Errorf("a number that is no step is shown as %q, want %q", got, want)
	}
}
