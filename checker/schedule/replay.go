package schedule

import (
	"context"
	"fmt"

	"urpc/checker/verdict"
)

// Replay runs exactly the execution of the token. It refuses a token that is
// damaged (ErrTokenDamaged), of another version (ErrTokenVersion), of another
// target, configuration or mutant where the options name them (ErrTokenProgram),
// or that now leads to other steps (ErrTokenSteps, with the step). The verdict
// is of that one execution: holds if it passes all its checks. Where the steps are the
// same and what they read or wrote is not, Report.Differs says so; else Report.Agrees
// says what was compared. The build is not: see Token.
func Replay(ctx context.Context, program func(*T), token Token, o Options) (Report, error) {
	if err := check("replay", ctx, program, o); err != nil {
		return Report{}.endedBy(err), err
	}
	info, err := ParseToken(token)
	if err == nil {
		err = info.isOf(o)
	}
	if err != nil {
		return Report{}.endedBy(err), fmt.Errorf("replay: %w", err)
	}
	if ctx.Err() != nil {
		return Report{Bound: tokenBound, Reason: "interrupted"}, nil
	}
	l := newLookout("replay", o, info)
	return l.returns(l.alone(func() (Report, error) {
		r := newRunner(program, len(info.Decisions)+1, l, newLexicon())
		r.number = info.Strategy.executions
		defer l.join(ofSearch(r))()
		defer r.close()
		if info.DataRaces || o.DataRaces {
			r.detector = newDetector()
		}
		r.tso = info.StoreBuffers
		rep, err := r.replay(info, o)
		if err != nil {
			return rep, fmt.Errorf("replay: %w", err)
		}
		return rep, nil
	}))
}

const tokenBound = "the execution of the token"

// isOf compares what the token names with what the options name.
func (info *TokenInfo) isOf(o Options) error {
	for _, f := range []struct{ what, token, wanted string }{
		{"target", info.Target, o.Target},
		{"configuration", info.Configuration, o.Configuration},
		{"mutant", info.Mutant, o.Mutant},
	} {
		if f.wanted != "" && f.token != f.wanted {
			return fmt.Errorf("%w: its %s is %q, not %q", ErrTokenProgram, f.what, f.token, f.wanted)
		}
	}
	return nil
}

func (r *runner) replay(info TokenInfo, o Options) (Report, error) {
	rep := Report{Bound: tokenBound}
	c, err := r.follow(info.Decisions, info.checks, o.Skip, info.Endless)
	early := err != nil && o.Stricter && r.outcome == failed && c != nil
	if err != nil && !early {
		return rep, err
	}
	if c.sum() != info.steps && !early {
		return rep, fmt.Errorf("%w: the hash of its %s differs, although each check agrees", ErrTokenSteps, plural(len(c.steps), "step"))
	}
	if rep.Differs = c.otherValues(r, info.values); rep.Differs == "" && !early {
		rep.Agrees = c.agrees(info.values)
	}
	rep.Executions, rep.Steps, rep.Depth = 1, uint64(len(c.steps)), len(c.steps)
	rep.Taken = make(map[string]uint64)
	for _, s := range c.steps {
		rep.Taken[s.Event.Name]++
	}
	rep.Complete = true
	rep.Verdict = verdict.Holds
	if info.Endless && !early {
		err := r.judgeEndless(&rep, r.execution(c, info), info, o)
		return rep, err
	}
	if r.outcome == failed {
		rep.Verdict, rep.Bad = verdict.Violated, 1
		rep.Failure = r.failure(c, info)
	} else {
		x := r.execution(c, info)
		rep.Passing = &x
	}
	return rep, nil
}

// judgeEndless fills in the report of an execution that does not end with its last step.
func (r *runner) judgeEndless(rep *Report, x Execution, info TokenInfo, o Options) error {
	is, states, unknown, err := r.livelock(info.Decisions, o)
	switch {
	case err != nil || unknown != "":
		rep.Complete, rep.Verdict, rep.Reason = false, verdict.Unknown, unknownEnd(unknown)
	case is:
		rep.Verdict = verdict.Violated
		rep.Failure = &Failure{Property: propertyLivelock, Message: tellLivelock(states), Execution: x}
	default:
		rep.Passing = &x
	}
	return err
}

// follow runs exactly the execution of the decisions, recording it. endless: it does not end
// by the last of them, and is not made to.
func (r *runner) follow(ds []Decision, want string, skip []string, endless bool) (*recording, error) {
	c := newRecording(len(ds), want, skip)
	r.recording = c
	defer func() { r.recording = nil }()
	s := &script{r: r, decisions: ds, endless: endless}
	r.strategy = s
	r.maxSteps = len(ds) + 1
	r.run(0)
	left := len(ds) - len(c.steps)
	switch {
	case s.goesOn:
		return c, nil
	case r.misuse != "":
		return nil, fmt.Errorf("%w: %s", ErrUsage, r.misuse)
	case r.outcome == refused && r.difference == "":
		return nil, fmt.Errorf("%w: step %d %s", ErrTokenSteps, len(c.steps)+1, s.difference)
	case r.outcome == refused:
		return nil, fmt.Errorf("%w: %s", ErrTokenSteps, r.difference)
	case left > 0 && r.outcome == failed: // which may be what was looked for: Options.Stricter
		return c, fmt.Errorf("%w: after step %d it fails already, and %d more are to come: property %s: %s",
			ErrTokenSteps, len(c.steps), left, r.property, r.message)
	case endless:
		return nil, fmt.Errorf("%w: it ends after step %d, and went on when the token was made", ErrTokenSteps, len(c.steps))
	case left > 0:
		return nil, fmt.Errorf("%w: it ends after step %d, and %d more are to come", ErrTokenSteps, len(c.steps), left)
	}
	return c, nil
}

// script gives the decisions of a token, and nothing else.
type script struct {
	r          *runner
	decisions  []Decision
	at         int
	difference string
	endless    bool // threads are to be able to go on after the last decision
	goesOn     bool // they are
}

func (s *script) begin() (int, bool) { return 0, true }

func (s *script) pick(enabled uint64, _ int) int {
	if s.goesOn = s.endless && s.at == len(s.decisions); s.goesOn {
		return -1
	}
	if s.at == len(s.decisions) {
		s.r.minds(enabled) // which may be what a search was stuck in
		return s.refuse("was the end, and now thread %q can go on", s.r.threads[lowest(enabled)].name)
	}
	d := s.decisions[s.at]
	switch {
	case d.Thread < 0:
		return s.refuse("was an answer of Choose, and now threads are to go on")
	case d.Thread >= s.r.declared:
		return s.refuse("was by thread %d, and the program has %s now", d.Thread, plural(s.r.declared, "thread"))
	case enabled>>uint(d.Thread)&1 == 0:
		th := s.r.threads[d.Thread]
		if th.done {
			return s.refuse("was by thread %q, which now has ended", th.name)
		}
		return s.refuse("was by thread %q, which now waits at %s", th.name, th.event.Name)
	}
	s.at++
	return d.Thread
}

func (s *script) choose(n int) int {
	if s.at == len(s.decisions) {
		return s.refuse("was the end, and now Choose is called")
	}
	d := s.decisions[s.at]
	if d.Thread >= 0 {
		return s.refuse("was by thread %d, and now Choose is called", d.Thread)
	}
	if d.Answer >= n {
		return s.refuse("was answer %d of Choose, and now there are %d", d.Answer, n)
	}
	s.at++
	return d.Answer
}

func (s *script) refuse(format string, args ...any) int {
	s.difference = fmt.Sprintf(format, args...)
	return -1
}
