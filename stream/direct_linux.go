package stream

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sluicerun/sluice/job"
)

// directWriter is what the keeper of a direct log knows, under wmu. The state's
// base and archived are also in Log.base and Log.start, under mu.
type directWriter struct {
	st    state
	state *stateFile // nil until the first rotation

	told      int64 // logical end that OnGrow heard of
	size      int64 // of the file, when last seen
	searched  int64 // logical: no line end between the limit and here
	punched   int64 // file bytes at the head that are a hole
	noShrink  bool  // the file system cannot collapse
	cannot    bool  // nor punch; or the state could not be written
	unlinked  bool
	nextTry   time.Time // after a rotation that failed
	firstSeen bool
}

// recoverState brings a log back to a state that is told by the archives' names
// and the sidecar alone. It is part of Open, before the log is anybody's.
func (l *Log) recoverState() error {
	sf, err := openState(l.dir, l.name, os.O_RDWR)
	if errors.Is(err, fs.ErrNotExist) {
		if !l.opt.Direct || l.base == 0 {
			return nil
		}
		// It was a spliced log before. From now on its offsets are told by a
		// sidecar.
		st := state{base: l.base, archived: l.base}
		if l.direct.state, err = createState(l.dir, l.name, st); err != nil {
			return err
		}
		l.direct.st = st
		return nil
	}
	if err != nil {
		return err
	}
	if !l.opt.Direct {
		sf.close()
		return errors.New("a worker wrote it directly, and it was rotated: open it as direct")
	}
	st, err := sf.read()
	if err != nil {
		sf.close()
		return err
	}
	if st.pending > 0 {
		if firstData(l.cur.fd) < st.pending {
			st.base += st.pending // it was collapsed
		}
		st.pending = 0
		st.gen++
	}
	if top := endOf(l.archives); top > st.archived {
		// An archive was complete, and that was not written down yet. The state
		// may have been behind an archive that reaches beyond what the file
		// still holds only if somebody cut the file back.
		st.archived = top
		st.gen += 2
	}
	if err := sf.write(st); err != nil {
		sf.close()
		return err
	}
	l.direct.st, l.direct.state = st, sf
	l.base, l.start = st.base, st.archived
	return nil
}

// grown looks at the file: how much came, whether to rotate.
func (l *Log) grown() bool {
	l.wmu.Lock()
	defer l.wmu.Unlock()
	d := &l.direct
	var st unix.Stat_t
	if err := unix.Fstat(l.cur.fd, &st); err != nil {
		return false
	}
	if !d.firstSeen {
		d.firstSeen = true
		d.size = st.Size
		d.told = max(l.base+st.Size, l.start)
		if l.end.Load() < d.told {
			d.told = l.end.Load() // what came since Open is news
		}
	}
	if st.Size < d.size {
		l.wasCutBack(st.Size)
	}
	d.size = st.Size
	if st.Nlink == 0 && !d.unlinked {
		d.unlinked = true
		l.event(job.EventLogError, 0, d.told,
			"%s was deleted; the worker goes on writing into a file without a name, which goes when the worker ends", l.path())
	}
	end := max(l.base+st.Size, l.start)
	n := end - d.told
	if n > 0 {
		d.told = end
		if l.opt.OnGrow != nil {
			l.opt.OnGrow(n, time.Now())
		}
	}
	if l.opt.Rotate.MaxSize > 0 && !d.cannot && !d.unlinked && time.Now().After(d.nextTry) {
		if err := l.rotateDirect(); err != nil {
			d.nextTry = time.Now().Add(time.Second)
			l.event(job.EventLogError, 0, end, "rotating log %s: %v", l.path(), err)
		}
	}
	return n > 0
}

// wasCutBack keeps the numbering when the worker truncated its own file, as
// `> /dev/stderr` in a shell does: what it writes now follows what was there.
func (l *Log) wasCutBack(size int64) {
	d := &l.direct
	end := max(l.base+d.size, l.start)
	gone := end - l.start
	st := d.st
	st.gen += 2
	st.base, st.archived = end, end
	if err := l.setState(st); err != nil {
		l.event(job.EventLogError, 0, end, "%v", err)
		return
	}
	d.size, d.punched, d.searched = 0, 0, 0
	d.told = max(d.told, end)
	l.event(job.EventLogError, gone, end, "%s was cut back by its worker (`> /dev/stderr` does that to a file): "+
		"%d bytes are gone; a tee'd stream keeps them", l.path(), gone)
}

// setState writes st down and makes it what readers here go by. wmu is held.
func (l *Log) setState(st state) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.setStateLocked(st)
}

func (l *Log) setStateLocked(st state) (err error) {
	d := &l.direct
	if d.state == nil {
		d.state, err = createState(l.dir, l.name, st)
	} else {
		err = d.state.write(st)
	}
	if err != nil {
		// The sidecar may say the old or the new: no more changes from here.
		d.cannot = true
		return fmt.Errorf("%w; the log is not rotated any more", err)
	}
	d.st = st
	l.base, l.start = st.base, st.archived
	return nil
}

// rotateDirect copies heads of MaxSize out of the file until less is left.
func (l *Log) rotateDirect() error {
	d := &l.direct
	for {
		end := l.base + d.size
		from := l.start
		if end-from <= l.opt.Rotate.MaxSize {
			return nil
		}
		to, err := l.findLineEnd(from, end)
		if err != nil || to <= from {
			return err // to == from: the line goes on
		}
		if err := l.canPunch(); err != nil {
			d.cannot = true
			return err
		}
		if err := l.archiveHead(from, to); err != nil {
			return err
		}
		if err := l.freeHead(); err != nil {
			return err
		}
		l.event(job.EventLogRotated, to-from, to, "%s", archive{from: from, to: to}.file(l.name))
		l.tidyArchives()
	}
}

// canPunch asks, with a range far behind the end, whether the file system can
// punch holes at all, before anything is copied.
func (l *Log) canPunch() error {
	err := again(func() error {
		return unix.Fallocate(l.cur.fd, unix.FALLOC_FL_PUNCH_HOLE|unix.FALLOC_FL_KEEP_SIZE, 1<<40, 1<<16)
	})
	if err != nil {
		return fmt.Errorf("this file system cannot free the head of a file that is being written (%w): "+
			"the file grows on; tee the stream instead of redirecting it", err)
	}
	return nil
}
