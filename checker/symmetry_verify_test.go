package checker

import (
	"errors"
	"strings"
	"testing"
)

// guarded is a lock that three clients take turns at; honest makes a model of it.
type guarded struct {
	Owner uint8    `checker:"is=client+1"`
	At    [3]uint8 `checker:"per=client"`
	Been  uint8    `checker:"set=client"`
	Last  uint8
}

func honest() Model[guarded] {
	return Model[guarded]{
		Name: "guarded", Init: []guarded{{}}, Symmetry: []Scalarset{{"client", 3}},
		Processes: []Process[guarded]{
			{Name: "client", Count: 3, Index: "client",
				PC: func(s *guarded, self int) int { return int(s.At[self]) },
				Steps: []Step[guarded]{
					{Label: "take", Do: func(s *guarded, self int) bool {
						if s.Owner != 0 {
							return false
						}
						s.Owner, s.At[self] = uint8(self+1), 1
						return true
					}},
					{Label: "leave", Do: func(s *guarded, self int) bool {
						s.Owner, s.At[self] = 0, 2
						s.Been |= 1 << self
						return true
					}},
				}},
			{Name: "monitor", Count: 1, Steps: []Step[guarded]{
				{Label: "forget", Choices: 3, Over: "client", Choose: func(s *guarded, _, client int) bool {
					if s.Been>>client&1 == 0 {
						return false
					}
					s.Been &^= 1 << client
					s.At[client] = 0
					return true
				}},
			}},
		},
		Properties: []Property[guarded]{
			Invariant("one", func(s *guarded) bool { return s.Owner != 0 || s.At[0] != 1 && s.At[1] != 1 && s.At[2] != 1 }),
			Transition("own", func(before, after *guarded, by Taken) bool {
				return by.Label != "leave" || before.Owner == uint8(by.Self+1)
			}),
			Reachable("all have been", func(s *guarded) bool { return s.Been == 7 }),
			Count[guarded]("leaves", "leave"),
		},
	}
}

func TestHonestSymmetry(t *testing.T) {
	for _, symmetry := range []bool{false, true} {
		r, err := Check(t.Context(), honest(), Options{Symmetry: symmetry})
		if err != nil || r.Verdict != Holds {
			t.Errorf("symmetry %v: %v, %v; want holds", symmetry, r.Verdict, err)
		}
		if symmetry && (!r.Symmetry.Applied || r.Symmetry.Renamings != 6 || r.Symmetry.States != 20 || r.States != 7) {
			t.Errorf("%d states for %+v; want 7 for 20 by 6 renamings", r.States, r.Symmetry)
		}
		if !symmetry && (r.Symmetry != nil || r.States != 20) {
			t.Errorf("%d states, %+v; want 20, and no word of symmetry", r.States, r.Symmetry)
		}
	}
}

