package bench

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"urpc/checker"
	"urpc/checker/verdict"
	"urpc/examples/ring"
)

// Names of the figures of the checker, all of the ring of 3 clients, 2 servers, 2 request and
// 3 reply slots with its properties, and their bounds.
const (
	ExactOne    = "exact, 1 worker"
	ExactAll    = "exact"
	PrintsAll   = "fingerprints"
	ExactBytes  = "exact, memory"
	OverSPIN    = "exact, 1 worker / SPIN"
	SPINRate    = "SPIN, exact, no reduction, -O3"
	InsertShare = "exact, inserts of transitions / inserts that the machine can do"
	InsertRate  = "inserts into a table that is as large, in batches"

	exactOneBound  = 4e6
	exactAllBound  = 7e6
	printsAllBound = 8e6
	bytesBound     = 64
	spinBound      = 3
)

// searches measures how many states a second the checker finds, beside SPIN on the same model
// if there is one, and beside what the machine's memory can do; in rounds that take turns.
func searches(ctx context.Context, o Options, r *Result, step func()) error {
	values, _, err := ring.Family.Parse("clients=3,servers=2,requests=2,replies=3")
	if err != nil {
		return err
	}
	model, err := ring.Family.Build(values, "")
	if err != nil {
		return err
	}
	spin, err := newSPIN(ctx)
	if err != nil {
		return err
	}
	defer spin.close()
	if spin == nil {
		r.Notes = append(r.Notes, "SPIN was not measured: spin and a C compiler (gcc) are not both installed")
	}
	rates := &searchRates{}
	for range o.Searches {
		if err = rates.round(ctx, model, spin, o.Workers); err != nil {
			break
		}
		step()
	}
	rates.conclude(r, o.Workers)
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

// searchRates are states a second, round by round, but for bytes.
type searchRates struct {
	one, all, prints, spin []float64
	bytes                  []float64 // a state
	inserts, limit         []float64
}

// round measures each once. What is not measured to its end is left out.
func (s *searchRates) round(ctx context.Context, model checker.AnyModel, spin *spin, workers int) error {
	one, err := checked(ctx, model, checker.Options{Workers: 1})
	if err != nil {
		return err
	}
	var spinRate float64
	if spin != nil {
		if spinRate, err = spin.run(ctx, one.States); err != nil {
			return err
		}
	}
	all, err := checked(ctx, model, checker.Options{Workers: workers})
	if err != nil {
		return err
	}
	prints, err := checked(ctx, model, checker.Options{Workers: workers, Store: checker.Fingerprint})
	if err != nil {
		return err
	}
	if spin != nil {
		s.spin = append(s.spin, spinRate)
	}
	s.limit = append(s.limit, insertLimit(workers, all.States, all.Transitions))
	s.one, s.all, s.prints = append(s.one, rate(one)), append(s.all, rate(all)), append(s.prints, rate(prints))
	s.bytes = append(s.bytes, float64(all.Memory)/float64(all.States))
	s.inserts = append(s.inserts, float64(all.Transitions)/all.Elapsed.Seconds())
	return nil
}

func rate(r checker.Report) float64 { return float64(r.States) / r.Elapsed.Seconds() }

// checked is a search that holds; of any other a rate says nothing.
func checked(ctx context.Context, model checker.AnyModel, o checker.Options) (checker.Report, error) {
	report, err := model.Check(ctx, o)
	switch {
	case ctx.Err() != nil:
		return report, context.Cause(ctx)
	case err != nil:
		return report, err
	case report.Verdict != verdict.Holds || !report.Complete:
		return report, fmt.Errorf("the ring is %v (%s): a rate says nothing", report.Verdict, report.Reason)
	}
	return report, nil
}

// conclude makes figures of what was measured.
func (s *searchRates) conclude(r *Result, workers int) {
	if len(s.one) == 0 {
		return
	}
	on := fmt.Sprintf(", %d workers", workers)
	r.Figures = append(r.Figures,
		figureOf(CheckerRate+": "+ExactOne, "states/s", s.one, exactOneBound),
		figureOf(CheckerRate+": "+ExactAll+on, "states/s", s.all, exactAllBound),
		figureOf(CheckerRate+": "+PrintsAll+on, "states/s", s.prints, printsAllBound))
	bytes := figureOf(CheckerRate+": "+ExactBytes, "B/state", s.bytes, 0)
	bytes.AtMost = bytesBound
	bytes.judge()
	r.Figures = append(r.Figures, bytes)
	if len(s.spin) > 0 {
		over := ratioOf(CheckerRate+": "+OverSPIN, s.one, s.spin, 0)
		over.AtLeast = spinBound
		over.judge()
		r.Figures = append(r.Figures, figureOf(CheckerRate+": "+SPINRate, "states/s", s.spin, 0), over)
	}
	r.Figures = append(r.Figures,
		figureOf(InsertRate, "/s", s.limit, 0),
		ratioOf(CheckerRate+": "+InsertShare, s.inserts, s.limit, 0))
}

// insertLimit is how many inserts a second the machine can do at best into tables that
// together have room for so many words, one to each goroutine, if so many are looked up: what
// a search could not be faster than, if a transition cost nothing else.
func insertLimit(workers int, words, lookups uint64) float64 {
	var group sync.WaitGroup
	tables := make([][]uint64, workers)
	for w := range tables {
		size := uint64(1)
		for size < words/uint64(workers)*3/2 {
			size *= 2
		}
		tables[w] = make([]uint64, size)
		for i := range tables[w] { // the pages are there before it begins
			tables[w][i] = 0
		}
	}
	started := time.Now()
	for w, table := range tables {
		group.Go(func() { insertWords(table, uint64(w), words/uint64(workers), lookups/uint64(workers)) })
	}
	group.Wait()
	return float64(lookups) / time.Since(started).Seconds()
}

// insertWords looks up so many words of so many different ones, in batches, and inserts those
// that are not there.
func insertWords(table []uint64, seed, words, lookups uint64) {
	const batch = 32
	r := rand.New(rand.NewPCG(seed, 1))
	mask := uint64(len(table) - 1)
	var hashes, found [batch]uint64
	for done := uint64(0); done < lookups; done += batch {
		for k := range hashes {
			hashes[k] = (r.Uint64()%words + 1) * 0x9e3779b97f4a7c15
			found[k] = table[hashes[k]>>20&mask]
		}
		for k, h := range hashes {
			for i := h >> 20 & mask; ; i = (i + 1) & mask {
				if found[k] == h || table[i] == h {
					break
				}
				if table[i] == 0 {
					table[i] = h
					break
				}
			}
		}
	}
}
