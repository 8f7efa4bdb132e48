package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"urpccheck": main})
}

// Each script in testdata is a story: why, a command, what comes of it. Besides
// the commands of testscript there are:
//
//	exits CODE program args...      runs it and demands the exit code
//	interrupts CODE program args... the same, with SIGINT once it is at work
//	record FIELD VALUE              the last line of stdout is JSON with this field
//	replays                         runs the command that stdout ends with
func TestScripts(t *testing.T) {
	environment := goEnvironment(t)
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		UpdateScripts:       os.Getenv("REWRITE") != "",
		Setup: func(e *testscript.Env) error {
			// The command by its path, for scripts that empty PATH.
			path, err := exec.LookPath("urpccheck")
			e.Vars = append(append(e.Vars, "urpccheck="+path), environment...)
			return err
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits": exits, "interrupts": interrupts, "record": record, "replays": replays,
		},
	})
}

// goEnvironment is what the go command needs of the environment, which a script
// does not inherit: mutants are built in scripts.
func goEnvironment(t *testing.T) []string {
	t.Helper()
	var all []string
	for _, name := range []string{"GOCACHE", "GOMODCACHE", "GOFLAGS", "GOPROXY", "GOTOOLCHAIN"} {
		value, err := exec.Command("go", "env", name).Output()
		if err != nil {
			t.Fatalf("go env %s: %v", name, err)
		}
		all = append(all, name+"="+strings.TrimSpace(string(value)))
	}
	return all
}

func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE program args...")
	}
	demand(ts, args[0], ts.Exec(args[1], args[2:]...))
}

// demand compares an exit code.
func demand(ts *testscript.TestScript, want string, err error) {
	got := 0
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		got = exit.ExitCode()
	} else if err != nil {
		ts.Fatalf("%v", err)
	}
	if strconv.Itoa(got) != want {
		ts.Fatalf("exit code %d, want %s", got, want)
	}
}

// interrupts starts a program and interrupts it. When it was interrupted before
// it was ready for that, it is given longer.
func interrupts(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: interrupts CODE program args...")
	}
	for _, after := range []time.Duration{300 * time.Millisecond, time.Second, 4 * time.Second} {
		code, stdout, stderr := interrupted(ts, after, args[1:])
		if code < 0 {
			continue
		}
		// What it printed is for the commands that follow, by way of cat.
		ts.Check(os.WriteFile(ts.MkAbs("interrupted.out"), stdout, 0o666))
		ts.Check(os.WriteFile(ts.MkAbs("interrupted.err"), stderr, 0o666))
		if strconv.Itoa(code) != args[0] {
			ts.Fatalf("exit code %d, want %s\n%s%s", code, args[0], stdout, stderr)
		}
		return
	}
	ts.Fatalf("it does not look for signals")
}

// interrupted gives the exit code of a program that was interrupted after so
// long; -1 if the signal killed it.
func interrupted(ts *testscript.TestScript, after time.Duration, command []string) (code int, stdout, stderr []byte) {
	path, err := exec.LookPath(command[0])
	ts.Check(err)
	var out, complaints bytes.Buffer
	c := exec.Command(path, command[1:]...)
	c.Dir, c.Stdout, c.Stderr = ts.MkAbs("."), &out, &complaints
	ts.Check(c.Start())
	time.Sleep(after)
	ts.Check(c.Process.Signal(os.Interrupt))
	err = c.Wait()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		ts.Fatalf("%v", err)
	}
	return c.ProcessState.ExitCode(), out.Bytes(), complaints.Bytes()
}

// record looks at the last line of standard output as JSON.
func record(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 2 && !(neg && len(args) == 1) {
		ts.Fatalf("usage: record FIELD VALUE, or ! record FIELD")
	}
	lines := strings.Split(strings.TrimSpace(ts.ReadFile("stdout")), "\n")
	var fields map[string]json.RawMessage
	for i, line := range lines {
		fields = nil
		if err := json.Unmarshal([]byte(line), &fields); err != nil {
			ts.Fatalf("line %d is not a JSON object: %v: %s", i+1, err, line)
		}
	}
	value, there := fields[args[0]]
	switch {
	case neg && there:
		ts.Fatalf("field %s is there: %s", args[0], value)
	case neg:
		return
	case !there:
		ts.Fatalf("there is no field %s in %s", args[0], lines[len(lines)-1])
	}
	if got := strings.Trim(string(value), `"`); got != args[1] {
		ts.Fatalf("%s is %s, want %s", args[0], got, args[1])
	}
}

// replayLine is how a violated run ends.
var replayLine = regexp.MustCompile(`(?m)^replay: (urpccheck replay .+)$`)

// replays runs the command that the last violation ends with, as a user would by
// copying it.
func replays(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) > 0 {
		ts.Fatalf("usage: replays")
	}
	found := replayLine.FindStringSubmatch(ts.ReadFile("stdout"))
	if found == nil {
		ts.Fatalf("no line says how to replay")
	}
	words := strings.Fields(found[1])
	ts.Logf("%s", found[1])
	demand(ts, "1", ts.Exec(words[0], words[1:]...))
}
func temporary(t *testing.T) *os.File {
	t.Helper()
	f, err := os.CreateTemp(t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

func contents(t *testing.T, f *os.File) string {
	t.Helper()
	text, err := os.ReadFile(f.Name())
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
