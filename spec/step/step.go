// Package step names the atomic steps of the protocol. The specification's
// tables, the runtime's shared accesses, traces, tokens and pictures all use
// these names, so that the compiler checks that they agree.
//
// A step is one access to memory that more than one thread can reach, or one
// request to the kernel. A word that a step's name begins with tells whose word
// it touches: Look reads what the peer wrote, Load reads what the own side
// wrote, Recheck reads again after an announcement.
package step

import "fmt"

// Name is the name of an atomic step. The zero value names none.
type Name uint8

// The steps of the memory level.
const (
	None Name = iota

	// Sending, by a thread that has a message for the other side.

	TestSetSend // test-and-set the sending end's lock: go on if it was free, else busy
	LoadTail    // read how many messages the own side has sent
	LoadRoom    // read the own copy of how many the peer had received when last looked
	LookHead    // the queue seems full: read how many the peer has received
	StoreRoom   // keep that number as the own copy
	WriteSlot   // copy the message into the slot
	Publish     // store the slot's sequence word: the message can be received
	StoreTail   // store how many messages the own side has sent
	UnlockSend  // free the sending end's lock
	AwaitRoom   // the queue was full: wait until the peer has received more than when last looked

	// Waking, by a thread that has sent.

	LookParked   // read how many processors the peer has announced as parked
	LookReturned // read how many of the processors donated to the peer have gone back
	Donate       // if none is out, tell the peer that this processor is donated with the next ring
	Ring         // change the own doorbell, on which the peer sleeps
	Wake         // ask the kernel to wake all who sleep on the own doorbell

	// Receiving, by a processor of the other side.

	TestSetReceive // test-and-set the receiving end's lock: go on if it was free, else busy
	LoadHead       // read how many messages the own side has received
	LookSlot       // read the sequence word of the next slot: published, or the queue is empty
	CopySlot       // copy the message out
	StoreHead      // store how many messages the own side has received: the slot is free
	UnlockReceive  // free the receiving end's lock
	AwaitMessage   // the queue was empty, and the receiver polls: wait until the next message is published

	// Parking, by a processor that found nothing to receive.

	LoadReturned // read how many of the processors that the peer donated have gone back
	LookDonation // read how many processors the peer has donated so far
	Return       // say that those which have not gone back do so now
	LookDoorbell // read the peer's doorbell
	Announce     // add one to the own count of parked processors
	RecheckHead  // read again how many messages the own side has received
	RecheckSlot  // read again the sequence word of the next slot
	Sleep        // sleep while the peer's doorbell is what LookDoorbell read
	Asleep       // asleep until woken; a step only where the kernel may wake for nothing
	Retract      // take one from the own count of parked processors

	// Waiting for a reply, among the threads of one space. These words are
	// private to the space.

	TakeRecord    // take a record that no call uses, or find that there is none
	AwaitRecord   // none is free: wait until one may be, or a reply that frees one
	OpenCall      // say that the call is pending
	AnnounceReady // add one to the count of ready callers: those with a call to send or a reply to take
	RetractReady  // take one from it: the call was sent, or is over
	LoadDonated   // read how many processors the own side has donated so far
	CheckReply    // read whether the call's reply has been delivered
	Lead          // test-and-set the lead: who has it receives for all waiting callers
	AnnounceBlock // another leads: add one to the count of callers that block
	LeadAgain     // test-and-set the lead once more, after the announcement
	Block         // block until made ready
	RetractBlock  // take one from the count of callers that block
	LoadCall      // read the state of the call that a reply names
	Deliver       // hand the reply to its caller
	Ready         // make its caller ready
	Resign        // free the lead
	LookBlocked   // read how many callers block
	LookPending   // read whether another call is pending, to pass the lead on
	Abandon       // leave a pending call: its late reply will be dropped
	DropReply     // the late reply has come: the call is over
	CloseCall     // say that the call is over
	FreeRecord    // give the record of a call that is over back
	NameCall      // count one more call of the record: that is its name
	LookName      // read the name of the call that has the record which a reply names

	// The end of a call's context: the caller looks, and somebody else ends it.

	LookContext // read whether the context has ended
	LookClock   // read the clock: whether the call's deadline has passed
	Watch       // have the end of the context nudge the sleeping leader
	Unwatch     // stop that, unless the end has come to it
	Cancel      // end the context
	TakeWatch   // come to what watches it: to nudge, unless that was stopped
	Expire      // let the clock pass a deadline

	// Ending a binding, within the space that ends it.

	LookPoison  // read whether the binding is over
	StopSending // say that calls which were not sent are not sent any more: the server has stopped
	LookSending // read whether they are, by a call that has waited for a record
	Poison      // say that it is, and why
	Unblock     // let everybody go on who blocks, or is about to
	LookNudge   // read the nudge, before the reasons not to sleep
	Nudge       // change the nudge and ask the kernel to wake all who sleep with it

	// Dealing the polling place out, among the workers of the server's pool and
	// its monitor. These words are private to the space.

	AnnounceIdle  // add one to the count of workers that wait for the polling place
	TakePlace     // take the polling place once it is offered
	RetractIdle   // take one from the count of workers that wait for it
	StartCall     // say which call the polling worker executes
	EndCall       // say that it executes none any more: it keeps the place unless that was taken away
	LookStop      // read whether the pool is stopped
	Rest          // say that the polling worker parks: the monitor may rest
	EndRest       // say that it is parked no more
	WakeMonitor   // end the monitor's rest
	LookRest      // read whether the monitor may rest
	AwaitResume   // rest
	Tick          // wait until it is time for the monitor's next look
	LookCall      // read which call the polling worker executes
	TakePlaceAway // it is the same as at the last look: take the place away from that worker
	GivePlace     // offer the polling place
	LookIdle      // read how many workers wait for it
	LookHired     // read how many workers there are
	Hire          // count one more, and start it
	Dismiss       // count one less: its handler has ended its thread
	Stop          // say that the pool is stopped
	StopCrew      // let everybody go who waits for the place, or for a look
	Pause         // poll once more, or let the time for polling pass

	Begin // start a thread of the pool; its own first step
	Yield // a thread gives its processor up: it waits, has ended or is pre-empted

	end
)

