package catalogue

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	"urpc/checker"
)

// channels is a family to be asked; its Build never makes a model.
func channels() Family {
	return Family{
		Name: "channel", Doc: "a channel",
		Parameters: []Parameter{
			{Name: "clients", Doc: "clients", Default: 1, Min: 1, Max: 4},
			{Name: "slots", Doc: "slots", Default: 2, Min: 1, Max: 8},
			{Name: "policy", Doc: "when to donate", Default: 0, Min: 0, Max: 2, Words: []string{"lazy", "eager", "hybrid"}},
		},
		Configurations: []Configuration{
			{Name: "tiny", Doc: "the least", Set: map[string]int{"slots": 1}},
			{Name: "wide", Doc: "more", Set: map[string]int{"clients": 3, "policy": 1}},
		},
		Mutants: []Mutant{{Name: "no-recheck", Doc: "parks at once", Configuration: "tiny", KilledBy: "no lost wake-up"}},
		Build:   func(Values, string) (checker.AnyModel, error) { return nil, nil },
	}
}

func TestConfigurationsThatAreRead(t *testing.T) {
	for config, want := range map[string][2]string{
		"":                              {"clients=1,slots=1,policy=lazy", "tiny"},
		"tiny":                          {"clients=1,slots=1,policy=lazy", "tiny"},
		"wide":                          {"clients=3,slots=2,policy=eager", "wide"},
		"slots=1":                       {"clients=1,slots=1,policy=lazy", "tiny"},
		"clients=4":                     {"clients=4,slots=2,policy=lazy", ""},
		"policy=hybrid,clients=2":       {"clients=2,slots=2,policy=hybrid", ""},
		"wide,slots=8":                  {"clients=3,slots=8,policy=eager", ""},
		"wide,slots=1,clients=1":        {"clients=1,slots=1,policy=eager", ""},
		"clients=3,policy=eager":        {"clients=3,slots=2,policy=eager", "wide"},
		"tiny,clients=1":                {"clients=1,slots=1,policy=lazy", "tiny"},
		"clients=1,slots=1,policy=lazy": {"clients=1,slots=1,policy=lazy", "tiny"},
	} {
		v, name, err := channels().Parse(config)
		if err != nil || v.String() != want[0] || name != want[1] {
			t.Errorf("%q gives %q named %q, %v; want %q named %q", config, v, name, err, want[0], want[1])
			continue
		}
		again, _, err := channels().Parse(v.String())
		if err != nil || again.String() != v.String() {
			t.Errorf("%q is written %q, which gives %q, %v", config, v, again, err)
		}
	}
}

func TestConfigurationsThatAreRefused(t *testing.T) {
	for config, want := range map[string]string{
		"wild":                `unknown configuration "wild" of channel; did you mean "wide"?; known: tiny, wide`,
		"client=2":            `unknown parameter "client" of channel; did you mean "clients"?; known: clients, slots, policy`,
		"zzzzzzzz=2":          `unknown parameter "zzzzzzzz" of channel; known: clients, slots, policy`,
		"clients=5":           "parameter clients: 5 is out of range; want 1 to 4",
		"clients=0":           "parameter clients: 0 is out of range; want 1 to 4",
		"clients=-1":          "parameter clients: -1 is out of range; want 1 to 4",
		"clients=9" + nines:   "is out of range; want 1 to 4",
		"clients=two":         `parameter clients: "two" is not a number; want 1 to 4`,
		"clients=+2":          `"+2" is not a number`,
		"clients=02":          `"02" is not a number`,
		"clients= 2":          `" 2" is not a number`,
		"clients=1=2":         `"1=2" is not a number`,
		"clients=":            "parameter clients: has no value; want 1 to 4",
		"clients":             `unknown configuration "clients" of channel`,
		"clients=2,":          "a setting is empty",
		",clients=2":          "a setting is empty",
		"clients=2,,slots=1":  "a setting is empty",
		"wide,":               "a setting is empty",
		",":                   "a setting is empty",
		"clients=2,clients=2": "parameter clients is set twice",
		"slots=2,tiny":        `configuration name "tiny" must come first`,
		"wide,tiny":           `configuration name "tiny" must come first`,
		"slots=2,clients":     `setting "clients" has no value`,
		"=2":                  `unknown parameter ""`,
		"policy=eagre":        `parameter policy: "eagre" is none of its values; did you mean "eager"? want lazy, eager or hybrid`,
		"policy=1":            `parameter policy: "1" is none of its values; want lazy, eager or hybrid`,
	} {
		v, _, err := channels().Parse(config)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q gives %q and error %v, want one that says %q", config, v, err, want)
		}
	}
}

const nines = "99999999999999999999"

func TestValuesByName(t *testing.T) {
	v, _, err := channels().Parse("wide")
	if err != nil || v.Int("clients") != 3 || v.Int("policy") != 1 || v.Word("policy") != "eager" || v.Word("slots") != "2" {
		t.Errorf("%q, %v", v, err)
	}
	defer func() {
		if recover() == nil {
			t.Error("a parameter that is not declared has a value")
		}
	}()
	v.Int("servers")
}

