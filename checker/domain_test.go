package checker

import (
	"math"
	"math/rand/v2"
	"reflect"
	"strings"
	"sync/atomic"
	"testing"
)

// mixedState has scalars of many kinds.
type mixedState struct {
	D     uint64
	C     int64
	E     [2]int16
	A     int8
	B     bool
	Which which
	F     struct{ X, Y uint8 }
	G     [3]bool
}

type which uint8

func numbered[S comparable](t *testing.T, d Domain[S], most uint64) (*domainStates[S], string) {
	t.Helper()
	var cancelled atomic.Bool
	all, refused, err := d.number(most, &cancelled, func() string { return "cancelled" })
	if err != nil {
		t.Fatal(err)
	}
	return all, refused
}

// The states of a domain are those of nested loops, in their order, wherever one begins; and
// no other state is in it.
func TestDomainIsTheProductOfItsFields(t *testing.T) {
	d := Domain[mixedState]{Fields: []FieldDomain{
		Every("G[1]"), OneOf("G[0]", true), OneOf("G[2]", false), Range("F", 254, 255),
		Range[int64]("C", math.MinInt64, math.MinInt64+1), OneOf("D", uint64(math.MaxUint64), 0, 1<<63),
		Range("E[*]", -1, 1), OneOf("A", int8(-128), 127, 0), Every("B"), OneOf[which]("Which", 3),
	}}
	var want []mixedState
	for _, d := range []uint64{math.MaxUint64, 0, 1 << 63} {
		for c := range int64(2) {
			for e0 := int16(-1); e0 <= 1; e0++ {
				for e1 := int16(-1); e1 <= 1; e1++ {
					for _, a := range []int8{-128, 127, 0} {
						for _, b := range []bool{false, true} {
							for f := range 4 {
								for _, g := range []bool{false, true} {
									s := mixedState{D: d, C: math.MinInt64 + c, E: [2]int16{e0, e1}, A: a, B: b, Which: 3, G: [3]bool{true, g, false}}
									s.F.X, s.F.Y = 254+uint8(f/2), 254+uint8(f%2)
									want = append(want, s)
								}
							}
						}
					}
				}
			}
		}
	}
	all, refused := numbered(t, d, uint64(len(want)))
	if refused != "" || all.count != uint64(len(want)) {
		t.Fatalf("%q, %d states, want %d", refused, all.count, len(want))
	}
	if _, refused := numbered(t, d, uint64(len(want)-1)); !strings.Contains(refused, "the domain has 2592 states, and the limit is 2591") {
		t.Errorf("refused %q", refused)
	}
	known := map[mixedState]bool{}
	for _, begin := range []int{0, 1, 7, 1000, len(want) - 1} {
		var o odometer[mixedState]
		o.set(all, uint64(begin))
		for i, s := range want[begin:] {
			if i > 0 {
				o.next()
			}
			if o.state != s || !all.has(&s) {
				t.Fatalf("from %d on, state %d is %+v (in the domain: %v), want %+v", begin, begin+i, o.state, all.has(&s), s)
			}
			known[s] = true
		}
	}
	r := rand.New(rand.NewPCG(1, 1))
	for range 20_000 {
		s := want[r.IntN(len(want))]
		b := bytesOf(&s)
		b[r.IntN(len(b))] ^= 1 << r.IntN(8)
		if validBools(&s) && all.has(&s) != known[s] {
			t.Fatalf("%+v is in the domain: %v, want %v", s, all.has(&s), known[s])
		}
	}
}

// validBools says whether the bytes of booleans are 0 or 1, as Go has them.
func validBools(s *mixedState) bool {
	b := bytesOf(s)
	for _, k := range kindsOf(reflect.TypeFor[mixedState]()) {
		if k.kind == reflect.Bool && b[k.offset] > 1 {
			return false
		}
	}
	return true
}

