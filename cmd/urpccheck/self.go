package main

import (
	"os"
	"path/filepath"
	"strings"
)

// calledAs is the environment variable in which a mutant's binary, which is in a
// temporary place, is told by which command it was started.
const calledAs = "URPCCHECK_CALLED_AS"

// self is how to call this command again.
func self() string {
	if as := os.Getenv(calledAs); as != "" {
		return as
	}
	if exe, err := os.Executable(); err == nil && strings.Contains(filepath.ToSlash(exe), "/go-build") {
		return "go run ./cmd/urpccheck"
	}
	return quoted(os.Args[0])
}

// commandLine is a command of this program, to be given to a shell.
func commandLine(args ...string) string {
	line := self()
	for _, arg := range args {
		line += " " + quoted(arg)
	}
	return line
}

// quoted writes an argument so that a POSIX shell leaves it alone.
func quoted(arg string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_=+,./:@%\\", r)
	}
	if arg != "" && strings.IndexFunc(arg, func(r rune) bool { return !plain(r) }) < 0 {
		return arg
	}
	return "'" + strings.ReplaceAll(arg, "'", `'\''`) + "'"
}
