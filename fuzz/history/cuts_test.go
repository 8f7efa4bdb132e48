package history

import "testing"

// JudgeWithCuts is Judge with parts of at least so many events.
func JudgeWithCuts(t *testing.T, events []Event, least int) Judgement {
	t.Helper()
	defer func(before int) { leastSegment = before }(leastSegment)
	leastSegment = least
	j, err := Judge(t.Context(), events, Options{})
	if err != nil {
		t.Fatal(err)
	}
	return j
}
