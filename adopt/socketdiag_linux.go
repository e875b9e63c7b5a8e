package adopt

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"

	"github.com/sluicerun/sluice/adopt/internal/osthread"
	"golang.org/x/sys/unix"
)

// Of linux/unix_diag.h.
const (
	udiagShow = 1 | 4 | 8 | 16 // the name, the peer, the clients in the queue, bytes waiting

	udiagName  = 0
	udiagPeer  = 2
	udiagIcons = 3
	udiagRQLen = 4
)

// unixPeers asks the kernel for the unix sockets of the network namespace that a
// process is in.
func (s *System) unixPeers(pid int) ([]unixPeer, error) {
	if !s.live {
		return nil, fmt.Errorf("a packed system does not tell the peers of unix sockets: %w", errors.ErrUnsupported)
	}
	fd, err := diagSocket(s.fs.Path(pid, "ns", "net"))
	if err != nil {
		return nil, fmt.Errorf("asking for the peers of unix sockets: %w", err)
	}
	defer unix.Close(fd)
	peers, err := unixDump(fd)
	if err != nil {
		return nil, fmt.Errorf("asking for the peers of unix sockets: %w", err)
	}
	return peers, nil
}

// diagSocket opens a socket of sock_diag in a network namespace.
func diagSocket(ns string) (int, error) {
	open := func() (int, error) {
		return unix.Socket(unix.AF_NETLINK, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, unix.NETLINK_SOCK_DIAG)
	}
	want, err := os.Readlink(ns)
	if own, err2 := os.Readlink("/proc/self/ns/net"); err == nil && err2 == nil && own == want {
		return open()
	}
	if err != nil {
		return -1, err
	}
	fd := -1
	err = osthread.Do(func() error { // which stays in the other namespace
		nsfd, err := unix.Open(ns, unix.O_RDONLY|unix.O_CLOEXEC, 0)
		if err != nil {
			return err
		}
		defer unix.Close(nsfd)
		if err := unix.Setns(nsfd, unix.CLONE_NEWNET); err != nil {
			return fmt.Errorf("entering its network namespace: %w", err)
		}
		fd, err = open()
		return err
	})
	return fd, err
}

func unixDump(fd int) ([]unixPeer, error) {
	req := make([]byte, unix.NLMSG_HDRLEN+24)
	ne := binary.NativeEndian
	ne.PutUint32(req, uint32(len(req)))
	ne.PutUint16(req[4:], unix.SOCK_DIAG_BY_FAMILY)
	ne.PutUint16(req[6:], unix.NLM_F_REQUEST|unix.NLM_F_DUMP)
	body := req[unix.NLMSG_HDRLEN:]
	body[0] = unix.AF_UNIX
	ne.PutUint32(body[4:], ^uint32(0)) // in any state
	ne.PutUint32(body[12:], udiagShow)
	// A kernel that does not answer, as a filter may have it, does not hold us up.
	tv := unix.Timeval{Sec: 5}
	if err := unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &tv); err != nil {
		return nil, err
	}
	if err := unix.Sendto(fd, req, 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
		return nil, err
	}
	var all []unixPeer
	buf := make([]byte, 64<<10)
	for {
		n, _, err := unix.Recvfrom(fd, buf, 0)
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return nil, err
		}
		peers, done, err := parseDiag(buf[:n])
		all = append(all, peers...)
		if done || err != nil {
			return all, err
		}
	}
}

// parseDiag reads one datagram of the kernel's answer; done: it was the last.
func parseDiag(data []byte) (all []unixPeer, done bool, err error) {
	messages, err := syscall.ParseNetlinkMessage(data)
	if err != nil {
		return nil, false, err
	}
	ne := binary.NativeEndian
	for _, m := range messages {
		switch m.Header.Type {
		case unix.NLMSG_DONE:
			return all, true, nil
		case unix.NLMSG_ERROR:
			if len(m.Data) < 4 {
				return all, true, unix.EBADMSG
			}
			return all, true, syscall.Errno(-int32(ne.Uint32(m.Data)))
		case unix.SOCK_DIAG_BY_FAMILY:
			if len(m.Data) < 16 {
				return all, true, unix.EBADMSG
			}
			p := unixPeer{kind: m.Data[1], ino: uint64(ne.Uint32(m.Data[4:])), received: -1}
			p.attributes(m.Data[16:])
			all = append(all, p)
		}
	}
	return all, false, nil
}

func (p *unixPeer) attributes(b []byte) {
	ne := binary.NativeEndian
	for len(b) >= 4 {
		size, kind := int(ne.Uint16(b)), ne.Uint16(b[2:])
		if size < 4 || size > len(b) {
			return
		}
		v := b[4:size]
		switch {
		case kind == udiagName:
			p.name = strings.ReplaceAll(strings.TrimSuffix(string(v), "\x00"), "\x00", "@")
		case kind == udiagPeer && len(v) >= 4:
			p.peer = uint64(ne.Uint32(v))
		case kind == udiagRQLen && len(v) >= 4:
			p.received = int(ne.Uint32(v))
		case kind == udiagIcons:
			for ; len(v) >= 4; v = v[4:] {
				p.queue = append(p.queue, uint64(ne.Uint32(v)))
			}
		}
		b = b[min((size+3)&^3, len(b)):]
	}
}
