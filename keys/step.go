package keys

import "unicode/utf8"

// verdict is what one more byte makes of the unit that is being read.
type verdict struct {
	do     uint8
	kind   Kind
	inside bool
	keep   int // before: bytes ahead of this one that belong to the next unit
}

const (
	more   uint8 = iota // the unit goes on
	done                // it ends with this byte
	before              // it ended before this byte, which is to be read again
)

// step looks at c, the last byte of u, which is the unit so far.
func (s *Splitter) step(u []byte, c byte) verdict {
	switch s.state {
	case inUTF8:
		return s.stepUTF8(u)
	case inEsc:
		return s.stepEsc(c)
	case inEscEsc:
		if c == '[' || c == 'O' {
			return s.stepEsc(c) // how some terminals send Alt with such a key
		}
		s.state = ground
		return verdict{do: before, kind: Control, keep: 1}
	case inSS3:
		switch {
		case c >= '0' && c <= '9' || c == ';':
			return s.within(u, csiLimit)
		case c >= 0x40 && c <= 0x7e || c == ' ':
			return verdict{do: done, kind: Sequence}
		}
		return cut(u)
	case inCSI:
		return s.stepCSI(u, c)
	case inLinuxKey:
		if c >= 0x40 && c <= 0x7e {
			return verdict{do: done, kind: Sequence}
		}
		return cut(u)
	case inMouse:
		return s.stepMouse(u, c)
	case inString, inStringEsc:
		return s.stepString(u, c)
	}
	switch n := runeLen(c); {
	case c == 0x1b:
		s.state = inEsc
		return verdict{}
	case c < 0x20 || c == 0x7f:
		return verdict{do: done, kind: Control}
	case n == 0:
		return verdict{do: done, kind: Invalid}
	case n > 1:
		s.state, s.need = inUTF8, n
		return verdict{}
	}
	return verdict{do: done, kind: Text}
}

// cut ends a unit that c does not belong to. What is cut right after its
// introducer is the key that the introducer is too.
func cut(u []byte) verdict {
	if len(u) == 3 {
		return verdict{do: before, kind: Sequence}
	}
	return verdict{do: before, kind: Invalid}
}

// stepUTF8 is for the bytes of a character, perhaps after ESC.
func (s *Splitter) stepUTF8(u []byte) verdict {
	ch, kind := u, Text
	if u[0] == 0x1b {
		ch, kind = u[1:], Sequence
	}
	if len(ch) < s.need {
		if utf8.FullRune(ch) {
			return verdict{do: before, kind: Invalid} // it went wrong at once
		}
		return verdict{}
	}
	r, n := utf8.DecodeRune(ch)
	switch {
	case n != len(ch):
		return verdict{do: before, kind: Invalid}
	case r >= 0x80 && r < 0xa0 && kind == Text:
		kind = Control
	}
	return verdict{do: done, kind: kind}
}

func (s *Splitter) stepEsc(c byte) verdict {
	switch c {
	case 0x1b:
		s.state = inEscEsc
		return verdict{}
	case '[':
		s.state = inCSI
		return verdict{}
	case 'O':
		s.state = inSS3
		return verdict{}
	case ']', 'P', '_', '^', 'X': // OSC, DCS, APC, PM, SOS
		s.state = inString
		return verdict{}
	}
	switch n := runeLen(c); {
	case n == 0:
		return verdict{do: before, kind: Control}
	case n > 1:
		s.state, s.need = inUTF8, n
		return verdict{}
	}
	return verdict{do: done, kind: Sequence}
}

// within lets a unit grow up to a limit, past which it is nothing that a
// terminal sends.
func (s *Splitter) within(u []byte, limit int) verdict {
	if len(u) >= limit {
		return verdict{do: done, kind: Invalid}
	}
	return verdict{}
}

func (s *Splitter) stepCSI(u []byte, c byte) verdict {
	body := u[2:]
	if u[1] == 0x1b {
		body = u[3:]
	}
	switch {
	case len(body) == 1 && c == '[':
		s.state = inLinuxKey
		return verdict{}
	case len(body) == 1 && c == 'M':
		s.state, s.need = inMouse, 3
		return verdict{}
	case c >= 0x20 && c <= 0x3f:
		return s.within(u, csiLimit)
	case c < 0x40 || c > 0x7e:
		return cut(u)
	}
	k := classify(body, s.CPRExpected)
	v := verdict{do: done, kind: k}
	if string(body) == "200~" {
		s.paste, v.inside = true, true
	}
	return v
}

// stepMouse counts the button, the column and the row. They may be any bytes;
// only in mode 1005 are they characters.
func (s *Splitter) stepMouse(u []byte, c byte) verdict {
	if s.UTF8Mouse && c >= 0x80 && c < 0xc0 && len(u) > 1 && u[len(u)-2] >= 0xc2 && u[len(u)-2] < 0xe0 {
		// the second byte of a character that was counted at its first
	} else {
		s.need--
	}
	if s.need > 0 || s.UTF8Mouse && c >= 0xc2 && c < 0xe0 {
		return verdict{}
	}
	return verdict{do: done, kind: MouseReport}
}

// stepString is for OSC, DCS, APC, PM and SOS up to ST or BEL.
func (s *Splitter) stepString(u []byte, c byte) verdict {
	if s.state == inStringEsc {
		if c == '\\' {
			s.long = false
			return verdict{do: done, kind: Reply}
		}
		// ESC begins something else: the string was none.
		s.state, s.long = inString, false
		return verdict{do: before, kind: Invalid, keep: 1}
	}
	limit := s.Limit
	if limit <= 0 {
		limit = defaultLimit
	}
	switch {
	case c == 0x07:
		s.long = false
		return verdict{do: done, kind: Reply}
	case c == 0x1b:
		s.state = inStringEsc
		return verdict{}
	case c < 0x20 || c == 0x7f:
		// No reply has control characters in it: somebody types, after Alt+P.
		if s.long {
			s.long = false
			return verdict{do: before, kind: Invalid}
		}
		return cut(u)
	case len(u) >= limit:
		s.long = true
		return verdict{do: done, kind: Reply, inside: true}
	}
	return verdict{}
}
