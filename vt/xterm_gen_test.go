package vt_test

import (
	"fmt"
	"strings"

	"pgregory.net/rapid"
)

// The sequences below are those whose meaning xterm and xterm.js agree on. What
// is left out, and why, is said at the place where it would be.

// generated is a conversation with a terminal: its size, output and resizes.
type generated struct {
	cols, rows int
	ops        []step
}

func (g generated) steps() []step {
	return append([]step{{New: &newStep{g.cols, g.rows}}}, g.ops...)
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

// Small screens: their edges are met often. A conversation sets tabs and saves
// the cursor, or it uses the alternate screen: xterm.js has tabs for each screen.
var conversations = rapid.Custom(func(t *rapid.T) generated {
	g := generated{cols: rapid.IntRange(4, 24).Draw(t, "cols"), rows: rapid.IntRange(3, 8).Draw(t, "rows")}
	write := func(of ...*rapid.Generator[string]) *rapid.Generator[step] {
		return rapid.Map(rapid.OneOf(of...), func(s string) step { return step{Write: []byte(s)} })
	}
	all := write(texts, texts, texts, controls, cursorMoves, cursorMoves, erasures, shifts, renditions, renditions, settings, origin, rare)
	// A line that wraps below the margins is joined with others by xterm.js.
	family := rapid.SampledFrom([]*rapid.Generator[step]{write(tabs, regions), write(screens, regions), rapid.OneOf(resizes, write(topMargins))}).Draw(t, "family")
	g.ops = rapid.SliceOfN(rapid.OneOf(all, all, all, all, all, all, family), 10, 60).Draw(t, "ops")
	return g
})

// When the width changes, xterm.js leaves the cursor in its column while the text
// under it moves; ours goes with the text. At the beginning of an empty last line
// there is no difference.
var resizes = rapid.Custom(func(t *rapid.T) step {
	return step{
		Write:  []byte("\x1b[?7h\x1b[r\x1b[m\x1b[0\"q\x1b[999;1H\r\n"),
		Resize: &[2]int{rapid.IntRange(4, 24).Draw(t, "cols"), rapid.IntRange(3, 8).Draw(t, "rows")},
	}
})

// number draws a parameter: left out, small, or far beyond the edge.
func number(t *rapid.T) string {
	return rapid.SampledFrom([]string{"", "", "0", "1", "2", "3", "4", "5", "7", "9", "12", "30", "999"}).Draw(t, "n")
}

func csi(finals ...string) *rapid.Generator[string] {
	return rapid.Custom(func(t *rapid.T) string {
		return "\x1b[" + number(t) + rapid.SampledFrom(finals).Draw(t, "final")
	})
}

var texts = rapid.OneOf(
	rapid.StringMatching(`[a-z]{1,8}`),
	rapid.StringMatching(`[A-Z ]{1,30}`),
	rapid.StringMatching(`[0-9]{1,8}\r\n`),
	rapid.StringMatching(`[漢字かな한글]{1,6}`),
	rapid.StringMatching(`[a-z漢ß]{1,12}`),
	rapid.SampledFrom([]string{"e\u0301", "a\u0308o\u0308", "\U0001F600", "\U0001F44D\U0001F3FD", "\U0001F1E9\U0001F1EA", "x\u0323y"}),
)

var controls = rapid.SampledFrom([]string{"\r", "\n", "\r\n", "\n\n\n", "\b", "\b\b\b", "\v", "\f", "\t", "\t\t", "\a", "\x1bD", "\x1bM", "\x1bE", "\x1bM\x1bM"})

var cursorMoves = rapid.OneOf(
	csi("A", "B", "C", "D", "E", "F", "G", "`", "a", "d", "e"),
	rapid.Custom(func(t *rapid.T) string {
		return "\x1b[" + number(t) + ";" + number(t) + rapid.SampledFrom([]string{"H", "f"}).Draw(t, "final")
	}),
)

// ED 1 after a step to the left: in the last cell of the screen xterm.js throws.
var erasures = rapid.OneOf(
	rapid.SampledFrom([]string{"\x1b[K", "\x1b[1K", "\x1b[2K", "\x1b[J", "\b\x1b[1J", "\x1b[2J", "\x1b[?K", "\x1b[?1K", "\x1b[?2K", "\x1b[?J", "\b\x1b[?1J"}),
	csi("X"),
)

// plainly puts a sequence after a step to the left and in the plain style. Behind
// the last column xterm.js lets DECIC and DECDC begin at the first, CBT do nothing,
// and SL, SR and DECSTR leave the cursor there.
func plainly(sequences ...string) *rapid.Generator[string] {
	return rapid.Map(rapid.SampledFrom(sequences), func(s string) string { return "\b\x1b[m\x1b[0\"q" + s })
}

var shifts = rapid.OneOf(
	csi("@", "P"),
	// After a step to the left: outside of the margins, where they do nothing,
	// xterm.js forgets that the next character is to wrap.
	rapid.Map(csi("L", "M"), func(s string) string { return "\b" + s }),
	// REP up to a screen full; ours does not go on beyond.
	rapid.SampledFrom([]string{"\x1b[b", "\x1b[3b", "\x1b[12b"}),
	// SU only below the first row: from there, xterm.js does not keep what scrolls off.
	rapid.SampledFrom([]string{"\x1b[2r\x1b[S\x1b[r", "\x1b[2r\x1b[3S\x1b[r", "\x1b[2r\x1b[99S"}),
	// Plain: SD of xterm.js does not fill with the background; a wide character
	// that is cut at the edge by an insertion leaves the whole style behind.
	plainly("\x1b['}", "\x1b[2'}", "\x1b['~", "\x1b[3'~", "\x1b[ @", "\x1b[2 @", "\x1b[ A", "\x1b[4 A", "\x1b[T", "\x1b[2T", "\x1b[99T",
		"\x1b[4hins\x1b[4l", "\x1b[4h漢\x1b[4l"),
)

var regions = rapid.Custom(func(t *rapid.T) string {
	return "\x1b[" + number(t) + ";" + number(t) + "r"
})

var topMargins = csi("r")

var renditions = rapid.OneOf(
	rapid.Map(rapid.SampledFrom([]string{"", "0", "1", "2", "3", "4", "5", "7", "8", "9", "21", "22", "23", "24", "25", "27", "28", "29", "31", "37", "39",
		"42", "49", "53", "55", "93", "104", "4:3", "4:0", "38;5;200", "48;5;17", "38;2;1;2;3", "48:2::4:5:6", "1;4;33;44"}),
		func(s string) string { return "\x1b[" + s + "m" }),
	rapid.SampledFrom([]string{"\x1b[4;58;5;9m", "\x1b[59m", "\x1b[1\"qkept\x1b[0\"q", "\x1b[1\"q漢\x1b[0\"q"}),
)

// No wrapping for plain text only: a wide character that does not fit makes
// xterm.js erase or join what is there.
var settings = rapid.OneOf(
	rapid.Custom(func(t *rapid.T) string {
		mode := rapid.SampledFrom([]string{"1", "25", "45", "2004", "66", "1000", "1002", "1006", "1004"}).Draw(t, "mode")
		return "\x1b[?" + mode + rapid.SampledFrom([]string{"h", "l"}).Draw(t, "set")
	}),
	rapid.SampledFrom([]string{"\x1b[?7lno wrapping, however long\x1b[?7h", "\x1b[?7l\x1b[99Ca\x1b[31mb\x1b[?7h"}),
)

// With the plain style and character set, and then to the first cell: xterm.js
// does not save all that 1049 saves.
var screens = rapid.OneOf(
	rapid.SampledFrom([]string{"\x1b[?47h", "\x1b[?47l", "\x1b[?1047h", "\x1b[?1047l"}),
	rapid.SampledFrom([]string{plain + "\x1b[?1049h", plain + "\x1b[?1049h" + "alternate", "\x1b[?1049l" + plain + "\x1b[H"}),
)

const plain = "\b\x1b[m\x0f\x1b(B\x1b)B"

// Relative movements in origin mode go down by the top margin in xterm.js, so only
// absolute ones are in it.
var origin = rapid.Custom(func(t *rapid.T) string {
	return "\x1b[?6h\x1b[" + number(t) + ";" + number(t) + "H" + texts.Draw(t, "text") + "\x1b[" + number(t) + "d\x1b[J\x1b[?6l"
})

// And ED 3, which on the alternate screen does nothing in xterm.js.
var tabs = rapid.OneOf(
	rapid.SampledFrom([]string{"\x1bH", "\x1b[g", "\x1b[3g", "\x1b[I", "\x1b[2I", "\t", "\x1b[3J"}),
	plainly("\x1b[Z", "\x1b[3Z"),
	saved,
)

// The cursor saved and restored without anything that scrolls between: xterm.js
// keeps the row as a place in the scrollback, xterm as one on the screen. Not
// behind the last column, which xterm.js does not restore, and not together with
// 1049, which restores as well.
var saved = rapid.SampledFrom([]string{"\x1b[D\x1b7\x1b[1;1Hx\x1b8", "\x1b[D\x1b7\x1b[31m\x1b[H\x1b8", "\x1b[D\x1b[s\x1b[2;2H\x1b[u"})

// A cursor that RIS does not show again, and a protection that SGR 0 ends, are
// peculiar to xterm.js.
var rare = rapid.OneOf(
	rapid.SampledFrom([]string{"\x1b(0", "\x1b(B", "\x0e", "\x0f", "\x1b)0", "\x1b[?25h\x1bc", "\x1b[5n", "\x1b[20hx\ny\x1b[20l", "\x1b=", "\x1b>"}),
	// DECALN with no margins: DEC resets them, xterm.js does not.
	// DECSTR leaves the marks of pastes and the reports of focus on; xterm.js turns
	// them off.
	plainly("\x1b[?1004;2004l\x1b[!p", "\x1b[r\x1b#8"),
)
