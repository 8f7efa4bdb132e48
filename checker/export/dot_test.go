package export

import (
	"bytes"
	"fmt"
	"os/exec"
	"strings"
	"testing"
	"unicode"

	"urpc/checker"
)

// dotGraph is what a text in DOT says.
type dotGraph struct {
	attributes map[string]string
	nodes      map[string]map[string]string
	edges      []dotEdge
}

type dotEdge struct {
	from, to   string
	attributes map[string]string
}

// parseDOT reads the part of the language that is needed here, by its grammar
// (graphviz.org/doc/info/lang.html):
//
//	graph     : digraph '{' stmt_list '}'
//	stmt_list : [ stmt ';' stmt_list ]
//	stmt      : ID '=' ID | ( ID | node | edge ) attr_list | ID '->' ID attr_list
//	attr_list : '[' ID '=' ID [ ',' ... ] ']'
//	ID        : letters, digits and _, not beginning with a digit; a number; "..." with \" for "
func parseDOT(text string) (g dotGraph, err error) {
	p := dotParser{words: nil}
	if err := p.cut(text); err != nil {
		return g, err
	}
	defer func() {
		if wrong := recover(); wrong != nil {
			err = fmt.Errorf("%v", wrong)
		}
	}()
	g = dotGraph{attributes: map[string]string{}, nodes: map[string]map[string]string{}}
	p.want("digraph")
	p.want("{")
	for p.words[0] != "}" {
		p.statement(&g)
		p.want(";")
	}
	p.want("}")
	if len(p.words) != 1 {
		return g, fmt.Errorf("something follows the graph: %q", p.words)
	}
	return g, nil
}

// dotParser has the words that are left; the last one is "", for the end.
type dotParser struct{ words []string }

func (p *dotParser) next() string {
	word := p.words[0]
	if word == "" {
		panic("the graph is cut")
	}
	p.words = p.words[1:]
	return word
}

func (p *dotParser) want(word string) {
	if got := p.next(); got != word {
		panic(fmt.Sprintf("%q, want %q", got, word))
	}
}

func (p *dotParser) id() string {
	word := p.next()
	if strings.ContainsAny(word[:1], "{}[];=,") || word == "->" {
		panic(fmt.Sprintf("%q is no ID", word))
	}
	return word
}

func (p *dotParser) statement(g *dotGraph) {
	name := p.id()
	switch p.words[0] {
	case "=":
		p.next()
		g.attributes[name] = p.id()
	case "->":
		p.next()
		g.edges = append(g.edges, dotEdge{name, p.id(), p.attributes()})
	default:
		if g.nodes[name] != nil {
			panic("there are two nodes " + name)
		}
		g.nodes[name] = p.attributes()
	}
}

func (p *dotParser) attributes() map[string]string {
	all := map[string]string{}
	p.want("[")
	for {
		name := p.id()
		p.want("=")
		all[name] = p.id()
		if p.words[0] != "," {
			break
		}
		p.next()
	}
	p.want("]")
	return all
}

// cut cuts a text into words; a quoted one keeps its first quote.
func (p *dotParser) cut(text string) error {
	for text != "" {
		switch r := text[0]; {
		case r == ' ' || r == '\n':
			text = text[1:]
		case strings.HasPrefix(text, "->"):
			p.words, text = append(p.words, "->"), text[2:]
		case strings.ContainsRune("{}[];=,", rune(r)):
			p.words, text = append(p.words, text[:1]), text[1:]
		case r == '"':
			end := 1
			for end < len(text) && text[end] != '"' {
				if text[end] == '\\' {
					end++
				}
				if end < len(text) && text[end] < ' ' {
					return fmt.Errorf("a control character in a string")
				}
				end++
			}
			if end >= len(text) {
				return fmt.Errorf("a string is not closed: %q", text)
			}
			p.words, text = append(p.words, text[:end]), text[end+1:]
		default:
			end := strings.IndexFunc(text, func(r rune) bool { return r != '_' && !unicode.IsLetter(r) && !unicode.IsDigit(r) })
			if end <= 0 {
				return fmt.Errorf("no word begins with %q", text[:1])
			}
			p.words, text = append(p.words, text[:end]), text[end:]
		}
	}
	p.words = append(p.words, "")
	return nil
}

