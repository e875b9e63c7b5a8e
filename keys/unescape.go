package keys

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// Unescape reads bytes written with backslashes:
//
//	\a \b \e \f \n \r \t \v \\ \" \'   as in C; \e (or \E) is ESC
//	\x1b                               one or two hexadecimal digits: a byte
//	\033                               up to three octal digits: a byte
//	\u00e9 \U0001f600 \u{1F600}        a character, as UTF-8
//
// All else stands for itself. Errors are an [*Error] that points into s.
func Unescape(s string) ([]byte, error) {
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); {
		if s[i] != '\\' {
			out = append(out, s[i])
			i++
			continue
		}
		var err *Error
		var n int
		if out, n, err = escape(out, s[i+1:]); err != nil {
			return nil, err.at(s, i)
		}
		i += 1 + n
	}
	return out, nil
}

// escape appends what s, which follows a backslash, stands for, and says how many
// bytes of s that took.
func escape(out []byte, s string) ([]byte, int, *Error) {
	if s == "" {
		return nil, 0, &Error{Why: "nothing follows the backslash", Hint: `write \\ for a backslash`}
	}
	if i := strings.IndexByte("abeEfnrtv\\\"'", s[0]); i >= 0 {
		return append(out, "\a\b\x1b\x1b\f\n\r\t\v\\\"'"[i]), 1, nil
	}
	switch c := s[0]; {
	case c >= '0' && c <= '7':
		n := span(s, 3, "01234567")
		v, err := strconv.ParseUint(s[:n], 8, 8)
		if err != nil {
			return nil, 0, &Error{Why: `\` + s[:n] + ` is more than a byte can hold, \377`}
		}
		return append(out, byte(v)), n, nil
	case c == 'x':
		n := span(s[1:], 2, hexDigits)
		if n == 0 {
			return nil, 0, &Error{Why: `one or two hexadecimal digits must follow \x`}
		}
		v, _ := strconv.ParseUint(s[1:1+n], 16, 8)
		return append(out, byte(v)), 1 + n, nil
	case c == 'u' || c == 'U':
		return escapeRune(out, s)
	}
	r, n := utf8.DecodeRuneInString(s)
	if r == utf8.RuneError && n == 1 {
		return nil, 0, &Error{Why: "a byte that is no character follows the backslash", Hint: `write \\ for a backslash`}
	}
	return nil, 0, &Error{Why: "unknown escape " + visible(`\`+string(r)), Hint: `write \\ for a backslash`}
}

func escapeRune(out []byte, s string) ([]byte, int, *Error) {
	var digits string
	var n int
	if len(s) > 1 && s[1] == '{' {
		k := span(s[2:], 8, hexDigits)
		if k == 0 || len(s) <= 2+k || s[2+k] != '}' {
			return nil, 0, &Error{Why: `hexadecimal digits and } must follow \` + s[:2]}
		}
		digits, n = s[2:2+k], k+3
	} else {
		want := 4
		if s[0] == 'U' {
			want = 8
		}
		if span(s[1:], want, hexDigits) != want {
			return nil, 0, &Error{Why: strconv.Itoa(want) + ` hexadecimal digits must follow \` + s[:1], Hint: `or write \u{1F600}`}
		}
		digits, n = s[1:1+want], want+1
	}
	v, err := strconv.ParseUint(digits, 16, 32)
	if err != nil || v > utf8.MaxRune || !utf8.ValidRune(rune(v)) {
		return nil, 0, &Error{Why: "there is no character with the number " + digits}
	}
	return utf8.AppendRune(out, rune(v)), n, nil
}

const hexDigits = "0123456789abcdefABCDEF"

// span is how many of the first most bytes of s are in set.
func span(s string, most int, set string) int {
	n := 0
	for n < len(s) && n < most && strings.IndexByte(set, s[n]) >= 0 {
		n++
	}
	return n
}
