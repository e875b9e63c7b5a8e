//go:build linux

package e2e

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"

	// Not used here: as internal/cli is.
	_ "github.com/sluicerun/sluice/internal/packed"
	"github.com/sluicerun/sluice/internal/testpeer"
)

// packedProgram is what make build makes: a program without the engine of runs over
// several machines, and behind it the whole one.
var packedProgram = sync.OnceValues(func() (string, error) {
	path := filepath.Join(filepath.Dir(sluice), "packed", "sluice")
	cmd := exec.Command("../../scripts/build.sh", path)
	// The race detector's flags are for the tests.
	cmd.Env = append(os.Environ(), "GOFLAGS=-mod=readonly")
	out, err := cmd.CombinedOutput()
	if err != nil {
		err = fmt.Errorf("scripts/build.sh: %w\n%s", err, out)
	}
	return path, err
})

// packedWorld is a world whose sluice is the packed one.
type packedWorld struct {
	*world
	program, port, mark string
}

func newPackedWorld(t *testing.T) *packedWorld {
	t.Helper()
	thorough(t) // to build it
	program, err := packedProgram()
	if err != nil {
		t.Fatal(err)
	}
	w := &packedWorld{newWorld(t), program, unusedPort(t), ""}
	w.mark = w.world.mark()
	return w
}

func (w *packedWorld) use(c *exec.Cmd) { c.Path = w.program }

func (w *packedWorld) run(args ...string) result {
	w.t.Helper()
	return w.runWith(w.use, args...)
}

// node starts one of two nodes, whose worker says where it is and stays.
func (w *packedWorld) node(flags ...string) *started {
	w.t.Helper()
	args := append([]string{"run", "--nodes", "2", "--rendezvous", "127.0.0.1:" + w.port, "--grace", "2s"}, flags...)
	return w.startWith(w.use, append(args, "--", "sh", "-c", `echo "rank $RANK of $WORLD_SIZE"; sleep 1000; : `+w.mark)...)
}

func (w *packedWorld) ps() []record {
	w.t.Helper()
	r := w.run("ps", "--json", "--all")
	var recs []record
	if err := json.Unmarshal([]byte(r.stdout), &recs); err != nil {
		w.t.Fatalf("sluice ps: %v: %+v", err, r)
	}
	return recs
}

// workers are the processes of the workers.
func (w *packedWorld) workers() (pids []int) {
	for _, pid := range marked(w.mark) {
		if b, _ := os.ReadFile(fmt.Sprintf("/proc/%d/comm", pid)); string(b) != "sluice\n" {
			pids = append(pids, pid)
		}
	}
	return pids
}

// image is what a process executes, and under which name it is known.
func image(t *testing.T, pid int) (exe, name string) {
	t.Helper()
	exe, err := os.Readlink(fmt.Sprintf("/proc/%d/exe", pid))
	if err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/comm", pid))
	if err != nil {
		t.Fatal(err)
	}
	return exe, strings.TrimSpace(string(b))
}

// On one machine nothing is unpacked.
func TestPackedAlone(t *testing.T) {
	t.Parallel()
	w := newPackedWorld(t)
	r := w.run("run", "-q", "--", "sh", "-c", "readlink /proc/$PPID/exe")
	if r.status != 0 || r.stdout != w.program+"\n" {
		t.Errorf("the agent is %+v", r)
	}
}

// Commands that the small program has not are the whole one's, with their help and
// their completions, and everybody sees the name that was typed.
func TestPackedCommands(t *testing.T) {
	t.Parallel()
	w := newPackedWorld(t)
	for _, c := range []struct {
		args, want string
		status     int
	}{
		{"watch --help", "sluice watch 4711", 0},
		{"help upload", "--visibility", 0},
		{"stream", "takes RUN", 2},
		{"upload absent.cast --server http://127.0.0.1:9 --token x", "absent.cast", 2},
		{"--help", "Show what a process writes from now on", 0},
		{"__complete stream --l", "--linger", 0},
	} {
		if r := w.run(strings.Fields(c.args)...); r.status != c.status || !strings.Contains(r.stdout+r.stderr, c.want) {
			t.Errorf("sluice %s: %+v", c.args, r)
		}
	}
	s := w.startWith(w.use, "watch", strconv.Itoa(os.Getpid()), "--fd", "0")
	eventually(t, "it is the whole program", func() bool {
		exe, name := image(t, s.Process.Pid)
		return strings.HasPrefix(exe, "/memfd:sluice") && name == "sluice"
	})
	s.Process.Kill()
	s.end()
}

func TestPackedNodes(t *testing.T) {
	t.Parallel()
	w := newPackedWorld(t)
	a, b := w.node(), w.node()
	a.prints("rank ")
	b.prints("rank ")
	recs := w.ps()
	if len(recs) != 2 || recs[0].State != "running" || recs[1].State != "running" {
		t.Fatalf("ps: %+v", recs)
	}
	for _, rec := range recs {
		if exe, name := image(t, rec.Agent.Pid); !strings.HasPrefix(exe, "/memfd:sluice") || name != "sluice" {
			t.Errorf("the agent executes %s as %s", exe, name)
		}
		both := func() bool {
			r := w.run("logs", rec.ID)
			return strings.Contains(r.stdout, "rank 0 of 2\n") && strings.Contains(r.stdout, "rank 1 of 2\n")
		}
		eventually(t, "logs of both nodes are seen from "+rec.ID, both)
	}
	if r := w.run("stop", recs[0].ID); r.status != 0 {
		t.Errorf("stop: %+v", r)
	}
	for _, s := range []*started{a, b} {
		if status := s.end(); status == 125 || status == 0 {
			t.Errorf("exit status %d: %s", status, s.err)
		}
	}
	w.nothingLeft()
}

