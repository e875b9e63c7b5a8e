package cast

import (
	"bytes"
	"encoding/json"
	"errors"
	"unicode/utf16"
	"unicode/utf8"
)

// errCut is for JSON that ends in the middle.
var errCut = errors.New("it is cut: the JSON has no end")

// odd is what is wrong with a string and can be read nevertheless.
type odd uint8

const (
	oddSurrogate odd = 1 << iota
	oddControl
)

// plain are the bytes of a string of JSON that stand for themselves.
var plain = func() (t [256]bool) {
	for c := range t {
		t[c] = c >= ' ' && c != '"' && c != '\\'
	}
	return t
}()

// blanks is the index of the first byte from i on that is no white space.
func blanks(b []byte, i int) int {
	for i < len(b) && (b[i] == ' ' || b[i] == '\t' || b[i] == '\r' || b[i] == '\n') {
		i++
	}
	return i
}

// unquote appends the text of the string whose first byte, behind the quote, is
// b[i] to dst, which may be b[:i]: text is never longer than what stands for it.
// next is behind the closing quote.
func unquote(dst, b []byte, i int) (text []byte, next int, o odd, err error) {
	for {
		from := i
		for i < len(b) && plain[b[i]] {
			i++
		}
		dst = append(dst, b[from:i]...)
		if i == len(b) {
			return dst, i, o, errCut
		}
		switch b[i] {
		case '"':
			return dst, i + 1, o, nil
		case '\\':
			var n int
			var is odd
			if dst, n, is, err = unescape(dst, b[i:]); err != nil {
				return dst, i, o, err
			}
			o |= is
			i += n
		default: // JSON does not have it, but what else could be meant
			o |= oddControl
			dst = append(dst, b[i])
			i++
		}
	}
}

// unescape appends what the escape that b begins with stands for, whose length is n.
func unescape(dst, b []byte) (text []byte, n int, o odd, err error) {
	if len(b) < 2 {
		return dst, 0, 0, errCut
	}
	c := b[1]
	switch c {
	case '"', '\\', '/':
	case 'b':
		c = '\b'
	case 'f':
		c = '\f'
	case 'n':
		c = '\n'
	case 'r':
		c = '\r'
	case 't':
		c = '\t'
	case 'u':
		r, err := hex4(b[2:])
		if err != nil {
			return dst, 0, 0, err
		}
		if !utf16.IsSurrogate(r) {
			return utf8.AppendRune(dst, r), 6, 0, nil
		}
		if len(b) >= 8 && b[6] == '\\' && b[7] == 'u' {
			low, err := hex4(b[8:])
			if err != nil {
				return dst, 0, 0, err
			}
			if r := utf16.DecodeRune(r, low); r != utf8.RuneError {
				return utf8.AppendRune(dst, r), 12, 0, nil
			}
		} else if len(b) < 8 && bytes.HasPrefix([]byte(`\u`), b[6:]) {
			return dst, 0, 0, errCut
		}
		return append(dst, replacement...), 6, oddSurrogate, nil
	default:
		return dst, 0, 0, errors.New("a string has an escape that JSON does not have: \\" + string(rune(c)))
	}
	return append(dst, c), 2, 0, nil
}

// hex4 is the number that b begins with, in four hexadecimal digits.
func hex4(b []byte) (r rune, err error) {
	for i := range 4 {
		if i == len(b) {
			return 0, errCut
		}
		c := b[i]
		switch {
		case c >= '0' && c <= '9':
			c -= '0'
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			c = c | 0x20 - 'a' + 10
		default:
			return 0, errors.New(`a string has \u without four hexadecimal digits`)
		}
		r = r<<4 | rune(c)
	}
	return r, nil
}

// value is the index behind the value of JSON that begins at b[i]. Only strings
// and brackets are looked at.
func value(b []byte, i int) (next int, err error) {
	from := i
	for depth := 0; i < len(b); {
		switch b[i] {
		case '"':
			for i++; ; i++ {
				if i >= len(b) {
					return i, errCut
				}
				if b[i] == '\\' {
					i++
				} else if b[i] == '"' {
					break
				}
			}
			i++
		case '[', '{':
			depth++
			i++
			continue
		case ']', '}':
			if depth == 0 {
				if i == from {
					return i, errors.New("a value is missing")
				}
				return i, nil
			}
			depth--
			i++
		case ',', ':':
			if depth == 0 {
				if i == from {
					return i, errors.New("a value is missing")
				}
				return i, nil
			}
			i++
			continue
		case ' ', '\t', '\r', '\n':
			i++
			continue
		default:
			for i < len(b) && plain[b[i]] && bytes.IndexByte([]byte(" ,:[]{}"), b[i]) < 0 {
				i++
			}
			if i < len(b) && b[i] < ' ' && b[i] != '\t' && b[i] != '\r' && b[i] != '\n' || i < len(b) && b[i] == '\\' {
				return i, errors.New("it is no JSON")
			}
		}
		if depth == 0 {
			return i, nil
		}
	}
	return i, errCut
}

// object gives the fields of the object that begins at b[i], those that are whole
// even if the rest is not. next is behind it.
func object(b []byte, i int) (fields []Field, next int, err error) {
	if i = blanks(b, i); i == len(b) || b[i] != '{' {
		return nil, i, errors.New("it is no object of JSON")
	}
	i++
	for {
		i = blanks(b, i)
		if i == len(b) {
			return fields, i, errCut
		}
		if b[i] == '}' && len(fields) == 0 {
			return nil, i + 1, nil
		}
		if b[i] != '"' {
			return fields, i, errors.New("a key of the object is no string")
		}
		var name []byte
		if name, i, _, err = unquote(nil, b, i+1); err != nil {
			return fields, i, err
		}
		if i = blanks(b, i); i == len(b) {
			return fields, i, errCut
		} else if b[i] != ':' {
			return fields, i, errors.New("a key of the object has no value")
		}
		i = blanks(b, i+1)
		from := i
		if i, err = value(b, i); err != nil {
			if err == errCut { // of a list, the begin may be of use
				fields = append(fields, Field{string(name), json.RawMessage(b[from:])})
			}
			return fields, i, err
		}
		fields = append(fields, Field{string(name), json.RawMessage(b[from:i])})
		if i = blanks(b, i); i == len(b) {
			return fields, i, errCut
		}
		switch b[i] {
		case '}':
			return fields, i + 1, nil
		case ',':
			i++
		default:
			return fields, i, errors.New("the object has something between its fields")
		}
	}
}
