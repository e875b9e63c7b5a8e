package report

import (
	"fmt"
	"unicode"
	"unicode/utf8"
)

const esc = 0x1b

// resetSGR ends every colour that a line has begun.
const resetSGR = "\x1b[0m"

// appendPrintable appends a line so that a terminal shows it and does nothing
// else: control sequences are left out, SGR (colours) stays where keepSGR says
// so and is reset at the end, other control characters and invalid UTF-8 show as
// \x07 or \xff, invisible format characters as \u202e.
func appendPrintable(dst []byte, line []byte, keepSGR bool) []byte {
	colored := false
	for len(line) > 0 {
		if line[0] == esc {
			n, sgr := controlSequence(line)
			if sgr && keepSGR {
				dst = append(dst, line[:n]...)
				colored = string(line[:n]) != resetSGR && string(line[:n]) != "\x1b[m"
			}
			if n > 0 {
				line = line[n:]
				continue
			}
		}
		r, n := utf8.DecodeRune(line)
		switch {
		case r == utf8.RuneError && n == 1:
			dst = fmt.Appendf(dst, `\x%02x`, line[0])
		case r == '\t' || unicode.IsGraphic(r), r == 0x200c, r == 0x200d: // joiners: emoji and scripts need them
			dst = append(dst, line[:n]...)
		case r < 0x80:
			dst = fmt.Appendf(dst, `\x%02x`, r)
		default:
			dst = fmt.Appendf(dst, `\u%04x`, r)
		}
		line = line[n:]
	}
	if colored {
		dst = append(dst, resetSGR...)
	}
	return dst
}

// printable is appendPrintable without colours, for text that must stay on one
// line.
func printable(s string) string {
	return string(appendPrintable(nil, []byte(s), false))
}

// controlSequence is the length of the sequence that s begins with, 0 if it is
// none or not complete (it is shown then: an unfinished title sequence must not
// hide the rest of the line).
func controlSequence(s []byte) (n int, sgr bool) {
	if len(s) < 2 {
		return 0, false
	}
	switch c := s[1]; {
	case c == '[':
		return csi(s)
	case c == ']' || c == 'P' || c == 'X' || c == '^' || c == '_':
		return controlString(s), false
	}
	// nF and two-character sequences: intermediates, then a final byte.
	for i := 1; i < len(s); i++ {
		switch c := s[i]; {
		case 0x20 <= c && c <= 0x2f:
		case 0x30 <= c && c <= 0x7e:
			return i + 1, false
		default:
			return 0, false
		}
	}
	return 0, false
}

func csi(s []byte) (n int, sgr bool) {
	plain := true // digits and separators only: no private or intermediate bytes
	for i := 2; i < len(s); i++ {
		switch c := s[i]; {
		case '0' <= c && c <= ';':
		case 0x20 <= c && c <= 0x3f:
			plain = false
		case 0x40 <= c && c <= 0x7e:
			return i + 1, c == 'm' && plain
		default:
			return 0, false
		}
	}
	return 0, false
}

// controlString is an OSC, DCS, SOS, PM or APC with its terminator.
func controlString(s []byte) int {
	for i := 2; i < len(s); i++ {
		switch {
		case s[i] == 0x07:
			return i + 1
		case s[i] == esc && i+1 < len(s) && s[i+1] == '\\':
			return i + 2
		case s[i] == esc:
			return 0
		}
	}
	return 0
}
