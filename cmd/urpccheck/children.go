package main

import (
	"os"

	"urpc/bench"
	"urpc/fuzz/stress"
)

// children runs this process as the child that its arguments say it is: stress
// and bench start this program again, as a server or a client. It is called
// before anything else.
func children() {
	for _, child := range []func([]string) (handled bool, exit int){stress.Child, bench.Child} {
		if handled, exit := child(os.Args[1:]); handled {
			os.Exit(exit)
		}
	}
}
