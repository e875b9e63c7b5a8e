package dialogue

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// scanner reads the words of one line as the parser asks for them: whether /…/
// is a regular expression or a path depends on what is expected there.
type scanner struct {
	at Place // of the line; Start and End are not used
	s  string
	i  int
}

// word is one word of a line.
type word struct {
	text       Text
	quoted     bool
	start, end int
}

// bare is the word if it was written without quotes and variables, else "".
func (w word) bare() string {
	s, plain := w.text.Plain()
	if w.quoted || !plain {
		return ""
	}
	return s
}

func (l *scanner) place(start, end int) Place {
	p := l.at
	p.Start, p.End = start, end
	return p
}

func (l *scanner) problem(start, end int, why, hint string) *Problem {
	return &Problem{At: l.place(start, end), Why: why, Hint: hint}
}

// here is a problem with what comes next.
func (l *scanner) here(why, hint string) *Problem {
	l.blanks()
	return l.problem(l.i, l.i+1, why, hint)
}

func (l *scanner) blanks() {
	for l.i < len(l.s) && isBlank(l.s[l.i]) {
		l.i++
	}
}

func isBlank(c byte) bool { return c == ' ' || c == '\t' }

// end tells whether only a comment is left, or nothing.
func (l *scanner) end() bool {
	l.blanks()
	return l.i >= len(l.s) || l.s[l.i] == '#'
}

// comment takes the rest of a line at whose end() it is.
func (l *scanner) comment() string {
	c := strings.TrimRight(l.s[l.i:], " \t\r")
	l.i = len(l.s)
	return c
}

// peek is the next word if it is bare, without taking it.
func (l *scanner) peek() string {
	save := l.i
	defer func() { l.i = save }()
	if l.end() {
		return ""
	}
	w, err := l.word()
	if err != nil {
		return ""
	}
	return w.bare()
}

// take takes the next word if it is this one.
func (l *scanner) take(s string) bool {
	if l.peek() != s {
		return false
	}
	l.blanks()
	l.i += len(s)
	return true
}

// need is word with an error that says what is missing.
func (l *scanner) need(what string) (word, *Problem) {
	if l.end() {
		return word{}, l.here("here "+what+" is missing", "")
	}
	return l.word()
}

// word takes the next word: bare characters and quoted parts up to a blank.
func (l *scanner) word() (word, *Problem) {
	l.blanks()
	w := word{start: l.i}
	for l.i < len(l.s) && !isBlank(l.s[l.i]) {
		var err *Problem
		switch c := l.s[l.i]; c {
		case '\'':
			w.quoted = true
			end := strings.IndexByte(l.s[l.i+1:], '\'')
			if end < 0 {
				return w, l.problem(l.i, len(l.s), "the quote ' is never closed", "")
			}
			w.text = w.text.add(l.s[l.i+1 : l.i+1+end])
			l.i += end + 2
		case '"':
			w.quoted = true
			w.text, err = l.double(w.text)
		case '$':
			w.text, err = l.dollar(w.text)
		default:
			if c < ' ' || c == 0x7f {
				return w, l.problem(l.i, l.i+1, fmt.Sprintf("here is the control character 0x%02x", c), `write it in double quotes as \x`+fmt.Sprintf("%02x", c))
			}
			from := l.i
			for l.i < len(l.s) && !isBlank(l.s[l.i]) && !strings.ContainsRune(`'"$`, rune(l.s[l.i])) && l.s[l.i] >= ' ' && l.s[l.i] != 0x7f {
				l.i++
			}
			w.text = w.text.add(l.s[from:l.i])
		}
		if err != nil {
			return w, err
		}
	}
	w.end = l.i
	return w, nil
}

// clip bounds what an error repeats of a script.
func clip(s string) string {
	const most = 60
	if len(s) <= most {
		return s
	}
	n := most
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n] + "…"
}
