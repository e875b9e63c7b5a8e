package automaton

import (
	"fmt"
	"regexp/syntax"
	"slices"
	"unicode"
)

// classify puts the characters that no expression tells apart into one class, so
// that the scanner's tables have a column for a class and not for a character.
func (s *Set) classify() {
	distinct := map[string]*syntax.Inst{}
	cuts := []rune{0, '\n', '\n' + 1, '0', '9' + 1, 'A', 'Z' + 1, '_', '_' + 1, 'a', 'z' + 1, 128, unicode.MaxRune + 1}
	for i := range s.insts {
		in := &s.insts[i]
		if !consumes(in) {
			continue
		}
		distinct[fmt.Sprint(in.Op, in.Arg, in.Rune)] = in
		if len(in.Rune) == 1 {
			r := in.Rune[0]
			cuts = append(cuts, r, r+1)
			if syntax.Flags(in.Arg)&syntax.FoldCase != 0 {
				for f := unicode.SimpleFold(r); f != r; f = unicode.SimpleFold(f) {
					cuts = append(cuts, f, f+1)
				}
			}
			continue
		}
		for j := 0; j+1 < len(in.Rune); j += 2 {
			cuts = append(cuts, in.Rune[j], in.Rune[j+1]+1)
		}
	}
	slices.Sort(cuts)
	cuts = slices.Compact(cuts)
	insts := make([]*syntax.Inst, 0, len(distinct))
	for _, in := range distinct {
		insts = append(insts, in)
	}
	known := map[string]uint16{}
	sign := make([]byte, len(insts)+1)
	for _, r := range cuts[:len(cuts)-1] {
		for i, in := range insts {
			sign[i] = '0'
			if in.MatchRune(r) {
				sign[i] = '1'
			}
		}
		sign[len(insts)] = byte(kindOf(r))
		c, ok := known[string(sign)]
		if !ok {
			c = uint16(len(s.samples))
			known[string(sign)] = c
			s.samples = append(s.samples, r)
		}
		s.bounds = append(s.bounds, r)
		s.classes = append(s.classes, c)
	}
	for b := range s.ascii {
		s.ascii[b] = none
		if b >= ' ' && b < 0x7f || b == '\t' {
			s.ascii[b] = s.class(rune(b))
		}
	}
}

// class is the class of a character.
func (s *Set) class(r rune) uint16 {
	i, found := slices.BinarySearch(s.bounds, r)
	if !found {
		i--
	}
	return s.classes[i]
}

// Kind is what an expression can ask of the character before: \b and ^.
type Kind uint8

// Begin is before any character, and the others are characters.
const (
	Begin Kind = iota
	Newline
	Word
	Other
	kinds
)

func kindOf(r rune) Kind {
	switch {
	case r < 0:
		return Begin
	case r == '\n':
		return Newline
	case syntax.IsWordChar(r):
		return Word
	}
	return Other
}

// character is one of the kind, for syntax.EmptyOpContext.
func (k Kind) character() rune {
	return [kinds]rune{Begin: -1, Newline: '\n', Word: 'a', Other: ' '}[k]
}
