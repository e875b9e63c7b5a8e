package redirect

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// The kernel itself says that the same open file description is back.
func TestSameDescription(t *testing.T) {
	if !alone(t) {
		return
	}
	s := newScene(t)
	was, err := descriptor(1).dup()
	if err != nil {
		t.Fatal(err)
	}
	defer was.close()
	same := func() bool {
		const kcmpFile = 0
		pid := uintptr(os.Getpid())
		n, _, errno := unix.Syscall6(unix.SYS_KCMP, pid, pid, kcmpFile, 1, uintptr(was), 0)
		if errno != 0 {
			// Not every kernel has kcmp; the description's status flags and
			// offset are shared too.
			return sameByOffset(t, 1, int(was))
		}
		return n == 0
	}
	for _, opts := range [][]Option{nil, {Tee}, {Append}} {
		a := s.ok(Stdout(s.path("a"), opts...))
		b := s.ok(Both(s.path("b"), s.path("b"), opts...))
		if same() {
			t.Error("stdout was not switched")
		}
		s.restore(a)
		s.restore(b)
		if !same() {
			t.Error("another open file description came back")
		}
	}
}

func sameByOffset(t *testing.T, a, b int) bool {
	t.Helper()
	old, err := unix.Seek(a, 0, 1)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Seek(a, old, 0)
	if _, err := unix.Seek(a, old+12345, 0); err != nil {
		t.Fatal(err)
	}
	now, err := unix.Seek(b, 0, 1)
	return err == nil && now == old+12345
}

func TestTeeToTerminalThatHangsUp(t *testing.T) {
	if !alone(t) {
		return
	}
	s := newScene(t)
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	n, err := unix.IoctlGetUint32(int(master.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.IoctlSetPointerInt(int(master.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	slave, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	s.replace(1, int(slave.Fd()))
	slave.Close()
	r := s.ok(Stdout(s.path("log"), Tee))
	s.say(1, "seen\n")
	expect(t, master, "seen\r\n")
	master.Close()
	s.say(1, "unseen\n")
	if err := r.Restore(); !errors.Is(err, unix.EIO) || !strings.Contains(err.Error(), "7 bytes") {
		t.Errorf("Restore: %v", err)
	}
	s.want("log", "seen\nunseen\n")
}

func TestUnwritableFile(t *testing.T) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		if os.Geteuid() == 0 {
			// Root may write everything; this thread gives that up for its file
			// accesses and, still locked, ends with the goroutine.
			runtime.LockOSThread()
			if err := unix.Setfsuid(65534); err != nil {
				t.Error(err)
				return
			}
		}
		r, err := Stdout("/etc/passwd", Append)
		if r != nil || !errors.Is(err, os.ErrPermission) || !strings.Contains(err.Error(), "redirecting stdout: open /etc/passwd: permission denied") {
			t.Errorf("%v, %v", r, err)
		}
	}()
	<-done
}

// Children started while others redirect get their three descriptors and
// none of ours.
func TestNothingLeaksIntoChildren(t *testing.T) {
	if !alone(t) {
		return
	}
	s := newScene(t)
	list := func() string {
		out, err := exec.Command("ls", "/proc/self/fd").Output()
		if err != nil {
			t.Error(err)
		}
		return string(out)
	}
	want := list() // whoever runs the tests may leave more than three open
	stop := make(chan struct{})
	var wg sync.WaitGroup
	for g := range 3 {
		wg.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				r, err := Both(s.path(fmt.Sprint(g)), s.path("all"), Tee)
				if err != nil {
					t.Error(err)
					return
				}
				if err := r.Restore(); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for range 30 {
		if got := list(); got != want {
			t.Errorf("a child has %q, without redirections %q", got, want)
		}
	}
	close(stop)
	wg.Wait()
}
