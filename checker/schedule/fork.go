package schedule

// fork is one decision of the current execution.
type fork struct {
	minds          // threads that are enabled among them
	ready   uint64 // of these, the threads before a step that is no await
	last    int    // the thread of the step before; -1: there was none
	sleep   uint64 // threads that need not go on from here
	left    uint64 // threads not yet tried, chosen among them
	given   uint64 // threads that other workers have taken from left
	chosen  int
	wrote   bool
	offend  uint64   // threads whose step a guard's property fails
	relied  int      // the chosen thread goes on at once: the number of the guard that lets it, plus 1
	alone   bool     // or so, since it has the place to itself
	row     int      // so many decisions before it were of steps that were taken at once
	stands  []access // by thread: what each enabled one stands before
	holders []int16  // of the locks of all guards
	answers odometer
	before  knowledge
	key     Digest // of the state, if it was looked up
	keyed   bool
	number  uint32  // of the state, where transitions are taken down
	picture picture // of the state, where steps are recalled
	effect  *effect // of the chosen step, if it is known
}

// knowledge is what the search knows when it comes to a decision.
type knowledge struct {
	steps, marks, preemptions int // of the execution, so far
	setUpChose                Digest
	histories                 []history // by thread
}

// push adds a decision to the path; decisions are kept for reuse behind its end.
func (s *stateful) push() *fork {
	if len(s.path) < cap(s.path) {
		s.path = s.path[:len(s.path)+1]
	} else {
		s.path = append(s.path, nil)
	}
	k := len(s.path) - 1
	if s.path[k] == nil {
		s.path[k] = new(fork)
	}
	p := s.path[k]
	p.row = 0
	if k > 0 && (s.path[k-1].relied > 0 || s.path[k-1].alone) {
		p.row = s.path[k-1].row + 1
	}
	p.given, p.offend, p.relied, p.alone, p.answers.choices, p.picture.drawn = 0, 0, 0, false, p.answers.choices[:0], false
	p.keyed = false
	return p
}

// know takes down what is known before the decision.
func (s *stateful) know(k *knowledge) {
	r := s.r
	k.steps, k.marks, k.preemptions, k.setUpChose = len(r.steps), len(r.marks), r.preemptions, r.setUpChose
	k.histories = k.histories[:0]
	for _, th := range r.threads[:r.declared] {
		k.histories = append(k.histories, th.history)
	}
}

// knew says whether all threads have read what they had when the decision was met
// first.
func (s *stateful) knew(k *knowledge) bool {
	r := s.r
	if len(r.steps) != k.steps || r.declared != len(k.histories) || r.setUpChose != k.setUpChose {
		return false
	}
	for i := range k.histories {
		if !k.histories[i].same(&r.threads[i].history) {
			return false
		}
	}
	return true
}

func (p *fork) copied() *fork {
	q := *p
	q.stands = append([]access(nil), p.stands...)
	q.holders = append([]int16(nil), p.holders...)
	q.answers.choices = append([]choice(nil), p.answers.choices...)
	q.before.histories = append([]history(nil), p.before.histories...)
	q.picture, q.effect = picture{}, nil // each worker knows its own nodes
	return &q
}
