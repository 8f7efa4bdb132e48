//go:build linux && (amd64 || arm64)

package kernel

// pause tells the processor that this is a polling loop.
func pause()
