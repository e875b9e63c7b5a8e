package cast

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"time"
)

// frameHeader is the length of what comes before the bytes of a frame of ttyrec:
// seconds, microseconds and length, each four bytes, the low one first.
const frameHeader = 12

// frame is such a header.
type frame struct{ s, us, n uint32 }

func parseFrame(b []byte) frame {
	return frame{binary.LittleEndian.Uint32(b), binary.LittleEndian.Uint32(b[4:]), binary.LittleEndian.Uint32(b[8:])}
}

func (f frame) time() time.Duration {
	return time.Duration(f.s)*time.Second + time.Duration(f.us)*time.Microsecond
}

// isTTYRec tells whether b, the begin of a file, consists of frames.
func isTTYRec(b []byte, all bool) bool {
	var last frame
	for i := 0; ; i++ {
		if len(b) < frameHeader {
			return i > 1 || i == 1 && (len(b) == 0 || !all)
		}
		f := parseFrame(b)
		if f.us >= 1_000_000 || i == 0 && f.n == 0 || i > 0 && (f.s < last.s || f.s-last.s > 10*365*86400) {
			return false
		}
		b, last = b[frameHeader:], f
		if uint64(f.n) > uint64(len(b)) {
			return f.n < maxLine && (i > 0 || len(b) > 0 && (f.s > 1e8 || f.n < 1<<20))
		}
		b = b[f.n:]
	}
}

// ttyrecSource reads ttyrec's format.
type ttyrecSource struct {
	in      *input
	warn    *warnings
	base    time.Duration
	time    time.Duration
	buf     []byte
	n       uint32 // the length that the last frame says it has
	lenient bool
}

func (s *ttyrecSource) position() Position { return Position{Offset: s.in.offset, Time: s.time} }

func (s *ttyrecSource) seek(p Position) error {
	s.time = p.Time
	return s.in.seek(p.Offset)
}

// openTTYRec reads what the first frame tells of the recording.
func openTTYRec(in *input, lenient bool, w *warnings) (Header, source, error) {
	var h Header
	b, err := in.peek(frameHeader + 64)
	if err != nil {
		return h, nil, err
	}
	if len(b) < frameHeader {
		return h, nil, errors.New("it has not even the header of a frame of ttyrec")
	}
	f := parseFrame(b)
	s := &ttyrecSource{in: in, warn: w, base: f.time(), lenient: lenient}
	if f.s > 0 {
		h.Timestamp = time.Unix(int64(f.s), int64(f.us)*1000)
	}
	text := b[frameHeader:]
	text = text[:min(uint64(len(text)), uint64(f.n))]
	// Some begin with a sequence that switches to UTF-8.
	for i := range text {
		if cols, rows, n := parseSize(text[i:]); n > 0 {
			h.Width, h.Height = cols, rows
			if i == 0 && n == int(f.n) {
				in.skip(frameHeader + n)
			}
			break
		}
	}
	return h, s, nil
}

func (s *ttyrecSource) next(e *Event) error {
	at := s.in.offset
	b, err := s.in.peek(frameHeader)
	if err != nil {
		return fmt.Errorf("the frame at byte %d: %w", at, err)
	}
	if len(b) == 0 {
		return io.EOF
	}
	if len(b) < frameHeader {
		s.warn.add(0, "the last frame, at byte %d, is cut, and left out", at)
		s.in.skip(len(b))
		return io.EOF
	}
	f := parseFrame(b)
	if f.us >= 1_000_000 {
		err := fmt.Errorf("at byte %d is no frame of ttyrec: it has %d microseconds", at, f.us)
		if !s.lenient {
			return err
		}
		s.warn.add(0, "%v: it and the rest are left out", err)
		for err == nil || err != io.EOF { // nobody knows where there is another one
			s.in.skip(len(s.in.buf) - s.in.from)
			if err = s.in.fill(); err != nil && err != io.EOF {
				return err
			}
		}
		return io.EOF
	}
	s.in.skip(frameHeader)
	s.n = f.n
	if cap(s.buf) > keptBuffer {
		s.buf = nil
	}
	if s.buf, err = s.in.read(s.buf, int64(f.n)); err != nil {
		return fmt.Errorf("the frame at byte %d: %w", at, err)
	}
	if len(s.buf) == 0 && f.n > 0 {
		s.warn.add(0, "the last frame, at byte %d, is cut, and left out", at)
		return io.EOF
	}
	if len(s.buf) < int(f.n) {
		s.warn.add(0, "the last frame, at byte %d, is cut: it has %d bytes of %d", at, len(s.buf), f.n)
	}
	t := f.time() - s.base
	if t < s.time {
		s.warn.add(0, "the time of the frame at byte %d is taken as %v: time does not go back", at, s.time)
		t = s.time
	}
	s.time = t
	*e = Event{Time: t, Code: Output, Data: s.buf}
	if cols, rows, n := parseSize(s.buf); n > 0 && n == len(s.buf) && len(s.buf) == int(f.n) {
		*e = Event{Time: t, Code: Resize, Cols: cols, Rows: rows}
	}
	return nil
}

// maxTTYRec is when the seconds of a frame have no place in its four bytes.
const maxTTYRec = time.Duration(math.MaxUint32) * time.Second
