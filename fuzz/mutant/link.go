package mutant

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"go/version"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
)

// Linking a mutant of packages most of which are compiled already.
//
// The go command compiles what imports a changed package again, which for the
// runtime is nearly everything. But what the compiler reads of an imported package is
// its export data alone: the types, the declarations with their places, and the bodies
// that may be inlined. Where a patch leaves these as they are, byte for byte, the
// importers would come out as they are, too. So the packages are compiled once without
// a patch; of a mutant the changed package is, and those that import one whose export
// data has changed by that; the linker is given the others as they were. (It compares
// a fingerprint of the export data that each was compiled with, and refuses what does
// not fit.) Places are lines: align.go keeps them. Bodies that may be inlined are
// those of generic functions alone: the runtime, and what imports it, are compiled
// without inlining.

// quick are the compiler's flags. They cost the program some of its speed, and save
// more of the time that it takes to compile. What explores is never compiled again, and
// takes most of that time: it is compiled with inlining (as are Go's own packages).
var quick = []string{"-l", noSymbols}

// noSymbols leaves out what debuggers want.
const noSymbols = "-dwarf=false"

// errWhole: a mutant cannot be linked of parts, and must be compiled whole.
var errWhole = errors.New("it must be compiled whole")

// part is a package of a program, compiled without a fault, as go list tells it.
type part struct {
	ImportPath, Name, Dir, Export string
	GoFiles, Imports              []string
	// What the compiler alone does not do.
	SFiles, CgoFiles, EmbedFiles []string
	Module                       *struct{ Path, GoVersion string }
}

// alone gives an error that wraps errWhole if the compiler alone cannot compile the package.
func (p part) alone() error {
	if len(p.SFiles)+len(p.CgoFiles)+len(p.EmbedFiles) > 0 || p.Module == nil {
		return fmt.Errorf("package %s: %w", p.ImportPath, errWhole)
	}
	return nil
}

// parts are the packages of a program, each after those that it imports, and the tools
// that compile and link.
type parts struct {
	packages         []part
	compiler, linker string
}

// partsOf gives the parts of a program, which are compiled when they are first asked
// for.
func partsOf(ctx context.Context, source, program string) (parts, error) {
	compiled.Lock()
	defer compiled.Unlock()
	key := source + "\n" + program
	if p, ok := compiled.of[key]; ok {
		return p, nil
	}
	p, err := compileParts(ctx, source, program)
	if err == nil {
		compiled.of[key] = p
	}
	return p, err
}

// compiled remembers the parts of programs.
var compiled = struct {
	sync.Mutex
	of map[string]parts
}{of: map[string]parts{}}

func compileParts(ctx context.Context, source, program string) (p parts, err error) {
	out, err := run(ctx, source, "go", "list", "-deps", "-export",
		"-gcflags="+module+"/...="+strings.Join(quick, " "), "-gcflags="+module+"/checker/...="+noSymbols,
		"-json=ImportPath,Name,Dir,Export,GoFiles,Imports,SFiles,CgoFiles,EmbedFiles,Module", program)
	if err != nil {
		return p, fmt.Errorf("go list -export: %w", err)
	}
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var one part
		if err := d.Decode(&one); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return p, fmt.Errorf("read what go list tells: %w", err)
		}
		p.packages = append(p.packages, one)
	}
	if p.compiler, err = toolOf(ctx, source, "compile"); err != nil {
		return p, err
	}
	p.linker, err = toolOf(ctx, source, "link")
	return p, err
}

// toolOf gives the path of one of Go's tools.
func toolOf(ctx context.Context, source, name string) (string, error) {
	out, err := run(ctx, source, "go", "tool", "-n", name)
	if err != nil {
		return "", fmt.Errorf("go tool -n %s: %w", name, err)
	}
	return strings.TrimSpace(string(out)), nil
}

// run runs a command in the source and gives what it writes.
func run(ctx context.Context, source, name string, args ...string) ([]byte, error) {
	c := exec.CommandContext(ctx, name, args...)
	c.Dir, c.Env = source, environment()
	out, err := c.Output()
	if err != nil {
		return nil, told(err)
	}
	return out, nil
}

// environment is that of Go's tools: without cgo a program is linked of Go's own packages
// alone. A tool lives for less than a second, and collects its garbage less often than it
// would: that saves a sixth of its time.
func environment() []string {
	all := append(os.Environ(), "CGO_ENABLED=0")
	if os.Getenv("GOGC") == "" {
		all = append(all, "GOGC=400")
	}
	return all
}

