package checker

import (
	"encoding/binary"
	"fmt"
	"reflect"
	"strconv"
	"strings"
)

// layout says where in the bytes of a state members are: what renaming moves, and what
// it changes. Everything else stays as it is.
type layout struct {
	group *group
	cells []cell
}

// cell is a piece of a state that belongs to members, names one, or is a set of some.
type cell struct {
	kind  cellKind
	width uint8 // bytes: 1, 2, 4 or 8
	axes  uint8 // of at and stride
	at    int   // in the state
	base  int   // where it would be if its members were those numbered 0
	salt  uint64
	// The members that it belongs to, and how far apart two neighbours' are.
	members [mostAxes]uint8
	stride  [mostAxes]int
	// Of a number or a set: the scalarset.
	first, size uint8
	offset      uint64 // the value that stands for member 0
}

type cellKind uint8

const (
	holdsPlain  cellKind = iota
	holdsMember          // the number of one
	holdsSet             // a bit for each
)

// mostAxes bounds how many members one cell may belong to.
const mostAxes = 4

// axis is one member that a cell belongs to.
type axis struct{ member, index, stride int }

// newLayout reads the tags of a state type, and marks the scalarsets that they name.
func newLayout[S comparable](g *group, used []bool) (*layout, error) {
	b := layoutBuilder{group: g, used: used}
	t := reflect.TypeFor[S]()
	if err := b.fields(t, 0, "", nil); err != nil {
		return nil, fmt.Errorf("state type %s: %w", t, err)
	}
	l := &layout{group: g}
	for run := b.pieces; len(run) > 0; {
		n := 1
		for n < len(run) && run[n].continues(&run[n-1]) {
			n++
		}
		l.cells = appendCells(l.cells, run[:n])
		run = run[n:]
	}
	return l, nil
}

// piece is a scalar of the state, before neighbours are joined.
type piece struct {
	cell
	axisList []axis
}

// continues says whether p goes on where q ends, and is moved with it.
func (p *piece) continues(q *piece) bool {
	return p.kind == holdsPlain && q.kind == holdsPlain && p.at == q.at+int(q.width) &&
		p.axes == q.axes && p.members == q.members && p.stride == q.stride
}

// appendCells makes cells of a run of pieces that are moved as one: of words as wide as
// there are, for that is fewer to go through.
func appendCells(cells []cell, run []piece) []cell {
	if run[0].kind != holdsPlain {
		return append(cells, run[0].cell)
	}
	bytes := 0
	for i := range run {
		bytes += int(run[i].width)
	}
	for done := 0; done < bytes; {
		width := 8
		for width > bytes-done {
			width /= 2
		}
		c := run[0].cell
		c.at, c.base, c.width = c.at+done, c.base+done, uint8(width)
		c.salt = saltOf(c.base, run[0].axisList)
		cells = append(cells, c)
		done += width
	}
	return cells
}

// saltOf tells cells apart that no renaming maps to one another, as far as the members
// that they belong to are concerned: by where they are, and by which of these are one.
func saltOf(base int, axes []axis) uint64 {
	salt := mix(uint64(base) + 1)
	for i := range axes {
		for j := range i {
			if axes[i].member == axes[j].member {
				salt = mix(salt + uint64(i*mostAxes+j) + 1)
			}
		}
	}
	return salt
}

// layoutBuilder walks through a state type.
type layoutBuilder struct {
	group  *group
	used   []bool
	pieces []piece
}

// tag is what the tag of a field says.
type tag struct {
	axes     []int // scalarsets of the dimensions; -1 for none
	kind     cellKind
	set      int // of a number or a set
	offset   uint64
	declares bool // a kind
}

