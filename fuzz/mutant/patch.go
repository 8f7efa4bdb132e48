package mutant

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/bluekeyes/go-gitdiff/gitdiff"
)

// ErrPatch is wrapped by the error of a patch that does not apply: the source
// has changed where it changes it.
var ErrPatch = errors.New("patch does not apply")

// read reads a patch's first lines.
func read(name, text string) (Mutant, error) {
	m := Mutant{Name: name, patch: text}
	head, _, ok := strings.Cut(text, "\n\n")
	if !ok {
		return m, fmt.Errorf("patch %s has no empty line after its first lines", name)
	}
	var preemptions string
	fields := []struct {
		key string
		to  *string
	}{{"Breaks", &m.Doc}, {"Target", &m.Target}, {"Configuration", &m.Configuration}, {"Preemptions", &preemptions}, {"Killed by", &m.KilledBy}}
	lines := strings.Split(head, "\n")
	if len(lines) != len(fields) {
		return m, fmt.Errorf("patch %s has %d first lines, want %d", name, len(lines), len(fields))
	}
	for i, f := range fields {
		value, ok := strings.CutPrefix(lines[i], f.key+": ")
		if !ok || value == "" {
			return m, fmt.Errorf("patch %s: line %d is %q, want %q", name, i+1, lines[i], f.key+": …")
		}
		*f.to = value
	}
	m.Doc = strings.TrimSuffix(m.Doc, ".")
	var err error
	if m.Preemptions, err = strconv.Atoi(preemptions); err != nil {
		return m, fmt.Errorf("patch %s: preemptions: %w", name, err)
	}
	return m, nil
}

// apply gives the files of the source under root as the patch changes them, by
// path from there, with slashes. Hunks apply wherever their lines stand, if they
// stand in one place only.
func (m Mutant) apply(root string) (map[string][]byte, error) {
	files, _, err := gitdiff.Parse(strings.NewReader(m.patch))
	if err != nil {
		return nil, fmt.Errorf("read the patch of mutant %s: %w", m.Name, err)
	}
	changed := map[string][]byte{}
	for _, f := range files {
		source, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(f.OldName)))
		if err != nil {
			return nil, fmt.Errorf("mutant %s: %w: %w", m.Name, ErrNoSource, err)
		}
		if changed[f.NewName], err = change(source, f); err != nil {
			return nil, fmt.Errorf("mutant %s: %w: %s: %w", m.Name, ErrPatch, f.OldName, err)
		}
	}
	if len(changed) == 0 {
		return nil, fmt.Errorf("the patch of mutant %s changes no file", m.Name)
	}
	return changed, nil
}

// change applies the hunks of one file.
func change(source []byte, f *gitdiff.File) ([]byte, error) {
	source = bytes.ReplaceAll(source, []byte("\r\n"), []byte("\n"))
	lines := strings.SplitAfter(string(source), "\n")
	for i, hunk := range f.TextFragments {
		at, err := place(lines, hunk)
		if err != nil {
			return nil, fmt.Errorf("hunk %d (%s): %w", i+1, hunk.Header(), err)
		}
		hunk.OldPosition = int64(at) + 1
	}
	var out bytes.Buffer
	if err := gitdiff.Apply(&out, bytes.NewReader(source), f); err != nil {
		var applying *gitdiff.ApplyError
		if errors.As(err, &applying) {
			return nil, fmt.Errorf("hunk %d, line %d: %w", applying.Fragment, applying.Line, err)
		}
		return nil, err
	}
	return out.Bytes(), nil
}

// place finds the only place where a hunk's old lines stand.
func place(lines []string, hunk *gitdiff.TextFragment) (int, error) {
	var old []string
	for _, l := range hunk.Lines {
		if l.Old() {
			old = append(old, l.Line)
		}
	}
	found := -1
	for at := 0; at+len(old) <= len(lines); at++ {
		if !slices.Equal(lines[at:at+len(old)], old) {
			continue
		}
		if found >= 0 {
			return 0, fmt.Errorf("its lines stand at line %d and at line %d", found+1, at+1)
		}
		found = at
	}
	if found < 0 {
		return 0, errors.New("its lines are not in the file")
	}
	return found, nil
}
