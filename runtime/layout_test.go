package urpc

import (
	"errors"
	"io"
	"math"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
	"unsafe"
)

type nested struct {
	A [2]struct {
		On bool
		B  uint8
	}
	C uint32
	D [3]bool
	E bool
}

type renamed nested

type padded struct {
	A uint8
	B uint32
}

type repadded padded

// elsewhere has types of the names that types here have.
type elsewhere struct{}

var other elsewhere

func (elsewhere) padded() any {
	type padded struct {
		A uint8
		B uint64
	}
	return padded{}
}

type list []list

type tree struct {
	Left, Right *tree
	Value       any
}

func TestForms(t *testing.T) {
	for _, c := range []struct {
		value any
		form  form
		size  int
		bools []int
	}{
		{struct{}{}, fixed, 0, nil},
		{true, fixed, 1, []int{0}},
		{int(0), fixed, int(unsafe.Sizeof(0)), nil},
		{[3]float32{}, fixed, 12, nil},
		{complex128(0), fixed, 16, nil},
		{time.Duration(0), fixed, 8, nil},
		{nested{}, fixed, 12, []int{0, 2, 8, 9, 10, 11}},
		{[2]nested{}, fixed, 24, []int{0, 2, 8, 9, 10, 11, 12, 14, 20, 21, 22, 23}},
		{"", text, 0, nil},
		{[]byte{}, blob, 0, nil},
		{time.Time{}, marshaled, 0, nil},
		{netip.Addr{}, marshaled, 0, nil},
		{padded{}, gobbed, 0, nil},
		{[]int{}, gobbed, 0, nil},
		{map[string]int{}, gobbed, 0, nil},
		{&nested{}, gobbed, 0, nil},
		{tree{}, gobbed, 0, nil},
		{struct{ When time.Time }{}, gobbed, 0, nil},
		{[math.MaxInt]struct{}{}, fixed, 0, nil},
	} {
		l, err := layoutOf(reflect.TypeOf(c.value))
		if err != nil || l.form != c.form || l.size != c.size || !slices.Equal(l.bools, c.bools) {
			t.Errorf("%T: %+v, %v; want form %d, size %d, bools %v", c.value, l, err, c.form, c.size, c.bools)
		}
	}
}

func TestUnfitTypes(t *testing.T) {
	for _, v := range []any{
		make(chan int), func() {}, uintptr(0), unsafe.Pointer(nil), []func(){}, map[string]chan int{},
		struct{ F func() }{}, struct{ hidden string }{}, struct {
			Shown  string
			hidden int
		}{}, &struct{ C chan int }{},
	} {
		if l, err := layoutOf(reflect.TypeOf(v)); err == nil {
			t.Errorf("%T: %+v, want it refused", v, l)
		}
	}
	if l, err := layoutOf(reflect.TypeFor[io.Reader]()); err == nil {
		t.Errorf("an interface: %+v, want it refused", l)
	}
}

// TestHashes: layouts that differ have hashes that differ; the names of types do
// not matter.
func TestHashes(t *testing.T) {
	hash := func(v any) uint64 {
		l, err := layoutOf(reflect.TypeOf(v))
		if err != nil {
			t.Fatal(err)
		}
		return l.hash
	}
	different := []any{
		struct{}{}, true, int8(0), uint8(0), int32(0), int64(0), float32(0), float64(0), complex64(0), "", []byte{},
		[1]int32{}, [2]int32{}, [2][3]int8{}, [3][2]int8{}, [6]int8{},
		struct{ X, Y int32 }{}, struct{ Y, X int32 }{}, struct{ X int64 }{}, struct{ XY int64 }{}, time.Time{}, padded{}, tree{},
		map[string]int{}, map[string]int8{}, map[int]string{}, []float64{}, []int{}, [][]int{}, [2][]int{}, [3][]int{}, []time.Time{}, []*int{},
		struct{ A []int }{}, struct{ B []int }{}, struct{ A, B []int }{}, struct {
			A struct{ B []int }
			C int
		}{}, struct {
			A struct {
				B []int
				C int
			}
		}{}, other.padded(), list{}, [][]list{},
	}
	for i, v := range different {
		for _, w := range different[:i] {
			if hash(v) == hash(w) {
				t.Errorf("%T and %T have one hash", v, w)
			}
		}
	}
	if hash(nested{}) != hash(renamed{}) || hash(padded{}) != hash(repadded{}) {
		t.Error("the name of a type changes its hash")
	}
}

