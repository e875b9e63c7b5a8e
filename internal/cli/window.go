package cli

import (
	"context"
	"io"
	"sync"
)

const (
	// windowSize is how much of a log on another machine is here before the
	// console has shown it; windowKept how much of that it may read again: more
	// than it reads at once.
	windowSize = 512 << 10
	windowKept = 128 << 10
)

// window is a log that comes over a connection, as a console's source. What the
// console has passed is forgotten, and who puts waits for it.
type window struct {
	mu   sync.Mutex
	buf  []byte
	base int64         // of buf
	room chan struct{} // one token: bytes were forgotten
}

func newWindow() *window { return &window{room: make(chan struct{}, 1)} }

// put adds bytes, which may be used again afterwards.
func (w *window) put(ctx context.Context, p []byte) error {
	for !w.add(p) {
		select {
		case <-w.room:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

func (w *window) add(p []byte) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.buf) > 0 && len(w.buf)+len(p) > windowSize {
		return false
	}
	w.buf = append(w.buf, p...)
	return true
}

// Size implements console.Source.
func (w *window) Size() int64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.base + int64(len(w.buf))
}

// ReadAt implements console.Source: off only grows, but for windowKept.
func (w *window) ReadAt(p []byte, off int64) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if off < w.base || off >= w.base+int64(len(w.buf)) {
		return 0, io.EOF
	}
	n := copy(p, w.buf[off-w.base:])
	if forget := off - windowKept - w.base; forget > windowKept {
		w.buf = append(w.buf[:0], w.buf[forget:]...)
		w.base += forget
		select {
		case w.room <- struct{}{}:
		default:
		}
	}
	return n, nil
}
