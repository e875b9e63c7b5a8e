package adopt

import (
	"io/fs"
	"syscall"

	"golang.org/x/sys/unix"
)

// look asks for the object behind a path, following links; false: it could not be
// asked. AT_STATX_DONT_SYNC keeps a server that does not answer any more from
// holding up who merely lists what is open on its file systems.
func look(path string, flags int) (numbers, bool) {
	var st unix.Statx_t
	for {
		err := unix.Statx(unix.AT_FDCWD, path, unix.AT_STATX_DONT_SYNC|flags, unix.STATX_BASIC_STATS|unix.STATX_MNT_ID, &st)
		if err == nil {
			break
		}
		if err != unix.EINTR {
			return numbers{}, false
		}
	}
	n := numbers{
		dev: unix.Mkdev(st.Dev_major, st.Dev_minor), rdev: unix.Mkdev(st.Rdev_major, st.Rdev_minor),
		ino: st.Ino, size: int64(st.Size), links: st.Nlink, mode: fs.FileMode(st.Mode & 0o777), mount: -1,
	}
	if st.Mask&unix.STATX_MNT_ID != 0 {
		n.mount = int(st.Mnt_id)
	}
	switch st.Mode & unix.S_IFMT {
	case unix.S_IFDIR:
		n.mode |= fs.ModeDir
	case unix.S_IFIFO:
		n.mode |= fs.ModeNamedPipe
	case unix.S_IFSOCK:
		n.mode |= fs.ModeSocket
	case unix.S_IFLNK:
		n.mode |= fs.ModeSymlink
	case unix.S_IFBLK:
		n.mode |= fs.ModeDevice
	case unix.S_IFCHR:
		n.mode |= fs.ModeDevice | fs.ModeCharDevice
	case 0: // an anonymous inode has no type
		n.mode |= fs.ModeIrregular
	}
	return n, true
}

// lookLink asks for a link itself.
func lookLink(path string) (numbers, bool) { return look(path, unix.AT_SYMLINK_NOFOLLOW) }

func majorMinor(dev uint64) (major, minor uint32) { return unix.Major(dev), unix.Minor(dev) }

func makeDev(major, minor uint32) uint64 { return unix.Mkdev(major, minor) }

func numbersOf(fi fs.FileInfo) (dev, ino, rdev uint64) {
	st, ok := fi.Sys().(*syscall.Stat_t)
	if !ok {
		return 0, 0, 0
	}
	return uint64(st.Dev), st.Ino, uint64(st.Rdev)
}
