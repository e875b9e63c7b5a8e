package playback

import (
	"unicode/utf8"
)

// Filter makes recorded output harmless for a terminal that somebody looks at. What
// passes is what draws: text, colours, the cursor, erasing, scrolling, tabs,
// margins, the alternate screen, hyperlinks, titles. Everything else is left out,
// above all:
//
//   - questions (DA, DSR, DECRQM, DECRQSS, OSC 10 ; ? and others), because the
//     answers would be typed into whatever reads the viewer's keyboard;
//   - what makes the terminal send by itself or changes what keys send: the mouse,
//     focus, pasting, the kitty keyboard flags, application keys;
//   - what reaches beyond the screen: the clipboard, printing, files, messages,
//     the window, the size, the lines that scrolled off (CSI 3 J). RIS is made a
//     soft reset with an empty screen.
//
// Device control strings are left out as a whole, and so are images.
//
// C1 controls are taken for what they are in either form and leave in their 7-bit
// form; bytes that are no UTF-8 become U+FFFD. The bytes may come cut anywhere. The
// zero value is ready.
type Filter struct {
	state filterState
	seq   []byte // ESC and what has come of its sequence; of a string what follows ESC ]
	over  bool   // seq is longer than any that is let pass
	kind  byte   // of the string: the byte after ESC
	char  []byte // a character that has not come whole
}

type filterState uint8

const (
	filterGround filterState = iota
	filterEscape
	filterCSI
	filterString
	filterStringEscape
)

// The longest sequences and strings that pass.
const (
	maxFilterCSI    = 256
	maxFilterString = 8192
)

// Harmless appends what may be shown of p to dst. What does not end in p is held
// back and comes later.
func (f *Filter) Harmless(dst, p []byte) []byte {
	for len(p) > 0 {
		if f.state == filterGround && len(f.char) == 0 {
			n := plainRun(p)
			dst = append(dst, p[:n]...)
			if p = p[n:]; len(p) == 0 {
				break
			}
		}
		var r rune
		if r, p = f.take(p); r >= 0 {
			dst = f.step(dst, r)
		}
	}
	return dst
}

// plainRun is how many bytes at the begin of p are text of ASCII.
func plainRun(p []byte) int {
	for i, c := range p {
		if c < 0x20 || c >= 0x7f {
			return i
		}
	}
	return len(p)
}

// take takes a character, or nothing (-1) where it is cut. What is no UTF-8 is
// U+FFFD, however it is cut.
func (f *Filter) take(p []byte) (rune, []byte) {
	if len(f.char) == 0 {
		if r, n := utf8.DecodeRune(p); r != utf8.RuneError || n > 1 {
			return r, p[n:]
		}
	} else if utf8.RuneStart(p[0]) { // what was held has no end
		f.char = f.char[:0]
		return utf8.RuneError, p
	}
	f.char = append(f.char, p[0])
	if !utf8.FullRune(f.char) {
		return -1, p[1:]
	}
	r, _ := utf8.DecodeRune(f.char)
	f.char = f.char[:0]
	return r, p[1:]
}

// step takes one character.
func (f *Filter) step(dst []byte, r rune) []byte {
	switch {
	case r == 0x18 || r == 0x1a: // CAN and SUB end what has begun
		f.state = filterGround
		return dst
	case r >= 0x80 && r < 0xa0 && r != 0x9c:
		// Within a string too: terminals that know C1 end the string there.
		return f.escape(dst, byte(r)-0x40)
	}
	switch f.state {
	case filterGround:
		return f.ground(dst, r)
	case filterEscape, filterCSI:
		switch {
		case r == 0x1b:
			f.begin()
		case r < 0x20: // obeyed within a sequence
			return control(dst, r)
		case r >= 0x7f:
			if r > 0x9f { // ends it, as text
				f.state = filterGround
				return utf8.AppendRune(dst, r)
			}
		case f.state == filterEscape:
			return f.escape(dst, byte(r))
		default:
			return f.csi(dst, byte(r))
		}
	case filterString:
		switch {
		case r == 0x1b:
			f.state = filterStringEscape
		case r == 0x9c || r == 0x07 && f.kind == ']':
			return f.string(dst)
		case r >= 0x20:
			f.keep(r, maxFilterString)
		}
	case filterStringEscape:
		if r == '\\' {
			return f.string(dst)
		}
		// The string was cut off by another sequence.
		f.begin()
		return f.step(dst, r)
	}
	return dst
}

func (f *Filter) ground(dst []byte, r rune) []byte {
	switch {
	case r == 0x1b:
		f.begin()
		return dst
	case r < 0x20:
		return control(dst, r)
	case r == 0x7f || r == 0x9c:
		return dst
	}
	return utf8.AppendRune(dst, r)
}

// control passes on a control character that only draws: BEL, BS, HT, LF, VT, FF,
// CR, SO, SI. ENQ asks.
func control(dst []byte, r rune) []byte {
	if r >= 0x07 && r <= 0x0f {
		return append(dst, byte(r))
	}
	return dst
}

func (f *Filter) begin() {
	f.state, f.over = filterEscape, false
	f.seq = append(f.seq[:0], 0x1b)
}

func (f *Filter) keep(r rune, limit int) {
	if len(f.seq)+utf8.RuneLen(r) > limit {
		f.over = true
		return
	}
	f.seq = utf8.AppendRune(f.seq, r)
}

// escape takes a byte of 20 to 7e after ESC, or what stands for it.
func (f *Filter) escape(dst []byte, c byte) []byte {
	if c >= 0x40 && f.state != filterEscape { // a C1 control
		f.begin()
	}
	first := len(f.seq) == 1
	switch {
	case first && c == '[':
		f.state = filterCSI
		f.keep(rune(c), maxFilterCSI)
		return dst
	case first && (c == ']' || c == 'P' || c == 'X' || c == '^' || c == '_'):
		f.state, f.kind, f.seq = filterString, c, f.seq[:0]
		return dst
	}
	f.keep(rune(c), maxFilterCSI)
	if c < 0x30 {
		return dst
	}
	f.state = filterGround
	if first && c == 'c' {
		return append(dst, "\x1b[!p\x1b[H\x1b[2J"...)
	}
	if !f.over && harmlessEscape(f.seq[1:]) {
		dst = append(dst, f.seq...)
	}
	return dst
}

func (f *Filter) csi(dst []byte, c byte) []byte {
	f.keep(rune(c), maxFilterCSI)
	if c < 0x40 {
		return dst
	}
	f.state = filterGround
	if f.over {
		return dst
	}
	return appendCSI(dst, f.seq[2:])
}

func (f *Filter) string(dst []byte) []byte {
	f.state = filterGround
	if f.over || f.kind != ']' || !harmlessOSC(string(f.seq)) {
		return dst
	}
	dst = append(append(dst, "\x1b]"...), f.seq...)
	return append(dst, "\x1b\\"...)
}
