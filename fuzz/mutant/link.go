package mutant

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
)

// Linking a mutant of packages most of which are compiled already.
//
// A package that has changed has all those compiled again that import it, which
// for the runtime is nearly everything. But what the compiler reads of an imported
// package is its export data alone: the types, the declarations with their places,
// and the bodies that may be inlined. Where a patch leaves these as they are, byte
// for byte, the importers would come out as they are, too; the linker is given
// them as they were compiled without the patch. (It compares a fingerprint of the
// export data that each was compiled with, and refuses what does not fit.) Places
// are lines: align.go keeps them. Bodies that may be inlined are none where this
// module is compiled without inlining.

// notInlined has the go command compile this module without inlining, which also takes
// less time.
const notInlined = "-gcflags=" + module + "/...=-l"

// errSeen: the patch changes what other packages see of the one that it changes.
var errSeen = errors.New("other packages see the change")

// parts are the compiled packages of a program without a fault, by import path.
type parts map[string]string

// compiled remembers the parts of programs.
var compiled struct {
	sync.Mutex
	of map[string]parts
}

// partsOf gives the parts of a program, compiled with flags when they are first
// asked for.
func partsOf(ctx context.Context, source, program string, flags []string) (parts, error) {
	compiled.Lock()
	defer compiled.Unlock()
	key := strings.Join(append([]string{source, program}, flags...), "\n")
	if p, ok := compiled.of[key]; ok {
		return p, nil
	}
	p, err := archivesOf(ctx, source, flags, "-deps", program)
	if err != nil {
		return nil, err
	}
	if compiled.of == nil {
		compiled.of = map[string]parts{}
	}
	compiled.of[key] = p
	return p, nil
}

// archivesOf has the go command compile packages with flags, or find them in its
// cache.
func archivesOf(ctx context.Context, source string, flags []string, args ...string) (parts, error) {
	args = slices.Concat([]string{"list", "-export", "-f", "{{.ImportPath}}\t{{.Export}}"}, flags, args)
	list := exec.CommandContext(ctx, "go", args...)
	list.Dir, list.Env = source, environment()
	out, err := list.Output()
	if err != nil {
		return nil, fmt.Errorf("go list -export: %w", told(err))
	}
	p := parts{}
	for line := range strings.Lines(string(out)) {
		name, archive, _ := strings.Cut(strings.TrimSpace(line), "\t")
		if archive != "" { // package unsafe has none
			p[name] = archive
		}
	}
	return p, nil
}

// environment is that of the go command: without cgo a program is linked of Go's
// own packages alone.
func environment() []string { return append(os.Environ(), "CGO_ENABLED=0") }

// link links the program with the mutant planted, of packages that were compiled
// with flags. Its error wraps errSeen if more than the changed packages must be
// compiled.
func (m Mutant) link(ctx context.Context, dir, source, program, binary string, flags ...string) error {
	whole, err := partsOf(ctx, source, program, flags)
	if err != nil {
		return err
	}
	overlay, files, err := m.overlay(dir, source, align)
	if err != nil {
		return err
	}
	changed, err := archivesOf(ctx, source, flags, append([]string{"-overlay", overlay}, packagesOf(files)...)...)
	if err != nil {
		return err
	}
	of := parts{}
	for name, archive := range whole {
		of[name] = archive
		if other, ok := changed[name]; ok {
			if same, err := seenAlike(archive, other); err != nil || !same {
				return errors.Join(err, fmt.Errorf("package %s: %w", name, errSeen))
			}
			of[name] = other
		}
	}
	return of.link(ctx, dir, source, program, binary, m.linkerFlags())
}

// packagesOf are the packages that files are of.
func packagesOf(files []string) []string {
	var all []string
	for _, file := range files {
		if name := path.Join(module, path.Dir(file)); !slices.Contains(all, name) {
			all = append(all, name)
		}
	}
	return all
}

// link links the parts.
func (p parts) link(ctx context.Context, dir, source, program, binary string, flags []string) error {
	var config bytes.Buffer
	for name, archive := range p {
		fmt.Fprintf(&config, "packagefile %s=%s\n", name, archive)
	}
	file := filepath.Join(dir, "importcfg.link")
	if err := os.WriteFile(file, config.Bytes(), 0o600); err != nil {
		return err
	}
	args := append([]string{"tool", "link", "-o", binary, "-importcfg", file, "-buildmode", "exe"}, flags...)
	link := exec.CommandContext(ctx, "go", append(args, p[program])...)
	link.Dir, link.Env = source, environment()
	if out, err := link.CombinedOutput(); err != nil {
		return fmt.Errorf("go tool link: %w: %s", err, bytes.TrimSpace(out))
	}
	return nil
}

// linkerFlags tell the program which mutant it is. What debuggers want is left out.
func (m Mutant) linkerFlags() []string { return []string{"-w", "-X", planted + "=" + m.Name} }

// seenAlike says whether two archives of a package have the same export data.
func seenAlike(a, b string) (bool, error) {
	was, err := exportData(a)
	if err != nil {
		return false, err
	}
	is, err := exportData(b)
	return bytes.Equal(was, is), err
}

// exportData is what stands between two lines of $$ in the first part of an
// archive. (What precedes them names the build.)
func exportData(archive string) ([]byte, error) {
	all, err := os.ReadFile(archive)
	if err != nil {
		return nil, err
	}
	_, rest, begun := bytes.Cut(all, []byte("\n$$B\n"))
	data, _, ended := bytes.Cut(rest, []byte("\n$$\n"))
	if !bytes.HasPrefix(all, []byte("!<arch>\n__.PKGDEF ")) || !begun || !ended {
		return nil, fmt.Errorf("%s is no archive of a Go package", archive)
	}
	return data, nil
}
