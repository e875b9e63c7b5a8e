package alis

import (
	"encoding/binary"
	"time"
)

// Encoder makes the messages of one stream after [Magic]. The zero value is for
// its begin. It knows the time of the message before, so each viewer needs one.
type Encoder struct{ last uint64 }

// Append appends the message of e to dst. A time before that of the message
// before counts as that. Text that is no UTF-8 is the caller's mistake: viewers
// may cut the connection.
func (c *Encoder) Append(dst []byte, e *Event) []byte {
	dst = append(dst, byte(e.Kind))
	if e.Kind == EOT {
		return dst
	}
	dst = binary.AppendUvarint(dst, e.ID)
	t := max(micros(e.Time), c.last)
	if e.Kind == Init {
		dst = binary.AppendUvarint(dst, t)
		dst = appendSize(dst, e)
		c.last = t
		return appendText(appendTheme(dst, e.Theme), e.Text)
	}
	dst = binary.AppendUvarint(dst, t-c.last)
	c.last = t
	switch e.Kind {
	case Output, Input, Marker:
		dst = appendText(dst, e.Text)
	case Resize:
		dst = appendSize(dst, e)
	case Exit:
		dst = binary.AppendUvarint(dst, uint64(max(e.Status, 0)))
	}
	return dst
}

func micros(d time.Duration) uint64 { return uint64(max(d, 0) / time.Microsecond) }

func appendSize(dst []byte, e *Event) []byte {
	dst = binary.AppendUvarint(dst, uint64(min(max(e.Cols, 0), maxSide)))
	return binary.AppendUvarint(dst, uint64(min(max(e.Rows, 0), maxSide)))
}

func appendText(dst []byte, s string) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(s))), s...)
}

func appendTheme(dst []byte, t *Theme) []byte {
	if !t.sendable() {
		return append(dst, 0)
	}
	dst = append(dst, byte(len(t.Palette)))
	dst = append(dst, t.FG[:]...)
	dst = append(dst, t.BG[:]...)
	for _, c := range t.Palette {
		dst = append(dst, c[:]...)
	}
	return dst
}
