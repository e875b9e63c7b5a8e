//go:build linux

package e2e

import (
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sluicerun/sluice/adopt"
	"github.com/sluicerun/sluice/internal/testpeer"
)

func init() {
	// One process with two kinds of sockets, and a child at the other end of the
	// third.
	workers["inspect-sockets"] = func() {
		pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
		if err != nil {
			panic(err)
		}
		child := exec.Command("cat")
		child.Stdin = os.NewFile(uintptr(pair[1]), "pair")
		if err := child.Start(); err != nil {
			panic(err)
		}
		unix.Close(pair[1])
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			panic(err)
		}
		c, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			panic(err)
		}
		other, err := l.Accept()
		if err != nil {
			panic(err)
		}
		os.WriteFile(os.Args[1], fmt.Append(nil, child.Process.Pid), 0o600)
		time.Sleep(10 * time.Minute)
		c.Close()
		other.Close()
		unix.Close(pair[0])
	}
}

// spawn starts a program of this world's user, which ends with the test.
func (w *world) spawn(args ...string) int {
	w.t.Helper()
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Dir, cmd.Env = w.dir, w.env
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: w.as, Setsid: true}
	if err := cmd.Start(); err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() {
		syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		cmd.Wait()
	})
	return cmd.Process.Pid
}

// noted waits for a pid that a program has written into a file, and sees to the
// process's end.
func (w *world) noted(name string) int {
	w.t.Helper()
	pid := 0
	until(w.t, "there is a pid in "+name, func() bool {
		b, _ := os.ReadFile(w.path(name))
		n, err := strconv.Atoi(strings.TrimSpace(string(b)))
		pid = n
		return err == nil
	})
	w.t.Cleanup(func() { syscall.Kill(pid, syscall.SIGKILL) })
	return pid
}

// named waits until a process runs a program.
func named(t *testing.T, pid int, comm string) {
	t.Helper()
	until(t, fmt.Sprintf("process %d is %s", pid, comm), func() bool {
		b, _ := os.ReadFile(fmt.Sprintf("/proc/%d/comm", pid))
		return strings.TrimSpace(string(b)) == comm
	})
}

func (w *world) report(pid int) adopt.Report {
	w.t.Helper()
	var r adopt.Report
	out := w.must("inspect", "--json", fmt.Sprint(pid))
	if err := json.Unmarshal([]byte(out), &r); err != nil {
		w.t.Fatalf("%v\n%s", err, out)
	}
	return r
}

// endsOf are the other ends of each descriptor below 10, as pid,fd: those above
// may be what whoever runs the tests left open. lsof counts those of the process itself
// only in parts, so they are left out.
func endsOf(r adopt.Report) map[int][]string {
	all := map[int][]string{}
	for _, f := range r.Descriptors {
		for _, e := range f.Ends {
			if e.PID != r.PID && f.FD < 10 {
				all[f.FD] = append(all[f.FD], fmt.Sprintf("%d,%d", e.PID, e.FD))
			}
		}
		if all[f.FD] != nil {
			slices.Sort(all[f.FD])
		}
	}
	return all
}

var lsofEnd = regexp.MustCompile(`\b(\d+),[^, ]+,(\d+)[a-zA-Z]?`)

// sharesMounts tells whether two processes are in one mount namespace. Lsof knows a
// terminal by its number only, which one of another devpts may have, too: tests of
// package adopt, at the same time, make such.
func sharesMounts(pid string, other int) bool {
	a, err := os.Readlink("/proc/" + pid + "/ns/mnt")
	b, err2 := os.Readlink(fmt.Sprintf("/proc/%d/ns/mnt", other))
	return err == nil && err2 == nil && a == b
}

