package console

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"urpc/checker/catalogue"
)

// Values of flags, each with an error that says what would be right.

// number is a whole number within bounds.
type number[N int | int64 | uint64] struct {
	value    N
	min, max N
}

// NumberFlag declares a flag that is a number from least to most.
func NumberFlag[N int | int64 | uint64](flags *pflag.FlagSet, name string, value, least, most N, doc string) *N {
	n := &number[N]{value, least, most}
	flags.Var(n, name, doc)
	return &n.value
}

func (n *number[N]) String() string { return fmt.Sprint(n.value) }
func (n *number[N]) Type() string   { return "n" }

func (n *number[N]) Set(text string) error {
	want := fmt.Sprintf("want a number from %d to %d", n.min, n.max)
	v, err := strconv.ParseInt(text, 10, 64)
	if u, wide := strconv.ParseUint(text, 10, 64); wide == nil {
		if u > uint64(n.max) {
			return fmt.Errorf("%s is too large: %s", text, want)
		}
		n.value = N(u)
		if n.value < n.min {
			return fmt.Errorf("%s is too small: %s", text, want)
		}
		return nil
	}
	switch {
	case errors.Is(err, strconv.ErrRange):
		return fmt.Errorf("%s is out of range: %s", text, want)
	case err != nil:
		return fmt.Errorf("%q is not a number: %s", text, want)
	case int64(n.min) >= 0 || v < int64(n.min):
		return fmt.Errorf("%s is too small: %s", text, want)
	}
	n.value = N(v)
	return nil
}

// sizeUnits are the units of memory, largest first.
var sizeUnits = []struct {
	name  string
	bytes uint64
}{{"TiB", 1 << 40}, {"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}, {"B", 1}}

// Size is an amount of memory in bytes; 0 stands for no limit.
type Size uint64

// The bounds of a limit of memory: the tables of the smallest search take some, and no
// machine has more.
const (
	leastMemory Size = 64 << 10
	mostMemory  Size = 64 << 40
)

func (s *Size) Type() string { return "size" }

func (s *Size) String() string {
	for _, unit := range sizeUnits {
		if *s != 0 && uint64(*s)%unit.bytes == 0 {
			return strconv.FormatUint(uint64(*s)/unit.bytes, 10) + unit.name
		}
	}
	return "0"
}

func (s *Size) Set(text string) error {
	const want = "want a size like 512MiB or 2GiB, from 64KiB to 64TiB, or 0"
	digits := strings.TrimRight(text, "BKMGTibkmgt ")
	unit := strings.TrimSpace(text[len(digits):])
	n, err := strconv.ParseUint(digits, 10, 64)
	if err != nil {
		return fmt.Errorf("%q is not a size: %s", text, want)
	}
	for _, u := range sizeUnits {
		// "G" and "GB" are taken for GiB: limits of memory are never meant in powers of ten.
		if unit == "" && u.name == "B" || unit != "" && (unit == u.name || unit == u.name[:1] || len(u.name) == 3 && unit == u.name[:1]+"B") {
			switch {
			case n > uint64(mostMemory)/u.bytes:
				return fmt.Errorf("%s is too large: %s", text, want)
			case n > 0 && n*u.bytes < uint64(leastMemory):
				return fmt.Errorf("%s is too small: %s", text, want)
			}
			*s = Size(n * u.bytes)
			return nil
		}
	}
	return fmt.Errorf("%q is not a unit of memory: %s", unit, want)
}

// span is a duration within bounds. 0 stands for no limit, unless it is no value.
type span struct {
	value  time.Duration
	least  time.Duration
	needed bool // 0 is no value
}

// Longest bounds every duration: nobody waits for more than a year.
const Longest = 365 * 24 * time.Hour

// SpanFlag declares a flag that is a duration of at least so long, or 0: no limit.
func SpanFlag(flags *pflag.FlagSet, name string, least time.Duration, doc string) *time.Duration {
	s := &span{least: least}
	flags.Var(s, name, doc)
	return &s.value
}

// NeededSpanFlag declares a flag that is a duration of at least so long.
func NeededSpanFlag(flags *pflag.FlagSet, name string, value, least time.Duration, doc string) *time.Duration {
	s := &span{value, least, true}
	flags.Var(s, name, doc)
	return &s.value
}

func (s *span) Type() string { return "duration" }

func (s *span) String() string {
	if s.value == 0 {
		return "0"
	}
	return s.value.String()
}

func (s *span) Set(text string) error {
	want := fmt.Sprintf("want a time like 30s or 2m, from %v to 8760h", s.least)
	if !s.needed {
		want += ", or 0"
	}
	d, err := time.ParseDuration(text)
	switch {
	case err != nil:
		return fmt.Errorf("%q is not a time: %s", text, want)
	case d < 0:
		return fmt.Errorf("%s is less than nothing: %s", text, want)
	case d == 0 && s.needed:
		return fmt.Errorf("%s is no time: %s", text, want)
	case d > Longest:
		return fmt.Errorf("%s is too long: %s", text, want)
	case d > 0 && d < s.least:
		return fmt.Errorf("%s is too short: %s", text, want)
	}
	s.value = d
	return nil
}

// word is one of a few words.
type word struct {
	value string
	of    []string
}

// WordFlag declares a flag that is one of a few words.
func WordFlag(flags *pflag.FlagSet, name, value string, of []string, doc string) *string {
	w := &word{value, of}
	flags.Var(w, name, doc)
	return &w.value
}

func (w *word) Type() string   { return strings.Join(w.of, "|") }
func (w *word) String() string { return w.value }

func (w *word) Set(text string) error {
	for _, known := range w.of {
		if text == known {
			w.value = text
			return nil
		}
	}
	near := ""
	if nearest := catalogue.Nearest(text, w.of); nearest != "" {
		near = fmt.Sprintf("did you mean %q? ", nearest)
	}
	return fmt.Errorf("%q is none of its values: %swant %s", text, near, strings.Join(w.of, " or "))
}

// MostCount bounds what is counted by the flag's value: nobody waits for more.
const MostCount = 1_000_000_000_000

// ShortestLimit bounds limits of time.
const ShortestLimit = time.Millisecond

// MaxSeed bounds the seed, which every run prints: it keeps seeds exact in JSON readers that have only floating point.
const MaxSeed = 1<<53 - 1

// SeedFlag declares the flag of the seed: a number that is drawn where it is not given.
func SeedFlag(flags *pflag.FlagSet) *uint64 {
	s := &number[uint64]{1 + rand.Uint64N(1<<32-1), 0, MaxSeed}
	flags.Var(s, "seed", "where random choices begin (drawn if not given; every run prints it)")
	flags.Lookup("seed").DefValue = ""
	return &s.value
}
