//go:build linux || darwin

package nowait

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// sockets are the two ends of a connection.
func sockets(t *testing.T) (a, b net.Conn) {
	t.Helper()
	dir, err := os.MkdirTemp("", "nowait") // t.TempDir is longer than a socket's name may be
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	l, err := net.Listen("unix", filepath.Join(dir, "s"))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if a, err = net.Dial("unix", l.Addr().String()); err != nil {
		t.Fatal(err)
	}
	if b, err = l.Accept(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.Close(); b.Close() })
	return a, b
}

func TestSomeWritesWhatThereIsRoomFor(t *testing.T) {
	a, b := sockets(t)
	all := bytes.Repeat([]byte("0123456789abcdef"), 1<<18) // more than any socket's buffer
	n := Some(Raw(a), all)
	if n == 0 || n == len(all) {
		t.Fatalf("%d of %d bytes were written, want a part", n, len(all))
	}
	if n := Some(Raw(a), []byte("x")); n != 0 {
		t.Fatalf("%d bytes fit in a socket that is full", n)
	}
	a.Close()
	got, err := io.ReadAll(NewReader(Raw(b)))
	if err != nil || !bytes.Equal(got, all[:n]) {
		t.Errorf("read %d bytes, %v; want the %d that were written", len(got), err, n)
	}
	if n := Some(Raw(b), []byte("x")); n != 0 {
		t.Errorf("%d bytes were written to nobody", n)
	}
}

func TestReaderEndsAsTheFileDoes(t *testing.T) {
	a, b := sockets(t)
	r := ReaderOf(b)
	p := make([]byte, 8)
	b.SetReadDeadline(time.Now().Add(-time.Second))
	if n, err := r.Read(p); n != 0 || !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("after the deadline: %d, %v", n, err)
	}
	b.SetReadDeadline(time.Time{})
	go func() { // while the other waits
		time.Sleep(20 * time.Millisecond)
		a.Write([]byte("late"))
	}()
	if n, err := r.Read(p); err != nil || string(p[:n]) != "late" {
		t.Errorf("read %q, %v", p[:n], err)
	}
	waiting := make(chan error)
	go func() {
		_, err := r.Read(p)
		waiting <- err
	}()
	time.Sleep(20 * time.Millisecond)
	b.Close()
	if err := <-waiting; !errors.Is(err, net.ErrClosed) {
		t.Errorf("closed while it waits: %v", err)
	}
}

func TestOnlySocketsAreRaw(t *testing.T) {
	a, b := net.Pipe()
	defer a.Close()
	defer b.Close()
	f, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if Raw(a) != nil || Raw(f) != nil {
		t.Error("a connection in memory or a file was taken for a socket")
	}
	if ReaderOf(f) != io.Reader(f) {
		t.Error("a file, which may be a blocking one, is not read as it is")
	}
}
