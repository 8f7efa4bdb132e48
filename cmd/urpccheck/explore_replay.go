package main

import (
	"errors"
	"os"
	"time"

	"urpc/checker/command/console"
	"urpc/checker/schedule"
	"urpc/fuzz/explore"
	"urpc/fuzz/lockstep"
	"urpc/fuzz/mutant"
)

// replaySchedule runs the execution of a token again, in its mutant if it names
// one.
func (a *app) replaySchedule(token string, f scheduleFlags) error {
	started := time.Now()
	info, report, err := a.runToken(token, f.lockstep, f.json)
	if err != nil || report == nil {
		return err
	}
	values, err := valuesOf(info)
	if err != nil {
		return err
	}
	e := &explored{app: a, verb: "replay", target: info.Target, configuration: info.Configuration, values: values,
		mutant: info.Mutant, json: f.json, report: *report, took: time.Since(started)}
	e.tell()
	return nil
}

// valuesOf gives the values of a token's configuration in full.
func valuesOf(info schedule.TokenInfo) (string, error) {
	target, err := explore.Find(info.Target)
	if err != nil {
		return "", err
	}
	values, _, err := target.Parse(info.Configuration)
	return values.String(), err
}

// showSchedule prints the execution of a token. It is no verdict.
func (a *app) showSchedule(token string, f scheduleFlags) error {
	_, report, err := a.runToken(token, f.lockstep, f.json)
	switch {
	case err != nil:
		return err
	case report == nil: // shown by the mutant
		return nil
	case report.Failure == nil && report.Passing == nil:
		return errors.New("interrupted before there was anything to show")
	case report.Failure == nil && f.json:
		a.Out.JSON(executionOf(report.Passing))
		return nil
	case report.Failure == nil:
		return report.Passing.WriteText(a.Out, a.Out.Width())
	case f.json:
		a.Out.JSON(failureOf(report.Failure))
		return nil
	}
	return report.Failure.WriteText(a.Out, a.Out.Width())
}

// runToken replays a token, in lock-step if it is tied; the report is nil if a program with the token's
// mutant did. The steps of an execution that is stuck are printed.
func (a *app) runToken(token string, tied, asJSON bool) (schedule.TokenInfo, *schedule.Report, error) {
	info, err := schedule.ParseToken(schedule.Token(token))
	if err != nil {
		return info, nil, console.Usage("%s: %w", console.Token(token), err)
	}
	if info.Mutant != mutant.Running() {
		if _, err := mutant.Find(info.Mutant); err != nil {
			return info, nil, console.Usage("%s: %w", console.Token(token), err)
		}
		return info, nil, a.asMutant(info.Mutant, os.Args[1:])
	}
	var report schedule.Report
	if tied {
		var l lockstep.Report
		l, err = lockstep.ReplayTarget(a.Ctx, schedule.Token(token), lockstep.Options{})
		report = l.Report
	} else {
		report, err = explore.Replay(a.Ctx, schedule.Token(token), schedule.Options{})
	}
	switch {
	case errors.Is(err, schedule.ErrStuck):
		a.tellStuck(report.Stuck, asJSON)
		return info, nil, err
	case err != nil:
		return info, nil, console.Usage("%s: %w", console.Token(token), err)
	}
	return info, &report, nil
}
