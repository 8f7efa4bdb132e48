package stress

import (
	"fmt"
	"os"
	"strings"
)

// segments is in the name of every memory of a binding, as /proc shows it.
const segments = "memfd:urpc-"

// leftHere tells which memory of bindings this process still has mapped or holds
// a descriptor of.
func leftHere() ([]string, error) {
	var left []string
	maps, err := os.ReadFile("/proc/self/maps")
	if err != nil {
		return nil, fmt.Errorf("read the own mappings: %w", err)
	}
	for line := range strings.Lines(string(maps)) {
		if strings.Contains(line, segments) {
			left = append(left, fmt.Sprintf("process %d: mapping %s", os.Getpid(), strings.TrimSpace(line)))
		}
	}
	files, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return nil, fmt.Errorf("read the own descriptors: %w", err)
	}
	for _, f := range files {
		if target, err := os.Readlink("/proc/self/fd/" + f.Name()); err == nil && strings.Contains(target, segments) {
			left = append(left, fmt.Sprintf("process %d: descriptor %s of %s", os.Getpid(), f.Name(), target))
		}
	}
	return left, nil
}
