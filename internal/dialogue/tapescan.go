package dialogue

import (
	"strings"
)

// tapeScanner reads the words of a tape. A command's words may go over several
// lines, and a line may hold several commands.
type tapeScanner struct {
	name  string
	lines []string
	line  int // from 0
	i     int // in the line
	// notes are the comments since the last command, and "" for empty lines.
	notes []string
	// began tells that something came before: an empty line is worth keeping.
	began bool
}

// tapeWord is one word; kind is 0 for a bare one, else the quote, '/' or '{'.
type tapeWord struct {
	text string
	kind byte
	at   Place
}

func (l *tapeScanner) place(start, end int) Place {
	if l.line >= len(l.lines) { // at the end of the tape
		n := len(l.lines) - 1
		if n < 0 {
			return Place{File: l.name, Line: 1}
		}
		return Place{File: l.name, Line: n + 1, Text: l.lines[n], Start: len(l.lines[n]), End: len(l.lines[n])}
	}
	return Place{File: l.name, Line: l.line + 1, Text: l.lines[l.line], Start: start, End: end}
}

// skip goes to the next word, over lines and comments; false: there is none.
func (l *tapeScanner) skip() bool {
	for l.line < len(l.lines) {
		s := l.lines[l.line]
		for l.i < len(s) && (isBlank(s[l.i]) || s[l.i] == '\r') {
			l.i++
		}
		if l.i < len(s) && s[l.i] != '#' {
			return true
		}
		if l.i < len(s) {
			l.notes = append(l.notes, strings.TrimRight(s[l.i:], " \t\r"))
		} else if strings.TrimSpace(s) == "" && (len(l.notes) > 0 && l.notes[len(l.notes)-1] != "" || len(l.notes) == 0 && l.began) {
			l.notes = append(l.notes, "")
		}
		l.line++
		l.i = 0
	}
	return false
}

// same tells whether another word stands in this line.
func (l *tapeScanner) same() bool {
	if l.line >= len(l.lines) {
		return false
	}
	s := strings.TrimLeft(l.lines[l.line][l.i:], " \t\r")
	return s != "" && s[0] != '#'
}

func (l *tapeScanner) rest() string {
	s := l.lines[l.line]
	for l.i < len(s) && (isBlank(s[l.i]) || s[l.i] == '\r') {
		l.i++
	}
	return s[l.i:]
}

// bare takes a word up to a blank or, unless a + comes before it, a quote.
func (l *tapeScanner) bare() tapeWord {
	s := l.lines[l.line]
	from := l.i
	for l.i < len(s) && !isBlank(s[l.i]) && s[l.i] != '\r' {
		if strings.IndexByte("\"'`", s[l.i]) >= 0 && l.i > from && s[l.i-1] != '+' {
			break
		}
		l.i++
	}
	return tapeWord{text: s[from:l.i], at: l.place(from, l.i)}
}

// value takes the value of a command: bare, in quotes or in braces. It stands in
// the command's line.
func (l *tapeScanner) value(what string) (tapeWord, *Problem) {
	if !l.same() {
		return tapeWord{}, &Problem{At: l.place(l.i, l.i+1), Why: "here " + what + " is missing"}
	}
	rest := l.rest()
	switch c := rest[0]; c {
	case '"', '\'', '`':
		// A tape has no escapes: who needs one quote uses another around it.
		n := strings.IndexByte(rest[1:], c)
		if n < 0 {
			return tapeWord{}, &Problem{At: l.place(l.i, len(l.lines[l.line])), Why: "the quote " + string(c) + " is never closed", Hint: "a tape has no escapes: use another of \" ' ` around it"}
		}
		w := tapeWord{text: rest[1 : 1+n], kind: c, at: l.place(l.i, l.i+n+2)}
		l.i += n + 2
		return w, nil
	case '{':
		return l.braces()
	}
	return l.bare(), nil
}

// braces takes { … }, which may go over lines.
func (l *tapeScanner) braces() (tapeWord, *Problem) {
	w := tapeWord{kind: '{', at: l.place(l.i, l.i+1)}
	var b strings.Builder
	for l.line < len(l.lines) {
		s := l.lines[l.line][l.i:]
		if n := strings.IndexByte(s, '}'); n >= 0 {
			b.WriteString(s[:n+1])
			l.i += n + 1
			w.text = b.String()
			return w, nil
		}
		b.WriteString(s + "\n")
		l.line++
		l.i = 0
	}
	return w, &Problem{At: w.at, Why: "this { is never closed"}
}

// regex takes /…/.
func (l *tapeScanner) regex() (string, *Problem) {
	l.rest()
	s := &scanner{at: l.place(0, 0), s: strings.TrimRight(l.lines[l.line], "\r"), i: l.i}
	re, err := s.regex()
	l.i = s.i
	return re, err
}
