package dialogue

import (
	"regexp"
	"regexp/syntax"
	"strings"
	"unicode/utf8"
)

// regex takes a regular expression, /…/ or in quotes, and checks it. What it
// gives can be put between slashes by slashed.
func (l *scanner) regex() (string, *Problem) {
	if l.end() {
		return "", l.here("here a regular expression is missing", `write it as /…/ or '…'`)
	}
	start, src := l.i, ""
	if l.s[l.i] == '/' {
		l.i++
		closed := false
		for l.i < len(l.s) && !closed {
			switch c := l.s[l.i]; {
			case c == '/':
				closed = true
			case c == '\\' && l.i+1 < len(l.s):
				l.i++
			}
			l.i++
		}
		if !closed {
			return "", l.problem(start, len(l.s), "the regular expression is not closed by /", `a / inside is written \/`)
		}
		src = l.s[start+1 : l.i-1]
		if l.i < len(l.s) && l.s[l.i] == 'i' {
			src = "(?i)" + src
			l.i++
		}
		if l.i < len(l.s) && !isBlank(l.s[l.i]) {
			return "", l.problem(l.i, l.i+1, "a blank is missing after the regular expression", `a / inside is written \/`)
		}
	} else {
		w, err := l.word()
		if err != nil {
			return "", err
		}
		s, plain := w.text.Plain()
		if !w.quoted || !plain {
			return "", l.problem(w.start, w.end, "a regular expression is expected, without variables", `write it as /…/ or '…'`)
		}
		src = s
	}
	src = unslash(src)
	if why := badRegex(src); why != "" {
		return "", l.problem(start, l.i, why, "")
	}
	return src, nil
}

// badRegex says what is wrong with a regular expression, or "".
func badRegex(src string) string {
	if src == "" {
		return "the regular expression is empty"
	}
	if i := strings.IndexFunc(src, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f || r == utf8.RuneError }); i >= 0 {
		return `the regular expression has a control character: write \n, \x1b and the like in it`
	}
	if _, err := regexp.Compile("(?m)" + src); err != nil {
		why := err.Error()
		if e, ok := err.(*syntax.Error); ok {
			why = e.Code.String() + ": " + strings.TrimPrefix(e.Expr, "(?m)")
		}
		return "the regular expression is wrong: " + why
	}
	return ""
}

// unslash takes the backslashes before slashes away.
func unslash(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) {
			i++
			if s[i] != '/' {
				b.WriteByte('\\')
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// slashed is the regular expression as the language writes it.
func slashed(src string) string {
	var b strings.Builder
	b.WriteByte('/')
	for i := 0; i < len(src); i++ {
		switch c := src[i]; {
		case c == '\\' && i+1 < len(src):
			b.WriteByte(c)
			i++
			b.WriteByte(src[i])
		case c == '/':
			b.WriteString(`\/`)
		default:
			b.WriteByte(c)
		}
	}
	b.WriteByte('/')
	return b.String()
}
