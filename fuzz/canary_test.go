package fuzz

import (
	"flag"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// mustFail checks a property of a broken twin, which has to fail.
func mustFail(t *testing.T, property func(*rapid.T)) {
	t.Helper()
	// A failure that was wanted need not be kept nor be made small.
	for name, value := range map[string]string{"rapid.nofailfile": "true", "rapid.shrinktime": "0s"} {
		f := flag.Lookup(name)
		defer flag.Set(name, f.Value.String())
		if err := flag.Set(name, value); err != nil {
			t.Fatal(err)
		}
	}
	c := &canary{name: t.Name()}
	ended := make(chan struct{})
	go func() { // FailNow ends the goroutine
		defer close(ended)
		rapid.Check(c, property)
	}()
	<-ended
	if !c.failed {
		t.Error("the broken twin went unnoticed")
	}
	t.Logf("found: %.200s", c.said.String())
}

// canary is a test whose failure is a success.
type canary struct {
	name   string
	failed bool
	said   strings.Builder
}

func (c *canary) Helper()      {}
func (c *canary) Name() string { return c.name }
func (c *canary) Failed() bool { return c.failed }
func (c *canary) Fail()        { c.failed = true }
func (c *canary) FailNow()     { c.failed = true; runtime.Goexit() }
func (c *canary) SkipNow()     { runtime.Goexit() }

func (c *canary) Log(args ...any)                 { fmt.Fprintln(&c.said, args...) }
func (c *canary) Logf(format string, args ...any) { fmt.Fprintf(&c.said, format+"\n", args...) }
func (c *canary) Error(args ...any)               { c.Log(args...); c.Fail() }
func (c *canary) Errorf(f string, args ...any)    { c.Logf(f, args...); c.Fail() }
func (c *canary) Fatal(args ...any)               { c.Log(args...); c.FailNow() }
func (c *canary) Fatalf(f string, args ...any)    { c.Logf(f, args...); c.FailNow() }
func (c *canary) Skip(args ...any)                { c.Log(args...); c.SkipNow() }
func (c *canary) Skipf(f string, args ...any)     { c.Logf(f, args...); c.SkipNow() }