// The steps of the protocol level, which moves whole messages and processors.
// Donate is shared with the memory level: there it is the word that tells the
// peer, here the switch of the processor together with it.
const (
	Dispatch Name = end + iota // a processor runs the ready thread
	Send                       // a thread sends a call and blocks; its processor is at the scheduler
	Work                       // a thread works a step of its own
	Exit                       // a thread ends
	Receive                    // a processor takes the oldest call of a channel
	Execute                    // and executes it
	Reply                      // and replies
	Resume                     // a processor takes the oldest reply of a channel; its caller is ready
	See                        // an idle processor sees an underpowered space (check-then-donate not atomic)

	// Forced switches (the eager policy).

	CallAndSwitch        // a thread calls and blocks; its processor carries the call into the server
	ExecuteAndSwitchBack // the processor executes the call and carries the reply back to its caller
	last
)

// The steps of the lock taken by itself.
const (
	NCS     Name = last + iota // outside the critical section
	TestSet                    // test-and-set the lock
	Test                       // read the lock (a test-and-set that is not atomic)
	Set                        // set the lock (the same)
	CS                         // inside the critical section
	Unlock                     // free the lock
	locked
)

// The steps of binding and closing. Each is one request to the kernel, or one
// access to what the threads of a space share.
const (
	SendHello       Name = locked + iota // the client asks for a binding
	ReceiveHello                         // the server reads what is asked for
	Reserve                              // the server takes one of its places for bindings
	SendRefusal                          // and tells why there is none
	CreateMemory                         // make the memory of a segment
	MapMemory                            // map it
	SealMemory                           // fix its size, and who may write it, for ever
	SendAnswer                           // the server grants the memory: both descriptors go with the header
	ReceiveAnswer                        // the client reads what is granted
	VerifySeals                          // read the seals of memory that was received
	VerifySize                           // read its size
	WatchPeer                            // open a descriptor of the peer's process
	CloseDescriptor                      // close a descriptor
	UnmapMemory                          // unmap a segment
	Notice                               // it reads that the peer has hung up, or stops, or what it should not have sent
	NoticeExit                           // another one learns that the peer's process has exited
	HoldRegion                           // add one to the count of holders: go on if the region is not closed
	ReleaseRegion                        // take one from it: the last holder of a closed region unmaps it
	CloseRegion                          // mark the count as closed: unmap it if nobody holds it
	EndBinding                           // the first thread that ends the client's binding goes on to do so
	AwaitEnd                             // await that the binding has been ended
	AwaitWatch                           // await the end of a thread that watches the peer
	AwaitUnmap                           // await that the region is unmapped
	Linger                               // a server has stopped: wait, for some time, that those who are in a call have found their replies
	EnterBinding                         // the server puts the binding on its list
	StopProcessors                       // await that the client is gone or the server is to stop: end them
	AwaitProcessors                      // await that they have left
	SendStopping                         // the server says that it stops
	HangUp                               // close the socket
	LeaveBinding                         // the server takes the binding off its list
	Unreserve                            // and gives its place back
	StopServer                           // the server is told to stop
	Connect                              // a client connects: the next one, once the server has done with the one before
	Accept                               // await a client, or that the listener is closed
	Admit                                // look whether there is room for one more handshake
	AwaitAdmission                       // await that a handshake has ended, or that the server is to stop
	BackOff                              // await that a lack of descriptors or memory has passed, or that the server is to stop
	EndHandshake                         // a client is bound, or refused: another one may come
	EndServing                           // nothing is left of what was done for a client
	AwaitServing                         // await that of all of them
	CloseListener                        // nobody can connect any more
	Forge                                // a hostile space writes what it likes to one of its words
	Die                                  // a space dies: the kernel closes what it had open and unmaps its memory
	count
)

