package explore

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"urpc/checker/catalogue"
	"urpc/checker/schedule"
	"urpc/checker/verdict"
)

var (
	swept     = flag.Int("swept", 12, "configurations of each target that TestAnyConfiguration draws")
	sweptSeed = flag.Uint64("swept-seed", 1991, "where its draws begin")
)

// foundWanting are configurations that were accepted, and ended in an error of the tool
// or in an alarm that was none.
var foundWanting = map[string][]string{
	"call": {
		"twice=2,clients=2", "twice=1,servers=2,calls=2", "twice=2,clients=2,records=2,leavers=0", "twice=2,calls=2",
		"clients=2,calls=2,records=2", "clients=4,servers=0,records=2",
	},
	"bind": {
		"death=client,inherited=yes,calls=0", "callers=2,clients=2,death=server", "calls=3,closers=1,lies=client-number",
		"callers=1,clients=2,faults=1,lies=client-descriptors", "clients=2,memory=fine",
		"listen=1,death=client,inherited=yes,memory=fine", "calls=3,closers=1,clients=2,listen=2,death=client,inherited=yes",
		"calls=3,callers=2,closers=2,listen=1,stop=called,faults=1,socket=narrow",
		"clients=2,listen=2,faults=2,lies=reply-length", "calls=0,listen=1,peers=other-client", "calls=0,faults=2,lies=frame",
		"callers=1,lies=reply-value", "callers=1,lies=client-number", "callers=1,values=long", "callers=2,slots=one", "calls=3,clients=2,stop=yes,peers=unseen,demands=served,slots=one", "clients=2,lies=early,context=ends",
	},
	"hostile":  {"pool=yes,writes=3", "victim=server,slots=2,start=2^16-1,writes=2"},
	"donation": {"processors=3,clients=3,workers=4,handlers=block"},
}

// Of whatever configuration a target accepts, executions run: none ends in an error of
// the tool, and none raises an alarm. The configurations are drawn, with few executions
// of each by states and by chance; by hand, with -swept and -swept-seed, many more.
func TestAnyConfiguration(t *testing.T) {
	t.Parallel()
	for _, target := range Targets {
		t.Run(target.Name, func(t *testing.T) {
			t.Parallel()
			draw := rand.New(rand.NewPCG(*sweptSeed, 0))
			for _, config := range foundWanting[target.Name] {
				v, _, err := target.Parse(config)
				if err != nil {
					t.Fatal(err)
				}
				sweep(t, target, v, draw.Uint64())
			}
			for range *swept {
				sweep(t, target, drawn(t, target, draw), draw.Uint64())
			}
		})
	}
}

// sweep explores a configuration for a short while.
func sweep(t *testing.T, target Target, v catalogue.Values, seed uint64) {
	const executions = 200
	for _, s := range []schedule.Strategy{schedule.Stateful(), sample(target, seed, executions)} {
		rep, err := Run(t.Context(), target, v, s, schedule.Options{MaxExecutions: executions})
		switch {
		case err != nil:
			t.Errorf("%s --config %v: %v", target.Name, v, err)
		case rep.Failure != nil:
			t.Errorf("%s --config %v: %s: %s\n%s", target.Name, v, rep.Failure.Property, rep.Failure.Message, rep.Failure.Token)
		case !rep.BudgetUsed && rep.Verdict != verdict.Holds || rep.Untold != nil || rep.Executions == 0:
			t.Errorf("%s --config %v: %v: %s; told nothing: %q", target.Name, v, rep.Verdict, rep.Reason, rep.Untold)
		}
	}
}

// mostDrawn is the most that is drawn for a parameter: executions of the largest
// values have more steps than can be afforded.
const mostDrawn = 5

// drawn draws a configuration that the target accepts. Half of the parameters have
// their defaults, so that each deviation meets few others as well as many.
func drawn(t *testing.T, target Target, draw *rand.Rand) catalogue.Values {
	const tries = 1000
	for range tries {
		var set []string
		for _, p := range target.Parameters {
			if draw.IntN(2) == 0 {
				continue
			}
			most := min(p.Max, max(p.Min, mostDrawn))
			if p.Words != nil {
				most = p.Max
			}
			value := p.Min + draw.IntN(most-p.Min+1)
			text := fmt.Sprint(value)
			if p.Words != nil {
				text = p.Words[value-p.Min]
			}
			set = append(set, p.Name+"="+text)
		}
		if v, _, err := target.Parse(strings.Join(set, ",")); err == nil {
			return v
		}
	}
	t.Fatalf("of %d configurations that were drawn %s accepts none", tries, target.Name)
	return catalogue.Values{}
}
