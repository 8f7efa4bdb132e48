package mutant

import (
	"go/scanner"
	"go/token"
	"strings"

	"github.com/bluekeyes/go-gitdiff/gitdiff"
)

// align has a hunk put as many lines in as it takes out, so that what follows
// stays at its line: what it lacks is empty lines, what it has in excess is written
// on one line.
func align(hunk *gitdiff.TextFragment) {
	var all []gitdiff.Line
	for rest := hunk.Lines; len(rest) > 0; {
		n := 1
		for n < len(rest) && (rest[0].Op == gitdiff.OpContext) == (rest[n].Op == gitdiff.OpContext) {
			n++
		}
		run := rest[:n]
		rest = rest[n:]
		if run[0].Op == gitdiff.OpContext {
			all = append(all, run...)
			continue
		}
		if !hasOld(run) { // lines between others: they are written behind the one above
			if len(all) == 0 {
				return // there is none
			}
			last := len(all) - 1
			above := all[last].Line
			all = all[:last]
			run = append([]gitdiff.Line{{Op: gitdiff.OpDelete, Line: above}, {Op: gitdiff.OpAdd, Line: above}}, run...)
		}
		all = append(all, balanced(run)...)
	}
	hunk.Lines = all
	recount(hunk)
}

// recount has a hunk say what its lines are.
func recount(hunk *gitdiff.TextFragment) {
	hunk.LinesAdded, hunk.LinesDeleted, hunk.LeadingContext, hunk.TrailingContext = 0, 0, 0, 0
	for _, l := range hunk.Lines {
		switch l.Op {
		case gitdiff.OpAdd:
			hunk.LinesAdded++
		case gitdiff.OpDelete:
			hunk.LinesDeleted++
		default:
			hunk.TrailingContext++
			continue
		}
		if hunk.LinesAdded+hunk.LinesDeleted == 1 {
			hunk.LeadingContext = hunk.TrailingContext
		}
		hunk.TrailingContext = 0
	}
	hunk.NewLines = hunk.OldLines
}

func hasOld(lines []gitdiff.Line) bool {
	for _, l := range lines {
		if l.Old() {
			return true
		}
	}
	return false
}

// balanced gives lines that are taken out, then as many that are put in.
func balanced(run []gitdiff.Line) []gitdiff.Line {
	var out, in []gitdiff.Line
	for _, l := range run {
		if l.Op == gitdiff.OpDelete {
			out = append(out, l)
		} else {
			in = append(in, l)
		}
	}
	for len(in) < len(out) {
		in = append(in, gitdiff.Line{Op: gitdiff.OpAdd, Line: "\n"})
	}
	last := len(out) - 1
	in[last].Line = onOneLine(in[last:])
	return append(out, in[:last+1]...)
}

// onOneLine writes lines of Go on one, without their comments: where a line's end
// ends a statement stands a semicolon. What is on the first line stays in its column:
// a declaration's is seen by other packages.
func onOneLine(lines []gitdiff.Line) string {
	if len(lines) == 1 {
		return lines[0].Line
	}
	var text strings.Builder
	for _, l := range lines {
		text.WriteString(l.Line)
	}
	var s scanner.Scanner
	file := token.NewFileSet().AddFile("", -1, text.Len())
	s.Init(file, []byte(text.String()), nil, 0)
	var line strings.Builder
	for {
		at, tok, literal := s.Scan()
		switch {
		case tok == token.EOF:
			return line.String() + "\n"
		case tok == token.SEMICOLON:
			literal = ";"
		case literal == "":
			literal = tok.String()
		}
		column := line.Len()
		if offset := file.Offset(at); offset < len(lines[0].Line) {
			column = offset
		} else if column > 0 {
			column++
		}
		line.WriteString(strings.Repeat(" ", max(0, column-line.Len())) + literal)
	}
}
