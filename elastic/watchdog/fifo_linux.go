package watchdog

import (
	"errors"
	"io/fs"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// fifoSize is asked for: a client does not wait, a full FIFO is an exception
// in a worker.
const fifoSize = 1 << 20

// openFIFO makes the FIFO and opens it for reading and writing (fifo(7)): with
// a writer of our own it never ends.
func openFIFO(path string) (*os.File, error) {
	err := unix.Mkfifo(path, 0o600)
	if err == unix.EEXIST {
		if err = removeStale(path); err == nil {
			err = unix.Mkfifo(path, 0o600)
		}
	}
	if err != nil {
		return nil, err
	}
	f, err := os.OpenFile(path, os.O_RDWR|unix.O_NONBLOCK|unix.O_NOFOLLOW, 0)
	if err != nil {
		os.Remove(path)
		return nil, errors.Unwrap(err)
	}
	// The directory may be everybody's.
	if err := checkOurs(f); err != nil {
		f.Close()
		return nil, err
	}
	if c, err := f.SyscallConn(); err == nil {
		_ = c.Control(func(fd uintptr) { _, _ = unix.FcntlInt(fd, unix.F_SETPIPE_SZ, fifoSize) })
	}
	return f, nil
}

// removeStale removes a FIFO that nobody reads.
func removeStale(path string) error {
	st, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return errors.Unwrap(err)
	case st.Mode().Type() != fs.ModeNamedPipe:
		return errors.New("it is there and is no FIFO: remove it or choose another path")
	}
	fd, err := unix.Open(path, unix.O_WRONLY|unix.O_NONBLOCK|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err == nil {
		unix.Close(fd)
		return errors.New("another process listens there: choose another path")
	}
	if err != unix.ENXIO { // nobody reads
		return err
	}
	if err := os.Remove(path); err != nil {
		return errors.Unwrap(err)
	}
	return nil
}

// checkOurs refuses what somebody else put there meanwhile.
func checkOurs(f *os.File) error {
	st, err := f.Stat()
	if err != nil {
		return err
	}
	sys, ok := st.Sys().(*syscall.Stat_t)
	if st.Mode().Type() != fs.ModeNamedPipe || !ok || int(sys.Uid) != os.Geteuid() {
		return errors.New("somebody else has replaced it: choose a directory that only you can write to")
	}
	return nil
}
