package dialogue

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// dollar reads $name or ${name}; another $ is itself.
func (l *scanner) dollar(t Text) (Text, *Problem) {
	rest := l.s[l.i+1:]
	if !startsVar(rest) {
		l.i++
		return t.add("$"), nil
	}
	from, open := l.i, rest[0] == '{'
	if open {
		rest = rest[1:]
	}
	n := 0
	for n < len(rest) && isNameByte(rest[n]) {
		n++
	}
	name := rest[:n]
	l.i += 1 + n
	if open {
		l.i++
		if n == len(rest) || rest[n] != '}' {
			return t, l.problem(from, l.i, "${ must be followed by a variable's name and }", `for the characters themselves write \$ in double quotes, or use single quotes`)
		}
		l.i++
	}
	if !isName(name) {
		return t, l.problem(from, l.i, fmt.Sprintf("%q is no variable's name", clip(name)), "")
	}
	return append(t, Part{Var: name}), nil
}

// double reads "…" with its escapes.
func (l *scanner) double(t Text) (Text, *Problem) {
	open := l.i
	l.i++
	for l.i < len(l.s) {
		switch l.s[l.i] {
		case '"':
			l.i++
			return t, nil
		case '$':
			var err *Problem
			if t, err = l.dollar(t); err != nil {
				return t, err
			}
		case '\\':
			s, n, why := unescape(l.s[l.i:])
			if why != "" {
				return t, l.problem(l.i, l.i+n, why, `known are \n \r \t \e \" \\ \$ \xHH and \u{HEX}; in single quotes a \ is itself`)
			}
			t = t.add(s)
			l.i += n
		default:
			from := l.i
			for l.i < len(l.s) && l.s[l.i] != '"' && l.s[l.i] != '$' && l.s[l.i] != '\\' {
				l.i++
			}
			t = t.add(l.s[from:l.i])
		}
	}
	return t, l.problem(open, len(l.s), `the quote " is never closed`, "")
}

// unescape reads the escape that s begins with: what it means, its length, or
// why it is none.
func unescape(s string) (string, int, string) {
	if len(s) < 2 {
		return "", 1, `a lone \ at the end`
	}
	switch s[1] {
	case 'n':
		return "\n", 2, ""
	case 'r':
		return "\r", 2, ""
	case 't':
		return "\t", 2, ""
	case 'e':
		return "\x1b", 2, ""
	case '"', '\\', '$':
		return s[1:2], 2, ""
	case 'x':
		if len(s) >= 4 {
			if n, err := strconv.ParseUint(s[2:4], 16, 8); err == nil {
				return string([]byte{byte(n)}), 4, ""
			}
		}
		return "", min(4, len(s)), `\x needs two hexadecimal digits`
	case 'u':
		if end := strings.IndexByte(s, '}'); strings.HasPrefix(s, `\u{`) && end > 3 && end <= 9 {
			if n, err := strconv.ParseUint(s[3:end], 16, 32); err == nil && utf8.ValidRune(rune(n)) {
				return string(rune(n)), end + 1, ""
			}
		}
		return "", 2, `\u needs a character's number, as in \u{1F600}`
	}
	_, n := utf8.DecodeRuneInString(s[1:])
	return "", 1 + n, "there is no escape " + s[:1+n]
}
