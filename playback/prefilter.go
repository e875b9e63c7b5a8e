package playback

import (
	"regexp"
	"regexp/syntax"
	"strings"
)

// prefilter finds out fast that lines have no match: by a text that every match
// must have, and by an automaton.
type prefilter struct {
	text string // "": there is none
	auto *automaton
}

func newPrefilter(re *regexp.Regexp) prefilter {
	tree, err := syntax.Parse(re.String(), syntax.Perl)
	if err != nil {
		return prefilter{auto: &automaton{full: true}} // one of the POSIX syntax
	}
	tree = tree.Simplify()
	return prefilter{text: required(tree), auto: newAutomaton(tree)}
}

// required finds the longest text that every match of re has.
func required(re *syntax.Regexp) string {
	switch re.Op {
	case syntax.OpLiteral:
		if re.Flags&syntax.FoldCase == 0 {
			return string(re.Rune)
		}
	case syntax.OpCapture, syntax.OpPlus:
		return required(re.Sub[0])
	case syntax.OpRepeat:
		if re.Min > 0 {
			return required(re.Sub[0])
		}
	case syntax.OpConcat:
		best := ""
		for _, sub := range re.Sub {
			if p := required(sub); len(p) > len(best) {
				best = p
			}
		}
		return best
	}
	return ""
}

// may says whether one of the lines of text may have a match that is not empty.
func (p *prefilter) may(text string) bool {
	return strings.Contains(text, p.text) && p.auto.may(text)
}
