package stream

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"

	"golang.org/x/sys/unix"
)

const (
	// moveMax is how much one splice may move: a pipe's greatest size for those
	// without privileges.
	moveMax = 1 << 20
	// peekMax is how far before the limit of a rotated file line ends are
	// looked for. It is what a scratch pipe holds.
	peekMax = 64 << 10
)

// A mover moves bytes from one pipe to the end of a log. The kernel does it in
// one step, so that at every moment a byte is in the pipe or in the file. It is
// for one goroutine.
type mover struct {
	l       *Log
	scratch [2]int // a pipe to look into what the real one holds, or -1, -1
	null    int    // /dev/null, or -1
	buf     []byte
}

func newMover(l *Log) *mover { return &mover{l: l, scratch: [2]int{-1, -1}, null: -1} }

func (m *mover) close() {
	m.closeScratch()
	if m.null >= 0 {
		unix.Close(m.null)
		m.null = -1
	}
}

func (m *mover) closeScratch() {
	if m.scratch[0] >= 0 {
		unix.Close(m.scratch[0])
		unix.Close(m.scratch[1])
	}
	m.scratch, m.buf = [2]int{-1, -1}, nil
}

// readError is an error of the pipe, not of the file: no policy for full disks
// helps with it.
type readError struct{ error }

func (e readError) Unwrap() error { return e.error }

// step moves up to max bytes, which may be cut short by a rotation. It returns
// (0, nil) at the end of the pipe and EAGAIN when it is empty. Any other error
// is the file's, and the bytes are still in the pipe, unless it is a readError.
func (m *mover) step(fd, max int) (int, error) {
	l := m.l
	l.wmu.Lock()
	defer l.wmu.Unlock()
	if l.closed {
		return 0, readError{fmt.Errorf("writing log %s: %w", l.path(), os.ErrClosed)}
	}
	if l.opt.Rotate.MaxSize <= 0 {
		return m.move(fd, max)
	}
	for {
		n, err := m.stepToCut(fd, max)
		if n != 0 || err != errCut {
			return n, err
		}
		m.closeScratch()
		if err := l.cut(); err != nil {
			l.cutFailed(err)
			continue
		}
		l.cutAfter = l.opt.Rotate.MaxSize
	}
}

var (
	errCut       = errors.New("cut here")
	errNoScratch = errors.New("making a pipe")
)

// stepToCut moves bytes so that the file ends with a line before it outgrows
// cutAfter, and returns errCut when it is time to rotate. Near the limit it looks
// at what is in the pipe by tee(2), which copies and takes nothing away, and
// moves exactly as much as ends with a line: nothing is ever moved back.
func (m *mover) stepToCut(fd, max int) (int, error) {
	l := m.l
	avail, err := waiting(fd)
	if err != nil || avail == 0 {
		if err == nil {
			err = atEnd(fd)
		}
		return 0, err
	}
	max = min(max, avail)
	size := l.end.Load() - l.base
	room := l.cutAfter - size
	switch {
	case int64(avail) <= room:
		return m.move(fd, max)
	case room > peekMax:
		return m.move(fd, int(min(int64(max), room-peekMax)))
	}
	whole, err := l.endsLine(size)
	if err != nil {
		return 0, err
	}
	if room <= 0 && whole {
		return 0, errCut
	}
	look := peekMax
	if room > 0 {
		look = int(room)
	}
	b, err := m.peek(fd, look)
	if errors.Is(err, errNoScratch) {
		return m.move(fd, max) // out of descriptors: the line end can wait
	}
	if err != nil {
		return 0, err
	}
	end := bytes.LastIndexByte(b, '\n')
	if room <= 0 {
		end = bytes.IndexByte(b, '\n') // a line that outgrew the file is just ended
	}
	switch {
	case end >= 0:
		return m.move(fd, min(end+1, max))
	case room > 0 && whole:
		return 0, errCut
	}
	return m.move(fd, min(len(b), max))
}

