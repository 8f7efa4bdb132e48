package lockstep

import "errors"

var (
	// ErrTooLarge: the specification's state has no room for the configuration.
	ErrTooLarge = errors.New("too large for the specification")
	// ErrGraph: the specification's state graph is larger than allowed.
	ErrGraph = errors.New("the specification's state graph is too large")
)
