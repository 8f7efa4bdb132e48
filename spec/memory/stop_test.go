package memory

import (
	"testing"
)

// Every named configuration in which the server stops has exactly so many states, and
// all properties hold in it, the reachable twins included.
func TestStopConfigurations(t *testing.T) {
	holdsIn(t, StopFamily, map[string]whole{
		"1-1-1-1": {3502, 8941, 64},
		"1-1-2-1": {8092, 20810, 108},
		"1-2-1-1": {86509, 300556, 77},
		"2-1-1-1": {288458, 991700, 113},
		"donate":  {8492, 22319, 92},
	})
}

func TestStopMutants(t *testing.T) {
	// The other properties are the channel's.
	caughtIn(t, StopFamily, map[string]int{
		"stop-not-nudged": 53, "stop-misses-worker": 53, "pool-nudge-after": 54, "stop-after-nudge": 54, "stop-drains": 52,
	}, LooksFirst, "deadlock")
}

func TestStopDeclaration(t *testing.T) {
	if err := StopFamily.Validate(); err != nil {
		t.Error(err)
	}
	good := Config{Clients: 2, Servers: 1, Calls: 1, Slots: 1, Replies: 1, Stops: true}
	if err := good.Fits(); err != nil {
		t.Error(err)
	}
	for what, change := range map[string]func(c *Config){
		"calls that are left": func(c *Config) { c.Leave = Leave{Records: 2, Leavers: 1} },
		"a queue by itself":   func(c *Config) { c.Queue = true },
		"a doorbell":          func(c *Config) { c.Doorbell = 4 },
	} {
		c := good
		if change(&c); c.Fits() == nil {
			t.Errorf("%s: %+v is accepted", what, c)
		}
	}
}
