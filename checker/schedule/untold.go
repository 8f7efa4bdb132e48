package schedule

import "slices"

// untold says of steps, by number of the name, whether one of them has read and told
// nothing, so that its thread was taken to have read all shared words.
//
// That is safe, and coarse in a way that is not the program's: of two steps that
// commute the digest then tells which came first, and of two such orders a search
// takes one. So the number of states is a bound from above that depends on the order
// in which the search goes about, and the report says so. Where a mark follows at
// once nothing of it is kept, and nothing is said.
type untold []bool

func (u *untold) note(name int32) {
	for len(*u) <= int(name) {
		*u = append(*u, false)
	}
	(*u)[name] = true
}

// any says whether there is such a step.
func (u untold) any() bool { return slices.Contains(u, true) }

// add adds what another worker has found.
func (u *untold) add(other untold) {
	for name, is := range other {
		if is {
			u.note(int32(name))
		}
	}
}

// named gives the steps by name, in alphabetical order.
func (u untold) named(list []string) []string {
	var names []string
	for name, is := range u {
		if is {
			names = append(names, list[name])
		}
	}
	slices.Sort(names)
	return names
}
