package checker_test

import (
	"context"
	"fmt"
	"os"

	"urpc/checker"
)

// Two processes add one to a shared counter, each in two steps: it reads, and it
// writes what it read plus one.
//
//	read:  tmp := counter
//	write: counter := tmp + 1
//
// A state is a struct of numbers. It has no gaps, so that equal states are equal
// bytes; the checker says so if one has.
type state struct {
	Counter uint8
	Tmp     [2]uint8
	At      [2]label
}

// label is where a process stands. Its numbers are the places in the table of
// steps; its String is what traces show.
type label uint8

const (
	read label = iota
	write
	done
)

func (l label) String() string { return [...]string{"read", "write", "done"}[l] }

func Example() {
	model := checker.Model[state]{
		Name: "add",
		Init: []state{{}},
		Processes: []checker.Process[state]{{
			Name:  "process",
			Count: 2,
			// One step can be enabled: the one at which the process stands.
			PC: func(s *state, self int) int { return int(s.At[self]) },
			Steps: []checker.Step[state]{
				{Label: "read", Do: func(s *state, self int) bool {
					s.Tmp[self] = s.Counter
					s.At[self] = write
					return true
				}},
				{Label: "write", Do: func(s *state, self int) bool {
					s.Counter = s.Tmp[self] + 1
					s.At[self] = done
					return true
				}},
			},
		}},
		// Where both are done no step is enabled. That is an end, no deadlock.
		Terminal: func(s *state) bool { return s.At == [2]label{done, done} },
		Properties: []checker.Property[state]{
			checker.Invariant("nothing is lost", func(s *state) bool {
				return s.At != [2]label{done, done} || s.Counter == 2
			}),
			checker.Reachable("two", func(s *state) bool { return s.Counter == 2 }),
		},
	}
	report, err := checker.Check(context.Background(), model, checker.Options{})
	if err != nil {
		fmt.Println(err) // the model cannot be explored, or one of its functions panicked
		return
	}
	fmt.Printf("%v: %d states, %d transitions, depth %d\n",
		report.Verdict, report.States, report.Transitions, report.Depth)
	for _, p := range report.Properties {
		fmt.Printf("  %s: %v\n", p.Name, p.Verdict)
	}
	if err := report.Properties[1].Trace.WriteText(os.Stdout, 72); err != nil {
		fmt.Println(err)
	}
	// Output:
	// violated: 13 states, 14 transitions, depth 4
	//   deadlock: holds
	//   nothing is lost: violated
	//   two: holds
	// invariant "nothing is lost" of add, after 4 steps
	// initially: Counter=0  At[0]=read  At[1]=read
	//    process 0                          process 1
	// 1                                     read
	// 2  read
	// 3  write
	//      Counter: 0 -> 1
	//      At[0]: write -> done
	// 4                                     write
	//                                         At[1]: write -> done
}
