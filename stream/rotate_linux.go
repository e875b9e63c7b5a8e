package stream

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"golang.org/x/sys/unix"

	"github.com/sluicerun/sluice/job"
)

// cut makes the current file of a spliced log an archive and begins a new one.
// wmu is held.
//
// The archive's name is made first, as an empty file; exchanging it with the
// current file is then the whole rotation, in one step of the kernel: <name>
// exists at every moment, and a SIGKILL finds either an empty file under the
// archive's name, which is none by its size, or the completed rotation.
func (l *Log) cut() error {
	if err := l.checkPlace(); err != nil {
		return err
	}
	a := archive{from: l.base, to: l.end.Load()}
	if a.from == a.to {
		return nil
	}
	old := filepath.Join(l.dir, a.file(l.name))
	f, err := openLogFile(old, unix.O_CREAT|unix.O_EXCL)
	if err != nil {
		return fmt.Errorf("rotating log: %w", err)
	}
	err = unix.Renameat2(unix.AT_FDCWD, old, unix.AT_FDCWD, l.path(), unix.RENAME_EXCHANGE)
	if err == unix.EINVAL || err == unix.ENOSYS || err == unix.EOPNOTSUPP {
		f.Close()
		f, err = l.cutByRename(old)
	}
	if err != nil {
		if f != nil {
			f.Close()
			os.Remove(old)
		}
		return fmt.Errorf("rotating log %s to %s: %w", l.path(), a.file(l.name), err)
	}
	l.swap(f, a)
	l.event(job.EventLogRotated, a.to-a.from, a.to, "%s", a.file(l.name))
	l.tidyArchives()
	return nil
}

// cutByRename is for file systems without RENAME_EXCHANGE (NFS): there is no
// current file for a moment, and a SIGKILL in it leaves that to Open.
func (l *Log) cutByRename(old string) (*logFile, error) {
	if err := os.Rename(l.path(), old); err != nil {
		os.Remove(old)
		return nil, err
	}
	f, err := openLogFile(l.path(), unix.O_CREAT|unix.O_EXCL)
	if err != nil {
		// The open file is still the place where the bytes go.
		if back := os.Rename(old, l.path()); back != nil {
			err = fmt.Errorf("%w; putting it back: %w", err, back)
		}
		return nil, err
	}
	return f, nil
}

// swap puts f in the place of the current file, whose bytes are now a's.
func (l *Log) swap(f *logFile, a archive) {
	l.mu.Lock()
	old := l.cur
	l.cur = f
	l.base, l.start = a.to, a.to
	if a.from < a.to {
		l.archives = append(slices.Clip(l.archives), a)
	}
	l.mu.Unlock()
	old.Close()
	l.cutBack = false
}

// checkEnd is checkPlace when nothing more will be written. A file that was
// deleted stays as it is then: those who have it open can still read its end.
// wmu is held.
func (l *Log) checkEnd() error {
	if l.name == "" { // CreateTemp's
		return nil
	}
	if _, err := lookup(l.path()); errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("log %s was deleted while it was written: its last %d bytes are not kept", l.path(), l.end.Load()-l.base)
	}
	return l.checkPlace()
}

// tidyArchives deletes archives beyond Keep and has plain ones compressed.
func (l *Log) tidyArchives() {
	for _, a := range l.surplus() {
		for _, f := range []form{plain, packed, lost} {
			a.form = f
			err := os.Remove(filepath.Join(l.dir, a.file(l.name)))
			if err != nil && !errors.Is(err, fs.ErrNotExist) {
				l.event(job.EventLogError, 0, a.from, "deleting archive: %v", err)
			}
		}
	}
	if !l.opt.Rotate.Compress {
		return
	}
	l.mu.RLock()
	defer l.mu.RUnlock()
	for _, a := range l.archives {
		if a.form == plain {
			l.packer.add(l, a)
		}
	}
}

// surplus takes the archives that are too many off the list. The newest stays,
// for its name says where the current file begins.
func (l *Log) surplus() []archive {
	keep := l.opt.Rotate.Keep
	if keep <= 0 {
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	i := len(l.archives)
	for ; i > 0 && keep > 0; i-- {
		if l.archives[i-1].form != lost {
			keep--
		}
	}
	gone := slices.Clone(l.archives[:i])
	l.archives = slices.Clone(l.archives[i:])
	return gone
}

// cutFailed puts the next attempt off until the file has grown as much again.
func (l *Log) cutFailed(err error) {
	end := l.end.Load()
	l.cutAfter = end - l.base + l.opt.Rotate.MaxSize
	l.event(job.EventLogError, 0, end, "%v; the file grows on", err)
}
