package stream

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"golang.org/x/sys/unix"
)

// fileID tells files apart. While one is held open its number is not given to
// another.
type fileID struct{ dev, ino uint64 }

// A logFile is an open file whose descriptor number is needed for splice and
// fallocate. The number is good until Close; File.Fd would do, but is documented
// to change the file's mode.
type logFile struct {
	*os.File
	fd int
	id fileID
}

// openLogFile opens path for reading and writing, not for appending: splice(2)
// refuses O_APPEND.
func openLogFile(path string, flags int) (*logFile, error) {
	var fd int
	err := again(func() (err error) {
		fd, err = unix.Open(path, unix.O_RDWR|unix.O_CLOEXEC|unix.O_NOFOLLOW|flags, 0o600)
		return err
	})
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: path, Err: err}
	}
	return wrapLogFile(fd, path)
}

// wrapLogFile takes fd over, or closes it.
func wrapLogFile(fd int, path string) (*logFile, error) {
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		unix.Close(fd)
		return nil, &fs.PathError{Op: "stat", Path: path, Err: err}
	}
	if st.Mode&unix.S_IFMT != unix.S_IFREG {
		unix.Close(fd)
		return nil, fmt.Errorf("%s is not a regular file", path)
	}
	return &logFile{File: os.NewFile(uintptr(fd), path), fd: fd, id: idOf(&st)}, nil
}

func idOf(st *unix.Stat_t) fileID { return fileID{uint64(st.Dev), st.Ino} }

// lookup is the identity of what path names now.
func lookup(path string) (fileID, error) {
	var st unix.Stat_t
	if err := again(func() error { return unix.Lstat(path, &st) }); err != nil {
		return fileID{}, err
	}
	return idOf(&st), nil
}

// again repeats f while a signal interrupts it.
func again(f func() error) error {
	for {
		if err := f(); err != unix.EINTR {
			return err
		}
	}
}

// dirBuffer holds the names of a worker's directory at once.
const dirBuffer = 32 << 10

// listNames lists dir as it was at one moment. One getdents call holds the
// directory's lock; with more of them a file that is renamed meanwhile can appear
// under neither name, so a long listing counts only when it comes out twice.
func listNames(dir string) ([]string, error) {
	var last []string
	for try := 0; ; try++ {
		names, calls, err := listOnce(dir)
		if err != nil {
			return nil, fmt.Errorf("listing %s: %w", dir, err)
		}
		slices.Sort(names)
		if calls <= 1 || try > 0 && slices.Equal(names, last) || try == 20 {
			return names, nil
		}
		last = names
	}
}

func listOnce(dir string) (names []string, calls int, err error) {
	var fd int
	err = again(func() (err error) {
		fd, err = unix.Open(dir, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
		return err
	})
	if err != nil {
		return nil, 0, err
	}
	defer unix.Close(fd)
	buf := make([]byte, dirBuffer)
	for {
		var n int
		err := again(func() (err error) { n, err = unix.ReadDirent(fd, buf); return err })
		if err != nil || n == 0 {
			return names, calls, err
		}
		calls++
		_, _, names = unix.ParseDirent(buf[:n], -1, names)
	}
}

// listArchives lists the archives of a log that count. A rotation makes the
// archive's name first, as an empty file, and then exchanges it with the current
// file: until then the name is not an archive.
func listArchives(dir, name string) ([]archive, error) {
	names, err := listNames(dir)
	if err != nil {
		return nil, err
	}
	as := parseArchives(name, names)
	for len(as) > 0 {
		a := as[len(as)-1]
		if a.form != plain {
			break
		}
		var st unix.Stat_t
		err := again(func() error { return unix.Lstat(filepath.Join(dir, a.file(name)), &st) })
		if err == nil && st.Size == a.to-a.from {
			break
		}
		if errors.Is(err, fs.ErrNotExist) {
			// Compressed since: the name list is out of date.
			return listArchives(dir, name)
		}
		as = as[:len(as)-1]
	}
	return as, nil
}

// endOf is the logical offset behind the last archive.
func endOf(as []archive) int64 {
	if len(as) == 0 {
		return 0
	}
	return as[len(as)-1].to
}

// firstData is where the first data of a file begins: behind a hole, if it has
// one at its head.
func firstData(fd int) int64 {
	off, err := unix.Seek(fd, 0, unix.SEEK_DATA)
	if err != nil {
		return 1<<63 - 1 // ENXIO: there is none
	}
	return off
}
