package console

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Grouped writes a number with commas between thousands.
func Grouped[N int | int64 | uint64](n N) string {
	digits := strconv.FormatInt(int64(n), 10)
	sign := ""
	if digits[0] == '-' {
		sign, digits = "-", digits[1:]
	}
	var groups []string
	for len(digits) > 3 {
		groups = append([]string{digits[len(digits)-3:]}, groups...)
		digits = digits[:len(digits)-3]
	}
	return sign + strings.Join(append([]string{digits}, groups...), ",")
}

// Plural writes "1 state", "2 states".
func Plural[N int | int64 | uint64](n N, one string) string {
	if n == 1 {
		return "1 " + one
	}
	if strings.HasSuffix(one, "y") {
		return Grouped(n) + " " + strings.TrimSuffix(one, "y") + "ies"
	}
	return Grouped(n) + " " + one + "s"
}

// Seconds writes a time for a reader.
func Seconds(d time.Duration) string {
	switch {
	case d < 10*time.Millisecond:
		return fmt.Sprintf("%.1f ms", float64(d)/float64(time.Millisecond))
	case d < time.Second:
		return fmt.Sprintf("%.0f ms", float64(d)/float64(time.Millisecond))
	default:
		return fmt.Sprintf("%.1f s", d.Seconds())
	}
}

// Bytes writes an amount of memory for a reader.
func Bytes(n uint64) string {
	for _, unit := range sizeUnits {
		if n >= unit.bytes && unit.bytes > 1 {
			return fmt.Sprintf("%.1f %s", float64(n)/float64(unit.bytes), unit.name)
		}
	}
	return fmt.Sprintf("%d B", n)
}

// Folded writes text in lines of at most width letters, each behind indent.
func Folded(text string, width int, indent string) string {
	width = max(width-len(indent), 20)
	var b strings.Builder
	line := ""
	for _, word := range strings.Fields(text) {
		switch {
		case line == "":
			line = word
		case len([]rune(line))+1+len([]rune(word)) <= width:
			line += " " + word
		default:
			b.WriteString(indent + line + "\n")
			line = word
		}
	}
	b.WriteString(indent + line)
	return b.String()
}

// OrElse is text, or what stands for none.
func OrElse(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}

// Token names a token, a long one by its beginning.
func Token(token string) string {
	if len(token) > 24 {
		token = token[:24] + "…"
	}
	return "token " + token
}
