package main

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

// outRoot is where failures go when --out does not say.
const outRoot = "urpc-out"

// artifacts is the folder that a failing run leaves. It is made when the first
// file is written: a run that finds nothing leaves nothing.
type artifacts struct {
	dir   string // "" until it is made
	given string // by --out
	name  string // of the fresh folder under outRoot
}

func newArtifacts(given string, name ...string) *artifacts {
	return &artifacts{given: given, name: fileName(strings.Join(name, "-"))}
}

// write writes one file whole and gives its path. fill may be a big page: it is
// made in memory first, so that no half of a file is left.
func (a *artifacts) write(name string, fill func(io.Writer) error) (string, error) {
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

// reserve gives the folder without making it, for others that make it when they
// have something to write.
func (a *artifacts) reserve() string {
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
func (a *artifacts) numbered(n int) string {
	dir := filepath.Join(outRoot, a.name)
	if n > 1 {
		dir = fmt.Sprintf("%s-%d", dir, n)
	}
	return dir
}

// make makes the folder: the given one, or a fresh one.
func (a *artifacts) make() error {
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
	if err := os.MkdirAll(outRoot, 0o777); err != nil {
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

// fileName makes a name that every file system takes of a name for readers.
func fileName(name string) string {
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
