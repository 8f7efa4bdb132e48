package mutant

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
)

// A program that was installed without what it takes to build another one cannot
// plant a mutant.
var (
	// ErrNoToolchain: there is no go command.
	ErrNoToolchain = errors.New("no Go toolchain to build a mutant with")
	// ErrNoSource: the source of this module is not at hand, or is in the module
	// cache, whose files go build does not let itself be told to replace.
	ErrNoSource = errors.New("no source to build a mutant of")
)

const module = "urpc"

// compiledFrom is where this file stood when the program was compiled; not a
// path if it was compiled with -trimpath.
var compiledFrom = func() string {
	_, file, _, _ := runtime.Caller(0)
	return file
}()

// root finds the directory of the module's source: as the go command sees it
// from the working directory, else where this program was compiled.
func root(ctx context.Context) (string, error) {
	if _, err := exec.LookPath("go"); err != nil {
		return "", fmt.Errorf("%w: %w", ErrNoToolchain, err)
	}
	cached, err := ask(ctx, "env", "GOMODCACHE")
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrNoToolchain, err)
	}
	dir, err := ask(ctx, "list", "-m", "-f", "{{.Dir}}", module)
	if err != nil || dir == "" {
		dir = filepath.Dir(filepath.Dir(filepath.Dir(filepath.FromSlash(compiledFrom))))
		if !isModule(dir) {
			return "", fmt.Errorf("%w: the working directory is in no module that knows %s (%w), and it is not where this program was compiled",
				ErrNoSource, module, err)
		}
	}
	if within, err := filepath.Rel(cached, dir); err == nil && filepath.IsLocal(within) {
		return "", fmt.Errorf("%w: %s is in the module cache, want a copy of its own", ErrNoSource, dir)
	}
	return dir, nil
}

// isModule says whether the directory is the module's own.
func isModule(dir string) bool {
	text, err := os.ReadFile(filepath.Join(dir, "go.mod"))
	return err == nil && filepath.IsAbs(dir) && strings.HasPrefix(string(text), "module "+module+"\n")
}

// ask asks the go command in the working directory.
func ask(ctx context.Context, args ...string) (string, error) {
	out, err := exec.CommandContext(ctx, "go", args...).Output()
	if err != nil {
		return "", fmt.Errorf("go %s: %w", args[0], told(err))
	}
	return strings.TrimSpace(string(out)), nil
}

// told gives what a command wrote about its failure.
func told(err error) error {
	var exit *exec.ExitError
	if errors.As(err, &exit) && len(exit.Stderr) > 0 {
		return errors.New(strings.TrimSpace(string(exit.Stderr)))
	}
	return err
}
