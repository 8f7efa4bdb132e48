package explore

import (
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"urpc/runtime/kernel"
	"urpc/runtime/shm"
)

func TestRealKernel(t *testing.T) {
	k, err := kernel.Real()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range kernelCases {
		t.Run(c.name, func(t *testing.T) {
			for round := range 20 {
				if got := reality(k, c, round); !slices.Contains(c.want, got) {
					t.Fatalf("it shows %q, want one of %q", got, c.want)
				}
			}
		})
	}
}

// reality runs a case once, with goroutines for threads. In odd rounds the
// earlier threads have time to fall asleep before the last one starts.
func reality(k kernel.Kernel, c kernelCase, round int) string {
	var (
		mu      sync.Mutex
		notes   []string
		threads sync.WaitGroup
	)
	c.run(&arena{
		kernel: k, words: shm.Heap(0, 2*shm.Line),
		start: func(name string, f func()) {
			if round%2 == 1 && (name == "waker" || name == "nudger") {
				time.Sleep(200 * time.Microsecond)
			}
			threads.Go(f)
		},
		note: func(what string) {
			mu.Lock()
			defer mu.Unlock()
			notes = append(notes, what)
		},
	})
	threads.Wait()
	slices.Sort(notes)
	return strings.Join(notes, ", ")
}
