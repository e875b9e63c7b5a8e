package vt

import "bytes"

func (t *Terminal) enterString(k strKind) {
	t.open = false
	t.p.state = str
	t.p.kind = k
	t.p.buf = t.p.buf[:0]
	t.p.over, t.p.bel, t.p.sawEsc, t.p.sawC2 = false, false, false, false
}

// str reads a string. It ends with ST (ESC \ or U+009C), an OSC also with BEL;
// CAN and SUB throw it away, and so does ESC with anything else after it, which
// then begins a sequence of its own.
func (t *Terminal) str(p []byte) []byte {
	q := &t.p
	if q.sawEsc {
		q.sawEsc = false
		t.enterEscape()
		if p[0] == '\\' {
			q.state = ground
			t.strEnd()
			return p[1:]
		}
		return p
	}
	if q.sawC2 {
		q.sawC2 = false
		if p[0] == 0x9c {
			q.state = ground
			t.strEnd()
			return p[1:]
		}
		t.strPut([]byte{0xc2})
	}
	for i := 0; i < len(p); {
		j := i + stringRun(p[i:])
		t.strPut(p[i:j])
		if j == len(p) {
			return nil
		}
		i = j + 1
		switch b := p[j]; b {
		case 0x1b:
			q.sawEsc = true
			return p[i:]
		case 0xc2:
			q.sawC2 = true
			return p[i:]
		case 0x18, 0x1a:
			q.state = ground
			return p[i:]
		case 0x07:
			if q.kind == oscString {
				q.state, q.bel = ground, true
				t.strEnd()
				return p[i:]
			}
		default: // other controls mean nothing in a string
		}
	}
	return nil
}

// stringRun returns how many bytes at the start of p are plain parts of a string.
func stringRun(p []byte) int {
	for i, b := range p {
		if b < 0x20 || b == 0xc2 {
			return i
		}
	}
	return len(p)
}

func (t *Terminal) strPut(b []byte) {
	if t.p.kind == ignoredString || len(b) == 0 {
		return
	}
	limit := MaxString
	if t.p.kind == oscString && isClipboard(t.p.buf, b) {
		limit = MaxClipboard
	}
	if room := limit - len(t.p.buf); len(b) > room {
		b = b[:max(room, 0)]
		t.p.over = true
	}
	t.p.buf = append(t.p.buf, b...)
}

// isClipboard tells whether a string that goes on with b is an OSC 52, which may
// be longer than others. Both are looked at so that it does not matter where the
// bytes were cut.
func isClipboard(buf, b []byte) bool {
	var h [3]byte
	n := copy(h[:], buf)
	n += copy(h[n:], b)
	return bytes.Equal(h[:n], []byte("52;")[:n])
}

func (t *Terminal) strEnd() {
	q := &t.p
	if q.over {
		t.count.Truncated++
	}
	switch {
	case q.kind == oscString:
		t.osc(q.buf, q.over)
	case q.kind == dcsString && !q.over:
		t.dcs(q.dcs, q.buf)
	}
	if cap(q.buf) > 2*MaxString { // a clipboard went through
		q.buf = nil
	}
}
