package schedule

// names numbers the names of steps and marks, so that a step is kept as a small
// record. The names of a program are few and mostly constants: a direct-mapped
// cache answers nearly every look-up by a comparison of equal pointers.
type names struct {
	list  []string
	ids   map[string]int32
	cache [256]struct {
		name string
		id   int32
	}
}

func newNames() names { return names{ids: make(map[string]int32)} }

func (n *names) id(name string) int32 {
	slot := &n.cache[slotOf(name)]
	if slot.name == name && name != "" {
		return slot.id
	}
	id, known := n.ids[name]
	if !known {
		id = int32(len(n.list))
		n.ids[name] = id
		n.list = append(n.list, name)
	}
	slot.name, slot.id = name, id
	return id
}

func slotOf(name string) uint8 {
	l := len(name)
	if l == 0 {
		return 0
	}
	return uint8(l)*31 + name[0]*7 + name[l/2]*13 + name[l-1]
}
