package checker

import (
	"reflect"
	"slices"
	"strings"
	"testing"
)

type pathState struct {
	Wide  uint32
	Ring  pathRing
	Cells [4]pathCell
	Grid  [2][3]uint8
}

type pathRing struct{ Head, Tail uint8 }

type pathCell struct{ At, Reg uint8 }

func TestPathsMeanBytes(t *testing.T) {
	for _, test := range []struct {
		path  string
		owner pathOwner
		want  []span
	}{
		{"Wide", pathOwner{}, []span{{0, 4}}},
		{"Ring", pathOwner{}, []span{{4, 2}}},
		{"Ring.Tail", pathOwner{}, []span{{5, 1}}},
		{"Cells", pathOwner{}, []span{{6, 8}}},
		{"Cells[2]", pathOwner{}, []span{{10, 2}}},
		{"Cells[2].Reg", pathOwner{}, []span{{11, 1}}},
		{"Cells[*].Reg", pathOwner{}, []span{{7, 1}, {9, 1}, {11, 1}, {13, 1}}},
		{"Grid[*][*]", pathOwner{}, []span{{14, 1}, {15, 1}, {16, 1}, {17, 1}, {18, 1}, {19, 1}}},
		{"Grid[1][0]", pathOwner{}, []span{{17, 1}}},
		{"Cells[self].At", pathOwner{2, 3}, []span{{10, 1}}},
		{"Cells[self+1].At", pathOwner{2, 3}, []span{{6, 1}}},
		{"Cells[self-1].At", pathOwner{0, 3}, []span{{10, 1}}},
		{"Cells[self+7].At", pathOwner{0, 3}, []span{{8, 1}}},
		{"Cells[self-3].At", pathOwner{1, 3}, []span{{8, 1}}},
	} {
		got, _, err := resolvePath(reflect.TypeFor[pathState](), test.path, test.owner)
		if err != nil || !slices.Equal(got, test.want) {
			t.Errorf("%s of %+v: %v, %v; want %v", test.path, test.owner, got, err, test.want)
		}
	}
}

func TestPathsThatAreRefused(t *testing.T) {
	for path, want := range map[string]string{
		"":                 "a field of the state is not named",
		"Rng":              `the state has no field "Rng"; it has Wide, Ring, Cells, Grid`,
		"Ring.Hed":         `Ring has no field "Hed"; it has Head, Tail`,
		"Ring.":            "a field of Ring is not named",
		"Ring..Head":       "a field of Ring is not named",
		"Wide.Head":        "Wide is a uint32 and has no fields",
		"Wide[0]":          "Wide is a uint32 and has no elements",
		"Cells.At":         "Cells is an array: give an index, as in Cells[*]",
		"Cells[4]":         "Cells has elements 0 to 3, and [4] is element 4",
		"Cells[self+1]":    "Cells has elements 0 to 3, and [self+1] is element 4",
		"Cells[-1]":        `"-1" is not a number, *, self, self+NUMBER or self-NUMBER, as index of Cells`,
		"Cells[selfish]":   `"selfish" is not a number`,
		"Cells[self+]":     `"self+" is not a number`,
		"Cells[self+x]":    `"self+x" is not a number`,
		"Cells[self":       "the index of Cells has no end: ] is missing",
		"Cells[0]At":       `"Cells[0]" is followed by "At", want . or [`,
		"Cells[0].At.Low":  "Cells[0].At is a uint8 and has no fields",
		"Grid[0].x":        "Grid[0] is an array",
		"Cells[ 0]":        `" 0" is not a number`,
		"Cells[0x1]":       `"0x1" is not a number`,
		"Cells[123456789]": "is element 123456789",
	} {
		_, _, err := resolvePath(reflect.TypeFor[pathState](), path, pathOwner{3, 6})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want one that says %s", path, err, want)
		}
	}
	_, _, err := resolvePath(reflect.TypeFor[pathState](), "Cells[self]", pathOwner{})
	if err == nil || !strings.Contains(err.Error(), "means nothing where no process takes a step") {
		t.Errorf("self of nobody: error %v", err)
	}
}

func TestMasksAreSetsOfBytes(t *testing.T) {
	m := newMask(130)
	for _, s := range []span{{3, 2}, {5, 1}, {63, 2}, {129, 1}} {
		m.add(s)
	}
	if got := m.runs(130); !slices.Equal(got, []span{{3, 3}, {63, 2}, {129, 1}}) {
		t.Errorf("runs are %v", got)
	}
	if !m.touches(span{0, 4}) || m.touches(span{6, 50}) || m.empty() || !newMask(130).empty() {
		t.Error("touches or empty is wrong")
	}
	n := newMask(130)
	n.add(span{4, 60})
	if got := m.and(n).runs(130); !slices.Equal(got, []span{{4, 2}, {63, 1}}) || !m.and(n).within(m) || m.within(n) {
		t.Errorf("in both are %v", got)
	}
	if got := m.or(n).runs(130); !slices.Equal(got, []span{{3, 62}, {129, 1}}) {
		t.Errorf("in one of both are %v", got)
	}
}
