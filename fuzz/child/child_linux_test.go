package child

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"
)

const testVerb = "urpc-test-child"

var roles = map[string]Role{
	"echo": func(p *Parent) error {
		var said string
		for {
			if err := p.Receive(&said); err != nil {
				return err
			}
			if said == "fail" {
				return errors.New("told to fail")
			}
			if err := p.Send(said); err != nil {
				return err
			}
		}
	},
	"silent": func(*Parent) error { return nil },
	"cpus": func(p *Parent) error {
		cpus, err := CPUs()
		if err != nil {
			return err
		}
		return p.Send(cpus)
	},
	// parent starts a child of its own, tells its number, and waits to be killed.
	"parent": func(p *Parent) error {
		k, err := NewKeeper(testVerb)
		if err != nil {
			return err
		}
		c, err := k.Start(Config{Role: "echo"})
		if err != nil {
			return err
		}
		if err := p.Send(c.PID()); err != nil {
			return err
		}
		return c.Wait(context.Background())
	},
}

func TestMain(m *testing.M) {
	if handled, exit := Enter(testVerb, roles, os.Args[1:]); handled {
		os.Exit(exit)
	}
	os.Exit(m.Run())
}

func keeper(t *testing.T) *Keeper {
	t.Helper()
	k, err := NewKeeper(testVerb)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(k.Close)
	return k
}

func start(t *testing.T, k *Keeper, c Config) *Child {
	t.Helper()
	started, err := k.Start(c)
	if err != nil {
		t.Fatal(err)
	}
	return started
}

func TestParentAndChildTalk(t *testing.T) {
	c := start(t, keeper(t), Config{Role: "echo"})
	for _, word := range []string{"hello", "two\nlines"} {
		var got string
		if err := c.Send(word); err != nil {
			t.Fatal(err)
		}
		if err := c.Receive(t.Context(), &got); err != nil || got != word {
			t.Errorf("%q came back as %q, %v", word, got, err)
		}
	}
}

func TestWhatWentWrongInAChildIsTold(t *testing.T) {
	k := keeper(t)
	failing := start(t, k, Config{Role: "echo"})
	if err := failing.Send("fail"); err != nil {
		t.Fatal(err)
	}
	silent, unknown := start(t, k, Config{Role: "silent"}), start(t, k, Config{Role: "nobody"})
	// More than a pipe holds: its parent is still telling it when it ends.
	early := start(t, k, Config{Role: "nobody", Setup: strings.Repeat("x", 1<<20)})
	for _, test := range []struct {
		child *Child
		want  string
	}{{failing, "told to fail"}, {silent, "ended without a report"}, {unknown, `no role "nobody"`}, {early, `no role "nobody"`}} {
		var v any
		if err := test.child.Receive(t.Context(), &v); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%v, want %q", err, test.want)
		}
		<-test.child.Exited()
		if test.child.Killed() {
			t.Errorf("%q: killed", test.want)
		}
	}
}

func TestKill(t *testing.T) {
	k := keeper(t)
	c := start(t, k, Config{Role: "echo"})
	if left, err := k.Left(); err != nil || len(left) != 1 {
		t.Errorf("left %v, %v", left, err)
	}
	if !c.Kill() {
		t.Error("the child was not there")
	}
	<-c.Exited()
	if !c.Killed() || c.Kill() {
		t.Error("the child is dead, and was not killed or is killed again")
	}
	if left, err := k.Left(); err != nil || len(left) != 0 {
		t.Errorf("left %v, %v", left, err)
	}
}

func TestChildrenRunWhereTheyShall(t *testing.T) {
	before, err := CPUs()
	if err != nil {
		t.Fatal(err)
	}
	want := before[len(before)-1:]
	var got []int
	if err := start(t, keeper(t), Config{Role: "cpus", CPUs: want}).Receive(t.Context(), &got); err != nil {
		t.Fatal(err)
	}
	if len(got) != 1 || got[0] != want[0] {
		t.Errorf("the child runs on %v, want %v", got, want)
	}
}

func TestChildrenDieWithTheirParent(t *testing.T) {
	parent := start(t, keeper(t), Config{Role: "parent"})
	var pid int
	if err := parent.Receive(t.Context(), &pid); err != nil {
		t.Fatal(err)
	}
	if !alive(pid) {
		t.Fatal("the child's child is not there")
	}
	parent.Kill()
	<-parent.Exited()
	for end := time.Now().Add(10 * time.Second); alive(pid); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("process %d has outlived its parent", pid)
		}
	}
}

// alive says whether a process is there and no zombie.
func alive(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	_, rest, ok := strings.Cut(string(stat), ") ")
	return err == nil && ok && rest[0] != 'Z' && rest[0] != 'X'
}

func TestAProgramThatDoesNotEnterHasNoChildren(t *testing.T) {
	defer entered.Store(entered.Swap(false))
	if _, err := NewKeeper(testVerb); !errors.Is(err, ErrNotEntered) {
		t.Errorf("error %v", err)
	}
}
