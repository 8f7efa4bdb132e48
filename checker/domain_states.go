package checker

import (
	"fmt"
	"math/big"
	"runtime/debug"
	"sync/atomic"
)

// domainStates are the states of a domain, numbered from 0. Those of a product are in the
// order of the fields' declaration, the last field changing fastest, and each field's values
// in the order in which they were given.
type domainStates[S comparable] struct {
	values []values // by scalar; nil: the states are kept
	kept   []S
	known  map[S]struct{} // of kept
	count  uint64
}

// number gives the states their numbers: how many there are is known before anything starts.
// Where there are more than most, or it is cancelled, refused says so; states that come one
// by one are collected until then.
func (d *Domain[S]) number(most uint64, cancelled *atomic.Bool, cancellation func() string) (all *domainStates[S], refused string, err error) {
	v, err := d.lay()
	if err != nil {
		return nil, "", fmt.Errorf("domain: %w", err)
	}
	all = &domainStates[S]{values: v}
	if d.States != nil {
		refused, err = all.collect(d, most, cancelled, cancellation)
		return all, refused, err
	}
	count := big.NewInt(1)
	for i := range v {
		count.Mul(count, v[i].count())
	}
	if !count.IsUint64() || count.Uint64() > most {
		return all, fmt.Sprintf("the domain has %v states, and the limit is %d (MaxStates): none was looked at", count, most), nil
	}
	all.count = count.Uint64()
	return all, "", nil
}

// collect keeps the states that a domain gives one by one.
func (all *domainStates[S]) collect(d *Domain[S], most uint64, cancelled *atomic.Bool, cancellation func() string) (refused string, err error) {
	all.known = map[S]struct{}{}
	apart(func() {
		finished := false
		defer func() {
			if value := recover(); !finished {
				if value == nil {
					value = ErrGoexit
				}
				err = &PanicError{Where: "Domain.States", Value: value, Stack: string(debug.Stack())}
			}
		}()
		for s := range d.States {
			if cancelled.Load() {
				refused = cancellation()
				break
			}
			if _, again := all.known[s]; again {
				continue
			}
			if uint64(len(all.kept)) == most {
				refused = fmt.Sprintf("the domain has more states than the limit of %d (MaxStates): none was looked at", most)
				break
			}
			all.known[s] = struct{}{}
			all.kept = append(all.kept, s)
		}
		finished = true
	})
	all.count = uint64(len(all.kept))
	return refused, err
}

// has says whether a state is in the domain.
func (all *domainStates[S]) has(s *S) bool { return all.outside(s) == "" }

// outside says in what a state is outside the domain; "" where it is in it.
func (all *domainStates[S]) outside(s *S) string {
	if all.values == nil {
		if _, known := all.known[*s]; !known {
			return "it is none of the states of the domain"
		}
		return ""
	}
	bytes := bytesOf(s)
	for i := range all.values {
		v := &all.values[i]
		if word := v.word(bytes); !v.has(word) {
			return fmt.Sprintf("%s is %s, and in the domain %s", v.path, v.text(word), v)
		}
	}
	return ""
}

// odometer goes through the states of a domain.
type odometer[S comparable] struct {
	all    *domainStates[S]
	at     uint64
	digits []uint64 // of at, by scalar
	state  S
}

// set goes to the state of a number.
func (o *odometer[S]) set(all *domainStates[S], at uint64) {
	o.all, o.at = all, at
	if all.values == nil {
		o.state = all.kept[at]
		return
	}
	o.digits = make([]uint64, len(all.values))
	for i := len(o.digits) - 1; i >= 0; i-- {
		v := &all.values[i]
		count := v.count().Uint64() // which divides the number of all states
		o.digits[i] = at % count
		at /= count
		v.setWord(bytesOf(&o.state), v.value(o.digits[i]))
	}
}

// next goes to the state after this one, which is not the last.
func (o *odometer[S]) next() {
	o.at++
	if o.all.values == nil {
		o.state = o.all.kept[o.at]
		return
	}
	bytes := bytesOf(&o.state)
	for i := len(o.digits) - 1; i >= 0; i-- {
		v := &o.all.values[i]
		o.digits[i]++
		carry := v.isPast(o.digits[i])
		if carry {
			o.digits[i] = 0
		}
		v.setWord(bytes, v.value(o.digits[i]))
		if !carry {
			return
		}
	}
}

// isPast says whether a number is beyond that of the last value.
func (v *values) isPast(i uint64) bool {
	if v.listed != nil {
		return i >= uint64(len(v.listed))
	}
	return i > v.last
}
