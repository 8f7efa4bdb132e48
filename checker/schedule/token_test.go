package schedule_test

import (
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"urpc/checker/schedule"
	"urpc/checker/verdict"
)

// failing gives a failure of the program to replay.
func failing(t testing.TB, program func(*schedule.T), o schedule.Options) *schedule.Failure {
	t.Helper()
	rep, err := schedule.Explore(context.Background(), program, schedule.Bounded(2), o)
	if err != nil || rep.Failure == nil {
		t.Fatalf("no failure: %+v, %v", rep, err)
	}
	return rep.Failure
}

var named = schedule.Options{Target: "racy counter", Configuration: "threads=3,n=1", Mutant: "no_lock.x"}

func TestTokenSaysWhatItIsOf(t *testing.T) {
	f := failing(t, increments(3, 1, true), named)
	info, err := schedule.ParseToken(f.Token)
	if err != nil {
		t.Fatal(err)
	}
	if info.Version != 3 || info.Strategy != schedule.Bounded(2) || info.Target != named.Target || info.Configuration != named.Configuration || info.Mutant != named.Mutant {
		t.Errorf("%+v", info)
	}
	if len(info.Decisions) != len(f.Steps) {
		t.Fatalf("%d decisions for %d steps", len(info.Decisions), len(f.Steps))
	}
	for i, d := range info.Decisions {
		if d.Thread != f.Steps[i].Thread {
			t.Errorf("decision %d is of thread %d, its step of %d", i, d.Thread, f.Steps[i].Thread)
		}
	}
	for _, c := range string(f.Token) {
		if !strings.ContainsRune("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_=,", c) {
			t.Errorf("a shell may change %q in %s", c, f.Token)
		}
	}
}

// The same execution has the same token in every process and build.
func TestTokenIsStable(t *testing.T) {
	const want = "s3.racy_20counter.threads=3,n=1.no_5flock_2ex.bounded-2.a2bc2b.pu7jEq.091d559a.jcTXl193bbc7c1.1ff9c40f"
	got := failing(t, increments(3, 1, true), named).Token
	if got != want {
		t.Errorf("token %s, want %s", got, want)
	}
	if again := failing(t, increments(3, 1, true), named).Token; again != got {
		t.Errorf("%s, then %s", got, again)
	}
}

// Tokens of the versions before are read, and stay what they are.
func TestTokensOfTheVersionsBeforeReplay(t *testing.T) {
	for i, old := range []schedule.Token{
		"s1.racy_20counter.threads=3,n=1.no_5flock_2ex.a2bc2b.pu7jEq.091d559a.ee86a38f",
		"s2.racy_20counter.threads=3,n=1.no_5flock_2ex.bounded-2.a2bc2b.pu7jEq.091d559a.1714a86b",
	} {
		rep, err := schedule.Replay(context.Background(), increments(3, 1, true), old, named)
		if err != nil || rep.Verdict != verdict.Violated || rep.Failure.Token != old || rep.Differs != "" {
			t.Fatalf("%+v, %v", rep, err)
		}
		contains(t, rep.Agrees, "steps and answers are those of the token, which is older than values")
		info, err := schedule.ParseToken(old)
		if err != nil || info.Version != i+1 || (info.Strategy.Name() == "") != (i == 0) {
			t.Errorf("%+v, %v", info, err)
		}
	}
}

// Whatever strategy finds a failure, the token has one form, and its replay is the
// same failure byte for byte: token, steps and text.
func TestReplayIsTheSameByteForByteUnderEachStrategy(t *testing.T) {
	program := increments(3, 1, true)
	strategies := slices.Collect(maps.Values(samplers(7, 100)))
	for _, s := range append(strategies, schedule.Bounded(2), schedule.Bounded(-1), schedule.Optimal()) {
		f := explore(t, program, s, named).Failure
		if f == nil {
			t.Fatalf("%v finds nothing", s)
		}
		rep, err := schedule.Replay(context.Background(), program, f.Token, named)
		if err != nil {
			t.Fatalf("%v: %v", s, err)
		}
		if !reflect.DeepEqual(rep.Failure, f) {
			t.Errorf("%v: replayed %+v, found %+v", s, rep.Failure, f)
		}
		var found, again strings.Builder
		if f.WriteText(&found, 0) != nil || rep.Failure.WriteText(&again, 0) != nil || found.String() != again.String() {
			t.Errorf("%v: found\n%s\nreplayed\n%s", s, found.String(), again.String())
		}
		contains(t, string(f.Token), "."+s.Name())
	}
}

