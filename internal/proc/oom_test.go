//go:build linux

package proc

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sluicerun/sluice/internal/testpeer"
)

// TestOOMCounters: which counter is asked, on trees of machines.
func TestOOMCounters(t *testing.T) {
	const events = "low 0\noom 1\noom_kill 1\n"
	for _, c := range []struct {
		name  string
		files map[string]string
		cg    string // the worker's cgroup
		rises string // the counter that rises
		want  string
	}{
		{"the worker's own", map[string]string{
			"proc/self/mountinfo": mountV2, "proc/self/cgroup": "0::/a/b\n", "proc/vmstat": events,
			"sys/fs/cgroup/a/b/w/memory.events": events, "sys/fs/cgroup/a/b/memory.events": events,
		}, "sys/fs/cgroup/a/b/w", "sys/fs/cgroup/a/b/w/memory.events", "the worker's own cgroup"},
		{"ours", map[string]string{
			"proc/self/mountinfo": mountV2, "proc/self/cgroup": "0::/a/b\n", "proc/vmstat": events,
			"sys/fs/cgroup/a/memory.events": events, "sys/fs/cgroup/a/b/w/cgroup.procs": "",
		}, "sys/fs/cgroup/a/b/w", "sys/fs/cgroup/a/memory.events", "the count of a cgroup that other processes share"},
		{"v1", map[string]string{
			"proc/self/mountinfo": mountHybrid, "proc/self/cgroup": cgroupHybrid, "proc/vmstat": events,
			"sys/fs/cgroup/memory/jobs/17/memory.oom_control": "oom_kill_disable 0\nunder_oom 0\noom_kill 1\n",
		}, "", "sys/fs/cgroup/memory/jobs/17/memory.oom_control", "the count of a cgroup that other processes share"},
		{"machine", map[string]string{
			"proc/self/mountinfo": mountV2, "proc/self/cgroup": "0::/\n", "proc/vmstat": "nr_free_pages 5\noom_kill 1\n",
		}, "", "proc/vmstat", "the count of the whole machine, so it may have been another process"},
	} {
		t.Run(c.name, func(t *testing.T) {
			root := fakeTree(t, c.files)
			var cg *Cgroup
			if c.cg != "" {
				cg = OpenCgroup(filepath.Join(root, c.cg))
			}
			w := NewOOMWatch(root, cg)
			if killed, why := w.Killed(); killed || why != "" {
				t.Errorf("nothing rose: %v, %q", killed, why)
			}
			path := filepath.Join(root, c.rises)
			// The counter lags behind the question.
			time.AfterFunc(time.Millisecond, func() {
				_ = os.WriteFile(path+"~", []byte(strings.Replace(c.files[c.rises], "oom_kill 1", "oom_kill 3", 1)), 0o600)
				_ = os.Rename(path+"~", path)
			})
			killed := false
			var why string
			for !killed {
				killed, why = w.Killed()
			}
			if want := "oom_kill in " + path + " rose from 1 to 3: " + c.want; why != want {
				t.Errorf("%q, want %q", why, want)
			}
		})
	}
	if killed, _ := NewOOMWatch(t.TempDir(), nil).Killed(); killed {
		t.Error("killed without a counter")
	}
}

// A real kill: in a memory cgroup of 64 MiB, v1 or v2, whichever there is.
func TestOOMReal(t *testing.T) {
	testpeer.NeedRoot(t, "makes a memory cgroup")
	const dirEnv = "PROC_TEST_MEMCG"
	if os.Getenv(innerEnv) != t.Name() {
		dir := memoryCgroup(t)
		t.Setenv(dirEnv, dir)
	}
	if !inner(t) {
		return
	}
	dir := os.Getenv(dirEnv)
	if err := writeControl(dir+"/cgroup.procs", strconv.Itoa(os.Getpid())); err != nil {
		t.Fatal(err)
	}
	s := newSpawner(t, SpawnerOptions{})
	w := NewOOMWatch("/", nil)
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	by := func(c *Cmd) Status {
		p := start(t, s, c)
		<-p.Exited()
		return p.Status()
	}
	if st := by(sh("kill -KILL $$")); st.Signal != unix.SIGKILL {
		t.Fatalf("%+v", st)
	}
	if killed, why := w.Killed(); killed {
		t.Errorf("a plain SIGKILL is taken for the OOM killer's: %s", why)
	}
	if st := by(&Cmd{Path: exe, Env: append(os.Environ(), "PROC_TEST_HOG=1")}); st.Signal != unix.SIGKILL {
		t.Fatalf("the hog was not killed: %+v", st)
	}
	killed, why := w.Killed()
	if !killed || !strings.HasPrefix(why, "oom_kill in "+dir+"/memory.") || !strings.Contains(why, " rose from 0 to 1: ") {
		t.Errorf("%v, %q", killed, why)
	}
}

// memoryCgroup makes a cgroup of 64 MiB below our own.
func memoryCgroup(t *testing.T) string {
	own, err := readOwnCgroups("/")
	if err != nil {
		t.Fatal(err)
	}
	parent, ok := own.v1("memory")
	limit := "memory.limit_in_bytes"
	if !ok {
		if parent, _, _, err = own.v2(); err != nil {
			testpeer.Missing(t, "no memory cgroup: %v", err)
		}
		limit = "memory.max"
	}
	dir := filepath.Join(parent, fmt.Sprintf("sluice-test-%d", os.Getpid()))
	if err := os.Mkdir(dir, 0o755); err != nil {
		testpeer.Missing(t, "making a memory cgroup: %v", err)
	}
	t.Cleanup(func() {
		if err := OpenCgroup(dir).Remove(); err != nil {
			t.Error(err)
		}
	})
	if err := writeControl(filepath.Join(dir, limit), "67108864"); err != nil {
		testpeer.Missing(t, "limiting a memory cgroup: %v", err)
	}
	return dir
}
