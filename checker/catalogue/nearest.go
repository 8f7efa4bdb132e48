package catalogue

// Nearest is the name in of that is the fewest edits away from name, the first
// of several; "" if each is so far away that it cannot be meant: more than half
// of the longer one's letters.
func Nearest(name string, of []string) string {
	best, nearest := -1, ""
	for _, candidate := range of {
		d := distance(name, candidate)
		if 2*d > max(len([]rune(name)), len([]rune(candidate))) {
			continue
		}
		if best < 0 || d < best {
			best, nearest = d, candidate
		}
	}
	return nearest
}

// distance is the number of letters to insert, delete, replace or swap with the
// next one that make b of a (optimal string alignment).
func distance(a, b string) int {
	x, y := []rune(a), []rune(b)
	before, last := make([]int, len(y)+1), make([]int, len(y)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(x); i++ {
		now := make([]int, len(y)+1)
		now[0] = i
		for j := 1; j <= len(y); j++ {
			cost := 1
			if x[i-1] == y[j-1] {
				cost = 0
			}
			now[j] = min(last[j]+1, now[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && x[i-1] == y[j-2] && x[i-2] == y[j-1] {
				now[j] = min(now[j], before[j-2]+1)
			}
		}
		before, last = last, now
	}
	return last[len(y)]
}