// The token of a sample names seed and execution, and exploring by what it names
// ends with the execution that the failure was made of.
func TestTokenOfASampleFindsItsExecutionAgain(t *testing.T) {
	for name, s := range samplers(3, 20_000) {
		rep := explore(t, deep, s, schedule.Options{})
		if rep.Failure == nil {
			t.Fatalf("%s finds nothing", name)
		}
		info, err := schedule.ParseToken(rep.Failure.Token)
		if err != nil || info.Strategy.Name() != s.Name() || info.Strategy.Seed() != 3 || info.Strategy.Executions() != rep.Executions {
			t.Fatalf("%s, after %d executions: %v, %v", name, rep.Executions, info.Strategy, err)
		}
		again := explore(t, deep, info.Strategy, schedule.Options{KeepGoing: true})
		if again.Executions != rep.Executions || again.Bad != 1 || again.Failure.Token != rep.Failure.Token {
			t.Errorf("%s: %d executions, %d bad, %s; want the last of %d to fail as %s",
				name, again.Executions, again.Bad, again.Failure.Token, rep.Executions, rep.Failure.Token)
		}
	}
}

func TestReplayMakesTheSameSteps(t *testing.T) {
	withChoices := func(s *schedule.T) {
		n := uint64(s.Choose("start", 3))
		m := &words{t: s}
		s.Go("a", func() { m.store("a", 0, n+uint64(s.Choose("more", 2))); m.load("b", 1) })
		s.Go("b", func() { s.Check("small", m.load("look", 0) < 3, "saw %d", m.w[0]) })
	}
	for _, program := range []func(*schedule.T){increments(3, 1, true), critical(true), lostWakeUp(false), withChoices} {
		f := failing(t, program, named)
		rep, err := schedule.Replay(context.Background(), program, f.Token, named)
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(rep.Failure, f) {
			t.Errorf("replayed %+v\nfound    %+v", rep.Failure, f)
		}
	}
}

// Every byte altered, left out or doubled, and every cut, is refused with a reason.
func TestDamagedTokenIsRefused(t *testing.T) {
	token := string(failing(t, increments(3, 1, true), named).Token)
	refused := func(text string) {
		t.Helper()
		_, err := schedule.ParseToken(schedule.Token(text))
		if !errors.Is(err, schedule.ErrTokenDamaged) && !errors.Is(err, schedule.ErrTokenVersion) {
			t.Errorf("%q: %v", text, err)
		}
	}
	for i := range token {
		refused(token[:i])
		refused(token[:i] + token[i+1:])
		refused(token[:i] + token[i:i+1] + token[i:])
		for c := range 256 {
			if byte(c) != token[i] {
				refused(token[:i] + string([]byte{byte(c)}) + token[i+1:])
			}
		}
	}
	refused(token + "0")
	refused("")
}

// sealed gives the text a right checksum, to get past it.
func sealed(body string) schedule.Token {
	return schedule.Token(fmt.Sprintf("%s.%08x", body, crc32.ChecksumIEEE([]byte(body))))
}

