package console

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// Table is text in columns.
type Table struct {
	Head []string
	rows []tableRow
}

type tableRow struct {
	cells   []string
	paint   func(string) string
	painted int // the column that is painted
}

func (t *Table) Row(paint func(string) string, painted int, cells ...string) {
	t.rows = append(t.rows, tableRow{cells, paint, painted})
}

// narrowestCell is how narrow a column is made to fit the page, in letters.
const narrowestCell = 12

// Rows is the number of rows.
func (t *Table) Rows() int { return len(t.rows) }

// Write lays the table out in at most width letters: the widest column is folded
// until it fits.
func (t *Table) Write(w io.Writer, width int) {
	widths := make([]int, len(t.Head))
	for _, cells := range append([]tableRow{{cells: t.Head}}, t.rows...) {
		for i, c := range cells.cells {
			widths[i] = max(widths[i], utf8.RuneCountInString(c))
		}
	}
	for total(widths) > width {
		widest := 0
		for i := range widths {
			if widths[i] > widths[widest] {
				widest = i
			}
		}
		if widths[widest] <= narrowestCell {
			break
		}
		widths[widest]--
	}
	t.line(w, widths, tableRow{cells: t.Head, painted: -1})
	for _, r := range t.rows {
		t.line(w, widths, r)
	}
}

const gap = 2

func total(widths []int) int {
	n := gap * (len(widths) - 1)
	for _, w := range widths {
		n += w
	}
	return n
}

// line writes a row, of as many lines as its longest cell folds to.
func (t *Table) line(w io.Writer, widths []int, r tableRow) {
	cells := make([][]string, len(r.cells))
	height := 0
	for i, c := range r.cells {
		cells[i] = foldCell(c, widths[i])
		height = max(height, len(cells[i]))
	}
	for at := range height {
		var b strings.Builder
		for i := range cells {
			text := ""
			if at < len(cells[i]) {
				text = cells[i][at]
			}
			pad := strings.Repeat(" ", max(0, widths[i]-utf8.RuneCountInString(text))+gap)
			if i == r.painted && text != "" {
				text = r.paint(text)
			}
			b.WriteString(text + pad)
		}
		fmt.Fprintln(w, strings.TrimRight(b.String(), " "))
	}
}

// foldCell cuts a text into lines of at most width letters, at spaces where it can.
func foldCell(text string, width int) []string {
	var lines []string
	letters := []rune(text)
	for len(letters) > width {
		cut := width
		for i := width; i > 0; i-- {
			if letters[i] == ' ' {
				cut = i
				break
			}
		}
		lines = append(lines, string(letters[:cut]))
		letters = []rune(strings.TrimLeft(string(letters[cut:]), " "))
	}
	return append(lines, string(letters))
}
