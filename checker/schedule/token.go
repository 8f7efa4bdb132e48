package schedule

import (
	"fmt"
	"hash/crc32"
	"strconv"
	"strings"
)

// A token is one word that no shell changes, of ten fields:
//
//	s3.target.configuration.mutant.strategy.decisions.checks.steps.values.sum
//
// The strategy is how the execution was found (Strategy.String), and after the
// seed of a sample the number of the failing execution: the decisions are those of
// the failure made smaller, and the execution that it was made of comes again as
// the last one of a sample of that seed and size. ",tso" after it says that plain
// stores are buffered, ",races" after that that data races are failures, and ",endless" at the
// end of it that the execution does not end with its decisions. Tokens of version 1 lack the field, and those of versions 1 and 2 the
// values; they are read, and written again as they were.
//
// Names have every byte but letters, digits, "-", "=" and "," as _ and two
// hexadecimal digits. A decision is the letter of a thread (a..z, A..Z, then =a
// to =l) or "-" and an answer of T.Choose; a number after a letter says how
// often in a row. checks has a digit of the running hash of the steps every
// so many steps (at most 64), to tell where other code goes another way; steps is
// the whole hash, sum the checksum of all before it. values are the same of what the
// steps read and wrote, as they tell it (T.Saw): of at most 16 parts of the execution the
// digit of the hash so far, and the whole hash. Other values are no other steps: the
// execution is that of the token, and the replay says where they differ.
const (
	tokenVersion = 3
	noValues     = 2 // the last version without values
	oldVersion   = 1 // without a strategy
	// tsoSuffix ends the strategy of a search with store buffers.
	tsoSuffix = ",tso"
	// racesSuffix ends the strategy, or comes after tsoSuffix, of a search for data races.
	racesSuffix = ",races"
	// endlessSuffix ends the strategy, or comes after the others, of property "livelock".
	endlessSuffix = ",endless"
	// maxDecisions bounds what a token may unfold to.
	maxDecisions = 1 << 20
	maxChecks    = 64
	maxValues    = 16
	hashDigits   = 8
)

// Decision is one choice of a strategy: which thread goes on, or what T.Choose
// gives.
type Decision struct {
	Thread int // index; -1: an answer
	Answer int
}

// TokenInfo is what a token says.
type TokenInfo struct {
	Version                       int
	Target, Configuration, Mutant string
	// Strategy is the one that found the execution. A sample is so large that the
	// failure was its last execution: to explore by it finds the failure again.
	Strategy Strategy
	// StoreBuffers: the execution is of a search with Options.StoreBuffers.
	StoreBuffers bool
	// DataRaces: it is of one with Options.DataRaces. Tokens of before that was kept lack it.
	DataRaces bool
	// Endless: the execution does not end with its decisions. It is one of property "livelock".
	Endless   bool
	Decisions []Decision

	checks, steps, values string
}

// ParseToken reads a token and checks its sum; it cannot check its steps, which
// Replay does. It gives ErrTokenDamaged or ErrTokenVersion.
func ParseToken(token Token) (TokenInfo, error) {
	info, err := parseToken(string(token))
	if err != nil {
		return TokenInfo{}, fmt.Errorf("parse token: %w", err)
	}
	return info, nil
}

func parseToken(text string) (TokenInfo, error) {
	fields := strings.Split(text, ".")
	version, ok := strings.CutPrefix(fields[0], "s")
	v, err := strconv.Atoi(version)
	if !ok || err != nil || len(fields) < 2 {
		return TokenInfo{}, fmt.Errorf("%w: it does not begin as a token of version %d does", ErrTokenDamaged, tokenVersion)
	}
	if v < oldVersion || v > tokenVersion || version != strconv.Itoa(v) {
		return TokenInfo{}, fmt.Errorf("%w: it has version %s, this build reads %d to %d", ErrTokenVersion, version, oldVersion, tokenVersion)
	}
	if want := fieldsOf(v); len(fields) != want {
		return TokenInfo{}, fmt.Errorf("%w: it has %s, not %d: was it cut off?", ErrTokenDamaged, plural(len(fields), "field"), want)
	}
	body := text[:strings.LastIndexByte(text, '.')]
	if sum(body) != fields[len(fields)-1] {
		return TokenInfo{}, fmt.Errorf("%w: its checksum does not match", ErrTokenDamaged)
	}
	info, err := readFields(v, fields)
	if err == nil && string(info.text()) != text {
		return TokenInfo{}, fmt.Errorf("%w: it is not written as tokens are", ErrTokenDamaged)
	}
	return info, err
}

func fieldsOf(version int) int { return 7 + version }

