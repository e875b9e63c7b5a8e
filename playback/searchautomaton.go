package playback

import (
	"encoding/binary"
	"regexp/syntax"
	"slices"
	"unicode"
	"unicode/utf8"
)

// automaton finds out in one pass over a text of lines whether one of them may
// match a regular expression: the engine of package regexp takes some ten times as
// long for a byte. It knows sets of instructions of the compiled expression, each
// made when it is needed first, and what character leads from one to another.
//
// It says yes too often, never too seldom: ^, $ and \b hold everywhere, and all
// characters beyond ASCII are one, which whatever matches any of them matches.
type automaton struct {
	prog  *syntax.Prog
	start []uint32 // the instructions where a match may begin

	next  []int32    // by state plus symbol: a state, or unknown
	stays [256]bool  // by byte: from state 0 it leads to state 0
	sets  [][]uint32 // by state / symbols
	known map[string]int32
	size  int
	full  bool // there are too many sets: everything may match

	round uint32   // of seen
	seen  []uint32 // scratch, by instruction: the latest round that met it
	stack []uint32
	key   []byte
}

const (
	beyond  = utf8.RuneSelf // the symbol of all characters that are not ASCII
	symbols = beyond + 1

	unknown = -1
	matched = -2

	// automatonSize is how many numbers next and sets may have together: 4 bytes
	// each.
	automatonSize = 256 << 10
	// automatonProg is the longest expression, in instructions: finding a state
	// takes time for each.
	automatonProg = 10_000
)

func newAutomaton(re *syntax.Regexp) *automaton {
	prog, err := syntax.Compile(re)
	if err != nil || len(prog.Inst) > automatonProg {
		return &automaton{full: true}
	}
	a := &automaton{prog: prog, known: map[string]int32{}, round: 1, seen: make([]uint32, len(prog.Inst))}
	// A match is not empty: that its end can be reached from here is no match.
	a.start, _ = a.reach(nil, uint32(prog.Start))
	a.state(a.start)
	return a
}

// may says whether a line of text may have a match that is not empty.
func (a *automaton) may(text string) bool {
	if a.full {
		return true
	}
	next := a.next
	at := int32(0)
	for i := 0; i < len(text); {
		if at == 0 {
			for i < len(text) && a.stays[text[i]] {
				i++
			}
			if i == len(text) {
				break
			}
		}
		c := int32(text[i])
		i++
		if c >= utf8.RuneSelf {
			_, n := utf8.DecodeRuneInString(text[i-1:])
			i += n - 1
			c = beyond
		}
		to := next[at+c]
		if to < 0 {
			if to = a.step(at, c); to == matched {
				return true
			}
			next = a.next
		}
		at = to
	}
	return false
}

// step finds out what symbol c leads to.
func (a *automaton) step(at, c int32) int32 {
	to := int32(0)
	if c != '\n' {
		var set []uint32
		a.round++
		for _, pc := range a.sets[at/symbols] {
			in := &a.prog.Inst[pc]
			if c < beyond && in.MatchRune(rune(c)) || c == beyond && matchesBeyond(in) {
				var end bool
				if set, end = a.reach(set, in.Out); end {
					return matched
				}
			}
		}
		to = a.state(append(set, a.start...))
	}
	if a.full {
		return matched
	}
	a.next[at+c] = to
	if at == 0 && to == 0 {
		a.stays[c] = true
		for b := int(c); b >= beyond && b < len(a.stays); b++ {
			a.stays[b] = true
		}
	}
	return to
}

// reach adds to set the instructions for a character that can be next at pc, but
// for those that this round has met, and tells whether the match can end there.
func (a *automaton) reach(set []uint32, pc uint32) (_ []uint32, end bool) {
	a.stack = append(a.stack[:0], pc)
	for len(a.stack) > 0 {
		pc := a.stack[len(a.stack)-1]
		a.stack = a.stack[:len(a.stack)-1]
		if a.seen[pc] == a.round {
			continue
		}
		a.seen[pc] = a.round
		switch in := &a.prog.Inst[pc]; in.Op {
		case syntax.InstAlt, syntax.InstAltMatch:
			a.stack = append(a.stack, in.Out, in.Arg)
		case syntax.InstCapture, syntax.InstEmptyWidth, syntax.InstNop:
			a.stack = append(a.stack, in.Out)
		case syntax.InstMatch:
			end = true
		case syntax.InstFail:
		default:
			set = append(set, pc)
		}
	}
	return set, end
}

// state is that of a set, or matched when there are too many.
func (a *automaton) state(set []uint32) int32 {
	slices.Sort(set)
	set = slices.Compact(set)
	a.key = a.key[:0]
	for _, pc := range set {
		a.key = binary.LittleEndian.AppendUint32(a.key, pc)
	}
	if at, is := a.known[string(a.key)]; is {
		return at
	}
	if a.size += symbols + len(set); a.size > automatonSize {
		*a = automaton{full: true}
		return matched
	}
	at := int32(len(a.next))
	for range symbols {
		a.next = append(a.next, unknown)
	}
	a.sets = append(a.sets, set)
	a.known[string(a.key)] = at
	return at
}

// matchesBeyond tells whether in matches a character that is not ASCII.
func matchesBeyond(in *syntax.Inst) bool {
	switch in.Op {
	case syntax.InstRuneAny, syntax.InstRuneAnyNotNL:
		return true
	}
	if len(in.Rune) != 1 {
		return len(in.Rune) > 0 && in.Rune[len(in.Rune)-1] >= utf8.RuneSelf
	}
	// One character is that one, or any that is the same in another case.
	first := in.Rune[0]
	for r := first; ; {
		if r >= utf8.RuneSelf {
			return true
		}
		if syntax.Flags(in.Arg)&syntax.FoldCase == 0 {
			return false
		}
		if r = unicode.SimpleFold(r); r == first {
			return false
		}
	}
}
