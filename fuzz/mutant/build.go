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
	"strings"
	"time"

	"github.com/bluekeyes/go-gitdiff/gitdiff"
)

// The programs that mutants are built into.
const (
	command = "urpc/cmd/urpccheck"
	// driver explores and replays, and imports nothing else.
	driver = "urpc/fuzz/mutant/internal/driver"
)

// planted is the variable that tells a program which mutant it is.
const planted = "urpc/fuzz/explore.planted"

// Build builds the command with a mutant planted and gives its path; cleanup
// removes it. It takes some seconds: all that imports the runtime is compiled. The error is
// a *catalogue.UnknownError, or wraps ErrNoToolchain, ErrNoSource or ErrPatch.
func Build(ctx context.Context, name string) (binary string, cleanup func(), err error) {
	m, err := Find(name)
	if err != nil {
		return "", nil, err
	}
	return m.build(ctx, command)
}

// BuildProgram is Build of another program of this module than the command, by
// its import path, compiled without inlining (link.go). Of most mutants it takes some
// tenths of a second.
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
	binary := filepath.Join(dir, "mutant")
	if runtime.GOOS == "windows" {
		binary += ".exe"
	}
	if program == command { // which is built once, and not with one mutant after another
		return binary, m.compile(ctx, dir, source, program, binary)
	}
	if _, err := m.link(ctx, dir, source, program, binary); !errors.Is(err, errWhole) {
		return binary, err
	}
	return binary, m.compile(ctx, dir, source, program, binary)
}

// compile has the go command compile the program with the mutant planted.
func (m Mutant) compile(ctx context.Context, dir, source, program, binary string) error {
	files, err := m.write(dir, source, nil)
	if err != nil {
		return err
	}
	text, err := json.Marshal(struct{ Replace map[string]string }{files})
	if err != nil {
		return err
	}
	overlay := filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(overlay, text, 0o600); err != nil {
		return err
	}
	if _, err := run(ctx, source, "go", "build", "-overlay", overlay, "-ldflags", strings.Join(m.linkerFlags(), " "), "-o", binary, program); err != nil {
		return fmt.Errorf("go build: %w", err)
	}
	return nil
}

// write writes the changed files, with their hunks edited, into dir. It gives which file
// is to be taken in place of which.
func (m Mutant) write(dir, source string, edit func(*gitdiff.TextFragment)) (map[string]string, error) {
	files, err := m.apply(source, edit)
	if err != nil {
		return nil, err
	}
	replaced := map[string]string{}
	for name, text := range files {
		in := filepath.Join(dir, fmt.Sprintf("%d.go", len(replaced)))
		if err := os.WriteFile(in, text, 0o600); err != nil {
			return nil, err
		}
		replaced[filepath.Join(source, filepath.FromSlash(name))] = in
	}
	return replaced, nil
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