// link links the program with the mutant planted, and gives the packages that it had to
// compile. Its error wraps errWhole if that is not the way.
func (m Mutant) link(ctx context.Context, dir, source, program, binary string) (again []string, err error) {
	p, err := partsOf(ctx, source, program)
	if err != nil {
		return nil, err
	}
	files, err := m.write(dir, source, align)
	if err != nil {
		return nil, err
	}
	archives, again, err := p.patched(ctx, dir, source, files)
	if err != nil {
		return again, err
	}
	return again, p.link(ctx, dir, source, binary, archives, m.linkerFlags())
}

// patched compiles what changes by a patch, which puts files in the place of others. It
// gives the archive of every package, and those that it compiled.
func (p parts) patched(ctx context.Context, dir, source string, files map[string]string) (archives map[string]string, again []string, err error) {
	archives = map[string]string{}
	seen := map[string]bool{} // packages whose export data has changed
	for _, one := range p.packages {
		archives[one.ImportPath] = one.Export
	}
	for _, one := range p.packages {
		changed := slices.ContainsFunc(one.GoFiles, func(name string) bool { return files[filepath.Join(one.Dir, name)] != "" })
		if !changed && !slices.ContainsFunc(one.Imports, func(name string) bool { return seen[name] }) {
			continue
		}
		again = append(again, one.ImportPath)
		archive := filepath.Join(dir, fmt.Sprintf("%d.a", len(again)))
		if err := p.compile(ctx, dir, source, one, files, archives, archive); err != nil {
			return nil, again, err
		}
		same, err := seenAlike(one.Export, archive)
		if err != nil {
			return nil, again, err
		}
		archives[one.ImportPath], seen[one.ImportPath] = archive, !same
	}
	return archives, again, nil
}

// compile compiles a package, as the go command does it.
func (p parts) compile(ctx context.Context, dir, source string, one part, files, archives map[string]string, archive string) error {
	if err := one.alone(); err != nil {
		return err
	}
	config := filepath.Join(dir, "importcfg")
	if err := writeConfig(config, archives); err != nil {
		return err
	}
	name := one.ImportPath
	if one.Name == "main" {
		name = one.Name
	}
	var of, places []string
	for _, file := range one.GoFiles {
		file = filepath.Join(one.Dir, file)
		if in := files[file]; in != "" {
			places = append(places, in+"=>"+file)
			file = in
		}
		of = append(of, file)
	}
	// Mostly one mutant is built beside another, so that threads within one gain nothing.
	args := slices.Concat(quick, []string{"-c=1", "-p", name, "-lang=" + version.Lang("go"+one.Module.GoVersion), "-complete", "-nolocalimports",
		"-importcfg", config, "-trimpath", strings.Join(places, ";"), "-pack", "-o", archive}, of)
	if _, err := run(ctx, source, p.compiler, args...); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return fmt.Errorf("package %s: %w: %w", one.ImportPath, errWhole, err) // the go command has the last word
	}
	return nil
}

// link links the archives; the program is the last of the packages.
func (p parts) link(ctx context.Context, dir, source, binary string, archives map[string]string, flags []string) error {
	config := filepath.Join(dir, "importcfg.link")
	if err := writeConfig(config, archives); err != nil {
		return err
	}
	args := append([]string{"-o", binary, "-importcfg", config, "-buildmode", "exe"}, flags...)
	program := p.packages[len(p.packages)-1].ImportPath
	if _, err := run(ctx, source, p.linker, append(args, archives[program])...); err != nil {
		return fmt.Errorf("link: %w", err)
	}
	return nil
}

// writeConfig tells a tool the archives of packages.
func writeConfig(file string, archives map[string]string) error {
	var config bytes.Buffer
	for _, name := range slices.Sorted(maps.Keys(archives)) {
		if archive := archives[name]; archive != "" { // package unsafe has none
			fmt.Fprintf(&config, "packagefile %s=%s\n", name, archive)
		}
	}
	return os.WriteFile(file, config.Bytes(), 0o600)
}

// linkerFlags tell the program which mutant it is. What debuggers want is left out.
func (m Mutant) linkerFlags() []string { return []string{"-s", "-w", "-X", planted + "=" + m.Name} }

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
