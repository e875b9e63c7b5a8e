package adopt

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// pipeBuf is what a pipe takes without another's bytes in between (PIPE_BUF, pipe(7)).
const pipeBuf = 4096

// stdinWay is the stream that the process has as standard input.
func (p *Process) stdinWay(in *Input, t *Table) Way {
	d := in.Stdin
	switch {
	case in.Unseen != nil:
		return Way{Name: ViaStdin, Exists: true, What: "write into what it reads", Refusal: in.Unseen}
	case d == nil:
		return wayOf(ViaStdin, "it is closed")
	case d.isTerminal():
		return wayOf(ViaStdin, "it is the terminal: what is written to "+d.Name+" appears on the screen, and the program does not get it")
	case d.Kind == File || d.Kind == Memory:
		return wayOf(ViaStdin, "it is the file "+d.Name+": writing would change the file, and the program would not see it")
	case d.Kind == Null:
		return wayOf(ViaStdin, "it is /dev/null, where everything is lost")
	case !d.isStream() || !d.Readable:
		return wayOf(ViaStdin, fmt.Sprintf("it is %s (%s), which takes nothing", d.Name, d.Kind))
	case d.Kind == Socket:
		return p.socketWay(d, t)
	}
	path := p.sys.fs.Path(p.PID, "fd", "0")
	w := Way{Name: ViaStdin, Exists: true, What: fmt.Sprintf("write into the %s that it reads, %s", d.Kind, d.Name)}
	// The effective user's rights, without opening it: that alone would keep its end
	// away for a moment.
	if err := unix.Faccessat(unix.AT_FDCWD, path, unix.W_OK, unix.AT_EACCESS); err != nil {
		w.Refusal = p.pipeRefusal(err)
	}
	w.typed = func(ctx context.Context, data []byte) error {
		fd, err := p.openStdin(path, *d)
		if err != nil {
			return err
		}
		// Only now may the program see the end of its input, if all others who write
		// have gone meanwhile.
		defer unix.Close(fd)
		if err := p.stream(ctx, fd, data, pipeBuf, unix.Write); err != nil {
			return fmt.Errorf("writing to the standard input of %v: %w", p, err)
		}
		return nil
	}
	return w
}

func (p *Process) pipeRefusal(err error) *Refusal {
	var r *Refusal
	if errors.As(p.refuse("opening the standard input of", err), &r) && r.Right != RightKernel {
		return r
	}
	return &Refusal{What: "opening the standard input of " + p.String(), Right: RightUser, Err: err,
		Why: fmt.Sprintf("it may not be written to by %s (%v)", userName(os.Geteuid()), err), Fix: "do it as who made it, or as root"}
}

// openStdin opens a pipe's other end anew: the flags are of this opening alone.
func (p *Process) openStdin(path string, d Descriptor) (int, error) {
	fd, err := unix.Open(path, unix.O_WRONLY|unix.O_NONBLOCK|unix.O_NOCTTY|unix.O_CLOEXEC, 0)
	if err = p.sure(err); err != nil {
		if fd >= 0 {
			unix.Close(fd)
		}
		if isDenied(err) {
			return -1, p.pipeRefusal(err)
		}
		return -1, fmt.Errorf("opening the standard input of %v: %w", p, err)
	}
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil || st.Ino != d.Ino || st.Mode&unix.S_IFMT != unix.S_IFIFO {
		unix.Close(fd)
		return -1, fmt.Errorf("the standard input of %v is not %s any more", p, d.Name)
	}
	return fd, nil
}

// socketWay writes as the peer does, by a copy of the peer's descriptor: the kernel
// does not open sockets anew.
func (p *Process) socketWay(d *Descriptor, t *Table) Way {
	w := Way{Name: ViaStdin, What: "send into " + d.Name + ", which it reads"}
	ends := t.Ends(*d)
	if len(ends) == 0 {
		w.What, w.Why = "", "it is a socket, and nobody that can be seen from here holds its other end"
		return w
	}
	w.Exists = true
	fd, peer, err := p.copyPeer(ends)
	if err == nil {
		unix.Close(fd)
		w.What += fmt.Sprintf(", as %s (%d) does", peer.Comm, peer.PID)
	} else if !errors.As(err, &w.Refusal) {
		w.Exists, w.What, w.Why = false, "", err.Error()
	}
	w.typed = func(ctx context.Context, data []byte) error {
		fd, _, err := p.copyPeer(ends)
		if err != nil {
			return err
		}
		defer unix.Close(fd)
		send := func(fd int, b []byte) (int, error) {
			// Its own flags are the holder's too; this one is of the call alone.
			return unix.SendmsgN(fd, b, nil, nil, unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL)
		}
		if err := p.stream(ctx, fd, data, len(data), send); err != nil {
			return fmt.Errorf("sending to the standard input of %v: %w", p, err)
		}
		return nil
	}
	return w
}

// copyPeer copies the other end from the first of its holders who lets us.
func (p *Process) copyPeer(ends []Holder) (fd int, from Holder, err error) {
	for i, h := range ends {
		fd, herr := p.copySocket(h)
		if herr == nil {
			return fd, h, nil
		}
		if i == 0 {
			err = herr
		}
	}
	return -1, from, err
}

func (p *Process) copySocket(h Holder) (int, error) {
	holder, err := p.sys.Open(h.PID)
	if err != nil {
		return -1, err
	}
	defer holder.Close()
	fd, err := holder.hold.getfd(h.FD)
	if err != nil {
		return -1, holder.refuse("copying the other end of the socket from", err)
	}
	unix.CloseOnExec(fd)
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil || st.Ino != h.Ino || st.Mode&unix.S_IFMT != unix.S_IFSOCK {
		unix.Close(fd)
		return -1, fmt.Errorf("descriptor %d of %v is not the other end of the socket any more", h.FD, holder)
	}
	return fd, nil
}

// stream writes data in pieces of at most most bytes, which end with a line where
// that is possible.
func (p *Process) stream(ctx context.Context, fd int, data []byte, most int, write func(int, []byte) (int, error)) error {
	for done := 0; done < len(data); {
		piece := data[done:]
		if len(piece) > most {
			piece = piece[:most]
			if i := bytes.LastIndexByte(piece, '\n'); i >= 0 {
				piece = piece[:i+1]
			}
		}
		n, err := write(fd, piece)
		switch err {
		case nil:
			done += n
			continue
		case unix.EINTR:
			continue
		case unix.EAGAIN:
		case unix.EPIPE:
			return fmt.Errorf("nobody reads it any more, after %d of %d bytes: %w", done, len(data), err)
		default:
			return err
		}
		if err := context.Cause(ctx); err != nil {
			return fmt.Errorf("it does not read: %d of %d bytes were written: %w", done, len(data), err)
		}
		if err := p.Alive(); err != nil {
			return err
		}
		// A pipe is ready for a byte before it is for a piece: the sleep keeps that
		// from being a busy wait.
		fds := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLOUT}}
		if _, err := unix.Poll(fds, 50); err != nil && err != unix.EINTR {
			return err
		}
		wait(ctx, time.Millisecond)
	}
	return nil
}
