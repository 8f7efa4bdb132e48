package urpc

import (
	"context"
	"testing"
)

func BenchmarkNullCall(b *testing.B) {
	_, path, _ := open(b, ServerOptions{})
	c := bindTo(b, path, Options{})
	ctx := context.Background()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := procNull.Call(ctx, c, struct{}{}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkNullCallToProcess(b *testing.B) {
	path := b.TempDir() + "/socket"
	startChild(b, "server", path).expect(b, "ready")
	c := bindTo(b, path, Options{})
	ctx := context.Background()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := procNull.Call(ctx, c, struct{}{}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkBind(b *testing.B) {
	path := b.TempDir() + "/socket"
	startChild(b, "server", path).expect(b, "ready")
	bindTo(b, path, Options{})
	for b.Loop() {
		c, err := Bind(context.Background(), path, Options{})
		if err != nil {
			b.Fatal(err)
		}
		if err := c.Close(); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkBindInProcess(b *testing.B) {
	_, path, _ := open(b, ServerOptions{})
	for b.Loop() {
		c, err := Bind(context.Background(), path, Options{})
		if err != nil {
			b.Fatal(err)
		}
		if err := c.Close(); err != nil {
			b.Fatal(err)
		}
	}
}
