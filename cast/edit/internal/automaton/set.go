package automaton

import (
	"fmt"
	"math"
	"regexp"
	"regexp/syntax"
	"slices"
	"sync"
)

// Secret is the name of the group that is reported in place of the whole match.
const Secret = "secret"

// Set is some expressions, made ready. It is not changed by running it, except
// for scratch memory: it is for one goroutine.
type Set struct {
	rules []rule
	insts []syntax.Inst // all programs, one after the other

	ascii   [256]uint16 // a byte's class, or none
	bounds  []rune      // where the ranges of characters begin whose class is in classes
	classes []uint16
	samples []rune // one character of each class

	before, after       []uint32 // when an instruction was last met in a step
	nowBefore, nowAfter uint32
}

type rule struct {
	first uint32 // its first instruction
	start uint32
	lines bool // a line feed ends all
	open  uint32
	close uint32
}

// none is in Set.ascii for a byte that is not printable ASCII or a tab.
const none = math.MaxUint16

// Compile makes a set of expressions in the syntax of package regexp. ^ and $ are
// the begin and the end of a line, as with (?m). An expression stays within a
// line, whatever its classes hold, unless it has the flag s, as in (?s), or a line
// feed outside of a class.
func Compile(exprs []string) (*Set, error) {
	s := &Set{}
	for _, e := range exprs {
		re, err := syntax.Parse(e, syntax.Perl&^syntax.OneLine)
		if err != nil {
			return nil, fmt.Errorf("reading the expression %q: %w", e, err)
		}
		group := slices.Index(re.CapNames(), Secret)
		lines := !dotAll().MatchString(e) && !hasLineFeed(re)
		prog, err := syntax.Compile(re.Simplify())
		if err != nil {
			return nil, fmt.Errorf("compiling the expression %q: %w", e, err)
		}
		base := uint32(len(s.insts))
		r := rule{first: base, start: base + uint32(prog.Start), lines: lines, open: math.MaxUint32, close: math.MaxUint32}
		if group > 0 {
			r.open, r.close = uint32(2*group), uint32(2*group+1)
		}
		for _, in := range prog.Inst {
			in.Out += base
			if in.Op == syntax.InstAlt || in.Op == syntax.InstAltMatch {
				in.Arg += base
			}
			s.insts = append(s.insts, in)
		}
		s.rules = append(s.rules, r)
	}
	s.before = make([]uint32, len(s.insts))
	s.after = make([]uint32, len(s.insts))
	s.classify()
	return s, nil
}

// Len is how many expressions there are.
func (s *Set) Len() int { return len(s.rules) }

// dotAll finds the flag s in an expression.
var dotAll = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`\(\?[imU]*s[imsU]*(?:-[imsU]+)?[:)]`) })

// hasLineFeed tells whether an expression has a line feed that is no part of a
// class.
func hasLineFeed(re *syntax.Regexp) bool {
	return re.Op == syntax.OpLiteral && slices.Contains(re.Rune, '\n') || slices.ContainsFunc(re.Sub, hasLineFeed)
}

func consumes(in *syntax.Inst) bool {
	switch in.Op {
	case syntax.InstRune, syntax.InstRune1, syntax.InstRuneAny, syntax.InstRuneAnyNotNL:
		return true
	}
	return false
}
