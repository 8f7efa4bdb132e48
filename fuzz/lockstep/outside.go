package lockstep

import "urpc/spec/step"

// outside are the steps of the runtime at the memory level that spec/memory leaves out,
// and why. An execution that takes one is of none of the configurations that are run
// along, and fails.
var outside = map[step.Name]string{
	// Both words are steps of the specification where they are written, and where a
	// donation begins with them. That no property but one of its own rests on what this
	// look finds is a test (explore: TestWhatIsOutIsAHint).
	step.LoadDonated: "it decides whether who leads polls once more or parks, which are both right; only in target donation it is taken",
	step.Pause:       "of the configurations that are run along only those of target donation have anybody poll",
	step.NameCall:    ofName,
	step.LookName:    ofName,

	step.AnnounceIdle: ofPool, step.TakePlace: ofPool, step.RetractIdle: ofPool, step.StartCall: ofPool, step.EndCall: ofPool,
	step.LookStop: ofPool, step.Rest: ofPool, step.EndRest: ofPool, step.WakeMonitor: ofPool, step.LookRest: ofPool,
	step.AwaitResume: ofPool, step.Tick: ofPool, step.LookCall: ofPool, step.TakePlaceAway: ofPool, step.GivePlace: ofPool,
	step.LookIdle: ofPool, step.LookHired: ofPool, step.Hire: ofPool, step.Dismiss: ofPool, step.Stop: ofPool, step.StopCrew: ofPool,
	step.Begin: ofPool,
	step.Yield: "the machine has a processor for each thread",
}

// ofName is the reason why the steps are left out that read and write the name of a call.
const ofName = "a name changes with TakeRecord and is read with LoadCall here; target call has them apart where its configuration says so"

// ofPool is the reason why the steps of a pool are left out.
const ofPool = "the server's processors are no pool here; target donation checks it by properties of its own"
