package checker

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// The search goes breadth first, level by level, and each level block by block.
// A block has two phases. First the workers take its chunks and expand their
// states into buffers, one for each pair of chunk and shard. Then they take the
// shards, and each inserts what the chunks have for it, in the order of the
// chunks. What is in a chunk, a block and a shard depends on the model alone, so
// that the number of workers, and who takes what when, change no count and no
// trace; and no two workers ever write to one shard.
type cut struct {
	// block bounds the states of a block, and with it the memory of the buffers
	// and the time between two looks at the limits.
	block uint64
	// chunks bounds the chunks of a block: enough to keep any number of workers
	// busy. chunk is the least size of one, in states.
	chunks, chunk uint64
	// inline is the size up to which a block is run by one goroutine: starting
	// others would take longer.
	inline uint64
}

// defaultCut is what was measured to be fast; tests cut finer.
var defaultCut = cut{block: 1 << 13, chunks: 64, chunk: 256, inline: 256}

// blockCandidates bounds the successors of a block of more than one state.
const blockCandidates = 1 << 22

// Check explores every state that the model can reach and says of each of its
// properties whether it holds. The error is not nil if the model cannot be
// explored (see Model), if one of its functions or Options.Progress panics or ends
// its goroutine (*PanicError), or if one breaks its contract (*ImpureError); a
// broken property is a result, and so is a search that was cut short by a limit
// or by ctx, with the verdict unknown.
func Check[S comparable](ctx context.Context, m Model[S], o Options) (r Report, err error) {
	started := time.Now()
	m, err = Assuming(m, o.Assume)
	if err := errors.Join(err, validate(&m), o.validate()); err != nil {
		return Report{Model: m.Name, Reason: err.Error()}, err
	}
	s := newSearch(ctx, &m, o, started)
	defer s.release()
	finished := false
	apart(func() {
		if s.failed = s.openCheckpoint(); s.failed == nil {
			defer s.checkpoint.close()
			s.run()
		}
		r, err = s.report()
		finished = true
	})
	if !finished {
		s.failed = s.failure()
		return s.report()
	}
	return r, err
}

// search is one run of Check.
type search[S comparable] struct {
	ctx     context.Context
	model   *Model[S]
	options Options
	program *program[S]
	cut     cut
	started time.Time

	room    memory // of the shards
	shards  [shards]shard[S]
	chunks  []chunk[S]
	workers []worker[S]
	from    [shards]int // the level being expanded, by shard: [from, to)
	to      [shards]int
	onLevel bool   // there is one; else the next is to be made
	at      uint64 // how many of its states are expanded

	checkpoint *checkpoint // nil: none is written
	resumed    uint64      // states that it had; 0: the search began at its start
	// movedBefore says which refinements saw two images that differ before it was resumed.
	movedBefore []bool

	cancelled atomic.Bool // ctx is done or the time is over
	release   func()      // lets go of what sets cancelled, and of room

	complete    bool
	reason      string // why the search ended before it was complete
	failed      error
	transitions uint64
	depth       int // of the level; depth first, of the longest path
	deadlocks   uint64
	ends        uint64
	pruned      uint64
	coverage    []uint64
	memory      uint64 // most bytes held
	fresh       int    // new states of the last block

	symmetry *symmetry[S] // nil: the model declares none

	findings []finding // deadlock, then the model's properties
	watches  []watch[S]
	decided  bool // a property was, since openProperties
	// Depth first: what waits, and whether a state was not expanded for the limit on depth.
	stack    []waiting[S]
	shallow  bool
	violated bool
	grace    uint64 // number of states at which the search ends after a violation

	seen progressMark

	declared *declarations // nil: nothing is
	samples  samples[S]    // of states, for what is declared
	// reduction is nil where the search is not reduced, and unreduced says why, if it was
	// asked for. partly is how many states were not expanded wholly.
	reduction *reduction
	unreduced string
	partly    uint64
	// unverified are, by batch of samples, what is not as declared.
	unverified []error
}