func TestMalformedTokenIsRefusedBehindItsChecksum(t *testing.T) {
	for body, want := range map[string]string{
		"s1.t.c.m.a.0.00000000":               "",
		"s1.t.c.m.ab.0.00000000":              "1 checks for 2 steps",
		"s1.t.c.m.a9999999.0.00000000":        "more than",
		"s1.t.c.m.a99999999999999.0.00000000": "too large",
		"s1.t.c.m.-.0.00000000":               "no number",
		"s1.t.c.m.=z.0.00000000":              "decisions contain",
		"s1.t.c.m.a+b.0.00000000":             "decisions contain",
		"s1.t_zz.c.m.a.0.00000000":            "not well-formed",
		"s1.t_2.c.m.a.0.00000000":             "not well-formed",
		"s1.t t.c.m.a.0.00000000":             "not well-formed",
		"s1.t.c.a.0.00000000":                 "7 fields",
		"s4.t.c.m.a.0.00000000":               "version 4, this build reads 1 to 3",
		"s0.t.c.m.a.0.00000000":               "version 0, this build reads 1 to 3",
		"s3.t.c.m..a.0.00000000":              "9 fields, not 10",
		"s3.t.c.m..a.0.00000000.000000000":    "",
		"s3.t.c.m..a.0.00000000.00000000":     "its values have 8 digits for 1 steps",
		"x1.t.c.m.a.0.00000000":               "does not begin",
		"s1.t.c.m.=aZz-12.0000.00000000":      "",
		"s1.t.c.m.=l3A2-0.000000.00000000":    "",
		"s1.......":                           "fields",
		"s01.t.c.m.a.0.00000000":              "version 01",
		"s1.t.c.m.a01.0.00000000":             "not written as tokens are",
		"s1.t.c.m.aa.00.00000000":             "not written as tokens are",
		"s1._74.c.m.a.0.00000000":             "not written as tokens are",
		"s2.t.c.m.a.0.00000000":               "8 fields, not 9",
		"s2.t.c.m..a.0.00000000":              "",
		"s2.t.c.m.stateful.a.0.00000000":      "",
		"s2.t.c.m.bounded.a.0.00000000":       "",
		"s2.t.c.m.pct-3-1-10.a.0.00000000":    "",
		"s2.t.c.m.pct-1-10.a.0.00000000":      `strategy "pct-1-10" is not one`,
		"s2.t.c.m.random-1.a.0.00000000":      "is not one",
		"s2.t.c.m.random-1-x.a.0.00000000":    "is not one",
		"s2.t.c.m.random-01-2.a.0.00000000":   "is not one",
		"s2.t.c.m.optimal-1.a.0.00000000":     "is not one",
		"s2.t.c.m.luck-1-2.a.0.00000000":      "is not one",
		"s1.t.c.m." + strings.Repeat("a-1", 64) + "." + strings.Repeat("0", 64) + ".00000000": "",
	} {
		_, err := schedule.ParseToken(sealed(body))
		if want == "" {
			if err != nil {
				t.Errorf("%s: %v", body, err)
			}
			continue
		}
		if err == nil {
			t.Errorf("%s is accepted", body)
			continue
		}
		contains(t, err.Error(), want)
	}
}

func TestTokenOfAnotherProgramIsRefused(t *testing.T) {
	program := increments(3, 1, true)
	token := failing(t, program, named).Token
	for want, o := range map[string]schedule.Options{
		"its target is \"racy counter\", not \"x\"":         {Target: "x"},
		"its configuration is \"threads=3,n=1\", not \"n\"": {Configuration: "n"},
		"its mutant is \"no_lock.x\", not \"m\"":            {Mutant: "m"},
	} {
		_, err := schedule.Replay(context.Background(), program, token, o)
		if !errors.Is(err, schedule.ErrTokenProgram) {
			t.Fatalf("%+v: %v", o, err)
		}
		contains(t, err.Error(), want)
	}
	if _, err := schedule.Replay(context.Background(), program, token, schedule.Options{}); err != nil {
		t.Errorf("options that name nothing: %v", err)
	}
}

