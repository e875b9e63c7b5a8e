package proc

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"strconv"

	"github.com/sluicerun/sluice/internal/procfs"
	"golang.org/x/sys/unix"
)

// marking is what a look at a process's environment says of a cookie in it.
type marking int

const (
	unmarked  marking = iota
	marked            // it has the cookie
	unseen            // not ours to read: it may be another's, or hide itself
	missed            // it was not there, or not still enough, to be read
	executing         // in the middle of an execve it has no environment to read
)

// cookieOf looks for key=value in the environment that p had at its last exec.
//
// The file is empty in the middle of an execve: from when the kernel has put the
// new memory in the place of the old until it has laid out the new stack. A
// process that waits for a processor there looks for milliseconds as if it had
// never had a cookie.
func cookieOf(proc procfs.FS, p Proc, cookie string) marking {
	if p.Kernel {
		return unmarked
	}
	for range 4 {
		env, err := environ(proc, p)
		switch {
		case errors.Is(err, fs.ErrPermission):
			return unseen
		case err != nil:
			return missed
		case len(env) > 0:
			if hasCookie(env, cookie) {
				return marked
			}
			return unmarked
		}
		q, err := proc.Stat(p.PID)
		switch {
		case err != nil || q.Start != p.Start || q.Dead():
			return missed
		case q.EnvEnd == 0 || q.EndCode == 0: // at first it is laid out as an empty one
			return executing
		case q.EnvEnd == q.EnvStart:
			return unmarked // executed without any
		}
		// The execve has come to its end since.
		p = q
	}
	return executing // again and again
}

// environ reads the environment of a process. One whose first thread alone has
// ended shows it at the others only.
func environ(proc procfs.FS, p Proc) ([]byte, error) {
	if p.State != 'Z' {
		return readAtOnce(proc.Path(p.PID, "environ"))
	}
	tids, err := proc.Tasks(p.PID)
	if err != nil {
		return nil, err
	}
	for _, tid := range tids {
		if env, err := readAtOnce(proc.Path(p.PID, "task", strconv.Itoa(tid), "environ")); err == nil && len(env) > 0 {
			return env, nil
		}
	}
	return nil, unix.ESRCH
}

// readAtOnce reads a file with one system call: an execve between two of them
// takes away the memory that the file was opened on, and the rest of it would
// be missing without an error.
func readAtOnce(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	for size := 16 << 10; ; size *= 2 {
		buf := make([]byte, size)
		n, err := unix.Pread(int(f.Fd()), buf, 0)
		switch {
		case err == unix.EINTR:
			size /= 2
		case err != nil:
			return nil, &fs.PathError{Op: "read", Path: path, Err: err}
		case n < size:
			return buf[:n], nil
		}
	}
}

func hasCookie(env []byte, cookie string) bool {
	for entry := range bytes.SplitSeq(env, []byte{0}) {
		if string(entry) == cookie {
			return true
		}
	}
	return false
}
