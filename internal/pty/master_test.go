//go:build linux

package pty

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sluicerun/sluice/internal/testpeer"
)

// The child looks first thing, so the size must be there before it runs.
func TestSizeIsThereBeforeTheChild(t *testing.T) {
	stty := testpeer.Need(t, "stty", "coreutils")
	for _, c := range []struct {
		size Size
		want string
	}{
		{Size{}, "24 80\r\n"},
		{Size{Cols: 132, Rows: 43, XPixel: 1320, YPixel: 860}, "43 132\r\n"},
		{Size{XPixel: 800, YPixel: 480}, "24 80\r\n"},
	} {
		s := newStage(t, OpenOptions{Size: c.size})
		s.perform(s.command(stty, "size"))
		if before := s.wait(c.want); before != "" {
			t.Errorf("%v: %q came first", c.size, before)
		}
		got, err := s.Size()
		if err != nil || got.XPixel != c.size.XPixel || got.YPixel != c.size.YPixel {
			t.Errorf("%v: Size is %v, %v", c.size, got, err)
		}
	}
}

func TestNames(t *testing.T) {
	m, slave, err := Open(OpenOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	defer slave.Close()
	n, err := m.Number()
	if err != nil {
		t.Fatal(err)
	}
	path, err := m.Path()
	if err != nil || path != fmt.Sprintf("/dev/pts/%d", n) || slave.Name() != path {
		t.Errorf("path %s (%v), number %d, slave %s", path, err, n, slave.Name())
	}
	// The name is of this very terminal.
	var byName, here unix.Stat_t
	if err := unix.Stat(path, &byName); err != nil {
		t.Fatal(err)
	}
	if err := control(slave, func(fd int) error { return unix.Fstat(fd, &here) }); err != nil || here.Rdev != byName.Rdev || here.Ino != byName.Ino {
		t.Errorf("the slave is %d:%d and %s is %d:%d (%v)", here.Rdev, here.Ino, path, byName.Rdev, byName.Ino, err)
	}
}

func TestNothingIsInherited(t *testing.T) {
	m, slave, err := Open(OpenOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	defer slave.Close()
	for name, f := range map[string]*os.File{"master": m.File(), "slave": slave} {
		err := control(f, func(fd int) error {
			flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0)
			if flags&unix.FD_CLOEXEC == 0 {
				return errors.Join(err, errors.New("children inherit it"))
			}
			return err
		})
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestEndAndRevival(t *testing.T) {
	m, slave, err := Open(OpenOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	for round := range 3 {
		text := strings.Repeat("last words ", 500) // more than one line discipline buffer
		if _, err := slave.WriteString(text); err != nil {
			t.Fatal(err)
		}
		slave.Close()
		got, err := io.ReadAll(m)
		if !errors.Is(err, ErrNoSlave) || errors.Is(err, os.ErrClosed) {
			t.Fatalf("round %d: the end is %v", round, err)
		}
		if string(got) != text {
			t.Fatalf("round %d: %d of %d bytes came before the end", round, len(got), len(text))
		}
		if _, err := m.Read(make([]byte, 1)); !errors.Is(err, ErrNoSlave) {
			t.Fatalf("round %d: after the end: %v", round, err)
		}
		if slave, err = m.Slave(); err != nil {
			t.Fatal(err)
		}
		m.SetReadDeadline(time.Now().Add(10 * time.Millisecond))
		if _, err := m.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Fatalf("round %d: opened again: %v", round, err)
		}
		m.SetReadDeadline(time.Time{})
	}
	slave.Close()
}

// Every ioctl that there is, and then a Read that must still be interruptible:
// taking the descriptor the wrong way once would be enough to spoil it.
func TestReadCanBeEnded(t *testing.T) {
	s, slave, err := Open(OpenOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer slave.Close()
	everyIoctl(t, s)
	s.SetReadDeadline(time.Now().Add(5 * time.Millisecond))
	if _, err := s.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatalf("deadline: %v", err)
	}
	s.SetReadDeadline(time.Time{})

	var started, ended sync.WaitGroup
	started.Add(1)
	ended.Go(func() {
		started.Done()
		if _, err := s.Read(make([]byte, 1)); !errors.Is(err, os.ErrClosed) {
			t.Errorf("closed: %v", err)
		}
	})
	started.Wait()
	everyIoctl(t, s)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	ended.Wait()
	if _, err := s.State(); !errors.Is(err, os.ErrClosed) {
		t.Errorf("State of a closed one: %v", err)
	}
	if err := s.Resize(DefaultSize); !errors.Is(err, os.ErrClosed) {
		t.Errorf("Resize of a closed one: %v", err)
	}
}

func everyIoctl(t *testing.T, m *Master) {
	t.Helper()
	_, e1 := m.Number()
	_, e2 := m.Path()
	_, e3 := m.State()
	_, e4 := m.Untaken()
	_, e5 := m.Size()
	e6 := m.Resize(Size{Cols: 90, Rows: 30})
	e7 := m.Nudge(t.Context(), time.Microsecond)
	_, e8 := TermiosOf(m.File())
	if err := errors.Join(e1, e2, e3, e4, e5, e6, e7, e8); err != nil {
		t.Fatal(err)
	}
	if err := m.Signal(syscall.SIGINT); !errors.Is(err, unix.ESRCH) {
		t.Fatalf("signal to nobody: %v", err)
	}
}

// A program must see two changes, and the old size after the second.
func TestNudge(t *testing.T) {
	s := newStage(t, OpenOptions{Size: Size{Cols: 100, Rows: 30, XPixel: 1000, YPixel: 600}})
	s.perform(s.role("winch"))
	s.wait("READY\r\n")
	for range 2 {
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- s.Nudge(ctx, time.Hour) }()
		s.wait("WINCH 100x29\r\n")
		cancel()
		s.wait("WINCH 100x30\r\n")
		if err := <-done; err != nil {
			t.Fatal(err)
		}
	}
	if size, err := s.Size(); err != nil || size != (Size{Cols: 100, Rows: 30, XPixel: 1000, YPixel: 600}) {
		t.Errorf("afterwards %+v, %v", size, err)
	}

	// A Resize in between stays, even one to the nudged size.
	for _, size := range []Size{{Cols: 50, Rows: 20}, {Cols: 50, Rows: 19}} {
		before, err := s.Size()
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- s.Nudge(ctx, time.Hour) }()
		s.wait("WINCH " + before.shrunk().String() + "\r\n")
		if err := s.Resize(size); err != nil {
			t.Fatal(err)
		}
		cancel()
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		if now, err := s.Size(); err != nil || now != size {
			t.Errorf("resized to %v: %v, %v", size, now, err)
		}
	}
}

func TestNudgeOfOneRow(t *testing.T) {
	s := newStage(t, OpenOptions{Size: Size{Cols: 9, Rows: 1}})
	s.perform(s.role("winch"))
	s.wait("READY\r\n")
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.Nudge(ctx, time.Hour) }()
	s.wait("WINCH 9x2\r\n")
	cancel()
	s.wait("WINCH 9x1\r\n")
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}

