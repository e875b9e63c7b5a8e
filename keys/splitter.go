package keys

import (
	"bytes"
	"unicode/utf8"
)

// Splitter cuts what a terminal sends into units, so that other input can be put
// between them and never inside. The units joined are the input, whatever bytes
// come and however they are cut. The zero value is ready.
//
// ESC begins a sequence and is a key as well; which of them it is only time can
// tell. The Splitter has no clock: when Pending has been above zero for about 25
// ms, call Flush.
//
// A Splitter is not safe for concurrent use.
type Splitter struct {
	// CPRExpected tells whether a report of the cursor's place is awaited, which
	// decides what CSI 1;2R is: that or Shift+F3. Nil means that none is.
	CPRExpected func() bool
	// UTF8Mouse says that the terminal was told to report the mouse in mode
	// 1005, in which the three parts of a report are characters and not bytes.
	UTF8Mouse bool
	// Limit is how many bytes of an unfinished reply are held before they are
	// let go as a piece of one. 0 means 4096.
	Limit int

	buf   []byte // what is held back
	state state
	need  int // characters or bytes that are still to come
	paste bool
	long  bool // pieces of a string sequence have been let go already
}

type state uint8

const (
	ground state = iota
	inUTF8
	inEsc
	inEscEsc
	inSS3
	inCSI
	inLinuxKey // CSI [ and a letter to come
	inMouse
	inString
	inStringEsc
)

const (
	defaultLimit = 4096
	csiLimit     = 1024
	pasteEnd     = "\x1b[201~"
)

// Feed takes bytes and returns the units that are complete. They do not share
// memory with p.
func (s *Splitter) Feed(p []byte) []Unit {
	var out []Unit
	scanned := len(s.buf)
	s.buf = append(s.buf, p...)
	start := 0
	emit := func(end int, k Kind, inside bool) {
		if end > start {
			out = append(out, Unit{k, s.buf[start:end:end], inside})
		}
		start, s.state = end, ground
		if s.long {
			s.state = inString
		}
	}
	for i := scanned; i < len(s.buf); {
		if s.paste {
			i = s.scanPaste(start, i, emit)
			continue
		}
		// step says where the unit that ends here ends; a byte that breaks off
		// the unit before it is looked at once more.
		v := s.step(s.buf[start:i+1], s.buf[i])
		switch v.do {
		case more:
			i++
		case done:
			i++
			emit(i, v.kind, v.inside)
		case before:
			emit(i-v.keep, v.kind, false)
			i = start
		}
	}
	if start > 0 {
		s.buf = append([]byte(nil), s.buf[start:]...)
	}
	return out
}

// scanPaste looks for the end of a paste and lets go everything before it. It
// returns where to go on.
func (s *Splitter) scanPaste(start, i int, emit func(int, Kind, bool)) int {
	rest := s.buf[start:]
	if at := bytes.Index(rest, []byte(pasteEnd)); at >= 0 {
		if at > 0 {
			emit(start+at, Pasted, true)
		}
		s.paste = false
		emit(start+at+len(pasteEnd), Pasted, false)
		return start + at + len(pasteEnd)
	}
	// The end may be cut: hold what could be its beginning.
	held := 0
	for n := min(len(pasteEnd)-1, len(rest)); n > 0; n-- {
		if bytes.HasSuffix(rest, []byte(pasteEnd[:n])) {
			held = n
			break
		}
	}
	if len(rest) > held {
		emit(len(s.buf)-held, Pasted, true)
	}
	return len(s.buf)
}

// Pending is the number of bytes held back because their unit is not complete.
func (s *Splitter) Pending() int { return len(s.buf) }

// Between tells whether other input may be put after what was returned so far.
func (s *Splitter) Between() bool { return len(s.buf) == 0 && !s.paste && !s.long }

// Flush lets go what is held back, because nothing came for a while: a lone ESC
// is the key, ESC and [ are Alt+[. Anything longer is an unfinished sequence; it
// comes as Invalid, and what follows is read afresh, so that a person who typed
// Alt+P, with which a reply would begin, is never stuck in one. Inside a paste
// only the paste's end goes on being awaited.
func (s *Splitter) Flush() []Unit {
	b := s.buf
	k := Invalid
	switch {
	case s.paste:
		k = Pasted
	case len(b) == 1 && b[0] == 0x1b && !s.long:
		k = Control
	case s.state == inEscEsc, len(b) == 2 && s.state != inUTF8 && !s.long:
		k = Sequence
	}
	s.buf, s.state, s.long = nil, ground, false
	if len(b) == 0 {
		return nil
	}
	return []Unit{{k, b, s.paste}}
}

// Reset lets go what is held back and waits for nothing any more: for a terminal
// that went away within a paste, or a paste that is longer than the caller wants
// to wait.
func (s *Splitter) Reset() []Unit {
	out := s.Flush()
	s.paste = false
	for i := range out {
		out[i].Inside = false
	}
	return out
}

// runeLen is how many bytes the character that begins with c has, 0 if none
// does.
func runeLen(c byte) int {
	switch {
	case c < utf8.RuneSelf:
		return 1
	case c >= 0xc2 && c <= 0xdf:
		return 2
	case c >= 0xe0 && c <= 0xef:
		return 3
	case c >= 0xf0 && c <= 0xf4:
		return 4
	}
	return 0
}
