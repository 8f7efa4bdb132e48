//go:build linux

package urpc_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"

	urpc "urpc/runtime"
)

// Pair and Divide stand in a package that both sides import.
type Pair struct{ Dividend, Divisor int64 }

var Divide = urpc.NewProc[Pair, int64]("divide")

// A server and a client. They are processes of their own; here both run in one.
func Example() {
	directory, err := os.MkdirTemp("", "urpc")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(directory)
	path := filepath.Join(directory, "divider")

	ready, ended := make(chan struct{}), make(chan error)
	ctx, stop := context.WithCancel(context.Background())
	go func() { ended <- serve(ctx, path, ready) }()
	<-ready
	if err := call(ctx, path); err != nil {
		log.Fatal(err)
	}
	stop()
	fmt.Println("server:", <-ended)

	// Output:
	// 6 / 3 = 2
	// remote: divide: division by zero
	// server: <nil>
}

// serve is the server.
func serve(ctx context.Context, path string, ready chan<- struct{}) error {
	server := urpc.NewServer(urpc.ServerOptions{})
	err := urpc.Handle(server, Divide, func(_ context.Context, p Pair) (int64, error) {
		if p.Divisor == 0 {
			return 0, errors.New("division by zero")
		}
		return p.Dividend / p.Divisor, nil
	})
	if err != nil {
		return err
	}
	listener, err := urpc.Listen(path)
	if err != nil {
		return err
	}
	close(ready)
	return server.Serve(ctx, listener)
}

// call is the client.
func call(ctx context.Context, path string) error {
	client, err := urpc.Bind(ctx, path, urpc.Options{})
	if err != nil {
		return err
	}
	defer client.Close()
	quotient, err := Divide.Call(ctx, client, Pair{6, 3})
	if err != nil {
		return err
	}
	fmt.Println("6 / 3 =", quotient)

	_, err = Divide.Call(ctx, client, Pair{6, 0})
	if remote, ok := errors.AsType[*urpc.RemoteError](err); ok {
		fmt.Println("remote:", remote)
	}
	return nil
}