func newSearch[S comparable](ctx context.Context, m *Model[S], o Options, started time.Time) *search[S] {
	s := &search[S]{
		ctx: ctx, model: m, options: o, program: compile(m), cut: defaultCut, started: started,
		findings: make([]finding, 1+len(m.Properties)),
	}
	if s.options.Workers < 1 {
		s.options.Workers = runtime.GOMAXPROCS(0)
	}
	if s.options.Search == DepthFirst {
		s.options.Workers = 1
	}
	if s.options.ProgressEvery <= 0 {
		s.options.ProgressEvery = time.Second
	}
	s.program.hash.seed = o.Reseed
	s.seen.at = started
	s.coverage = make([]uint64, s.program.steps)
	s.symmetry = newSymmetry(s.program, o)
	for i := range s.shards {
		s.shards[i].init(len(m.Properties), o.Store, &s.room)
	}
	s.declared, _ = declare(m) // validate saw the error
	s.workers = make([]worker[S], s.options.Workers)
	for i := range s.workers {
		s.workers[i] = worker[S]{program: s.program, symmetry: s.symmetry, canonicalizer: s.canonicalizer(),
			declared: s.declared, judges: judges(m), coverage: make([]uint64, s.program.steps, s.program.steps+16)}
	}
	s.prepareReduction()
	s.depth = -1
	s.decided = true // nothing is listed yet
	s.openProperties()
	s.release = arm(ctx, s.options.MaxTime, &s.cancelled)
	return s
}

// run explores until nothing is left or a limit is met.
func (s *search[S]) run() {
	if s.failed = s.verifyInitial(); s.failed == nil {
		s.verifyFree()
	}
	s.explore()
	s.conclude()
}

func (s *search[S]) explore() {
	if s.failed != nil {
		return
	}
	if s.options.Search == DepthFirst {
		s.runDeep()
		return
	}
	if s.resumed == 0 {
		s.insertInitial()
		s.judgeInitial()
	}
	if s.reason != "" { // there were too many: nobody may go on from there
		s.checkpoint.close()
		s.checkpoint = nil
	}
	s.save(true)
	for s.failed == nil && s.reason == "" && !s.complete {
		if !s.onLevel {
			s.nextLevel()
		}
		frontier := s.frontier()
		switch {
		case frontier == 0:
			s.complete = true
		case s.options.MaxDepth > 0 && s.depth >= s.options.MaxDepth:
			s.reason = s.depthLimit()
		default:
			s.runLevel(frontier)
			s.demandSome()
		}
	}
	s.save(true)
}

// failure is what ended the goroutine of the search: the first that failed, in
// the order in which runBlock would have found it.
func (s *search[S]) failure() error {
	if s.failed != nil {
		return s.failed
	}
	for i := range s.chunks {
		if s.chunks[i].failed != nil {
			return s.chunks[i].failed
		}
	}
	for i := range s.shards {
		if s.shards[i].failed != nil {
			return s.shards[i].failed
		}
	}
	if err := firstOf(s.unverified); err != nil {
		return err
	}
	// Everything but the String method of a scalar is told of by who calls it.
	return &PanicError{Where: "String of a field of the state", Value: ErrGoexit}
}

// insertInitial makes the initial states level 0, as far as the limit on states
// lets it.
func (s *search[S]) insertInitial() {
	s.useChunks(1)
	c := &s.chunks[0]
	limited := s.options.MaxStates > 0 && uint64(len(s.model.Init)) > s.options.MaxStates
	distinct := map[S]bool{}
	for i := range s.model.Init {
		state := *s.workers[0].canonical(&s.model.Init[i])
		if limited && !distinct[state] {
			if uint64(len(distinct)) == s.options.MaxStates {
				s.reason = s.stateLimit()
				break
			}
			distinct[state] = true
		}
		hash := s.program.hash.of(bytesOf(&state))
		to := &c.successors[hash&(shards-1)]
		*to = append(*to, candidate[S]{hash: hash, from: noTransition<<idBits | uint64(i), state: state})
	}
	s.insertAll(1, true)
}

