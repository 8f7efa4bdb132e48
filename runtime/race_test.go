//go:build race

package urpc

const raceEnabled = true