// A token of a search for data races says so, so that its replay looks for them. One of before
// tokens did is read, and wants to be told.
func TestTokenOfADataRace(t *testing.T) {
	program := func(t *schedule.T) {
		x := t.Word("x", 0)
		for range 2 {
			t.Go("a", func() { x.Write(1); x.Read() })
		}
	}
	races := schedule.Options{DataRaces: true}
	f := explore(t, program, schedule.Optimal(), races).Failure
	if info, err := schedule.ParseToken(f.Token); err != nil || !info.DataRaces || !strings.Contains(string(f.Token), ",races.") {
		t.Fatalf("%s: %+v, %v", f.Token, info, err)
	}
	old := strings.Replace(string(f.Token), ",races.", ".", 1)
	before := sealed(old[:strings.LastIndexByte(old, '.')])
	for _, c := range []struct {
		token schedule.Token
		o     schedule.Options
		want  error
	}{
		{f.Token, schedule.Options{}, nil},
		{f.Token, races, nil},
		{before, races, nil},
		{before, schedule.Options{}, schedule.ErrTokenSteps},
	} {
		rep, err := schedule.Replay(context.Background(), program, c.token, c.o)
		switch {
		case !errors.Is(err, c.want):
			t.Errorf("%s, %+v: %v", c.token, c.o, err)
		case err == nil && (rep.Failure == nil || rep.Failure.Property != "data race" || rep.Failure.Token != c.token):
			t.Errorf("%s, %+v: %v %+v", c.token, c.o, rep.Verdict, rep.Failure)
		}
	}
	if info, err := schedule.ParseToken(failing(t, increments(2, 1, true), schedule.Options{}).Token); err != nil || info.DataRaces {
		t.Errorf("a token of another search: %+v, %v", info, err)
	}
}

// variant is a program of two threads that differs from the original in one thing.
func variant(what string) func(*schedule.T) {
	return func(s *schedule.T) {
		m := &words{t: s}
		increment := func() {
			v := m.load("load", 0)
			if what == "one less" && s.Self() == 1 {
				m.w[0] = v + 1
				return
			}
			if what == "waits" && s.Self() == 1 {
				s.Await("never", func() bool { return false }, at(0))
			}
			switch what {
			case "name":
				m.store("save", 0, v+1)
			case "location":
				m.store("store", 1, v+1)
				m.w[0] = m.w[1]
			case "kind":
				m.step("store", schedule.Swap, 0)
				m.w[0] = v + 1
			case "extra step":
				m.load("again", 1)
				m.store("store", 0, v+1)
			case "stops":
				m.w[0] = v + 1
			case "asks":
				s.Choose("how", 2)
				m.store("store", 0, v+1)
			case "fails":
				s.Check("early", v == 1, "saw %d", v)
				m.store("store", 0, v+1)
			default:
				m.store("store", 0, v+1)
			}
		}
		s.Go("left", increment)
		if what == "thread" {
			s.Go("RIGHT", increment)
		} else if what != "threads" {
			s.Go("right", increment)
		}
		s.AtEnd(func() {
			want := uint64(2)
			if what == "repaired" {
				want = 1
			}
			s.Check("sum", m.w[0] == want, "%d", m.w[0])
		})
	}
}

func TestTokenOfOtherCodeIsRefusedWithTheStep(t *testing.T) {
	f := failing(t, variant(""), schedule.Options{}) // left load, right load and store, left store
	for what, want := range map[string]string{
		"name":       "step 3 was another one; step 3 is now save (store 1:0) by right",
		"location":   "step 3 was another one; step 3 is now store (store 1:8) by right",
		"kind":       "step 3 was another one; step 3 is now store (swap 1:0) by right",
		"stops":      "it ends after step 2, and 2 more are to come",
		"thread":     "step 2 was another one; step 2 is now load (load 1:0) by RIGHT",
		"extra step": "step 3 was another one; step 3 is now again (load 1:8) by right",
		"one less":   `step 3 was by thread "right", which now has ended`,
		"waits":      `step 3 was by thread "right", which now waits at never`,
		"asks":       "step 2 was by thread 1, and now Choose is called",
		"fails":      "after step 1 it fails already, and 3 more are to come: property early: saw 0",
		"threads":    "step 2 was by thread 1, and the program has 1 thread now",
	} {
		_, err := schedule.Replay(context.Background(), variant(what), f.Token, schedule.Options{})
		if !errors.Is(err, schedule.ErrTokenSteps) {
			t.Errorf("%s: %v", what, err)
			continue
		}
		contains(t, err.Error(), want)
	}
	// Where the program is known to check more, that is an outcome and no difference.
	early, err := schedule.Replay(context.Background(), variant("fails"), f.Token, schedule.Options{Stricter: true})
	if err != nil || early.Failure == nil || early.Failure.Property != "early" || len(early.Failure.Steps) != 1 || early.Bad != 1 {
		t.Errorf("a stricter program: %+v, %v", early.Failure, err)
	}
	if _, err := schedule.Replay(context.Background(), variant("stops"), f.Token, schedule.Options{Stricter: true}); !errors.Is(err, schedule.ErrTokenSteps) {
		t.Errorf("a program that is stricter and ends early: %v", err)
	}
	rep, err := schedule.Replay(context.Background(), variant("repaired"), f.Token, schedule.Options{})
	if err != nil || rep.Failure != nil || rep.Executions != 1 || !rep.Complete {
		t.Errorf("the same steps with a weaker check: %+v, %v", rep, err)
	}
}

