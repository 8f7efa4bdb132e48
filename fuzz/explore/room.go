package explore

import (
	"urpc/runtime/channel"
	"urpc/runtime/kernel"
	"urpc/runtime/processor"
)

// mayFill says whether the calls of an honest client may fill the queue of replies: if
// more may be pending than it has slots. Only there do processors await room for a reply.
// Anywhere else they do what they do in production, end the binding, and an honest client
// is found corrupt (HonestPeer) if they come to that.
func mayFill(pending int, server *channel.Port) bool { return pending > int(server.Size().Slots) }

// honestWorker makes a processor for a client that has at most so many calls pending.
func honestWorker(server *channel.Port, k kernel.Kernel, h processor.Handler, pending int) *processor.Worker {
	w := processor.NewWorker(server, k, h)
	if mayFill(pending, server) {
		w.AwaitRoom()
	}
	return w
}