// lsofEnds is endsOf by lsof.
func (w *world) lsofEnds(lsof string, pid int) map[int][]string {
	w.t.Helper()
	cmd := exec.Command(lsof, "-n", "-P", "-E", "-a", "-p", fmt.Sprint(pid), "-d", "0-9", "-F", "fn")
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: w.as}
	out, err := cmd.Output()
	if err != nil {
		w.t.Fatalf("lsof: %v", err)
	}
	all := map[int][]string{}
	fd := -1
	for line := range strings.Lines(string(out)) {
		line = strings.TrimSpace(line)
		switch {
		case strings.HasPrefix(line, "f"):
			fd, _ = strconv.Atoi(line[1:])
		case strings.HasPrefix(line, "n"):
			for _, m := range lsofEnd.FindAllStringSubmatch(line, -1) {
				if m[1] != fmt.Sprint(pid) && sharesMounts(m[1], pid) {
					all[fd] = append(all[fd], m[1]+","+m[2])
				}
			}
			slices.Sort(all[fd])
		}
	}
	return all
}

// agrees compares with lsof. Both look one after the other, at processes that do
// not change.
func (w *world) agrees(lsof string, pid int) adopt.Report {
	w.t.Helper()
	r := w.report(pid)
	ours, theirs := endsOf(r), w.lsofEnds(lsof, pid)
	for fd := range theirs {
		if !slices.Equal(ours[fd], theirs[fd]) {
			w.t.Errorf("process %d (%s) fd %d: other ends %v, by lsof %v", pid, r.Comm, fd, ours[fd], theirs[fd])
		}
	}
	for fd := range ours {
		if theirs[fd] == nil {
			w.t.Errorf("process %d (%s) fd %d: other ends %v, by lsof none", pid, r.Comm, fd, ours[fd])
		}
	}
	return r
}

func fileOf(t *testing.T, r adopt.Report, fd int) adopt.OpenFile {
	t.Helper()
	for _, f := range r.Descriptors {
		if f.FD == fd {
			return f
		}
	}
	t.Fatalf("process %d (%s) has no descriptor %d: %+v", r.PID, r.Comm, fd, r.Descriptors)
	return adopt.OpenFile{}
}

func testInspect(t *testing.T, w *world) {
	lsof := testpeer.Need(t, "lsof", "lsof")
	script := testpeer.Need(t, "script", "bsdutils")
	if w.as == nil {
		os.Chmod(w.dir, 0o755)
	}
	w.spawn("sh", "-c", "mkfifo fifo; echo $$ > writer; exec 5<>fifo; exec sleep 600")
	writer := w.noted("writer")
	named(t, writer, "sleep")
	holder := w.spawn(script, "-qec", `stty cols 90 rows 30 -echo
		sh -c 'echo $$ > cat; exec cat < fifo' | sh -c 'echo $$ > grep; exec grep -v foo' | sh -c 'echo $$ > sort; exec sort'`, "/dev/null")
	cat, grep, sort := w.noted("cat"), w.noted("grep"), w.noted("sort")
	named(t, cat, "cat")
	named(t, grep, "grep")
	named(t, sort, "sort")

	r := w.agrees(lsof, cat)
	if f := fileOf(t, r, 0); f.Kind != adopt.FIFO || f.Name != w.path("fifo") || len(f.Ends) != 1 || f.Ends[0].PID != writer || f.Ends[0].FD != 5 {
		t.Errorf("%+v", f)
	}
	r = w.agrees(lsof, grep)
	for fd, want := range map[int]adopt.Who{0: {PID: cat, Comm: "cat"}, 1: {PID: sort, Comm: "sort"}} {
		if f := fileOf(t, r, fd); f.Kind != adopt.Pipe || len(f.Ends) != 1 || f.Ends[0].Who != want || f.Capacity == nil {
			t.Errorf("%d: %+v", fd, f)
		}
	}
	if f := fileOf(t, r, 2); f.Kind != adopt.PTY || len(f.Ends) != 1 || f.Ends[0].PID != holder {
		t.Errorf("%+v", f)
	}
	if len(r.Terminals) != 1 || !r.Terminals[0].Controlling || len(r.Terminals[0].Masters) != 1 || r.Terminals[0].Masters[0].PID != holder {
		t.Fatalf("%+v", r.Terminals)
	}
	if m := r.Terminals[0].Modes; m == nil || *m != (adopt.Modes{Canonical: true, Signals: true, Cols: 90, Rows: 30}) {
		t.Errorf("%+v", m)
	}
	if fg := r.Terminals[0].Foreground; fg == nil || !fg.Ours || !slices.Contains(fg.Processes, adopt.Who{PID: sort, Comm: "sort"}) {
		t.Errorf("%+v", fg)
	}
	w.agrees(lsof, sort)

	for _, pid := range []int{cat, grep, sort} {
		w.pipelineDrawn(pid, cat, grep, sort)
	}
	text := w.must("inspect", fmt.Sprint(grep))
	for _, want := range []string{
		fmt.Sprintf("process %d (grep)", grep), fmt.Sprintf("%d (cat) fd 1, sibling", cat), fmt.Sprintf("%d (sort) fd 0, sibling", sort),
		fmt.Sprintf("held by script (%d)", holder), "90x30, canonical, no echo, signals", "command", "grep -v foo",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in\n%s", want, text)
		}
	}
}