func (b *layoutBuilder) fields(t reflect.Type, at int, path string, axes []axis) error {
	for i := range t.NumField() {
		f := t.Field(i)
		path := join(path, f.Name)
		var says tag
		if text, ok := f.Tag.Lookup("checker"); ok {
			var err error
			if says, err = b.parse(text); err != nil {
				return fmt.Errorf("field %s: tag %q: %w", path, text, err)
			}
		}
		if err := b.field(f.Type, at+int(f.Offset), path, axes, says); err != nil {
			return err
		}
	}
	return nil
}

// parse reads a tag: "per=client,is=server+1".
func (b *layoutBuilder) parse(text string) (tag, error) {
	var says tag
	for part := range strings.SplitSeq(text, ",") {
		key, value, _ := strings.Cut(part, "=")
		switch key {
		case "per":
			if value == noAxis {
				says.axes = append(says.axes, -1)
				continue
			}
			k, err := b.scalarset(value)
			if err != nil {
				return says, err
			}
			says.axes = append(says.axes, k)
		case "is", "set":
			if err := b.parseKind(&says, key, value); err != nil {
				return says, err
			}
		default:
			return says, fmt.Errorf("%q is not per=SCALARSET, is=SCALARSET, is=SCALARSET+OFFSET or set=SCALARSET", part)
		}
	}
	return says, nil
}

func (b *layoutBuilder) parseKind(says *tag, key, value string) (err error) {
	if says.declares {
		return fmt.Errorf("a field names a member or is a set of them, once")
	}
	says.declares, says.kind = true, holdsSet
	if key == "is" {
		says.kind = holdsMember
		name, offset, given := strings.Cut(value, "+")
		if value = name; given {
			if says.offset, err = strconv.ParseUint(offset, 10, 32); err != nil {
				return fmt.Errorf("the offset %q is not a number", offset)
			}
		}
	}
	says.set, err = b.scalarset(value)
	return err
}

func (b *layoutBuilder) scalarset(name string) (int, error) {
	k := b.group.find(name)
	if k < 0 {
		return 0, fmt.Errorf("Model.Symmetry has no scalarset %q", name)
	}
	b.used[k] = true
	return k, nil
}

// field adds the pieces of a field, or of an element of one.
func (b *layoutBuilder) field(t reflect.Type, at int, path string, axes []axis, says tag) error {
	switch {
	case len(says.axes) > 0:
		return b.array(t, at, path, axes, says)
	case t.Kind() == reflect.Array:
		for i := range t.Len() {
			if err := b.field(t.Elem(), at+i*int(t.Elem().Size()), path+"["+strconv.Itoa(i)+"]", axes, says); err != nil {
				return err
			}
		}
		return nil
	case says.declares:
		return b.declared(t, at, path, axes, says)
	case t.Kind() == reflect.Struct:
		return b.fields(t, at, path, axes)
	case len(axes) > 0:
		b.add(t, at, axes, cell{kind: holdsPlain})
	}
	return nil
}

// array adds the elements of an array of which each position is a member's.
func (b *layoutBuilder) array(t reflect.Type, at int, path string, axes []axis, says tag) error {
	k := says.axes[0]
	says.axes = says.axes[1:]
	if t.Kind() != reflect.Array {
		return fmt.Errorf("field %s is a %s: per is for arrays, one for each dimension", path, t.Kind())
	}
	members, length := 0, t.Len()
	if k >= 0 {
		members = b.group.sets[k].Size
		if t.Len() < members {
			return fmt.Errorf("field %s has length %d, and scalarset %s has %d members", path, t.Len(), b.group.sets[k].Name, members)
		}
		if len(axes) == mostAxes {
			return fmt.Errorf("field %s is within more than %d arrays that have per", path, mostAxes)
		}
		length = members // what is beyond stays as it is
	}
	stride := int(t.Elem().Size())
	for i := range length {
		within := axes
		if k >= 0 {
			within = append(axes[:len(axes):len(axes)], axis{member: b.group.first[k] + i, index: i, stride: stride})
		}
		if err := b.field(t.Elem(), at+i*stride, path+"["+strconv.Itoa(i)+"]", within, says); err != nil {
			return err
		}
	}
	return nil
}

