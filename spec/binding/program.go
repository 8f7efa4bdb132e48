package binding

import "urpc/spec/step"

// going is a row that only goes on.
func going(next Row) func(view, int) bool { return func(v view, _ int) bool { return v.to(next) } }

// refused is the choice of a kernel that does not do what it is asked for.
const refused = 1

// asking is the row of a request that the kernel may refuse: done tells what it does
// for the side if it does not.
func asking(name step.Name, done func(own *Space), next, ifRefused Row) row {
	return row{name: name, choices: 2, do: func(v view, choice int) bool {
		if choice == refused {
			return v.to(ifRefused)
		}
		done(v.own)
		return v.to(next)
	}}
}

func watching(own *Space) { own.Watch = true }

// mapping maps the segment of a side, creating makes it, with a descriptor.
func mapping(side int) func(own *Space)  { return func(own *Space) { own.Mapped |= segment(side) } }
func creating(side int) func(own *Space) { return func(own *Space) { own.Open |= segment(side) } }

// program is the table: what each row does, under the name that the runtime has
// for it.
var program = [lastRow]row{
	ended: {name: step.None},

	sendHello:           {name: step.SendHello, do: view.sendHello},
	receiveAfterAll:     {name: step.ReceiveAnswer, do: view.receiveAfterAll},
	receiveTextAfterAll: {name: step.ReceiveAnswer, do: view.receiveTextAfterAll},
	receiveHeader:       {name: step.ReceiveAnswer, do: view.receiveHeader},
	receiveText:         {name: step.ReceiveAnswer, do: view.receiveText},
	receiveBody:         {name: step.ReceiveAnswer, do: view.receiveBody},
	clientWatchPeer:     asking(step.WatchPeer, watching, verifyCallsSeals, closeCallsFailed),
	verifyCallsSeals:    {name: step.VerifySeals, do: func(v view, _ int) bool { return v.verify(true, verifyCallsSize) }},
	verifyCallsSize:     {name: step.VerifySize, do: going(verifyRepliesSeals)},
	verifyRepliesSeals:  {name: step.VerifySeals, do: func(v view, _ int) bool { return v.verify(false, verifyRepliesSize) }},
	verifyRepliesSize:   {name: step.VerifySize, do: going(mapCalls)},
	mapCalls:            asking(step.MapMemory, mapping(client), mapReplies, closeCallsFailed),
	mapReplies:          asking(step.MapMemory, mapping(server), closeCalls, unmapCallsAgain),
	closeCalls:          {name: step.CloseDescriptor, do: func(v view, _ int) bool { return v.shut(segment(client), closeReplies) }},
	closeReplies:        {name: step.CloseDescriptor, do: view.closeReplies},
	unmapCallsAgain:     {name: step.UnmapMemory, do: view.unmapCallsAgain},
	closeCallsFailed:    {name: step.CloseDescriptor, do: func(v view, _ int) bool { return v.shut(segment(client), closeRepliesFailed) }},
	closeRepliesFailed: {name: step.CloseDescriptor, do: func(v view, _ int) bool {
		v.own.Open &^= segment(server)
		return v.failed()
	}},
	hangUpFailed: {name: step.HangUp, do: view.hangUpFailed},

	holdCall:         {name: step.HoldRegion, do: func(v view, _ int) bool { return v.holdIn(v.calls(1)) }},
	holdSecond:       {name: step.HoldRegion, do: func(v view, _ int) bool { return v.holdIn(v.calls(2)) }},
	holdThird:        {name: step.HoldRegion, do: func(v view, _ int) bool { return v.holdIn(v.calls(3)) }},
	closing:          {name: step.EndBinding, do: func(v view, _ int) bool { v.t.Back = awaitEnd; return v.endBinding(0) }},
	connectCaller:    {name: step.Connect, do: func(v view, _ int) bool { return v.connect(hold) }},
	connectCloser:    {name: step.Connect, do: func(v view, _ int) bool { return v.connect(closing) }},
	clientNoticeExit: {name: step.NoticeExit, do: view.noticeExit},
	clientNotice:     {name: step.Notice, do: view.clientNotice},
	stopRegion:       {name: step.CloseRegion, do: view.stopRegion},
	stopUnmapOwn:     {name: step.UnmapMemory, do: func(v view, _ int) bool { return v.unmap(segment(client), stopUnmapPeer) }},
	stopUnmapPeer:    {name: step.UnmapMemory, do: func(v view, _ int) bool { v.gone(); return v.to(lingering) }},
	lingering:        {name: step.Linger, do: view.lingering},

	hold:             {name: step.HoldRegion, do: view.hold},
	inCall:           {name: Silent, do: view.inCall},
	release:          {name: step.ReleaseRegion, do: view.release},
	releaseRefused:   {name: step.ReleaseRegion, do: view.release},
	releaseUnmapOwn:  {name: step.UnmapMemory, do: func(v view, _ int) bool { return v.unmap(segment(v.side), releaseUnmapPeer) }},
	releaseUnmapPeer: {name: step.UnmapMemory, do: view.releaseUnmapPeer},
	endBinding:       {name: step.EndBinding, do: view.endBinding},
	poison:           {name: step.Poison, do: view.poison},
	unblock:          {name: step.Unblock, do: going(nudge)},
	nudge:            {name: step.Nudge, do: view.nudge},
	closeRegion:      {name: step.CloseRegion, do: view.closeRegion},
	endUnmapOwn:      {name: step.UnmapMemory, do: func(v view, _ int) bool { return v.unmap(segment(v.side), endUnmapPeer) }},
	endUnmapPeer:     {name: step.UnmapMemory, do: view.endUnmapPeer},
	hangUp:           {name: step.HangUp, do: view.hangUp},
	awaitEnd:         {name: step.AwaitEnd, do: view.awaitEnd},
	awaitExitWatch:   {name: step.AwaitWatch, do: func(v view, _ int) bool { return v.awaitOver(clientExit, awaitWatch) }},
	awaitWatch:       {name: step.AwaitWatch, do: func(v view, _ int) bool { return v.awaitOver(clientWatch, awaitUnmap) }},
	awaitUnmap:       {name: step.AwaitUnmap, do: view.awaitUnmap},
	holdAfterClose:   {name: step.HoldRegion, do: func(v view, _ int) bool { return v.holdIn(ended) }},

	receiveHello:        {name: step.ReceiveHello, do: view.receiveHello},
	receiveHelloBody:    {name: step.ReceiveHello, do: going(reserve)},
	reserve:             {name: step.Reserve, do: view.reserve},
	serverWatchPeer:     asking(step.WatchPeer, watching, createReplies, sendRefusalReserved),
	createReplies:       asking(step.CreateMemory, creating(server), mapOwnReplies, sendRefusalReserved),
	mapOwnReplies:       asking(step.MapMemory, mapping(server), sealReplies, closeOwnRefused),
	sealReplies:         {name: step.SealMemory, do: func(v view, _ int) bool { return v.seal(segment(server), createCalls) }},
	createCalls:         asking(step.CreateMemory, creating(client), mapPeerCalls, unmapRefused),
	mapPeerCalls:        asking(step.MapMemory, mapping(client), sealCalls, closePeerRefused),
	sealCalls:           {name: step.SealMemory, do: func(v view, _ int) bool { return v.seal(segment(client), sendHeader) }},
	sendHeader:          {name: step.SendAnswer, do: view.sendHeader},
	sendBody:            {name: step.SendAnswer, do: view.sendBody},
	closeOwn:            {name: step.CloseDescriptor, do: func(v view, _ int) bool { return v.shut(segment(server), closePeer) }},
	closePeer:           {name: step.CloseDescriptor, do: view.closePeer},
	closePeerRefused:    {name: step.CloseDescriptor, do: func(v view, _ int) bool { return v.shut(segment(client), unmapRefused) }},
	unmapRefused:        {name: step.UnmapMemory, do: func(v view, _ int) bool { return v.unmap(segment(server), closeOwnRefused) }},
	closeOwnRefused:     {name: step.CloseDescriptor, do: func(v view, _ int) bool { return v.shut(segment(server), sendRefusalReserved) }},
	sendRefusal:         {name: step.SendRefusal, do: func(v view, _ int) bool { return v.sendRefusal(false) }},
	sendRefusalReserved: {name: step.SendRefusal, do: func(v view, _ int) bool { return v.sendRefusal(true) }},
	closeOwnFailed:      {name: step.CloseDescriptor, do: func(v view, _ int) bool { return v.shut(segment(server), closePeerFailed) }},
	closePeerFailed:     {name: step.CloseDescriptor, do: func(v view, _ int) bool { return v.shut(segment(client), regionFailed) }},
	unreserveFailed:     {name: step.Unreserve, do: view.unreserveFailed},
	regionFailed:        {name: step.CloseRegion, do: view.regionFailed},
	unmapOwnFailed:      {name: step.UnmapMemory, do: func(v view, _ int) bool { return v.unmap(segment(server), unmapPeerFailed) }},
	unmapPeerFailed:     {name: step.UnmapMemory, do: view.unmapPeerFailed},
	serverHangUpFailed:  {name: step.HangUp, do: view.hangUpFailed},

	enterBinding:         {name: step.EnterBinding, do: view.enterBinding},
	awaitProcessors:      {name: step.AwaitProcessors, do: view.awaitProcessors},
	sendStopping:         {name: step.SendStopping, do: view.sendStopping},
	serverHangUp:         {name: step.HangUp, do: view.serverHangUp},
	serverAwaitExitWatch: {name: step.AwaitWatch, do: func(v view, _ int) bool { return v.awaitOver(serverExit, serverAwaitWatch) }},
	serverAwaitWatch:     {name: step.AwaitWatch, do: func(v view, _ int) bool { return v.awaitOver(serverWatch, serverCloseRegion) }},
	serverCloseRegion:    {name: step.CloseRegion, do: view.serverCloseRegion},
	serverUnmapOwn:       {name: step.UnmapMemory, do: func(v view, _ int) bool { return v.unmap(segment(server), serverUnmapPeer) }},
	serverUnmapPeer:      {name: step.UnmapMemory, do: view.serverUnmapPeer},
	serverAwaitUnmap:     {name: step.AwaitUnmap, do: view.serverAwaitUnmap},
	leaveBinding:         {name: step.LeaveBinding, do: view.leaveBinding},
	unreserve:            {name: step.Unreserve, do: view.unreserve},
	serverNoticeExit:     {name: step.NoticeExit, do: view.noticeExit},
	serverNotice:         {name: step.Notice, do: view.serverNotice},
	stopProcessors:       {name: step.StopProcessors, do: view.stopProcessors},
	stopNudge:            {name: step.Nudge, do: going(ended)},

	stopServer: {name: step.StopServer, do: view.stopServer},
	die:        {name: step.Die, do: view.die},
}
