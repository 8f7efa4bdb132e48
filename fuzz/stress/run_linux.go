package stress

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"time"

	"urpc/fuzz/child"
)

// Child runs this process as one of a run's children, if args (of the command
// line, without the program's name) are those of one. A program that calls Run
// calls it first of all, and ends with the exit status if it was handled:
//
//	if handled, exit := stress.Child(os.Args[1:]); handled {
//		os.Exit(exit)
//	}
func Child(args []string) (handled bool, exit int) {
	return child.Enter(verb, map[string]child.Role{roleServer: serve, roleClient: call}, args)
}

const (
	roleServer = "server"
	roleClient = "client"
)

// Run starts a server and its clients, lets them call, and judges what they saw.
// When ctx ends early the result is partial and its verdict at best Unknown. An
// error means that the run could not be made.
func Run(ctx context.Context, o Options) (Result, error) {
	o, err := o.withDefaults()
	if err != nil {
		return Result{}, fmt.Errorf("stress: %w", err)
	}
	r := &run{options: o, random: rand.New(rand.NewPCG(o.Seed, 0x7572_7063))}
	err = r.do(ctx)
	if err = errors.Join(err, r.close()); err != nil {
		return Result{}, fmt.Errorf("stress: %w", err)
	}
	return r.result, nil
}

// run is a run on its way.
type run struct {
	options Options
	random  *rand.Rand
	result  Result

	folder     string // of the socket
	keeper     *child.Keeper
	cpus       []int
	server     *child.Child
	executions executions
	clients    []*caller
	started    time.Time
	cut        string // why the run was cut short
	hung       bool
	killed     bool // the server
}

// caller is a client as the parent sees it.
type caller struct {
	*child.Child
	number int
	ledger ledger
	told   chan struct{} // closed when report or err are there
	report report
	err    error
	killed bool
}

func (r *run) do(ctx context.Context) error {
	if err := r.start(ctx); err != nil {
		return err
	}
	if err := r.calls(ctx); err != nil {
		return err
	}
	if err := r.stop(); err != nil {
		return err
	}
	return r.judge(ctx)
}

// startWithin is how long a child may take until it is ready, on a busy machine.
const startWithin = 30 * time.Second

// start starts the server, then the clients, and waits until all are ready.
func (r *run) start(ctx context.Context) (err error) {
	if r.keeper, err = child.NewKeeper(verb); err != nil {
		return err
	}
	if r.folder, err = os.MkdirTemp("", "urpc-stress-"); err != nil {
		return err
	}
	if r.options.Processors == OneProcessor {
		all, err := child.CPUs()
		if err != nil {
			return err
		}
		r.cpus = []int{all[r.random.IntN(len(all))]}
	}
	ctx, cancel := context.WithTimeoutCause(ctx, startWithin, errors.New("a child did not get ready in time"))
	defer cancel()
	if err := r.startServer(ctx); err != nil {
		return err
	}
	for number := range r.options.Clients {
		if err := r.startClient(number); err != nil {
			return err
		}
	}
	for _, c := range r.clients {
		if err := awaitReady(ctx, c.Child); err != nil {
			return err
		}
	}
	return nil
}

func (r *run) path() string { return filepath.Join(r.folder, "server") }

func (r *run) startServer(ctx context.Context) (err error) {
	if r.executions, err = newExecutions(r.options.Clients, r.options.Calls); err != nil {
		return err
	}
	r.server, err = r.keeper.Start(child.Config{
		Role: roleServer, Setup: r.options.setup(r.path(), 0), CPUs: r.cpus, Files: []*os.File{r.executions.file},
	})
	if err != nil {
		return err
	}
	return awaitReady(ctx, r.server)
}

func (r *run) startClient(number int) error {
	l, err := newLedger(r.options.Calls)
	if err != nil {
		return err
	}
	c := &caller{number: number, ledger: l, told: make(chan struct{})}
	r.clients = append(r.clients, c)
	c.Child, err = r.keeper.Start(child.Config{
		Role: roleClient, Setup: r.options.setup(r.path(), number), CPUs: r.cpus, Files: []*os.File{l.file},
	})
	return err
}

func awaitReady(ctx context.Context, c *child.Child) error {
	var word string
	return c.Receive(ctx, &word)
}

// calls lets the clients call until each has reported or is dead.
func (r *run) calls(ctx context.Context) error {
	r.started = time.Now()
	for _, c := range r.clients {
		if err := c.Send(wordGo); err != nil {
			return err
		}
		go func() {
			defer close(c.told)
			c.err = c.Receive(context.Background(), &c.report)
		}()
	}
	r.watch(ctx)
	r.result.Elapsed = time.Since(r.started)
	for _, c := range r.clients {
		<-c.told
		if c.err != nil && !c.killed && !r.hung {
			return c.err
		}
	}
	return nil
}

// ended is how many calls have ended.
func (r *run) ended() (sum uint64) {
	for _, c := range r.clients {
		sum += c.ledger.ended()
	}
	return sum
}

func (r *run) allTold() bool {
	for _, c := range r.clients {
		select {
		case <-c.told:
		default:
			return false
		}
	}
	return true
}

// errUnended: a process does not end.
var errUnended = errors.New("it did not end in time")

// stop ends the server and waits for the end of every process. One that does not
// end is left behind, and what it leaves behind itself is not looked for.
func (r *run) stop() error {
	within := gone + r.options.Stall
	ctx, cancel := context.WithTimeoutCause(context.Background(), within, errUnended)
	defer cancel()
	who, err := r.end(ctx)
	if errors.Is(err, errUnended) {
		r.hung = true
		r.result.Leftovers = append(r.result.Leftovers, fmt.Sprintf("%s, which did not end within %v", who, within))
		return nil
	}
	if err != nil {
		return err
	}
	return r.leftovers()
}

// end is stop without a limit of its own. Its error is of the process who.
func (r *run) end(ctx context.Context) (who string, err error) {
	for _, c := range r.clients {
		if err := c.Wait(ctx); err != nil && !c.Killed() {
			return fmt.Sprintf("%s %d", roleClient, c.number), err
		}
		r.result.Counters.add(c.report.Counters)
		r.result.Untyped = append(r.result.Untyped, c.report.Untyped...)
		r.result.Leftovers = append(r.result.Leftovers, c.report.Left...)
	}
	if r.killed {
		return "the killed server", r.buried(ctx)
	}
	// If the server is dead unexpectedly, its line tells why.
	_ = r.server.Send(wordStop)
	var last report
	if err := r.server.Receive(ctx, &last); err != nil {
		return "the server", err
	}
	r.result.Counters.add(last.Counters)
	r.result.Leftovers = append(r.result.Leftovers, last.Left...)
	return "the server", r.server.Wait(ctx)
}

// close frees what the parent made. It is called in any case.
func (r *run) close() error {
	var errs []error
	if r.keeper != nil {
		r.keeper.Close()
	}
	for _, c := range r.clients {
		errs = append(errs, c.ledger.close())
	}
	errs = append(errs, r.executions.close())
	if r.folder != "" {
		errs = append(errs, os.RemoveAll(r.folder))
	}
	return errors.Join(errs...)
}

func (c *Counters) add(d Counters) {
	c.Parks += d.Parks
	c.Wakes += d.Wakes
	c.Donations += d.Donations
	c.Returns += d.Returns
	c.Blocks += d.Blocks
	c.Overloads += d.Overloads
	c.Dropped += d.Dropped
}