// nothingLeft waits until no process and no socket of this world is there.
func (w *packedWorld) nothingLeft() {
	w.t.Helper()
	mine := "XDG_STATE_HOME=" + w.path("state") + "\x00"
	eventually(w.t, "nothing runs", func() bool { return len(marked(mine)) == 0 })
	if left := w.sockets(); len(left) > 0 {
		w.t.Errorf("sockets are left: %v", left)
	}
}

// kill -9 of an unpacked agent leaves nothing: its launcher, or the guardian that it
// has started, is there.
func TestPackedAgentKilled(t *testing.T) {
	for _, detached := range []bool{false, true} {
		t.Run(fmt.Sprintf("detached=%v", detached), func(t *testing.T) {
			t.Parallel()
			w := newPackedWorld(t)
			var flags []string
			if detached {
				flags = []string{"-d"}
			}
			first, second := w.node(flags...), w.node()
			second.prints("rank ")
			eventually(t, "both nodes run", func() bool { return len(w.workers()) >= 2 })
			if detached {
				if status := first.end(); status != 0 {
					t.Fatalf("run -d: %d: %s", status, first.err)
				}
			}
			var victim record
			for _, rec := range w.ps() {
				if detached == (rec.Guardian != nil) && (detached || rec.Launcher.Pid == first.Process.Pid) {
					victim = rec
				}
			}
			if victim.Agent == nil {
				t.Fatalf("ps: %+v", w.ps())
			}
			if detached {
				if exe, name := image(t, victim.Guardian.Pid); !strings.HasPrefix(exe, "/memfd:sluice") || name != "sluice" {
					t.Errorf("the guardian executes %s as %s", exe, name)
				}
			}
			if err := syscall.Kill(victim.Agent.Pid, syscall.SIGKILL); err != nil {
				t.Fatal(err)
			}
			eventually(t, "the run is known to be lost", func() bool {
				for _, rec := range w.ps() {
					if rec.ID == victim.ID {
						return rec.State == "ended" && rec.Result != nil && rec.Result.Verdict == "lost"
					}
				}
				return false
			})
			if !detached {
				if status := first.end(); status != 125 {
					t.Errorf("exit status %d: %s", status, first.err)
				}
			}
			second.Process.Signal(syscall.SIGTERM)
			second.end()
			w.nothingLeft()
		})
	}
}

// Where what lies in memory must not be executed, a file does, which does not stay.
func TestPackedNoMemory(t *testing.T) {
	testpeer.NeedRoot(t, "change a sysctl of a PID namespace")
	t.Parallel()
	w := newPackedWorld(t)
	unshare := testpeer.Need(t, "unshare", "util-linux")
	script := `if ! echo 2 >/proc/sys/vm/memfd_noexec; then echo no sysctl; exit 77; fi; exec "$@" -- sh -c 'readlink /proc/$PPID/exe; ls $XDG_RUNTIME_DIR/sluice'`
	r := w.runWith(func(c *exec.Cmd) {
		c.Path, c.Args = unshare, []string{"unshare", "--pid", "--fork", "--kill-child", "--mount-proc", "sh", "-c", script, "sh",
			w.program, "run", "-q", "--nodes", "1", "--rendezvous", "127.0.0.1:" + w.port}
	})
	if r.status == 77 {
		testpeer.Missing(t, "needs a kernel with vm.memfd_noexec (Linux 6.3): %s", r.stderr)
	}
	exe, files, _ := strings.Cut(r.stdout, "\n")
	if r.status != 0 || !strings.Contains(exe, "/sluice/engine-") || !strings.HasSuffix(exe, " (deleted)") || strings.Contains(files, "engine-") {
		t.Errorf("%+v", r)
	}
}

// A program whose engine is gone or damaged says so before anything starts, and is
// good for everything else.
func TestPackedDamaged(t *testing.T) {
	t.Parallel()
	w := newPackedWorld(t)
	whole, err := os.ReadFile(w.program)
	if err != nil {
		t.Fatal(err)
	}
	flipped := append([]byte(nil), whole...)
	flipped[len(flipped)-1<<20] ^= 1
	for _, c := range []struct {
		name   string
		file   []byte
		status int
		says   string
	}{
		{"cut", whole[:len(whole)-1<<20], 2, "has no engine for runs over several machines"},
		{"flipped", flipped, 125, "is damaged"},
	} {
		w.program = w.path(c.name)
		if err := os.WriteFile(w.program, c.file, 0o755); err != nil {
			t.Fatal(err)
		}
		r := w.run("run", "--nodes", "1", "--rendezvous", "127.0.0.1:"+w.port, "--", "touch", w.path("touched"))
		if r.status != c.status || r.stdout != "" || !strings.Contains(r.stderr, c.says) || !strings.Contains(r.stderr, "\n  install ") {
			t.Errorf("%s: %+v", c.name, r)
		}
		if _, err := os.Stat(w.path("touched")); err == nil {
			t.Errorf("%s: the worker ran", c.name)
		}
		if recs := w.ps(); len(recs) > 0 {
			t.Errorf("%s: it left a run: %+v", c.name, recs)
		}
		if r := w.run("run", "-q", "--", "echo", "fine"); r.status != 0 || r.stdout != "fine\n" {
			t.Errorf("%s: a run of one machine: %+v", c.name, r)
		}
		os.RemoveAll(w.path("state"))
	}
}
