package vt_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// The sequences below are those whose meaning xterm and xterm.js agree on. What
// is left out, and why, is said at the place where it would be.

// generated is a conversation with a terminal: its size, output and resizes.
type generated struct {
	cols, rows int
	ops        []step
}

// steps are the conversation with a look at the screen now and then and at the
// end: what is different for a moment is often erased later.
func (g generated) steps() []step {
	steps := []step{{New: &newStep{g.cols, g.rows}}}
	for i, o := range g.ops {
		if i%6 == 5 || i == len(g.ops)-1 {
			o.Check = &checkStep{Scrollback: true}
		}
		steps = append(steps, o)
	}
	return steps
}

func (g generated) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%dx%d", g.cols, g.rows)
	for _, o := range g.ops {
		fmt.Fprintf(&b, " %q", o.Write)
		if o.Resize != nil {
			fmt.Fprintf(&b, " resize(%d, %d)", o.Resize[0], o.Resize[1])
		}
	}
	return b.String()
}

// conversation draws one. Small screens: their edges are met often.
//
// A conversation belongs to one of three families, of what xterm.js does not take
// together: tabs and the saved cursor; the alternate screen, which has tabs of its
// own there; and, if asked for, changes of the size, after which it joins lines
// that were wrapped below the margins with others, and mixes up clusters of
// several characters.
func conversation(seed uint64, resized bool) generated {
	r := rand.New(rand.NewPCG(seed, 0))
	g := generated{cols: 4 + r.IntN(21), rows: 3 + r.IntN(6)}
	families := []draw{oneOf(tabs, regions, regions, combined), oneOf(screens, regions, regions, combined)}
	if resized {
		families = append(families, topMargins)
	}
	n := r.IntN(len(families))
	for range 10 + r.IntN(50) {
		if r.IntN(6) > 0 {
			g.ops = append(g.ops, step{Write: []byte(ordinary(r))})
		} else if n == 2 && r.IntN(2) == 0 {
			g.ops = append(g.ops, step{Write: []byte(beforeResize), Resize: &[2]int{4 + r.IntN(21), 3 + r.IntN(6)}})
		} else {
			g.ops = append(g.ops, step{Write: []byte(families[n](r))})
		}
	}
	return g
}

// When the width changes, xterm.js leaves the cursor in its column while the text
// under it moves; ours goes with the text. At the beginning of an empty last line
// there is no difference.
const beforeResize = "\x1b[?7h\x1b[r\x1b[m\x1b[0\"q\x1b[999;1H\r\n"

// draw makes a piece of output. Not the generators of rapid: theirs prefer what
// stands first, so that most pairs of sequences would not meet.
type draw func(*rand.Rand) string

func pick(from ...string) draw { return func(r *rand.Rand) string { return from[r.IntN(len(from))] } }

func oneOf(from ...draw) draw {
	return func(r *rand.Rand) string { return from[r.IntN(len(from))](r) }
}

// join draws one after the other.
func join(parts ...draw) draw {
	return func(r *rand.Rand) string {
		var b strings.Builder
		for _, p := range parts {
			b.WriteString(p(r))
		}
		return b.String()
	}
}

// letters draws some characters of the alphabet.
func letters(alphabet string, most int) draw {
	runes := []rune(alphabet)
	return func(r *rand.Rand) string {
		var b strings.Builder
		for range 1 + r.IntN(most) {
			b.WriteRune(runes[r.IntN(len(runes))])
		}
		return b.String()
	}
}

// number draws a parameter: left out, small, or far beyond the edge.
var number = pick("", "", "0", "1", "2", "3", "4", "5", "7", "9", "12", "30", "999")

func csi(finals ...string) draw { return join(pick("\x1b["), number, pick(finals...)) }

var ordinary = oneOf(texts, texts, texts, controls, cursorMoves, cursorMoves, erasures, shifts, shifts, renditions, renditions, settings, origin, rare)

var texts = oneOf(
	letters("abcdefgh", 8),
	letters("ABC DEF GH ", 30),
	join(letters("0123456789", 8), pick("\r\n")),
	letters("漢字かな한글", 6),
	letters("ijklmn漢ß", 12),
)

var combined = pick("e\u0301", "a\u0308o\u0308", "\U0001F600", "\U0001F44D\U0001F3FD", "\U0001F1E9\U0001F1EA", "x\u0323y")

var controls = pick("\r", "\n", "\r\n", "\n\n\n", "\b", "\b\b\b", "\v", "\f", "\t", "\t\t", "\a", "\x1bD", "\x1bM", "\x1bE", "\x1bM\x1bM")

var cursorMoves = oneOf(
	csi("A", "B", "C", "D", "E", "F", "G", "`", "a", "d", "e"),
	join(pick("\x1b["), number, pick(";"), number, pick("H", "f")),
)

// ED 1 not in the last column: there xterm.js takes the next row of the screen for
// one of the scrollback, and throws when there is none.
var erasures = oneOf(
	pick("\x1b[K", "\x1b[1K", "\x1b[2K", "\x1b[J", "\x1b[2D\x1b[1J", "\x1b[2J", "\x1b[?K", "\x1b[?1K", "\x1b[?2K", "\x1b[?J", "\x1b[2D\x1b[?1J"),
	csi("X"),
)

