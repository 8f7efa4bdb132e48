package bench

import (
	"bytes"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"time"
)

// ringPML is the ring for SPIN.
//
//go:embed ring.pml
var ringPML []byte

// spin is a verifier that SPIN made of the ring (Holzmann, "The SPIN model checker", 2003).
type spin struct{ folder string }

// newSPIN makes one: exact, without partial order reduction, and as fast as the compiler can.
// It is nil where SPIN or a C compiler is not installed.
func newSPIN(ctx context.Context) (*spin, error) {
	for _, tool := range []string{"spin", "gcc"} {
		if _, err := exec.LookPath(tool); err != nil {
			return nil, nil
		}
	}
	folder, err := os.MkdirTemp("", "urpc-bench-")
	if err != nil {
		return nil, err
	}
	s := &spin{folder}
	if err := os.WriteFile(filepath.Join(folder, "ring.pml"), ringPML, 0o666); err != nil {
		return nil, errors.Join(err, s.close())
	}
	for _, command := range [][]string{
		{"spin", "-a", "ring.pml"},
		{"gcc", "-O3", "-DSAFETY", "-DNOREDUCE", "-DNOFAIR", "-DMEMLIM=8000", "-o", "pan", "pan.c"},
	} {
		c := exec.CommandContext(ctx, command[0], command[1:]...)
		c.Dir = folder
		if out, err := c.CombinedOutput(); err != nil {
			return nil, errors.Join(fmt.Errorf("%s: %w: %s", command[0], err, bytes.TrimSpace(out)), s.close())
		}
	}
	return s, nil
}

var storedStates = regexp.MustCompile(`(?m)^\s*(\d+) states, stored$`)

// run gives the states a second of one search, which must have the states that ours has, and
// one before the processes start.
func (s *spin) run(ctx context.Context, states uint64) (float64, error) {
	// A table of 2^24 places is large enough to be no hindrance, and the stack too.
	c := exec.CommandContext(ctx, filepath.Join(s.folder, "pan"), "-m1000000", "-w24", "-n")
	c.Dir = s.folder
	started := time.Now()
	out, err := c.Output()
	elapsed := time.Since(started)
	if ctx.Err() != nil {
		return 0, context.Cause(ctx)
	}
	if err != nil {
		return 0, fmt.Errorf("SPIN's verifier: %w", err)
	}
	found := storedStates.FindSubmatch(out)
	if found == nil {
		return 0, errors.New("SPIN's verifier did not say how many states it stored")
	}
	if got, err := strconv.ParseUint(string(found[1]), 10, 64); err != nil || got != states+1 {
		return 0, fmt.Errorf("SPIN stored %s states, want %d: it is another model", found[1], states+1)
	}
	return float64(states) / elapsed.Seconds(), nil
}

func (s *spin) close() error {
	if s == nil {
		return nil
	}
	return os.RemoveAll(s.folder)
}
