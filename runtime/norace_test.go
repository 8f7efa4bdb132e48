//go:build !race

package urpc

// raceEnabled: the race detector allocates.
const raceEnabled = false