// A terminal takes what fits and then nothing, and no byte is lost or doubled
// over the deadline.
func TestFullTerminal(t *testing.T) {
	m, slave, err := Open(OpenOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	defer slave.Close()
	if err := MakeRaw(slave); err != nil {
		t.Fatal(err)
	}
	all := make([]byte, 200_000)
	for i := range all {
		all[i] = byte(i*7 + i/251)
	}
	m.SetWriteDeadline(time.Now().Add(50 * time.Millisecond))
	n, err := m.Write(all)
	if !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatalf("the first write: %d, %v", n, err)
	}
	if n < 4096 || n > 64<<10 {
		t.Errorf("%d bytes fit", n)
	}
	t.Logf("%d bytes fit", n)
	untaken, err := m.Untaken()
	if err != nil || untaken == 0 || untaken > n {
		t.Errorf("untaken: %d, %v", untaken, err)
	}
	m.SetWriteDeadline(time.Time{})
	wrote := make(chan error, 1)
	go func() {
		_, err := m.Write(all[n:])
		wrote <- err
	}()
	got := make([]byte, len(all))
	if _, err := io.ReadFull(slave, got); err != nil {
		t.Fatal(err)
	}
	if err := <-wrote; err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, all) {
		t.Error("other bytes came out")
	}
	if untaken, err := m.Untaken(); err != nil || untaken != 0 {
		t.Errorf("after reading all, untaken: %d, %v", untaken, err)
	}
}

