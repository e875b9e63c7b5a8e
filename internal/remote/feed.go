package remote

import (
	"bytes"
	"fmt"
	"io"
	"sync"
)

// Sizes of a feed, in bytes.
const (
	// window is how far a host may be ahead of the screen with one log.
	window = 256 << 10
	// maxWindow bounds a line that does not end: the console shows lines whole.
	maxWindow = 32 << 20
)

// feed is the part of a log on another host that is here: what has come and was not
// shown yet. The console reads it as it reads a log.
type feed struct {
	mu     sync.Mutex
	exact  bool // the console reads on from where it stopped, byte by byte
	buf    []byte
	base   int64 // offset of buf's first byte
	window int
	limit  int64
	grant  func(to int64) // never blocks
	took   func()         // something was read
}

// newFeed has the credit that every log begins with.
func newFeed(exact bool, grant func(to int64), took func()) *feed {
	return &feed{exact: exact, window: window, limit: window, grant: grant, took: took}
}

// add takes bytes that came. False: more than was asked for.
func (f *feed) add(b []byte) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.base+int64(len(f.buf)+len(b)) > f.limit {
		return false
	}
	f.buf = append(f.buf, b...)
	if f.base+int64(len(f.buf)) == f.limit {
		// The host waits for us. So would the console, for the end of a line that does
		// not fit, or, having shown that line, for anything more.
		if i := bytes.IndexByte(f.buf, '\n'); !f.exact && f.window < maxWindow && (i < 0 || i == len(f.buf)-1) {
			f.window *= 2
		}
		f.more()
	}
	return true
}

// full tells that no more can come although the line goes on.
func (f *feed) full() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return !f.exact && len(f.buf) >= maxWindow
}

// more gives credit for the window, in portions unless the host waits. mu is held.
func (f *feed) more() {
	to := f.base + int64(f.window)
	if to-f.limit >= int64(f.window)/4 || to > f.limit && f.limit == f.base+int64(len(f.buf)) {
		f.limit = to
		f.grant(to)
	}
}

// Size implements console.Source.
func (f *feed) Size() int64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.base + int64(len(f.buf))
}

// ReadAt implements console.Source. The console never goes back before the line that
// it reads, so all before that is let go.
func (f *feed) ReadAt(p []byte, off int64) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	at := off - f.base
	if at < 0 {
		return 0, fmt.Errorf("the bytes from %d were let go", off)
	}
	if at > int64(len(f.buf)) {
		return 0, io.EOF
	}
	n := copy(p, f.buf[at:])
	free := int(at)
	if !f.exact {
		free = bytes.LastIndexByte(f.buf[:at], '\n') + 1
	}
	if free > 0 {
		f.base += int64(free)
		f.buf = f.buf[free:]
		f.more()
	}
	f.took()
	if n == 0 && len(p) > 0 {
		return 0, io.EOF
	}
	return n, nil
}
