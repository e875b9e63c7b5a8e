//go:build amd64 || arm64

package ptrace

import (
	"encoding/binary"
	"fmt"

	"golang.org/x/sys/unix"
)

const pageSize = 4096 // of what we map; the kernel rounds it up

// memory is a page of ours in the process. Nothing of its own is written to.
func (s *Stopped) memory() (uintptr, error) {
	if s.page == 0 {
		addr, err := s.Syscall(unix.SYS_MMAP, 0, pageSize, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANONYMOUS, ^uintptr(0), 0)
		if err != nil {
			return 0, fmt.Errorf("getting memory in it: %w", err)
		}
		s.page = addr
	}
	return s.page, nil
}

// Where things lie in that page.
const (
	socketsAt = 0
	byteAt    = 32
	iovecAt   = 64
	headerAt  = 128
	controlAt = 512
)

// header is a struct msghdr of a 64-bit program.
type header struct {
	Name                               uint64
	NameLen, _                         uint32
	Iovec, Iovecs, Control, ControlLen uint64
	Flags, _                           uint32
}

// Push gives files of this process to the stopped one, which has the same open files
// then, with FD_CLOEXEC, by the numbers returned. They go through a pair of sockets
// that it makes and closes again: that needs no path that both can see, and no right
// of its own on the files.
func (s *Stopped) Push(files ...int) ([]int, error) {
	page, err := s.memory()
	if err != nil {
		return nil, err
	}
	_, err = s.Syscall(unix.SYS_SOCKETPAIR, unix.AF_UNIX, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0, page+socketsAt)
	if err != nil {
		return nil, fmt.Errorf("making a socket in it: %w", err)
	}
	var pair [8]byte
	if err := readMemory(s.pid, page+socketsAt, pair[:]); err != nil {
		return nil, err
	}
	a, b := uintptr(binary.NativeEndian.Uint32(pair[:])), uintptr(binary.NativeEndian.Uint32(pair[4:]))
	defer s.Syscall(unix.SYS_CLOSE, a)
	defer s.Syscall(unix.SYS_CLOSE, b)
	if err := s.send(int(a), files); err != nil {
		return nil, fmt.Errorf("handing files to it: %w", err)
	}
	return s.receive(page, b, len(files))
}

// send sends files through a socket of the process's.
func (s *Stopped) send(to int, files []int) error {
	pidfd, err := unix.PidfdOpen(s.pid, 0)
	if err != nil {
		return err
	}
	defer unix.Close(pidfd)
	sock, err := unix.PidfdGetfd(pidfd, to, 0)
	if err != nil {
		return err
	}
	defer unix.Close(sock)
	return unix.Sendmsg(sock, []byte{0}, unix.UnixRights(files...), nil, unix.MSG_DONTWAIT)
}

func (s *Stopped) receive(page, from uintptr, n int) ([]int, error) {
	h := header{
		Iovec: uint64(page + iovecAt), Iovecs: 1,
		Control: uint64(page + controlAt), ControlLen: uint64(unix.CmsgSpace(4 * n)),
	}
	iov := [2]uint64{uint64(page + byteAt), 1}
	for at, what := range map[uintptr]any{headerAt: h, iovecAt: iov} {
		data, err := binary.Append(nil, binary.NativeEndian, what)
		if err == nil {
			err = writeMemory(s.pid, page+at, data)
		}
		if err != nil {
			return nil, err
		}
	}
	_, err := s.Syscall(unix.SYS_RECVMSG, from, page+headerAt, unix.MSG_CMSG_CLOEXEC|unix.MSG_DONTWAIT)
	if err != nil {
		return nil, fmt.Errorf("taking files into it: %w", err)
	}
	data := make([]byte, binary.Size(h))
	if err := readMemory(s.pid, page+headerAt, data); err != nil {
		return nil, err
	}
	if _, err := binary.Decode(data, binary.NativeEndian, &h); err != nil {
		return nil, err
	}
	control := make([]byte, min(h.ControlLen, uint64(unix.CmsgSpace(4*n))))
	if err := readMemory(s.pid, page+controlAt, control); err != nil {
		return nil, err
	}
	var fds []int
	messages, err := unix.ParseSocketControlMessage(control)
	if err == nil && len(messages) == 1 {
		fds, err = unix.ParseUnixRights(&messages[0])
	}
	if err == nil && len(fds) != n {
		// The kernel gives as many as fit below RLIMIT_NOFILE.
		for _, fd := range fds {
			s.Syscall(unix.SYS_CLOSE, uintptr(fd))
		}
		fds, err = nil, unix.EMFILE
	}
	if err != nil {
		return nil, fmt.Errorf("taking files into it: %w", err)
	}
	return fds, nil
}
