package console

import (
	"fmt"
	"os"
	"strings"
	"sync"
	"unicode/utf8"

	"golang.org/x/term"
)

// Progress is one line on standard error that is written over and over, only
// where that is a terminal.
type Progress struct {
	file *os.File
	On   bool

	mu    sync.Mutex
	shown int // letters of the line that is there
}

// NewProgress writes to a file, if that is a terminal.
func NewProgress(file *os.File) *Progress {
	return &Progress{file: file, On: term.IsTerminal(int(file.Fd()))}
}

// Show replaces the line.
func (p *Progress) Show(format string, args ...any) {
	if !p.On {
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

// Say is Show, and where there is no terminal a line of its own: for what takes so long that
// somebody who looks at a log would think that it hangs.
func (p *Progress) Say(format string, args ...any) {
	if p.On {
		p.Show(format, args...)
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	fmt.Fprintf(p.file, format+"\n", args...)
}

// Clear takes the line away.
func (p *Progress) Clear() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.shown > 0 {
		p.write("")
		fmt.Fprint(p.file, "\r")
	}
}

// write puts text over the line that is there.
func (p *Progress) write(text string) {
	letters := utf8.RuneCountInString(text)
	fmt.Fprint(p.file, "\r"+text+strings.Repeat(" ", max(0, p.shown-letters)))
	p.shown = letters
}
