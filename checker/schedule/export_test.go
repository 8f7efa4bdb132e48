package schedule

import "testing"

// VerifyLittle has searches by states verify few of the states that they meet again,
// until the test ends: that is most of what a search of a few hundred states takes.
func VerifyLittle(t *testing.T) {
	before := firstMet
	firstMet = 0
	t.Cleanup(func() { firstMet = before })
}
