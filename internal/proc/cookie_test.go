//go:build linux

package proc

import (
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sluicerun/sluice/internal/testpeer"
)

func TestCookieOf(t *testing.T) {
	s := newSpawner(t, SpawnerOptions{})
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	sleep := func(env ...string) *Cmd { return &Cmd{Path: "/bin/sleep", Args: []string{"sleep", "1000"}, Env: env} }
	for name, c := range map[string]struct {
		cmd  *Cmd
		want marking
	}{
		"with":     {sleep("X=1", "PROC_COOKIE=a b=c"), marked},
		"another":  {sleep("X=1", "PROC_COOKIE=a b=cd", "XPROC_COOKIE=a b=c"), unmarked},
		"none":     {sleep(), unmarked},
		"headless": {&Cmd{Path: self, Env: []string{"PROC_TEST_HEADLESS=1", "PROC_COOKIE=a b=c"}}, marked},
	} {
		t.Run(name, func(t *testing.T) {
			r, w := pipeTo(t)
			c.cmd.Files = []*os.File{nil, w}
			p := start(t, s, c.cmd)
			if c.cmd.Path == self {
				line(t, r)
			}
			st, err := procIn("/").Stat(p.Pid())
			if err != nil {
				t.Fatal(err)
			}
			got := executing // Start returns in the middle of the execve
			for got == executing {
				got = cookieOf(procIn("/"), st, "PROC_COOKIE=a b=c")
			}
			if got != c.want {
				t.Errorf("%v, want %v of %+v", got, c.want, st)
			}
			_ = p.Signal(unix.SIGKILL)
			<-p.Exited()
			if got := cookieOf(procIn("/"), st, "PROC_COOKIE=a b=c"); got != missed {
				t.Errorf("of a zombie: %v", got)
			}
		})
	}
}

// Who has lost its place in the tree is found also when it has no environment
// to read, as it is in the middle of an execve.
func TestKillTreeInExecve(t *testing.T) {
	looper := filepath.Join(t.TempDir(), "looper")
	if err := os.WriteFile(looper, testpeer.Reexecuting(t), 0o700); err != nil {
		t.Fatal(err)
	}
	s := newSpawner(t, SpawnerOptions{})
	seen := 0
	for i := range 30 {
		cookie := strconv.Itoa(os.Getpid()) + "." + strconv.Itoa(i)
		// The cookie is not in the first piece that a small buffer takes.
		p := start(t, s, &Cmd{Path: looper, Env: []string{"LONG=" + strings.Repeat("x", 20000), "PROC_COOKIE=" + cookie}})
		if st, err := procIn("/").Stat(p.Pid()); err == nil && cookieOf(procIn("/"), st, "PROC_COOKIE="+cookie) == executing {
			seen++
		}
		if left := KillTree(KillOptions{Everywhere: true, Key: "PROC_COOKIE", Value: cookie, Timeout: time.Minute}); left != nil {
			t.Errorf("survivors %v", left)
		}
		if !p.Ended() {
			t.Fatalf("round %d: it was not found", i)
		}
	}
	t.Logf("%d of 30 were first seen in the middle of an execve", seen)
}

// A chain of short lives in sessions of their own, of which nobody is a child
// of ours.
func TestKillTreeForkerEverywhere(t *testing.T) {
	if !inner(t) {
		return
	}
	s := newSpawner(t, SpawnerOptions{})
	for range 5 {
		r, w := pipeTo(t)
		c := sh(`echo up; f() { (f) & exit; }; f`)
		c.Env = append(c.Env, "PROC_COOKIE=forker")
		c.Files = []*os.File{nil, w}
		p := start(t, s, c)
		w.Close()
		line(t, r)
		if left := KillTree(KillOptions{Everywhere: true, Key: "PROC_COOKIE", Value: "forker", Timeout: time.Minute}); left != nil {
			t.Errorf("survivors %v", left)
		}
		if rest, err := io.ReadAll(r); err != nil || len(rest) > 0 {
			t.Errorf("%q, %v", rest, err)
		}
		<-p.Exited()
		r.Close()
	}
}
