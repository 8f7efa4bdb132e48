package urpc

import (
	"bytes"
	"errors"
	"fmt"
	"testing"

	"urpc/runtime/channel"
)

func TestAnswerSurvivesTheWire(t *testing.T) {
	size := channel.Size{Slots: 8, Payload: 4096, Start: 1<<32 - 3}
	var table []served
	for i := range 300 {
		table = append(table, served{declaration: procOf(fmt.Sprint("procedure ", i))})
	}
	b := appendAnswer(nil, size, table)
	f, err := parseFrame(b[:headerBytes])
	if err != nil || f != (frame{version, kindAnswer, uint32(len(b) - headerBytes)}) {
		t.Fatalf("%+v, %v", f, err)
	}
	a, err := parseAnswer(b[headerBytes:])
	if err != nil || a.size != size || len(a.offers) != len(table) {
		t.Fatalf("%v, %d procedures, %v", a.size, len(a.offers), err)
	}
	for i, p := range table {
		if got, want := a.offers[p.name], (offer{uint32(i), p.request.hash, p.reply.hash}); got != want {
			t.Fatalf("%s: %+v, want %+v", p.name, got, want)
		}
	}
}

func TestRefusalsSurviveTheWire(t *testing.T) {
	for _, want := range []error{ErrRefused, ErrVersion, ErrUnauthorized, ErrOverloaded, ErrClosed} {
		b := appendRefusal(nil, fmt.Errorf("because: %w", want))
		if err := parseRefusal(b[headerBytes:]); !errors.Is(err, want) || !bytes.Contains([]byte(err.Error()), []byte("because")) {
			t.Errorf("%v, want %v", err, want)
		}
	}
	// What is the server's own affair is not told.
	b := appendRefusal(nil, errors.New("secret"))
	if err := parseRefusal(b[headerBytes:]); !errors.Is(err, ErrHandshake) || bytes.Contains(b, []byte("secret")) {
		t.Errorf("%v: %q", err, b)
	}
	long := appendRefusal(nil, fmt.Errorf("%w%02000d", ErrRefused, 0))
	if f, err := parseFrame(long[:headerBytes]); err != nil || int(f.length) != len(long)-headerBytes {
		t.Errorf("a long one: %+v, %v", f, err)
	}
}

// FuzzHandshake: no bytes make a parser panic, take more than was limited, or
// give what is not as it must be; what they take, they write again.
func FuzzHandshake(f *testing.F) {
	o, err := ServerOptions{}.withDefaults()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(hello{slots: 8, size: 100, start: 1}.append(nil))
	f.Add(appendAnswer(nil, channel.Size{Slots: 4, Payload: 96}, []served{{declaration: procOf("a")}, {declaration: procOf("b")}}))
	f.Add(appendRefusal(nil, ErrOverloaded))
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) < headerBytes {
			if _, err := parseFrame(b); err == nil {
				t.Fatal("a short header is taken")
			}
			return
		}
		header, body := b[:headerBytes], b[headerBytes:]
		if fr, err := parseFrame(header); err == nil && (!bytes.Equal(fr.append(nil), header) || fr.length > maxAnswer) {
			t.Fatalf("%+v of %x", fr, header)
		}
		if h, err := parseHello(body); err == nil {
			if !bytes.Equal(h.append(nil)[headerBytes:], body) {
				t.Fatalf("%+v of %x", h, body)
			}
			if size, err := h.agree(o); err == nil && (size.Check() != nil || size.Slots > uint32(o.Slots) || size.Payload > uint32(o.MessageSize)) {
				t.Fatalf("agreed on %+v", size)
			}
		}
		if a, err := parseAnswer(body); err == nil {
			checkAnswer(t, a, body)
		}
		if parseRefusal(body) == nil {
			t.Fatal("a refusal that is none")
		}
	})
}

// checkAnswer writes an answer that was taken once more.
func checkAnswer(t *testing.T, a answer, body []byte) {
	t.Helper()
	table := make([]served, len(a.offers))
	for name, o := range a.offers {
		table[o.number] = served{declaration: &declaration{name: name, request: layout{hash: o.request}, reply: layout{hash: o.reply}}}
	}
	if again := appendAnswer(nil, a.size, table)[headerBytes:]; a.size.Check() != nil || !bytes.Equal(again, body) {
		t.Fatalf("%+v of %x", a, body)
	}
}
