package job

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// SyntaxError says where a text that somebody typed stops making sense. Error
// shows the text with a caret under the place and, on a line of its own, what
// would have been allowed.
type SyntaxError struct {
	// What is the grammar: "rank set", "stream spec", ...
	What string
	// Text is what was typed; Pos is the byte offset of the bad place in it.
	Text string
	Pos  int
	// Why says what is wrong, Allowed what is not (one line each).
	Why     string
	Allowed string
}

// caretWindow is how much of a long text is shown around the caret, in runes.
const caretWindow = 72

func (e *SyntaxError) Error() string {
	var b strings.Builder
	b.WriteString("parsing ")
	b.WriteString(e.What)
	b.WriteString(": ")
	b.WriteString(e.Why)
	if e.Text != "" {
		line, col := caretLine(e.Text, e.Pos)
		b.WriteString("\n    ")
		b.WriteString(line)
		b.WriteString("\n    ")
		b.WriteString(strings.Repeat(" ", col))
		b.WriteByte('^')
	}
	if e.Allowed != "" {
		b.WriteString("\n  allowed: ")
		b.WriteString(e.Allowed)
	}
	return b.String()
}

// caretLine renders text on one line, with everything unprintable escaped, and
// gives the column of byte pos in it.
func caretLine(text string, pos int) (string, int) {
	pos = max(0, min(pos, len(text)))
	before := []rune(visible(text[:pos]))
	after := []rune(visible(text[pos:]))
	if n := len(before); n > caretWindow/2 {
		before = append([]rune("..."), before[n-caretWindow/2:]...)
	}
	if len(after) > caretWindow/2 {
		after = append(after[:caretWindow/2:caretWindow/2], []rune("...")...)
	}
	return string(before) + string(after), len(before)
}

// visible escapes what a terminal would act on or could not show.
func visible(s string) string {
	var b strings.Builder
	for len(s) > 0 {
		r, n := utf8.DecodeRuneInString(s)
		switch {
		case r == utf8.RuneError && n == 1:
			b.WriteString(`\x`)
			b.WriteByte("0123456789abcdef"[s[0]>>4])
			b.WriteByte("0123456789abcdef"[s[0]&15])
		case strconv.IsPrint(r):
			b.WriteRune(r)
		default:
			q := strconv.QuoteRune(r)
			b.WriteString(q[1 : len(q)-1])
		}
		s = s[n:]
	}
	return b.String()
}

// shorten keeps an error readable when what was typed is very long. It escapes
// nothing: that is %q's part.
func shorten(s string) string {
	const limit = 60
	if len(s) <= limit {
		return s
	}
	for i := range s { // never within a rune
		if i >= limit {
			return s[:i] + "..."
		}
	}
	return s
}
