package console

import (
	"os"
	"path/filepath"
	"strings"
)

// Program says what a command is called, and where it puts things.
type Program struct {
	// Name is under which its complaints are: "urpccheck".
	Name string
	// Source is what follows "go run" where it was started so: "./cmd/urpccheck".
	Source string
	// CalledAs is the environment variable that tells it how it was called, where
	// another program, which is in a temporary place, was started in its stead; or "".
	CalledAs string
	// Out is the folder for what failures leave, where no flag says.
	Out string
}

// Self is how to call this command again.
func (p Program) Self() string {
	if as := os.Getenv(p.CalledAs); as != "" {
		return as
	}
	if exe, err := os.Executable(); err == nil && strings.Contains(filepath.ToSlash(exe), "/go-build") {
		return "go run " + quoted(p.Source)
	}
	return quoted(os.Args[0])
}

// CommandLine is a command of this program, to be given to a shell.
func (p Program) CommandLine(args ...string) string {
	line := p.Self()
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
