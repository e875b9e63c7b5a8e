//go:build linux

package proc

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"github.com/sluicerun/sluice/internal/testpeer"
	"github.com/sluicerun/sluice/job"
)

// fakeTree makes a root directory with the given files.
func fakeTree(t *testing.T, files map[string]string) string {
	t.Helper()
	root := t.TempDir()
	for name, text := range files {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		write(t, path, text, 0o644)
	}
	return root
}

const (
	mountV2     = "31 23 0:28 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate,memory_recursiveprot\n"
	mountHybrid = `31 23 0:28 / /sys/fs/cgroup ro,nosuid - tmpfs tmpfs ro,mode=755
35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory
40 31 0:37 / /sys/fs/cgroup/systemd rw,relatime - cgroup cgroup rw,xattr,name=systemd
41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw
`
	cgroupHybrid = "9:name=systemd:/\n4:memory:/jobs/17\n0::/jobs\n"
)

// TestFindCgroup: trees as they are found on machines; want is the directory
// that is made, or the reason why there is none.
func TestFindCgroup(t *testing.T) {
	for _, c := range []struct {
		name, mountinfo, cgroup string
		procs                   string // the directory that has cgroup.procs
		want, reason            string
	}{
		{"v2", mountV2, "0::/\n", "sys/fs/cgroup", "sys/fs/cgroup/sluice-r", ""},
		{"systemd user slice", mountV2, "0::/user.slice/user-1000.slice/user@1000.service/app.slice/run-1.scope\n",
			"sys/fs/cgroup/user.slice/user-1000.slice/user@1000.service/app.slice/run-1.scope",
			"sys/fs/cgroup/user.slice/user-1000.slice/user@1000.service/app.slice/run-1.scope/sluice-r", ""},
		{"hybrid", mountHybrid, cgroupHybrid, "sys/fs/cgroup/unified/jobs", "sys/fs/cgroup/unified/jobs/sluice-r", ""},
		{"v1 only", strings.ReplaceAll(mountHybrid, "cgroup2 cgroup2", "cgroup cgroup"), "4:memory:/jobs\n", "sys/fs/cgroup/memory/jobs", "",
			"the kernel has cgroup v1 only"},
		{"not mounted", "31 23 0:28 / /sys rw - sysfs sysfs rw\n", "0::/\n", "sys/fs/cgroup", "", "cgroup2 is not mounted"},
		{"read-only mount", strings.Replace(mountV2, "rw,nosuid", "ro,nosuid", 1), "0::/\n", "sys/fs/cgroup", "", "/sys/fs/cgroup is mounted read-only"},
		{"read-only file system", strings.Replace(mountV2, "cgroup2 rw", "cgroup2 ro", 1), "0::/\n", "sys/fs/cgroup", "", "/sys/fs/cgroup is mounted read-only"},
		{"container without cgroup namespace", strings.Replace(mountV2, " / /sys", " /docker/abc /sys", 1), "0::/docker/abc/x\n", "sys/fs/cgroup/x", "sys/fs/cgroup/x/sluice-r", ""},
		{"another's part of the tree", strings.Replace(mountV2, " / /sys", " /docker/abc /sys", 1), "0::/docker/abcd\n", "sys/fs/cgroup", "",
			"our own cgroup /docker/abcd is outside of what is mounted here"},
		{"outside of the namespace", mountV2, "0::/../other\n", "sys/fs/cgroup", "", "our own cgroup /../other is outside of what is mounted here"},
		{"two mounts", mountV2 + strings.Replace(mountV2, "/sys/fs/cgroup", "/run/my\\040cgroups", 1), "0::/a\n", "run/my cgroups/a", "run/my cgroups/a/sluice-r", ""},
		{"no right", mountV2, "0::/a\n", "sys/fs/cgroup/b", "", "{}/sys/fs/cgroup/a is not writable for us: no such file or directory"},
	} {
		t.Run(c.name, func(t *testing.T) {
			root := fakeTree(t, map[string]string{
				"proc/self/mountinfo": c.mountinfo, "proc/self/cgroup": c.cgroup, c.procs + "/cgroup.procs": "",
			})
			g, err := NewCgroups(root, "r")
			if c.want == "" {
				if !errors.Is(err, ErrNoCgroup) {
					t.Fatalf("%v", err)
				}
				if got, want := strings.ReplaceAll(err.Error(), root, "{}"), "no cgroup v2 for the workers: "+c.reason; got != want {
					t.Errorf("got %s\nwant %s", got, want)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if want := filepath.Join(root, c.want); g.Path() != want || gone(want) {
				t.Errorf("%s, want %s", g.Path(), want)
			}
			w, err := g.Worker("../7")
			if err != nil || w.Path() != g.Path()+"/___7" {
				t.Errorf("%v, %v", w, err)
			}
			if err := g.Remove(); err != nil || !gone(g.Path()) {
				t.Errorf("Remove: %v", err)
			}
		})
	}
	if _, err := NewCgroups(t.TempDir(), "r"); !errors.Is(err, ErrNoCgroup) || !errors.Is(err, os.ErrNotExist) {
		t.Errorf("without /proc: %v", err)
	}
}

// newCgroups makes real ones, or skips with the reason.
func newCgroups(t testing.TB) *Cgroups {
	t.Helper()
	g, err := NewCgroups("/", fmt.Sprintf("test-%d-%d", os.Getpid(), time.Now().UnixNano()))
	if err != nil {
		if os.Geteuid() != 0 {
			t.Skipf("needs root, or a delegated cgroup: %v", err)
		}
		testpeer.Missing(t, "%v", err)
	}
	t.Cleanup(func() {
		_ = g.Kill()
		g.WaitEmpty(10 * time.Second)
		if err := g.Remove(); err != nil {
			t.Error(err)
		}
	})
	return g
}

// escape is a worker that forks twice into new sessions and prints the
// grandchild's number. The grandchild holds the worker's stdout.
const escape = `setsid sh -c 'setsid sh -c "trap : HUP INT TERM; echo \$\$; sleep 1000; sleep 1000" & sleep 1000' & wait`

func TestCgroupKillsEscaped(t *testing.T) {
	testpeer.Need(t, "setsid", "util-linux")
	g := newCgroups(t)
	s := newSpawner(t, SpawnerOptions{})
	for name, kill := range map[string]func(*Cgroup) error{
		"by the kernel": (*Cgroup).Kill,
		"one by one":    func(c *Cgroup) error { return c.Signal(unix.SIGKILL) },
	} {
		t.Run(name, func(t *testing.T) {
			c, err := g.Worker(cgroupName(name))
			if err != nil {
				t.Fatal(err)
			}
			if c.Populated() || !c.WaitEmpty(0) {
				t.Error("populated before the start")
			}
			r, w := pipeTo(t)
			cmd := sh(escape)
			cmd.Files, cmd.Cgroup = []*os.File{nil, w}, c
			p := start(t, s, cmd)
			w.Close()
			line(t, r)
			if in, err := p.Cgroup(); in != c || err != nil {
				t.Errorf("cgroup %v, %v", in, err)
			}
			if !c.Populated() || c.WaitEmpty(time.Millisecond) {
				t.Error("not populated")
			}
			pids, err := c.Pids()
			if err != nil || len(pids) < 4 || !slices.Contains(pids, p.Pid()) {
				t.Errorf("processes %v, %v", pids, err)
			}
			if err := c.Remove(); !errors.Is(err, unix.EBUSY) {
				t.Errorf("Remove while in use: %v", err)
			}
			if err := kill(c); err != nil {
				t.Fatal(err)
			}
			if rest, err := io.ReadAll(r); err != nil || len(rest) > 0 {
				t.Errorf("%q, %v", rest, err)
			}
			<-p.Exited()
			if !c.WaitEmpty(10 * time.Second) {
				t.Error("not empty after the kill")
			}
			if err := c.Remove(); err != nil {
				t.Error(err)
			}
			if err := c.Remove(); err != nil {
				t.Errorf("second Remove: %v", err)
			}
			if err := c.Kill(); err != nil {
				t.Errorf("Kill of what is gone: %v", err)
			}
			if pids, err := c.Pids(); err != nil || len(pids) != 0 {
				t.Errorf("processes of what is gone: %v, %v", pids, err)
			}
		})
	}
}

// Another process can end a run whose agent is dead, by the path alone, also
// when workers made cgroups of their own.
func TestOpenCgroups(t *testing.T) {
	g := newCgroups(t)
	c, err := g.Worker("0")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(c.Path()+"/own", 0o755); err != nil {
		t.Fatal(err)
	}
	s := newSpawner(t, SpawnerOptions{})
	cmd := sh("echo $$ > $1/own/cgroup.procs && echo up; sleep 1000; sleep 1000", c.Path())
	r, w := pipeTo(t)
	cmd.Files, cmd.Cgroup = []*os.File{nil, w}, c
	p := start(t, s, cmd)
	w.Close()
	if got := line(t, r); got != "up" {
		t.Fatal(got)
	}
	again := OpenCgroups(g.Path())
	if pids, err := again.Pids(); err != nil || !slices.Contains(pids, p.Pid()) {
		t.Errorf("processes %v, %v; want %d among them", pids, err, p.Pid())
	}
	if err := again.Kill(); err != nil {
		t.Fatal(err)
	}
	<-p.Exited()
	if !again.WaitEmpty(10 * time.Second) {
		t.Error("not empty")
	}
	if err := again.Remove(); err != nil {
		t.Error(err)
	}
}

// A cgroup that cannot be had costs the cgroup, not the start.
func TestStartWithoutCgroup(t *testing.T) {
	s := newSpawner(t, SpawnerOptions{})
	for name, path := range map[string]string{"gone": t.TempDir() + "/none", "no cgroup": t.TempDir()} {
		cmd := sh("exit 4")
		cmd.Cgroup = OpenCgroup(path)
		p := start(t, s, cmd)
		<-p.Exited()
		if st := p.Status(); st.Code != 4 {
			t.Errorf("%s: %+v", name, st)
		}
		if c, err := p.Cgroup(); c != nil || err == nil || !strings.HasPrefix(err.Error(), "starting in cgroup "+path+": ") {
			t.Errorf("%s: %v, %v", name, c, err)
		}
	}
	cmd := &Cmd{Path: "/nowhere", Cgroup: OpenCgroup(t.TempDir())}
	if _, err := s.Start(cmd); err == nil || err.Error() != "starting /nowhere: no such file or directory" {
		t.Errorf("%v", err)
	}
}

func TestStagedInCgroup(t *testing.T) {
	g := newCgroups(t)
	c, err := g.Worker("0")
	if err != nil {
		t.Fatal(err)
	}
	s := newSpawner(t, SpawnerOptions{})
	got := output(t, s, &Cmd{Path: "/bin/cat", Args: []string{"cat", "/proc/self/cgroup"}, Cgroup: c, Rlimits: []job.Rlimit{{Name: "core"}}})
	if want := "/" + filepath.Base(g.Path()) + "/0\n"; !strings.Contains(got, want) {
		t.Errorf("%q, want it to name %q", got, want)
	}
}

// Late joining is for kernels without clone into a cgroup.
func TestLateJoin(t *testing.T) {
	g := newCgroups(t)
	c, err := g.Worker("0")
	if err != nil {
		t.Fatal(err)
	}
	s := newSpawner(t, SpawnerOptions{})
	p := start(t, s, sh("exec sleep 1000"))
	why := c.join(p.Pid(), unix.ENOSYS)
	if joined(c, why) != c || !errors.Is(why, unix.ENOSYS) {
		t.Errorf("%v", why)
	}
	if pids, err := c.Pids(); err != nil || !slices.Equal(pids, []int{p.Pid()}) {
		t.Errorf("%v, %v", pids, err)
	}
}

func TestCgroupSignalForks(t *testing.T) {
	g := newCgroups(t)
	c, err := g.Worker("0")
	if err != nil {
		t.Fatal(err)
	}
	s := newSpawner(t, SpawnerOptions{})
	cmd := sh("sleep 1000 & sleep 1000 & sleep 1000 & echo up; wait")
	r, w := pipeTo(t)
	cmd.Files, cmd.Cgroup = []*os.File{nil, w}, c
	p := start(t, s, cmd)
	w.Close()
	line(t, r)
	if err := c.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadAll(r); err != nil {
		t.Error(err)
	}
	<-p.Exited()
	if st := p.Status(); st.Signal != syscall.SIGTERM {
		t.Errorf("%+v", st)
	}
}

func TestOOMKillsOfCgroup(t *testing.T) {
	dir := t.TempDir()
	write(t, dir+"/memory.events", "low 0\nhigh 0\nmax 12\noom 3\noom_kill 2\noom_group_kill 0\n", 0o600)
	if n, ok := OpenCgroup(dir).OOMKills(); n != 2 || !ok {
		t.Errorf("%d, %v", n, ok)
	}
	if _, ok := OpenCgroup(t.TempDir()).OOMKills(); ok {
		t.Error("counted without a counter")
	}
}

func TestParsePids(t *testing.T) {
	// 0 is a process outside of the pid namespace, and "everybody" to kill.
	if diff := cmp.Diff([]int{12, 7}, parsePids([]byte("12\n0\n7\n-3\nx\n"))); diff != "" {
		t.Error(diff)
	}
}

func TestFindCgroupsNamesWhatNewCgroupsMakes(t *testing.T) {
	g, err := NewCgroups("/", "find.me")
	if errors.Is(err, ErrNoCgroup) {
		if FindCgroups("/", "find.me") == "/sluice-find_me" {
			t.Error("it names a directory outside of every cgroup")
		}
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	defer g.Remove()
	if got := FindCgroups("/", "find.me"); got != g.Path() {
		t.Errorf("got %s, want %s", got, g.Path())
	}
}
