package console

import "bytes"

const sgrReset = "\x1b[0m"

// escFilter lets text and colours (SGR) through and takes out every other
// escape sequence: cursor movement, clearing, titles, hyperlinks, character
// sets. It keeps its state between calls, so that sequences may be cut anywhere.
// The 8-bit introducers are known in their UTF-8 form, which is how terminals
// read them.
type escFilter struct {
	state escState
	open  bool // an SGR other than a reset is in force
	n     int  // bytes in par; more than it holds: not an SGR
	par   [64]byte
}

type escState uint8

const (
	escText   escState = iota
	escC2              // after 0xc2, which may begin an 8-bit control
	escStart           // after ESC
	escInter           // after ESC and intermediate bytes
	escCSI             // in a control sequence
	escString          // in a string: OSC, DCS, APC, PM, SOS
	escStrEnd          // ... after an ESC in it
	escStrC2           // ... after a 0xc2 in it
)

// special tells whether b has any byte that the filter may act on.
func special(b []byte) bool {
	for _, c := range [...]byte{0x1b, 0x0e, 0x0f, 0xc2} {
		if bytes.IndexByte(b, c) >= 0 {
			return true
		}
	}
	return false
}

func (f *escFilter) reset() { f.state, f.open, f.n = escText, false, 0 }

// end appends what the end of a line needs: a cut 0xc2, a reset of colours.
func (f *escFilter) end(dst []byte) []byte {
	if f.state == escC2 {
		dst = append(dst, 0xc2)
	}
	if f.open {
		dst = append(dst, sgrReset...)
	}
	f.reset()
	return dst
}

// append appends what is left of src, which is within one line.
func (f *escFilter) append(dst, src []byte) []byte {
	for i := 0; i < len(src); {
		if f.state == escText {
			j := i
			for j < len(src) && src[j] != 0x1b && src[j] != 0x0e && src[j] != 0x0f && src[j] != 0xc2 {
				j++
			}
			dst = append(dst, src[i:j]...)
			if i = j; i == len(src) {
				break
			}
			switch src[i] {
			case 0x1b:
				f.state = escStart
			case 0xc2:
				f.state = escC2
			} // SO and SI switch the character set for good: dropped
			i++
			continue
		}
		dst = f.step(dst, src[i])
		i++
	}
	return dst
}

func (f *escFilter) step(dst []byte, c byte) []byte {
	if c == 0x18 || c == 0x1a { // CAN and SUB end any sequence
		f.state = escText
		return dst
	}
	switch f.state {
	case escC2:
		f.state = escText
		switch {
		case c == 0x1b, c == 0xc2, c == 0x0e, c == 0x0f:
			// No rune. Left as it is, it could make one with a byte that
			// comes after what is taken out here.
			dst = append(dst, "\uFFFD"...)
			switch c {
			case 0x1b:
				f.state = escStart
			case 0xc2:
				f.state = escC2
			}
			return dst
		case c < 0x80 || c > 0x9f:
			return append(dst, 0xc2, c)
		}
		f.enter(c - 0x40)
	case escStart:
		f.enter(c)
	case escInter:
		if c >= 0x30 && c != 0x7f {
			f.state = escText
		}
		if c == 0x1b {
			f.state = escStart
		}
	case escCSI:
		switch {
		case c >= 0x40 && c <= 0x7e:
			f.state = escText
			if c == 'm' {
				dst = f.sgr(dst)
			}
		case c == 0x1b:
			f.state = escStart
		case c >= 0x20 && c < 0x40:
			if f.n < len(f.par) {
				f.par[f.n] = c
			}
			f.n++
		}
	case escString:
		switch c {
		case 0x07:
			f.state = escText
		case 0x1b:
			f.state = escStrEnd
		case 0xc2:
			f.state = escStrC2
		}
	case escStrEnd:
		f.enter(c) // ST, or another sequence that cuts the string short
	case escStrC2:
		f.state = escString
		if c == 0x9c {
			f.state = escText
		}
	}
	return dst
}

// enter chooses the state by the byte after ESC.
func (f *escFilter) enter(c byte) {
	switch {
	case c == '[':
		f.state, f.n = escCSI, 0
	case c == ']' || c == 'P' || c == 'X' || c == '^' || c == '_':
		f.state = escString
	case c == 0x1b:
		f.state = escStart
	case c >= 0x20 && c < 0x30:
		f.state = escInter
	default:
		f.state = escText
	}
}

// sgr appends the sequence in par if it is a plain SGR, and follows whether it
// leaves anything switched on.
func (f *escFilter) sgr(dst []byte) []byte {
	if f.n > len(f.par) {
		return dst
	}
	par := f.par[:f.n]
	for _, c := range par {
		if (c < '0' || c > '9') && c != ';' && c != ':' {
			return dst // private, such as CSI > 4 m, which sets a keyboard mode
		}
	}
	dst = append(dst, 0x1b, '[')
	dst = append(dst, par...)
	dst = append(dst, 'm')
	skip := 0
	for rest := par; ; {
		p, tail, more := bytes.Cut(rest, []byte{';'})
		switch {
		case skip > 0:
			if skip == 5 { // the kind of colour: 5 is followed by one number, 2 by three
				if skip = 0; string(p) == "5" {
					skip = 1
				} else if string(p) == "2" {
					skip = 3
				}
			} else {
				skip--
			}
		case len(bytes.Trim(p, "0")) == 0:
			f.open = false
		case string(p) == "38" || string(p) == "48" || string(p) == "58":
			f.open, skip = true, 5
		default:
			f.open = true
		}
		if !more {
			return dst
		}
		rest = tail
	}
}
