package job

import (
	"fmt"
	"slices"
	"strings"
)

const streamSpecAllowed = "none, out, err, all or 0-3 for every rank; RANKS:STREAMS,... such as 0:all,1-31:err"

// StreamSpec says which output streams of which ranks are meant: "all",
// "0:all,1-31:err", or torchrun's digits "3" and "0:1,1:3".
//
// The zero value means "not set" and names no stream.
type StreamSpec struct {
	set   bool
	items []streamItem // the last one that holds a rank decides
}

type streamItem struct {
	ranks RankSet
	std   Std
}

// EveryRank is the spec that names the same streams for every rank.
func EveryRank(std Std) StreamSpec {
	return StreamSpec{}.with(AllRanks(), std&All)
}

// ParseStreamSpec reads one set of streams for every rank, or a comma list of
// RANKS:STREAMS. STREAMS is none, out, err or all (stdout, stderr and both are
// understood as well), or torchrun's digit: 0 none, 1 out, 2 err, 3 all.
//
// Rank sets hold commas themselves, so an item without a colon belongs to the
// rank set of the next one that has a colon: "0,8-15:out,1:err" is ranks 0 and
// 8 to 15, then rank 1. Ranks that are not named get no streams; of several
// items for a rank the last one decides. Errors are *SyntaxError.
func ParseStreamSpec(s string) (StreamSpec, error) {
	fail := func(pos int, why string) (StreamSpec, error) {
		return StreamSpec{}, &SyntaxError{
			What: "stream spec", Text: s, Pos: pos, Why: why, Allowed: streamSpecAllowed,
		}
	}
	if !strings.Contains(s, ":") && !strings.Contains(s, ",") {
		std, ok := parseStd(strings.TrimSpace(s))
		if !ok {
			return fail(0, badStreams(s))
		}
		return EveryRank(std), nil
	}
	spec := StreamSpec{set: true}
	for start := 0; ; {
		colon := strings.IndexByte(s[start:], ':')
		if colon < 0 {
			return fail(start, danglingRanks(s[start:]))
		}
		colon += start
		ranks, err := parseRanks("stream spec", streamSpecAllowed, s, start, colon)
		if err != nil {
			return StreamSpec{}, explainStreamName(err, s[start:colon])
		}
		// "all,1:err" could mean the streams "all" or the ranks "all".
		if first, _, many := strings.Cut(s[start:colon], ","); many && (first == "all" || first == "none") {
			return fail(start, fmt.Sprintf("%q is unclear here: for streams of every other rank write all:%s,...", first, first))
		}
		end := len(s)
		if i := strings.IndexByte(s[colon:], ','); i >= 0 {
			end = colon + i
		}
		text := s[colon+1 : end]
		std, ok := parseStd(strings.TrimSpace(text))
		if !ok {
			return fail(colon+1, badStreams(text))
		}
		spec = spec.with(ranks, std)
		if end == len(s) {
			return spec, nil
		}
		start = end + 1
	}
}

func danglingRanks(rest string) string {
	if rest == "" {
		return "an item is missing after the comma"
	}
	return fmt.Sprintf("the streams of %q are missing: write %s:out, :err or :all", shorten(rest), visible(shorten(rest)))
}

func badStreams(text string) string {
	text = strings.TrimSpace(text)
	if text == "" {
		return "the streams are missing"
	}
	return fmt.Sprintf("%q is no set of streams%s", shorten(text),
		didYouMean(text, []string{"none", "out", "err", "all", "stdout", "stderr", "both"}))
}

// explainStreamName helps who wrote "out,1:err" and meant a default.
func explainStreamName(err error, ranks string) error {
	e, ok := err.(*SyntaxError)
	if !ok {
		return err
	}
	first, _, _ := strings.Cut(ranks, ",")
	if _, isStd := parseStd(first); isStd && first != "" && !isDigit(first[0]) {
		e.Why = fmt.Sprintf("%q stands where ranks are expected: for every other rank write all:%s,...", first, first)
	}
	return e
}

func parseStd(s string) (Std, bool) {
	switch s {
	case "0", "none":
		return None, true
	case "1", "out", "stdout":
		return Out, true
	case "2", "err", "stderr":
		return Err, true
	case "3", "all", "both":
		return All, true
	}
	return None, false
}

// IsZero tells whether the spec is not set at all.
func (s StreamSpec) IsZero() bool { return !s.set }

// For is the set of streams the spec names for a rank.
func (s StreamSpec) For(rank int) Std {
	for _, item := range slices.Backward(s.items) {
		if item.ranks.Contains(rank) {
			return item.std
		}
	}
	return None
}

// beyond finds ranks that are named and are all not below n.
func (s StreamSpec) beyond(n int) (RankSet, bool) {
	for _, item := range s.items {
		if !item.ranks.isNone() && !containsBelow(item.ranks, n) {
			return item.ranks, true
		}
	}
	return RankSet{}, false
}

// Equal tells whether two specs have the same canonical text.
func (s StreamSpec) Equal(t StreamSpec) bool {
	return s.set == t.set && slices.EqualFunc(s.items, t.items, func(a, b streamItem) bool {
		return a.std == b.std && a.ranks.Equal(b.ranks)
	})
}

// with is the spec with one more item, without what that makes pointless.
func (s StreamSpec) with(ranks RankSet, std Std) StreamSpec {
	s.set = true
	if ranks.isNone() {
		return s
	}
	if ranks.all {
		s.items = nil
	}
	n := len(s.items)
	switch {
	case n == 0 && std == None: // that is what ranks get anyway
	case n > 0 && s.items[n-1].std == std:
		merged := streamItem{s.items[n-1].ranks.union(ranks), std}
		s.items = append(slices.Clone(s.items[:n-1]), merged)
	default:
		s.items = append(slices.Clip(s.items), streamItem{ranks, std})
	}
	return s
}

// String is the canonical text, "" when not set.
func (s StreamSpec) String() string {
	if !s.set {
		return ""
	}
	if len(s.items) == 0 {
		return "none"
	}
	if len(s.items) == 1 && s.items[0].ranks.all {
		return s.items[0].std.String()
	}
	var b strings.Builder
	for i, item := range s.items {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(item.ranks.String())
		b.WriteByte(':')
		b.WriteString(item.std.String())
	}
	return b.String()
}

// MarshalText gives the canonical text, empty when not set.
func (s StreamSpec) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText is ParseStreamSpec, except that an empty text means not set.
func (s *StreamSpec) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*s = StreamSpec{}
		return nil
	}
	return s.Set(string(text))
}

// Set makes a *StreamSpec a flag value.
func (s *StreamSpec) Set(text string) error {
	v, err := ParseStreamSpec(text)
	if err != nil {
		return err
	}
	*s = v
	return nil
}

// Type is the word that help pages show for the value.
func (*StreamSpec) Type() string { return "streams" }