// pipelineDrawn looks at the picture and at what it is made of.
func (w *world) pipelineDrawn(asked int, pipeline ...int) {
	w.t.Helper()
	var p adopt.Plumbing
	out := w.must("inspect", "--tree", "--json", fmt.Sprint(asked))
	if err := json.Unmarshal([]byte(out), &p); err != nil {
		w.t.Fatal(err)
	}
	var order []int
	nodes := map[int]adopt.Node{}
	for _, n := range p.Processes {
		nodes[n.PID] = n
		if slices.Contains(pipeline, n.PID) {
			order = append(order, n.PID)
		}
		if n.Asked != (n.PID == asked) {
			w.t.Errorf("%+v", n)
		}
	}
	if !slices.Equal(order, pipeline) {
		w.t.Fatalf("processes %v, not %v\n%s", order, pipeline, out)
	}
	linked := func(pid, fd int) int {
		for _, port := range nodes[pid].Ports {
			if slices.Contains(port.FDs, fd) {
				return port.Link
			}
		}
		return -1
	}
	for i := range pipeline[1:] {
		if l := linked(pipeline[i], 1); l < 0 || l != linked(pipeline[i+1], 0) {
			w.t.Errorf("%d is not linked with %d\n%s", pipeline[i], pipeline[i+1], out)
		}
	}
	picture := w.must("inspect", "--tree", fmt.Sprint(asked))
	ascii := w.must("inspect", "--tree", "--ascii", fmt.Sprint(asked))
	at := 0
	for _, n := range p.Processes {
		if next := strings.Index(picture, fmt.Sprintf(" %s %d ", n.Comm, n.PID)); next < at {
			w.t.Errorf("%s (%d) is not where it belongs:\n%s", n.Comm, n.PID, picture)
		} else {
			at = next
		}
	}
	if strings.ContainsFunc(ascii, func(r rune) bool { return r > '~' }) {
		w.t.Errorf("not ASCII:\n%s", ascii)
	}
}

func testInspectSockets(t *testing.T, w *world) {
	lsof := testpeer.Need(t, "lsof", "lsof")
	pid := w.spawn(append(w.worker("inspect-sockets"), w.path("child"))...)
	child := w.noted("child")
	named(t, child, "cat")
	w.agrees(lsof, child)
	f := fileOf(t, w.report(child), 0)
	if f.Kind != adopt.Socket || len(f.Ends) != 1 || f.Ends[0].PID != pid || f.Ends[0].Relation != adopt.Parent {
		t.Errorf("%+v", f)
	}
	r := w.report(pid)
	listening, connected, paired := 0, 0, 0
	for _, f := range r.Descriptors {
		switch {
		case f.Socket == nil:
		case f.Socket.State == "listening" && f.Socket.Family == "tcp":
			listening++
		case f.Socket.Family == "tcp":
			if len(f.Ends) != 1 || f.Ends[0].PID != pid || f.Ends[0].FD == f.FD {
				t.Errorf("%+v", f)
			}
			connected++
		case f.Socket.Family == "unix":
			if len(f.Ends) != 1 || f.Ends[0].PID != child || f.Ends[0].FD != 0 || f.Ends[0].Relation != adopt.Child {
				t.Errorf("%+v", f)
			}
			paired++
		}
	}
	if listening != 1 || connected != 2 || paired != 1 {
		t.Errorf("%d listen, %d are connected, %d are of a pair", listening, connected, paired)
	}
	if picture := w.must("inspect", "--tree", fmt.Sprint(child)); !strings.Contains(picture, "socketpair") || !strings.Contains(picture, fmt.Sprintf(" %d ", pid)) {
		t.Error(picture)
	}
}

