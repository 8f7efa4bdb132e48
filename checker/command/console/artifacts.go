package console

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Artifacts is the folder that a failing run leaves. It is made when the first
// file is written: a run that finds nothing leaves nothing.
type Artifacts struct {
	dir   string // "" until it is made
	given string // by --out
	root  string // where it is otherwise
	name  string // of the fresh folder there
}

// Artifacts is the folder that was given, or, where that is "", a fresh one of the name.
func (p Program) Artifacts(given string, name ...string) *Artifacts {
	return &Artifacts{given: given, root: p.Out, name: FileName(strings.Join(name, "-"))}
}

// Write writes one file whole and gives its path. fill may be a big page: it is
// made in memory first, so that no half of a file is left.
func (a *Artifacts) Write(name string, fill func(io.Writer) error) (string, error) {
	var b bytes.Buffer
	if err := fill(&b); err != nil {
		return "", err
	}
	if err := a.make(); err != nil {
		return "", fmt.Errorf("making a folder for the failure: %w", err)
	}
	path := filepath.Join(a.dir, name)
	if err := os.WriteFile(path, b.Bytes(), 0o666); err != nil {
		return "", fmt.Errorf("writing the failure: %w", err)
	}
	return path, nil
}

// Reserve gives the folder without making it, for others that make it when they
// have something to write.
func (a *Artifacts) Reserve() string {
	if a.given != "" {
		return a.given
	}
	for n := 1; ; n++ {
		dir := a.numbered(n)
		if _, err := os.Stat(dir); err != nil {
			return dir
		}
	}
}

// numbered is the n-th folder of the name.
func (a *Artifacts) numbered(n int) string {
	dir := filepath.Join(a.root, a.name)
	if n > 1 {
		dir = fmt.Sprintf("%s-%d", dir, n)
	}
	return dir
}

// make makes the folder: the given one, or a fresh one.
func (a *Artifacts) make() error {
	if a.dir != "" {
		return nil
	}
	if a.given != "" {
		if err := os.MkdirAll(a.given, 0o777); err != nil {
			return err
		}
		a.dir = a.given
		return nil
	}
	if err := os.MkdirAll(a.root, 0o777); err != nil {
		return err
	}
	for n := 1; ; n++ {
		dir := a.numbered(n)
		err := os.Mkdir(dir, 0o777)
		if err == nil {
			a.dir = dir
			return nil
		}
		if !errors.Is(err, fs.ErrExist) {
			return err
		}
	}
}

// FileName makes a name that every file system takes of a name for readers.
func FileName(name string) string {
	clean := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '_':
			return r
		default:
			return '-'
		}
	}, name)
	return strings.Trim(clean[:min(len(clean), 80)], "-")
}
