package trial

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"hash"

	"urpc/checker/schedule"
	"urpc/fuzz/explore"
	"urpc/spec/step"
)

// stepped are the configurations whose executions tell mutants apart, and how
// many executions of each.
var (
	stepped        = []string{"2-1-2-1,start=2^16-1", "1-2-2-1", "3-1-1-1", "2-1-2-2", "donate"}
	steps   uint64 = 200
)

// stepsOf is a digest of every step of sampled executions of target channel: who
// took it, its name and place, what it read or wrote, and what was executed and
// returned. Programs with different digests behave differently under some
// schedule of the sample.
func stepsOf(ctx context.Context) (string, error) {
	all, err := channelValues(stepped)
	if err != nil {
		return "", err
	}
	sum := sha256.New()
	for _, v := range all {
		d := &digest{sum: sum}
		_, err := explore.RunWatched(ctx, v, explore.Watch{Observer: d, Alone: true}, schedule.Random(1, steps),
			schedule.Options{KeepGoing: true, MaxSteps: longest})
		if err != nil {
			return "", err
		}
	}
	return hex.EncodeToString(sum.Sum(nil)), ctx.Err()
}

// digest digests executions. It is an explore.Observer.
type digest struct {
	sum   hash.Hash
	names []byte
	at    []schedule.Event // where each thread stands
}

var _ explore.Observer = (*digest)(nil)

// What is digested, each under a tag of its own.
const (
	anExecution = iota
	aStep
	aValue
	aRequest
	aReply
	anEnd
)

func (d *digest) add(tag byte, words ...uint64) {
	d.names = append(d.names[:0], tag)
	for _, w := range words {
		d.names = binary.LittleEndian.AppendUint64(d.names, w)
	}
	d.sum.Write(d.names)
}

// Begin implements explore.Observer.
func (d *digest) Begin(explore.Watched) { d.add(anExecution); d.at = d.at[:0] }

// Stand implements explore.Observer.
func (d *digest) Stand(thread int, _ step.Name, e schedule.Event) {
	for len(d.at) <= thread {
		d.at = append(d.at, schedule.Event{})
	}
	d.at[thread] = e
}

// Take implements explore.Observer.
func (d *digest) Take(thread int) {
	e := d.at[thread]
	d.add(aStep, uint64(thread), uint64(e.Kind), uint64(e.Location.Segment), uint64(e.Location.Offset), uint64(e.Size))
	d.sum.Write([]byte(e.Name))
}

// Saw implements explore.Observer.
func (d *digest) Saw(thread int, value uint32) { d.add(aValue, uint64(thread), uint64(value)) }

// More implements explore.Observer.
func (d *digest) More(thread int, e schedule.Event) {
	d.add(aStep, uint64(thread), uint64(e.Kind), uint64(e.Location.Segment), uint64(e.Location.Offset), uint64(e.Size))
}

// Execute implements explore.Observer.
func (d *digest) Execute(thread int, request []byte) {
	d.add(aRequest, uint64(thread), uint64(len(request)))
	d.sum.Write(request)
}

// Return implements explore.Observer.
func (d *digest) Return(thread int, reply []byte) {
	d.add(aReply, uint64(thread), uint64(len(reply)))
	d.sum.Write(reply)
}

// Ended implements explore.Observer.
func (d *digest) Ended(thread int) { d.add(anEnd, uint64(thread)) }

// End implements explore.Observer.
func (d *digest) End() { d.add(anEnd) }