// endsLine tells whether the file holds something and ends with a line.
func (l *Log) endsLine(size int64) (bool, error) {
	if size == 0 {
		return false, nil
	}
	var b [1]byte
	_, err := l.cur.ReadAt(b[:], size-1)
	if err == io.EOF {
		return true, nil // somebody truncated the file
	}
	if err != nil {
		return false, err
	}
	return b[0] == '\n', nil
}

// move splices up to n bytes to the end of the file.
func (m *mover) move(fd, n int) (int, error) {
	l := m.l
	if l.copies {
		return m.copy(fd, n)
	}
	for {
		off := l.end.Load() - l.base
		// The type of the count differs between architectures.
		k, err := unix.Splice(fd, nil, l.cur.fd, &off, n, unix.SPLICE_F_MOVE|unix.SPLICE_F_NONBLOCK)
		switch {
		case err == nil:
			l.added(int64(k))
			return int(k), nil
		case err == unix.EINTR:
		case err == unix.EINVAL || err == unix.ENOSYS:
			l.copies = true
			return m.copy(fd, n)
		default:
			return 0, err
		}
	}
}

// copy is for file systems that cannot splice. The bytes are taken out of the
// pipe once they are in the file, so that a full disk leaves them in the pipe; a
// SIGKILL in between makes the next writer write them again.
func (m *mover) copy(fd, n int) (int, error) {
	b, err := m.peek(fd, min(n, peekMax))
	if err != nil || len(b) == 0 {
		return 0, err
	}
	l := m.l
	k, err := l.cur.WriteAt(b, l.end.Load()-l.base)
	if k == 0 {
		return 0, err
	}
	l.added(int64(k))
	for left := k; left > 0; {
		gone, err := m.discard(fd, left)
		if err != nil || gone == 0 {
			return k, readError{fmt.Errorf("taking %d copied bytes out of the pipe of %s: %w", left, l.path(), err)}
		}
		left -= gone
	}
	return k, nil
}

func (l *Log) added(n int64) {
	end := l.end.Add(n)
	if l.nudges && n > 0 {
		nudge(l.cur, end-l.base)
	}
}

// peek looks at the next n bytes of the pipe, or fewer. What it returns is good
// until the next peek; it is empty at the end of the pipe.
func (m *mover) peek(fd, n int) ([]byte, error) {
	if m.scratch[0] < 0 {
		var p [2]int
		if err := unix.Pipe2(p[:], unix.O_CLOEXEC|unix.O_NONBLOCK); err != nil {
			return nil, fmt.Errorf("%w: %w", errNoScratch, err)
		}
		m.scratch, m.buf = p, make([]byte, peekMax)
	}
	var k int
	err := again(func() error {
		t, err := unix.Tee(fd, m.scratch[1], min(n, peekMax), unix.SPLICE_F_NONBLOCK)
		k = int(t)
		return err
	})
	if err == unix.EINVAL {
		return nil, readError{fmt.Errorf("reading for log %s: not a pipe: %w", m.l.path(), err)}
	}
	if err != nil {
		return nil, err
	}
	got := 0
	for got < k {
		var r int
		err := again(func() (err error) { r, err = unix.Read(m.scratch[0], m.buf[got:k]); return err })
		if err != nil {
			m.closeScratch()
			return nil, readError{fmt.Errorf("looking into the pipe of %s: %w", m.l.path(), err)}
		}
		got += r
	}
	return m.buf[:got], nil
}

// discard takes up to n bytes out of the pipe.
func (m *mover) discard(fd, n int) (int, error) {
	if m.null < 0 {
		err := again(func() (err error) {
			m.null, err = unix.Open("/dev/null", unix.O_WRONLY|unix.O_CLOEXEC, 0)
			return err
		})
		if err != nil {
			m.null = -1
			return 0, readError{fmt.Errorf("opening /dev/null: %w", err)}
		}
	}
	var got int
	err := again(func() error {
		k, err := unix.Splice(fd, nil, m.null, nil, n, unix.SPLICE_F_MOVE|unix.SPLICE_F_NONBLOCK)
		got = int(k)
		return err
	})
	return got, err
}
