package stream

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
)

// A stateFile is the open sidecar of a direct log.
type stateFile struct{ f *os.File }

// openState opens the sidecar; fs.ErrNotExist tells that the log never had one.
func openState(dir, name string, flag int) (*stateFile, error) {
	f, err := os.OpenFile(filepath.Join(dir, stateName(name)), flag, 0)
	if err != nil {
		return nil, err
	}
	return &stateFile{f}, nil
}

// createState makes the sidecar. It appears complete or not at all.
func createState(dir, name string, s state) (*stateFile, error) {
	tmp := filepath.Join(dir, tempPrefix(name)+"state")
	f, err := os.OpenFile(tmp, os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, fmt.Errorf("making the log's state file: %w", err)
	}
	sf := &stateFile{f}
	err = sf.write(s)
	if err == nil {
		err = os.Rename(tmp, filepath.Join(dir, stateName(name)))
	}
	if err != nil {
		f.Close()
		os.Remove(tmp)
		return nil, fmt.Errorf("making the log's state file: %w", err)
	}
	return sf, nil
}

// read retries while it meets a write half-way, which lasts as long as copying
// 64 bytes does.
func (sf *stateFile) read() (state, error) {
	var b [stateSize]byte
	for range 10000 {
		if _, err := sf.f.ReadAt(b[:], 0); err != nil {
			return state{}, fmt.Errorf("reading the log's state: %w", err)
		}
		if s, ok := decodeState(b[:]); ok {
			return s, nil
		}
		runtime.Gosched()
	}
	return state{}, fmt.Errorf("reading the log's state: %s is damaged", sf.f.Name())
}

// write is one pwrite of less than a page: a SIGKILL does not cut it in two.
func (sf *stateFile) write(s state) error {
	if _, err := sf.f.WriteAt(s.encode(), 0); err != nil {
		return fmt.Errorf("writing the log's state: %w", err)
	}
	return nil
}

func (sf *stateFile) close() {
	if sf != nil {
		sf.f.Close()
	}
}

// stateExists is asked after every read from a log that had no sidecar: once it
// has one, what was read may have moved in between.
func stateExists(dir, name string) bool {
	_, err := lookup(filepath.Join(dir, stateName(name)))
	return !errors.Is(err, fs.ErrNotExist)
}
