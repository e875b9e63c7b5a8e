package runs

import (
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// Reserve sets space aside for the run.json of the end: a run that fills its
// disk must still be able to say so. Where a file system cannot, there is none.
func (r *Record) Reserve() {
	// An outcome has a few hundred bytes and is there twice.
	size := int64(32<<10 + 1<<10*r.Spec.Workers)
	f, err := os.OpenFile(r.reserve(), os.O_WRONLY|os.O_CREATE, 0o600)
	if err != nil {
		return
	}
	defer f.Close()
	rc, err := f.SyscallConn()
	if err == nil {
		rc.Control(func(fd uintptr) { err = unix.Fallocate(int(fd), 0, 0, size) })
	}
	if err != nil {
		os.Remove(r.reserve())
	}
}

func (r *Record) reserve() string { return filepath.Join(r.Dir, ReserveName) }
