package checker

import (
	"bufio"
	"bytes"
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/zeebo/xxh3"
)

// A checkpoint is a folder with two files. The seen set only ever grows at its ends, so that
// what is new of it is written behind what is there:
//
//	seen   pieces, one after the other: of one shard, the states with numbers first to first+n-1
//	         shard, first, n, of them with their states    8 bytes each
//	         where each came from                          8 bytes each
//	         its hash (Fingerprint)                        8 bytes each
//	         the states, of Fingerprint those that wait    the bytes of each
//	head   a line of JSON (head), and its hash: how much of seen counts, its hash, and
//	       where the search stands
//
// A piece is on the disk before the head that counts it, and a head takes the place of the
// one before it at once (rename), so that whenever the search is killed the folder has one
// that is whole. What stands in seen behind what the head counts is of no head: it is cut
// off. The search stands between two blocks; what it does from there depends on nothing else
// than what is kept (search.go), so that it goes on as it would have.
type checkpoint struct {
	folder  string
	every   time.Duration
	writer  string // who writes to the folder: nobody else may
	seen    *os.File
	length  uint64
	sum     *xxh3.Hasher
	saved   [shards]int // states of each shard that are in seen
	written time.Time
}

// Names of a checkpoint's files.
const (
	seenName = "seen"
	headName = "head"
)

// head says where a search stands.
type head struct {
	Format  int      `json:"format"`
	Writer  string   `json:"writer"`
	Subject []string `json:"subject"` // of what search the checkpoint is
	Length  uint64   `json:"length"`
	Sum     string   `json:"sum"`

	Counts [shards]int    `json:"counts"`
	Orbits [shards]uint64 `json:"orbits"` // states that those of each shard stand for
	From   [shards]int    `json:"from"`
	To     [shards]int    `json:"to"`
	At     uint64         `json:"at"` // states of the level that are expanded
	Level  bool           `json:"level"`

	Transitions uint64        `json:"transitions"`
	Depth       int           `json:"depth"`
	Deadlocks   uint64        `json:"deadlocks"`
	Ends        uint64        `json:"ends"`
	Coverage    []uint64      `json:"coverage"`
	Fresh       int           `json:"fresh"`
	Memory      uint64        `json:"memory"`
	Findings    []headFinding `json:"findings"`
	Partly      uint64        `json:"partly"`
	Pruned      uint64        `json:"pruned"`
	Moved       []bool        `json:"moved"` // by property: a refinement saw two images that differ
	Violated    bool          `json:"violated"`
	Grace       uint64        `json:"grace"`
	Elapsed     time.Duration `json:"elapsed"`
}

type headFinding struct {
	Found      bool   `json:"found,omitempty"`
	ID         uint64 `json:"id,omitempty"`
	Transition uint32 `json:"transition,omitempty"`
}

// checkpointFormat is of what is written here; another one is refused.
const checkpointFormat = 1

const defaultCheckpointEvery = time.Minute

// openCheckpoint makes a new checkpoint, or goes on from one.
func (s *search[S]) openCheckpoint() error {
	if s.options.Checkpoint == "" {
		return nil
	}
	var id [8]byte
	if _, err := rand.Read(id[:]); err != nil {
		return err
	}
	c := &checkpoint{folder: s.options.Checkpoint, every: s.options.CheckpointEvery, writer: hex.EncodeToString(id[:]), sum: xxh3.New()}
	if c.every <= 0 {
		c.every = defaultCheckpointEvery
	}
	if s.options.Resume {
		if err := s.resume(c); err != nil {
			return fmt.Errorf("checkpoint %s: %w", c.folder, err)
		}
	} else if err := c.create(); err != nil {
		return fmt.Errorf("checkpoint %s: %w", c.folder, err)
	}
	s.checkpoint = c
	return nil
}

// create makes the folder, which must not have a checkpoint.
func (c *checkpoint) create() (err error) {
	if err := os.MkdirAll(c.folder, 0o777); err != nil {
		return err
	}
	if _, err := os.Lstat(filepath.Join(c.folder, headName)); !errors.Is(err, fs.ErrNotExist) {
		return errors.New("the folder has a checkpoint: go on with it (Options.Resume, --resume), or give another folder")
	}
	c.seen, err = os.OpenFile(filepath.Join(c.folder, seenName), os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o666)
	return err
}

// save writes a checkpoint if it is time, or in any case. The search stands between two
// blocks.
func (s *search[S]) save(always bool) {
	c := s.checkpoint
	if c == nil || s.failed != nil || !always && time.Since(c.written) < c.every {
		return
	}
	began := time.Now()
	if err := s.write(c); err != nil {
		s.failed = fmt.Errorf("the checkpoint in %s could not be written: %w", c.folder, err)
	}
	c.written = time.Now()
	// A tenth of the time at most goes into checkpoints.
	c.every = max(c.every, 9*c.written.Sub(began))
}

