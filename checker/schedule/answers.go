package schedule

// answers numbers sequences of answers of T.Choose. Zeros at the end do not
// count, since a search answers 0 unless it has a reason: sequence 0 is that of
// zeros alone.
type answers struct {
	lists [][]int32
	ids   map[string]int32
}

func newAnswers() answers {
	return answers{lists: [][]int32{nil}, ids: map[string]int32{"": 0}}
}

func (a *answers) id(list []int32) int32 {
	for len(list) > 0 && list[len(list)-1] == 0 {
		list = list[:len(list)-1]
	}
	if len(list) == 0 {
		return 0
	}
	key := make([]byte, 0, 4*len(list))
	for _, v := range list {
		key = append(key, byte(v), byte(v>>8), byte(v>>16), byte(v>>24))
	}
	id, known := a.ids[string(key)]
	if !known {
		id = int32(len(a.lists))
		a.ids[string(key)] = id
		a.lists = append(a.lists, append([]int32(nil), list...))
	}
	return id
}

// others gives the numbers of the sequences that part from the choices at one of
// them.
func (a *answers) others(choices []choice) []int32 {
	var ids []int32
	var list []int32
	for _, c := range choices {
		for v := range c.of {
			if v != c.answer {
				ids = append(ids, a.id(append(list, v)))
			}
		}
		list = append(list, c.answer)
	}
	return ids
}

// odometer goes through all answers to choices outside of any thread, the last
// one first.
type odometer struct {
	choices []choice
	at      int
}

// answer gives the next answer among n; -1: other choices were asked for before.
func (o *odometer) answer(n int) int {
	if o.at == len(o.choices) {
		o.choices = append(o.choices, choice{0, int32(n)})
	}
	c := o.choices[o.at]
	o.at++
	if int(c.of) != n {
		return -1
	}
	return int(c.answer)
}

// advance moves to the next answers; false: there are none.
func (o *odometer) advance() bool {
	for n := len(o.choices); n > 0; n-- {
		if c := &o.choices[n-1]; c.answer+1 < c.of {
			c.answer++
			o.choices = o.choices[:n]
			return true
		}
	}
	o.choices = o.choices[:0]
	return false
}
