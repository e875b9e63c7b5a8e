package dialogue

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/clipperhouse/displaywidth"
)

// Place is where in a script something stands.
type Place struct {
	File string
	Line int    // from 1
	Text string // the line, without its end
	// Start and End are the bytes of Text that are meant.
	Start, End int
}

// Column is the place's first character in its line, from 1.
func (p Place) Column() int { return utf8.RuneCountInString(p.Text[:p.Start]) + 1 }

// String is "FILE:LINE:COLUMN".
func (p Place) String() string { return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Column()) }

// maxShown is the width of the longest line of a script that is shown whole.
const maxShown = 160

// Caret is two lines, the script's and one that marks the place below it, both
// indented by four blanks and without a newline at the end.
func (p Place) Caret() string {
	start, end := p.Start, max(p.Start, min(p.End, len(p.Text)))
	text, cut := p.Text, 0
	if len(text) > maxShown {
		// The part around the place, cut between characters.
		cut = max(0, start-maxShown/2)
		for cut > 0 && !utf8.RuneStart(text[cut]) {
			cut--
		}
		last := min(len(text), cut+maxShown)
		for last < len(text) && !utf8.RuneStart(text[last]) {
			last++
		}
		text = text[cut:last]
		start, end = start-cut, min(end-cut, len(text))
	}
	marks := strings.Repeat("^", max(1, displaywidth.String(clean(text[start:end]))))
	return "    " + clean(text) + "\n    " + strings.Repeat(" ", displaywidth.String(clean(text[:start]))) + marks
}

// clean makes a text safe to be shown in one line: tabs and other control
// characters have no width of their own.
func clean(s string) string {
	s = strings.ToValidUTF8(s, "�")
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\t':
			return ' '
		case r < ' ' || r >= 0x7f && r < 0xa0:
			return '�'
		}
		return r
	}, s)
}

// Problem is one thing that is wrong with a script.
type Problem struct {
	At   Place
	Why  string
	Hint string // what to do; it may be empty
}

// Error shows the place, the reason, the line with a mark, and the hint.
func (p *Problem) Error() string {
	s := p.At.String() + ": " + p.Why + "\n" + p.At.Caret()
	if p.Hint != "" {
		s += "\n  hint: " + p.Hint
	}
	return s
}

// maxProblems bounds what one ScriptError tells.
const maxProblems = 10

// ScriptError says why a script cannot be run. Nothing of it was run.
type ScriptError struct {
	Problems []*Problem // at least one, in the order of the script
}

// Error shows the first problems.
func (e *ScriptError) Error() string {
	var b strings.Builder
	for i, p := range e.Problems {
		if i == maxProblems {
			fmt.Fprintf(&b, "\n(%d more)", len(e.Problems)-maxProblems)
			break
		}
		if i > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(p.Error())
	}
	return b.String()
}
