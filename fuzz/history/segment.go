package history

import (
	"cmp"
	"math"
	"slices"
)

// segment is a part of the history of one key that is judged by itself.
type segment struct {
	key     int
	initial int64 // value of the register before
	events  []*Event
}

// leastSegment is how many events a segment has before it is cut off: short
// enough that Porcupine's memory, which grows with the square, stays small.
// Only tests change it.
var leastSegment = 256

// segments splits a history into parts so that it linearizes exactly if each part
// does.
//
// Registers do not know of each other, and linearizability is local (Herlihy and
// Wing, theorem 1): each key by itself.
//
// The history of a key is cut behind an event that overlaps no other. Every
// linearization has all earlier events before it and all later ones behind it,
// and the value of the register behind it follows from its own input and output.
// So the parts are independent once that value is given to the second one. An
// event of unknown outcome overlaps everything after its call: behind it nothing
// is cut.
func segments(events []Event) []segment {
	byKey := map[int][]*Event{}
	for i := range events {
		e := &events[i]
		// A read of unknown outcome fits everywhere and changes nothing.
		if e.Operation == Read && e.Outcome == Unknown {
			continue
		}
		byKey[e.Key] = append(byKey[e.Key], e)
	}
	keys := make([]int, 0, len(byKey))
	for key := range byKey {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	var all []segment
	for _, key := range keys {
		all = append(all, cut(key, byKey[key])...)
	}
	return all
}

func cut(key int, events []*Event) []segment {
	slices.SortStableFunc(events, func(a, b *Event) int { return cmp.Compare(a.Call, b.Call) })
	var parts []segment
	from, initial, over := 0, int64(0), int64(math.MinInt64)
	for i, e := range events {
		lone := e.Call > over && e.Outcome == Done && i+1 < len(events) && events[i+1].Call > e.Return
		over = max(over, end(e))
		if lone && i+1-from >= leastSegment {
			parts = append(parts, segment{key, initial, events[from : i+1]})
			from, initial = i+1, e.Operation.apply(e.Output, e.Input)
		}
	}
	return append(parts, segment{key, initial, events[from:]})
}
