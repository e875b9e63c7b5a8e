//go:build amd64 || arm64

package ptrace

import (
	"bufio"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"
	"golang.org/x/sys/unix"

	"github.com/sluicerun/sluice/internal/testpeer"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// program is a process that says a line when it is ready, and ends with its stdin.
type program struct {
	t   *testing.T
	pid int
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Reader
	err strings.Builder
}

// compiled builds a program of testdata.
func compiled(t *testing.T, name string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	out, err := exec.Command(testpeer.Need(t, "gcc", "gcc"), "-O1", "-Wall", "-pthread", "-o", path, "testdata/"+name+".c").CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return path
}

func start(t *testing.T, name string, arg ...string) *program {
	t.Helper()
	p := &program{t: t, cmd: exec.Command(name, arg...)}
	var err error
	if p.in, err = p.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	p.out = bufio.NewReader(out)
	p.cmd.Stderr = &p.err
	// A group of its own: SIGTSTP means nothing to the orphaned group that tests may
	// be of, whose leader has no parent in the session.
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	p.pid = p.cmd.Process.Pid
	t.Cleanup(func() {
		if p.cmd.ProcessState == nil {
			p.cmd.Process.Kill()
			p.cmd.Wait()
		}
	})
	return p
}

// says waits for a line.
func (p *program) says(want string) {
	p.t.Helper()
	if line, err := p.out.ReadString('\n'); line != want+"\n" {
		p.t.Fatalf("it says %q (%v), not %q", line, err, want)
	}
}

// end closes its stdin and waits for it.
func (p *program) end() error {
	p.in.Close()
	io.Copy(io.Discard, p.out)
	return p.cmd.Wait()
}

// await waits until something is so.
func await(t *testing.T, what string, so func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !so(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("in vain: ", what)
		}
	}
}

// probe stops a process and asks it for its pid.
func probe(pid int) (Report, error) {
	return Stop(context.Background(), pid, false, func(s *Stopped) error {
		n, err := s.Syscall(unix.SYS_GETPID)
		if err == nil && int(n) != pid {
			err = errors.New("that is another's pid")
		}
		return err
	})
}

func state(pid int) byte {
	st, err := proc.Stat(pid)
	if err != nil {
		return 0
	}
	return st.State
}

func devNull(t *testing.T) *os.File {
	t.Helper()
	f, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}