// A replay by code that makes the same steps with other values is that of the token, and
// says where they differ.
func TestTokenOfOtherValuesSaysWhere(t *testing.T) {
	counter := func(by, start uint64, rounds int, late uint64) func(*schedule.T) {
		return func(s *schedule.T) {
			x, y := s.Word("x", start), s.Word("y", 0)
			for _, name := range []string{"left", "right"} {
				s.Go(name, func() { x.Store(x.Load() + by) })
			}
			s.Go("late", func() {
				for range rounds {
					y.Add(1)
				}
				y.Store(late)
			})
			s.AtEnd(func() { s.Check("sum", x.Peek() == start+2*by, "%v", x) })
		}
	}
	for _, c := range []struct {
		name   string
		rounds int
		now    func(*schedule.T)
		want   string
	}{
		{"the same", 0, counter(1, 0, 0, 1), ""},
		{"another increment", 0, counter(2, 0, 0, 1), "step 3 reads or writes another value"},
		{"another start", 0, counter(1, 7, 0, 1), "step 1 reads or writes another value"},
		{"the last one", 0, counter(1, 0, 0, 2), "step 5 reads or writes another value than when it was made: the code has changed, or what it begins with (step 5 is now store y (store 65535:8) by late: 2)"},
		{"the last of many", 44, counter(1, 0, 44, 2), "step 49 reads or writes another value"},
		{"one of many", 44, counter(2, 0, 44, 1), "one of the steps 1 to 4 reads or writes another value"},
	} {
		f := failing(t, counter(1, 0, c.rounds, 1), named)
		rep, err := schedule.Replay(context.Background(), c.now, f.Token, named)
		if err != nil || rep.Verdict != verdict.Violated || rep.Failure.Token != f.Token {
			t.Errorf("%s: %+v, %v", c.name, rep, err)
			continue
		}
		if c.want == "" {
			if rep.Differs != "" || rep.Agrees != "steps, answers and values are those of the token" {
				t.Errorf("%s: %q, %q", c.name, rep.Differs, rep.Agrees)
			}
			continue
		}
		if contains(t, rep.Differs, c.want); rep.Agrees != "" {
			t.Errorf("%s: %s", c.name, rep.Agrees)
		}
	}
}

// Where a token is too long for a check after each step, the place is a range.
func TestTokenOfManySteps(t *testing.T) {
	long := func(renamed int) func(*schedule.T) {
		return func(s *schedule.T) {
			s.Go("a", func() {
				for i := range 1000 {
					name := "s"
					if i == renamed {
						name = "renamed"
					}
					s.Step(step(name))
				}
				s.Fail("always", "at the end")
			})
		}
	}
	f := failing(t, long(-1), schedule.Options{})
	if len(f.Token) > 150 {
		t.Errorf("1000 steps in a row take %d characters", len(f.Token))
	}
	if _, err := schedule.Replay(context.Background(), long(-1), f.Token, schedule.Options{}); err != nil {
		t.Error(err)
	}
	_, err := schedule.Replay(context.Background(), long(500), f.Token, schedule.Options{})
	if !errors.Is(err, schedule.ErrTokenSteps) {
		t.Fatal(err)
	}
	contains(t, err.Error(), "one of the steps 497 to 512 was another one")
	_, err = schedule.Replay(context.Background(), long(999), f.Token, schedule.Options{})
	if !errors.Is(err, schedule.ErrTokenSteps) {
		t.Fatal(err)
	}
	contains(t, err.Error(), "the hash of its 1000 steps differs")
}

