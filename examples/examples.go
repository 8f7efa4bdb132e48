// Package examples lists the models that teach how to write one: read
// philosophers first, then peterson, ticket, twophase, paxos, buffer and ring.
package examples

import (
	"urpc/checker/catalogue"
	"urpc/examples/buffer"
	"urpc/examples/paxos"
	"urpc/examples/peterson"
	"urpc/examples/philosophers"
	"urpc/examples/ring"
	"urpc/examples/ticket"
	"urpc/examples/twophase"
)

// Families are the examples, in the order in which to read them.
var Families = []catalogue.Family{philosophers.Family, peterson.Family, ticket.Family, twophase.Family, paxos.Family, buffer.Family, ring.Family}