// nextLevel makes what the last level added the level to expand.
func (s *search[S]) nextLevel() {
	for i := range s.shards {
		s.from[i], s.to[i] = s.to[i], s.shards[i].count
		s.shards[i].forget(s.from[i])
	}
	if s.onLevel, s.at = true, 0; s.frontier() > 0 {
		s.depth++
	}
}

// deepest is the depth of the deepest state that was found.
func (s *search[S]) deepest() int {
	found := uint64(0)
	for i := range s.to {
		found += uint64(s.to[i])
	}
	if s.options.Search == BreadthFirst && s.states() > found {
		return s.depth + 1
	}
	return max(0, s.depth)
}

// frontier is the size of the level.
func (s *search[S]) frontier() uint64 {
	var size uint64
	for i := range s.shards {
		size += uint64(s.to[i] - s.from[i])
	}
	return size
}

// runLevel expands the level block by block.
func (s *search[S]) runLevel(frontier uint64) {
	for s.at < frontier {
		if s.tell(frontier); s.failed != nil {
			break
		}
		if s.reason = s.limit(); s.reason != "" {
			break
		}
		n := min(frontier-s.at, s.blockSize())
		if !s.runBlock(s.at, n) {
			break
		}
		s.at += n
		s.save(false)
	}
	if s.at == frontier {
		s.onLevel = false
	}
}

// runBlock expands n states of the level, from position at, and inserts what
// comes of them. It is false when the block did not come to its end: it was
// cancelled, and counts for nothing, or a function of the model failed.
func (s *search[S]) runBlock(at, n uint64) bool {
	per := max(s.cut.chunk, (n+s.cut.chunks-1)/s.cut.chunks)
	chunks := int((n + per - 1) / per)
	s.useChunks(chunks)
	inline := n <= s.cut.inline
	s.parallel(chunks, inline, true, func(w *worker[S], i int) {
		begin := at + uint64(i)*per
		s.expandChunk(w, &s.chunks[i], begin, min(begin+per, at+n))
	})
	if s.cancelled.Load() {
		s.reason = s.cancellation()
		return false
	}
	for i := range s.chunks[:chunks] {
		if s.failed = s.chunks[i].failed; s.failed != nil {
			return false
		}
	}
	if n == 1 && !s.fits(chunks) {
		s.reason = s.stateLimit()
		return false
	}
	s.bookExpanded(chunks)
	s.insertAll(chunks, inline)
	if s.failed == nil && s.reduction != nil {
		return s.completeBlock(chunks, inline, n == 1)
	}
	return s.failed == nil
}

// useChunks makes n chunks ready to be filled.
func (s *search[S]) useChunks(n int) {
	for len(s.chunks) < n {
		s.chunks = append(s.chunks, chunk[S]{})
	}
	for i := range n {
		s.chunks[i].reset(len(s.model.Properties))
	}
}

// parallel calls do(w, i) for each i below n, each worker w taking the next i.
func (s *search[S]) parallel(n int, inline, cancellable bool, do func(w *worker[S], i int)) {
	if inline || len(s.workers) == 1 {
		for i := 0; i < n && !(cancellable && s.cancelled.Load()); i++ {
			do(&s.workers[0], i)
		}
		return
	}
	var next atomic.Int64
	work := func(w *worker[S]) {
		for !(cancellable && s.cancelled.Load()) {
			i := int(next.Add(1)) - 1
			if i >= n {
				return
			}
			do(w, i)
		}
	}
	var group sync.WaitGroup
	for k := 1; k < min(len(s.workers), n); k++ {
		group.Go(func() { work(&s.workers[k]) })
	}
	defer group.Wait() // also where a function of the model ends this goroutine
	work(&s.workers[0])
}

