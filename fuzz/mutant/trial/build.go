package trial

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"

	"urpc/fuzz/mutant"
)

// subject is the program that a mutant is built into.
const subject = "urpc/fuzz/mutant/internal/subject"

// Try builds a mutant and has it try the checks of a job on itself; tell is given
// each answer as it comes, from one goroutine at a time. The error is one of
// mutant.Build, or says that the mutant did not answer everything: what it
// answered before stands. When ctx is cancelled it ends early, with ctx's error.
func Try(ctx context.Context, name string, j Job, tell func(Answer)) error {
	job, err := json.Marshal(j)
	if err != nil {
		panic(fmt.Sprintf("trial: a job is not JSON: %v", err))
	}
	answers := &lines{tell: tell}
	var stderr bytes.Buffer
	exit, err := mutant.ExecProgram(ctx, name, subject, []string{string(job)}, answers, &stderr)
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil:
		return err
	case answers.err != nil:
		return fmt.Errorf("mutant %s: an answer: %w", name, answers.err)
	case exit != 0:
		return fmt.Errorf("mutant %s ended with exit code %d: %s", name, exit, shortened(stderr.String()))
	}
	return nil
}

// mostTold is how much is told of what a program wrote about its failure: a
// panic's first lines.
const mostTold = 600

func shortened(text string) string {
	text = strings.TrimSpace(text)
	if len(text) > mostTold {
		return text[:mostTold] + " …"
	}
	return text
}

// lines reads answers, one a line, as they are written.
type lines struct {
	tell func(Answer)
	mu   sync.Mutex
	rest []byte
	err  error
}

// Write implements io.Writer.
func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.rest = append(l.rest, p...)
	for {
		line, rest, whole := bytes.Cut(l.rest, []byte("\n"))
		if !whole {
			return len(p), nil
		}
		l.rest = rest
		var a Answer
		if err := json.Unmarshal(line, &a); err != nil {
			l.err = err
			continue
		}
		l.tell(a)
	}
}
