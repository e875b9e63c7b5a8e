package attach

import (
	"bytes"
	"slices"
	"strconv"
	"unicode/utf8"

	"github.com/sluicerun/sluice/internal/pty"
)

// scan follows the bytes that a terminal is shown, as far as two questions ask
// for: which modes are to be left in the end, and whether other text may be
// written now, between two characters or sequences and not inside one. Grammar:
// ECMA-48 section 5 and xterm's ctlseqs; UTF-8 terminals, so no 8-bit controls.
//
// Where a sequence switches nothing but an own counter or a stack (kitty's
// keyboard flags), the mode counts as on from the first use: leaving it once too
// often does no harm.
type scan struct {
	state  scanState
	osc    bool   // the string is an OSC: BEL ends it
	body   []byte // of the sequence or string so far, cut at maxBody
	tail   [utf8.UTFMax]byte
	ntail  int // bytes of an unfinished character in tail
	modes  pty.Modes
	mouse  uint8 // which of mouseModes are on
	titles int
	sgr    bool
	link   bool
}

type scanState uint8

const (
	scanGround scanState = iota
	scanEscape
	scanCSI
	scanString
	scanStringEscape
)

// maxBody is more than any sequence of interest has.
const maxBody = 64

// ground tells whether other text may be written now.
func (s *scan) ground() bool { return s.state == scanGround && s.ntail == 0 }

// after is the state after p.
func (s *scan) after(p []byte) scan {
	c := *s
	c.body = slices.Clone(s.body)
	c.feed(p)
	return c
}

// feed takes the next bytes, cut anywhere.
func (s *scan) feed(p []byte) {
	for len(p) > 0 {
		if s.state == scanGround {
			n := bytes.IndexByte(p, 0x1b)
			text := p
			if n >= 0 {
				text = p[:n]
			}
			if bytes.IndexByte(text, 0x0e) >= 0 { // SO: the other character set
				s.modes |= pty.Charset
			}
			if n < 0 {
				s.text(text)
				return
			}
			s.state, s.ntail, s.body = scanEscape, 0, s.body[:0]
			p = p[n+1:]
			continue
		}
		if s.state == scanCSI {
			n := 0
			for n < len(p) && p[n] >= 0x20 && p[n] < 0x40 {
				n++
			}
			s.body = append(s.body, p[:min(n, maxBody-len(s.body))]...)
			if p = p[n:]; len(p) == 0 {
				return
			}
		}
		c := p[0]
		p = p[1:]
		s.step(c)
	}
}

// text keeps the beginning of a character whose end is still to come.
func (s *scan) text(p []byte) {
	if len(p) == 0 {
		return
	}
	var last [2 * utf8.UTFMax]byte
	n := copy(last[:], s.tail[:s.ntail])
	if len(p) > utf8.UTFMax {
		n, p = 0, p[len(p)-utf8.UTFMax:]
	}
	n += copy(last[n:], p)
	s.ntail = 0
	for i := max(0, n-utf8.UTFMax+1); i < n; i++ {
		if utf8.RuneStart(last[i]) && last[i] >= utf8.RuneSelf {
			if !utf8.FullRune(last[i:n]) {
				s.ntail = copy(s.tail[:], last[i:n])
				return
			}
		}
	}
}

func (s *scan) step(c byte) {
	switch {
	case c == 0x18 || c == 0x1a: // CAN and SUB end whatever it was
		s.state = scanGround
		return
	case s.state == scanStringEscape:
		s.state = scanGround
		if c == '\\' {
			s.string()
			return
		}
		s.state, s.body = scanEscape, s.body[:0] // the string was cut off by another sequence
	case c == 0x1b:
		if s.state == scanString {
			s.state = scanStringEscape
		} else {
			s.state, s.body = scanEscape, s.body[:0]
		}
		return
	}
	switch s.state {
	case scanString:
		if c == 0x07 && s.osc {
			s.state = scanGround
			s.string()
			return
		}
		s.keep(c)
	case scanEscape:
		switch {
		case c == '[' && len(s.body) == 0:
			s.state = scanCSI
		case len(s.body) == 0 && (c == ']' || c == 'P' || c == 'X' || c == '^' || c == '_'):
			s.state, s.osc = scanString, c == ']'
		case c >= 0x20 && c < 0x30:
			s.keep(c)
		case c >= 0x30 && c < 0x7f:
			s.state = scanGround
			s.escape(c)
		}
	case scanCSI:
		switch {
		case c >= 0x40 && c < 0x7f:
			s.state = scanGround
			s.csi(c)
		case c >= 0x20 && c < 0x40:
			s.keep(c)
		}
	}
}