func TestCanonLimit(t *testing.T) {
	for _, extra := range []int{0, 1} {
		s := newStage(t, OpenOptions{}) // its reader takes the echo
		limit := s.CanonLimit()
		s.typeText(strings.Repeat("x", limit+extra) + "\n")
		line := make([]byte, 3*limit)
		n, err := s.slave.Read(line)
		if err != nil {
			t.Fatal(err)
		}
		if whole := n == limit+extra+1; whole != (extra == 0) {
			t.Errorf("of a line of %d came %d bytes", limit+extra, n-1)
		}
	}
}

func TestFromFile(t *testing.T) {
	m, slave, err := Open(OpenOptions{Size: Size{Cols: 33, Rows: 11}})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	defer slave.Close()
	if _, err := FromFile(slave); err == nil || !errors.Is(err, unix.ENOTTY) {
		t.Errorf("a slave: %v", err)
	}
	null, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	if _, err := FromFile(null); err == nil {
		t.Error("/dev/null is taken for a master")
	}
	if _, err := slave.WriteString(""); err != nil {
		t.Errorf("a refused file is not the caller's any more: %v", err)
	}

	for _, way := range []string{"sent", "made blocking", "made blocking by Fd"} {
		f := send(t, m.File())
		switch way {
		case "made blocking":
			err := control(f, func(fd int) error { return unix.SetNonblock(fd, false) })
			if err != nil {
				t.Fatal(err)
			}
		case "made blocking by Fd":
			f.Fd()
		}
		got, err := FromFile(f)
		if err != nil {
			t.Fatal(err)
		}
		if size, err := got.Size(); err != nil || size.Cols != 33 {
			t.Errorf("%s: size %v, %v", way, size, err)
		}
		got.SetReadDeadline(time.Now().Add(5 * time.Millisecond))
		if _, err := got.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("%s: deadline: %v", way, err)
		}
		got.SetReadDeadline(time.Time{})
		if _, err := slave.WriteString("hi"); err != nil {
			t.Fatal(err)
		}
		buf := make([]byte, 10)
		if n, err := got.Read(buf); err != nil || string(buf[:n]) != "hi" {
			t.Errorf("%s: read %q, %v", way, buf[:n], err)
		}
		if err := got.Close(); err != nil {
			t.Errorf("%s: %v", way, err)
		}
	}
}

// send passes a file through a socket, as to another process.
func send(t *testing.T, f *os.File) *os.File {
	t.Helper()
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(pair[0])
	defer unix.Close(pair[1])
	err = control(f, func(fd int) error { return unix.Sendmsg(pair[0], []byte("x"), unix.UnixRights(fd), nil, 0) })
	if err != nil {
		t.Fatal(err)
	}
	oob := make([]byte, unix.CmsgSpace(4))
	_, n, _, _, err := unix.Recvmsg(pair[1], make([]byte, 1), oob, unix.MSG_CMSG_CLOEXEC)
	if err != nil {
		t.Fatal(err)
	}
	msgs, err := unix.ParseSocketControlMessage(oob[:n])
	if err != nil {
		t.Fatal(err)
	}
	fds, err := unix.ParseUnixRights(&msgs[0])
	if err != nil {
		t.Fatal(err)
	}
	return os.NewFile(uintptr(fds[0]), "passed")
}

func TestSignal(t *testing.T) {
	bash := testpeer.Need(t, "bash", "bash")
	for sig, key := range map[syscall.Signal]string{unix.SIGINT: "INT", unix.SIGQUIT: "QUIT", unix.SIGTERM: "TERM", unix.SIGUSR1: "USR1"} {
		s := newStage(t, OpenOptions{})
		// -isig: no key would do it now.
		cmd := s.command(bash, "-c", `trap 'echo GOT '`+key+`'; exit 0' `+key+`; stty -isig; echo READY; while :; do sleep 0.01; done`)
		s.perform(cmd)
		s.wait("READY\r\n")
		if err := s.Signal(sig); err != nil {
			t.Errorf("%s: %v", key, err)
			continue
		}
		s.wait("GOT " + key)
		var exit *exec.ExitError
		if err := cmd.Wait(); errors.As(err, &exit) && exit.ExitCode() != 0 {
			t.Errorf("%s: %v", key, err)
		}
	}
}
