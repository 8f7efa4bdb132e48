package main

import (
	"path/filepath"
	"testing"
)

// What the README shows of a command is what the command prints.
func TestReadmeShowsWhatIsPrinted(t *testing.T) {
	commands := shownCommands(t, filepath.Join("..", "..", "README.md"))
	ownFolder(t)
	ran := 0
	for _, c := range commands {
		if len(c.shown) > 0 {
			ran++
			runShown(t, c)
		}
	}
	if ran == 0 {
		t.Error("it shows nothing of what is printed")
	}
}
