package stress

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"time"

	"urpc/runtime"
)

// killing is when whom to kill: at a moment that the seed gives, after a tenth to
// six tenths of the calls and up to 200 µs more.
type killing struct {
	whom   Victim
	client int
	after  uint64 // calls that have ended: of the client, or of all
	delay  time.Duration
	done   bool
}

func (r *run) planKill() *killing {
	o := &r.options
	k := &killing{whom: o.Kill, client: r.random.IntN(o.Clients), done: o.Kill == Nobody}
	calls := o.Calls
	if o.Kill == Server {
		calls *= o.Clients
	}
	k.after = uint64(calls/10 + r.random.IntN(calls/2+1))
	if o.fault == killTooLate {
		k.after = math.MaxUint64
		r.openGates()
	}
	k.delay = time.Duration(r.random.IntN(200)) * time.Microsecond
	return k
}

func (k *killing) waits() bool { return !k.done }

// look kills if it is time.
func (k *killing) look(r *run) {
	if k.done {
		return
	}
	ended := r.ended
	if k.whom == Client {
		ended = r.clients[k.client].ledger.ended
	}
	if ended() < k.after {
		return
	}
	for end := time.Now().Add(k.delay); time.Now().Before(end); {
	}
	k.done = true
	defer r.openGates()
	r.result.Moment = ended()
	if k.whom == Server {
		ended := r.allTold()
		if r.killed = r.server.Kill(); r.killed && !ended {
			r.result.Victim = roleServer
		}
		return
	}
	c := r.clients[k.client]
	if c.Kill() {
		<-c.told
		if c.killed = c.err != nil; c.killed { // else it had reported before
			r.result.Victim = fmt.Sprintf("%s %d", roleClient, k.client)
		}
	}
}

// openGates lets all clients make their last calls.
func (r *run) openGates() {
	for _, c := range r.clients {
		c.ledger.open()
	}
}

// buried waits for a server that was killed. Its socket is what a killed process
// cannot take along: the next server must be able to take its place.
func (r *run) buried(ctx context.Context) error {
	_ = r.server.Wait(ctx) // its error is that it was killed
	if err := context.Cause(ctx); err != nil {
		return err
	}
	l, err := urpc.Listen(r.path())
	if err != nil {
		r.result.Leftovers = append(r.result.Leftovers, fmt.Sprintf("the path of the killed server is in use: %v", err))
		return nil
	}
	return l.Close()
}

// leftovers looks for what the run left behind: processes, the socket, files.
func (r *run) leftovers() error {
	processes, err := r.keeper.Left()
	if err != nil {
		return err
	}
	r.result.Leftovers = append(r.result.Leftovers, processes...)
	if _, err := os.Lstat(r.path()); !errors.Is(err, fs.ErrNotExist) {
		r.result.Leftovers = append(r.result.Leftovers, "the server's socket")
	}
	files, err := os.ReadDir(r.folder)
	if err != nil {
		return err
	}
	for _, f := range files {
		if f.Name() != "server" {
			r.result.Leftovers = append(r.result.Leftovers, "file "+f.Name())
		}
	}
	return nil
}
