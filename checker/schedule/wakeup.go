package schedule

// wakeup is a node of a wakeup tree: a step to be taken, and how to go on then.
// A node without children is followed by any steps.
type wakeup struct {
	access
	children []*wakeup
}

// weakInitial says whether the step can be the first of an execution that begins
// as v does, or whose steps v can be followed by: it is the first of its thread
// in v, or none is of its thread, and it commutes with those before it.
func weakInitial(s *access, v []access) bool {
	_, ok := firstIn(s, v)
	return ok
}

// firstIn is weakInitial, and gives the index of the step in v, -1 if it is not there.
func firstIn(s *access, v []access) (int, bool) {
	for i := range v {
		switch {
		case v[i].thread == s.thread:
			return i, v[i].answers == s.answers
		case v[i].depends(s):
			return -1, false
		}
	}
	return -1, true
}

// insert adds the sequence v to a tree, given by its topmost nodes, unless a
// sequence of the tree is already good for it (JACM 2017, definition 6.2:
// insert). It uses up v.
func insert(tree []*wakeup, v []access) []*wakeup {
	for _, w := range tree {
		i, ok := firstIn(&w.access, v)
		if !ok {
			continue
		}
		if len(w.children) == 0 {
			return tree
		}
		if i >= 0 {
			v = append(v[:i], v[i+1:]...)
		}
		w.children = insert(w.children, v)
		return tree
	}
	if len(v) == 0 {
		return tree
	}
	return append(tree, chain(v))
}

func chain(v []access) *wakeup {
	nodes := make([]wakeup, len(v))
	links := make([]*wakeup, len(v))
	for i := range v {
		nodes[i].access = v[i]
		links[i] = &nodes[i]
	}
	for i := range v[1:] {
		nodes[i].children = links[i+1 : i+2 : i+2]
	}
	return links[0]
}