// A count that no word can hold is told exactly.
func TestDomainsAreCountedExactly(t *testing.T) {
	type wide struct {
		A, B uint64
		C    uint8
		Pad  [7]uint8
	}
	pad := Range("Pad", 0, 0)
	for want, d := range map[string][]FieldDomain{
		"the domain has 87112285931760246646623899502532662132736 states, and the limit is 4294967296 (MaxStates): none was looked at": {Every("A"), Every("B"), Every("C"), pad},
		"the domain has 18446744073709551616 states": {Every("A"), Range("B", 1, 1), Range("C", 0, 0), pad},
		"the domain has 4294967297 states":           {Range[uint64]("A", 1<<33, 1<<33+1<<32), Range("B", 1, 1), Range("C", 0, 0), pad},
		"":                                           {Range[uint64]("A", 1<<33, 1<<33+1<<32-1), Range("B", 1, 1), Range("C", 0, 0), pad},
	} {
		if _, refused := numbered(t, Domain[wide]{Fields: d}, mostProductStates); !strings.HasPrefix(refused, want) || (want == "") != (refused == "") {
			t.Errorf("refused %q, want %q", refused, want)
		}
	}
}

func TestDomainsThatAreRefused(t *testing.T) {
	good := []FieldDomain{Range("N", 0, 3), Range("M", 0, 3)}
	for want, d := range map[string]Domain[small]{
		"field M has no values: give some by Range, OneOf or Every":              {Fields: good[:1]},
		`domain: path "N": there are values for some of it already, by path "N"`: {Fields: []FieldDomain{good[0], good[1], Every("N")}},
		`domain: path "X": the state has no field "X"; it has N, M`:              {Fields: []FieldDomain{Every("X")}},
		"N is a uint8 and has no elements":                                       {Fields: []FieldDomain{Every("N[0]")}},
		`domain: path "N": the range from 3 to 2 is empty`:                       {Fields: []FieldDomain{Range("N", 3, 2), good[1]}},
		`domain: path "N": 256 is no value of type uint8`:                        {Fields: []FieldDomain{Range("N", 0, 256), good[1]}},
		`domain: path "N": -1 is no value of type uint8`:                         {Fields: []FieldDomain{Range("N", -1, 2), good[1]}},
		`domain: path "N": value 3 is listed twice`:                              {Fields: []FieldDomain{OneOf("N", 3, 1, 3), good[1]}},
		`domain: path "N": no value is listed`:                                   {Fields: []FieldDomain{OneOf[int]("N"), good[1]}},
		`domain: path "N": type uint8 has no such values`:                        {Fields: []FieldDomain{OneOf("N", true), good[1]}},
		"domain: has both Fields and States; give one of them":                   {Fields: good, States: func(func(small) bool) {}},
	} {
		m := counter()
		m.Domain = d
		if _, err := Check(t.Context(), m, Options{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want one that says %q", err, want)
		}
	}
	type flag struct {
		F [2]bool
		S int8
	}
	m := Model[flag]{Name: "flag", Init: []flag{{}}, Processes: []Process[flag]{{Name: "p", Count: 1, Steps: []Step[flag]{{Label: "l", Do: func(*flag, int) bool { return false }}}}}}
	for want, fields := range map[string][]FieldDomain{
		`path "F[*]": type bool has no such values`:     {Range("F[*]", 0, 1), Every("S")},
		`path "F[self]": "self" means nothing where no`: {Every("F[self]"), Every("S")},
		`path "S": 128 is no value of type int8`:        {Every("F"), Range("S", 0, 128)},
		`path "S": -129 is no value of type int8`:       {Every("F"), Range("S", -129, 0)},
		"has no field": {Every("Q")},
	} {
		m.Domain.Fields = fields
		if _, err := Check(t.Context(), m, Options{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want one that says %q", err, want)
		}
	}
	m.Domain.Fields = []FieldDomain{Every("F"), Range("S", -128, 127)}
	if _, err := Check(t.Context(), m, Options{}); err != nil {
		t.Error(err)
	}
}
