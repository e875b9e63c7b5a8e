package cast

import "unicode/utf8"

// appendText appends p, which is UTF-8, with the escapes that serde_json makes,
// without quotes: short ones where there are, \u00xx for the other controls below
// 0x20, and nothing else.
func appendText(b, p []byte) []byte {
	from := 0
	for i := 0; i < len(p); i++ {
		if plain[p[i]] {
			continue
		}
		b = appendEscape(append(b, p[from:i]...), p[i])
		from = i + 1
	}
	return append(b, p[from:]...)
}

func appendEscape(b []byte, c byte) []byte {
	switch c {
	case '"', '\\':
		return append(b, '\\', c)
	case '\b':
		return append(b, `\b`...)
	case '\t':
		return append(b, `\t`...)
	case '\n':
		return append(b, `\n`...)
	case '\f':
		return append(b, `\f`...)
	case '\r':
		return append(b, `\r`...)
	}
	const hex = "0123456789abcdef"
	return append(b, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
}

// appendString appends s as a string of JSON.
func appendString(b []byte, s string) []byte {
	return append(appendText(append(b, '"'), valid([]byte(s))), '"')
}

// valid is p with U+FFFD for what is no UTF-8.
func valid(p []byte) []byte {
	if utf8.Valid(p) {
		return p
	}
	var d decoder
	text, _ := d.decode(p)
	text, _ = d.flush(text)
	return text
}
