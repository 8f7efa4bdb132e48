package schedule

import "errors"

// Errors of Explore, Replay and ParseToken; each comes wrapped, with the reason
// in words.
var (
	// ErrNondeterministic: the same choices led the program to other steps.
	// Something that is not under control decides in it: map order, time, another
	// goroutine, state kept from one execution to the next. The execution is run again
	// a number of times: the error says in how many ways it goes, after which step they
	// part and where each stands then in the source, and names what is found there.
	ErrNondeterministic = errors.New("the program is not a function of its schedule")

	// ErrState: a stateful search took two states for one that are not: a mark
	// leaves out a live value, shared words were not announced, or a quotient is
	// too coarse. Or a search with reduction, Optimal too, took two steps to commute that
	// do not: one touches, or its predicate looks at, more than it announces.
	ErrState = errors.New("the announced state does not determine what follows")

	// ErrDeclared: a function that the set-up declares (T.Shared, T.SharedAt, T.Guards,
	// T.Quotient) panics or fails a check, where it is only to tell, or a step tells its
	// value at times.
	ErrDeclared = errors.New("what the program declares cannot be used")

	// ErrUsage: the program calls T in a way that has no meaning, whatever the schedule:
	// Choose among no answers, Kill of a thread that there is not, more threads than there
	// may be, a call by a goroutine that is no thread, or of what an earlier execution made;
	// or it announces nothing to explore. Nothing is found out about the program.
	ErrUsage = errors.New("the program uses T wrongly")

	// ErrStuck: the program's code has not come to its next step for Options.StuckAfter: it
	// blocks for real, or goes round in a loop that announces nothing. The error says which
	// thread it is and where it stands, and Report.Stuck has the steps before. The search is
	// given up, and its goroutines stay behind until that code comes back, if it ever does.
	ErrStuck = errors.New("the program does not come to its next step")

	// ErrOptions: an option has a value without meaning.
	ErrOptions = errors.New("bad options")

	// ErrTokenDamaged: the text is no token, or was altered.
	ErrTokenDamaged = errors.New("token is damaged")

	// ErrTokenVersion: the token is of another version of the format.
	ErrTokenVersion = errors.New("token is of another version")

	// ErrTokenProgram: the token names another target, configuration or mutant
	// than the options do.
	ErrTokenProgram = errors.New("token is of another program")

	// ErrTokenSteps: the token's choices lead to other steps than when it was
	// made: the code has changed.
	ErrTokenSteps = errors.New("token leads to other steps than when it was made")
)

// sentinels are all of them.
var sentinels = []error{
	ErrNondeterministic, ErrState, ErrDeclared, ErrUsage, ErrStuck, ErrOptions,
	ErrTokenDamaged, ErrTokenVersion, ErrTokenProgram, ErrTokenSteps,
}

// reasonOf gives in few words why a search ended with the error: as the one of those above
// that it wraps says.
func reasonOf(err error) string {
	for _, is := range sentinels {
		if errors.Is(err, is) {
			return is.Error()
		}
	}
	return err.Error()
}