// shown is the text that Graphviz shows for a label.
func shown(label string) string {
	return strings.NewReplacer(`\\`, `\`, `\"`, `"`, `\n`, "\n", "&amp;", "&").Replace(strings.TrimPrefix(label, `"`))
}

func TestDOTKeepsToItsGrammar(t *testing.T) {
	for _, name := range hostile {
		trace := lasso(name)
		text := written(t, DOT, trace)
		g, err := parseDOT(text)
		if err != nil {
			t.Errorf("%q: %v\n%s", name, err, text)
			continue
		}
		if len(g.nodes) != 1+3 || len(g.edges) != 3 || g.edges[2].from != "s2" || g.edges[2].to != "s1" {
			t.Errorf("%q: %d nodes, edges %v", name, len(g.nodes), g.edges)
		}
		if got, want := shown(g.edges[0].attributes["label"]), printable(name+": "+name); !strings.HasPrefix(got, want) {
			t.Errorf("%q: the first step is shown as %q", name, got)
		}
	}
}

func TestDOTGrammarRefuses(t *testing.T) {
	good := written(t, DOT, lasso("x"))
	for _, change := range [][2]string{{`"];`, `];`}, {"{", ""}, {"}\n", ""}, {" -> s1 [label=\"x", " s1 [label=\"x"}, {"s1 -> s2", "s1 - s2"}, {"digraph", "graph"}, {"s1 ", "s0 "}, {`label="0`, `label="0"0`}} {
		if _, err := parseDOT(strings.Replace(good, change[0], change[1], 1)); err == nil {
			t.Errorf("%q for %q is let pass", change[1], change[0])
		}
	}
}

// graph is a state graph with every kind of state.
func graph(name string) checker.StateGraph {
	return checker.StateGraph{Model: name, Reason: name, Cut: []int{2}, States: []checker.GraphState{
		{Fields: []checker.Field{{Path: "N", Value: name}}, Initial: true, OnTrace: true},
		{Fields: []checker.Field{{Path: "N", Value: "1"}}, Deadlock: true, OnTrace: true},
		{Fields: []checker.Field{{Path: "N", Value: "2"}}},
		{Fields: []checker.Field{{Path: "N", Value: "3"}}, End: true},
	}, Edges: []checker.GraphEdge{{From: 0, To: 1, Taken: checker.Taken{Label: name, Choice: 1}, By: name, OnTrace: true}, {From: 0, To: 2, Taken: checker.Taken{Label: "b"}, By: "p"},
		{From: 2, To: 3, Taken: checker.Taken{Label: "c"}, By: "p"}}}
}

func TestStateGraphIsMarked(t *testing.T) {
	for _, name := range hostile {
		var b bytes.Buffer
		if err := GraphDOT(&b, graph(name)); err != nil {
			t.Fatal(err)
		}
		g, err := parseDOT(b.String())
		if err != nil {
			t.Errorf("%q: %v\n%s", name, err, &b)
			continue
		}
		node := func(n string) string { return fmt.Sprint(g.nodes[n]) }
		for n, want := range map[string]string{"s0": "peripheries:2", "s1": `fillcolor:"#ffb0b0`, "s2": `style:"dashed`, "s3": `fillcolor:"#d8d8d8`} {
			if !strings.Contains(node(n), want) {
				t.Errorf("%s has not %s: %s", n, want, node(n))
			}
		}
		if strings.Contains(node("s2"), "color") || !strings.Contains(node("s1"), `color:"red`) || g.edges[0].attributes["color"] != `"red` || g.edges[1].attributes["color"] != "" {
			t.Errorf("the trace is not marked, or more than it: %v %v", g.nodes, g.edges)
		}
		if !strings.Contains(shown(g.attributes["label"]), "not all") {
			t.Errorf("that it is not all is not told: %v", g.attributes)
		}
	}
}

// Graphviz itself reads it.
func TestGraphvizReadsIt(t *testing.T) {
	path, err := exec.LookPath("dot")
	if err != nil {
		t.Skip("Graphviz is not installed: no program dot")
	}
	var all bytes.Buffer // dot reads one graph after the other
	for _, name := range hostile {
		if err := GraphDOT(&all, graph(name)); err != nil {
			t.Fatal(err)
		}
		if err := DOT(&all, lasso(name)); err != nil {
			t.Fatal(err)
		}
	}
	c := exec.Command(path, "-Tsvg")
	c.Stdin = &all
	var complaints bytes.Buffer
	c.Stderr = &complaints
	out, err := c.Output()
	if drawn := strings.Count(string(out), "<svg"); err != nil || drawn != 2*len(hostile) {
		t.Errorf("%d graphs are drawn of %d: %v: %.300s", drawn, 2*len(hostile), err, &complaints)
	}
	if strings.Contains(complaints.String(), "syntax") {
		t.Errorf("%.300s", &complaints)
	}
}