// Each kind of declaration is told a lie about, and each kind of function tells one. The
// error names who does what otherwise, and the field, also where symmetry is not asked for.
func TestLiesAboutSymmetry(t *testing.T) {
	client := func(m *Model[guarded]) *Process[guarded] { return &m.Processes[0] }
	for _, test := range []struct {
		name               string
		lie                func(m *Model[guarded])
		where, what, field string
	}{
		{"a step that knows a client by its number", func(m *Model[guarded]) {
			client(m).Steps[1].Do = func(s *guarded, self int) bool {
				s.Owner, s.At[self] = 0, 2
				if self != 2 {
					s.Been |= 1 << self
				}
				return true
			}
		}, "step leave of client 0", "with client 0 and client 2 exchanged, the latter makes field Been 0, not 4", "Been"},
		{"a step that is enabled by the number", func(m *Model[guarded]) {
			take := client(m).Steps[0].Do
			client(m).Steps[0].Do = func(s *guarded, self int) bool { return (self == 0 || s.Been&1 != 0) && take(s, self) }
		}, "step take of client 0", "is enabled, and step take of client 1 is not with client 0 and client 1 exchanged", ""},
		{"a number that no tag tells of", func(m *Model[guarded]) {
			leave := client(m).Steps[1].Do
			client(m).Steps[1].Do = func(s *guarded, self int) bool { s.Last = s.Owner; return leave(s, self) }
		}, "step leave of client 0", "the latter makes field Last 2, not 1", "Last"},
		{"a number with another offset", func(m *Model[guarded]) {
			client(m).Steps[0].Do = func(s *guarded, self int) bool {
				if s.Owner != 0 {
					return false
				}
				s.Owner, s.At[self] = uint8(self+2), 1
				return true
			}
			m.Properties = nil
		}, "step take of client 0", "the latter makes field Owner 3, not 1", "Owner"},
		{"a process whose instances belong to none", func(m *Model[guarded]) { client(m).Index = "" },
			"step take of client 0", "and step take of client 0 do not do the same: with client 0 and client 1 exchanged, the latter makes field Owner 1, not 2", "Owner"},
		{"a choice that belongs to none", func(m *Model[guarded]) { m.Processes[1].Steps[0].Over = "" },
			"step forget (choice 0) of monitor", "is enabled, and step forget (choice 0) of monitor is not with client 0 and client 1 exchanged", "At[0]"},
		{"a program counter that goes by the number", func(m *Model[guarded]) {
			client(m).PC = func(s *guarded, self int) int {
				if self == 2 && s.Been != 0 {
					return 5
				}
				return int(s.At[self])
			}
		}, "PC of client 0", "is 2, and PC of client 2 is 5 with client 0 and client 2 exchanged", "At[0]"},
		{"an end of one client", func(m *Model[guarded]) {
			m.Processes[1].Steps[0].Choose = func(*guarded, int, int) bool { return false }
			m.Terminal = func(s *guarded) bool { return s.At[1] == 2 }
			m.Properties = nil
		}, "Terminal", "is false, and true with client 0 and client 1 exchanged", "At[0]"},
		{"an invariant of one client", func(m *Model[guarded]) {
			m.Properties = []Property[guarded]{Invariant("only 1", func(s *guarded) bool { return s.At[1] < 2 })}
		}, `property "only 1"`, "is true, and false with client 0 and client 1 exchanged", "At[0]"},
		{"a reachable of one client", func(m *Model[guarded]) {
			m.Properties = []Property[guarded]{Reachable("2 has it", func(s *guarded) bool { return s.Owner == 3 })}
		}, `property "2 has it"`, "is false, and true with client 0 and client 2 exchanged", "Owner"},
		{"a transition property of one client", func(m *Model[guarded]) {
			m.Properties = []Property[guarded]{Transition("not 0", func(_, _ *guarded, by Taken) bool { return by.Self != 0 || by.Label != "leave" })}
		}, `property "not 0"`, "is false of step leave, and true with client 0 and client 1 exchanged", "Owner"},
		{"an initial state of one client", func(m *Model[guarded]) { m.Init = append(m.Init, guarded{Been: 2}) },
			"initial state 1", "is no initial state with client 0 and client 1 exchanged, where field Been is 1, not 2", "Been"},
	} {
		m := honest()
		test.lie(&m)
		for _, symmetry := range []bool{false, true} {
			r, err := Check(t.Context(), m, Options{Symmetry: symmetry, Workers: 2})
			var lie *SymmetryError
			if !errors.As(err, &lie) || r.Verdict != Unknown || r.Properties != nil || len(lie.State) == 0 {
				t.Errorf("%s, symmetry %v: verdict %v, error %v; want a SymmetryError", test.name, symmetry, r.Verdict, err)
				continue
			}
			where, what, field := lie.Where, lie.What, lie.Field
			want := test
			if !symmetry { // which client is met first is another, and what is met
				where, want.where, want.what, field = anyClient(where), anyClient(want.where), "", want.field
			}
			if where != want.where || !strings.Contains(what, want.what) || field != want.field {
				t.Errorf("%s, symmetry %v:\n%v (field %s)\nwant %s ... %s (field %s)", test.name, symmetry, lie, field, want.where, want.what, want.field)
			}
		}
	}
}

// anyClient leaves the numbers out.
func anyClient(text string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return '#'
		}
		return r
	}, text)
}

// ticket is a state of five clients: more renamings than are all tried in one state.
type ticket struct {
	Turn [5]uint8 `checker:"per=client"`
}

// Client 3 alone may take a third ticket. Exchanges of neighbours show it.
func TestLieInALargeGroup(t *testing.T) {
	m := Model[ticket]{
		Name: "tickets", Init: []ticket{{}}, Symmetry: []Scalarset{{"client", 5}}, Terminal: func(*ticket) bool { return true },
		Processes: []Process[ticket]{{Name: "client", Count: 5, Index: "client", Steps: []Step[ticket]{
			{Label: "take", Do: func(s *ticket, self int) bool {
				most := uint8(2)
				if self == 3 {
					most = 3
				}
				if s.Turn[self] == most {
					return false
				}
				s.Turn[self]++
				return true
			}},
		}}},
	}
	_, err := Check(t.Context(), m, Options{Symmetry: true})
	var lie *SymmetryError
	if !errors.As(err, &lie) || !strings.HasPrefix(lie.Where, "step take of client") || !strings.Contains(lie.What, "client 3") {
		t.Errorf("error %v; want a SymmetryError of client 3", err)
	}
	y := newSymmetry(compile(&m), Options{})
	if len(y.renamings) != 4 || !y.draw {
		t.Errorf("%d renamings, one drawn: %v; want the exchanges of 4 neighbours, and one drawn", len(y.renamings), y.draw)
	}
	seen := map[renaming]bool{}
	for seed := range uint64(2000) {
		seen[y.layout.group.drawn(seed)] = true
	}
	if len(seen) != 120 {
		t.Errorf("%d of 120 renamings are drawn", len(seen))
	}
}

