package main

import "urpc/checker/command/console"

// calledAs is the environment variable in which a mutant's binary, which is in a
// temporary place, is told by which command it was started.
const calledAs = "URPCCHECK_CALLED_AS"

var program = console.Program{Name: "urpccheck", Source: "./cmd/urpccheck", CalledAs: calledAs, Out: "urpc-out"}
