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

// read reads the first lines of a mutant's patch.
func read(name, text string) (Mutant, error) {
	m := Mutant{Name: name, Layer: Runtime, patch: text}
	var preemptions string
	lines, err := headOf(name, text)
	if err != nil {
		return m, err
	}
	lines, err = fill(name, lines, []field{
		{"Breaks", &m.Doc}, {"Target", &m.Target}, {"Configuration", &m.Configuration}, {"Preemptions", &preemptions}, {"Killed by", &m.KilledBy},
	})
	if err != nil {
		return m, err
	}
	m.Doc = strings.TrimSuffix(m.Doc, ".")
	if m.Preemptions, err = strconv.Atoi(preemptions); err != nil {
		return m, fmt.Errorf("patch %s: preemptions: %w", name, err)
	}
	m.LockStep, err = readLockStep(name, lines)
	return m, err
}

// readLockStep reads what the first lines say about lock-step: nothing, three
// lines, or one with the reason why it does not find the mutant.
func readLockStep(name string, lines []string) (l LockStep, err error) {
	var preemptions, first string
	fields := []field{{"Lock-step configuration", &l.Configuration}, {"Lock-step preemptions", &preemptions}, {"First difference", &first}}
	switch len(lines) {
	case 0:
		return l, nil
	case 1:
		fields = []field{{"Not in lock-step", &l.Missed}}
	}
	if lines, err = fill(name, lines, fields); err != nil {
		return l, err
	}
	if len(lines) > 0 {
		return l, fmt.Errorf("patch %s: %q is one line too many", name, lines[0])
	}
	if l.Missed != "" {
		return l, nil
	}
	if l.Preemptions, err = strconv.Atoi(preemptions); err != nil {
		return l, fmt.Errorf("patch %s: lock-step preemptions: %w", name, err)
	}
	if target, configuration, ok := strings.Cut(l.Configuration, " "); ok {
		l.Target, l.Configuration = target, configuration
	}
	var ok bool
	if l.Step, l.Thread, ok = strings.Cut(first, " of "); !ok {
		return l, fmt.Errorf("patch %s: first difference: %q, want STEP of THREAD", name, first)
	}
	return l, nil
}

// readRefactoring reads the first lines of a patch that changes no behaviour.
func readRefactoring(name, text string) (Mutant, error) {
	m := Mutant{Name: name, Layer: Refactorings, patch: text}
	lines, err := headOf(name, text)
	if err != nil {
		return m, err
	}
	if lines, err = fill(name, lines, []field{{"Changes", &m.Doc}}); err == nil && len(lines) > 0 {
		err = fmt.Errorf("patch %s: %q is one line too many", name, lines[0])
	}
	m.Doc = strings.TrimSuffix(m.Doc, ".")
	return m, err
}

// headOf gives the lines before the first empty one.
func headOf(name, text string) ([]string, error) {
	head, _, ok := strings.Cut(text, "\n\n")
	if !ok {
		return nil, fmt.Errorf("patch %s has no empty line after its first lines", name)
	}
	return strings.Split(head, "\n"), nil
}

// field is one of a patch's first lines.
type field struct {
	key string
	to  *string
}

// fill reads as many lines as there are fields, and gives those that are left.
func fill(name string, lines []string, fields []field) (rest []string, err error) {
	if len(lines) < len(fields) {
		return nil, fmt.Errorf("patch %s has %q, and not as many lines as %d", name, lines, len(fields))
	}
	for i, f := range fields {
		value, ok := strings.CutPrefix(lines[i], f.key+": ")
		if !ok || value == "" {
			return nil, fmt.Errorf("patch %s: a first line is %q, want %q", name, lines[i], f.key+": …")
		}
		*f.to = value
	}
	return lines[len(fields):], nil
}

// apply gives the files of the source under root as the patch changes them, by
// path from there, with slashes. Hunks apply wherever their lines stand, if they
// stand in one place only. edit may change each hunk before; nil: none is changed.
func (m Mutant) apply(root string, edit func(*gitdiff.TextFragment)) (map[string][]byte, error) {
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
		if changed[f.NewName], err = change(source, f, edit); err != nil {
			return nil, fmt.Errorf("mutant %s: %w: %s: %w", m.Name, ErrPatch, f.OldName, err)
		}
	}
	if len(changed) == 0 {
		return nil, fmt.Errorf("the patch of mutant %s changes no file", m.Name)
	}
	return changed, nil
}

// change applies the hunks of one file.
func change(source []byte, f *gitdiff.File, edit func(*gitdiff.TextFragment)) ([]byte, error) {
	source = bytes.ReplaceAll(source, []byte("\r\n"), []byte("\n"))
	lines := strings.SplitAfter(string(source), "\n")
	for i, hunk := range f.TextFragments {
		at, err := place(lines, hunk)
		if err != nil {
			return nil, fmt.Errorf("hunk %d (%s): %w", i+1, hunk.Header(), err)
		}
		hunk.OldPosition = int64(at) + 1
		if edit != nil {
			edit(hunk)
		}
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
