package stream

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"sync"
	"time"
)

// A Follower reads a log by its path while any process writes and rotates it. It
// never hinders the writer. It is for one goroutine, but for Finish.
type Follower struct {
	v   view
	off int64

	w   *Watcher // shared, or its own once it waits
	own bool
	sub *subscription
	// unwatched is set where inotify cannot tell, or has nothing left to give.
	unwatched bool
	poll      poller

	finish chan struct{}
	once   sync.Once
}

// OpenFollower reads dir/name from logical offset off on. The directory must
// exist; the log may come later. A process that follows many logs should use
// [Watcher.Follow], as inotify instances are few.
func OpenFollower(dir, name string, off int64) (*Follower, error) {
	return follow(nil, dir, name, off)
}

// Follow is OpenFollower with a watcher that many followers share.
func (w *Watcher) Follow(dir, name string, off int64) (*Follower, error) {
	return follow(w, dir, name, off)
}

func follow(w *Watcher, dir, name string, off int64) (*Follower, error) {
	if off < 0 {
		return nil, fmt.Errorf("following %s: negative offset %d", filepath.Join(dir, name), off)
	}
	f := &Follower{v: view{dir: dir, name: name}, off: off, w: w, finish: make(chan struct{})}
	if err := f.v.load(); err != nil {
		return nil, fmt.Errorf("following %s: %w", filepath.Join(dir, name), err)
	}
	return f, nil
}

// Read reads on. It returns io.EOF at the end by now; more may come, see Wait. A
// *SkippedError tells of bytes that are gone; the next Read continues behind
// them.
func (f *Follower) Read(p []byte) (int, error) {
	n, err := f.v.readAt(p, f.off)
	f.off += int64(n)
	var skip *SkippedError
	if errors.As(err, &skip) {
		f.off = skip.To
	}
	return n, err
}

// Offset is the logical offset of the next byte.
func (f *Follower) Offset() int64 { return f.off }

// Finish tells that nothing will be written any more: Wait then gives io.EOF once
// everything was read. It may be called from any goroutine.
func (f *Follower) Finish() { f.once.Do(func() { close(f.finish) }) }

// Wait blocks until there may be more to read. It returns ctx's error when ctx
// ends, and io.EOF when all was read after Finish.
func (f *Follower) Wait(ctx context.Context) error {
	for {
		// Watch first, look then: what comes in between is an event.
		f.watch()
		// Also asked before the look: what was written before Finish has to be
		// seen by it.
		finished := f.finished()
		end, err := f.v.end()
		if err != nil {
			return fmt.Errorf("waiting for %s: %w", f.v.path(), err)
		}
		// Less than was read means that the file was cut back: for Read to tell.
		if end != f.off && (end > f.off || f.startedAnew()) {
			f.poll.grew()
			return nil
		}
		if finished {
			return io.EOF
		}
		var (
			changed <-chan struct{}
			tick    <-chan time.Time
		)
		if f.sub != nil {
			changed = f.sub.C
		}
		if f.unwatched {
			tick = time.After(f.poll.next())
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-f.finish:
		case <-changed:
		case <-tick:
		}
	}
}

func (f *Follower) finished() bool {
	select {
	case <-f.finish:
		return true
	default:
		return false
	}
}

// startedAnew asks whether Read has to tell of a file that was cut back.
func (f *Follower) startedAnew() bool {
	s := f.v.snap
	if s == nil || s.cur == nil || s.state != nil {
		return false
	}
	fi, err := s.cur.Stat()
	return err == nil && fi.Size() > 0 && firstData(s.cur.fd) == 0
}

// watch sees to it that a change wakes Wait, by inotify or, where other hosts
// write or inotify has nothing left to give, by looking from time to time.
func (f *Follower) watch() {
	if f.sub != nil && f.sub.isGone() {
		f.sub = nil // the directory went; there may be a new one
	}
	if f.sub != nil {
		return
	}
	f.unwatched = isRemote(f.v.dir)
	if f.w == nil {
		w, err := NewWatcher()
		if err != nil {
			f.unwatched = true
			return
		}
		f.w, f.own = w, true
	}
	var err error
	if f.sub, err = f.w.subscribe(f.v.dir, f.v.name); err != nil {
		f.sub, f.unwatched = nil, true
	}
}

// Close ends the follower.
func (f *Follower) Close() error {
	if f.sub != nil {
		f.sub.close()
		f.sub = nil
	}
	if f.own {
		f.w.Close()
		f.own = false
	}
	f.v.close()
	return nil
}

// Size is the logical end of the log dir/name, whoever writes it. It gives
// fs.ErrNotExist if there is no such log.
func Size(dir, name string) (int64, error) {
	v := view{dir: dir, name: name}
	defer v.close()
	if err := v.mustExist(); err != nil {
		return 0, err
	}
	return v.end()
}

func (v *view) mustExist() error {
	if err := v.load(); err != nil {
		return err
	}
	if v.snap.cur == nil && len(v.snap.archives) == 0 {
		return fmt.Errorf("reading log %s: %w", v.path(), fs.ErrNotExist)
	}
	return nil
}
