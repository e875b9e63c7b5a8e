package job

import (
	"fmt"
	"strings"
)

// rankParser reads one item of a rank set, text[pos:end]. Where an item is
// wrong, pos is left at the place.
type rankParser struct {
	text     string
	pos, end int
}

// item adds the item to s; a non-empty answer says what is wrong with it.
func (p *rankParser) item(s *RankSet) (why string) {
	for p.pos < p.end && p.text[p.pos] == ' ' {
		p.pos++
	}
	for p.end > p.pos && p.text[p.end-1] == ' ' {
		p.end--
	}
	rest := p.text[p.pos:p.end]
	switch {
	case rest == "":
		return "a rank is missing"
	case rest == "all":
		s.all = true
		return ""
	case rest == "none":
		return ""
	case rest[0] == '%':
		return p.stride(s)
	case rest[0] == '-':
		return "a rank cannot be negative"
	case !isDigit(rest[0]):
		return fmt.Sprintf("%q is no rank%s", shorten(rest), didYouMean(rest, []string{"all", "none"}))
	}
	return p.span(s)
}

// span reads "5" or "8-15".
func (p *rankParser) span(s *RankSet) string {
	begin := p.pos
	lo, why := p.number()
	if why != "" {
		return why
	}
	hi := lo
	if p.pos < p.end && p.text[p.pos] == '-' {
		p.pos++
		if hi, why = p.number(); why != "" {
			return why
		}
	}
	if p.pos < p.end {
		return fmt.Sprintf("%q does not belong to a rank", shorten(p.text[p.pos:p.end]))
	}
	if hi < lo {
		p.pos = begin
		return fmt.Sprintf("range %d-%d runs backwards: write %d-%d", lo, hi, hi, lo)
	}
	s.ranges = append(s.ranges, rankRange{lo, hi})
	return ""
}

// stride reads "%8" or "%8+1".
func (p *rankParser) stride(s *RankSet) string {
	begin := p.pos
	p.pos++
	step, why := p.number()
	if why != "" {
		return why
	}
	if step == 0 {
		p.pos = begin
		return "a step of 0 goes nowhere"
	}
	off := 0
	if p.pos < p.end && p.text[p.pos] == '+' {
		p.pos++
		at := p.pos
		if off, why = p.number(); why != "" {
			return why
		}
		if off >= step {
			p.pos = at
			return fmt.Sprintf("the offset %d is not below the step %d", off, step)
		}
	}
	if p.pos < p.end {
		return fmt.Sprintf("%q does not belong to a step", shorten(p.text[p.pos:p.end]))
	}
	s.strides = append(s.strides, stride{step, off})
	return ""
}

func (p *rankParser) number() (int, string) {
	n, digits := leadingNumber(p.text[p.pos:p.end], MaxRank)
	if n > MaxRank {
		return 0, fmt.Sprintf("the number is above the highest rank there can be, %d", MaxRank)
	}
	p.pos += digits
	if digits == 0 {
		if strings.HasPrefix(p.text[p.pos:p.end], "-") {
			return 0, "a rank cannot be negative"
		}
		return 0, "a number is missing"
	}
	return n, ""
}

// leadingNumber reads the digits that text begins with. It stops at the first
// number above most, which it returns.
func leadingNumber(text string, most int) (n, digits int) {
	for digits < len(text) && isDigit(text[digits]) && n <= most {
		n = n*10 + int(text[digits]-'0')
		digits++
	}
	return n, digits
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }
