package adopt

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"golang.org/x/sys/unix"
)

// masterFile is a copy of the other side of a pty. It is the very file that the
// terminal emulator has open: nothing may be read from it, or the screen would lack
// it, and none of its flags changed. While it is open the terminal does not hang up,
// so it is closed as soon as it was written to.
type masterFile struct {
	fd     int
	peer   *ttyFile // the program's side, that of this very master
	holder *Process
}

func (m *masterFile) close() {
	unix.Close(m.fd)
	if m.peer != nil {
		m.peer.close()
	}
	m.holder.Close()
}

// masterWay tries whether the master can be had.
func (p *Process) masterWay(in *Input, t *Table) Way {
	tt := in.Terminal
	switch {
	case tt == nil:
		return wayOf(ViaMaster, "it has no terminal")
	case tt.desc.Kind != PTY:
		return wayOf(ViaMaster, tt.Name+" is no pseudo-terminal: it has no other side")
	}
	w := Way{Name: ViaMaster, What: "write into the other side of " + tt.Name}
	if len(tt.Masters) == 0 && len(t.Blind) > 0 {
		w.Exists = true
		w.Refusal = &Refusal{What: w.What, Right: RightUser, Fix: "do it as root",
			Why: fmt.Sprintf("who holds it is none of the processes that may be looked into; %d may not", len(t.Blind))}
		return w
	}
	m, err := in.master()
	var r *Refusal
	switch {
	case err == nil:
		w.Exists = true
		w.What += fmt.Sprintf(", copied from %s (%d)", m.holder.Comm, m.holder.PID)
		m.close()
	case errors.As(err, &r):
		w.Exists, w.Refusal = true, r
	default:
		w.What, w.Why = "", err.Error()
	}
	w.typed = func(ctx context.Context, data []byte) error {
		m, err := in.master()
		if err != nil {
			return err
		}
		defer m.close()
		alive := func() error {
			if err := m.holder.Alive(); err != nil {
				return fmt.Errorf("the terminal has gone: %v: %w", m.holder, err)
			}
			return p.Alive()
		}
		if err := feed(ctx, m.peer, data, alive, m.put(alive)); err != nil {
			return fmt.Errorf("typing into %v by the other side of its terminal: %w", p, err)
		}
		return nil
	}
	return w
}

// master copies the master from one of its holders.
func (in *Input) master() (*masterFile, error) {
	if in.Terminal == nil {
		return nil, errors.New("it has no terminal")
	}
	if len(in.Terminal.Masters) == 0 {
		return nil, fmt.Errorf("nobody that can be seen from here holds the other side of %s", in.Terminal.Name)
	}
	var first error
	for _, h := range in.Terminal.Masters {
		m, err := in.copyMaster(h)
		if err == nil {
			return m, nil
		}
		if first == nil {
			first = err
		}
	}
	return nil, first
}

// copyMaster copies a holder's master and makes sure that it is that of the terminal:
// between the table and now the descriptor may have become another.
func (in *Input) copyMaster(h Holder) (*masterFile, error) {
	holder, err := in.process.sys.Open(h.PID)
	if err != nil {
		return nil, err
	}
	fd, err := holder.hold.getfd(h.FD)
	if err != nil {
		defer holder.Close()
		return nil, holder.refuse("copying the other side of "+in.Terminal.Name+" from", err)
	}
	unix.CloseOnExec(fd)
	m := &masterFile{fd: fd, holder: holder}
	n, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err != nil || n != in.Terminal.desc.Index {
		m.close()
		return nil, fmt.Errorf("descriptor %d of %v is not the other side of %s any more", h.FD, holder, in.Terminal.Name)
	}
	// Without O_NOCTTY it could become our controlling terminal.
	peer, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), unix.TIOCGPTPEER, unix.O_RDONLY|unix.O_NOCTTY|unix.O_NONBLOCK|unix.O_CLOEXEC)
	if errno != 0 {
		m.close()
		return nil, fmt.Errorf("asking for the program's side of %s: %w", in.Terminal.Name, errno)
	}
	m.peer = &ttyFile{int(peer)}
	if !in.Terminal.is(m.peer.fd) {
		m.close()
		return nil, fmt.Errorf("what %v holds is the other side of another container's %s", holder, in.Terminal.Name)
	}
	return m, nil
}

// put writes a piece. The holder decides whether its master waits when it is full,
// which it never is as long as feed counts right; should it be, then ctx ends it.
func (m *masterFile) put(alive func() error) func(context.Context, []byte) error {
	return func(ctx context.Context, piece []byte) error {
		for len(piece) > 0 {
			if err := m.writable(ctx, alive); err != nil {
				return err
			}
			n, err := m.write(ctx, piece)
			if err != nil && err != unix.EAGAIN && err != unix.EINTR {
				return err
			}
			piece = piece[max(n, 0):]
		}
		return nil
	}
}

// writable waits until the master takes something.
func (m *masterFile) writable(ctx context.Context, alive func() error) error {
	for {
		if err := context.Cause(ctx); err != nil {
			return err
		}
		if err := alive(); err != nil {
			return err
		}
		fds := []unix.PollFd{{Fd: int32(m.fd), Events: unix.POLLOUT}}
		_, err := unix.Poll(fds, 50)
		switch {
		case err == unix.EINTR:
		case err != nil:
			return err
		case fds[0].Revents&(unix.POLLERR|unix.POLLNVAL) != 0:
			return fs.ErrClosed
		case fds[0].Revents&unix.POLLOUT != 0:
			return nil
		case fds[0].Revents&unix.POLLHUP != 0:
			return errors.New("nobody has the terminal open any more")
		}
	}
}

// write writes from a goroutine of its own, with a descriptor of its own, so that a
// wait in it can be left. Whoever leaves it cannot take the piece back: it is written
// when there is room.
func (m *masterFile) write(ctx context.Context, piece []byte) (int, error) {
	fd, err := unix.FcntlInt(uintptr(m.fd), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return 0, err
	}
	type result struct {
		n   int
		err error
	}
	done := make(chan result, 1)
	go func() {
		defer unix.Close(fd)
		n, err := unix.Write(fd, piece)
		done <- result{n, err}
	}()
	select {
	case r := <-done:
		return r.n, r.err
	case <-ctx.Done():
		return 0, context.Cause(ctx)
	}
}