func inspectWorlds(t *testing.T, test func(*testing.T, *world)) {
	t.Run("same user", func(t *testing.T) {
		t.Parallel()
		test(t, newWorld(t))
	})
	t.Run("unprivileged", func(t *testing.T) {
		testpeer.NeedRoot(t, "become another user")
		t.Parallel()
		w := newWorld(t)
		w.become(&syscall.Credential{Uid: 65534, Gid: 65534})
		test(t, w)
	})
}

func TestInspectPipeline(t *testing.T) {
	t.Parallel()
	inspectWorlds(t, testInspect)
}

func TestInspectSockets(t *testing.T) {
	t.Parallel()
	inspectWorlds(t, testInspectSockets)
}

// The terminal's other side is a run of ours: it is named.
func TestInspectRun(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.endRuns()
	w.must("run", "--pty", "--detach", "--name", "seen", "--", "cat")
	pid := 0
	until(t, "there is a worker", func() bool {
		recs := w.ps()
		if len(recs) > 0 && len(recs[0].Workers) > 0 {
			pid = recs[0].Workers[0].PID
		}
		return pid > 0
	})
	named(t, pid, "cat")
	id := w.ps()[0].ID
	if out := w.must("inspect", fmt.Sprint(pid)); !strings.Contains(out, "sluice run "+id+", rank 0") {
		t.Error(out)
	}
}

func TestInspectRefusals(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if r := w.run("inspect", "no-number"); r.status != 2 || !strings.Contains(r.stderr, "it is not the number of a process") {
		t.Errorf("%+v", r)
	}
	if r := w.run("inspect"); r.status != 2 {
		t.Errorf("%+v", r)
	}
	// A number that no process can have, as it is above the kernel's limit.
	if r := w.run("inspect", "999999999"); r.status != 2 || !strings.Contains(r.stderr, "999999999") {
		t.Errorf("%+v", r)
	}
	cmd := exec.Command("true")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer cmd.Wait()
	until(t, "it has ended", func() bool { return !alive(cmd.Process.Pid) })
	if r := w.run("inspect", fmt.Sprint(cmd.Process.Pid)); r.status != 2 || !strings.Contains(r.stderr, "has not waited for it") {
		t.Errorf("a zombie: %+v", r)
	}
	// A thread of this process's that is not its first. They are sorted as text, so that
	// the first may come last.
	tasks, err := os.ReadDir("/proc/self/task")
	if err != nil {
		t.Fatal(err)
	}
	thread := tasks[len(tasks)-1].Name()
	if thread == fmt.Sprint(os.Getpid()) {
		thread = tasks[0].Name()
	}
	if r := w.run("inspect", thread); r.status != 2 || !strings.Contains(r.stderr, fmt.Sprintf("a thread of process %d", os.Getpid())) {
		t.Errorf("a thread: %+v", r)
	}
}

// Another user's process: what everybody may see is shown, and the rest refused.
func TestInspectForbidden(t *testing.T) {
	testpeer.NeedRoot(t, "become another user")
	t.Parallel()
	w := newWorld(t)
	w.become(&syscall.Credential{Uid: 65534, Gid: 65534})
	cmd := exec.Command("sleep", "600")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { cmd.Process.Kill(); cmd.Wait() }()
	named(t, cmd.Process.Pid, "sleep")
	r := w.run("inspect", fmt.Sprint(cmd.Process.Pid))
	if r.status != 1 || !strings.Contains(r.stdout, "sleep 600") || !strings.Contains(r.stderr, "looking at the descriptors of") || !strings.Contains(r.stderr, "root") {
		t.Errorf("%+v", r)
	}
	if r := w.run("inspect", "--tree", fmt.Sprint(cmd.Process.Pid)); r.status != 1 || r.stdout != "" {
		t.Errorf("%+v", r)
	}
}
