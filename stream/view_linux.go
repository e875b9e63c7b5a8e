package stream

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
)

// A view reads a log that another process writes, rotates and compresses
// meanwhile. It never waits for the writer and takes no lock: it reads, and then
// looks whether what it went by is still so. It is for one goroutine.
type view struct {
	dir, name string
	snap      *snapshot // nil: to be taken
	arc       *archiveFile

	// What a file is said to begin with after the worker cut it back, with
	// nobody there to write that down.
	anchor struct {
		id   fileID
		base int64
	}
}

func (v *view) path() string { return filepath.Join(v.dir, v.name) }

func (v *view) close() {
	v.forget()
	v.arc.close()
	v.arc = nil
}

func (v *view) forget() {
	v.snap.close()
	v.snap = nil
}

func (v *view) load() (err error) {
	if v.snap != nil && v.snap.cur == nil {
		v.forget() // there may be a file by now
	}
	if v.snap == nil {
		v.snap, err = takeSnapshot(v.dir, v.name)
	}
	return err
}

var errRetry = errors.New("the log changed meanwhile")

// readAt reads some bytes at a logical offset; io.EOF tells of the end by now.
func (v *view) readAt(p []byte, off int64) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	for range 10000 {
		if err := v.load(); err != nil {
			return 0, err
		}
		n, err := v.tryRead(p, off)
		if err != errRetry {
			return n, err
		}
		v.forget()
	}
	return 0, fmt.Errorf("reading log %s: it changes too fast", v.path())
}

func (v *view) tryRead(p []byte, off int64) (int, error) {
	s := v.snap
	if s.state != nil {
		return v.readDirect(p, off)
	}
	base := v.base()
	if off < base {
		return v.readArchived(p, off, base)
	}
	if s.cur == nil {
		return 0, io.EOF
	}
	n, err := readFile(s.cur, p, off-base)
	if stateExists(v.dir, v.name) {
		return 0, errRetry // its head was cut off for the first time
	}
	if n > 0 || err != io.EOF {
		return n, err
	}
	id, err := lookup(v.path())
	if errors.Is(err, fs.ErrNotExist) {
		return 0, io.EOF // deleted, or between two renames: a new one will come
	}
	if err != nil {
		return 0, fmt.Errorf("looking for log: %w", &fs.PathError{Op: "lstat", Path: v.path(), Err: err})
	}
	if id == s.cur.id {
		return 0, v.cutBack(off, base)
	}
	// It is not the current one any more. What was written to it between the
	// read and the exchange is there by now.
	if n, err := readFile(s.cur, p, off-base); n > 0 || err != io.EOF {
		return n, err
	}
	return 0, errRetry
}

func (v *view) base() int64 {
	if s := v.snap; s.cur != nil && s.cur.id == v.anchor.id {
		return v.anchor.base
	}
	return v.snap.base
}

// cutBack tells the end from a file that was truncated below off. New data at its
// very beginning means that the worker writes it directly and began anew; a file
// that is filled by a pump would have a hole there.
func (v *view) cutBack(off, base int64) error {
	f := v.snap.cur
	fi, err := f.Stat()
	if err != nil {
		return fmt.Errorf("reading log: %w", err)
	}
	if fi.Size() == 0 || base+fi.Size() >= off || firstData(f.fd) > 0 {
		return io.EOF
	}
	v.anchor.id, v.anchor.base = f.id, off
	return &SkippedError{Log: v.path(), From: off, To: off}
}

func readFile(f *logFile, p []byte, off int64) (int, error) {
	n, err := f.ReadAt(p, off)
	if n > 0 {
		return n, nil
	}
	if err != nil && err != io.EOF {
		err = fmt.Errorf("reading log: %w", err)
	}
	return 0, err
}

// readArchived reads below start, where the current file begins.
func (v *view) readArchived(p []byte, off, start int64) (int, error) {
	if a := v.arc; a != nil && a.from <= off && off < a.to {
		return a.readAt(p, off)
	}
	a, next, ok := findArchive(v.snap.archives, off, start)
	if !ok {
		return 0, &SkippedError{Log: v.path(), From: off, To: next}
	}
	af, err := openArchive(v.dir, v.name, a)
	if errors.Is(err, fs.ErrNotExist) {
		// Gone. A fresh list tells whether that is known.
		as, err := listArchives(v.dir, v.name)
		if err != nil {
			return 0, err
		}
		if b, _, ok := findArchive(as, off, start); ok && b != a {
			return 0, errRetry
		} else if ok {
			return 0, &SkippedError{Log: v.path(), From: off, To: a.to}
		}
		return 0, errRetry
	}
	if err != nil {
		return 0, err
	}
	v.arc.close()
	v.arc = af
	return af.readAt(p, off)
}

// end is the logical end by now.
func (v *view) end() (int64, error) {
	for range 10000 {
		if err := v.load(); err != nil {
			return 0, err
		}
		end, err := v.tryEnd()
		if err != errRetry {
			return end, err
		}
		v.forget()
	}
	return 0, fmt.Errorf("reading log %s: it changes too fast", v.path())
}

func (v *view) tryEnd() (int64, error) {
	s := v.snap
	if s.state != nil {
		return v.endDirect()
	}
	if s.cur == nil {
		return s.base, nil
	}
	fi, err := s.cur.Stat()
	if err != nil {
		return 0, fmt.Errorf("reading log: %w", err)
	}
	if stateExists(v.dir, v.name) {
		return 0, errRetry
	}
	id, err := lookup(v.path())
	if err == nil && id != s.cur.id {
		return 0, errRetry
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return 0, fmt.Errorf("looking for log: %w", &fs.PathError{Op: "lstat", Path: v.path(), Err: err})
	}
	return v.base() + fi.Size(), nil
}
