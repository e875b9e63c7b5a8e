//go:build linux || darwin

package redirect

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

const aloneEnv = "REDIRECT_TEST_ALONE"

// alone has the test run in a process of its own, whose stdout and stderr it may
// do everything to. It is true in that process; in the other one the test has
// been run already and is to return.
func alone(t *testing.T) bool {
	t.Helper()
	if os.Getenv(aloneEnv) == t.Name() {
		return true
	}
	cmd := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$", "-test.count=1")
	// The race detector would have each process sleep for a second at its end.
	cmd.Env = append(os.Environ(), aloneEnv+"="+t.Name(), "GORACE=atexit_sleep_ms=0 "+os.Getenv("GORACE"))
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("in its own process: %v\n%s", err, out)
	}
	return false
}

// scene puts two regular files in the place of the terminal.
type scene struct {
	t   *testing.T
	dir string
}

func newScene(t *testing.T) *scene {
	s := &scene{t, t.TempDir()}
	for fd, name := range map[int]string{1: "term.out", 2: "term.err"} {
		f, err := os.OpenFile(s.path(name), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
		if err != nil {
			t.Fatal(err)
		}
		s.replace(fd, int(f.Fd()))
		f.Close()
	}
	return s
}

// replace has fd refer to with until the test ends.
func (s *scene) replace(fd, with int) {
	s.t.Helper()
	was, err := unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, 10)
	if err != nil {
		s.t.Fatal(err)
	}
	if err := unix.Dup2(with, fd); err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() {
		if err := unix.Dup2(was, fd); err != nil {
			s.t.Error(err)
		}
		unix.Close(was)
	})
}

// pipe has fd refer to a pipe and returns its reading end.
func (s *scene) pipe(fd int) *os.File {
	s.t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		s.t.Fatal(err)
	}
	s.replace(fd, int(w.Fd()))
	w.Close()
	s.t.Cleanup(func() { r.Close() })
	return r
}

func (s *scene) path(name string) string { return filepath.Join(s.dir, name) }

func (s *scene) want(name, text string) {
	s.t.Helper()
	got, err := os.ReadFile(s.path(name))
	if err != nil {
		s.t.Error(err)
	} else if string(got) != text {
		s.t.Errorf("%s holds %.300q, want %.300q", name, got, text)
	}
}

func (s *scene) put(name, text string) {
	s.t.Helper()
	if err := os.WriteFile(s.path(name), []byte(text), 0o600); err != nil {
		s.t.Fatal(err)
	}
}

// ok takes the two results of a redirection.
func (s *scene) ok(r *Redirection, err error) *Redirection {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
	return r
}

func (s *scene) restore(r *Redirection) {
	s.t.Helper()
	if err := r.Restore(); err != nil {
		s.t.Error(err)
	}
}

// say writes to the descriptor itself, as C code does.
func (s *scene) say(fd int, text string) {
	s.t.Helper()
	if n, err := unix.Write(fd, []byte(text)); err != nil || n != len(text) {
		s.t.Errorf("write to %d: %d, %v", fd, n, err)
	}
}

func (s *scene) sh(script string) {
	s.t.Helper()
	cmd := exec.Command("sh", "-c", script)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	if err := cmd.Run(); err != nil {
		s.t.Errorf("%s: %v", script, err)
	}
}

// expect reads from r until text has come.
func expect(t *testing.T, r io.Reader, text string) {
	t.Helper()
	var got bytes.Buffer
	one := make([]byte, 4096)
	for !strings.Contains(got.String(), text) {
		n, err := r.Read(one)
		got.Write(one[:n])
		if err != nil {
			t.Fatalf("waiting for %q after %.300q: %v", text, got.String(), err)
		}
	}
}

// snapshot tells what a descriptor is: file, flags, and for a regular file the
// description's offset.
func snapshot(fd int) string {
	flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0)
	if err != nil {
		return err.Error()
	}
	status, _ := unix.FcntlInt(uintptr(fd), unix.F_GETFL, 0)
	var st unix.Stat_t
	_ = unix.Fstat(fd, &st)
	return fmt.Sprintf("fd flags %d, status %#x, file %d:%d", flags, status, st.Dev, st.Ino)
}

// openFDs lists the process's descriptors.
func openFDs(t *testing.T) string {
	t.Helper()
	var list []string
	var lim unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &lim); err != nil {
		t.Fatal(err)
	}
	for fd := range int(min(lim.Cur, 1024)) {
		if s := snapshot(fd); !strings.Contains(s, "bad file") {
			list = append(list, fmt.Sprintf("%d: %s", fd, s))
		}
	}
	return strings.Join(list, "\n")
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Error(err)
	}
	return string(text)
}
