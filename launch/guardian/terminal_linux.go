package guardian

import (
	"os"

	"golang.org/x/sys/unix"

	"github.com/sluicerun/sluice/stream"
)

// drainTerminal moves what programs wrote to a terminal and nobody read. Its
// pipe, which the agent had in between, is empty by then.
func (p pipe) drainTerminal() (total int64, err error) {
	var fds [2]int
	if err := unix.Pipe2(fds[:], unix.O_CLOEXEC|unix.O_NONBLOCK); err != nil {
		return 0, err
	}
	defer unix.Close(fds[1])
	r := os.NewFile(uintptr(fds[0]), "pipe")
	defer r.Close()
	for {
		// EIO is the end: every process that had the terminal open is gone.
		n, err := unix.Splice(p.fd, nil, fds[1], nil, 64<<10, unix.SPLICE_F_NONBLOCK)
		if err == unix.EINTR {
			continue
		}
		if n <= 0 || err != nil {
			return total, nil
		}
		moved, err := stream.DrainTo(r, p.log.Dir, p.log.Name)
		total += moved
		if err != nil {
			return total, err
		}
	}
}
