package console

import (
	"errors"
	"fmt"
	"io"
)

// read returns what the log holds at off, up to the size of the read buffer.
// It is valid until the next read.
func (m *merger) read(in *Input, off, end int64) []byte {
	want := int(min(end-off, turnMax))
	return m.rbuf[:m.readAt(in, m.rbuf[:want], off)]
}

// readAt fills p as far as the log goes. It tells of the first error only.
func (m *merger) readAt(in *Input, p []byte, off int64) (n int) {
	for n < len(p) {
		k, err := in.src.ReadAt(p[n:], off+int64(n))
		n += max(0, k)
		if err != nil && !errors.Is(err, io.EOF) && !in.failed {
			in.failed = true
			m.event(fmt.Sprintf("reading the %s log of rank %d at %d: %v", in.fields.Stream, in.fields.Rank, off+int64(n), err))
		}
		if k <= 0 || err != nil {
			return n
		}
	}
	return n
}

// missing deals with bytes that Size tells of and ReadAt does not give. They
// may come yet if the worker lives and no error was told; else they are counted
// as not shown and skipped. It tells whether they were skipped.
func (m *merger) missing(in *Input, done bool) bool {
	if !done && !in.failed && !in.copy.on {
		return false
	}
	m.release(in)
	size := in.src.Size()
	in.tally.unshown += max(0, size-in.pos)
	in.pos = size
	m.freshLine(in)
	in.cont = true
	return true
}

// jump moves an input to the present end of its log: it was not shown until now.
func (m *merger) jump(in *Input) {
	in.pos = in.src.Size()
	in.mid, in.eatNL, in.copy = false, false, copying{}
	in.esc.reset()
	in.lastSeq = 0 // the lane may be another one
	m.freshLine(in)
	var last [1]byte
	in.cont = in.pos > 0 && m.readAt(in, last[:], in.pos-1) == 1 && last[0] != '\n'
}