// expandChunk expands the states from position begin to end of the level.
func (s *search[S]) expandChunk(w *worker[S], c *chunk[S], begin, end uint64) {
	w.out = c
	finished := false
	defer w.close(c, &finished)
	number, local := s.position(begin)
	for range end - begin {
		for local == s.to[number] {
			number++
			local = s.from[number]
		}
		s.expandOne(w, s.shards[number].state(local), uint64(local)<<shardBits|uint64(number))
		local++
	}
	finished = true
}

// expandOne takes the steps in a state, and verifies in some what the model promises.
func (s *search[S]) expandOne(w *worker[S], stored *S, id uint64) {
	w.source, w.id = *stored, id
	if sampled(int(id >> shardBits)) {
		w.verify(stored)
		if sampledRarely(int(id >> shardBits)) {
			w.verifySymmetry(stored)
			if s.declared != nil {
				w.out.samples = append(w.out.samples, *stored)
			}
		}
	}
	if s.reduction != nil {
		w.expandPartly()
	} else {
		w.expand()
	}
}

// expandState expands one state that is in no level.
func (s *search[S]) expandState(w *worker[S], c *chunk[S], state *S, id uint64) {
	w.out = c
	finished := false
	defer w.close(c, &finished)
	s.expandOne(w, state, id)
	finished = true
}

// position finds the state at a position of the level: shard by shard, in order.
func (s *search[S]) position(at uint64) (number, local int) {
	for i := range s.shards {
		size := uint64(s.to[i] - s.from[i])
		if at < size {
			return i, s.from[i] + int(at)
		}
		at -= size
	}
	panic("checker: a position beyond the level")
}

// bookExpanded adds what the chunks counted and found.
func (s *search[S]) bookExpanded(chunks int) {
	for i := range s.workers {
		for k, n := range s.workers[i].coverage {
			s.coverage[k] += n
		}
		clear(s.workers[i].coverage)
	}
	for i := range s.chunks[:chunks] {
		c := &s.chunks[i]
		for k := range c.samples {
			s.samples.offer(c.samples[k])
		}
		s.transitions += c.transitions
		s.partly += c.partly
		s.deadlocks += c.deadlocks
		s.ends += c.ends
		s.pruned += c.pruned
		if c.stuck >= 0 {
			s.find(0, uint64(c.stuck), noTransition)
		}
		for k, edge := range c.broken {
			if edge.found {
				s.find(1+k, edge.id, edge.transition)
			}
		}
	}
	s.openProperties()
}

// insertAll inserts the successors of all chunks, shard by shard.
func (s *search[S]) insertAll(chunks int, inline bool) {
	before := s.states()
	s.parallel(shards, inline, false, func(w *worker[S], i int) {
		known := s.shards[i].count
		s.insertShard(&s.shards[i], i, chunks)
		w.bookOrbits(&s.shards[i], known)
	})
	for i := range s.shards {
		if s.failed == nil {
			s.failed = s.shards[i].failed
		}
		s.bookHits(i)
	}
	s.fresh = int(s.states() - before)
	s.openProperties()
}

func (s *search[S]) insertShard(sh *shard[S], number, chunks int) {
	finished := false
	defer s.close(sh, &finished)
	for i := range s.chunks[:chunks] {
		sh.collect(s.chunks[i].successors[number], s.watches)
	}
	sh.flush(s.watches)
	finished = true
}

// close makes an error of a property that has not returned. It is deferred.
func (s *search[S]) close(sh *shard[S], finished *bool) {
	if !*finished {
		sh.failed = recovered(recover(), whereClause(&s.model.Properties[sh.place], sh.at), sh.at)
	}
}

// states is the number of states seen.
func (s *search[S]) states() uint64 {
	var n uint64
	for i := range s.shards {
		n += uint64(s.shards[i].count)
	}
	return n
}