// A property of whole paths that may tell members apart keeps the reduction off, and the
// report says why: a behaviour that is fair to each client need not be fair to one that
// changes its name as it goes along.
func TestLivenessKeepsSymmetryOff(t *testing.T) {
	m := honest()
	served := func(client int) Property[guarded] {
		return AlwaysEventually("served", func(s *guarded) bool { return s.At[client] == 2 }).Under(Weak("client"), Weak("monitor"))
	}
	m.Properties = append(m.Properties, served(1))
	m.Event = func(_, _ *guarded, by Taken) string { return by.Label }
	plain, err := Check(t.Context(), m, Options{})
	if err != nil {
		t.Fatal(err)
	}
	r, err := Check(t.Context(), m, Options{Symmetry: true})
	if err != nil || r.States != 20 || r.Symmetry.Applied || !strings.Contains(r.Symmetry.Reason, `property "served" is judged on fair behaviours`) {
		t.Errorf("%d states, %+v, %v; want all 20, and why", r.States, r.Symmetry, err)
	}
	if p, q := result(t, plain, "served"), result(t, r, "served"); p.Verdict != Violated || q.Verdict != Violated || len(p.Trace.Steps) != len(q.Trace.Steps) {
		t.Errorf("served is %v, and %v with the option; want violated, by as many steps", p.Verdict, q.Verdict)
	}
	m.Properties[len(m.Properties)-1] = Orders[guarded]("order", "leave")
	if r, err = Check(t.Context(), m, Options{Symmetry: true}); err != nil || r.Symmetry.Applied || !strings.Contains(r.Symmetry.Reason, `property "order" lists events`) {
		t.Errorf("%+v, %v; want it off for orders", r.Symmetry, err)
	}
	m.Symmetry, m.Properties = nil, nil
	for i := range m.Processes {
		m.Processes[i].Index, m.Processes[i].Steps[0].Over = "", ""
	}
	if r, err = Check(t.Context(), m, Options{Symmetry: true}); err != nil || r.Symmetry.Applied || !strings.Contains(r.Symmetry.Reason, "declares none") {
		t.Errorf("%+v, %v; want to be told that the model declares none", r.Symmetry, err)
	}
}

// The limit on states counts canonical ones: a model with exactly as many is explored whole,
// one fewer is not enough.
func TestStateLimitUnderSymmetry(t *testing.T) {
	m := honest()
	m.Init = append(m.Init, guarded{Owner: 1, At: [3]uint8{1, 0, 0}}, guarded{Owner: 2, At: [3]uint8{0, 1, 0}}, guarded{Owner: 3, At: [3]uint8{0, 0, 1}})
	for limit, complete := range map[uint64]bool{1: false, 2: false, 6: false, 7: true} {
		r, err := Check(t.Context(), m, Options{Symmetry: true, MaxStates: limit})
		if err != nil || r.Complete != complete || r.States > limit {
			t.Errorf("at most %d states: %d, complete %v, %v", limit, r.States, r.Complete, err)
		}
	}
}

// Under symmetry a trace has the names of the model: it begins in one of its initial states,
// and the same client goes on that began.
func TestTracesHaveRealNames(t *testing.T) {
	m := honest()
	m.Properties = []Property[guarded]{
		Reachable("two have been, a third has it", func(s *guarded) bool { return s.Been != 0 && s.Been&(s.Been-1) != 0 && s.Owner != 0 }),
		Transition("none is forgotten while one has it", func(before, _ *guarded, by Taken) bool { return by.Label != "forget" || before.Owner == 0 }),
	}
	r, err := Check(t.Context(), m, Options{Symmetry: true})
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range r.Properties[1:] {
		if p.Trace == nil {
			t.Fatalf("%s: no trace", p.Name)
		}
		if _, err := Replay(m, *p.Trace); err != nil {
			t.Errorf("%s: %v", p.Name, err)
		}
		taken := map[int]bool{}
		for _, step := range p.Trace.Steps {
			if step.Label == "take" {
				taken[step.Self] = true
			} else if step.Label == "leave" && !taken[step.Self] {
				t.Errorf("%s: client %d leaves and has not taken", p.Name, step.Self)
			}
		}
	}
	if n := len(r.Properties[1].Trace.Steps); n != 5 {
		t.Errorf("%d steps, want 5", n)
	}
}
