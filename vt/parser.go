package vt

// The states of the parser: those of Paul Williams' diagram of the DEC parser
// (vt100.net/emu/dec_ansi_parser), with the ways through a control sequence and
// through a string told apart by flags in parser.
type state uint8

const (
	ground state = iota
	utf8Tail
	escape
	csi
	dcsHead
	str
)

type strKind uint8

const (
	oscString strKind = iota
	dcsString
	ignoredString // SOS, PM, APC, and DCS that nobody knows
)

// parser is what the parser knows between two bytes.
type parser struct {
	state  state
	prefix byte // one of < = > ?, or 0
	inter  byte // the latest intermediate
	inter1 byte // the one before
	bad    bool // the sequence has no meaning; it is read to its end
	params params
	dcs    byte // the intermediate that stood before the string

	kind   strKind
	buf    []byte
	over   bool // bytes were left out of buf
	sawEsc bool // the string's latest byte was ESC: \ ends it
	bel    bool // BEL ended it, and so ends an answer to it
	sawC2  bool // it was C2, the first byte of U+009C, which ends it as well

	u8 utf8State
}

func (t *Terminal) feed(p []byte) {
	for len(p) > 0 {
		switch t.p.state {
		case ground:
			p = t.ground(p)
		case utf8Tail:
			p = t.utf8Tail(p)
		case escape:
			p = t.escape(p)
		case csi:
			p = t.csi(p)
		case dcsHead:
			p = t.dcsHead(p)
		case str:
			p = t.str(p)
		}
	}
}

// printable returns how many bytes at the start of p are 20 to 7e. Eight are
// looked at in one go.
func printable(p []byte) int {
	const ones, highs = 0x0101010101010101, 0x8080808080808080
	i := 0
	for ; i+8 <= len(p); i += 8 {
		b := p[i : i+8 : i+8]
		w := uint64(b[0]) | uint64(b[1])<<8 | uint64(b[2])<<16 | uint64(b[3])<<24 |
			uint64(b[4])<<32 | uint64(b[5])<<40 | uint64(b[6])<<48 | uint64(b[7])<<56
		// The first term finds bytes under 20 (and may err only above one), the
		// second 7f and, as the third, those with the high bit.
		if ((w-ones*0x20)|(w+ones)|w)&highs != 0 {
			break
		}
	}
	for i < len(p) && p[i] >= 0x20 && p[i] < 0x7f {
		i++
	}
	return i
}

func (t *Terminal) ground(p []byte) []byte {
	for len(p) > 0 {
		b := p[0]
		switch {
		case b >= 0x20 && b < 0x7f:
			n := printable(p)
			t.printASCII(p[:n])
			p = p[n:]
		case b == 0x1b:
			p = p[1:]
			if len(p) > 0 && p[0] == '[' { // by far the most frequent
				t.enterCSI()
				p = t.csi(p[1:])
			} else {
				t.enterEscape()
			}
			if t.p.state != ground {
				return p
			}
		case b < 0x20:
			t.control(b)
			p = p[1:]
		case b == 0x7f:
			p = p[1:]
		default:
			p = t.printUTF8(p)
			if t.p.state != ground {
				return p
			}
		}
	}
	return p
}

func (t *Terminal) enterEscape() {
	t.p.state = escape
	t.p.inter, t.p.inter1, t.p.bad = 0, 0, false
}

func (t *Terminal) enterCSI() {
	t.p.state = csi
	t.p.prefix, t.p.inter, t.p.inter1, t.p.bad = 0, 0, 0, false
	t.p.params.reset()
}

// anywhere handles the controls that mean the same in every state but a string:
// CAN and SUB end a sequence, ESC begins another, the others are obeyed at once.
// It says whether the state was left.
func (t *Terminal) anywhere(b byte) bool {
	switch b {
	case 0x1b:
		t.enterEscape()
		return true
	case 0x18, 0x1a:
		t.open = false
		t.p.state = ground
		return true
	}
	t.control(b)
	return false
}

func (t *Terminal) escape(p []byte) []byte {
	for i, b := range p {
		switch {
		case b < 0x20:
			if t.anywhere(b) {
				return p[i+1:]
			}
		case b < 0x30:
			t.p.inter1, t.p.inter = t.p.inter, b
		case b == 0x7f:
		case b >= 0x80: // not part of any sequence: the text goes on here
			t.p.state = ground
			t.open = false
			t.count.Unknown++
			return p[i:]
		default:
			t.p.state = ground
			if t.p.inter == 0 {
				switch b {
				case '[':
					t.enterCSI()
					return p[i+1:]
				case ']':
					t.enterString(oscString)
					return p[i+1:]
				case 'P':
					t.p.state = dcsHead
					t.p.prefix, t.p.inter, t.p.inter1, t.p.bad = 0, 0, 0, false
					t.p.params.reset()
					return p[i+1:]
				case 'X', '^', '_':
					t.enterString(ignoredString)
					return p[i+1:]
				}
			}
			t.escDispatch(b)
			t.open = false
			return p[i+1:]
		}
	}
	return nil
}

// sequence reads one byte of the part that CSI and DCS have in common, and says
// whether it was the last.
func (t *Terminal) sequence(b byte) bool {
	q := &t.p
	switch {
	case b >= '0' && b <= '9':
		if q.inter != 0 {
			q.bad = true
		}
		q.params.digit(b)
	case b == ';' || b == ':':
		if q.inter != 0 {
			q.bad = true
		}
		q.params.next(b == ':')
	case b >= '<' && b <= '?':
		if q.params.any || q.prefix != 0 || q.inter != 0 {
			q.bad = true
		} else {
			q.prefix = b
		}
	case b >= 0x20 && b < 0x30:
		if q.inter1 != 0 {
			q.bad = true
		}
		q.inter1, q.inter = q.inter, b
	case b >= 0x40 && b < 0x7f:
		return true
	}
	return false
}

func (t *Terminal) csi(p []byte) []byte {
	for i, b := range p {
		switch {
		case b >= '0' && b <= '9' && t.p.inter == 0:
			t.p.params.digit(b)
		case b < 0x20:
			if t.anywhere(b) {
				return p[i+1:]
			}
		case b >= 0x80:
			t.p.state = ground
			t.open = false
			t.count.Unknown++
			return p[i:]
		case t.sequence(b):
			t.p.state = ground
			if t.p.bad {
				t.count.Unknown++
			} else {
				t.csiDispatch(b)
			}
			t.open = false
			return p[i+1:]
		}
	}
	return nil
}

func (t *Terminal) dcsHead(p []byte) []byte {
	for i, b := range p {
		switch {
		case b < 0x20: // no control is obeyed here
			if b == 0x1b || b == 0x18 || b == 0x1a {
				t.anywhere(b)
				return p[i+1:]
			}
		case b >= 0x80:
			t.p.bad = true
		case t.sequence(b):
			kind := dcsString
			if i := t.p.inter; t.p.bad || b != 'q' || i != '$' && i != '+' || t.p.prefix != 0 || t.p.inter1 != 0 {
				kind = ignoredString
				t.count.Unknown++
			}
			t.p.dcs = t.p.inter
			t.enterString(kind)
			return p[i+1:]
		}
	}
	return nil
}
