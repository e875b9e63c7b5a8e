package adopt

import (
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"golang.org/x/sys/unix"
)

// initUser is the inode of the first user namespace (PROC_USER_INIT_INO).
const initUser = 0xEFFFFFFD

func ownerOf(fi fs.FileInfo) (int, bool) {
	st, ok := fi.Sys().(*syscall.Stat_t)
	if !ok {
		return 0, false
	}
	return int(st.Uid), true
}

// inodeOf is the number of a file; 0 if it is not known.
func inodeOf(fi fs.FileInfo) uint64 {
	if st, ok := fi.Sys().(*syscall.Stat_t); ok {
		return st.Ino
	}
	return 0
}

// userNamespace is the inode of our user namespace; initUser if the kernel has none.
func (s *System) userNamespace() uint64 {
	fi, err := os.Stat(filepath.Join(string(s.fs), "self", "ns", "user"))
	if err != nil {
		return initUser
	}
	return inodeOf(fi)
}

// overUser tells whether the user namespace of a process is ours or below it, so that
// our capabilities count there.
func (s *System) overUser(pid int) bool {
	if !s.live {
		return true
	}
	ours := s.userNamespace()
	if ours == initUser {
		return true
	}
	fd, err := unix.Open(s.fs.Path(pid, "ns", "user"), unix.O_RDONLY|unix.O_CLOEXEC, 0)
	for err == nil {
		var of unix.Stat_t
		if unix.Fstat(fd, &of) == nil && of.Ino == ours {
			unix.Close(fd)
			return true
		}
		// EPERM beyond what is above us.
		parent, perr := unix.IoctlRetInt(fd, unix.NS_GET_PARENT)
		unix.Close(fd)
		fd, err = parent, perr
	}
	return false
}
