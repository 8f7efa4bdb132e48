package urpc

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"urpc/runtime/machine"
)

func TestCallsToAnotherProcess(t *testing.T) {
	path := filepath.Join(t.TempDir(), "socket")
	server := startChild(t, "server", path)
	server.expect(t, "ready")
	c, ctx := bindTo(t, path, Options{}), within(t)
	if c.Peer().PID != server.Process.Pid {
		t.Errorf("the server is process %d, want %d", c.Peer().PID, server.Process.Pid)
	}
	for n := range uint64(1000) {
		if got, err := procNext.Call(ctx, c, n); err != nil || got != n+1 {
			t.Fatalf("%d: %d, %v", n, got, err)
		}
	}
	if pid, err := procWho.Call(ctx, c, struct{}{}); err != nil || pid != int64(os.Getpid()) {
		t.Errorf("the handler sees process %d, %v; want %d", pid, err, os.Getpid())
	}
}

// TestServerKilled: every blocked caller learns it, parked or polling.
func TestServerKilled(t *testing.T) {
	for _, poll := range []time.Duration{-1, 0, time.Minute} {
		t.Run(fmt.Sprint("poll ", poll), func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "socket")
			server := startChild(t, "server", path)
			server.expect(t, "ready")
			c := bindTo(t, path, Options{Poll: poll})
			const pending = 8
			ended := make(chan error, pending)
			for n := range uint64(pending) {
				go func() {
					_, err := procBlock.Call(within(t), c, n)
					ended <- err
				}()
			}
			if _, err := procNull.Call(within(t), c, struct{}{}); err != nil {
				t.Fatal(err)
			}
			if err := server.Process.Kill(); err != nil {
				t.Fatal(err)
			}
			for range pending {
				err := <-ended
				died, ok := errors.AsType[*PeerDiedError](err)
				if !errors.Is(err, ErrPeerDied) || !ok || died.Peer.PID != server.Process.Pid {
					t.Errorf("%v, want ErrPeerDied", err)
				}
			}
			if _, err := procNull.Call(within(t), c, struct{}{}); !errors.Is(err, ErrPeerDied) {
				t.Errorf("a call afterwards: %v, want ErrPeerDied", err)
			}
		})
	}
}

// TestServerExits: a server that stops in order, and exits at once.
func TestServerExits(t *testing.T) {
	path := filepath.Join(t.TempDir(), "socket")
	server := startChild(t, "server", path)
	server.expect(t, "ready")
	c := bindTo(t, path, Options{})
	ended := make(chan error, 1)
	go func() {
		got, err := procBlock.Call(within(t), c, 1)
		if err == nil && got != 2 {
			err = fmt.Errorf("reply %d, want 2", got)
		}
		ended <- err
	}()
	for c.Counters().Calls == 0 {
		time.Sleep(time.Millisecond)
	}
	// Until the handler runs: a null call that comes after it is received after it.
	if _, err := procNull.Call(within(t), c, struct{}{}); err != nil {
		t.Fatal(err)
	}
	server.in.Close()
	if err := <-ended; err != nil {
		t.Errorf("the call that was running: %v", err)
	}
	if err := server.Wait(); err != nil {
		t.Errorf("server: %v", err)
	}
}

// TestClientsKilled: the server goes on, and nothing of them is left.
func TestClientsKilled(t *testing.T) {
	h, path, _ := open(t, ServerOptions{})
	other := bindTo(t, path, Options{})
	if _, err := procNull.Call(within(t), other, struct{}{}); err != nil {
		t.Fatal(err)
	}
	before := resources(t)
	for _, role := range []string{"blocked client", "busy client"} {
		t.Run(role, func(t *testing.T) {
			client := startChild(t, role, path)
			client.expect(t, "ready")
			if role == "blocked client" {
				for range 4 {
					<-h.blocked
				}
			}
			if n := h.Counters().Bindings; n != 2 {
				t.Fatalf("%d bindings, want 2", n)
			}
			if err := client.Process.Kill(); err != nil {
				t.Fatal(err)
			}
			for h.Counters().Bindings != 1 {
				if got, err := procNext.Call(within(t), other, 1); err != nil || got != 2 {
					t.Fatalf("the other client: %d, %v", got, err)
				}
			}
			client.in.Close()
			client.Wait()
		})
	}
	await(t, "what the clients left behind", func() error {
		if after := resources(t); after != before {
			return fmt.Errorf("before:\n%s\nafter:\n%s", before, after)
		}
		return nil
	})
}

