package checker

import (
	"context"
	"strings"
	"testing"
)

// refuse checks a model of state type S and demands an error with these words.
func refuse[S comparable](t *testing.T, words ...string) {
	t.Helper()
	m := Model[S]{Name: "m", Init: make([]S, 1), Processes: []Process[S]{{Name: "p", Count: 1,
		Steps: []Step[S]{{Label: "l", Do: func(*S, int) bool { return false }}}}}}
	r, err := Check(context.Background(), m, Options{})
	if err == nil {
		t.Errorf("%T is accepted", *new(S))
		return
	}
	for _, word := range words {
		if !strings.Contains(err.Error(), word) {
			t.Errorf("%T is refused with %q, which does not say %q", *new(S), err, word)
		}
	}
	if r.Verdict != Unknown || r.Complete {
		t.Errorf("%T is refused with verdict %v, complete %v", *new(S), r.Verdict, r.Complete)
	}
}

func TestStateTypesThatAreRefused(t *testing.T) {
	type inner struct {
		A uint32
		B uint8
	}
	refuse[struct{ P *int }](t, "field P", "pointer")
	refuse[struct{ S string }](t, "field S", "string")
	refuse[struct{ F float64 }](t, "field F", "float64")
	refuse[struct{ F [2]float32 }](t, "field F[0]", "float32")
	refuse[struct{ C complex128 }](t, "field C", "complex128")
	refuse[struct{ I any }](t, "field I", "interface")
	refuse[struct{ C chan int }](t, "field C", "chan")
	refuse[struct{ U uintptr }](t, "field U", "uintptr")
	refuse[struct {
		A uint8
		B uint16
	}](t, "field B", "1 bytes of padding")
	refuse[struct{ In [3]inner }](t, "In[0]", "3 bytes of padding at its end")
	refuse[struct {
		A uint8
		_ uint8
	}](t, "field _", "blank")
	refuse[struct {
		In struct{ Deep [2]struct{ P *int } }
	}](t, "field In.Deep[0].P")
	refuse[struct{}](t, "no fields")
	refuse[int](t, "must be a struct")
	refuse[[4]uint8](t, "must be a struct")
}

func TestStateTypesThatAreAccepted(t *testing.T) {
	type label uint8
	type inner struct {
		A uint32
		B [4]bool
	}
	type state struct {
		W  int64
		I  [2]inner
		L  [7]label
		On bool
	}
	m := Model[state]{Name: "m", Init: []state{{}}, Processes: []Process[state]{{Name: "p", Count: 1,
		Steps: []Step[state]{{Label: "l", Do: func(s *state, _ int) bool { s.On = !s.On; return true }}}}}}
	r, err := Check(context.Background(), m, Options{})
	if err != nil || r.States != 2 || r.Verdict != Holds {
		t.Errorf("%+v, %v; want 2 states and holds", r, err)
	}
}

func TestFieldsByPath(t *testing.T) {
	type inner struct{ At, n uint8 }
	type state struct {
		Client [2]inner
		done   bool
		_x     [3]uint8
	}
	a := state{done: true}
	b := a
	b.Client[1].n = 7
	b._x[2] = 1
	if got := describe(fieldsOf(a)); got != "{Client[0].At=0 Client[0].n=0 Client[1].At=0 Client[1].n=0 done=true _x[0]=0 _x[1]=0 _x[2]=0}" {
		t.Errorf("fields are %s", got)
	}
	changes := changesOf(a, b)
	if len(changes) != 2 || changes[0] != (Change{"Client[1].n", "0", "7"}) || changes[1] != (Change{"_x[2]", "0", "1"}) {
		t.Errorf("changes are %v", changes)
	}
	if got := changesOf(a, a); got == nil || len(got) != 0 {
		t.Errorf("changes of nothing are %#v, want empty and not nil", got)
	}
}

// shy has a String method that panics on a value that it does not know, and one
// by pointer.
type shy uint8

func (s *shy) String() string { return [...]string{"zero", "one"}[*s] }

func TestFieldsByTheirString(t *testing.T) {
	type state struct{ known, unknown shy }
	if got := describe(fieldsOf(state{1, 9})); got != "{known=one unknown=9}" {
		t.Errorf("fields are %s", got)
	}
}
