package checker

import (
	"strings"
	"testing"
)

// declared is a model of one step, for declarations of symmetry.
func declared[S comparable](sets ...Scalarset) Model[S] {
	return Model[S]{
		Name: "declared", Init: make([]S, 1), Symmetry: sets,
		Processes: []Process[S]{{Name: "p", Count: 2, Steps: []Step[S]{
			{Label: "do", Do: func(*S, int) bool { return false }},
			{Label: "choose", Choices: 3, Choose: func(*S, int, int) bool { return false }},
		}}},
		Terminal: func(*S) bool { return true },
	}
}

type nobodys struct{ V uint8 }
type byUnknown struct {
	V uint8
	W [3]uint8 `checker:"per=b"`
}
type perScalar struct {
	In struct {
		V uint8 `checker:"per=a"`
	}
}
type perShort struct {
	V [1][2]uint8 `checker:"per=-,per=a"`
}
type perShorter struct {
	V [3][1]uint8 `checker:"per=a,per=a"`
}
type isBool struct {
	V [3]bool `checker:"per=a,is=a"`
}
type isStruct struct {
	V nobodys `checker:"is=a"`
}
type isNarrow struct {
	V int8 `checker:"is=a+126"`
}
type isOffset struct {
	V int8 `checker:"is=a+-1"`
}
type setSigned struct {
	V int8 `checker:"set=a"`
}
type setNarrow struct {
	V uint8 `checker:"set=a,set=a"`
}
type setOffset struct {
	V uint8 `checker:"set=a+1"`
}
type badKey struct {
	V uint8 `checker:"of=a"`
}
type deep struct {
	V [3][3][3][3][3]bool `checker:"per=a,per=a,per=a,per=a,per=a"`
}
type wideEnough struct {
	W uint64  `checker:"is=a+4294967295"`
	V [8]int8 `checker:"is=a+125"`
}

func TestDeclarationsOfSymmetryAreChecked(t *testing.T) {
	a := Scalarset{"a", 3}
	with := func(change func(m *Model[nobodys]), sets ...Scalarset) error {
		m := declared[nobodys](sets...)
		change(&m)
		return validate(&m)
	}
	none := func(*Model[nobodys]) {}
	for _, test := range []struct {
		err  error
		want string
	}{
		{with(none, Scalarset{"", 2}), "scalarset 0: has no name"},
		{with(none, Scalarset{"-", 2}), `scalarset "-": a name is not "-"`},
		{with(none, Scalarset{"a+1", 2}), `scalarset "a+1": a name is not`},
		{with(none, a, a), "scalarset a: there are two of this name"},
		{with(none, Scalarset{"a", 0}), "scalarset a: Size is 0, must be from 1 to 8"},
		{with(none, Scalarset{"a", 9}), "scalarset a: Size is 9, must be from 1 to 8"},
		{with(none, Scalarset{"a", 8}, Scalarset{"b", 4}), "scalarset b: with it there are more than 262144 ways to rename"},
		{with(none, a), "scalarset a: nothing belongs to it"},
		{with(func(m *Model[nobodys]) { m.Processes[0].Index = "b" }, a), `process p: Index names scalarset "b", which Model.Symmetry has not`},
		{with(func(m *Model[nobodys]) { m.Processes[0].Index = "b" }), `process p: Index names scalarset "b"`},
		{with(func(m *Model[nobodys]) { m.Processes[0].Index = "a" }, a), "process p: Count is 2, and scalarset a of Index has 3 members"},
		{with(func(m *Model[nobodys]) { m.Processes[0].Steps[1].Over = "c" }, a), `process p: step choose: Over names scalarset "c"`},
		{with(func(m *Model[nobodys]) { m.Processes[0].Steps[1].Over = "a" }, Scalarset{"a", 2}), "process p: step choose: Choices is 3, and scalarset a of Over has 2 members"},
		{with(func(m *Model[nobodys]) { m.Processes[0].Steps[0].Over = "a" }, a), "process p: step do: has Over beside Do"},
		{validateOf[byUnknown](a), `field W: tag "per=b": Model.Symmetry has no scalarset "b"`},
		{validateOf[perScalar](a), "field In.V is a uint8: per is for arrays"},
		{validateOf[perShort](a), "field V[0] has length 2, and scalarset a has 3 members"},
		{validateOf[perShorter](a), "field V[0] has length 1, and scalarset a has 3 members"},
		{validateOf[isBool](a), "field V[0] is a bool: is=a is for integers"},
		{validateOf[isStruct](a), "field V is a struct: is=a is for integers"},
		{validateOf[isNarrow](a), "field V is a int8 and cannot be 128, which would stand for a 2"},
		{validateOf[isOffset](a), `field V: tag "is=a+-1": the offset "-1" is not a number`},
		{validateOf[setSigned](a), "field V is a int8: set=a is for unsigned integers"},
		{validateOf[setNarrow](a), `field V: tag "set=a,set=a": a field names a member or is a set of them, once`},
		{validateOf[setOffset](a), `Model.Symmetry has no scalarset "a+1"`},
		{validateOf[badKey](a), `field V: tag "of=a": "of=a" is not per=SCALARSET`},
		{validateOf[deep](a), "is within more than 4 arrays that have per"},
	} {
		if err := test.err; err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("error %v, want one with %q", err, test.want)
		}
	}
	for _, err := range []error{
		validateOf[wideEnough](a),
		validateOf[byUnknown](), // tags are not looked at without a declaration
		with(func(m *Model[nobodys]) { m.Processes[0].Steps[1].Over = "a" }, a),
		with(func(m *Model[nobodys]) { m.Processes[0].Index = "a" }, Scalarset{"a", 2}),
	} {
		if err != nil {
			t.Errorf("a sound declaration is refused: %v", err)
		}
	}
}

func validateOf[S comparable](sets ...Scalarset) error {
	m := declared[S](sets...)
	return validate(&m)
}