// declared adds an integer that names a member, or is a set.
func (b *layoutBuilder) declared(t reflect.Type, at int, path string, axes []axis, says tag) error {
	of := b.group.sets[says.set]
	unsigned := t.Kind() >= reflect.Uint && t.Kind() <= reflect.Uint64
	signed := t.Kind() >= reflect.Int && t.Kind() <= reflect.Int64
	switch {
	case says.kind == holdsMember && !unsigned && !signed:
		return fmt.Errorf("field %s is a %s: is=%s is for integers", path, t.Kind(), of.Name)
	case says.kind == holdsSet && !unsigned:
		return fmt.Errorf("field %s is a %s: set=%s is for unsigned integers", path, t.Kind(), of.Name)
	case says.kind == holdsSet && t.Bits() < of.Size:
		return fmt.Errorf("field %s has %d bits, and scalarset %s has %d members", path, t.Bits(), of.Name, of.Size)
	}
	most := uint64(1)<<t.Bits() - 1 // of 64 bits: 1<<64 is 0, and 0 - 1 is right
	if signed {
		most /= 2
	}
	if last := says.offset + uint64(of.Size) - 1; says.kind == holdsMember && last > most {
		return fmt.Errorf("field %s is a %s and cannot be %d, which would stand for %s %d", path, t.Kind(), last, of.Name, of.Size-1)
	}
	b.add(t, at, axes, cell{kind: says.kind, offset: says.offset, first: uint8(b.group.first[says.set]), size: uint8(of.Size)})
	return nil
}

func (b *layoutBuilder) add(t reflect.Type, at int, axes []axis, c cell) {
	c.at, c.base, c.width, c.axes = at, at, uint8(t.Size()), uint8(len(axes))
	for i, a := range axes {
		c.members[i], c.stride[i] = uint8(a.member), a.stride
		c.base -= a.index * a.stride
	}
	c.salt = saltOf(c.base, axes)
	b.pieces = append(b.pieces, piece{cell: c, axisList: axes})
}

// load reads a cell.
func (c *cell) load(state []byte) uint64 { return load(state[c.at:], c.width) }

func load(b []byte, width uint8) uint64 {
	switch width {
	case 1:
		return uint64(b[0])
	case 2:
		return uint64(binary.NativeEndian.Uint16(b))
	case 4:
		return uint64(binary.NativeEndian.Uint32(b))
	default:
		return binary.NativeEndian.Uint64(b)
	}
}

func store(b []byte, width uint8, v uint64) {
	switch width {
	case 1:
		b[0] = uint8(v)
	case 2:
		binary.NativeEndian.PutUint16(b, uint16(v))
	case 4:
		binary.NativeEndian.PutUint32(b, uint32(v))
	default:
		binary.NativeEndian.PutUint64(b, v)
	}
}

// renamed gives what a cell holds once its members have new names.
func (c *cell) renamed(v uint64, r *renaming) uint64 {
	switch c.kind {
	case holdsMember:
		if i := v - c.offset; i < uint64(c.size) {
			return c.offset + uint64(r[c.first+uint8(i)])
		}
	case holdsSet:
		out := v &^ (1<<c.size - 1)
		for i := range c.size {
			out |= v >> i & 1 << r[c.first+i]
		}
		return out
	}
	return v
}

// rename writes to another state what from is once members have new names.
func (l *layout) rename(r *renaming, from, to []byte) {
	copy(to, from)
	for i := range l.cells {
		c := &l.cells[i]
		at := c.base
		for a := range c.axes {
			at += int(r[c.members[a]]) * c.stride[a]
		}
		v := load(from[c.at:], c.width)
		if c.kind != holdsPlain {
			v = c.renamed(v, r)
		}
		store(to[at:], c.width, v)
	}
}
