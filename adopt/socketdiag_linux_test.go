package adopt

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/sluicerun/sluice/internal/testpeer"
)

func FuzzDiag(f *testing.F) {
	var m bytes.Buffer
	m.Write([]byte{40, 0, 0, 0, unix.SOCK_DIAG_BY_FAMILY, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0})
	m.Write([]byte{1, 1, 1, 0, 99, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0})
	m.Write([]byte{8, 0, udiagPeer, 0, 98, 0, 0, 0})
	f.Add(m.Bytes())
	f.Add([]byte{20, 0, 0, 0, unix.NLMSG_ERROR, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 255, 255})
	f.Fuzz(func(t *testing.T, data []byte) {
		all, _, _ := parseDiag(data)
		if len(all) > len(data)/unix.NLMSG_HDRLEN {
			t.Errorf("%+v", all)
		}
	})
}

func scan(t *testing.T, s *System) *Table {
	t.Helper()
	table, err := s.Scan(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return table
}

// inspect looks at a process, with a table of now.
func inspect(t *testing.T, s *System, pid int) *Report {
	t.Helper()
	p, err := s.Open(pid)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	r, err := p.Inspect(context.Background(), scan(t, s))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func (r *Report) file(t *testing.T, fd int) OpenFile {
	t.Helper()
	for _, f := range r.Descriptors {
		if f.FD == fd {
			return f
		}
	}
	t.Fatalf("no descriptor %d in %+v", fd, r.Descriptors)
	return OpenFile{}
}

// rawFD is the number of a connection's or listener's descriptor.
func rawFD(t *testing.T, c syscall.Conn) int {
	t.Helper()
	raw, err := c.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	n := -1
	raw.Control(func(fd uintptr) { n = int(fd) })
	return n
}

func TestUnixNames(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a b")
	for _, name := range []string{path, fmt.Sprintf("@sluice-test-%d-a b", os.Getpid())} {
		l, err := net.Listen("unix", name)
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		c, err := net.Dial("unix", name)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		listener, client := rawFD(t, l.(*net.UnixListener)), rawFD(t, c.(*net.UnixConn))
		// The client is there, and nobody has accepted it.
		r := inspect(t, Live(), os.Getpid())
		if f := r.file(t, listener); f.Socket == nil || f.Socket.Local != name || f.Socket.State != "listening" || f.Socket.Type != "stream" {
			t.Errorf("%+v", f.Socket)
		}
		if f := r.file(t, client); len(f.Ends) != 1 || f.Ends[0].FD != listener {
			t.Errorf("waiting: %+v, %+v", f.Ends, f.Socket)
		}
		s, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		if _, err := c.Write([]byte("four")); err != nil {
			t.Fatal(err)
		}
		server := rawFD(t, s.(*net.UnixConn))
		r = inspect(t, Live(), os.Getpid())
		if f := r.file(t, client); len(f.Ends) != 1 || f.Ends[0].FD != server {
			t.Errorf("%+v", f.Ends)
		}
		if f := r.file(t, server); len(f.Ends) != 1 || f.Ends[0].FD != client || f.Socket.Local != name || f.Socket.Received == nil || *f.Socket.Received != 4 {
			t.Errorf("%+v %+v", f.Ends, f.Socket)
		}
	}
}

func TestDatagrams(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	l, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	var clients []int
	for range 2 {
		c, err := net.Dial("unixgram", path)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		clients = append(clients, rawFD(t, c.(*net.UnixConn)))
	}
	r := inspect(t, Live(), os.Getpid())
	if f := r.file(t, rawFD(t, l)); len(f.Ends) != 2 || f.Ends[0].FD != clients[0] || f.Ends[1].FD != clients[1] {
		t.Errorf("%+v, %+v", f.Ends, f.Socket)
	}
	if f := r.file(t, clients[0]); len(f.Ends) != 1 || f.Ends[0].FD != rawFD(t, l) {
		t.Errorf("%+v", f.Ends)
	}
}

// A connection that its listener has not accepted yet.
func TestTCPWaiting(t *testing.T) {
	for _, addr := range []string{"127.0.0.1:0", "0.0.0.0:0", "[::1]:0"} {
		l, err := net.Listen("tcp", addr)
		if err != nil {
			if addr[0] == '[' {
				continue // a machine without version 6
			}
			t.Fatal(err)
		}
		defer l.Close()
		c, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		client, listener := rawFD(t, c.(*net.TCPConn)), rawFD(t, l.(*net.TCPListener))
		if f := inspect(t, Live(), os.Getpid()).file(t, client); len(f.Ends) != 1 || f.Ends[0].FD != listener {
			t.Errorf("%s: %+v, %+v", addr, f.Ends, f.Socket)
		}
	}
}

// The sockets of another network namespace.
func TestOtherNetwork(t *testing.T) {
	testpeer.NeedRoot(t, "make a network namespace")
	python := testpeer.Need(t, "python3", "python3")
	unshare := testpeer.Need(t, "unshare", "util-linux")
	cmd := exec.Command(unshare, "-n", python, "-c", `
import socket
a, b = socket.socketpair()
n = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)
print(a.fileno(), flush=True)
input()`)
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer cmd.Wait()
	defer in.Close()
	buf := make([]byte, 10)
	if _, err := out.Read(buf); err != nil {
		t.Fatal(err)
	}
	r := inspect(t, Live(), cmd.Process.Pid)
	if len(r.Namespaces) != 1 || r.Namespaces[0] != "net" {
		t.Errorf("%v", r.Namespaces)
	}
	paired, netlink := 0, 0
	for _, f := range r.Descriptors {
		if f.Socket != nil && f.Socket.Family == "unix" && len(f.Ends) == 1 && f.Ends[0].Relation == Itself {
			paired++
		}
		if f.Socket != nil && f.Socket.Family == "netlink" {
			netlink++
		}
	}
	if paired != 2 || netlink != 1 {
		t.Errorf("%+v", r.Descriptors)
	}
}
