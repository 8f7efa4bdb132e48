package bench

import (
	"context"
	"path/filepath"
	"testing"

	"urpc/checker"
	"urpc/examples/ring"
	"urpc/runtime"
	"urpc/runtime/channel"
	"urpc/runtime/shm"
)

// A message there, in one thread: what the steps themselves cost.
func BenchmarkSendReceive(b *testing.B) {
	size := channel.Size{Slots: 32, Payload: 64}
	calls, replies := shm.Heap(channel.Calls, size.Bytes()), shm.Heap(channel.Replies, size.Bytes())
	size.Format(calls)
	size.Format(replies)
	client, server := channel.NewPort(calls, &replies.View, size), channel.NewPort(replies, &calls.View, size)
	message, payload, buffer := channel.Message{Length: 64}, make([]byte, 64), make([]byte, 64)
	for b.Loop() {
		if client.Send(&message, payload) != channel.Done {
			b.Fatal("not sent")
		}
		if _, r := server.Receive(&message, buffer); r != channel.Done {
			b.Fatal("not received")
		}
	}
}

// Calls to a server in this process, over the same kind of binding as between two.
func BenchmarkCall(b *testing.B) {
	server := urpc.NewServer(urpc.ServerOptions{})
	err := urpc.Handle(server, null, func(context.Context, struct{}) (struct{}, error) { return struct{}{}, nil })
	if err != nil {
		b.Fatal(err)
	}
	path := filepath.Join(b.TempDir(), "server")
	listener, err := urpc.Listen(path)
	if err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(ctx, listener) }()
	defer func() {
		cancel()
		if err := <-ended; err != nil {
			b.Error(err)
		}
	}()
	client, err := urpc.Bind(ctx, path, urpc.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer client.Close()
	b.Run("one caller", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := null.Call(ctx, client, struct{}{}); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("many callers", func(b *testing.B) {
		b.ReportAllocs()
		b.SetParallelism(8)
		b.RunParallel(func(p *testing.PB) {
			for p.Next() {
				if _, err := null.Call(ctx, client, struct{}{}); err != nil {
					b.Error(err)
					return
				}
			}
		})
	})
}

func BenchmarkRing(b *testing.B) {
	values, _, err := ring.Family.Parse("clients=2,servers=1,requests=1,replies=2")
	if err != nil {
		b.Fatal(err)
	}
	model, err := ring.Family.Build(values, "")
	if err != nil {
		b.Fatal(err)
	}
	states := uint64(0)
	for b.Loop() {
		report, err := model.Check(b.Context(), checker.Options{Workers: 2})
		if err != nil {
			b.Fatal(err)
		}
		states += report.States
	}
	b.ReportMetric(float64(states)/b.Elapsed().Seconds(), "states/s")
}
