//go:build linux || darwin

package attach

import (
	"errors"
	"io"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// pump reads a standard input that is no terminal.
type pump struct {
	C    chan []byte // closed at the end of the input
	err  error       // read it after C was closed; nil at a real end
	wake [2]int      // a pipe; closing the second ends a wait
	quit chan struct{}
	done chan struct{}
}

func newPump(f *os.File) (*pump, error) {
	p := &pump{C: make(chan []byte), quit: make(chan struct{}), done: make(chan struct{})}
	syscall.ForkLock.RLock() // macOS cannot make a pipe that is not inherited
	err := unix.Pipe(p.wake[:])
	if err == nil {
		unix.CloseOnExec(p.wake[0])
		unix.CloseOnExec(p.wake[1])
	}
	syscall.ForkLock.RUnlock()
	if err != nil {
		return nil, os.NewSyscallError("pipe", err)
	}
	go func() {
		defer close(p.done)
		defer close(p.C)
		if err := p.run(f); !errors.Is(err, io.EOF) {
			p.err = err
		}
	}()
	return p, nil
}

// run reads until the end or until stop. A read(2) that waits cannot be called
// back and would steal from whoever reads after us, so the file is asked first.
func (p *pump) run(f *os.File) error {
	c, err := f.SyscallConn()
	if err != nil {
		return err
	}
	for {
		b := make([]byte, 32<<10)
		n := 0
		var did error
		err := c.Control(func(fd uintptr) {
			poll := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}, {Fd: int32(p.wake[0]), Events: unix.POLLIN}}
			if _, did = unix.Poll(poll, -1); did != nil {
				return
			}
			if poll[1].Revents != 0 {
				did = io.EOF
				return
			}
			if n, did = unix.Read(int(fd), b); did == nil && n == 0 {
				did = io.EOF
			}
		})
		switch {
		case err != nil:
			return err
		case errors.Is(did, unix.EINTR) || errors.Is(did, unix.EAGAIN):
			continue
		case did != nil:
			return did
		}
		select {
		case p.C <- b[:n]:
		case <-p.quit:
			return io.EOF
		}
	}
}

func (p *pump) stop() {
	close(p.quit)
	unix.Close(p.wake[1])
	<-p.done
	unix.Close(p.wake[0])
}