// readFields reads the fields of a token whose number and sum are right.
func readFields(version int, fields []string) (info TokenInfo, err error) {
	info = TokenInfo{Version: version}
	for i, to := range []*string{&info.Target, &info.Configuration, &info.Mutant} {
		ok := false
		if *to, ok = unescape(fields[i+1]); !ok {
			return TokenInfo{}, fmt.Errorf("%w: field %q is not well-formed", ErrTokenDamaged, fields[i+1])
		}
	}
	rest := fields[4:]
	if version != oldVersion {
		strategy, endless := strings.CutSuffix(rest[0], endlessSuffix)
		info.Endless = endless
		strategy, races := strings.CutSuffix(strategy, racesSuffix)
		info.DataRaces = races
		strategy, buffers := strings.CutSuffix(strategy, tsoSuffix)
		info.StoreBuffers = buffers
		if info.Strategy, err = parseStrategy(strategy); err != nil {
			return TokenInfo{}, fmt.Errorf("%w: %w", ErrTokenDamaged, err)
		}
		rest = rest[1:]
	}
	info.checks, info.steps = rest[1], rest[2]
	if info.Decisions, err = decodeDecisions(rest[0]); err != nil {
		return TokenInfo{}, fmt.Errorf("%w: %w", ErrTokenDamaged, err)
	}
	if len(info.checks) != checksOf(len(info.Decisions)) {
		return TokenInfo{}, fmt.Errorf("%w: it has %d checks for %d steps", ErrTokenDamaged, len(info.checks), len(info.Decisions))
	}
	if version <= noValues {
		return info, nil
	}
	info.values = rest[3]
	if n := len(info.Decisions); len(info.values) != n/valueStride(n)+hashDigits {
		return TokenInfo{}, fmt.Errorf("%w: its values have %d digits for %d steps", ErrTokenDamaged, len(info.values), n)
	}
	return info, nil
}

// text gives the token, in its own version.
func (info *TokenInfo) text() Token {
	fields := []string{"s" + strconv.Itoa(info.Version), escape(info.Target), escape(info.Configuration), escape(info.Mutant)}
	if info.Version != oldVersion {
		strategy := info.Strategy.String()
		if info.StoreBuffers {
			strategy += tsoSuffix
		}
		if info.DataRaces {
			strategy += racesSuffix
		}
		if info.Endless {
			strategy += endlessSuffix
		}
		fields = append(fields, strategy)
	}
	fields = append(fields, encodeDecisions(info.Decisions), info.checks, info.steps)
	if info.Version > noValues {
		fields = append(fields, info.values)
	}
	body := strings.Join(fields, ".")
	return Token(body + "." + sum(body))
}

func sum(body string) string { return fmt.Sprintf("%08x", crc32.ChecksumIEEE([]byte(body))) }

func plain(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '=' || c == ','
}

func escape(name string) string {
	var b strings.Builder
	for i := range len(name) {
		if plain(name[i]) {
			b.WriteByte(name[i])
		} else {
			fmt.Fprintf(&b, "_%02x", name[i])
		}
	}
	return b.String()
}

func unescape(field string) (string, bool) {
	var b strings.Builder
	for i := 0; i < len(field); i++ {
		c := field[i]
		switch {
		case plain(c):
			b.WriteByte(c)
		case c == '_' && i+2 < len(field):
			n, err := strconv.ParseUint(field[i+1:i+3], 16, 8)
			if err != nil {
				return "", false
			}
			b.WriteByte(byte(n))
			i += 2
		default:
			return "", false
		}
	}
	return b.String(), true
}

func encodeDecisions(ds []Decision) string {
	var b strings.Builder
	for i := 0; i < len(ds); {
		d := ds[i]
		if d.Thread < 0 {
			b.WriteByte('-')
			b.WriteString(strconv.Itoa(d.Answer))
			i++
			continue
		}
		n := 1
		for i+n < len(ds) && ds[i+n] == d {
			n++
		}
		i += n
		b.WriteString(threadLetter(d.Thread))
		if n > 1 {
			b.WriteString(strconv.Itoa(n))
		}
	}
	return b.String()
}

func threadLetter(t int) string {
	switch {
	case t < 26:
		return string(rune('a' + t))
	case t < 52:
		return string(rune('A' + t - 26))
	default:
		return "=" + string(rune('a'+t-52))
	}
}

func decodeDecisions(text string) ([]Decision, error) {
	var ds []Decision
	for text != "" {
		d := Decision{Thread: -1}
		switch c := text[0]; {
		case c == '-':
		case c >= 'a' && c <= 'z':
			d.Thread = int(c - 'a')
		case c >= 'A' && c <= 'Z':
			d.Thread = int(c-'A') + 26
		case c == '=' && len(text) > 1 && text[1] >= 'a' && text[1] < 'a'+maxThreads-52:
			d.Thread = int(text[1]-'a') + 52
			text = text[1:]
		default:
			return nil, fmt.Errorf("decisions contain %q", c)
		}
		n, rest, err := number(text[1:])
		if err != nil {
			return nil, err
		}
		text = rest
		switch {
		case d.Thread < 0 && n < 0:
			return nil, fmt.Errorf("an answer has no number")
		case d.Thread < 0:
			d.Answer, n = n, 1
		case n < 0:
			n = 1
		}
		if len(ds)+n > maxDecisions {
			return nil, fmt.Errorf("more than %d steps", maxDecisions)
		}
		for range n {
			ds = append(ds, d)
		}
	}
	return ds, nil
}

// number reads the digits at the beginning of text; -1: there are none.
func number(text string) (n int, rest string, err error) {
	end := 0
	for end < len(text) && text[end] >= '0' && text[end] <= '9' {
		end++
	}
	if end == 0 {
		return -1, text, nil
	}
	v, err := strconv.ParseUint(text[:end], 10, 31)
	if err != nil {
		return 0, "", fmt.Errorf("the number %s is too large", text[:end])
	}
	return int(v), text[end:], nil
}

// checkStride gives after how many steps each a token of n steps has a check.
func checkStride(n int) int { return max(1, (n+maxChecks-1)/maxChecks) }

func checksOf(n int) int { return n / checkStride(n) }

// valueStride is checkStride of the values.
func valueStride(n int) int { return max(1, (n+maxValues-1)/maxValues) }
