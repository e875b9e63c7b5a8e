package tcpstore

import (
	"net"
	"os"

	"golang.org/x/sys/unix"
)

// maxDirect is how many connections may have a thread of their own.
const maxDirect = 64

// direct is a connection that is read by blocking system calls. Torch's clients
// send a request in two or three small packets and wait for each answer, so that
// for every packet the poller's thread would have to wake up, and wake another
// one to take over from it: on a machine of two CPUs a tenth of the time that a
// client waits. A thread that sleeps in its read costs none of that.
type direct struct {
	*os.File
	peer net.Addr
}

// makeDirect takes over an accepted connection, or leaves it as it is.
func makeDirect(nc net.Conn) net.Conn {
	tcp, ok := nc.(*net.TCPConn)
	if !ok {
		return nc
	}
	raw, err := tcp.SyscallConn()
	if err != nil {
		return nc
	}
	fd := -1
	cerr := raw.Control(func(old uintptr) { fd, err = unix.FcntlInt(old, unix.F_DUPFD_CLOEXEC, 3) })
	if err != nil || cerr != nil {
		return nc
	}
	peer := tcp.RemoteAddr()
	tcp.Close() // only its number: the connection is ours as well
	if unix.SetNonblock(fd, false) != nil {
		unix.Close(fd)
		return nil
	}
	return &direct{os.NewFile(uintptr(fd), "connection"), peer}
}

// Close ends reads and writes that are under way, which closing alone does not.
func (d *direct) Close() error {
	if raw, err := d.SyscallConn(); err == nil {
		_ = raw.Control(func(fd uintptr) { _ = unix.Shutdown(int(fd), unix.SHUT_RDWR) })
	}
	return d.File.Close()
}

func (d *direct) LocalAddr() net.Addr  { return nil }
func (d *direct) RemoteAddr() net.Addr { return d.peer }
