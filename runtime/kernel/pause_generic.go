//go:build linux && !amd64 && !arm64

package kernel

// pause does nothing where Go knows no instruction for it.
//
//go:noinline
func pause() {}
