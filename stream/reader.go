package stream

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// Reader reads a log of this or another process at any logical offset. It is
// for one goroutine.
type Reader struct {
	dir, name string
	f         *Follower
	closed    bool
}

// OpenReader opens the log name in dir; rotation meanwhile does not matter.
func OpenReader(dir, name string) (*Reader, error) {
	f, err := OpenFollower(dir, name, 0)
	if err != nil {
		return nil, err
	}
	return &Reader{dir: dir, name: name, f: f}, nil
}

// Size is the offset behind the last byte.
func (r *Reader) Size() int64 {
	n, err := Size(r.dir, r.name)
	if err != nil {
		return r.f.Offset() // deleted: what was read is all there was
	}
	return n
}

// ReadAt reads as io.ReaderAt does. Reading on from where the last call ended
// is cheap.
func (r *Reader) ReadAt(p []byte, off int64) (int, error) {
	if r.closed {
		return 0, fmt.Errorf("reading %s: %w", filepath.Join(r.dir, r.name), os.ErrClosed)
	}
	if off != r.f.Offset() {
		f, err := OpenFollower(r.dir, r.name, off)
		if err != nil {
			return 0, err
		}
		r.f.Close()
		r.f = f
	}
	n := 0
	for n < len(p) {
		m, err := r.f.Read(p[n:])
		n += m
		if errors.Is(err, io.EOF) || err == nil && m == 0 {
			return n, io.EOF
		}
		if err != nil {
			return n, err
		}
	}
	return n, nil
}

// Close closes it.
func (r *Reader) Close() error {
	r.closed = true
	return r.f.Close()
}
