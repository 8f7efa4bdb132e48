package lockstep

import "errors"

var (
	// ErrNotTied: the specification has nothing that the configuration refines, or its
	// state no room for it.
	ErrNotTied = errors.New("not run along with the specification")
	// ErrGraph: the specification's state graph is larger than allowed.
	ErrGraph = errors.New("the specification's state graph is too large")
)
