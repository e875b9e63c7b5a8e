package adopt

import (
	"io/fs"
	"syscall"

	"golang.org/x/sys/unix"
)

func numbersOf(fi fs.FileInfo) (dev, ino, rdev uint64) {
	st, ok := fi.Sys().(*syscall.Stat_t)
	if !ok {
		return 0, 0, 0
	}
	return uint64(st.Dev), st.Ino, uint64(st.Rdev)
}

func majorMinor(dev uint64) (major, minor uint32) { return unix.Major(dev), unix.Minor(dev) }
