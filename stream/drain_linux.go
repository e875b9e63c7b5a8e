package stream

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// DrainTo moves what is in the pipe r to the end of the log dir/name, until r is
// empty or at its end, and returns how much that was. It is for a process that
// takes over after the log's writer was killed: it makes the log whole again
// first, as Open does, and starts no goroutine. On an error the rest is still in
// the pipe. The log is not rotated.
func DrainTo(r *os.File, dir, name string) (int64, error) {
	rc, err := r.SyscallConn()
	if err != nil {
		return 0, fmt.Errorf("draining a pipe into %s: %w", filepath.Join(dir, name), err)
	}
	l, err := open(dir, name, LogOptions{})
	if err != nil {
		return 0, fmt.Errorf("draining a pipe into %s: %w", filepath.Join(dir, name), err)
	}
	defer l.Close()
	m := newMover(l)
	defer m.close()
	var moved int64
	cerr := rc.Control(func(fd uintptr) {
		for {
			var n int
			n, err = m.step(int(fd), moveMax)
			moved += int64(n)
			if n == 0 || err != nil {
				return
			}
		}
	})
	if errors.Is(err, unix.EAGAIN) {
		err = nil
	}
	if err = errors.Join(err, cerr); err != nil {
		return moved, fmt.Errorf("draining a pipe into %s: %w", l.path(), err)
	}
	return moved, nil
}
