package console

import "bytes"

// barTracker follows an unfinished line that is rewritten with \r, by offsets
// only: its last state is read from the log when it is to be shown.
type barTracker struct {
	seen      bool  // there was a \r
	confirmed bool  // ... and something other than the end of the line after it
	start     int64 // where the present state begins
	from, to  int64 // the last state before it that was not empty
}

func (t *barTracker) reset(pos int64) { *t = barTracker{start: pos, from: pos, to: pos} }

// feed takes the line's next bytes, which lie at off.
func (t *barTracker) feed(off int64, b []byte) {
	for len(b) > 0 {
		k := bytes.IndexByte(b, '\r')
		if k != 0 && t.seen {
			t.confirmed = true
		}
		if k < 0 {
			return
		}
		at := off + int64(k)
		if at > t.start {
			t.from, t.to = t.start, at
		}
		t.start, t.seen = at+1, true
		off, b = at+1, b[k+1:]
	}
}

// state is the last state of a line that is known up to end.
func (t *barTracker) state(end int64) (from, to int64) {
	if end > t.start {
		return t.start, end
	}
	return t.from, t.to
}

// final is what is shown of a line that ended at end. The \r of a CRLF is part of it.
func (t *barTracker) final(end int64) (from, to int64) {
	if end > t.start {
		return t.start, end
	}
	return t.from, end
}

// lastState is final for a line in memory, without its newline.
func lastState(line []byte) []byte {
	end := len(line)
	for end > 0 && line[end-1] == '\r' {
		end--
	}
	return line[bytes.LastIndexByte(line[:end], '\r')+1:]
}
