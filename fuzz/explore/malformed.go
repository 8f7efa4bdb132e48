package explore

import (
	"encoding/binary"
	"slices"

	"urpc/spec/step"
)

// form is how a frame of the handshake is malformed: what becomes of its kind, and of its
// body.
type form struct {
	name string
	kind uint16 // 0: it stays
	zero byte   // a reserved byte of the header
	// version is that of the frame, less ours.
	version uint16
	body    func(b []byte) []byte
}

// forms are those of an answer, and of a refusal that comes in its place; the server has one
// procedure.
var forms = []form{
	{name: "an answer of 15 bytes", body: func(b []byte) []byte { return b[:15] }},
	{name: "a table that ends before its last procedure", body: func(b []byte) []byte { return altered(b, countAt, 2) }},
	{name: "a name that is longer than the table", body: func(b []byte) []byte {
		b = slices.Clone(b)
		b[nameLengthAt] = 255
		return b
	}},
	{name: "a procedure twice", body: func(b []byte) []byte { return altered(append(slices.Clone(b), b[tableAt:]...), countAt, 2) }},
	{name: "a byte after the table", body: func(b []byte) []byte { return append(slices.Clone(b), 0) }},
	{name: "a reserved byte that is not zero", zero: 1, body: func(b []byte) []byte { return b }},
	{name: "a version that is newer", version: 1, body: func(b []byte) []byte { return b }},
	{name: "a version that there was never", version: ^uint16(0), body: func(b []byte) []byte { return b }},
	{name: "a refusal of one byte", kind: kindRefusal, body: func([]byte) []byte { return []byte{1} }},
	{name: "a refusal for no reason", kind: kindRefusal, body: func([]byte) []byte { return []byte{0, 0} }},
	{name: "a refusal for the last reason that there is not", kind: kindRefusal, body: func([]byte) []byte { return []byte{255, 255} }},
	{name: "a refusal for the first reason that there is not", kind: kindRefusal, body: func([]byte) []byte { return []byte{reasons, 0} }},
}

// helloForms are those of a hello.
var helloForms = []form{
	{name: "a hello of 15 bytes", body: func(b []byte) []byte { return b[:15] }},
	{name: "an answer for a hello", kind: kindAnswer, body: func(b []byte) []byte { return b }},
	{name: "a version that is newer", version: 1, body: func(b []byte) []byte { return b }},
	{name: "a version that there was never", version: ^uint16(0), body: func(b []byte) []byte { return b }},
	{name: "a hello whose last byte is not zero", body: func(b []byte) []byte { return append(slices.Clone(b[:15]), 1) }},
	{name: "a reserved byte that is not zero", zero: 1, body: func(b []byte) []byte { return b }},
}

// What else the handshake has: see lies.go.
const (
	kindAnswer      = 2
	kindRefusal     = 3
	reasons         = 7 // and that there is none
	frameVersionAt  = 4
	frameKindAt     = 6
	frameReservedAt = 12
	tableAt         = 16
	nameLengthAt    = tableAt + 8 + 8
)

// malforms makes a malformed frame of one, or of its header and then of its body.
func (s *host) malforms(name step.Name, b []byte) []byte {
	all := forms
	if name == step.SendHello {
		all = helloForms
	}
	if len(b) < headerBytes || string(b[:4]) != "URPC" {
		return all[s.form].body(b) // the body of a frame whose header went before
	}
	s.form = s.w.t.Choose("form", len(all))
	f := all[s.form]
	s.w.forged = f.name
	header, body := slices.Clone(b[:headerBytes]), b[headerBytes:]
	// Of an answer nothing but the header is here: how long its body will be is told by what
	// would become of another one as long.
	length := binary.LittleEndian.Uint32(header[frameLengthAt:])
	binary.LittleEndian.PutUint32(header[frameLengthAt:], uint32(len(f.body(make([]byte, length)))))
	binary.LittleEndian.PutUint16(header[frameVersionAt:], binary.LittleEndian.Uint16(header[frameVersionAt:])+f.version)
	if f.kind != 0 {
		binary.LittleEndian.PutUint16(header[frameKindAt:], f.kind)
	}
	if header[frameReservedAt] = f.zero; len(body) == 0 {
		return header
	}
	return append(header, f.body(body)...)
}
