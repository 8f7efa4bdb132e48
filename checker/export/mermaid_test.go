package export

import (
	"fmt"
	"html"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// mermaidDiagram is what a sequence diagram says.
type mermaidDiagram struct {
	names    map[string]string // of participants, by identifier
	messages []string
	notes    []string
	loops    int
	inLoop   int // messages in the loop
}

// The statements of a sequence diagram that are needed here, by the grammar of Mermaid
// (sequenceDiagram.jison; mermaid.js.org/syntax/sequenceDiagram.html). A text goes on to
// the end of the line, and has neither # nor ; which begin a comment and end a statement.
// Entities such as #59; are taken out before that.
var (
	mermaidEntity  = regexp.MustCompile(`#(\d+);`)
	mermaidSpecial = regexp.MustCompile(`(?i)end|%%|:(no)?wrap:|style.*:\S*#`)
	participant    = regexp.MustCompile(`^participant (p\d+) as ([^#;]+)$`)
	message        = regexp.MustCompile(`^(p\d+)->>(p\d+): ([^#;:]+)$`)
	note           = regexp.MustCompile(`^Note (?:right of (p\d+)|over (p\d+)(?:,(p\d+))?): ([^#;:]+)$`)
	loop           = regexp.MustCompile(`^loop ([^#;:]+)$`)
)

// entityMark stands for the # and ; of an entity while a line is read, as in Mermaid.
const entityMark = "\u00a4"

func parseMermaid(text string) (d mermaidDiagram, err error) {
	d.names = map[string]string{}
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	if lines[0] != "sequenceDiagram" {
		return d, fmt.Errorf("it begins with %q", lines[0])
	}
	open := 0
	for i, line := range lines[1:] {
		line = mermaidEntity.ReplaceAllString(strings.TrimSpace(line), entityMark+"$1"+entityMark)
		_, free, _ := strings.Cut(line, ": ")
		if found := participant.FindStringSubmatch(line); found != nil {
			free = found[2]
		}
		if mermaidSpecial.MatchString(free) {
			return d, fmt.Errorf("line %d: %q has a word that Mermaid obeys", i+2, line)
		}
		if err := d.statement(line, &open); err != nil {
			return d, fmt.Errorf("line %d: %w", i+2, err)
		}
	}
	if open != 0 {
		return d, fmt.Errorf("a loop has no end")
	}
	return d, nil
}

// statement reads one line.
func (d *mermaidDiagram) statement(line string, open *int) error {
	var refers []string
	switch {
	case participant.MatchString(line):
		found := participant.FindStringSubmatch(line)
		if _, twice := d.names[found[1]]; twice {
			return fmt.Errorf("there are two participants %s", found[1])
		}
		d.names[found[1]] = found[2]
	case message.MatchString(line):
		found := message.FindStringSubmatch(line)
		refers = found[1:3]
		d.messages = append(d.messages, found[3])
		d.inLoop += *open
	case note.MatchString(line):
		found := note.FindStringSubmatch(line)
		refers = found[1:4]
		d.notes = append(d.notes, found[4])
	case loop.MatchString(line):
		*open++
		d.loops++
	case line == "end" && *open > 0:
		*open--
	default:
		return fmt.Errorf("%q is no statement", line)
	}
	for _, name := range refers {
		if _, ok := d.names[name]; name != "" && !ok {
			return fmt.Errorf("there is no participant %s", name)
		}
	}
	return nil
}

// shownByMermaid is the text that is shown.
func shownByMermaid(text string) string {
	marked := regexp.MustCompile(entityMark+`(\d+)`+entityMark).ReplaceAllString(strings.ReplaceAll(text, "<br/>", "\n"), "&#$1;")
	return html.UnescapeString(marked)
}

func TestMermaidKeepsToItsGrammar(t *testing.T) {
	for _, name := range hostile {
		text := written(t, Mermaid, lasso(name))
		d, err := parseMermaid(text)
		if err != nil {
			t.Errorf("%q: %v\n%s", name, err, text)
			continue
		}
		if len(d.names) != 2 || len(d.messages) != 3 || len(d.notes) != 2+3 || d.loops != 1 || d.inLoop != 2 {
			t.Errorf("%q: %+v", name, d)
		}
		if got, want := shownByMermaid(d.names["p0"]), printable(name); got != want && strings.TrimSpace(want) != "" {
			t.Errorf("%q: the participant is shown as %q", name, got)
		}
		if got, want := shownByMermaid(d.messages[0]), strings.TrimRight(printable("1. "+name), " \n"); !strings.HasPrefix(got, want) {
			t.Errorf("%q: the step is shown as %q", name, got)
		}
	}
}

func TestMermaidGrammarRefuses(t *testing.T) {
	good := written(t, Mermaid, lasso("x"))
	for _, change := range [][2]string{
		{"  end\n", ""}, {"p0->>p0: 1. x", "p0->>p0: 1. the end"}, {"p0->>p0: 1. x", "p0->>p9: 1. x"}, {"p0->>p0: 1. x", "p0->>p0: 1; x"}, {"p0->>p0: 1. x", "p0->>p0: # x"},
		{"as x", "as "}, {"sequenceDiagram", "sequence"}, {"loop for ever", "end"}, {"p1 as", "p0 as"}, {"1. x", "1. %% x"}, {"->>", "->"},
	} {
		bad := strings.Replace(good, change[0], change[1], 1)
		if bad == good {
			t.Errorf("%q is not there", change[0])
		} else if _, err := parseMermaid(bad); err == nil {
			t.Errorf("%q for %q is let pass", change[1], change[0])
		}
	}
	if !slices.Contains(hostile, "end") {
		t.Error("the word end is not tried")
	}
}
