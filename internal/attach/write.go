//go:build linux || darwin

package attach

import (
	"errors"
	"os"
	"sync/atomic"

	"golang.org/x/sys/unix"

	"github.com/sluicerun/sluice/internal/nowait"
)

// errHalted is that a write was given up because somebody asked for it.
var errHalted = errors.New("halted")

// piece is how much is written at once: PIPE_BUF, for a pipe that polls writable
// takes that much without blocking (pipe(7)).
const piece = 4096

// haltLook is how often a write that waits looks whether it is halted, in ms.
const haltLook = 50

// writeAll writes p to f, which may be blocking or not, in whole or until halted,
// and calls wrote for every piece that went out. A blocking descriptor that was
// inherited must not be made non-blocking, and a write(2) that hangs cannot be
// called back: so f is asked first whether it takes something. An own one that is
// non-blocking (own) is asked only if it did not.
func writeAll(f *os.File, own bool, p []byte, halted *atomic.Bool, wrote func([]byte)) error {
	c, err := f.SyscallConn()
	if err != nil {
		return err
	}
	for len(p) > 0 {
		if halted.Load() {
			return errHalted
		}
		n := 0
		var did error
		err := c.Control(func(fd uintptr) {
			if own {
				if n, did = nowait.Write(fd, p[:min(len(p), piece)]); !errors.Is(did, unix.EAGAIN) {
					return
				}
			}
			poll := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLOUT}}
			if k, err := unix.Poll(poll, haltLook); k == 0 || err != nil {
				did = err
				return
			}
			n, did = unix.Write(int(fd), p[:min(len(p), piece)])
		})
		if err != nil {
			return err
		}
		if n > 0 {
			wrote(p[:n])
			p = p[n:]
		}
		// EAGAIN: somebody who shares the file was faster, or less fits than poll
		// made believe.
		if did != nil && !errors.Is(did, unix.EINTR) && !errors.Is(did, unix.EAGAIN) {
			return &os.PathError{Op: "write", Path: f.Name(), Err: did}
		}
	}
	return nil
}
