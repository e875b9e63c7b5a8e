package stream

import (
	"bytes"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"

	"golang.org/x/sys/unix"
)

// findLineEnd is the logical offset behind the last line that fits in MaxSize
// from from on; if none does, behind the first; from if that has no end yet.
func (l *Log) findLineEnd(from, end int64) (int64, error) {
	limit := min(from+l.opt.Rotate.MaxSize, end)
	buf := make([]byte, 64<<10)
	for at := limit; at > from; {
		lo := max(from, at-int64(len(buf)))
		b := buf[:at-lo]
		if _, err := l.cur.ReadAt(b, lo-l.base); err != nil {
			return 0, fmt.Errorf("looking for a line end: %w", err)
		}
		if i := bytes.LastIndexByte(b, '\n'); i >= 0 {
			return lo + int64(i) + 1, nil
		}
		at = lo
	}
	for at := max(limit, l.direct.searched); at < end; {
		b := buf[:min(int64(len(buf)), end-at)]
		if _, err := l.cur.ReadAt(b, at-l.base); err != nil {
			return 0, fmt.Errorf("looking for a line end: %w", err)
		}
		if i := bytes.IndexByte(b, '\n'); i >= 0 {
			return at + int64(i) + 1, nil
		}
		at += int64(len(b))
		l.direct.searched = at
	}
	return from, nil
}

// archiveHead copies logical [from, to) to an archive. It appears complete, and
// only then are readers sent there.
func (l *Log) archiveHead(from, to int64) error {
	if l.direct.state == nil {
		// Without a sidecar, an archive would mean that the file was exchanged.
		if err := l.setState(state{base: l.base, archived: l.start}); err != nil {
			return err
		}
	}
	a := archive{from: from, to: to}
	tmp := filepath.Join(l.dir, tempPrefix(l.name)+a.file(l.name))
	if err := copyRange(l.cur, from-l.base, to-from, tmp); err != nil {
		os.Remove(tmp)
		return fmt.Errorf("copying its head: %w", err)
	}
	if err := os.Rename(tmp, filepath.Join(l.dir, a.file(l.name))); err != nil {
		os.Remove(tmp)
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.archives = append(slices.Clip(l.archives), a)
	st := l.direct.st
	st.archived = to
	st.gen += 2
	return l.setStateLocked(st)
}

// copyRange copies by copy_file_range, which shares blocks where it can.
func copyRange(src *logFile, off, n int64, path string) error {
	dst, err := openLogFile(path, unix.O_CREAT|unix.O_TRUNC)
	if err != nil {
		return err
	}
	defer dst.Close()
	var to int64
	for to < n {
		k := 0
		err := again(func() (err error) {
			k, err = unix.CopyFileRange(src.fd, &off, dst.fd, &to, int(min(n-to, math.MaxInt32)), 0)
			return err
		})
		if err == unix.EXDEV || err == unix.EINVAL || err == unix.ENOSYS || err == unix.EOPNOTSUPP || err == unix.EPERM {
			return copyPlain(src, off, dst, to, n)
		}
		if err != nil {
			return err
		}
		if k == 0 {
			return fmt.Errorf("%d bytes are missing", n-to)
		}
	}
	return dst.Close()
}

func copyPlain(src *logFile, off int64, dst *logFile, to, n int64) error {
	buf := make([]byte, 64<<10)
	for to < n {
		b := buf[:min(int64(len(buf)), n-to)]
		if _, err := src.ReadAt(b, off); err != nil {
			return err
		}
		if _, err := dst.WriteAt(b, to); err != nil {
			return err
		}
		off += int64(len(b))
		to += int64(len(b))
	}
	return dst.Close()
}
