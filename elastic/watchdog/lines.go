package watchdog

import "bytes"

// lines cuts what is read into lines, whatever the pieces.
type lines struct {
	buf  [maxLine]byte
	n    int
	long bool // the line under way is longer than maxLine; its rest is passed over
}

// feed calls line for each line that data ends, without its end and valid for
// the call alone, and long for each that is too long.
func (l *lines) feed(data []byte, line func([]byte), long func()) {
	for len(data) > 0 {
		piece, rest, ended := bytes.Cut(data, []byte{'\n'})
		data = rest
		if l.long = l.long || l.n+len(piece) > maxLine; !l.long {
			l.n += copy(l.buf[l.n:], piece)
		}
		if !ended {
			return
		}
		if l.long {
			long()
		} else {
			line(l.buf[:l.n])
		}
		l.n, l.long = 0, false
	}
}