func (s *scan) keep(c byte) {
	if len(s.body) < maxBody {
		s.body = append(s.body, c)
	}
}

func (s *scan) set(m pty.Modes, on bool) {
	if on {
		s.modes |= m
	} else {
		s.modes &^= m
	}
}

func (s *scan) escape(final byte) {
	switch {
	case len(s.body) == 0 && final == 'c': // RIS
		*s = scan{body: s.body}
	case len(s.body) == 0 && (final == '=' || final == '>'):
		s.set(pty.AppKeypad, final == '=')
	case len(s.body) == 1 && bytes.IndexByte([]byte("()*+"), s.body[0]) >= 0 && final != 'B':
		s.modes |= pty.Charset
	}
}

// string is called at the end of an OSC, DCS, SOS, PM or APC.
func (s *scan) string() {
	if !s.osc {
		return
	}
	number, rest, _ := bytes.Cut(s.body, []byte{';'})
	switch string(number) {
	case "4", "10", "11", "12":
		if !bytes.HasSuffix(rest, []byte{'?'}) { // a question changes nothing
			s.modes |= pty.Palette
		}
	case "8":
		_, uri, _ := bytes.Cut(rest, []byte{';'})
		s.link = len(uri) > 0
		s.set(pty.Style, s.sgr || s.link)
	}
}

func (s *scan) csi(final byte) {
	body := s.body
	switch {
	case final == 'h' || final == 'l':
		private := len(body) > 0 && body[0] == '?'
		for _, p := range bytes.Split(bytes.TrimPrefix(body, []byte{'?'}), []byte{';'}) {
			if n, err := strconv.Atoi(string(p)); err == nil {
				s.mode(n, private, final == 'h')
			}
		}
	case final == 'm' && len(body) > 0 && body[0] == '>':
		s.modes |= pty.ModifyOtherKeys
	case final == 'm' && (len(body) == 0 || body[0] <= ';'):
		s.sgr = slices.ContainsFunc(body, func(c byte) bool { return c != '0' && c != ';' })
		s.set(pty.Style, s.sgr || s.link)
	case final == 'u' && len(body) > 0 && (body[0] == '=' || body[0] == '>'):
		s.modes |= pty.KittyKeyboard
	case final == 'q' && bytes.HasSuffix(body, []byte{' '}):
		s.set(pty.CursorShape, len(bytes.Trim(body, "0 ")) > 0)
	case final == 'r' && (len(body) == 0 || body[0] <= ';'):
		if len(body) > 0 {
			s.modes |= pty.Margins
		}
	case final == 't':
		switch {
		case bytes.HasPrefix(body, []byte("22")):
			s.titles++
		case bytes.HasPrefix(body, []byte("23")) && s.titles > 0:
			s.titles--
		}
		s.set(pty.TitlePushed, s.titles > 0)
	}
}

// mouseModes in the order of the bits of scan.mouse.
var mouseModes = [...]int{9, 1000, 1002, 1003, 1005, 1006, 1015, 1016}

func (s *scan) mode(n int, private, on bool) {
	if !private {
		if n == 4 {
			s.set(pty.InsertMode, on)
		}
		return
	}
	switch n {
	case 1:
		s.set(pty.AppCursor, on)
	case 5:
		s.set(pty.ReverseVideo, on)
	case 6:
		s.set(pty.Origin, on)
	case 7:
		s.set(pty.NoWrap, !on)
	case 25:
		s.set(pty.CursorHidden, !on)
	case 47, 1047, 1049:
		s.set(pty.AltScreen, on)
	case 66:
		s.set(pty.AppKeypad, on)
	case 69:
		if on {
			s.modes |= pty.Margins
		}
	case 1004:
		s.set(pty.Focus, on)
	case 2004:
		s.set(pty.BracketedPaste, on)
	case 2026:
		s.set(pty.SyncOutput, on)
	case 2031:
		s.set(pty.ThemeReports, on)
	case 2048:
		s.set(pty.ResizeReports, on)
	default:
		for i, m := range mouseModes {
			if n == m && on {
				s.mouse |= 1 << i
			} else if n == m {
				s.mouse &^= 1 << i
			}
		}
		s.set(pty.Mouse, s.mouse != 0)
	}
}