func TestLoadChecks(t *testing.T) {
	l, err := layoutOf(reflect.TypeFor[nested]())
	if err != nil {
		t.Fatal(err)
	}
	good := make([]byte, 12)
	for i := range good {
		good[i] = 1
	}
	var v nested
	if err := load(&l, &v, good); err != nil || !v.E || v.C != 0x01010101 {
		t.Fatalf("%+v, %v", v, err)
	}
	for i := range good {
		bad := slices.Clone(good)
		bad[i] = 2
		w := v
		err := load(&l, &w, bad)
		if isBool := slices.Contains(l.bools, i); (err != nil) != isBool || isBool && w != v {
			t.Errorf("byte %d of 2: %v, %+v", i, err, w)
		}
	}
	for _, n := range []int{0, 11, 13} {
		if err := load(&l, &v, make([]byte, n)); err == nil {
			t.Errorf("%d bytes are a value of 12", n)
		}
	}
}

type stubborn struct{}

func (stubborn) MarshalBinary() ([]byte, error) { panic("no") }
func (*stubborn) UnmarshalBinary([]byte) error  { panic("no") }

// TestCodecPanics become errors.
func TestCodecPanics(t *testing.T) {
	l, err := layoutOf(reflect.TypeFor[stubborn]())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := encode(&l, nil, &stubborn{}); err == nil || !strings.Contains(err.Error(), "panicked: no") {
		t.Errorf("encode: %v", err)
	}
	if err := decode(&l, &stubborn{}, nil); err == nil || !strings.Contains(err.Error(), "panicked: no") {
		t.Errorf("decode: %v", err)
	}
	l, err = layoutOf(reflect.TypeFor[*nested]())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := encode(&l, nil, new(*nested)); err == nil {
		t.Error("a nil pointer was encoded")
	}
}

// TestOptions: the zero value is right; what cannot be is said.
func TestOptions(t *testing.T) {
	o, err := ServerOptions{}.withDefaults()
	if err != nil || o.MessageSize != 4096 || o.Slots != 32 || o.Workers != 16 || o.Bindings != 64 || o.Handshake != 2*time.Second {
		t.Errorf("%+v, %v", o, err)
	}
	for _, o := range []ServerOptions{
		{MessageSize: -1}, {MessageSize: MaxMessageSize + 1}, {Slots: -1}, {Slots: MaxSlots + 1}, {Workers: -1}, {Bindings: -1}, {Handshake: -1},
		{Slots: 2048, MessageSize: MaxMessageSize}, {Slots: MaxSlots, MessageSize: 1 << 16}, // each is possible, both are not
	} {
		s := NewServer(o)
		if err := s.add(procOf("x"), nil); err == nil || s.err == nil {
			t.Errorf("%+v: %v", o, err)
		}
	}
	for _, o := range []Options{{MessageSize: -1}, {MessageSize: MaxMessageSize + 1}, {Slots: -1}, {Slots: MaxSlots + 1}, {Memory: -1}, {Handshake: -1}} {
		if _, err := o.withDefaults(); err == nil {
			t.Errorf("%+v: no error", o)
		}
	}
	for n, want := range map[int]int{1: 1, 2: 2, 3: 4, 5: 8, 1000: 1024, MaxSlots: MaxSlots} {
		if got := roundUp(n); got != want {
			t.Errorf("%d slots are rounded up to %d, want %d", n, got, want)
		}
	}
}

func procOf(name string) *declaration { return NewProc[int, int](name).declaration }

func TestHandleRefuses(t *testing.T) {
	s := NewServer(ServerOptions{MessageSize: 100})
	if err := s.add(procOf("once"), nil); err != nil {
		t.Fatal(err)
	}
	for what, d := range map[string]*declaration{
		"twice":             procOf("once"),
		"no name":           procOf(""),
		"a long name":       procOf(strings.Repeat("n", 256)),
		"a channel":         NewProc[chan int, int]("channel").declaration,
		"a large request":   NewProc[[101]byte, int]("large").declaration,
		"a large reply":     NewProc[int, [101]byte]("large").declaration,
		"a function within": NewProc[int, struct{ F func() }]("function").declaration,
	} {
		if err := s.add(d, nil); !errors.Is(err, ErrRefused) {
			t.Errorf("%s: %v, want ErrRefused", what, err)
		}
	}
	if err := Handle(s, Proc[int, int]{}, nil); !errors.Is(err, ErrRefused) {
		t.Errorf("the zero procedure: %v", err)
	}
	if err := Handle(s, NewProc[int, int]("nil"), nil); !errors.Is(err, ErrRefused) {
		t.Errorf("no handler: %v", err)
	}
}
