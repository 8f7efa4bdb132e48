package child

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Keeper starts children and outlives them.
//
// A child dies with the thread that started it (PR_SET_PDEATHSIG knows threads,
// not processes), so a keeper has a thread of its own that does nothing else.
type Keeper struct {
	verb  string
	exe   string
	tasks chan func()
	ended chan struct{}

	mu       sync.Mutex
	children []*Child
}

// NewKeeper makes a keeper of children with this verb.
func NewKeeper(verb string) (*Keeper, error) {
	if !entered.Load() {
		return nil, ErrNotEntered
	}
	exe, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find the own binary: %w", err)
	}
	k := &Keeper{verb: verb, exe: exe, tasks: make(chan func()), ended: make(chan struct{})}
	go func() {
		runtime.LockOSThread()
		defer close(k.ended)
		for task := range k.tasks {
			task()
		}
		runtime.UnlockOSThread()
	}()
	return k, nil
}

// Config is what a child is started with.
type Config struct {
	Role  string
	Setup any        // told first, as JSON
	Files []*os.File // become descriptors 3, 4, …
	CPUs  []int      // on which the child may run; none: wherever its parent may
}

// Start starts a child. How a child that ends at once has ended is told by its
// Receive and Wait.
func (k *Keeper) Start(c Config) (*Child, error) {
	var started *Child
	var err error
	done := make(chan struct{})
	k.tasks <- func() {
		defer close(done)
		started, err = k.start(c)
	}
	<-done
	if err != nil {
		return nil, fmt.Errorf("start a %s: %w", c.Role, err)
	}
	return started, nil
}

func (k *Keeper) start(config Config) (*Child, error) {
	c := &Child{role: config.Role, lines: make(chan json.RawMessage, 64), exited: make(chan struct{})}
	c.cmd = exec.Command(k.exe, k.verb, config.Role)
	// Under the race detector a process would sleep for a second before it exits.
	c.cmd.Env = append(os.Environ(), "GORACE=atexit_sleep_ms=0 "+os.Getenv("GORACE"))
	c.cmd.ExtraFiles = config.Files
	c.cmd.Stderr = &c.stderr
	c.cmd.WaitDelay = 2 * time.Second
	c.cmd.SysProcAttr = &syscall.SysProcAttr{
		Pdeathsig: syscall.SIGKILL,
		// A group of its own: an interrupt of the terminal is the parent's to handle.
		Setpgid: true,
	}
	in, errIn := c.cmd.StdinPipe()
	out, errOut := c.cmd.StdoutPipe()
	if err := errors.Join(errIn, errOut); err != nil {
		return nil, err
	}
	if err := onCPUs(config.CPUs, c.cmd.Start); err != nil {
		return nil, err
	}
	k.mu.Lock()
	k.children = append(k.children, c)
	k.mu.Unlock()
	c.in = json.NewEncoder(in)
	go c.listen(out)
	// A child may have ended before it was told: that one was started, and how it
	// ended is what Receive says of it.
	if err := c.Send(config.Setup); err != nil && !errors.Is(err, syscall.EPIPE) && !errors.Is(err, os.ErrClosed) {
		return nil, err
	}
	return c, nil
}

// onCPUs starts a process from this thread while that is bound to some CPUs,
// which the process inherits.
func onCPUs(cpus []int, start func() error) error {
	if len(cpus) == 0 {
		return start()
	}
	var before, set unix.CPUSet
	if err := unix.SchedGetaffinity(0, &before); err != nil {
		return fmt.Errorf("ask for the CPUs of a thread: %w", err)
	}
	for _, cpu := range cpus {
		set.Set(cpu)
	}
	if err := unix.SchedSetaffinity(0, &set); err != nil {
		return fmt.Errorf("bind a thread to CPUs %v: %w", cpus, err)
	}
	return errors.Join(start(), unix.SchedSetaffinity(0, &before))
}

// CPUs are those that this process may run on.
func CPUs() ([]int, error) {
	var set unix.CPUSet
	if err := unix.SchedGetaffinity(0, &set); err != nil {
		return nil, fmt.Errorf("ask for the CPUs of a thread: %w", err)
	}
	var cpus []int
	for cpu := range len(set) * 64 {
		if set.IsSet(cpu) {
			cpus = append(cpus, cpu)
		}
	}
	return cpus, nil
}

// Close kills the children that are left and waits for them.
func (k *Keeper) Close() {
	for _, c := range k.all() {
		c.Kill()
		<-c.exited
	}
	close(k.tasks)
	<-k.ended
}

func (k *Keeper) all() []*Child {
	k.mu.Lock()
	defer k.mu.Unlock()
	return append([]*Child(nil), k.children...)
}

// Wait waits for a child to end; its error is that of a child that did not exit
// with status 0, or of the context.
func (c *Child) Wait(ctx context.Context) error {
	select {
	case <-c.exited:
		return c.err
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
