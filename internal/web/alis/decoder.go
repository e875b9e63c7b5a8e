package alis

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"time"
	"unicode/utf8"
)

const maxSide = math.MaxUint16

// maxTime is the latest time that a [time.Duration] holds.
const maxTime = uint64(math.MaxInt64 / time.Microsecond)

// Decoder reads the messages of one stream, from the first on. The zero value
// expects [Magic].
type Decoder struct {
	state state
	last  uint64
}

type state uint8

const (
	wantMagic state = iota
	wantInit
	wantEvent
)

// Decode reads the next message of the stream. ok is false for those that are
// nothing to anybody: the first one, and events of a kind that is not known. The
// event keeps nothing of msg.
//
// An error says that the peer does not speak this format, or broke it; the
// Decoder stays as it was before the message.
func (d *Decoder) Decode(msg []byte) (e Event, ok bool, err error) {
	if d.state == wantMagic {
		if string(msg) != Magic {
			return Event{}, false, errors.New("reading a live stream: it does not begin as one of ALiS version 1")
		}
		d.state = wantInit
		return Event{}, false, nil
	}
	if len(msg) == 0 {
		return Event{}, false, errors.New("reading a live stream: a message is empty")
	}
	e.Kind = Kind(msg[0])
	if d.state == wantInit && e.Kind != Init {
		return Event{}, false, fmt.Errorf("reading a live stream: an event %#02x came where an init (0x01) was expected", msg[0])
	}
	r := reader{b: msg[1:]}
	var t uint64
	switch e.Kind {
	case Init:
		e.ID = r.number()
		t = r.number()
		e.Cols, e.Rows = r.side(), r.side()
		e.Theme = r.theme()
		e.Text = r.text()
	case Output, Input, Marker:
		e.ID, t = r.number(), r.time(d.last)
		e.Text = r.text()
	case Resize:
		e.ID, t = r.number(), r.time(d.last)
		e.Cols, e.Rows = r.side(), r.side()
	case Exit:
		e.ID, t = r.number(), r.time(d.last)
		e.Status = int(min(r.number(), math.MaxInt32))
	case EOT: // older programs add an id and a time
		d.state = wantInit
		return e, true, nil
	default:
		return Event{}, false, nil
	}
	if r.err == nil && t > maxTime {
		r.err = errors.New("the time is beyond all measure")
	}
	if r.err != nil {
		return Event{}, false, fmt.Errorf("reading a live stream, event %#02x: %w", msg[0], r.err)
	}
	d.state, d.last = wantEvent, t
	e.Time = time.Duration(t) * time.Microsecond
	return e, true, nil
}

// reader takes a message apart. After an error it gives zeros.
type reader struct {
	b   []byte
	err error
}

var errShort = errors.New("the message ends too early")

func (r *reader) number() uint64 {
	if r.err != nil {
		return 0
	}
	v, n := binary.Uvarint(r.b)
	switch {
	case n == 0:
		r.err = errShort
		return 0
	case n < 0:
		r.err = errors.New("a number has more than 64 bits")
		return 0
	}
	r.b = r.b[n:]
	return v
}

// time reads a time that counts from last.
func (r *reader) time(last uint64) uint64 {
	v := r.number()
	if v > maxTime-last {
		return math.MaxUint64
	}
	return last + v
}

func (r *reader) side() int {
	v := r.number()
	if r.err == nil && v > maxSide {
		r.err = fmt.Errorf("a terminal of %d columns or rows: they are 0 to %d", v, maxSide)
		return 0
	}
	return int(v)
}

func (r *reader) take(n uint64) []byte {
	if r.err != nil {
		return nil
	}
	if n > uint64(len(r.b)) {
		r.err = errShort
		return nil
	}
	p := r.b[:n]
	r.b = r.b[n:]
	return p
}

func (r *reader) text() string {
	p := r.take(r.number())
	if !utf8.Valid(p) {
		r.err = errors.New("a text is no UTF-8")
	}
	return string(p)
}

func (r *reader) theme() *Theme {
	n := r.take(1)
	if r.err != nil || n[0] == 0 {
		return nil
	}
	if n[0] != 8 && n[0] != 16 {
		r.err = fmt.Errorf("a theme of %d colours: they are 8 or 16", n[0])
		return nil
	}
	p := r.take((uint64(n[0]) + 2) * 3)
	if r.err != nil {
		return nil
	}
	t := &Theme{FG: Color(p[:3]), BG: Color(p[3:6])}
	for p = p[6:]; len(p) > 0; p = p[3:] {
		t.Palette = append(t.Palette, Color(p[:3]))
	}
	return t
}
