package proc

import (
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// handle means one process: by a pidfd, or only by its number where the kernel
// has no pidfds.
type handle struct{ pid, fd int }

func openHandle(pid int) handle {
	fd, err := unix.PidfdOpen(pid, 0)
	if err != nil {
		fd = -1
	}
	return handle{pid, fd}
}

func (h handle) signal(sig syscall.Signal) error {
	if h.fd < 0 {
		return killPid(h.pid, sig)
	}
	return unix.PidfdSendSignal(h.fd, sig, nil, 0)
}

func (h handle) close() {
	if h.fd >= 0 {
		unix.Close(h.fd)
	}
}

// waitHandles waits until the first of them ends, at most d. Handles without
// pidfd cannot be waited for: they bound the wait to a short pause.
func waitHandles(hs []handle, d time.Duration) {
	fds := make([]unix.PollFd, 0, len(hs))
	for _, h := range hs {
		if h.fd >= 0 {
			fds = append(fds, unix.PollFd{Fd: int32(h.fd), Events: unix.POLLIN})
		}
	}
	if len(fds) < len(hs) {
		d = min(d, 5*time.Millisecond)
	}
	pollFor(fds, d)
}

// pollFor is poll(2) with a duration, at least a millisecond.
func pollFor(fds []unix.PollFd, d time.Duration) {
	ms := max(1, int(min(d, time.Hour)/time.Millisecond))
	_, _ = unix.Poll(fds, ms) // an interrupted wait is a short one
}

// AwaitEnd waits until that very process has ended, at most d, and tells whether
// it has. From then on its children are its reaper's, and have their
// parent-death signals: its files are closed a moment before.
func AwaitEnd(id Identity, d time.Duration) bool {
	for until := time.Now().Add(d); ; {
		h := openHandle(id.Pid)
		alive, left := Alive(id), time.Until(until)
		if alive && left > 0 {
			waitHandles([]handle{h}, left)
		}
		h.close()
		if !alive || left <= 0 {
			return !alive
		}
	}
}