var names = [count]string{
	None:        "none",
	TestSetSend: "TestSetSend", LoadTail: "LoadTail", LoadRoom: "LoadRoom", LookHead: "LookHead",
	StoreRoom: "StoreRoom", WriteSlot: "WriteSlot", Publish: "Publish", StoreTail: "StoreTail", UnlockSend: "UnlockSend",
	AwaitRoom: "AwaitRoom", Asleep: "Asleep",
	LookParked: "LookParked", LookReturned: "LookReturned", Donate: "Donate", Ring: "Ring", Wake: "Wake",
	TestSetReceive: "TestSetReceive", LoadHead: "LoadHead", LookSlot: "LookSlot", CopySlot: "CopySlot",
	StoreHead: "StoreHead", UnlockReceive: "UnlockReceive", AwaitMessage: "AwaitMessage",
	LoadReturned: "LoadReturned", LookDonation: "LookDonation", Return: "Return", LookDoorbell: "LookDoorbell", Announce: "Announce",
	RecheckHead: "RecheckHead", RecheckSlot: "RecheckSlot", Sleep: "Sleep", Retract: "Retract",
	OpenCall: "OpenCall", AnnounceReady: "AnnounceReady", RetractReady: "RetractReady", LoadDonated: "LoadDonated", CheckReply: "CheckReply", Lead: "Lead", Deliver: "Deliver", Ready: "Ready", Resign: "Resign",
	AnnounceBlock: "AnnounceBlock", LeadAgain: "LeadAgain", Block: "Block", RetractBlock: "RetractBlock",
	LoadCall: "LoadCall", LookBlocked: "LookBlocked", LookPending: "LookPending",
	TakeRecord: "TakeRecord", AwaitRecord: "AwaitRecord", FreeRecord: "FreeRecord", NameCall: "NameCall", LookName: "LookName",
	LookContext: "LookContext", LookClock: "LookClock", Watch: "Watch", Unwatch: "Unwatch", Cancel: "Cancel", TakeWatch: "TakeWatch", Expire: "Expire",
	Abandon: "Abandon", DropReply: "DropReply", CloseCall: "CloseCall",
	StopSending: "StopSending", LookSending: "LookSending",
	LookPoison: "LookPoison", Poison: "Poison", Unblock: "Unblock", LookNudge: "LookNudge", Nudge: "Nudge",
	AnnounceIdle: "AnnounceIdle", TakePlace: "TakePlace", RetractIdle: "RetractIdle", StartCall: "StartCall", EndCall: "EndCall",
	LookStop: "LookStop", Rest: "Rest", EndRest: "EndRest", WakeMonitor: "WakeMonitor", LookRest: "LookRest", AwaitResume: "AwaitResume",
	Tick: "Tick", LookCall: "LookCall", TakePlaceAway: "TakePlaceAway", GivePlace: "GivePlace", LookIdle: "LookIdle",
	LookHired: "LookHired", Hire: "Hire", Dismiss: "Dismiss", Stop: "Stop", StopCrew: "StopCrew", Pause: "Pause", Begin: "Begin", Yield: "Yield",
	Dispatch: "Dispatch", Send: "Send", Work: "Work", Exit: "Exit", Receive: "Receive", Execute: "Execute",
	Reply: "Reply", Resume: "Resume", See: "See",
	CallAndSwitch: "CallAndSwitch", ExecuteAndSwitchBack: "ExecuteAndSwitchBack",
	NCS: "NCS", TestSet: "TestSet", Test: "Test", Set: "Set", CS: "CS", Unlock: "Unlock",
	SendHello: "SendHello", ReceiveHello: "ReceiveHello", Reserve: "Reserve", SendRefusal: "SendRefusal",
	CreateMemory: "CreateMemory", MapMemory: "MapMemory", SealMemory: "SealMemory",
	SendAnswer: "SendAnswer", ReceiveAnswer: "ReceiveAnswer", VerifySeals: "VerifySeals", VerifySize: "VerifySize",
	WatchPeer: "WatchPeer", CloseDescriptor: "CloseDescriptor", UnmapMemory: "UnmapMemory",
	Notice: "Notice", NoticeExit: "NoticeExit",
	HoldRegion: "HoldRegion", ReleaseRegion: "ReleaseRegion", CloseRegion: "CloseRegion",
	Accept: "Accept", Admit: "Admit", AwaitAdmission: "AwaitAdmission", BackOff: "BackOff",
	EndHandshake: "EndHandshake", EndServing: "EndServing", AwaitServing: "AwaitServing", CloseListener: "CloseListener",
	EndBinding: "EndBinding", StopServer: "StopServer", Connect: "Connect",
	AwaitEnd: "AwaitEnd", AwaitWatch: "AwaitWatch", AwaitUnmap: "AwaitUnmap", Linger: "Linger",
	EnterBinding: "EnterBinding", StopProcessors: "StopProcessors", AwaitProcessors: "AwaitProcessors",
	SendStopping: "SendStopping", HangUp: "HangUp", LeaveBinding: "LeaveBinding", Unreserve: "Unreserve", Forge: "Forge", Die: "Die",
}

// String gives the name as it stands in tables, traces and tokens.
func (n Name) String() string {
	if n < count && names[n] != "" {
		return names[n]
	}
	return fmt.Sprintf("step.Name(%d)", uint8(n))
}

// All gives every name.
func All() []Name {
	all := make([]Name, 0, count)
	for n := None + 1; n < count; n++ {
		if names[n] != "" {
			all = append(all, n)
		}
	}
	return all
}

// Parse gives the name that text spells.
func Parse(text string) (Name, error) {
	for _, n := range All() {
		if names[n] == text {
			return n, nil
		}
	}
	return None, fmt.Errorf("no step is named %q", text)
}
