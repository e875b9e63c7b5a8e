//go:build amd64 || arm64

package ptrace

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"os"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// A write to a pipe, a socket or a terminal that was interrupted when a part had been
// taken returns the size of that part, and the kernel does not go on with it. A program
// without handlers of signals has never met that, so we do the rest in its stead.

// rest is what is left of such a write.
type rest struct {
	pid   int
	to    int // where it goes, by a descriptor of ours; -1: that cannot be had
	done  int64
	parts []part
}

// cut is what is left of a call that returned n; nil: nothing that should not be.
func (s *Stopped) cut(c call, n int64) *rest {
	if n <= 0 {
		return nil
	}
	parts, want := s.parts(c)
	fd := int(int32(c.args[0]))
	if n >= want || !blocks(s.pid, fd) {
		return nil
	}
	// Opened now: the descriptor may be another file's when the rest is written.
	to, err := reopen(s.pid, fd)
	if err != nil {
		to = -1
	}
	return &rest{pid: s.pid, to: to, done: n, parts: parts}
}

// reading is how long the readers of cut writes are waited for: while they read.
type reading struct {
	idle, limit time.Time
	// held: before it is closed they have all the time they want, as the thread
	// stays traced for as long. Nil: the time runs.
	held <-chan struct{}
}

// readLimit is how long readers that are slow are waited for in all.
const readLimit = 10 * patience

func newReading() *reading {
	now := time.Now()
	return &reading{idle: now.Add(patience), limit: now.Add(readLimit)}
}

// took tells that something was read.
func (r *reading) took() { r.idle = time.Now().Add(patience) }

func (r *reading) left() time.Duration {
	if r.held != nil {
		select {
		case <-r.held:
			*r = *newReading()
		default:
			return patience
		}
	}
	return min(time.Until(r.idle), time.Until(r.limit))
}

// write writes the rest. It returns how much was written in all, and whether that is
// what would have been if nobody had interrupted it.
func (r *rest) write(by *reading) (done int64, whole bool) {
	if r.to < 0 {
		return r.done, false
	}
	defer unix.Close(r.to)
	skip := uint64(r.done)
	for _, p := range r.parts {
		if skip >= p.size {
			skip -= p.size
			continue
		}
		addr, left := p.addr+uintptr(skip), p.size-skip
		skip = 0
		for left > 0 {
			buf := make([]byte, min(left, 1<<16))
			if readMemory(r.pid, addr, buf) != nil {
				return r.done, true // EFAULT
			}
			put, err := put(r.to, buf, by)
			r.done, addr, left = r.done+int64(put), addr+uintptr(put), left-uint64(put)
			if err != nil {
				return r.done, err == unix.EPIPE // which its next write meets
			}
		}
	}
	return r.done, true
}

type part struct {
	addr uintptr
	size uint64
}

// parts is what a call was to write; nothing: it is not such a call.
func (s *Stopped) parts(c call) (parts []part, want int64) {
	switch c.nr {
	case unix.SYS_SENDTO:
		if c.args[3]&^unix.MSG_NOSIGNAL != 0 || c.args[4] != 0 {
			return nil, 0
		}
		fallthrough
	case unix.SYS_WRITE:
		return []part{{uintptr(c.args[1]), c.args[2]}}, int64(c.args[2])
	case unix.SYS_WRITEV:
		return vector(s.pid, uintptr(c.args[1]), c.args[2])
	}
	return nil, 0
}

// vector reads n struct iovec of a process.
func vector(pid int, addr uintptr, n uint64) (parts []part, want int64) {
	if n > 1024 { // UIO_MAXIOV
		return nil, 0
	}
	raw := make([]byte, 16*n)
	if readMemory(pid, addr, raw) != nil {
		return nil, 0
	}
	for ; len(raw) >= 16; raw = raw[16:] {
		p := part{uintptr(binary.NativeEndian.Uint64(raw)), binary.NativeEndian.Uint64(raw[8:])}
		parts = append(parts, p)
		want += int64(p.size)
	}
	return parts, want
}

