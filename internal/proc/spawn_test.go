//go:build linux

package proc

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/sluicerun/sluice/job"
)

func TestStatus(t *testing.T) {
	s := newSpawner(t, SpawnerOptions{})
	for _, c := range []struct {
		script string
		want   Status
	}{
		{"exit 0", Status{Kind: job.KindExited}},
		{"exit 7", Status{Kind: job.KindExited, Code: 7}},
		{"exit 255", Status{Kind: job.KindExited, Code: 255}},
		{"kill -TERM $$", Status{Kind: job.KindSignaled, Signal: unix.SIGTERM}},
		{"kill -KILL $$", Status{Kind: job.KindSignaled, Signal: unix.SIGKILL}},
		{"ulimit -c 0; kill -SEGV $$", Status{Kind: job.KindSignaled, Signal: unix.SIGSEGV}},
		{"kill -40 $$", Status{Kind: job.KindSignaled, Signal: 40}},
	} {
		p := start(t, s, sh(c.script))
		<-p.Exited()
		if got := p.Status(); got != c.want {
			t.Errorf("%s: %+v, want %+v", c.script, got, c.want)
		}
	}
}

func TestCoreIsTold(t *testing.T) {
	pattern := sysctl("kernel/core_pattern")
	if strings.HasPrefix(pattern, "|") || strings.HasPrefix(pattern, "/") {
		t.Skipf("cores are not written here but to %s", pattern)
	}
	s := newSpawner(t, SpawnerOptions{})
	c := sh("ulimit -c unlimited || exit 9; kill -ABRT $$")
	c.Dir = t.TempDir()
	p := start(t, s, c)
	<-p.Exited()
	if got := p.Status(); got.Code == 9 {
		t.Skip("the hard limit forbids cores")
	} else if want := (Status{Kind: job.KindSignaled, Signal: unix.SIGABRT, Core: true}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
}

// The leader stays a zombie, and the owner of its numbers, until Reap.
func TestPinnedUntilReap(t *testing.T) {
	s := newSpawner(t, SpawnerOptions{})
	r, w := pipeTo(t)
	gate, open, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer gate.Close()
	c := sh("read line; sleep 1000 & exit 3")
	c.Files = []*os.File{gate, w}
	p := start(t, s, c)
	w.Close()
	if sid, err := unix.Getsid(p.Pid()); err != nil || sid != p.Pid() {
		t.Errorf("session %d (%v), want its own, %d", sid, err, p.Pid())
	}
	if _, err := p.Reap(); !errors.Is(err, ErrNotEnded) {
		t.Errorf("Reap of a running process: %v", err)
	}
	open.Close()
	<-p.Exited()
	if st, err := procIn("/").Stat(p.Pid()); err != nil || st.State != 'Z' || !st.Dead() {
		t.Errorf("after its end: %+v, %v; want a zombie", st, err)
	}
	if err := p.SignalGroup(unix.SIGKILL); err != nil {
		t.Error(err)
	}
	if rest, err := io.ReadAll(r); err != nil || len(rest) > 0 { // EOF: sleep is dead
		t.Errorf("%q, %v", rest, err)
	}
	ru, err := p.Reap()
	if err != nil || ru.MaxRSS <= 0 {
		t.Errorf("Reap: %+v, %v", ru, err)
	}
	if again, err := p.Reap(); err != nil || again != ru {
		t.Errorf("second Reap: %+v, %v; want %+v", again, err, ru)
	}
	if s.Owns(p.Pid()) {
		t.Error("still owned after Reap")
	}
	for name, f := range map[string]func(syscall.Signal) error{"Signal": p.Signal, "SignalGroup": p.SignalGroup, "Stop": p.Stop} {
		if err := f(unix.SIGTERM); !errors.Is(err, os.ErrProcessDone) {
			t.Errorf("%s after Reap: %v", name, err)
		}
	}
}

func TestStopWakesStopped(t *testing.T) {
	s := newSpawner(t, SpawnerOptions{})
	r, w := pipeTo(t)
	c := sh(`trap "echo asked; exit 5" TERM; echo ready; kill -STOP $$; while :; do sleep 1000 & wait $!; done`)
	c.Files = []*os.File{nil, w}
	p := start(t, s, c)
	w.Close()
	line(t, r)
	if _, _, err := waitFor(unix.P_PID, p.Pid(), unix.WSTOPPED|unix.WNOWAIT, nil); err != nil {
		t.Fatal(err)
	}
	if err := p.Stop(unix.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if got := line(t, r); got != "asked" {
		t.Errorf("%q", got)
	}
	<-p.Exited()
	if got := p.Status(); got.Code != 5 {
		t.Errorf("%+v", got)
	}
}

func TestOnExit(t *testing.T) {
	s := newSpawner(t, SpawnerOptions{})
	p, err := s.Start(sh("exec sleep 0.05"))
	if err != nil {
		t.Fatal(err)
	}
	told := make(chan Status, 2)
	p.OnExit(func() { told <- p.Status() })
	if st := <-told; st.Kind != job.KindExited || st.Code != 0 {
		t.Errorf("told of %+v", st)
	}
	p.OnExit(func() { told <- p.Status() }) // late: at once
	<-told
	if _, err := p.Reap(); err != nil {
		t.Error(err)
	}
}

// Kernels without pidfds: a thread waits, all else is the same.
func TestWithoutPidfd(t *testing.T) {
	s := newSpawner(t, SpawnerOptions{})
	a := attempt{spawner: s, forkExec: s.fork, cmd: sh("exec sleep 1000"), path: "/bin/sh"}
	pid, pidfd, err := a.fork("/bin/sh", a.cmd.Args, a.cmd.Env, a.files())
	if err != nil {
		t.Fatal(err)
	}
	unix.Close(pidfd)
	p := newProcess(s, pid, -1, nil, nil)
	if err := p.Signal(unix.SIGINT); err != nil {
		t.Fatal(err)
	}
	<-p.Exited()
	if got := p.Status(); got.Signal != unix.SIGINT {
		t.Errorf("%+v", got)
	}
	if _, err := p.Reap(); err != nil {
		t.Error(err)
	}
}

func TestRefusesEverybody(t *testing.T) {
	for _, pid := range []int{-7, -1, 0, 1} {
		if err := killGroup(pid, 0); err != unix.EINVAL {
			t.Errorf("group %d: %v", pid, err)
		}
		if err := killPid(pid, 0); err != unix.EINVAL {
			t.Errorf("process %d: %v", pid, err)
		}
	}
}

// Only what was asked for reaches the child, whatever is open here or was
// inherited.
func TestDescriptors(t *testing.T) {
	if !inner(t) {
		return
	}
	if err := SweepDescriptors(); err != nil {
		t.Fatal(err)
	}
	s := newSpawner(t, SpawnerOptions{})
	dir := t.TempDir()
	extra, err := os.Create(filepath.Join(dir, "extra"))
	if err != nil {
		t.Fatal(err)
	}
	defer extra.Close()
	pipeTo(t)
	for _, limits := range [][]job.Rlimit{nil, {{Name: "core"}}} {
		// When it has stopped, its loader has closed what it opened.
		p := start(t, s, &Cmd{Path: "/bin/sh", Args: []string{"sh", "-c", "kill -STOP $$"}, Files: []*os.File{nil, nil, nil, nil, extra}, Rlimits: limits})
		if _, _, err := waitFor(unix.P_PID, p.Pid(), unix.WSTOPPED|unix.WNOWAIT, nil); err != nil {
			t.Fatal(err)
		}
		fds, err := os.ReadDir("/proc/" + strconv.Itoa(p.Pid()) + "/fd")
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, fd := range fds {
			to, _ := os.Readlink("/proc/" + strconv.Itoa(p.Pid()) + "/fd/" + fd.Name())
			got = append(got, fd.Name()+" "+to)
		}
		want := []string{"0 /dev/null", "1 /dev/null", "2 /dev/null", "3 /dev/null", "4 " + extra.Name()}
		if !slices.Equal(got, want) {
			t.Errorf("limits %v: %q, want %q", limits, got, want)
		}
	}
}

func TestSweepDescriptors(t *testing.T) {
	if !inner(t) {
		return
	}
	var fds [3]int
	for i := range fds {
		fd, err := unix.Open("/dev/null", unix.O_RDONLY, 0) // not close-on-exec
		if err != nil {
			t.Fatal(err)
		}
		fds[i] = fd
	}
	if err := SweepDescriptors(fds[1], -1, 0); err != nil {
		t.Fatal(err)
	}
	for i, fd := range fds {
		flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0)
		if err != nil {
			t.Fatal(err)
		}
		if kept := flags&unix.FD_CLOEXEC == 0; kept != (i == 1) {
			t.Errorf("descriptor %d: kept %v", i, kept)
		}
	}
	if flags, err := unix.FcntlInt(2, unix.F_GETFD, 0); err != nil || flags&unix.FD_CLOEXEC != 0 {
		t.Errorf("stderr: flags %d, %v", flags, err)
	}
}

func TestNice(t *testing.T) {
	s := newSpawner(t, SpawnerOptions{Nice: 3})
	before, err := unix.Getpriority(unix.PRIO_PROCESS, 0)
	if err != nil {
		t.Fatal(err)
	}
	p := start(t, s, sh("exec sleep 1000"))
	got, err := unix.Getpriority(unix.PRIO_PROCESS, p.Pid())
	if err != nil || got != before-3 {
		t.Errorf("priority %d (%v), ours is %d: want 3 nicer", 20-got, err, 20-before)
	}
}

// A sleeping gang costs no threads.
func TestManySleepersFewThreads(t *testing.T) {
	const n = 500
	s := newSpawner(t, SpawnerOptions{})
	r, w := pipeTo(t)
	var ps []*Process
	for range n {
		p, err := s.Start(&Cmd{Path: "/bin/sleep", Args: []string{"sleep", "1000"}, Files: []*os.File{nil, w}})
		if err != nil {
			t.Fatal(err)
		}
		ps = append(ps, p)
	}
	w.Close()
	tasks, err := os.ReadDir("/proc/self/task")
	if err != nil {
		t.Fatal(err)
	}
	if len(tasks) > 60 {
		t.Errorf("%d threads for %d children", len(tasks), n)
	}
	for _, p := range ps {
		if err := p.Signal(unix.SIGKILL); err != nil {
			t.Error(err)
		}
	}
	if _, err := io.ReadAll(r); err != nil {
		t.Error(err)
	}
	for _, p := range ps {
		<-p.Exited()
		if st := p.Status(); st.Signal != unix.SIGKILL {
			t.Errorf("%+v", st)
		}
		if _, err := p.Reap(); err != nil {
			t.Error(err)
		}
	}
}

func TestClosedSpawner(t *testing.T) {
	s := newSpawner(t, SpawnerOptions{})
	s.Close()
	if _, err := s.Start(sh("exit 0")); !errors.Is(err, ErrClosed) {
		t.Errorf("%v", err)
	}
}

// Starts from many goroutines at once.
func TestConcurrentStarts(t *testing.T) {
	s := newSpawner(t, SpawnerOptions{})
	var wg sync.WaitGroup
	for i := range 40 {
		wg.Go(func() {
			p, err := s.Start(sh("exit " + strconv.Itoa(i)))
			if err != nil {
				t.Error(err)
				return
			}
			<-p.Exited()
			if st := p.Status(); st.Code != i {
				t.Errorf("%d: %+v", i, st)
			}
			if _, err := p.Reap(); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}

// Whoever ends us, the children end: by the stage as well, whose exec may come
// from another thread than the one that has the setting.
func TestParentDeathSignal(t *testing.T) {
	for name, limits := range map[string][]job.Rlimit{"plain": nil, "staged": {{Name: "core"}}} {
		t.Run(name, func(t *testing.T) {
			s := newSpawner(t, SpawnerOptions{Pdeathsig: unix.SIGUSR1})
			c := sh("exec sleep 1000")
			c.Rlimits = limits
			p := start(t, s, c)
			s.Close()
			<-p.Exited()
			if st := p.Status(); st.Signal != unix.SIGUSR1 {
				t.Errorf("%+v", st)
			}
		})
	}
}

func TestParentKilled(t *testing.T) {
	if os.Getenv(innerEnv) == t.Name() {
		s := newSpawner(t, SpawnerOptions{Pdeathsig: unix.SIGKILL})
		for _, limits := range [][]job.Rlimit{nil, {{Name: "core"}}} {
			c := sh("echo up; exec sleep 1000")
			c.Files, c.Rlimits = []*os.File{nil, os.NewFile(3, "pipe")}, limits
			start(t, s, c)
		}
		select {}
	}
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	s := newSpawner(t, SpawnerOptions{})
	r, w := pipeTo(t)
	p := start(t, s, &Cmd{Path: exe, Args: []string{exe, "-test.run=^" + t.Name() + "$"},
		Env: append(os.Environ(), innerEnv+"="+t.Name()), Files: []*os.File{nil, nil, nil, w}})
	w.Close()
	line(t, r)
	line(t, r)
	if err := p.Signal(unix.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if rest, err := io.ReadAll(r); err != nil || len(rest) > 0 {
		t.Errorf("%q, %v", rest, err)
	}
}

// statusField reads a field of /proc/<pid>/status as the child itself saw it.
func statusField(t *testing.T, status, key string) string {
	t.Helper()
	for l := range strings.Lines(status) {
		if v, ok := strings.CutPrefix(l, key+":"); ok {
			return strings.TrimSpace(v)
		}
	}
	t.Fatalf("no %s in %q", key, status)
	return ""
}

// withoutLibc takes signals 32 and 33 out of a mask: they are the C library's own,
// and who starts the tests may have left them ignored.
func withoutLibc(t *testing.T, mask string) string {
	t.Helper()
	m, err := strconv.ParseUint(mask, 16, 64)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("%016x", m&^(3<<31))
}

// Signals: nothing blocked, nothing ignored but a hangup that nohup ignored.
func TestSignalDispositions(t *testing.T) {
	for name, c := range map[string]struct{ trap, ignored string }{
		"plain": {":", "0000000000000000"},
		"nohup": {"trap '' HUP", "0000000000000001"},
	} {
		t.Run(name, func(t *testing.T) {
			if !inner(t, "/bin/sh", "-c", c.trap+`; exec "$0" "$@"`) {
				return
			}
			s := newSpawner(t, SpawnerOptions{Pdeathsig: unix.SIGKILL})
			for _, limits := range [][]job.Rlimit{nil, {{Name: "core"}}} {
				got := output(t, s, &Cmd{Path: "/bin/cat", Args: []string{"cat", "/proc/self/status"}, Rlimits: limits})
				if ign := withoutLibc(t, statusField(t, got, "SigIgn")); ign != c.ignored {
					t.Errorf("limits %v: ignored %s, want %s", limits, ign, c.ignored)
				}
				if blk := statusField(t, got, "SigBlk"); blk != "0000000000000000" {
					t.Errorf("limits %v: blocked %s", limits, blk)
				}
			}
		})
	}
}

// Go raises its own limit of open files; the children have the user's.
func TestOpenFilesLimit(t *testing.T) {
	if !inner(t, "/bin/sh", "-c", `ulimit -Sn 777; exec "$0" "$@"`) {
		return
	}
	s := newSpawner(t, SpawnerOptions{})
	for _, c := range []struct {
		limits []job.Rlimit
		want   string
	}{
		{nil, "777"},
		{[]job.Rlimit{{Name: "core", Soft: 0, Hard: 0}}, "777"},
		{[]job.Rlimit{{Name: "nofile", Soft: 500, Hard: 600}}, "500"},
	} {
		cmd := sh("ulimit -Sn")
		cmd.Rlimits = c.limits
		if got := strings.TrimSpace(output(t, s, cmd)); got != c.want {
			t.Errorf("limits %v: %s open files, want %s", c.limits, got, c.want)
		}
	}
}
