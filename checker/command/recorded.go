package command

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"urpc/checker"
	"urpc/checker/catalogue"
	"urpc/checker/command/console"
)

// recorded is a trace of a model: one that was read from a file or a token and
// replayed, or one that a search found.
type recorded struct {
	chosen  Chosen
	trace   checker.Trace // as the model tells it
	partial bool          // the search was interrupted
}

// isWitness says that the trace is a witness, and no counterexample.
func (r *recorded) isWitness() bool {
	return r.trace.Kind == checker.KindReachable || r.trace.Kind == checker.KindWalk
}

func (r *recorded) file() checker.TraceFile { return r.chosen.TraceFile(&r.trace) }

// wanted says which trace of a model is wanted.
type wanted struct{ config, mutant, property string }

func (w *wanted) declare(flags *pflag.FlagSet) {
	flags.StringVar(&w.config, "config", "", "a `configuration` of the model: NAME or key=value,...")
	flags.StringVar(&w.mutant, "mutant", "", "`NAME` of a fault to plant in the model")
	flags.StringVar(&w.property, "property", "", "`NAME` of the property whose witness or counterexample it is")
}

// oneSubject demands a model, a trace file or a token, if there are several models.
func (m *Models) oneSubject(cmd *cobra.Command, args []string) error {
	if len(args) == 0 && len(m.Families) == 1 {
		return nil
	}
	return console.One("MODEL, TRACEFILE or TOKEN", nil)(cmd, args)
}

// find gives the trace of a token or a file, or finds one of a model.
func (m *Models) find(verb, what string, w *wanted) (recorded, error) {
	if _, err := catalogue.Find(m.Families, what); err == nil {
		return m.search(what, w)
	}
	if *w != (wanted{}) {
		if IsToken(what) {
			return recorded{}, console.Usage("%s: --config, --mutant and --property are for a model, and do not go with a token: it says them", verb)
		}
		return recorded{}, console.Usage("%s: --config, --mutant and --property are for a model: %w", verb, m.unknown(what))
	}
	if _, err := os.Stat(what); err != nil && !IsToken(what) && !strings.ContainsAny(what, `/\.`) {
		return recorded{}, console.UsageOf(m.unknown(what))
	}
	return m.readTrace(what)
}

// unknown says that something is the name of no model.
func (m *Models) unknown(name string) error {
	_, err := catalogue.Find(m.Families, name)
	return fmt.Errorf("%w; or the path of a trace file, or a token", err)
}

// search looks for a trace of the model that is worth showing.
func (m *Models) search(name string, w *wanted) (recorded, error) {
	c, err := m.Choose(name, w.config, w.mutant)
	if err != nil {
		return recorded{}, err
	}
	var o checker.Options
	if m.Progress.On {
		o.Progress = m.showSearch
	}
	report, err := c.Model.Check(m.Ctx, o)
	m.Progress.Clear()
	if err != nil {
		return recorded{}, err
	}
	result, err := worthShowing(report, w.property)
	if err != nil {
		return recorded{}, err
	}
	return recorded{c, *result.Trace, m.Interrupted() && !report.Complete}, nil
}

// readTrace reads a trace from a file or a token and replays it. Every error is one of
// usage, with the reason, but those of the model itself.
func (m *Models) readTrace(from string) (recorded, error) {
	file, err := m.traceFrom(from)
	if err != nil {
		return recorded{}, console.Usage("%s: %w", shortened(from), err)
	}
	c, err := m.Choose(file.Model, file.Configuration, file.Mutant)
	if err != nil {
		return recorded{}, console.Usage("%s: a trace of model %q, configuration %s: %w", shortened(from), file.Model, file.Configuration, err)
	}
	trace, err := c.Model.Replay(file.Trace)
	var panicked *checker.PanicError
	switch {
	case errors.As(err, &panicked):
		return recorded{}, err
	case err != nil:
		return recorded{}, console.Usage("%s: not a trace of this program's model %s: %w", shortened(from), file.Model, err)
	}
	return recorded{chosen: c, trace: trace}, nil
}

// wantSubject says what can be replayed.
func (m *Models) wantSubject() string {
	tokens := "t1. (a trace of a model)"
	if m.OtherTokens != "" {
		tokens = m.OtherTokens + " or " + tokens
	}
	return "want what a failure prints behind \"replay\": a token, one word that begins with " + tokens + ", or the path of its .trace.json"
}

func (m *Models) traceFrom(from string) (checker.TraceFile, error) {
	if IsToken(from) {
		return parseToken(from)
	}
	info, err := os.Stat(from)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return checker.TraceFile{}, errors.New("is no token, and there is no such file; " + m.wantSubject())
	case err != nil:
		return checker.TraceFile{}, err
	case info.IsDir():
		return checker.TraceFile{}, errors.New("is a folder; want a trace file in it")
	}
	f, err := os.Open(from)
	if err != nil {
		return checker.TraceFile{}, err
	}
	defer f.Close()
	return checker.ReadTraceFile(f)
}

// shortened names a token by its beginning, and a file.
func shortened(from string) string {
	if IsToken(from) {
		return console.Token(from)
	}
	return fmt.Sprintf("%q", from)
}
