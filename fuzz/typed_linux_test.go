package fuzz

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"math"
	"net/netip"
	"path/filepath"
	"testing"

	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"urpc/runtime"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// Types of each form that a message can have.
type (
	plain struct { // of fixed layout
		A int64
		F float64
		B uint32
		C [3]int16
		D bool
		E int8
	}
	table struct { // by gob
		Name  string
		Rows  map[string]int64
		Lines []string
	}
)

// procedures echo a value of each form: what comes back is what went out, so both
// directions are checked at once.
type procedures struct {
	plain urpc.Proc[plain, plain]
	text  urpc.Proc[string, string]
	blob  urpc.Proc[[]byte, []byte]
	table urpc.Proc[table, table]
	addr  urpc.Proc[netip.Addr, netip.Addr] // encodes itself
	empty urpc.Proc[struct{}, struct{}]
}

var typed = procedures{
	plain: urpc.NewProc[plain, plain]("plain"),
	text:  urpc.NewProc[string, string]("text"),
	blob:  urpc.NewProc[[]byte, []byte]("blob"),
	table: urpc.NewProc[table, table]("table"),
	addr:  urpc.NewProc[netip.Addr, netip.Addr]("addr"),
	empty: urpc.NewProc[struct{}, struct{}]("empty"),
}

// damage is what a broken server does to values on their way.
type damage struct {
	plain func(plain) plain
	text  func(string) string
	blob  func([]byte) []byte
	table func(table) table
	addr  func(netip.Addr) netip.Addr
}

func handle[T any](s *urpc.Server, p urpc.Proc[T, T], damage func(T) T) error {
	return urpc.Handle(s, p, func(_ context.Context, v T) (T, error) {
		if damage != nil {
			v = damage(v)
		}
		return v, nil
	})
}

const typedSize = 1024

// bound gives a client of a server in this process.
func bound(t *testing.T, d damage, start uint32) *urpc.Client {
	t.Helper()
	s := urpc.NewServer(urpc.ServerOptions{MessageSize: typedSize, Slots: 4})
	for _, err := range []error{
		handle(s, typed.plain, d.plain), handle(s, typed.text, d.text), handle(s, typed.blob, d.blob),
		handle(s, typed.table, d.table), handle(s, typed.addr, d.addr), handle(s, typed.empty, nil),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	path := filepath.Join(t.TempDir(), "server")
	l, err := urpc.Listen(path)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(ctx, l) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	c, err := urpc.Bind(t.Context(), path, urpc.Options{Start: start})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	return c
}

// same calls a procedure and says whether the value came back.
func same[T any](t *rapid.T, c *urpc.Client, p urpc.Proc[T, T], v T, equal func(a, b T) bool) {
	got, err := p.Call(context.Background(), c, v)
	if err != nil {
		t.Fatalf("%s(%v): %v", p.Name(), v, err)
	}
	if !equal(v, got) {
		t.Fatalf("%s(%v) = %v", p.Name(), v, got)
	}
}

func identical[T comparable](a, b T) bool { return a == b }

// samePlain compares by bits: a float that is no number equals itself.
func samePlain(a, b plain) bool {
	bits := math.Float64bits(a.F) == math.Float64bits(b.F)
	a.F, b.F = 0, 0
	return bits && a == b
}

func sameTable(a, b table) bool {
	return a.Name == b.Name && maps.Equal(a.Rows, b.Rows) && fmt.Sprint(a.Lines) == fmt.Sprint(b.Lines)
}

// drawBytes gives bytes of any length that a message holds: rapid itself would
// hardly ever come near the limit.
func drawBytes(t *rapid.T) []byte {
	n := rapid.OneOf(rapid.SampledFrom([]int{0, 1, typedSize - 1, typedSize}), rapid.IntRange(0, typedSize)).Draw(t, "length")
	return rapid.SliceOfN(rapid.Byte(), n, n).Draw(t, "bytes")
}

func typedProperty(c *urpc.Client) func(*rapid.T) {
	return func(t *rapid.T) {
		t.Repeat(map[string]func(*rapid.T){
			"plain": func(t *rapid.T) {
				same(t, c, typed.plain, plain{
					A: rapid.Int64().Draw(t, "a"), F: math.Float64frombits(rapid.Uint64().Draw(t, "f")),
					B: rapid.Uint32().Draw(t, "b"), D: rapid.Bool().Draw(t, "d"), E: rapid.Int8().Draw(t, "e"),
					C: [3]int16{rapid.Int16().Draw(t, "c"), rapid.Int16().Draw(t, "c"), rapid.Int16().Draw(t, "c")},
				}, samePlain)
			},
			"text": func(t *rapid.T) {
				same(t, c, typed.text, string(drawBytes(t)), identical) // valid UTF-8 or not
			},
			"blob": func(t *rapid.T) {
				same(t, c, typed.blob, drawBytes(t), bytes.Equal)
			},
			"table": func(t *rapid.T) {
				same(t, c, typed.table, table{
					Name:  rapid.StringN(0, 20, 60).Draw(t, "name"),
					Rows:  rapid.MapOfN(rapid.StringN(0, 5, 15), rapid.Int64(), 0, 5).Draw(t, "rows"),
					Lines: rapid.SliceOfN(rapid.StringN(0, 5, 15), 0, 5).Draw(t, "lines"),
				}, sameTable)
			},
			"addr": func(t *rapid.T) {
				b := [16]byte(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "addr"))
				same(t, c, typed.addr, netip.AddrFrom16(b), identical)
			},
			"empty": func(t *rapid.T) { same(t, c, typed.empty, struct{}{}, identical) },
		})
	}
}

func TestTypedCallsGiveWhatWasSent(t *testing.T) {
	rapid.Check(t, typedProperty(bound(t, damage{}, 1<<32-50)))
}

func TestTypedPropertyFindsDamage(t *testing.T) {
	for name, d := range map[string]damage{
		"a sign":        {plain: func(p plain) plain { p.F = -p.F; return p }},
		"an integer":    {plain: func(p plain) plain { p.C[2] = int16(int8(p.C[2])); return p }},
		"half a text":   {text: func(s string) string { return s[:min(len(s), 100)] }},
		"a blob's tail": {blob: func(b []byte) []byte { return b[:min(len(b), 127)] }},
		"a row":         {table: func(t table) table { delete(t.Rows, ""); return t }},
		"an address":    {addr: func(a netip.Addr) netip.Addr { return a.Next() }},
	} {
		t.Run(name, func(t *testing.T) { mustFail(t, typedProperty(bound(t, d, 0))) })
	}
}
