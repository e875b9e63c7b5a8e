package stream

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

// ReadAt reads at a logical offset, out of archives and the current file as they
// come. It gives io.EOF at the end of what is written by now, and a *SkippedError
// where bytes are not kept any more.
func (l *Log) ReadAt(p []byte, off int64) (n int, err error) {
	if off < 0 {
		return 0, fmt.Errorf("reading %s: negative offset %d", l.path(), off)
	}
	for n < len(p) && err == nil {
		var k int
		k, err = l.readSome(p[n:], off+int64(n))
		n += k
	}
	return n, err
}

func (l *Log) readSome(p []byte, off int64) (int, error) {
	for range 1000 {
		n, err, ok := l.readCurrent(p, off)
		if ok {
			return n, err
		}
		n, err = l.readArchived(p, off)
		if !errors.Is(err, fs.ErrNotExist) {
			return n, err
		}
		// Deleted or compressed between lookup and open: look again.
	}
	return 0, fmt.Errorf("reading %s at %d: its archives change too fast", l.path(), off)
}

// readCurrent is ok unless the byte at off is in an archive. The read lock keeps
// the keeper of a direct log from collapsing the file meanwhile; a pump never
// waits for it, as it locks only to exchange files.
func (l *Log) readCurrent(p []byte, off int64) (n int, err error, ok bool) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	if off < l.start {
		return 0, nil, false
	}
	if !l.opt.Direct {
		left := l.end.Load() - off
		if left <= 0 {
			return 0, io.EOF, true
		}
		p = p[:min(int64(len(p)), left)]
	}
	n, err = l.cur.ReadAt(p, off-l.base)
	if n > 0 {
		return n, nil, true
	}
	if err != nil && err != io.EOF {
		err = fmt.Errorf("reading log: %w", err)
	}
	return n, err, true
}

func (l *Log) readArchived(p []byte, off int64) (int, error) {
	l.arc.Lock()
	defer l.arc.Unlock()
	if a := l.arc.archiveFile; a != nil && a.from <= off && off < a.to {
		return a.readAt(p, off)
	}
	l.mu.RLock()
	closed := l.closed
	a, next, ok := findArchive(l.archives, off, l.start)
	l.mu.RUnlock()
	switch {
	case closed:
		return 0, fmt.Errorf("reading log %s: %w", l.path(), os.ErrClosed)
	case !ok:
		return 0, &SkippedError{Log: l.path(), From: off, To: next}
	case a.form == lost:
		return 0, &SkippedError{Log: l.path(), From: off, To: a.to}
	}
	af, err := openArchive(l.dir, l.name, a)
	if errors.Is(err, fs.ErrNotExist) && l.holds(a) {
		// The list is ours: somebody else deleted it.
		return 0, &SkippedError{Log: l.path(), From: off, To: a.to}
	}
	if err != nil {
		return 0, err
	}
	l.arc.archiveFile.close()
	l.arc.archiveFile = af
	return af.readAt(p, off)
}

// holds tells whether a is listed, in the form it has in a.
func (l *Log) holds(a archive) bool {
	l.mu.RLock()
	defer l.mu.RUnlock()
	b, _, ok := findArchive(l.archives, a.from, l.start)
	return ok && a == b
}
