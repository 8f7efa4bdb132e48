package checker

import (
	"errors"
	"fmt"
	"strings"
)

// Scalarset is a set of members that are alike: whoever exchanges two of them
// everywhere, in what processes there are, in the state and in choices, has the same
// model again (Ip and Dill, "Better verification through symmetry", Formal Methods in
// System Design 9, 1996). Members are numbered from 0. To a scalarset belong
//
//   - the instances of a process (Process.Index),
//   - the choices of a step (Step.Over),
//   - fields of the state, by a tag with the key checker:
//
// On an array, per=client says that what is at position i belongs to member i of the
// scalarset client; the array may be longer than the scalarset, and what is
// beyond stays as it is. Of an array of arrays the first per is of the outer one, the
// next of the one within; per=- says that a dimension is of no scalarset. On an integer,
// or on an array of integers (after its per), is=client+1 says that it is the number of
// a member plus 1; the offset may be left out, and any other value names nobody. On an
// unsigned integer, set=client says that bit i stands for member i; other bits stand for
// nobody.
//
//	Owner  uint8     `checker:"is=client+1"`             // 0: none
//	Client [4]client `checker:"per=client"`              // a struct, whose fields may have tags
//	Voted  [4]uint8  `checker:"per=acceptor,set=value"`
//	Sent   [3][4]bool `checker:"per=client,per=server"`
//
// What has no tag is the same whoever is exchanged. The declaration is verified, not
// trusted, in the states that the contract of a model is verified in, whether
// Options.Symmetry is set or not: see SymmetryError. Tags are not looked at where
// Model.Symmetry is empty.
type Scalarset struct {
	Name string
	// Size is the number of members, from 1 to 8.
	Size int
}

const (
	// mostMembers bounds a scalarset, and mostRenamings the product over all of
	// them: where everything is alike and yet tied together, a state is renamed in
	// each way to find its canonical form.
	mostMembers   = 8
	mostRenamings = 1 << 18
	// allMembers bounds the members of all scalarsets together.
	allMembers = 64
	// noAxis is the name of no scalarset in a tag: a dimension that is nobody's.
	noAxis = "-"
)

// group is the group of all renamings: the product of the symmetric groups of all
// scalarsets. Members have one sequence of numbers: those of the first scalarset,
// those of the second, and so on.
type group struct {
	sets    []Scalarset
	first   []int // by scalarset: the number of its member 0
	members int
	order   uint64
}

// renaming gives each member, by its number in the sequence, its new number within its
// scalarset.
type renaming [allMembers]uint8

func newGroup(sets []Scalarset) (*group, error) {
	g := &group{order: 1}
	for i, set := range sets {
		switch {
		case set.Name == "":
			return nil, fmt.Errorf("scalarset %d: has no name", i)
		case set.Name == noAxis || strings.ContainsAny(set.Name, ",=+"):
			return nil, fmt.Errorf("scalarset %q: a name is not %q and has no comma, = or +, which mean something in tags", set.Name, noAxis)
		case g.find(set.Name) >= 0:
			return nil, fmt.Errorf("scalarset %s: there are two of this name", set.Name)
		case set.Size < 1 || set.Size > mostMembers:
			return nil, fmt.Errorf("scalarset %s: Size is %d, must be from 1 to %d", set.Name, set.Size, mostMembers)
		}
		g.sets, g.first = append(g.sets, set), append(g.first, g.members)
		g.members += set.Size
		g.order *= factorial(set.Size)
		if g.order > mostRenamings || g.members > allMembers {
			return nil, fmt.Errorf("scalarset %s: with it there are more than %d ways to rename, or more than %d members: declare fewer members, or leave a scalarset out", set.Name, mostRenamings, allMembers)
		}
	}
	return g, nil
}

func factorial(n int) uint64 {
	f := uint64(1)
	for i := 2; i <= n; i++ {
		f *= uint64(i)
	}
	return f
}

// find gives the place of a scalarset by its name, or -1.
func (g *group) find(name string) int {
	for i := range g.sets {
		if g.sets[i].Name == name {
			return i
		}
	}
	return -1
}

// identity renames nobody.
func (g *group) identity() renaming {
	var r renaming
	for k, set := range g.sets {
		for i := range set.Size {
			r[g.first[k]+i] = uint8(i)
		}
	}
	return r
}

// inverse undoes r.
func (g *group) inverse(r *renaming) renaming {
	var back renaming
	for k, set := range g.sets {
		for i := range set.Size {
			back[g.first[k]+int(r[g.first[k]+i])] = uint8(i)
		}
	}
	return back
}

// describe says whom r renames: "client 0 and client 1 exchanged".
func (g *group) describe(r *renaming) string {
	var moved []string
	var pair [2]string
	for k, set := range g.sets {
		for i := range set.Size {
			if to := int(r[g.first[k]+i]); to != i {
				moved = append(moved, fmt.Sprintf("%s %d as %d", set.Name, i, to))
				pair = [2]string{fmt.Sprintf("%s %d", set.Name, to), fmt.Sprintf("%s %d", set.Name, i)}
			}
		}
	}
	if len(moved) == 2 {
		return "with " + pair[0] + " and " + pair[1] + " exchanged"
	}
	return "with " + strings.Join(moved, ", ")
}

// validateSymmetry refuses a declaration of symmetry that means nothing.
func validateSymmetry[S comparable](m *Model[S]) error {
	g, err := newGroup(m.Symmetry)
	if err != nil {
		return err
	}
	used := make([]bool, len(g.sets))
	for i := range m.Processes {
		if err := validateMembers(g, &m.Processes[i], used); err != nil {
			return fmt.Errorf("process %s: %w", m.Processes[i].Name, err)
		}
	}
	if len(g.sets) == 0 {
		return nil
	}
	if _, err := newLayout[S](g, used); err != nil {
		return err
	}
	for k, is := range used {
		if !is {
			return fmt.Errorf("scalarset %s: nothing belongs to it: no field by its tag, no process by Index, no choice by Over", g.sets[k].Name)
		}
	}
	return nil
}

// validateMembers checks which scalarsets a process and its choices belong to.
func validateMembers[S comparable](g *group, p *Process[S], used []bool) error {
	if err := validateMember(g, "Index", p.Index, "Count", p.Count, used); err != nil {
		return err
	}
	for i := range p.Steps {
		step := &p.Steps[i]
		err := validateMember(g, "Over", step.Over, "Choices", step.Choices, used)
		if step.Over != "" && step.Do != nil {
			err = errors.New("has Over beside Do, which has no choice; use Choose")
		}
		if err != nil {
			return fmt.Errorf("step %s: %w", step.Label, err)
		}
	}
	return nil
}

func validateMember(g *group, field, name, number string, n int, used []bool) error {
	if name == "" {
		return nil
	}
	k := g.find(name)
	switch {
	case k < 0:
		return fmt.Errorf("%s names scalarset %q, which Model.Symmetry has not", field, name)
	case g.sets[k].Size != n:
		return fmt.Errorf("%s is %d, and scalarset %s of %s has %d members", number, n, name, field, g.sets[k].Size)
	}
	used[k] = true
	return nil
}
