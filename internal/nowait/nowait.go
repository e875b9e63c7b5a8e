package nowait

import (
	"io"
	"net"
	"syscall"
)

// Write writes what the descriptor takes at once. The error is EAGAIN if it takes
// nothing now, and another one of write(2)'s else; n is 0 then.
func Write(fd uintptr, p []byte) (n int, err error) {
	if len(p) == 0 {
		return 0, nil
	}
	for {
		if n, err = write(fd, p); err != syscall.EINTR {
			return n, err
		}
	}
}

// Some writes what c takes of p at once and returns how much that is. An error
// counts as nothing: whoever writes the rest meets it again.
func Some(c syscall.RawConn, p []byte) (n int) {
	_ = c.Write(func(fd uintptr) bool {
		n, _ = Write(fd, p)
		return true
	})
	return n
}

// Reader reads a non-blocking file or socket that is in the netpoller.
type Reader struct{ c syscall.RawConn }

// NewReader makes a Reader of a connection's SyscallConn.
func NewReader(c syscall.RawConn) *Reader { return &Reader{c} }

// Raw is the descriptor below a connection that is a socket, else nil. A file has
// none here: it may be a blocking one.
func Raw(conn any) syscall.RawConn {
	if _, ok := conn.(net.Conn); !ok {
		return nil
	}
	if sc, ok := conn.(syscall.Conn); ok {
		if c, err := sc.SyscallConn(); err == nil {
			return c
		}
	}
	return nil
}

// ReaderOf is a Reader of a connection that is a socket, else conn itself.
func ReaderOf(conn io.Reader) io.Reader {
	if c := Raw(conn); c != nil {
		return NewReader(c)
	}
	return conn
}

// Read waits until something can be read, the deadline of the file has passed or
// it is closed, as a Read of the file itself does. The error of read(2) is one of
// package syscall's.
func (r *Reader) Read(p []byte) (n int, err error) {
	if len(p) == 0 {
		return 0, nil
	}
	var did error
	err = r.c.Read(func(fd uintptr) bool {
		for {
			if n, did = read(fd, p); did != syscall.EINTR {
				return did != syscall.EAGAIN
			}
		}
	})
	switch {
	case err != nil:
		return 0, err
	case did != nil:
		return 0, did
	case n == 0:
		return 0, io.EOF
	}
	return n, nil
}