// plainly puts a sequence after a step to the left and in the plain style. Behind
// the last column xterm.js lets DECIC and DECDC begin at the first, CBT do nothing,
// and SL, SR and DECSTR leave the cursor there.
func plainly(sequences ...string) draw { return join(pick("\b\x1b[m\x1b[0\"q"), pick(sequences...)) }

var shifts = oneOf(
	csi("@", "P"),
	// After a step to the left: outside of the margins, where they do nothing,
	// xterm.js forgets that the next character is to wrap.
	join(pick("\b"), csi("L", "M")),
	// REP up to a screen full; ours does not go on beyond.
	pick("\x1b[b", "\x1b[3b", "\x1b[12b"),
	// SU only below the first row: from there, xterm.js does not keep what scrolls off.
	pick("\x1b[2r\x1b[S\x1b[r", "\x1b[2r\x1b[3S\x1b[r", "\x1b[2r\x1b[99S"),
	// Plain: SD of xterm.js does not fill with the background; a wide character
	// that is cut at the edge by an insertion leaves the whole style behind.
	plainly("\x1b['}", "\x1b[2'}", "\x1b['~", "\x1b[3'~", "\x1b[ @", "\x1b[2 @", "\x1b[ A", "\x1b[4 A", "\x1b[T", "\x1b[2T", "\x1b[99T",
		"\x1b[4hins\x1b[4l", "\x1b[4h漢\x1b[4l"),
)

var regions = join(pick("\x1b["), number, pick(";"), number, pick("r"))

var topMargins = csi("r")

var renditions = oneOf(
	join(pick("\x1b["), pick("", "0", "1", "2", "3", "4", "5", "7", "8", "9", "21", "22", "23", "24", "25", "27", "28", "29", "31", "37", "39",
		"42", "49", "53", "55", "93", "104", "4:3", "4:0", "38;5;200", "48;5;17", "38;2;1;2;3", "48:2::4:5:6", "1;4;33;44"), pick("m")),
	pick("\x1b[4;58;5;9m", "\x1b[59m", "\x1b[1\"qkept\x1b[0\"q", "\x1b[1\"q漢\x1b[0\"q"),
)

// No wrapping, and wrapping backwards, for plain text only: a wide character that
// does not fit makes xterm.js erase or join what is there, and it steps back over
// the cell that such a character left free. In an empty line: of one that is written
// over it leaves half.
var settings = oneOf(
	join(pick("\x1b[?"), pick("1", "25", "2004", "66", "1000", "1002", "1006", "1004"), pick("h", "l")),
	pick("\x1b[2K\x1b[?7lno wrapping, however long\x1b[?7h", "\x1b[2K\x1b[?7l\x1b[99Ca\x1b[31mb\x1b[?7h",
		"\x1b[2K\x1b[?45hlonger than any line here\b\b\b\b\b\b\b\b\b\x1b[?45l"),
)

// With the plain style and character set, and then to the first cell: xterm.js
// does not save all that 1049 saves.
var screens = oneOf(
	pick("\x1b[?47h", "\x1b[?47l", "\x1b[?1047h", "\x1b[?1047l"),
	pick(plain+"\x1b[?1049h", plain+"\x1b[?1049h"+"alternate", "\x1b[?1049l"+plain+"\x1b[H"),
)

const plain = "\b\x1b[m\x0f\x1b(B\x1b)B"

// Relative movements in origin mode go down by the top margin in xterm.js, so only
// absolute ones are in it.
var origin = join(pick("\x1b[?6h\x1b["), number, pick(";"), number, pick("H"), texts, pick("\x1b["), number, pick("d\x1b[J\x1b[?6l"))

// And ED 3, which on the alternate screen does nothing in xterm.js.
var tabs = oneOf(
	pick("\x1bH", "\x1b[g", "\x1b[3g", "\x1b[I", "\x1b[2I", "\t", "\x1b[3J"),
	plainly("\x1b[Z", "\x1b[3Z"),
	saved,
)

// The cursor saved and restored without anything that scrolls between: xterm.js
// keeps the row as a place in the scrollback, xterm as one on the screen. Not
// behind the last column, which xterm.js does not restore, and not together with
// 1049, which restores as well.
var saved = pick("\x1b[D\x1b7\x1b[1;1Hx\x1b8", "\x1b[D\x1b7\x1b[31m\x1b[H\x1b8", "\x1b[D\x1b[s\x1b[2;2H\x1b[u")

// A cursor that RIS does not show again, and a protection that SGR 0 ends, are
// peculiar to xterm.js.
var rare = oneOf(
	pick("\x1b(0", "\x1b(B", "\x0e", "\x0f", "\x1b)0", "\x1b[?25h\x1bc", "\x1b[5n", "\x1b[20hx\ny\x1b[20l", "\x1b=", "\x1b>"),
	// DECALN with no margins: DEC resets them, xterm.js does not.
	// DECSTR leaves the marks of pastes and the reports of focus on; xterm.js turns
	// them off.
	plainly("\x1b[?1004;2004l\x1b[!p", "\x1b[r\x1b#8"),
)
