package channel

import "encoding/binary"

// Message is the header of a message: 24 bytes in the slot, little endian, then
// the payload.
type Message struct {
	// ID is the caller's name for the call, echoed in the reply.
	ID uint64
	// Procedure is the number of the procedure that is called.
	Procedure uint32
	// Status of a reply; 0 in a call.
	Status uint32
	// Length of the payload in bytes.
	Length uint32
}

func (m *Message) encode(to *[headerSize]byte) {
	binary.LittleEndian.PutUint64(to[0:], m.ID)
	binary.LittleEndian.PutUint32(to[8:], m.Procedure)
	binary.LittleEndian.PutUint32(to[12:], m.Status)
	binary.LittleEndian.PutUint32(to[16:], m.Length)
}

func (m *Message) decode(from *[headerSize]byte) {
	m.ID = binary.LittleEndian.Uint64(from[0:])
	m.Procedure = binary.LittleEndian.Uint32(from[8:])
	m.Status = binary.LittleEndian.Uint32(from[12:])
	m.Length = binary.LittleEndian.Uint32(from[16:])
}
