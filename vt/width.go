package vt

import (
	"github.com/clipperhouse/displaywidth"
	"github.com/clipperhouse/uax29/v2/graphemes"
)

// runeWidth returns how many columns a character takes: 0 for one that goes into
// the cell before. Characters of ambiguous width take one. Where it differs from
// Unicode's East Asian Width it follows the wcwidth that xterm and xterm.js use:
// the vowels and finals of Hangul go into the cell of their initial, a soft hyphen
// is seen, and a lone half of a flag takes one column.
func runeWidth(r rune) int {
	switch {
	case r < 0x300:
		return 1
	case r >= 0x2500 && r <= 0x25a0, r >= 0xe000 && r <= 0xf8ff:
		return 1
	case r >= 0x4e00 && r <= 0x9fff, r >= 0xac00 && r <= 0xd7a3, r >= 0x3041 && r <= 0x3096, r >= 0x30a1 && r <= 0x30fa:
		return 2
	case r >= 0x1160 && r <= 0x11ff, r >= 0xd7b0 && r <= 0xd7fb:
		return 0
	case isRegional(r):
		return 1
	}
	return displaywidth.Rune(r)
}

// isRegional tells whether r is one of the letters of which two make a flag.
func isRegional(r rune) bool { return r >= 0x1f1e6 && r <= 0x1f1ff }

// mayJoin is false for the frequent characters that begin a cluster whatever
// stands before them.
func mayJoin(r rune) bool {
	switch {
	case r < 0x300, r >= 0x370 && r < 0x483, r >= 0x2010 && r < 0x2028, r >= 0x2190 && r < 0x2194,
		r >= 0x2500 && r <= 0x25a0, r >= 0x2800 && r < 0x2900, r >= 0xe000 && r <= 0xf8ff,
		r >= 0x3041 && r <= 0x3096, r >= 0x30a1 && r <= 0x30fa, r >= 0x4e00 && r <= 0x9fff:
		return false
	}
	return true
}

// oneCluster tells whether text is a single grapheme cluster (Unicode Standard
// Annex 29).
func oneCluster(text []byte) bool {
	it := graphemes.FromBytes(text)
	return it.Next() && len(it.Value()) == len(text)
}

// widens tells whether U+FE0F after a character of one column asks for a picture
// of two: the bases of emoji variation sequences are digits, # and *, the marks ©
// and ®, and symbols from U+203C on.
func widens(base rune) bool {
	return base >= 0x203c || base == 0xa9 || base == 0xae || base >= '0' && base <= '9' || base == '#' || base == '*'
}
