package stream

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sluicerun/sluice/job"
)

// A Log is the append-only truth behind one stream of one worker. Its methods
// may be called from any goroutine.
type Log struct {
	dir, name string
	opt       LogOptions

	// wmu is held by whoever moves bytes or files: the pump, the keeper of a
	// direct log, Close. It comes before mu. The fields below are its own.
	wmu      sync.Mutex
	copies   bool      // the file system cannot splice
	nudges   bool      // the kernel does not tell inotify of a splice
	cutAfter int64     // file size at which the next cut is tried
	checked  time.Time // when the file was last seen to be in its place
	cutBack  bool      // somebody truncated the file, and that was said
	direct   directWriter

	// mu is write-locked only while the mapping from offsets to files changes.
	mu       sync.RWMutex
	cur      *logFile
	base     int64 // logical offset of the file's first byte
	start    int64 // first logical byte that is read from the file, not from archives
	archives []archive
	closed   bool

	end     atomic.Int64 // logical end of a spliced log
	dropped atomic.Int64

	arc struct { // the archive that was read last
		sync.Mutex
		*archiveFile
	}
	packer packer
	keeper *keeper
}

func (l *Log) path() string { return filepath.Join(l.dir, l.name) }

// WriterFile is a fresh descriptor, O_WRONLY and O_APPEND, for a worker to write
// the log itself (LogOptions.Direct). The caller closes it.
func (l *Log) WriterFile() (*os.File, error) {
	if !l.opt.Direct {
		return nil, fmt.Errorf("opening log %s for a worker: it is filled by a pump", l.path())
	}
	f, err := os.OpenFile(l.path(), os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		return nil, fmt.Errorf("opening log for a worker: %w", err)
	}
	fi, err := f.Stat()
	if err == nil {
		var ours os.FileInfo
		if ours, err = l.cur.Stat(); err == nil && !os.SameFile(fi, ours) {
			err = errors.New("the file was replaced by another")
		}
	}
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("opening log %s for a worker: %w", l.path(), err)
	}
	return f, nil
}

// Size is the logical end. Of a spliced log it is known; of a direct one it is
// asked of the file.
func (l *Log) Size() int64 {
	if !l.opt.Direct {
		return l.end.Load()
	}
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.directEnd()
}

// directEnd needs mu.
func (l *Log) directEnd() int64 {
	if fi, err := l.cur.Stat(); err == nil {
		return max(l.base+fi.Size(), l.start)
	}
	return max(l.end.Load(), l.start) // closed: what it was then
}

// Base is the first logical byte that is still kept.
func (l *Log) Base() int64 {
	l.mu.RLock()
	defer l.mu.RUnlock()
	for _, a := range l.archives {
		if a.form != lost {
			return a.from
		}
	}
	return l.start
}

// Dropped is the number of bytes that never came into the log because it could
// not be written. They have no offsets.
func (l *Log) Dropped() int64 { return l.dropped.Load() }

// Close ends background work, which may mean waiting until an archive is
// compressed, and closes the files. A pump should have ended before.
func (l *Log) Close() error {
	l.wmu.Lock()
	if l.closed {
		l.wmu.Unlock()
		return nil
	}
	l.mu.Lock()
	l.closed = true
	l.mu.Unlock()
	l.wmu.Unlock()
	l.keeper.stop()
	l.packer.wait()
	return l.closeFiles()
}

func (l *Log) closeFiles() error {
	l.wmu.Lock()
	defer l.wmu.Unlock()
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.opt.Direct {
		l.end.Store(l.directEnd())
	}
	l.direct.state.close()
	l.arc.Lock()
	l.arc.archiveFile.close()
	l.arc.archiveFile = nil
	l.arc.Unlock()
	if err := l.cur.Close(); err != nil && !errors.Is(err, os.ErrClosed) {
		return fmt.Errorf("closing log: %w", err)
	}
	return nil
}

func (l *Log) event(t job.EventType, bytes, offset int64, detail string, args ...any) {
	if l.opt.OnEvent == nil {
		return
	}
	l.opt.OnEvent(job.Event{
		Time: time.Now(), Type: t, Bytes: bytes, Offset: offset, Detail: fmt.Sprintf(detail, args...),
	})
}
