package schedule_test

import (
	"context"
	"fmt"
	"os"
	"time"

	"urpc/checker/schedule"
)

// leased is a file that only the holder of a lease may write. The first holder
// looks at the clock before it writes, and the second one takes over once the lease
// has run out: yet the time may pass between the look and the write. Fenced, the
// file refuses writes of a lease that is older than the last one it has seen
// (fencing tokens).
func leased(fenced bool) func(*schedule.T) {
	const expiry = 10 * time.Second
	return func(t *schedule.T) {
		clock := t.Clock("clock")
		file := t.Word("file", 0) // the lease under which it was written last
		write := func(lease uint64) {
			for fenced {
				v := file.Load()
				if v > lease || file.CompareAndSwap(v, lease) {
					return
				}
			}
			file.Store(lease)
		}
		t.Go("first", func() {
			if clock.Now() < expiry {
				write(1)
			}
		})
		t.Go("second", func() {
			clock.SleepUntil(expiry)
			write(2)
		})
		t.AtEnd(func() { t.Check("the last lease wins", file.Peek() == 2, "%v", file) })
	}
}

// A lease that is checked before it is relied on: time passes in between.
func ExampleT_Clock() {
	for _, fenced := range []bool{true, false} {
		report, err := schedule.Explore(context.Background(), leased(fenced), schedule.Optimal(), schedule.Options{})
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(report.Verdict)
		if report.Failure != nil {
			report.Failure.WriteText(os.Stdout, 110)
		}
	}
	// Output:
	// holds
	// violated
	//     clock                              first                              second
	//     ---------------------------------- ---------------------------------- ----------------------------------
	// 1                                      load clock = 0s
	//                                        clock_example_test.go:32
	// 2*                                                                        set timer of clock = 0s
	//                                                                           clock_example_test.go:37
	// 3   clock moves = 10s
	// 4                                                                         await clock = 10s
	//                                                                           clock_example_test.go:37
	// 5                                                                         store file = 2
	//                                                                           clock_example_test.go:29
	// 6                                      store file = 1
	//                                        clock_example_test.go:29
	//
	// * preempts a thread that could have gone on: 1 preemption
	//
	// the last lease wins, after 6 steps
	//   file = 1
}
