package stream

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"

	"golang.org/x/sys/unix"
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

// A snapshot is a log's files as they were at one moment.
type snapshot struct {
	archives []archive
	cur      *logFile   // nil if there is none
	state    *stateFile // nil for a spliced log
	base     int64      // logical offset of cur's first byte, if there is no state
}

func (s *snapshot) close() {
	if s == nil {
		return
	}
	if s.cur != nil {
		s.cur.Close()
	}
	s.state.close()
}

// takeSnapshot is right because a file that stops being the current one never is
// again: if the same file is at the path before and after the archives are
// listed, it was so all the while.
func takeSnapshot(dir, name string) (*snapshot, error) {
	for range 10000 {
		s, err := trySnapshot(dir, name)
		if s != nil || err != nil {
			return s, err
		}
	}
	return nil, fmt.Errorf("reading log %s: its files change too fast", filepath.Join(dir, name))
}

func trySnapshot(dir, name string) (_ *snapshot, err error) {
	s := &snapshot{}
	ok := false
	defer func() {
		if !ok {
			s.close()
		}
	}()
	path := filepath.Join(dir, name)
	s.cur, err = openForReading(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("opening log: %w", err)
	}
	if s.state, err = openState(dir, name, 0); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("opening the log's state: %w", err)
	}
	if s.archives, err = listArchives(dir, name); err != nil {
		return nil, err
	}
	id, err := lookup(path)
	switch {
	case err == nil && (s.cur == nil || s.cur.id != id):
		return nil, nil // exchanged meanwhile
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("looking for log: %w", &fs.PathError{Op: "lstat", Path: path, Err: err})
	case err != nil && s.cur != nil:
		return nil, nil
	}
	if s.state == nil && stateExists(dir, name) {
		return nil, nil
	}
	s.base = endOf(s.archives)
	ok = true
	return s, nil
}

func openForReading(path string) (*logFile, error) {
	var fd int
	err := again(func() (err error) {
		fd, err = unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC|unix.O_NONBLOCK, 0)
		return err
	})
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: path, Err: err}
	}
	return wrapLogFile(fd, path)
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

// readDirect reads a log whose file is cut off at the head while it is read.
func (v *view) readDirect(p []byte, off int64) (int, error) {
	s := v.snap
	for range 10000 {
		before, err := s.state.read()
		if err != nil {
			return 0, err
		}
		if off < before.archived {
			if endOf(s.archives) < before.archived || !holdsOffset(s.archives, off) {
				if s.archives, err = listArchives(v.dir, v.name); err != nil {
					return 0, err
				}
			}
			return v.readArchived(p, off, before.archived)
		}
		if s.cur == nil {
			return 0, io.EOF
		}
		base, collapsed := before.base, false
		if before.pending > 0 && firstData(s.cur.fd) < before.pending {
			base, collapsed = base+before.pending, true
		}
		n, rerr := readFile(s.cur, p, off-base)
		after, err := s.state.read()
		if err != nil {
			return 0, err
		}
		if after != before {
			continue
		}
		if before.pending > 0 && !collapsed && firstData(s.cur.fd) < before.pending {
			continue
		}
		return n, rerr
	}
	return 0, fmt.Errorf("reading log %s: it is rotated too fast", v.path())
}

func holdsOffset(as []archive, off int64) bool {
	_, _, ok := findArchive(as, off, 0)
	return ok
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

func (v *view) endDirect() (int64, error) {
	s := v.snap
	for range 10000 {
		before, err := s.state.read()
		if err != nil {
			return 0, err
		}
		if s.cur == nil {
			return before.archived, nil
		}
		base, collapsed := before.base, false
		if before.pending > 0 && firstData(s.cur.fd) < before.pending {
			base, collapsed = base+before.pending, true
		}
		fi, err := s.cur.Stat()
		if err != nil {
			return 0, fmt.Errorf("reading log: %w", err)
		}
		after, err := s.state.read()
		if err != nil {
			return 0, err
		}
		if after != before {
			continue
		}
		if before.pending > 0 && !collapsed && firstData(s.cur.fd) < before.pending {
			continue
		}
		return max(base+fi.Size(), before.archived), nil
	}
	return 0, fmt.Errorf("reading log %s: it is rotated too fast", v.path())
}
