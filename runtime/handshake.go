package urpc

import (
	"encoding/binary"
	"errors"
	"fmt"
	"unicode/utf8"

	"urpc/runtime/channel"
)

// The handshake, over the Unix socket, once for each binding. All numbers are
// little endian.
//
//	frame   header and body
//	header  0 "URPC"   4 version u16   6 kind u16   8 length of the body u32   12 zero u32
//
//	client -> server  hello    0 slots u32   4 message size u32   8 start u32   12 zero u32
//	                           slots and message size 0: what the server allows
//	server -> client  answer   0 slots u32   4 message size u32   8 start u32   12 count u32,
//	                           then for each procedure, numbered from 0:
//	                           request layout u64, reply layout u64, length of the name u8, name;
//	                           with the header come two descriptors: the segment of
//	                           the calls, then that of the replies
//	          or      refusal  0 code u16   2 text
//
// After the answer the binding is there. From then on the client sends nothing
// over the socket, and the server one byte, when it stops, unless the client does
// not read: what it has no room for within 50 ms is not sent. That the socket hangs
// up says that the other side is gone.
//
// The server tells its table, instead of being asked for procedures: so it reads
// 32 bytes from a peer that it does not know yet, and a procedure that is called
// for the first time costs no second exchange.
const (
	magic   = "URPC"
	version = 1

	headerBytes = 16
	helloBytes  = 16
	maxRefusal  = 1024
	// maxAnswer is the most that a full table takes.
	maxAnswer = 16 + maxProcedures*(17+maxName)

	// stopping is the byte that a server sends when it stops.
	stopping = 'S'
)

// kind says what a frame is.
type kind uint16

const (
	kindHello kind = iota + 1
	kindAnswer
	kindRefusal
)

// frame is a header.
type frame struct {
	version uint16
	kind    kind
	length  uint32
}

func (f frame) append(to []byte) []byte {
	to = append(to, magic...)
	to = binary.LittleEndian.AppendUint16(to, f.version)
	to = binary.LittleEndian.AppendUint16(to, uint16(f.kind))
	to = binary.LittleEndian.AppendUint32(to, f.length)
	return binary.LittleEndian.AppendUint32(to, 0)
}

// errGarbage: the peer speaks something else.
var errGarbage = errors.New("no frame of a handshake")

// parseFrame reads a header. Of a frame of another version, which is an error,
// it gives the version.
func parseFrame(b []byte) (frame, error) {
	if len(b) != headerBytes || string(b[:4]) != magic {
		return frame{}, errGarbage
	}
	f := frame{
		version: binary.LittleEndian.Uint16(b[4:]),
		kind:    kind(binary.LittleEndian.Uint16(b[6:])),
		length:  binary.LittleEndian.Uint32(b[8:]),
	}
	if f.version != version {
		return f, fmt.Errorf("%w: the peer speaks version %d, we speak %d", ErrVersion, f.version, version)
	}
	limits := map[kind]uint32{kindHello: helloBytes, kindAnswer: maxAnswer, kindRefusal: 2 + maxRefusal}
	limit, known := limits[f.kind]
	switch {
	case !known:
		return f, fmt.Errorf("%w: kind %d", errGarbage, f.kind)
	case f.length > limit:
		return f, fmt.Errorf("%w: %d bytes of kind %d: want at most %d", errGarbage, f.length, f.kind, limit)
	case binary.LittleEndian.Uint32(b[12:]) != 0:
		return f, fmt.Errorf("%w: reserved bytes are not zero", errGarbage)
	}
	return f, nil
}

// hello is what the client asks for.
type hello struct{ slots, size, start uint32 }

func (h hello) append(to []byte) []byte {
	to = frame{version, kindHello, helloBytes}.append(to)
	for _, v := range []uint32{h.slots, h.size, h.start, 0} {
		to = binary.LittleEndian.AppendUint32(to, v)
	}
	return to
}

func parseHello(b []byte) (hello, error) {
	if len(b) != helloBytes || binary.LittleEndian.Uint32(b[12:]) != 0 {
		return hello{}, fmt.Errorf("%w: hello of %d bytes", errGarbage, len(b))
	}
	return hello{
		slots: binary.LittleEndian.Uint32(b),
		size:  binary.LittleEndian.Uint32(b[4:]),
		start: binary.LittleEndian.Uint32(b[8:]),
	}, nil
}

// leastMessage is the least that a message is made to hold: what fills the line
// that an empty message takes anyway, so that error texts have room.
const leastMessage = 96

