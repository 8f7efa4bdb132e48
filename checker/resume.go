package checker

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"

	"github.com/zeebo/xxh3"
)

// resume makes the search what it was when the checkpoint was written. Whatever is not as
// it was written, or is of another search, is refused.
func (s *search[S]) resume(c *checkpoint) error {
	h, err := readHead(c.folder)
	if errors.Is(err, fs.ErrNotExist) {
		return errors.New("there is no checkpoint in the folder: nothing was saved yet; begin without Resume (--resume)")
	}
	if err != nil {
		return err
	}
	if err := sameSubject(h.Subject, s.subject()); err != nil {
		return err
	}
	if len(h.Coverage) != len(s.coverage) || len(h.Findings) != len(s.findings) || len(h.Moved) != len(s.model.Properties) {
		return errors.New("the head does not fit the model")
	}
	if c.seen, err = os.OpenFile(filepath.Join(c.folder, seenName), os.O_RDWR, 0); err != nil {
		return err
	}
	if err := s.readSeen(c, &h); err != nil {
		c.seen.Close() //nolint:errcheck // nothing was written
		return err
	}
	s.from, s.to = h.From, h.To
	s.transitions, s.depth, s.deadlocks, s.ends = h.Transitions, h.Depth, h.Deadlocks, h.Ends
	copy(s.coverage, h.Coverage)
	s.partly, s.pruned, s.fresh, s.memory, s.violated, s.grace = h.Partly, h.Pruned, h.Fresh, h.Memory, h.Violated, h.Grace
	s.movedBefore = h.Moved
	for i := range s.shards {
		s.shards[i].orbits = h.Orbits[i]
	}
	for i, f := range h.Findings {
		s.findings[i] = finding{f.Found, f.ID, f.Transition}
	}
	s.decided = true
	s.openProperties()
	s.resumed, s.at, s.onLevel = s.states(), h.At, h.Level
	s.started, s.seen.states = s.started.Add(-h.Elapsed), s.resumed
	if err := s.verifyResumed(&h); err != nil {
		c.seen.Close() //nolint:errcheck // nothing was written
		return err
	}
	h.Writer = c.writer
	return c.replaceHead(h) // whoever wrote before may not go on
}

// readSeen reads as much of the seen set as the head counts.
func (s *search[S]) readSeen(c *checkpoint, h *head) error {
	info, err := c.seen.Stat()
	if err != nil {
		return err
	}
	if uint64(info.Size()) < h.Length {
		return fmt.Errorf("file %s is cut short: it has %d bytes, and the head counts %d", seenName, info.Size(), h.Length)
	}
	// First whether it is as it was written: what is damaged is not even looked at.
	if _, err := io.Copy(c.sum, io.NewSectionReader(c.seen, 0, int64(h.Length))); err != nil {
		return err
	}
	if sumText(c.sum) != h.Sum {
		return fmt.Errorf("file %s is damaged: its hash is another one", seenName)
	}
	c.length = h.Length
	if err := c.seen.Truncate(int64(h.Length)); err != nil {
		return err
	}
	in := &pieces{in: bufio.NewReaderSize(io.NewSectionReader(c.seen, 0, int64(h.Length)), 1<<16), left: h.Length}
	for in.left > 0 && in.err == nil {
		s.readPiece(in, h)
	}
	if in.err != nil {
		return fmt.Errorf("file %s: %w", seenName, in.err)
	}
	for i := range s.shards {
		c.saved[i] = s.shards[i].count
	}
	if c.saved != h.Counts {
		return errors.New("the head counts other states than there are")
	}
	return nil
}

// pieces reads seen.
type pieces struct {
	in   *bufio.Reader
	left uint64
	err  error
}

// take reads n bytes, or fails.
func (p *pieces) take(b []byte) {
	if p.err == nil && uint64(len(b)) > p.left {
		p.err = errors.New("a piece is longer than the file")
	}
	if p.err == nil {
		_, p.err = io.ReadFull(p.in, b)
		p.left -= uint64(len(b))
	}
}

func (p *pieces) word() uint64 {
	var b [8]byte
	p.take(b[:])
	return binary.LittleEndian.Uint64(b[:])
}

// readPiece reads one piece of a shard.
func (s *search[S]) readPiece(in *pieces, h *head) {
	number, first, n, states := in.word(), in.word(), in.word(), in.word()
	if in.err != nil {
		return
	}
	if number >= shards || first != uint64(s.shards[number].count) || n > in.left/8 || states > n || first+n > maxInShard {
		in.err = errors.New("a piece is not what the search writes")
		return
	}
	sh := &s.shards[number]
	origins := make([]uint64, n)
	for i := range origins {
		origins[i] = in.word()
	}
	var hashes []uint64
	if sh.byPrint {
		hashes = make([]uint64, n)
		for i := range hashes {
			hashes[i] = in.word()
		}
	} else if states != n {
		in.err = errors.New("a piece has fewer states than it counts")
		return
	}
	for i := uint64(0); i < n && in.err == nil; i++ {
		var state S
		if i >= n-states {
			in.take(bytesOf(&state))
		}
		var hash uint64
		if sh.byPrint {
			hash = hashes[i]
		} else {
			hash = s.program.hash.of(bytesOf(&state))
		}
		if in.err == nil && hash&(shards-1) != number {
			in.err = errors.New("a state stands in a shard that is not its own")
			return
		}
		sh.restore(&state, hash, origins[i])
		sh.forget(min(h.From[number], sh.count))
	}
}