func TestNamesThatAreFound(t *testing.T) {
	families := []Family{channels(), {Name: "ring"}}
	if f, err := Find(families, "ring"); err != nil || f.Name != "ring" {
		t.Errorf("%q, %v", f.Name, err)
	}
	var e *UnknownError
	if _, err := Find(families, "rnig"); !errors.As(err, &e) || e.Nearest != "ring" || !slices.Equal(e.Known, []string{"channel", "ring"}) {
		t.Errorf("%v", err)
	}
	if m, err := channels().Mutant("no-recheck"); err != nil || m.KilledBy == "" {
		t.Errorf("%v, %v", m, err)
	}
	if _, err := channels().Mutant("norecheck"); !errors.As(err, &e) || e.Nearest != "no-recheck" || e.What != "mutant" {
		t.Errorf("%v", err)
	}
	if _, err := families[1].Mutant("x"); err == nil || !strings.Contains(err.Error(), "there is none") {
		t.Errorf("%v", err)
	}
}

func TestNearest(t *testing.T) {
	names := []string{"ring", "philosophers", "twophase"}
	for name, want := range map[string]string{
		"ring": "ring", "rings": "ring", "rign": "ring", "philosopher": "philosophers", "two-phase": "twophase",
		"towphase": "twophase", "": "", "editor": "", "x": "",
	} {
		if got := Nearest(name, names); got != want {
			t.Errorf("nearest to %q is %q, want %q", name, got, want)
		}
	}
	for pair, want := range map[[2]string]int{
		{"", ""}: 0, {"", "abc"}: 3, {"abc", ""}: 3, {"abc", "abc"}: 0, {"kitten", "sitting"}: 3, {"ab", "ba"}: 1, {"é", "e"}: 1,
	} {
		if got := distance(pair[0], pair[1]); got != want {
			t.Errorf("distance of %q is %d, want %d", pair, got, want)
		}
	}
}

func TestDeclarationsThatAreRefused(t *testing.T) {
	if err := channels().Validate(); err != nil {
		t.Fatal(err)
	}
	cases := map[string]func(f *Family){
		"has no name":                            func(f *Family) { f.Name = "" },
		"a character that settings":              func(f *Family) { f.Configurations[0].Name = "a=b" },
		"has no Doc":                             func(f *Family) { f.Doc = "" },
		"has no Build":                           func(f *Family) { f.Build = nil },
		"has no configuration":                   func(f *Family) { f.Configurations = nil },
		`parameter "clients": there are two`:     func(f *Family) { f.Parameters[1].Name = "clients" },
		"Min 5 is above Max 4":                   func(f *Family) { f.Parameters[0].Min = 5 },
		"Default 0 is not within":                func(f *Family) { f.Parameters[0].Default = 0 },
		"has 2 words for 3 values":               func(f *Family) { f.Parameters[2].Words = []string{"a", "b"} },
		`word "a": there are two`:                func(f *Family) { f.Parameters[2].Words = []string{"a", "b", "a"} },
		`configuration "tiny": there are two`:    func(f *Family) { f.Configurations[1].Name = "tiny" },
		`sets "servers", which is no parameter`:  func(f *Family) { f.Configurations[1].Set["servers"] = 1 },
		"sets clients to 9":                      func(f *Family) { f.Configurations[1].Set["clients"] = 9 },
		`mutant "no-recheck": has no Doc`:        func(f *Family) { f.Mutants[0].Doc = "" },
		"names no property":                      func(f *Family) { f.Mutants[0].KilledBy = "" },
		`unknown configuration "huge"`:           func(f *Family) { f.Mutants[0].Configuration = "huge" },
		`configuration "tiny": does not build`:   func(f *Family) { f.Build = failing("") },
		`mutant "no-recheck": does not build`:    func(f *Family) { f.Build = failing("no-recheck") },
		`parameter "slots": has no Doc`:          func(f *Family) { f.Parameters[1].Doc = "" },
		`mutant "no-recheck": there are two`:     func(f *Family) { f.Mutants = append(f.Mutants, f.Mutants[0]) },
		`parameter "a b": name "a b" has a char`: func(f *Family) { f.Parameters[0].Name = "a b" },
	}
	for _, want := range slices.Sorted(maps.Keys(cases)) {
		f := channels()
		cases[want](&f)
		if err := f.Validate(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want one that says %q", err, want)
		}
	}
}

// failing builds everything but one mutant.
func failing(which string) func(Values, string) (checker.AnyModel, error) {
	return func(_ Values, mutant string) (checker.AnyModel, error) {
		if mutant == which {
			return nil, errors.New("cannot")
		}
		return nil, nil
	}
}

// Whatever is read is written so that it is read again as the same.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{"", "tiny", "wide,slots=3", "clients=2,policy=eager", ",", "=", "clients=99"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, config string) {
		v, name, err := channels().Parse(config)
		if err != nil {
			return
		}
		again, nameAgain, err := channels().Parse(v.String())
		if err != nil || again.String() != v.String() || nameAgain != name {
			t.Errorf("%q is written %q, which gives %q named %q, %v", config, v, again, nameAgain, err)
		}
	})
}
