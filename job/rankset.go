package job

import (
	"slices"
	"sort"
	"strconv"
	"strings"
)

// MaxRank is the highest rank that can be named.
const MaxRank = 1 << 20

const rankSetAllowed = "5, 8-15, %8 (every eighth), %8+1 (the same, from 1), all, none, separated by commas"

// RankSet is a set of ranks as people type it: "0,8-15", "%8", "all". It costs
// what its text costs, however many ranks it has.
//
// The zero value means "not set", which is not the same as "none": it contains
// no rank, and whoever owns the field says what the default is. A RankSet is a
// value; it may be copied and used from many goroutines.
type RankSet struct {
	set     bool
	all     bool
	ranges  []rankRange // ascending, neither overlapping nor adjacent
	strides []stride    // ascending, each once
}

type rankRange struct{ lo, hi int }

// stride is every step-th rank, beginning at off < step.
type stride struct{ step, off int }

// AllRanks is the set "all".
func AllRanks() RankSet { return RankSet{set: true, all: true} }

// NoRanks is the set "none".
func NoRanks() RankSet { return RankSet{set: true} }

// Ranks is the set of the given ranks. What cannot be a rank (below 0 or above
// MaxRank) is left out.
func Ranks(ranks ...int) RankSet {
	s := RankSet{set: true}
	for _, r := range ranks {
		if r >= 0 && r <= MaxRank {
			s.ranges = append(s.ranges, rankRange{r, r})
		}
	}
	return s.canonical()
}

// ParseRankSet reads a comma list of "5", "8-15", "%8" (0, 8, 16, ...),
// "%8+1" (1, 9, 17, ...), "all" and "none". Errors are *SyntaxError.
func ParseRankSet(s string) (RankSet, error) {
	return parseRanks("rank set", rankSetAllowed, s, 0, len(s))
}

// IsZero tells whether the set is not set at all.
func (s RankSet) IsZero() bool { return !s.set }

// Contains tells whether rank is in the set.
func (s RankSet) Contains(rank int) bool {
	if rank < 0 {
		return false
	}
	if s.all {
		return true
	}
	i := sort.Search(len(s.ranges), func(i int) bool { return s.ranges[i].hi >= rank })
	if i < len(s.ranges) && s.ranges[i].lo <= rank {
		return true
	}
	for _, t := range s.strides {
		if rank%t.step == t.off {
			return true
		}
	}
	return false
}

// Members are the ranks of the set among 0..n-1, ascending.
func (s RankSet) Members(n int) []int {
	var members []int
	for r := range max(n, 0) {
		if s.Contains(r) {
			members = append(members, r)
		}
	}
	return members
}

// Beyond is what the set names in numbers and ranges that is not below n; not set if
// there is none. "all" and strides name no end.
func (s RankSet) Beyond(n int) (out RankSet) {
	for _, r := range s.ranges {
		if r.hi >= n {
			out.set, out.ranges = true, append(out.ranges, rankRange{max(r.lo, n), r.hi})
		}
	}
	return out
}

// Equal tells whether two sets were built the same way: it compares canonical
// texts, so "%1" equals "all" but "0-7" never equals "all".
func (s RankSet) Equal(t RankSet) bool {
	return s.set == t.set && s.all == t.all &&
		slices.Equal(s.ranges, t.ranges) && slices.Equal(s.strides, t.strides)
}

// String is the canonical text, "" when not set.
func (s RankSet) String() string {
	switch {
	case !s.set:
		return ""
	case s.all:
		return "all"
	case len(s.ranges)+len(s.strides) == 0:
		return "none"
	}
	var b []byte
	for _, r := range s.ranges {
		b = appendRange(b, r)
	}
	for _, t := range s.strides {
		if len(b) > 0 {
			b = append(b, ',')
		}
		b = append(b, '%')
		b = strconv.AppendInt(b, int64(t.step), 10)
		if t.off > 0 {
			b = append(b, '+')
			b = strconv.AppendInt(b, int64(t.off), 10)
		}
	}
	return string(b)
}

// MarshalText gives the canonical text, empty when not set.
func (s RankSet) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText is ParseRankSet, except that an empty text means not set.
func (s *RankSet) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*s = RankSet{}
		return nil
	}
	return s.Set(string(text))
}

// Set makes a *RankSet a flag value.
func (s *RankSet) Set(text string) error {
	v, err := ParseRankSet(text)
	if err != nil {
		return err
	}
	*s = v
	return nil
}

// Type is the word that help pages show for the value.
func (*RankSet) Type() string { return "ranks" }

// FormatRanks writes ranks compactly: "0-3,8". The order and repetitions of
// ranks do not matter; no ranks give "".
func FormatRanks(ranks []int) string {
	sorted := slices.Clone(ranks)
	slices.Sort(sorted)
	var b []byte
	for i := 0; i < len(sorted); {
		j := i + 1
		for j < len(sorted) && sorted[j]-sorted[j-1] <= 1 {
			j++
		}
		b = appendRange(b, rankRange{sorted[i], sorted[j-1]})
		i = j
	}
	return string(b)
}

func appendRange(b []byte, r rankRange) []byte {
	if len(b) > 0 {
		b = append(b, ',')
	}
	b = strconv.AppendInt(b, int64(r.lo), 10)
	if r.hi > r.lo {
		b = append(b, '-')
		b = strconv.AppendInt(b, int64(r.hi), 10)
	}
	return b
}

// union is the set of what is in either; the result is set.
func (s RankSet) union(t RankSet) RankSet {
	return RankSet{
		set:     true,
		all:     s.all || t.all,
		ranges:  slices.Concat(s.ranges, t.ranges),
		strides: slices.Concat(s.strides, t.strides),
	}.canonical()
}

func (s RankSet) isNone() bool { return s.set && !s.all && len(s.ranges)+len(s.strides) == 0 }

// canonical sorts and merges in place.
func (s RankSet) canonical() RankSet {
	for _, t := range s.strides {
		s.all = s.all || t.step == 1
	}
	if s.all {
		return AllRanks()
	}
	slices.SortFunc(s.ranges, func(a, b rankRange) int { return a.lo - b.lo })
	merged := s.ranges[:0]
	for _, r := range s.ranges {
		if n := len(merged); n > 0 && r.lo <= merged[n-1].hi+1 {
			merged[n-1].hi = max(merged[n-1].hi, r.hi)
			continue
		}
		merged = append(merged, r)
	}
	s.ranges = merged
	slices.SortFunc(s.strides, func(a, b stride) int {
		if a.step != b.step {
			return a.step - b.step
		}
		return a.off - b.off
	})
	s.strides = slices.Compact(s.strides)
	return s
}

// parseRanks reads text[lo:hi]; positions in errors are those of the whole
// text, so that a stream spec can point into the rank set it holds.
func parseRanks(what, allowed, text string, lo, hi int) (RankSet, error) {
	fail := func(pos int, why string) (RankSet, error) {
		return RankSet{}, &SyntaxError{What: what, Text: text, Pos: pos, Why: why, Allowed: allowed}
	}
	s := RankSet{set: true}
	for start := lo; ; {
		end := hi
		if i := strings.IndexByte(text[start:hi], ','); i >= 0 {
			end = start + i
		}
		p := rankParser{text: text, pos: start, end: end}
		if why := p.item(&s); why != "" {
			return fail(p.pos, why)
		}
		if end == hi {
			return s.canonical(), nil
		}
		start = end + 1
	}
}
