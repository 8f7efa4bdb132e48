package schedule

// OnGoroutine runs f on a goroutine of its own, as a part of the thread that calls, which
// waits for its end: for code that may end its goroutine, by runtime.Goexit, and for what is
// set for one goroutine, as debug.SetPanicOnFault is. It says whether f has returned. A panic
// of f is one of the thread. Where nothing interleaves it does the same.
func (t *T) OnGoroutine(f func()) (returned bool) {
	r, th := t.thread("OnGoroutine")
	if f == nil {
		r.misused("OnGoroutine without a function")
	}
	m, s, was := ofSearch(r), r.self, *r.self
	if th != nil {
		m = member{r, th.index, th.name}
	}
	ended := make(chan any)
	go func() {
		defer r.lookout.join(m)()
		s.learns(r.sure)
		defer func() {
			v := recover()
			s.ends(was)
			ended <- v
		}()
		f()
		returned = true
	}()
	v := <-ended
	if th != nil && th.killed {
		th.unwind()
	}
	if v != nil {
		panic(v)
	}
	return returned
}
