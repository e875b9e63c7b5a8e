package keys

import "strings"

// suggest returns the name of a key that s may be meant for, or "".
func suggest(s string) string { return closest(s, names().shown) }

// closest returns the first of list that is nearest to s by the number of
// letters that are wrong, missing, too many or swapped. What is too far away to
// be a mistype gives "".
func closest(s string, list []string) string {
	s = fold(s)
	best, at := 1+len(s)/3, ""
	if len(s) > 24 {
		return ""
	}
	for _, name := range list {
		// The folded name must be as long as the mistakes can explain.
		if d := distance(s, fold(name)); d < best || d == best && at == "" && len(s) > 2 {
			best, at = d, name
		}
	}
	return at
}

// distance is the optimal string alignment distance of two short ASCII names.
func distance(a, b string) int {
	var prev2 []int
	prev := make([]int, len(b)+1)
	for j := range prev {
		prev[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row := make([]int, len(b)+1)
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(prev[j]+1, row[j-1]+1, prev[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], prev2[j-2]+1)
			}
		}
		prev2, prev = prev, row
	}
	return prev[len(b)]
}

// list joins names for an error.
func list(keys []Key) string {
	s := make([]string, len(keys))
	for i, k := range keys {
		s[i] = k.String()
	}
	return strings.Join(s, " ")
}
