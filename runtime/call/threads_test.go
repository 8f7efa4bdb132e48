package call

import "testing"

// A thread that goes on for another reason takes a permit along that it has: it was
// meant for this call, and would wake the record's next one for nothing. Which of
// several reasons a select takes is chance, so that it is tried often.
func TestNoPermitIsLeft(t *testing.T) {
	ended := make(chan struct{})
	close(ended)
	for _, reasons := range [][2]chan struct{}{{ended, nil}, {nil, ended}, {ended, ended}} {
		g := &goroutines{permits: []chan struct{}{make(chan struct{}, 1)}}
		for range 64 {
			g.Ready(0)
			g.Block(0, reasons[0], reasons[1])
			if len(g.permits[0]) != 0 {
				t.Fatal("a permit is left for the record's next call")
			}
		}
	}
}
