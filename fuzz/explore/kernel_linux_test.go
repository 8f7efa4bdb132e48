package explore

import (
	"testing"

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
			onGoroutinesOneOf(t, c.want, func(start func(string, func()), note func(string)) {
				c.run(&arena{kernel: k, words: shm.Heap(0, 2*shm.Line), start: start, note: note})
			})
		})
	}
}
