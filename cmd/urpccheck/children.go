package main

import (
	"os"

	"urpc/fuzz/stress"
)

// children runs this process as the child that its arguments say it is: stress
// starts this program again as a server or a client. It is called before
// anything else.
func children() {
	if handled, exit := stress.Child(os.Args[1:]); handled {
		os.Exit(exit)
	}
}
