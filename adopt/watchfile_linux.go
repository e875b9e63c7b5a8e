package adopt

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// fileLook is how often is looked at a file of which inotify tells nothing: one
// that another machine writes, and whether the descriptor is still of this file.
const fileLook = 200 * time.Millisecond

// follower reads what is added to the regular file that a descriptor of a process is
// of. It goes by the descriptor, not by a name: the file may have been deleted or
// renamed.
type follower struct {
	p       *Process
	d       Descriptor
	file    *os.File
	dev     uint64
	ino     uint64
	at      int64 // what comes next is there
	inotify int
	since   time.Time // a younger file has nothing that was not written meanwhile
	cut     bool      // the file was truncated: it may have holes
}

func openFollower(p *Process, d Descriptor) (*follower, error) {
	f := &follower{p: p, d: d, inotify: -1, since: time.Now()}
	if err := f.open(); err != nil {
		f.close()
		return nil, err
	}
	return f, nil
}

// open takes the file that the descriptor is of now, at its end.
func (f *follower) open() error {
	path := f.p.sys.fs.Path(f.p.PID, "fd", fmt.Sprint(f.d.FD))
	// Nonblocking: it may have become a FIFO.
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return f.p.unreadable("reading the file that is written by", f.d, err)
	}
	file := os.NewFile(uintptr(fd), path)
	fi, err := file.Stat()
	if err != nil {
		file.Close()
		return err
	}
	if !fi.Mode().IsRegular() {
		file.Close()
		return errMoved
	}
	f.close()
	f.file, f.at, f.cut = file, fi.Size(), false
	f.dev, f.ino, _ = numbersOf(fi)
	// Without it, fileLook is what remains.
	if f.inotify, err = unix.InotifyInit1(unix.IN_NONBLOCK | unix.IN_CLOEXEC); err == nil {
		unix.InotifyAddWatch(f.inotify, fmt.Sprintf("/proc/self/fd/%d", fd), unix.IN_MODIFY)
	}
	return nil
}

// errMoved is that a descriptor is not of a regular file any more.
var errMoved = errors.New("it is no file any more")

func (f *follower) run(ctx context.Context, s *sink) error {
	for {
		done := ctx.Err() != nil
		moved := !done && f.moved()
		if err := f.read(s); err != nil || done {
			return err
		}
		if moved {
			if err := f.change(s); err != nil {
				if errors.Is(err, errMoved) || errors.Is(err, ErrGone) {
					return nil
				}
				return err
			}
			continue
		}
		f.wait()
	}
}

// moved tells whether the descriptor is of another file than ours.
func (f *follower) moved() bool {
	fi, err := os.Stat(f.p.sys.fs.Path(f.p.PID, "fd", fmt.Sprint(f.d.FD)))
	if err != nil {
		// Closed, or the process has ended, which is seen elsewhere.
		return errors.Is(err, os.ErrNotExist) && f.p.Alive() == nil
	}
	dev, ino, _ := numbersOf(fi)
	return dev != f.dev || ino != f.ino
}

// change goes to the file that the descriptor is of now.
func (f *follower) change(s *sink) error {
	name := StreamName(f.d.FD)
	if err := f.open(); err != nil {
		switch {
		case f.p.Alive() != nil:
			return ErrGone
		case errors.Is(err, errMoved):
			s.tell(fmt.Sprintf("%s: %v has it no more on a file, which ends the following; watch it again", name, f.p))
		case errors.Is(err, os.ErrNotExist):
			s.tell(fmt.Sprintf("%s: %v has closed it", name, f.p))
			return errMoved
		}
		return err
	}
	if d, err := f.p.Descriptor(f.d.FD); err == nil {
		f.d = d
	}
	if born, ok := birth(f.file); ok && born.After(f.since) {
		f.at = 0
		s.tell(fmt.Sprintf("%s: %v has it on another file now, %s, which is followed from its beginning", name, f.p, f.d.Name))
		return nil
	}
	s.tell(fmt.Sprintf("%s: %v has it on another file now, %s, which is followed from byte %d; what it has already written there is not known",
		name, f.p, f.d.Name, f.at))
	return nil
}

// birth is when the file was made; false: the file system does not know.
func birth(file *os.File) (time.Time, bool) {
	var st unix.Statx_t
	err := unix.Statx(int(file.Fd()), "", unix.AT_EMPTY_PATH, unix.STATX_BTIME, &st)
	return time.Unix(st.Btime.Sec, int64(st.Btime.Nsec)), err == nil && st.Mask&unix.STATX_BTIME != 0
}

// read gives out what was added.
func (f *follower) read(s *sink) error {
	fi, err := f.file.Stat()
	if err != nil {
		return err
	}
	if fi.Size() < f.at {
		s.tell(fmt.Sprintf("%s: the file was truncated from %d to %d bytes; it is shown from its beginning", StreamName(f.d.FD), f.at, fi.Size()))
		f.at, f.cut = 0, true
	}
	buf := make([]byte, 64<<10)
	for {
		// A program that does not append goes on where it was, and leaves zeros that
		// nobody wrote before it.
		if f.cut {
			at, err := unix.Seek(int(f.file.Fd()), f.at, unix.SEEK_DATA)
			if err == unix.ENXIO {
				return nil
			}
			if err == nil {
				f.at = at
			}
		}
		n, err := f.file.ReadAt(buf, f.at)
		if n > 0 {
			f.at += int64(n)
			if err := s.data(f.d.FD, buf[:n], 0); err != nil {
				return err
			}
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return fmt.Errorf("reading the file of %s: %w", StreamName(f.d.FD), err)
		}
	}
}

// wait returns when the file was written to, or after fileLook.
func (f *follower) wait() {
	fds := []unix.PollFd{{Fd: int32(f.inotify), Events: unix.POLLIN}} // -1 is passed over
	unix.Poll(fds, int(fileLook/time.Millisecond))
	var events [4096]byte
	for f.inotify >= 0 {
		if n, _ := unix.Read(f.inotify, events[:]); n <= 0 {
			return
		}
	}
}

func (f *follower) close() {
	if f.file != nil {
		f.file.Close()
	}
	if f.inotify >= 0 {
		unix.Close(f.inotify)
	}
	f.file, f.inotify = nil, -1
}
