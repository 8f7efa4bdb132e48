//go:build amd64 || arm64

package schedule

// self tells a goroutine from all others: by the address at which the Go runtime keeps what it
// knows of it. No other goroutine has that while this one lives.
type self struct{ at uintptr }

// begins is called in the outermost function of the goroutine.
func (s *self) begins() { s.at = routine() }

// calls says whether the goroutine calls.
func (s *self) calls() bool { return s.at == routine() }

// learns is called by a goroutine that calls in its place.
func (s *self) learns(bool) { s.at = routine() }

// ends is called where a goroutine that has called in its place ends.
func (s *self) ends(was self) { *s = was }

// routine gives the address of the goroutine that calls. It is a number, and keeps nothing alive.
func routine() uintptr
