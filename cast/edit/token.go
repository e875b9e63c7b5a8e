package edit

import (
	"bytes"
	"unicode/utf8"
)

// op is what a piece of a terminal's stream does to the line that is on screen.
type op uint8

const (
	opNone    op = iota // nothing: colours, modes, bells
	opText              // a character, also tab
	opBreak             // what follows has nothing to do with what was before
	opBack              // the cursor goes n columns back,
	opForward           // or forward
	opDelete            // n characters at the cursor go away,
	opInsert            // blanks come in,
	opErase             // characters become blanks,
	opClip              // all from the cursor on goes away
	opRubout            // typed: the character before the cursor goes away
	opLetter            // OSC number n with text, which is data[from:until]
)

// token is a piece of a stream: n bytes.
type token struct {
	op          op
	n           int
	count       int // of the operations that have one
	r           rune
	from, until int
}

// tokens takes a stream apart. The caller keeps a piece that is not whole yet,
// and gives it again with what follows.
type tokens struct {
	typed    bool // the stream is what a keyboard sends
	inString bool // within a control string that is passed over
	afterCR  bool // the line was ended by a carriage return
}

// longest is how long a control sequence, or an OSC that is read, may get. What
// is longer is passed over.
const (
	longestCSI    = 4 << 10
	longestLetter = 8 << 10
)

// next is the first piece of p, which is not empty. It is false if the piece is
// not whole; then the state is as it was.
func (k *tokens) next(p []byte) (token, bool) {
	if k.inString {
		return k.string(p)
	}
	switch c := p[0]; {
	case c == 0x1b:
		return k.escape(p)
	case c == '\r':
		again := k.afterCR
		k.afterCR = true
		if again {
			return token{n: 1}, true
		}
		return token{op: opBreak, n: 1}, true
	case c == '\n' || c == '\v' || c == '\f':
		again := k.afterCR && c == '\n'
		k.afterCR = false
		if again {
			return token{n: 1}, true
		}
		return token{op: opBreak, n: 1}, true
	case k.typed && (c == 0x7f || c == '\b'):
		return token{op: opRubout, n: 1, count: 1}, true
	case k.typed && (c == 3 || c == 4 || c == 0x15 || c == 0x1a): // ^C ^D ^U ^Z
		return token{op: opBreak, n: 1}, true
	case c == '\b':
		return token{op: opBack, n: 1, count: 1}, true
	case c == '\t' || c >= ' ' && c < 0x7f:
		k.afterCR = false
		return token{op: opText, n: 1, r: rune(c)}, true
	case c < ' ' || c == 0x7f:
		return token{n: 1}, true
	}
	if !utf8.FullRune(p) {
		return token{}, false
	}
	r, n := character(p)
	if r >= 0x80 && r < 0xa0 {
		return token{n: n}, true
	}
	k.afterCR = false
	return token{op: opText, n: n, r: r}, true
}

// character is the first of p, which is not ASCII. Bytes that are none are one for
// each maximal subpart, as terminals show them.
func character(p []byte) (rune, int) {
	r, n := utf8.DecodeRune(p)
	if r == utf8.RuneError && n == 1 {
		for n = min(len(p), utf8.UTFMax-1); n > 1 && utf8.FullRune(p[:n]); n-- {
		}
	}
	return r, n
}

// string goes on to the end of a control string.
func (k *tokens) string(p []byte) (token, bool) {
	i := bytes.IndexAny(p, "\x07\x18\x1a\x1b")
	switch {
	case i < 0:
		return token{n: len(p)}, true
	case p[i] != 0x1b:
		k.inString = false
		return token{n: i + 1}, true
	case i > 0:
		return token{n: i}, true
	case len(p) == 1:
		return token{}, false
	}
	k.inString = false
	if p[1] == '\\' {
		return token{n: 2}, true
	}
	return k.next(p) // the escape ends the string and begins something
}

// controls skips the control characters that stand within a sequence: a terminal
// obeys them and goes on with the sequence. moved: one of them moves the cursor.
func controls(p []byte, n int) (_ int, moved bool) {
	for ; n < len(p) && (p[n] < ' ' || p[n] == 0x7f); n++ {
		switch c := p[n]; {
		case c == 0x1b || c == 0x18 || c == 0x1a:
			return n, moved
		case c >= '\b' && c <= '\r':
			moved = true
		}
	}
	return n, moved
}

func (k *tokens) escape(p []byte) (token, bool) {
	n, moved := controls(p, 1)
	var t token
	switch whole := true; {
	case n == len(p):
		return token{n: n}, n > longestCSI
	case p[n] == '[':
		if t, whole = csi(p, n+1); !whole {
			return t, false
		}
	case p[n] == ']':
		if t, whole = k.osc(p, n+1); !whole {
			return t, false
		}
	case p[n] == 'P' || p[n] == 'X' || p[n] == '^' || p[n] == '_':
		k.inString = true
		t.n = n + 1
	case p[n] == 'O' && k.typed: // SS3: of a keyboard it brings a letter
		if n+1 == len(p) {
			return t, false
		}
		t = move(p[n+1], 1, n+2)
	case p[n] == 'c' || p[n] == 'D' || p[n] == 'E' || p[n] == 'M' || p[n] == '8':
		t = token{op: opBreak, n: n + 1}
	default:
		var m bool
		for n < len(p) && p[n] >= ' ' && p[n] <= '/' && n < longestCSI {
			n, m = controls(p, n+1)
			moved = moved || m
		}
		if n == len(p) {
			return t, false
		}
		switch t.n = n; {
		case p[n] >= 0x80:
			return brokenOff(p, n)
		case p[n] >= ' ': // else it is no part of it
			t.n = n + 1
		}
	}
	if moved && t.op != opLetter {
		t.op = opBreak
	}
	return t, true
}

// brokenOff is a sequence that ends with a character that cannot be in one. That
// is shown, but it stays as it is: a star in its place would go on with the
// sequence.
func brokenOff(p []byte, n int) (token, bool) {
	if !utf8.FullRune(p[n:]) {
		return token{}, false
	}
	_, size := character(p[n:])
	return token{op: opBreak, n: n + size}, true
}

// letters are the OSC whose text is for people or of them: titles, folders,
// links, notifications, and what shells tell of their prompts and commands.
var letters = map[int]bool{0: true, 1: true, 2: true, 7: true, 8: true, 9: true, 133: true, 633: true, 777: true}

// osc reads an operating system command, whose number begins at p[n].
func (k *tokens) osc(p []byte, n int) (token, bool) {
	begin, num := n, 0
	for ; n < len(p) && p[n] >= '0' && p[n] <= '9'; n++ {
		num = min(num*10+int(p[n]-'0'), 1<<16)
	}
	if n == len(p) {
		return token{}, false
	}
	if !letters[num] || n == begin || p[n] != ';' {
		k.inString = true
		return token{n: n}, true
	}
	n++
	end := bytes.IndexAny(p[n:], "\x07\x18\x1a\x1b")
	switch {
	case end < 0 && len(p) > longestLetter:
		k.inString = true
		return token{op: opLetter, n: len(p), count: num, from: n, until: len(p)}, true
	case end < 0 || p[n+end] == 0x1b && n+end+1 == len(p):
		return token{}, false
	}
	end += n
	t := token{op: opLetter, n: end + 1, count: num, from: n, until: end}
	if p[end] == 0x1b {
		t.n = end
		if p[end+1] == '\\' {
			t.n = end + 2
		}
	}
	return t, true
}
