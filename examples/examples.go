// Package examples lists the models that teach how to write one: read
// philosophers first, then twophase, then ring.
package examples

import (
	"urpc/checker/catalogue"
	"urpc/examples/philosophers"
	"urpc/examples/ring"
	"urpc/examples/twophase"
)

// Families are the examples, in the order in which to read them.
var Families = []catalogue.Family{philosophers.Family, twophase.Family, ring.Family}
