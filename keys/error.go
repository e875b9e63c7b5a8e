package keys

import (
	"strconv"
	"strings"

	"github.com/clipperhouse/displaywidth"
)

// Error is a name, a text or a file that cannot be understood, or input that
// cannot be sent as the program has set its terminal. It is the caller's
// mistake: a command line ends with the status for wrong usage.
type Error struct {
	// Source is the name of the file, empty for an argument.
	Source string
	// Line and Col are the place, from 1; zero where there is none. Col counts
	// characters, not bytes.
	Line, Col int
	// Text is the line that Col points into. It may be empty.
	Text string
	// Why says what is wrong, Hint (which may be empty) what to do.
	Why, Hint string
}

// Error is the reason, after the place if there is one, then the line with a
// caret under the place and the hint, each on lines of their own.
func (e *Error) Error() string {
	var b strings.Builder
	if e.Source != "" {
		b.WriteString(e.Source + ":")
		if e.Line > 0 {
			b.WriteString(strconv.Itoa(e.Line) + ":" + strconv.Itoa(e.Col) + ":")
		}
		b.WriteByte(' ')
	}
	b.WriteString(e.Why)
	if e.Text != "" && e.Col > 0 {
		b.WriteString("\n  " + visible(e.Text) + "\n  " + caret(e.Text, e.Col))
	}
	if e.Hint != "" {
		b.WriteString("\n  hint: " + e.Hint)
	}
	return b.String()
}

// caret is a line with a caret under the character col of text.
func caret(text string, col int) string {
	n := 1
	for i := range text {
		if n == col {
			text = text[:i]
			break
		}
		n++
	}
	return strings.Repeat(" ", displaywidth.String(visible(text))) + "^"
}

// visible makes control characters harmless, since the line comes from a file or
// an argument and goes to a terminal. Every one keeps the width of one cell, so
// that the caret stays right.
func visible(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\t':
			return ' '
		case r < 0x20:
			return '\u2400' + r
		case r == 0x7f:
			return '\u2421'
		case r >= 0x80 && r < 0xa0:
			return '\ufffd'
		}
		return r
	}, s)
}

// at fills in the place of an error found at byte off of text.
func (e *Error) at(text string, off int) *Error {
	e.Text, e.Col = text, len([]rune(text[:off]))+1
	return e
}

// quote is how names appear in errors; a long one is cut.
func quote(s string) string {
	const most = 60
	if len(s) > most {
		s = strings.ToValidUTF8(s[:most], "") + "..."
	}
	return strconv.Quote(s)
}
