package lockstep

import (
	"fmt"
	"reflect"
	"strings"

	"urpc/fuzz/explore"
	"urpc/spec/memory"
	"urpc/spec/step"
)

// difference is the first at which code and specification part: what the code
// did, what the specification does. It is put into words only for a failure that
// is shown.
type difference struct {
	r       *Refinement
	th      *thread // nil: no thread in particular
	what    string  // what the code did, if it was no step
	step    bool    // the thread's last step is what parted them
	decoded bool    // show the decoded state against the specification's
	// payload: what the code did, it did with a payload of this number.
	payload bool
	number  uint64
	// detail tells what a state of the specification has instead; nil: nothing.
	detail func(*memory.CallState) string
}

// fail ends the execution. It does not return.
func (r *Refinement) fail(d *difference) {
	r.failed = true
	r.watched.T.Fail(Property, "%s", d)
	panic("lockstep: an execution that failed goes on")
}

// String tells both sides.
func (d *difference) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "step %d: %s", d.r.judged+1, d.code())
	for i := range d.r.candidates {
		if len(d.r.candidates) > 1 {
			fmt.Fprintf(&b, "\n  the specification may be in %d states, in number %d it", len(d.r.candidates), i+1)
		} else {
			b.WriteString("\n  the specification")
		}
		b.WriteString(" " + d.specification(&d.r.candidates[i]))
	}
	return b.String()
}

// code is what the code did.
func (d *difference) code() string {
	switch {
	case d.th == nil:
		return d.what
	case d.payload:
		return d.r.threadName(d.th) + " " + d.what + " " + d.r.told(d.number)
	case !d.step:
		return d.r.threadName(d.th) + " " + d.what
	}
	e := &d.th.touched
	return fmt.Sprintf("%s took %s (%v of %v, value %d) and stands at %v", d.r.threadName(d.th), d.th.taken, e.Kind, e.Location, d.th.saw, d.th.at)
}

// specification is what the specification does instead.
func (d *difference) specification(c *candidate) string {
	after := *c
	if d.step {
		how, stutter := d.r.advance(&after, d.th)
		switch how {
		case elsewhere:
			has := fmt.Sprintf("has %s at %v", d.r.threadName(d.th), atOf(&c.state, d.th))
			if why, is := outside[d.th.taken]; is {
				return fmt.Sprintf("%s, and leaves %v out: %s", has, d.th.taken, why)
			}
			return has
		case disabled:
			return "does not enable the step"
		case otherWord:
			kind, location, _ := d.r.accessOf(&c.state, d.th, d.th.taken)
			return fmt.Sprintf("has it %v %v%s", kind, location, d.differing(&after.state, ", and"))
		case otherSize:
			return fmt.Sprintf("has it touch %d bytes, and the code touches %d%s", d.r.sizeOf(&c.state, d.th, d.th.taken), d.th.touched.Size, d.differing(&after.state, ", and"))
		}
		if stutter != notStutter {
			return fmt.Sprintf("takes no step (%v)%s", stutter, d.differing(&after.state, ", and has"))
		}
		return "takes it" + d.differing(&after.state, ", and then has")
	}
	switch {
	case d.detail != nil:
		return d.detail(&c.state)
	case d.decoded:
		return "takes no step" + d.differing(&after.state, ", and has")
	default:
		return "has the threads " + d.r.positions(&c.state)
	}
}

// differing lists the fields in which a state of the specification differs from
// the decoded one.
func (d *difference) differing(s *memory.CallState, before string) string {
	shown := *s
	d.r.hide(&shown)
	lines := differing(reflect.ValueOf(&shown).Elem(), reflect.ValueOf(&d.r.image).Elem(), "", nil)
	if o := d.r.odd; o.found {
		lines = append(lines, fmt.Sprintf("nothing that the word %d:%d stands for with value %d (%#x)", o.segment, o.offset, o.value, o.value))
	}
	if len(lines) == 0 {
		return ""
	}
	return before + "\n    " + strings.Join(lines, "\n    ")
}

// differing compares two values of one type, field by field.
func differing(a, b reflect.Value, path string, lines []string) []string {
	switch a.Kind() {
	case reflect.Struct:
		for i := range a.NumField() {
			f := a.Type().Field(i)
			name := path + "." + f.Name
			if f.Anonymous {
				name = path
			}
			lines = differing(a.Field(i), b.Field(i), name, lines)
		}
	case reflect.Array:
		for i := range a.Len() {
			lines = differing(a.Index(i), b.Index(i), fmt.Sprintf("%s[%d]", path, i), lines)
		}
	default:
		if !a.Equal(b) {
			lines = append(lines, fmt.Sprintf("%s %v, the code %v", strings.TrimPrefix(path, "."), a.Interface(), b.Interface()))
		}
	}
	return lines
}

// threadName names a thread.
func (r *Refinement) threadName(th *thread) string { return nameOf(r.config, th.side, th.self) }

// positions tells where the threads of a state stand.
func (r *Refinement) positions(s *memory.CallState) string {
	all := make([]string, len(r.threads))
	for i := range r.threads {
		at := atOf(s, &r.threads[i])
		all[i] = r.threadName(&r.threads[i]) + " at " + standing(at)
	}
	return strings.Join(all, ", ")
}

func standing(at step.Name) string {
	if at == step.None {
		return "its end"
	}
	return at.String()
}

// told says what a payload's number is.
func (r *Refinement) told(number uint64) string {
	for i := range r.config.Clients * r.config.Calls {
		if r.config.Queue {
			sender, n := i/r.config.Calls, i%r.config.Calls
			if number == explore.Content(sender, n) {
				return memory.Sent(sender, n).String()
			}
			continue
		}
		what := fmt.Sprintf("call %d of client %d", i%r.config.Calls+1, i/r.config.Calls+1)
		if !r.config.Leaves() {
			what = memory.CallOf(i/r.config.Calls, i%r.config.Calls).String()
		}
		switch number {
		case explore.Argument(i):
			return what
		case explore.Result(explore.Argument(i)):
			return what + "'"
		}
	}
	return fmt.Sprintf("%#x, which is no message of ours", number)
}
