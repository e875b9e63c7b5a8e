package keys

import (
	"strings"

	"github.com/sluicerun/sluice/job"
)

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
		if d := job.EditDistance(s, fold(name)); d < best || d == best && at == "" && len(s) > 2 {
			best, at = d, name
		}
	}
	return at
}

// list joins names for an error.
func list(keys []Key) string {
	s := make([]string, len(keys))
	for i, k := range keys {
		s[i] = k.String()
	}
	return strings.Join(s, " ")
}