// agree gives the size of the channel that a client asks for, if the server
// allows it.
func (h hello) agree(o ServerOptions) (channel.Size, error) {
	size := channel.Size{
		Slots:   orDefault(h.slots, uint32(o.Slots)),
		Payload: max(orDefault(h.size, uint32(o.MessageSize)), leastMessage),
		Start:   h.start,
	}
	if size.Slots > uint32(o.Slots) || size.Payload > uint32(max(o.MessageSize, leastMessage)) {
		return size, fmt.Errorf("%w: %d slots and messages of %d bytes: the server allows %d and %d",
			ErrRefused, size.Slots, size.Payload, o.Slots, o.MessageSize)
	}
	if err := size.Check(); err != nil {
		return size, fmt.Errorf("%w: %w", ErrRefused, err)
	}
	return size, nil
}

// offer is one procedure of the server's table.
type offer struct {
	number         uint32
	request, reply uint64 // hashes of the layouts
}

// answer is what the server grants.
type answer struct {
	size   channel.Size
	offers map[string]offer
}

// appendAnswer writes the header and the body of an answer.
func appendAnswer(to []byte, size channel.Size, table []served) []byte {
	var body []byte
	for _, v := range []uint32{size.Slots, size.Payload, size.Start, uint32(len(table))} {
		body = binary.LittleEndian.AppendUint32(body, v)
	}
	for _, p := range table {
		body = binary.LittleEndian.AppendUint64(body, p.request.hash)
		body = binary.LittleEndian.AppendUint64(body, p.reply.hash)
		body = append(append(body, byte(len(p.name))), p.name...)
	}
	return append(frame{version, kindAnswer, uint32(len(body))}.append(to), body...)
}

func parseAnswer(b []byte) (answer, error) {
	if len(b) < 16 {
		return answer{}, fmt.Errorf("%w: answer of %d bytes", errGarbage, len(b))
	}
	size := channel.Size{
		Slots:   binary.LittleEndian.Uint32(b),
		Payload: binary.LittleEndian.Uint32(b[4:]),
		Start:   binary.LittleEndian.Uint32(b[8:]),
	}
	if err := size.Check(); err != nil {
		return answer{}, err
	}
	count := binary.LittleEndian.Uint32(b[12:])
	b = b[16:]
	if count > maxProcedures {
		return answer{}, fmt.Errorf("%w: a table of %d procedures", errGarbage, count)
	}
	a := answer{size: size, offers: make(map[string]offer)}
	for number := range count {
		if len(b) < 17 || len(b) < 17+int(b[16]) {
			return answer{}, fmt.Errorf("%w: a table that ends at %d of %d procedures", errGarbage, number, count)
		}
		name := string(b[17 : 17+int(b[16])])
		if _, twice := a.offers[name]; twice {
			return answer{}, fmt.Errorf("%w: a table with two procedures %q", errGarbage, name)
		}
		a.offers[name] = offer{
			number: number, request: binary.LittleEndian.Uint64(b), reply: binary.LittleEndian.Uint64(b[8:]),
		}
		b = b[17+len(name):]
	}
	if len(b) != 0 {
		return answer{}, fmt.Errorf("%w: %d bytes after the table", errGarbage, len(b))
	}
	return a, nil
}

// reasons are the sentinels that a refusal carries, by code.
var reasons = [...]error{1: ErrRefused, 2: ErrVersion, 3: ErrUnauthorized, 4: ErrOverloaded, 5: ErrClosed, 6: ErrHandshake}

// appendRefusal writes why there will be no binding. Of an error that none of
// the reasons tells, only that there is one is told: it is not the peer's.
func appendRefusal(to []byte, err error) []byte {
	code, text := uint16(len(reasons)-1), "the server could not make the binding"
	for i, reason := range reasons {
		if reason != nil && errors.Is(err, reason) {
			code, text = uint16(i), err.Error()
			break
		}
	}
	text = text[:min(len(text), maxRefusal)]
	to = frame{version, kindRefusal, uint32(2 + len(text))}.append(to)
	return append(binary.LittleEndian.AppendUint16(to, code), text...)
}

// parseRefusal gives the error that a refusal tells.
func parseRefusal(b []byte) error {
	if len(b) < 2 {
		return fmt.Errorf("%w: refusal of %d bytes", errGarbage, len(b))
	}
	code, text := binary.LittleEndian.Uint16(b), string(b[2:])
	if int(code) >= len(reasons) || reasons[code] == nil {
		return fmt.Errorf("%w: refusal of code %d", errGarbage, code)
	}
	if !utf8.ValidString(text) {
		text = fmt.Sprintf("%q", text)
	}
	return &refusal{reason: reasons[code], text: text}
}

// refusal is the server's error at the client.
type refusal struct {
	reason error
	text   string
}

func (r *refusal) Error() string { return "server: " + r.text }
func (r *refusal) Unwrap() error { return r.reason }
