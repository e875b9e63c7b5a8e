package keys

import (
	"bytes"
	"unicode/utf8"

	"github.com/sluicerun/sluice/vt"
)

// PasteOptions say how text is pasted. The zero value is safe for text from
// anywhere: nothing in it can act as a key other than Enter and Tab.
type PasteOptions struct {
	// KeepControl sends the control characters of the text as well. Otherwise
	// ESC, the other control characters of ASCII except tab and newline, DEL,
	// and those at U+0080 (as characters and as single bytes) are left out. The
	// brackets of a paste are left out of the text in any case.
	KeepControl bool
	// KeepNewlines sends LF as it is. Otherwise LF and CR LF become CR, which
	// is what Enter sends and what terminals make of them.
	KeepNewlines bool
	// Raw never brackets, for a program that set the mode and mishandles it.
	Raw bool
}

// Paste returns what a terminal sends when text is pasted: between CSI 200 ~ and
// CSI 201 ~ if the program switched mode 2004 on.
func Paste(text []byte, m vt.Modes) []byte { return PasteOptions{}.Paste(text, m) }

// pasteMarks cannot be part of a paste: what follows the end would be typed. The
// forms with U+009B and 9b are the same to a program that knows 8-bit controls.
var pasteMarks = [...]string{
	"\x1b[200~", "\x1b[201~", "\u009b200~", "\u009b201~", "\x9b200~", "\x9b201~",
}

// Paste is [Paste] with options.
func (o PasteOptions) Paste(text []byte, m vt.Modes) []byte {
	bracket := m.BracketedPaste && !o.Raw
	out := make([]byte, 0, len(text)+12)
	if bracket {
		out = append(out, pasteMarks[0]...)
	}
	first := len(out)
	for i := 0; i < len(text); {
		r, n := utf8.DecodeRune(text[i:])
		c := text[i : i+n]
		i += n
		// What is left out must not join its neighbours to a bracket, so it goes
		// before the brackets are looked for.
		if r == utf8.RuneError && n == 1 {
			r = rune(c[0]) // a byte of its own
		}
		switch {
		case r == '\r' && !o.KeepNewlines && i < len(text) && text[i] == '\n':
			continue // the LF becomes the CR
		case r == '\n' && !o.KeepNewlines:
			c = []byte{'\r'}
		case r == 0x1b || r == 0x9b:
			// Kept for now, as a bracket goes as a whole.
		case !o.KeepControl && isControl(r):
			continue
		}
		out = append(out, c...)
		// Cutting a bracket from the end of out, one at a time, also finds those
		// that come together by it.
		for _, mark := range pasteMarks {
			if r != '~' {
				break
			}
			if n := len(out) - len(mark); n >= first && string(out[n:]) == mark {
				out = out[:n]
			}
		}
	}
	if !o.KeepControl {
		out = append(out[:first], dropEscapes(out[first:])...)
	}
	if bracket {
		out = append(out, pasteEnd...)
	}
	return out
}

// isControl tells whether r is a control character that is no tab or newline.
func isControl(r rune) bool {
	return r < 0x20 && r != '\t' && r != '\n' && r != '\r' || r >= 0x7f && r < 0xa0
}

// dropEscapes removes what can begin a sequence.
func dropEscapes(b []byte) []byte {
	b = bytes.ReplaceAll(b, []byte{0x1b}, nil)
	out := b[:0]
	for i := 0; i < len(b); {
		r, n := utf8.DecodeRune(b[i:])
		if r != 0x9b && (n > 1 || b[i] != 0x9b) {
			out = append(out, b[i:i+n]...)
		}
		i += n
	}
	return out
}
