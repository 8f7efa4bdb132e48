package mutant

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"time"
)

// The programs that mutants are built into.
const (
	command = "urpc/cmd/urpccheck"
	// driver explores and replays, and imports nothing else: it builds fast.
	driver = "urpc/fuzz/mutant/internal/driver"
)

// planted is the file that tells a program which mutant it is.
const planted = "fuzz/explore/planted.go"

// Build builds the command with a mutant planted and gives its path; cleanup
// removes it. It takes about a second when the build cache is warm. The error is
// a *catalogue.UnknownError, or wraps ErrNoToolchain, ErrNoSource or ErrPatch.
func Build(ctx context.Context, name string) (binary string, cleanup func(), err error) {
	m, err := Find(name)
	if err != nil {
		return "", nil, err
	}
	return m.build(ctx, command)
}

// BuildProgram is Build of another program of this module than the command, by
// its import path.
func BuildProgram(ctx context.Context, name, program string) (binary string, cleanup func(), err error) {
	m, err := Find(name)
	if err != nil {
		return "", nil, err
	}
	return m.build(ctx, program)
}

func (m Mutant) build(ctx context.Context, program string) (binary string, cleanup func(), err error) {
	source, err := root(ctx)
	if err != nil {
		return "", nil, fmt.Errorf("build mutant %s: %w", m.Name, err)
	}
	dir, err := os.MkdirTemp("", "urpc-mutant-")
	if err != nil {
		return "", nil, fmt.Errorf("build mutant %s: %w", m.Name, err)
	}
	cleanup = func() { os.RemoveAll(dir) }
	if binary, err = m.buildIn(ctx, dir, source, program); err != nil {
		cleanup()
		return "", nil, fmt.Errorf("build mutant %s: %w", m.Name, err)
	}
	return binary, cleanup, nil
}

func (m Mutant) buildIn(ctx context.Context, dir, source, program string) (string, error) {
	overlay, err := m.overlay(dir, source)
	if err != nil {
		return "", err
	}
	binary := filepath.Join(dir, "mutant")
	if runtime.GOOS == "windows" {
		binary += ".exe"
	}
	build := exec.CommandContext(ctx, "go", "build", "-overlay", overlay, "-o", binary, program)
	build.Dir = source
	if _, err := build.Output(); err != nil {
		return "", fmt.Errorf("go build: %w", told(err))
	}
	return binary, nil
}

// overlay writes the changed files into dir, and the file that go build -overlay
// reads: which files it is to take in place of which.
func (m Mutant) overlay(dir, source string) (string, error) {
	files, err := m.apply(source)
	if err != nil {
		return "", err
	}
	files[planted] = fmt.Appendf(nil, "package explore\n\n// Planted is the mutant that this program is.\nconst Planted = %q\n", m.Name)
	var o struct{ Replace map[string]string }
	o.Replace = map[string]string{}
	for name, text := range files {
		in := filepath.Join(dir, fmt.Sprintf("%d.go", len(o.Replace)))
		if err := os.WriteFile(in, text, 0o600); err != nil {
			return "", err
		}
		o.Replace[filepath.Join(source, filepath.FromSlash(name))] = in
	}
	text, err := json.Marshal(o)
	if err != nil {
		return "", err
	}
	file := filepath.Join(dir, "overlay.json")
	return file, os.WriteFile(file, text, 0o600)
}

// Exec builds the command with a mutant planted and runs it with args, of which
// the first is its verb. It gives the command's exit code; an error means that it
// did not come to that. When ctx is cancelled the command is interrupted, and
// then killed if it does not end.
func Exec(ctx context.Context, name string, args []string, stdout, stderr io.Writer) (exitCode int, err error) {
	return ExecProgram(ctx, name, command, args, stdout, stderr)
}

// ExecProgram is Exec of another program of this module than the command, by its
// import path.
func ExecProgram(ctx context.Context, name, program string, args []string, stdout, stderr io.Writer) (exitCode int, err error) {
	binary, cleanup, err := BuildProgram(ctx, name, program)
	if err != nil {
		return 0, err
	}
	defer cleanup()
	return execute(ctx, binary, args, stdout, stderr)
}

// grace is how long an interrupted command may take to tell what it has found.
const grace = 5 * time.Second

func execute(ctx context.Context, binary string, args []string, stdout, stderr io.Writer) (int, error) {
	run := exec.CommandContext(ctx, binary, args...)
	run.Stdout, run.Stderr = stdout, stderr
	run.WaitDelay = grace
	run.Cancel = func() error {
		if err := run.Process.Signal(os.Interrupt); err != nil {
			return run.Process.Kill() // where there are no signals
		}
		return nil
	}
	err := run.Run()
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit) && exit.ExitCode() >= 0:
		return exit.ExitCode(), nil
	case run.ProcessState != nil && run.ProcessState.ExitCode() >= 0:
		return run.ProcessState.ExitCode(), nil // it ended by itself, interrupted
	case err != nil:
		return 0, fmt.Errorf("run a mutant: %w", err)
	}
	return 0, nil
}
