package playback

import (
	"regexp"
	"regexp/syntax"
	"strings"
	"unicode/utf8"
)

// prefilter finds out fast that a line has no match: by a text that every match
// must have.
type prefilter struct {
	text  string // "": there is none
	fold  bool   // in any case; text is in lower case
	odd   bool   // with fold: a character beyond ASCII may be one of text
	lower []byte
}

func newPrefilter(re *regexp.Regexp) prefilter {
	tree, err := syntax.Parse(re.String(), syntax.Perl)
	if err != nil {
		return prefilter{} // one of the POSIX syntax
	}
	return required(tree.Simplify())
}

// required finds the longest text that every match of re has.
func required(re *syntax.Regexp) prefilter {
	switch re.Op {
	case syntax.OpLiteral:
		p := prefilter{text: string(re.Rune), fold: re.Flags&syntax.FoldCase != 0}
		if !p.fold {
			return p
		}
		p.text = strings.ToLower(p.text)
		for i := range len(p.text) {
			if p.text[i] >= utf8.RuneSelf {
				return prefilter{}
			}
		}
		// U+017F and U+212A are s and k in another case.
		p.odd = strings.ContainsAny(p.text, "ks")
		return p
	case syntax.OpCapture, syntax.OpPlus:
		return required(re.Sub[0])
	case syntax.OpRepeat:
		if re.Min > 0 {
			return required(re.Sub[0])
		}
	case syntax.OpConcat:
		var best prefilter
		for _, sub := range re.Sub {
			if p := required(sub); len(p.text) > len(best.text) {
				best = p
			}
		}
		return best
	}
	return prefilter{}
}

// may says whether line may have a match.
func (p *prefilter) may(line string) bool {
	if p.text == "" {
		return true
	}
	if !p.fold {
		return strings.Contains(line, p.text)
	}
	p.lower = p.lower[:0]
	for i := range len(line) {
		c := line[i]
		if c >= 'A' && c <= 'Z' {
			c += 'a' - 'A'
		} else if c >= utf8.RuneSelf && p.odd {
			return true
		}
		p.lower = append(p.lower, c)
	}
	return strings.Contains(string(p.lower), p.text)
}
