// Command first is the command line of all examples: what a program of your own needs
// for its models.
package main

import (
	"urpc/checker/command"
	"urpc/examples"
)

func main() { command.Main(examples.Families...) }