// Tokens name threads beyond the letters.
func TestTokenOfManyThreads(t *testing.T) {
	program := func(s *schedule.T) {
		ran := 0
		for i := range 64 {
			s.Go(fmt.Sprint(i), func() { s.Step(step("s")); ran++; s.Check("few", ran < 64, "%d", ran) })
		}
	}
	rep := explore(t, program, schedule.Random(1, 1), schedule.Options{})
	again, err := schedule.Replay(context.Background(), program, rep.Failure.Token, schedule.Options{})
	if err != nil || !reflect.DeepEqual(again.Failure, rep.Failure) || len(rep.Failure.Steps) != 64 {
		t.Errorf("%+v, %v", again.Failure, err)
	}
}

// Replays of choices that are asked otherwise now.
func TestTokenOfOtherChoicesIsRefused(t *testing.T) {
	ask := func(name string, ns ...int) func(*schedule.T) {
		return func(s *schedule.T) {
			total := 0
			for _, n := range ns {
				total += s.Choose(name, n)
			}
			s.Go("a", func() { s.Step(step("a")); s.Check("sum", total < 3, "%d", total) })
		}
	}
	token := failing(t, ask("c", 3, 3), schedule.Options{}).Token // 1, 2, then a
	for want, program := range map[string]func(*schedule.T){
		"step 1 was another one; step 1 is now choice d":               ask("d", 3, 3),
		"step 2 was answer 2 of Choose, and now there are 2":           ask("c", 3, 2),
		"step 2 was an answer of Choose, and now threads are to go on": ask("c", 3),
		"step 3 was by thread 0, and now Choose is called":             ask("c", 3, 3, 3),
	} {
		_, err := schedule.Replay(context.Background(), program, token, schedule.Options{})
		if !errors.Is(err, schedule.ErrTokenSteps) {
			t.Errorf("%s: %v", want, err)
			continue
		}
		contains(t, err.Error(), want)
	}
}

func TestReplayInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	token := failing(t, critical(true), schedule.Options{}).Token
	cancel()
	rep, err := schedule.Replay(ctx, critical(true), token, schedule.Options{})
	if err != nil || rep.Reason != "interrupted" || rep.Executions != 0 {
		t.Errorf("%+v, %v", rep, err)
	}
}

// FuzzParseToken: no text makes the parser panic, and what it accepts it reads
// the same way again.
func FuzzParseToken(f *testing.F) {
	f.Add("s1.t.c.m.a2b-1.000.00000000")
	f.Add("s1....=a-0Z.000.00000000")
	f.Add("s2.t.c.m.random-1-2.a2b-1.000.00000000")
	f.Add("s3.t.c.m.random-1-2.a2b-1.000.00000000.00000000000")
	f.Add("")
	f.Fuzz(func(t *testing.T, body string) {
		for _, token := range []schedule.Token{schedule.Token(body), sealed(body)} {
			info, err := schedule.ParseToken(token)
			if err != nil {
				continue
			}
			again, err := schedule.ParseToken(token)
			if err != nil || !reflect.DeepEqual(info, again) {
				t.Errorf("%q is read as %+v, then %+v, %v", token, info, again, err)
			}
			for _, d := range info.Decisions {
				if d.Thread < -1 || d.Thread >= 64 || d.Answer < 0 {
					t.Errorf("%q has decision %+v", token, d)
				}
			}
		}
	})
}
