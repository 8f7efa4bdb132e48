package main

import (
	"fmt"
	"os"
	"strings"
	"sync"
	"unicode/utf8"

	"golang.org/x/term"
)

// progress is one line on standard error that is written over and over, only
// where that is a terminal.
type progress struct {
	file *os.File
	on   bool

	mu    sync.Mutex
	shown int // letters of the line that is there
}

func newProgress(file *os.File) *progress {
	return &progress{file: file, on: term.IsTerminal(int(file.Fd()))}
}

// show replaces the line.
func (p *progress) show(format string, args ...any) {
	if !p.on {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	text := fmt.Sprintf(format, args...)
	if width, _, err := term.GetSize(int(p.file.Fd())); err == nil && width > 1 {
		if letters := []rune(text); len(letters) >= width {
			text = string(letters[:width-1])
		}
	}
	p.write(text)
}

// say is show, and where there is no terminal a line of its own: for what takes so long that
// somebody who looks at a log would think that it hangs.
func (p *progress) say(format string, args ...any) {
	if p.on {
		p.show(format, args...)
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	fmt.Fprintf(p.file, format+"\n", args...)
}

// clear takes the line away.
func (p *progress) clear() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.shown > 0 {
		p.write("")
		fmt.Fprint(p.file, "\r")
	}
}

// write puts text over the line that is there.
func (p *progress) write(text string) {
	letters := utf8.RuneCountInString(text)
	fmt.Fprint(p.file, "\r"+text+strings.Repeat(" ", max(0, p.shown-letters)))
	p.shown = letters
}
