// Package tempdir makes directories for files that are of no use once their process
// has ended, however it ended: a SIGKILL leaves a directory behind, and the next
// process that wants one removes it.
//
// Who uses a directory holds a lock on it. The kernel lets go of the lock when the
// process is gone, so no process number has to be believed.
package tempdir

import (
	"os"
	"path/filepath"
)

// Dir is a directory of this process.
type Dir struct {
	Path string
	lock *os.File
}

// Make makes a directory below the system's for temporary files, whose name begins
// with prefix, and removes those with the same beginning that nobody uses any more.
func Make(prefix string) (*Dir, error) {
	sweep(prefix)
	for {
		path, err := os.MkdirTemp("", prefix)
		if err != nil {
			return nil, err
		}
		f, err := os.Open(path)
		if err == nil {
			if err = lock(f, true); err == nil && same(f, path) {
				return &Dir{Path: path, lock: f}, nil
			}
			f.Close()
		}
		// Somebody who swept may have been there before us.
		if err != nil && !os.IsNotExist(err) {
			os.Remove(path)
			return nil, err
		}
	}
}

// Remove removes the directory with all that is in it.
func (d *Dir) Remove() error {
	defer d.lock.Close()
	return os.RemoveAll(d.Path)
}

// sweep removes what processes left behind that are gone. What cannot be removed,
// because it is another user's, stays.
func sweep(prefix string) {
	names, _ := filepath.Glob(filepath.Join(os.TempDir(), prefix+"*"))
	for _, path := range names {
		// A link that somebody put there is none of ours.
		if fi, err := os.Lstat(path); err != nil || !fi.IsDir() || !ours(fi) {
			continue
		}
		f, err := os.Open(path)
		if err != nil {
			continue
		}
		if lock(f, false) == nil && same(f, path) {
			os.RemoveAll(path)
		}
		f.Close()
	}
}

// same tells whether path still leads to f.
func same(f *os.File, path string) bool {
	is, err := f.Stat()
	if err != nil {
		return false
	}
	at, err := os.Lstat(path)
	return err == nil && os.SameFile(is, at)
}
