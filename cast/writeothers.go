package cast

import (
	"encoding/binary"
	"time"
)

// v1Encoder writes asciicasts of version 1: output alone.
type v1Encoder struct {
	text    decoder
	any     bool
	written time.Duration
}

func (v *v1Encoder) begin(o *output, h *Header) {
	w := jsonHeader{b: o.data, Header: h}
	w.v1()
	o.data = w.b
}

func (v *v1Encoder) event(o *output, e *Event) {
	if e.Code != Output {
		return
	}
	if text, _ := v.text.decode(e.Data); len(text) > 0 || len(e.Data) == 0 {
		v.frame(o, e.Time, text)
	}
}

func (v *v1Encoder) frame(o *output, t time.Duration, text []byte) {
	b := o.data
	if v.any {
		b = append(b, ',')
	}
	v.any = true
	t = t.Truncate(time.Microsecond)
	b = appendSeconds(append(b, "\n["...), t-v.written)
	v.written = t
	o.data = append(appendText(append(b, `, "`...), text), `"]`...)
}

func (v *v1Encoder) forget() { v.text.n = 0 }

func (v *v1Encoder) end(o *output, t time.Duration) {
	if text, held := v.text.flush(nil); len(held) > 0 {
		v.frame(o, t, text)
	}
	o.data = appendSeconds(append(o.data, "\n],\"duration\":"...), t)
	o.data = append(o.data, "}\n"...)
}

// ttyrecEncoder writes ttyrec's format: output, and sizes as the sequence that
// gives a terminal its size.
type ttyrecEncoder struct{ base time.Duration }

func (t *ttyrecEncoder) begin(o *output, h *Header) {
	if s := h.Timestamp.Unix(); !h.Timestamp.IsZero() && s > 0 && time.Duration(s) < maxTTYRec/time.Second {
		t.base = time.Duration(s)*time.Second + time.Duration(h.Timestamp.Nanosecond())
	}
	t.frame(o, 0, appendSize(nil, h.Width, h.Height))
}

func (t *ttyrecEncoder) event(o *output, e *Event) {
	switch e.Code {
	case Output:
		t.frame(o, e.Time, e.Data)
	case Resize:
		t.frame(o, e.Time, appendSize(nil, e.Cols, e.Rows))
	}
}

func (t *ttyrecEncoder) frame(o *output, at time.Duration, p []byte) {
	at = min(at, maxTTYRec-t.base) + t.base
	b := binary.LittleEndian.AppendUint32(o.data, uint32(at/time.Second))
	b = binary.LittleEndian.AppendUint32(b, uint32(at%time.Second/time.Microsecond))
	b = binary.LittleEndian.AppendUint32(b, uint32(len(p)))
	o.data = append(b, p...)
}

func (*ttyrecEncoder) forget() {}

func (*ttyrecEncoder) end(*output, time.Duration) {}

// rawEncoder writes the bytes of the output, behind the size.
type rawEncoder struct{}

func (rawEncoder) begin(o *output, h *Header) { o.data = appendSize(o.data, h.Width, h.Height) }

func (rawEncoder) event(o *output, e *Event) {
	if e.Code == Output {
		o.data = append(o.data, e.Data...)
	}
}

func (rawEncoder) forget() {}

func (rawEncoder) end(*output, time.Duration) {}