// blocks tells whether a write to a descriptor waits for a reader.
func blocks(pid, fd int) bool {
	fi, err := os.Stat(proc.Path(pid, "fd", strconv.Itoa(fd)))
	if err != nil || fi.Mode()&(os.ModeNamedPipe|os.ModeSocket|os.ModeCharDevice) == 0 {
		return false
	}
	info, err := proc.FDInfo(pid, fd)
	return err == nil && info.Flags&unix.O_NONBLOCK == 0
}

// reopen gets at what a descriptor of a process is of, without waiting in it.
func reopen(pid, fd int) (int, error) {
	to, err := unix.Open(proc.Path(pid, "fd", strconv.Itoa(fd)), unix.O_WRONLY|unix.O_NONBLOCK|unix.O_NOCTTY|unix.O_CLOEXEC, 0)
	if err != unix.ENXIO {
		return to, err
	}
	// A socket, which cannot be opened: put asks it not to wait.
	pidfd, err := unix.PidfdOpen(pid, 0)
	if err != nil {
		return -1, err
	}
	defer unix.Close(pidfd)
	return unix.PidfdGetfd(pidfd, fd, 0)
}

// put writes all of buf, as the reader takes it.
func put(to int, buf []byte, by *reading) (n int, err error) {
	for n < len(buf) {
		m, err := unix.SendmsgN(to, buf[n:], nil, nil, unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL)
		if err == unix.ENOTSOCK {
			m, err = unix.Write(to, buf[n:])
		}
		switch err {
		case nil:
			n += m
			by.took()
		case unix.EINTR:
		case unix.EAGAIN:
			left := by.left()
			if left <= 0 {
				return n, errTime
			}
			unix.Poll([]unix.PollFd{{Fd: int32(to), Events: unix.POLLOUT}}, int(min(left, 20*time.Millisecond).Milliseconds()))
		default:
			return n, err
		}
	}
	return n, nil
}

// stuckAfter is how long a write may stand still.
const stuckAfter = 300 * time.Millisecond

// notStuck waits until every thread that waits in a write has moved at least once.
func notStuck(ctx context.Context, pid int) error {
	waiting := map[int]string{}
	tids, err := proc.Tasks(pid)
	if err != nil {
		return nil // what follows says why
	}
	for _, tid := range tids {
		if now, _ := writing(pid, tid); now != "" {
			waiting[tid] = now
		}
	}
	for end := time.Now().Add(stuckAfter); len(waiting) > 0; {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(10 * time.Millisecond):
		}
		late := time.Now().After(end)
		for tid, before := range waiting {
			now, fd := writing(pid, tid)
			if now != before {
				delete(waiting, tid)
			} else if late {
				return &StuckError{TID: tid, FD: fd}
			}
		}
	}
	return nil
}

// writing is which of its writes a thread waits in; "": in none that could be cut.
func writing(pid, tid int) (which string, fd int) {
	c := waitsIn(pid, tid)
	if c == nil {
		return "", 0
	}
	if state, err := stateOf(pid, tid); err != nil || state != 'S' {
		return "", 0 // such as stopped on its way out
	}
	switch c.nr {
	case unix.SYS_WRITE, unix.SYS_WRITEV, unix.SYS_SENDTO, unix.SYS_SENDMSG:
	default:
		return "", 0
	}
	fd = int(int32(c.args[0]))
	if !blocks(pid, fd) {
		return "", 0
	}
	// How often it went to sleep tells one wait from the next one alike.
	status, _ := proc.ReadFile(pid, "task", strconv.Itoa(tid), "status")
	at := bytes.Index(status, []byte("\nvoluntary_ctxt_switches"))
	return fmt.Sprint(*c, string(status[max(at, 0):])), fd
}

// whereabouts says what a thread waits for in the kernel.
func whereabouts(pid, tid int) string {
	if c := waitsIn(pid, tid); c != nil {
		if c.nr == vfork {
			return "vfork: for the child to execute a program"
		}
		return "system call " + strconv.Itoa(c.nr)
	}
	wchan, err := proc.ReadFile(pid, "task", strconv.Itoa(tid), "wchan")
	if err != nil || string(wchan) == "0" {
		return ""
	}
	return string(wchan)
}
