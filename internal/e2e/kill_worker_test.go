//go:build linux

package e2e

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/sluicerun/sluice/internal/testpeer"
)

func init() { workers["lines"] = writeLines }

// writeLines is a worker that can prove what it wrote. It writes numbered lines
// for ever, each with one write(2), and counts those whose write has returned
// in a shared mapping of DIR/<rank>, which a SIGKILL cannot take back. It also
// leaves a grandchild in a session of its own that ignores SIGTERM and holds
// the worker's output.
//
// Arguments: DIR, the pause between lines, and a mark for the process list.
func writeLines() {
	dir, pause, mark := os.Args[1], os.Args[2], os.Args[3]
	stray := exec.Command("sh", "-c", `setsid sh -c 'trap "" TERM; setsid sleep 1000 &' stray &`)
	stray.Env = append(os.Environ(), "MARK="+mark)
	stray.Stdout, stray.Stderr = os.Stdout, os.Stderr
	if err := stray.Run(); err != nil {
		panic(err)
	}
	f, err := os.OpenFile(filepath.Join(dir, os.Getenv("RANK")), os.O_RDWR|os.O_CREATE, 0o600)
	if err == nil {
		err = f.Truncate(16)
	}
	if err != nil {
		panic(err)
	}
	count, err := syscall.Mmap(int(f.Fd()), 0, 16, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_SHARED)
	if err != nil {
		panic(err)
	}
	binary.LittleEndian.PutUint64(count[8:], uint64(os.Getpid()))
	wait, _ := time.ParseDuration(pause)
	for n := uint64(0); ; n++ {
		if _, err := syscall.Write(1, numbered(int(n))); err != nil {
			panic(err)
		}
		binary.LittleEndian.PutUint64(count, n+1)
		if wait > 0 {
			time.Sleep(wait)
		}
	}
}

// numbered is line n: as a name says how long it is, a cut or a gap shows.
func numbered(n int) []byte {
	return fmt.Appendf(nil, "line %09d %s\n", n, strings.Repeat("x", n%61))
}

// written reads what a rank's writeLines counted, and its pid; 0 if it did not
// come so far.
func written(dir string, rank int) (lines, pid int) {
	b, err := os.ReadFile(filepath.Join(dir, strconv.Itoa(rank)))
	if err != nil || len(b) < 16 {
		return 0, 0
	}
	return int(binary.LittleEndian.Uint64(b)), int(binary.LittleEndian.Uint64(b[8:]))
}

// linesOf counts the numbered lines of a log and fails unless it is exactly the
// first of them, each once and in order. whole tells that the last must have
// its end.
func linesOf(t *testing.T, what, log string, whole bool) int {
	t.Helper()
	n := 0
	for rest := log; rest != ""; n++ {
		line := string(numbered(n))
		if !strings.HasPrefix(rest, line) {
			if !whole && strings.HasPrefix(line, rest) {
				return n
			}
			t.Fatalf("%s: at byte %d of %d there is %q instead of line %d", what, len(log)-len(rest), len(log), clip(rest[:min(len(rest), 200)]), n)
		}
		rest = rest[len(line):]
	}
	return n
}

// killWorld is a gang of writeLines, to be killed.
type killWorld struct {
	*world
	mark, side string
	workers    int
}

func newKillWorld(t *testing.T, as *syscall.Credential) *killWorld {
	w := &killWorld{world: newWorld(t), workers: 3}
	if as != nil {
		w.become(as)
	}
	w.mark, w.side = w.world.mark(), w.path("side")
	t.Cleanup(w.noCgroups)
	return w
}

// begin starts one gang: rank 0 tee'd, rank 1 redirected, rank 2 slow and tee'd;
// the chatty ones are rotated all the time.
func (w *killWorld) begin(flags ...string) *started {
	w.t.Helper()
	if err := os.RemoveAll(w.side); err != nil {
		w.t.Fatal(err)
	}
	w.mkdir(w.side)
	args := append([]string{"run", "-n", strconv.Itoa(w.workers), "--redirect", "1:all", "--log-max-size", "64K"}, flags...)
	args = append(args, "--", "sh", "-c", `if [ $RANK = 2 ]; then pause=20ms; else pause=0; fi; exec "$@" `+w.side+` $pause `+w.mark, "sh")
	return w.startWith(func(c *exec.Cmd) { c.Stdout = nil }, append(args, w.worker("lines")...)...)
}

// kill is kill -9 of a sluice, and waits until nobody holds its stdout and
// stderr any more.
func (s *started) kill() {
	s.w.t.Helper()
	s.Process.Kill()
	s.end()
}

// nothingLeft fails if a process of the gang is there.
func (w *killWorld) nothingLeft(when string) {
	w.t.Helper()
	if pids := marked(w.mark); len(pids) > 0 {
		out, _ := exec.Command("ps", "-o", "pid,ppid,sid,stat,args", "-p", strings.Trim(strings.ReplaceAll(fmt.Sprint(pids), " ", ","), "[]")).Output()
		w.t.Fatalf("%s, these are left:\n%s", when, out)
	}
}

// checkLogs compares the logs with what the workers counted. complete tells
// that also what was in the pipes had to be saved.
func (w *killWorld) checkLogs(rec record, complete bool) {
	w.t.Helper()
	for rank := range w.workers {
		want, _ := written(w.side, rank)
		what := fmt.Sprintf("rank %d of %s", rank, rec.ID)
		r := w.run("logs", rec.ID, "--raw", "--rank", strconv.Itoa(rank), "--stream", "out")
		if want == 0 && r.status == 2 {
			continue // killed before it had a log
		}
		if r.status != 0 {
			w.t.Fatalf("%s: sluice logs: status %d: %s", what, r.status, r.stderr)
		}
		// Who writes the file itself may be killed in the middle of a write: the
		// kernel stops at the end of a page. Into a pipe a line goes whole.
		direct := rank == 1
		got := linesOf(w.t, what, r.stdout, complete && !direct)
		// One more may be there: it was written, and not yet counted.
		if got > want+1 || got < want && (complete || direct) {
			w.t.Fatalf("%s: the log has %d lines; %d were written", what, got, want)
		}
	}
}

// noCgroups fails if the cgroup of a run is left.
func (w *killWorld) noCgroups() {
	recs := w.ps()
	parent := ""
	for _, rec := range recs {
		if rec.Cgroup != "" {
			parent = filepath.Dir(rec.Cgroup)
		}
	}
	for _, rec := range recs {
		path := filepath.Join(parent, "sluice-"+rec.ID)
		if _, err := os.Stat(path); err == nil {
			w.t.Errorf("%s is left", path)
		}
	}
}

// rounds is how often something is killed.
func rounds(strict int) int {
	if testpeer.Strict() {
		return strict
	}
	return max(2, strict/16)
}

// soon is a random moment: often early, sometimes long after the start.
func soon() time.Duration {
	return time.Duration(rand.ExpFloat64() * float64(120*time.Millisecond))
}

// nobody is an unprivileged user: it can make no cgroups.
func nobody(t *testing.T) *syscall.Credential {
	testpeer.NeedRoot(t, "become another user")
	return &syscall.Credential{Uid: 65534, Gid: 65534}
}

// childrenOf lists the direct children of a process.
func childrenOf(pid int) []int {
	var out []int
	lists, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	for _, l := range lists {
		b, _ := os.ReadFile(l)
		for _, f := range bytes.Fields(b) {
			if n, err := strconv.Atoi(string(f)); err == nil {
				out = append(out, n)
			}
		}
	}
	return out
}
