package stream

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sluicerun/sluice/job"
)

// checkPlace sees to it that the current file is where its readers look, and
// makes a new one if somebody deleted it or moved it away. wmu is held.
func (l *Log) checkPlace() error {
	l.checked = time.Now()
	if l.name == "" { // CreateTemp's
		return nil
	}
	id, err := lookup(l.path())
	if err == nil && id == l.cur.id {
		l.checkSize()
		return nil
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("looking for log: %w", &fs.PathError{Op: "lstat", Path: l.path(), Err: err})
	}
	if err := l.replace(err == nil); err != nil {
		return fmt.Errorf("making log %s again, which was deleted: %w", l.path(), err)
	}
	return nil
}

// checkSize tells of a file that was truncated under us (logrotate's
// copytruncate). The offsets stay: what was there reads as zeros.
func (l *Log) checkSize() {
	fi, err := l.cur.Stat()
	if err != nil {
		return
	}
	short := l.end.Load() - l.base - fi.Size()
	if short > 0 && !l.cutBack {
		l.event(job.EventLogError, short, l.end.Load(),
			"%s was truncated by somebody: %d bytes of it are gone; sluice rotates its logs itself (--rotate)", l.path(), short)
	}
	l.cutBack = short > 0
}

// replace begins a new current file after the old one went away. An empty marker
// keeps the numbering. foreign tells that there is something else at the path.
func (l *Log) replace(foreign bool) error {
	if err := os.MkdirAll(l.dir, 0o700); err != nil {
		return err
	}
	gone := archive{from: l.base, to: l.end.Load(), form: lost}
	as, err := listArchives(l.dir, l.name)
	if err != nil {
		return err
	}
	if endOf(as) < gone.to {
		if gone.from == gone.to {
			gone.from = endOf(as) // the archives went with their directory
		}
		m, err := os.OpenFile(filepath.Join(l.dir, gone.file(l.name)), os.O_WRONLY|os.O_CREATE, 0o600)
		if err != nil {
			return err
		}
		m.Close()
		as = append(as, gone)
	}
	if foreign {
		if err := l.moveAside(); err != nil {
			return err
		}
	}
	f, err := openLogFile(l.path(), unix.O_CREAT|unix.O_EXCL)
	if err != nil {
		return err
	}
	l.mu.Lock()
	l.archives = as
	l.mu.Unlock()
	l.swap(f, archive{from: gone.to, to: gone.to})
	l.event(job.EventLogError, gone.to-gone.from, gone.to,
		"%s was deleted or moved away while it was written: bytes %d to %d went with it; writing goes on in a new file",
		l.path(), gone.from, gone.to)
	return nil
}

// moveAside renames what somebody else put in our place: it is not ours to write
// or to delete.
func (l *Log) moveAside() error {
	for i := range 1000 {
		err := unix.Renameat2(unix.AT_FDCWD, l.path(), unix.AT_FDCWD,
			fmt.Sprintf("%s.other-%d", l.path(), i), unix.RENAME_NOREPLACE)
		if err != unix.EEXIST {
			return err
		}
	}
	return unix.EEXIST
}