// TestNothingIsLeft: bindings that come and go leave neither descriptors nor
// mappings on either side.
func TestNothingIsLeft(t *testing.T) {
	h, path, _ := open(t, ServerOptions{})
	round := func() {
		c, err := Bind(within(t), path, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := procNull.Call(within(t), c, struct{}{}); err != nil {
			t.Fatal(err)
		}
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	}
	round()
	var before string
	await(t, "the first binding", func() error {
		if n := h.Counters().Bindings; n != 0 {
			return fmt.Errorf("%d bindings", n)
		}
		if before = resources(t); !strings.Contains(before, "memfds 0\nmappings 0\n") {
			return errors.New(before)
		}
		return nil
	})
	for range 20 {
		round()
	}
	await(t, "what the bindings left behind", func() error {
		if after := resources(t); after != before {
			return fmt.Errorf("before:\n%s\nafter:\n%s", before, after)
		}
		return nil
	})
}

// resources lists the descriptors and the shared mappings of this process.
func resources(t testing.TB) string {
	t.Helper()
	var b strings.Builder
	descriptors, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	kinds := map[string]int{}
	for _, d := range descriptors {
		target, err := os.Readlink("/proc/self/fd/" + d.Name())
		if err != nil {
			continue // the directory itself
		}
		kind, _, _ := strings.Cut(target, ":")
		kinds[kind]++
	}
	fmt.Fprintln(&b, "sockets", kinds["socket"], "anonymous", kinds["anon_inode"], "memfds", kinds["/memfd"])
	maps, err := os.ReadFile("/proc/self/maps")
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprintln(&b, "mappings", strings.Count(string(maps), "/memfd:urpc"))
	return b.String()
}

// await polls for what must come to be.
func await(t testing.TB, what string, ok func() error) {
	t.Helper()
	var err error
	for range 2000 {
		if err = ok(); err == nil {
			return
		}
		time.Sleep(time.Millisecond)
	}
	t.Errorf("%s: %v", what, err)
}

// TestInheritedSocket: a child binds over the socket that it was started with.
func TestInheritedSocket(t *testing.T) {
	h, err := newHouse(ServerOptions{})
	if err != nil {
		t.Fatal(err)
	}
	a, b := socketPair(t)
	f, err := b.File()
	if err != nil {
		t.Fatal(err)
	}
	b.Close()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), roleVariable+"=inherited client")
	cmd.ExtraFiles, cmd.Stderr = []*os.File{f}, os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- h.ServeConn(context.Background(), a) }()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	// f stays open here: a hang-up alone would not show that the child has gone.
	defer f.Close()
	line := make([]byte, 6)
	if _, err := out.Read(line); err != nil || string(line) != "ready\n" {
		t.Errorf("child wrote %q, %v", line, err)
	}
	in.Close()
	if err := cmd.Wait(); err != nil {
		t.Errorf("child: %v", err)
	}
	if err := <-ended; err != nil {
		t.Errorf("serve: %v", err)
	}
}

// exits is a socket that does not hang up when the peer's process exits, since
// another process holds it, too. That a pidfd tells is a test of package machine.
type exits struct {
	machine.Socket
	exited chan struct{}
}

func (e exits) AwaitExit() error {
	<-e.exited
	return nil
}

// TestPeersProcessIsWatched: where the socket does not hang up, the process tells.
func TestPeersProcessIsWatched(t *testing.T) {
	a, _ := socketPair(t)
	m, s, err := real(a)
	if err != nil {
		t.Fatal(err)
	}
	e := exits{s, make(chan struct{})}
	l := newLink(m, e)
	gone := make(chan departure, 1)
	l.watch(func(d departure) { gone <- d })
	close(e.exited)
	if d := <-gone; d != exited {
		t.Errorf("%v, want that its process exited", d)
	}
	l.close()
	l.wait()
}
