package child

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// Left tells which processes of the groups that the keeper's children lead are
// still there: children that were not waited for, and what they have started.
func (k *Keeper) Left() ([]string, error) {
	groups := map[int]bool{}
	for _, c := range k.all() {
		groups[c.PID()] = true
	}
	files, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return nil, fmt.Errorf("list processes: %w", err)
	}
	var left []string
	for _, file := range files {
		stat, err := os.ReadFile(file)
		if err != nil {
			continue // it has ended meanwhile
		}
		// pid (name) state parent group …; the name may hold anything.
		head, rest, ok := bytes.Cut(stat, []byte(" ("))
		fields := strings.Fields(string(rest[bytes.LastIndexByte(rest, ')')+1:]))
		if !ok || len(fields) < 3 {
			return nil, fmt.Errorf("understand %s", file)
		}
		if group, err := strconv.Atoi(fields[2]); err == nil && groups[group] {
			left = append(left, fmt.Sprintf("process %s of group %d", head, group))
		}
	}
	return left, nil
}
