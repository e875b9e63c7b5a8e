package stream

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"golang.org/x/sys/unix"
)

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
