package stream

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// freeHead gives back what is in archives by now. The worker's O_APPEND writes go
// to the end wherever that is, so the head can be cut off under it: by whole
// blocks where the file system can (ext4, xfs), else it becomes a hole.
func (l *Log) freeHead() error {
	d := &l.direct
	if !d.noShrink {
		done, err := l.collapse()
		if done || err != nil {
			return err
		}
		d.noShrink = true
	}
	n := d.st.archived - d.st.base
	if n <= d.punched {
		return nil
	}
	if err := punch(l.cur, d.punched, n-d.punched); err != nil {
		return err
	}
	d.punched = n
	return nil
}

// collapse is done unless the file system cannot.
func (l *Log) collapse() (done bool, err error) {
	var fs unix.Statfs_t
	if err := again(func() error { return unix.Fstatfs(l.cur.fd, &fs) }); err != nil {
		return false, fmt.Errorf("asking for the block size: %w", err)
	}
	d := &l.direct
	block := int64(fs.Bsize)
	n := (d.st.archived - d.st.base) / block * block
	if n >= d.size {
		n -= block // a file cannot be collapsed whole
	}
	if n <= 0 {
		return true, nil
	}
	// The hole is how anyone can tell, once the range is announced, whether the
	// collapse took place: a file that begins with data was collapsed. Readers
	// do not look there any more; they are sent to the archive.
	if err := punch(l.cur, 0, n); err != nil {
		return false, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	st := d.st
	st.gen++
	st.pending = n
	if err := l.setStateLocked(st); err != nil {
		return false, err
	}
	cerr := again(func() error { return unix.Fallocate(l.cur.fd, unix.FALLOC_FL_COLLAPSE_RANGE, 0, n) })
	st.gen++
	st.pending = 0
	if cerr == nil {
		st.base += n
	}
	if err := l.setStateLocked(st); err != nil {
		if cerr == nil {
			// Whatever the sidecar says, the file is shorter, and readers here
			// must know; readers elsewhere see that by the hole.
			l.base += n
			d.size -= n
		}
		return false, err
	}
	if cerr != nil {
		d.punched = max(d.punched, n)
		return false, nil
	}
	d.size -= n
	return true, nil
}

func punch(f *logFile, off, n int64) error {
	err := again(func() error {
		return unix.Fallocate(f.fd, unix.FALLOC_FL_PUNCH_HOLE|unix.FALLOC_FL_KEEP_SIZE, off, n)
	})
	if err != nil {
		return fmt.Errorf("freeing its head: %w", err)
	}
	return nil
}