// restore adds a state that is not there.
func (sh *shard[S]) restore(s *S, hash, from uint64) {
	tag := hash >> 32
	p := sh.table.page(tag)
	i := slot(tag)
	for p.words[i] != 0 {
		i = after(i)
	}
	p.words[i] = tag<<32 | uint64(sh.count+1)
	if p.used++; p.used == pageRoom {
		sh.table.split(tag)
	}
	sh.append(s, hash, from)
}

// verifyResumed demands that what was read is a search of this model: that where it stands
// is possible, that initial states are there, and, on a sample, that each state is what its
// transition makes of the one that it came from.
func (s *search[S]) verifyResumed(h *head) error {
	var size uint64
	for i := range s.shards {
		if s.from[i] < 0 || s.from[i] > s.to[i] || s.to[i] > s.shards[i].count {
			return errors.New("the head has a level that there is not")
		}
		size += uint64(s.to[i] - s.from[i])
	}
	if h.At > size {
		return errors.New("the head has a place beyond its level")
	}
	for i := range s.findings {
		f := s.findings[i]
		if f.found && int(f.id>>shardBits) >= s.shards[f.id&(shards-1)].count {
			return errors.New("the head has found a state that there is not")
		}
	}
	for i := range s.shards {
		for local := range s.shards[i].count {
			if err := s.verifyOrigin(i, local); err != nil {
				return err
			}
		}
	}
	return nil
}

// verifyOrigin demands that a state came from one that was there before it, and, where the
// states are kept, on a sample, that its transition leads to it.
func (s *search[S]) verifyOrigin(number, local int) error {
	sh := &s.shards[number]
	from := sh.origin(local)
	id, transition := from&idMask, uint32(from>>idBits)
	if transition == noTransition {
		if id >= uint64(len(s.model.Init)) || !sh.byPrint && *s.workers[0].canonical(&s.model.Init[id]) != *sh.state(local) {
			return errors.New("it has an initial state that the model does not have: it is of another model")
		}
		return nil
	}
	parent, at := &s.shards[id&(shards-1)], int(id>>shardBits)
	if int(transition) >= len(s.program.transitions) || at >= parent.count {
		return errors.New("it has a transition that the model does not have: it is of another model")
	}
	if sh.byPrint || !sampled(local) {
		return nil
	}
	if s.declared != nil {
		s.samples.offer(*sh.state(local))
	}
	path, err := s.walk(*parent.state(at), []uint32{transition})
	if err != nil || path[1] != *sh.state(local) {
		return fmt.Errorf("step %s leads to another state than it did: the checkpoint is of another model", s.program.taken(transition).Label)
	}
	return nil
}

// subject says of what search a checkpoint is, line by line.
func (s *search[S]) subject() []string {
	m := s.model
	lines := []string{
		"model " + m.Name,
		"configuration " + s.options.Subject,
		"store " + s.options.Store.String(),
		fmt.Sprintf("reseed %d", s.options.Reseed),
		fmt.Sprintf("partial order applied: %v", s.reduction != nil),
		fmt.Sprintf("symmetry applied: %v", s.canonicalizer() != nil),
		fmt.Sprintf("byte order %v", binary.NativeEndian.Uint16([]byte{1, 0})),
		fmt.Sprintf("state %v of %d bytes", reflect.TypeFor[S](), sizeOf[S]()),
	}
	if len(m.Init) > 0 {
		var paths []string
		for _, f := range fieldsOf(m.Init[0]) {
			paths = append(paths, f.Path)
		}
		lines = append(lines, "fields "+strings.Join(paths, " "))
	}
	initial := xxh3.New()
	for i := range m.Init {
		initial.Write(bytesOf(&m.Init[i])) //nolint:errcheck // it never fails
	}
	lines = append(lines, "initial states "+sumText(initial))
	for i := range m.Processes {
		p := &m.Processes[i]
		var steps []string
		for k := range p.Steps {
			steps = append(steps, fmt.Sprintf("%s/%d", p.Steps[k].Label, p.Steps[k].Choices))
		}
		lines = append(lines, fmt.Sprintf("process %s of %d: %s", p.Name, p.Count, strings.Join(steps, " ")))
	}
	for i := range m.Properties {
		lines = append(lines, fmt.Sprintf("property %s (%s)", m.Properties[i].name, m.Properties[i].kind))
	}
	return lines
}

// sameSubject refuses a checkpoint of another search, and says in what it is another.
func sameSubject(has, want []string) error {
	for i := range max(len(has), len(want)) {
		a, b := "nothing more", "nothing more"
		if i < len(has) {
			a = has[i]
		}
		if i < len(want) {
			b = want[i]
		}
		if a != b {
			return fmt.Errorf("the checkpoint is of another search: it has %q where this one has %q", a, b)
		}
	}
	return nil
}