func (s *search[S]) write(c *checkpoint) error {
	if err := c.mine(); err != nil {
		return err
	}
	out := bufio.NewWriterSize(writerTo{c}, 1<<16)
	for i := range s.shards {
		if err := s.writeShard(out, i, c.saved[i]); err != nil {
			return err
		}
		c.saved[i] = s.shards[i].count
	}
	if err := errors.Join(out.Flush(), c.seen.Sync()); err != nil {
		return err
	}
	h := head{
		Format: checkpointFormat, Writer: c.writer, Subject: s.subject(), Length: c.length, Sum: sumText(c.sum),
		Counts: c.saved, From: s.from, To: s.to, At: s.at, Level: s.onLevel,
		Transitions: s.transitions, Depth: s.depth, Deadlocks: s.deadlocks, Ends: s.ends, Coverage: s.coverage,
		Fresh: s.fresh, Memory: s.memory, Partly: s.partly, Pruned: s.pruned, Violated: s.violated, Grace: s.grace, Elapsed: time.Since(s.started),
	}
	for i := range s.shards {
		h.Orbits[i] = s.shards[i].orbits
	}
	for i := range s.model.Properties {
		h.Moved = append(h.Moved, s.moved(i))
	}
	for _, f := range s.findings {
		h.Findings = append(h.Findings, headFinding{f.found, f.id, f.transition})
	}
	return c.replaceHead(h)
}

// mine says whether nobody else has written to the folder.
func (c *checkpoint) mine() error {
	h, err := readHead(c.folder)
	switch {
	case errors.Is(err, fs.ErrNotExist) && c.length == 0:
		return nil // there was none yet
	case err != nil:
		return err
	case h.Writer != c.writer:
		return errors.New("another search writes to the folder")
	}
	return nil
}

// writeShard writes what is new of a shard.
func (s *search[S]) writeShard(out *bufio.Writer, number, first int) error {
	sh := &s.shards[number]
	n := sh.count - first
	if n == 0 {
		return nil
	}
	states := first
	if sh.byPrint {
		states = max(states, s.from[number])
	}
	word := func(v uint64) {
		var b [8]byte
		binary.LittleEndian.PutUint64(b[:], v)
		out.Write(b[:]) //nolint:errcheck // Flush says it
	}
	for _, v := range []int{number, first, n, sh.count - states} {
		word(uint64(v))
	}
	for local := first; local < sh.count; local++ {
		word(sh.origin(local))
	}
	if sh.byPrint {
		tags := sh.table.tags(first, sh.count)
		for local := first; local < sh.count; local++ {
			word(uint64(tags[local-first])<<32 | uint64(sh.print(local)))
		}
	}
	for local := states; local < sh.count; local++ {
		if _, err := out.Write(bytesOf(sh.state(local))); err != nil {
			return err
		}
	}
	return nil
}

// writerTo writes to the end of seen and keeps its length and hash.
type writerTo struct{ c *checkpoint }

func (w writerTo) Write(b []byte) (int, error) {
	n, err := w.c.seen.WriteAt(b, int64(w.c.length))
	w.c.sum.Write(b[:n]) //nolint:errcheck // it never fails
	w.c.length += uint64(n)
	return n, err
}

func sumText(h *xxh3.Hasher) string {
	sum := h.Sum128().Bytes()
	return hex.EncodeToString(sum[:])
}

// replaceHead puts a head in the place of the one before.
func (c *checkpoint) replaceHead(h head) error {
	text, err := json.Marshal(h)
	if err != nil {
		return err
	}
	sum := xxh3.Hash128(text).Bytes()
	text = fmt.Appendf(text, "\n%x\n", sum)
	next := filepath.Join(c.folder, headName+".next")
	f, err := os.Create(next)
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err = os.Rename(next, filepath.Join(c.folder, headName)); err != nil {
		return err
	}
	if d, err := os.Open(c.folder); err == nil { // where a folder can be synced
		d.Sync()  //nolint:errcheck // it cannot everywhere
		d.Close() //nolint:errcheck // it was only read
	}
	return nil
}

// readHead reads the head of a checkpoint.
func readHead(folder string) (h head, err error) {
	text, err := os.ReadFile(filepath.Join(folder, headName))
	if err != nil {
		return head{}, err
	}
	line, sum, _ := bytes.Cut(text, []byte("\n"))
	want := xxh3.Hash128(line).Bytes()
	if string(sum) != hex.EncodeToString(want[:])+"\n" {
		return head{}, errors.New("the head is damaged: its hash is another one")
	}
	if err := json.Unmarshal(line, &h); err != nil {
		return head{}, fmt.Errorf("the head is not one: %w", err)
	}
	if h.Format != checkpointFormat {
		return head{}, fmt.Errorf("the checkpoint has format %d, and this checker reads format %d", h.Format, checkpointFormat)
	}
	return h, nil
}

// close lets the file go.
func (c *checkpoint) close() {
	if c != nil && c.seen != nil {
		c.seen.Close() //nolint:errcheck // all that counts was synced
	}
}
