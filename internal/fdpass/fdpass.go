// Package fdpass packs open files into, and takes them out of, the control
// messages of a unix socket (SCM_RIGHTS, unix(7)).
package fdpass

import (
	"os"

	"golang.org/x/sys/unix"
)

// Max is how many files the kernel takes in one message.
const Max = 253

// Pack makes the control message that carries files. The files stay the
// caller's.
func Pack(files []*os.File) ([]byte, error) {
	if len(files) == 0 {
		return nil, nil
	}
	fds := make([]int, len(files))
	for i, f := range files {
		fd, err := Descriptor(f)
		if err != nil {
			return nil, err
		}
		fds[i] = fd
	}
	return unix.UnixRights(fds...), nil
}

// Unpack takes the files out of received control messages. They are the
// caller's, and not inherited by children.
func Unpack(oob []byte) []*os.File { return Files(UnpackNumbers(oob)) }

// Files makes files of descriptors.
func Files(fds []int) []*os.File {
	var files []*os.File
	for _, fd := range fds {
		files = append(files, os.NewFile(uintptr(fd), "passed"))
	}
	return files
}

// UnpackNumbers is Unpack for who only keeps the descriptors: a pipe that is made
// an os.File goes into the netpoller, and everything that happens to it then
// wakes us.
func UnpackNumbers(oob []byte) []int {
	msgs, err := unix.ParseSocketControlMessage(oob)
	if err != nil {
		return nil
	}
	var all []int
	for _, m := range msgs {
		fds, err := unix.ParseUnixRights(&m)
		if err != nil {
			continue
		}
		for _, fd := range fds {
			unix.CloseOnExec(fd)
			all = append(all, fd)
		}
	}
	return all
}

// Descriptor is a file's number without the side effect of File.Fd, which makes
// the file blocking.
func Descriptor(f *os.File) (int, error) {
	rc, err := f.SyscallConn()
	if err != nil {
		return -1, err
	}
	n := -1
	err = rc.Control(func(fd uintptr) { n = int(fd) })
	return n, err
}
