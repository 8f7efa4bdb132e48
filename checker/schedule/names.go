package schedule

import "sync"

// names numbers the names of steps and marks, so that a step is kept as a small
// record. The names of a program are few and mostly constants: a direct-mapped
// cache answers nearly every look-up by a comparison of equal pointers.
type names struct {
	list    []string
	ids     map[string]int32
	lexicon *lexicon
	cache   [256]struct {
		name string
		id   int32
	}
}

// lexicon is what gives the numbers: one for all workers of a search, who hand
// records and digests to each other.
type lexicon struct {
	mu   sync.Mutex
	list []string // it only grows: who has a part of it may read that
	ids  map[string]int32
}

func newNames(l *lexicon) names { return names{ids: make(map[string]int32), lexicon: l} }

func newLexicon() *lexicon { return &lexicon{ids: make(map[string]int32)} }

// id gives the number of the name, and all names so far.
func (l *lexicon) id(name string) (int32, []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	id, known := l.ids[name]
	if !known {
		id = int32(len(l.list))
		l.ids[name] = id
		l.list = append(l.list, name)
	}
	return id, l.list
}

// learn takes over what other workers have numbered.
func (n *names) learn() { n.list = n.lexicon.all() }

func (l *lexicon) all() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.list
}

func (n *names) id(name string) int32 {
	slot := &n.cache[slotOf(name)]
	if slot.name == name && name != "" {
		return slot.id
	}
	id, known := n.ids[name]
	if !known {
		id, n.list = n.lexicon.id(name)
		n.ids[name] = id
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
