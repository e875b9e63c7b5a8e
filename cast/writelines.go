package cast

import (
	"bytes"
	"strconv"
	"time"
)

// lineEncoder writes asciicasts of versions 2 and 3.
type lineEncoder struct {
	v       int
	exact   bool
	out, in pieces
	written time.Duration // of version 3: what the intervals make, rounded as they are
}

// pieces are those of the texts of one code.
type pieces struct {
	decoder
	told  bool // the bytes that are held were told
	fresh bool // and then dropped
}

func (l *lineEncoder) begin(o *output, h *Header) {
	w := jsonHeader{b: o.data, Header: h}
	if l.v == 3 {
		w.v3()
	} else {
		w.v2()
	}
	o.data = w.b
}

func (l *lineEncoder) event(o *output, e *Event) {
	switch e.Code {
	case Output:
		l.text(o, e, &l.out)
		return
	case Input:
		l.text(o, e, &l.in)
		return
	case Exit:
		l.tails(o, e.Time)
	case Comment:
		if l.v == 3 {
			for line := range bytes.SplitSeq(valid(e.Data), []byte{'\n'}) {
				o.data = append(append(append(o.data, '#'), line...), '\n')
			}
			return
		}
	}
	b := l.open(o.data, e.Time, e.Code)
	b = appendData(b, e)
	o.data = append(b, "]\n"...)
}

// appendData appends the data of an event as JSON.
func appendData(b []byte, e *Event) []byte {
	if e.Raw {
		return appendRaw(b, e.Data)
	}
	b = append(b, '"')
	switch e.Code {
	case Resize:
		b = strconv.AppendInt(b, int64(e.Cols), 10)
		b = strconv.AppendInt(append(b, 'x'), int64(e.Rows), 10)
	case Exit:
		b = strconv.AppendInt(b, int64(e.Status), 10)
	default:
		b = appendText(b, valid(e.Data))
	}
	return append(b, '"')
}

// appendRaw appends JSON that somebody else has written, as part of a line. Between
// its values a blank is as good as the end of a line.
func appendRaw(b, v []byte) []byte {
	if bytes.IndexByte(v, '\n') >= 0 {
		v = bytes.ReplaceAll(v, []byte{'\n'}, []byte{' '})
	}
	return append(b, valid(v)...)
}

// open puts down a line up to its data.
func (l *lineEncoder) open(b []byte, t time.Duration, code Code) []byte {
	b = append(b, '[')
	if l.v == 3 {
		ms := max(0, t-l.written+time.Millisecond/2) / time.Millisecond
		l.written += ms * time.Millisecond
		b = appendFixed(b, ms*time.Millisecond, time.Millisecond)
	} else {
		b = appendSeconds(b, t)
	}
	if len(code) == 1 && plain[code[0]] && code[0] < 0x80 {
		b = append(append(append(b, `, "`...), code[0]), `", `...)
		return b
	}
	return append(appendString(append(b, ", "...), string(code)), ", "...)
}

// text writes output or input, if any of it is whole, or where a character was cut
// is to be told.
func (l *lineEncoder) text(o *output, e *Event, p *pieces) {
	text, patches := p.decode(e.Data)
	kept := e.Data // what of it is held: all, or, as text has come, all that is held
	if len(text) > 0 {
		kept = p.held[:p.n]
	}
	if len(text) == 0 && len(e.Data) > 0 && !l.exact {
		return
	}
	x := exact{code: e.Code, size: len(text), patches: patches, fresh: p.fresh}
	if p.fresh = false; l.exact {
		x.held = kept
		p.told = p.n > 0
	}
	b := o.data
	if len(patches) > 0 || len(x.held) > 0 || x.fresh {
		b = l.tell(b, e.Time, &x)
	}
	b = append(l.open(b, e.Time, e.Code), '"')
	o.data = append(appendText(b, text), "\"]\n"...)
}

// tell puts down the line before that of a text. It takes no time in version 3, so
// that the recording is the same without it.
func (l *lineEncoder) tell(b []byte, t time.Duration, x *exact) []byte {
	if l.v == 3 {
		t = l.written
	}
	b = append(l.open(b, t, exactCode), '"')
	return append(x.append(b), "\"]\n"...)
}

// tails writes what stands for characters without an end.
func (l *lineEncoder) tails(o *output, t time.Duration) {
	for _, s := range []struct {
		code Code
		p    *pieces
	}{{Input, &l.in}, {Output, &l.out}} {
		if s.p.n == 0 {
			continue
		}
		held := s.p.held[:s.p.n]
		o.data = l.tell(o.data, t, &exact{code: s.code, size: len(replacement), patches: []patch{{0, held}}})
		s.p.n = 0
		o.data = append(l.open(o.data, t, s.code), `"`+replacement+"\"]\n"...)
	}
}

func (l *lineEncoder) forget() {
	l.out.fresh = l.out.fresh || l.out.told && l.out.n > 0
	l.out.n = 0
}

func (l *lineEncoder) end(o *output, t time.Duration) { l.tails(o, t) }
