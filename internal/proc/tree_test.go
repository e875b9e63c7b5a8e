//go:build linux

package proc

import (
	"errors"
	"io"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"github.com/sluicerun/sluice/internal/testpeer"
	"github.com/sluicerun/sluice/job"
)

func TestDescendants(t *testing.T) {
	stat := func(pid, ppid, state, comm string) string {
		return pid + " (" + comm + ") " + state + " " + ppid + " 1 1 0 -1 4194304 101 0 0 0 0 0 0 0 20 0 1 0 14" + pid + " 1 1 1\n"
	}
	root := fakeTree(t, map[string]string{
		"proc/10/stat": stat("10", "1", "S", "agent"),
		"proc/11/stat": stat("11", "10", "S", "a ) b"),
		"proc/12/stat": stat("12", "11", "D", "sh"),
		"proc/13/stat": stat("13", "12", "Z", "gone"),
		"proc/20/stat": stat("20", "1", "R", "other"),
		"proc/21/stat": "garbage",
		"proc/30/stat": stat("30", "31", "R", "circle"),
		"proc/31/stat": stat("31", "30", "R", "circle"),
		"proc/uptime":  "1 1\n",
	})
	got, err := Descendants(root, 10)
	if err != nil {
		t.Fatal(err)
	}
	want := []Proc{
		{PID: 11, PPid: 10, Start: 1411, State: 'S', Comm: "a ) b", Threads: 1, PGrp: 1, Session: 1, TPGid: -1},
		{PID: 12, PPid: 11, Start: 1412, State: 'D', Comm: "sh", Threads: 1, PGrp: 1, Session: 1, TPGid: -1},
		{PID: 13, PPid: 12, Start: 1413, State: 'Z', Comm: "gone", Threads: 1, PGrp: 1, Session: 1, TPGid: -1},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if got, err := Descendants(root, 30); err != nil || len(got) != 1 || got[0].PID != 31 {
		t.Errorf("a circle: %v, %v", got, err)
	}
	if _, err := Descendants(t.TempDir(), 1); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("without /proc: %v", err)
	}
}

func TestIdentity(t *testing.T) {
	s := newSpawner(t, SpawnerOptions{})
	p := start(t, s, sh("exec sleep 1000"))
	id, err := Identify(p.Pid())
	if err != nil || id.Pid != p.Pid() || id.StartTime == 0 || len(id.BootID) < 30 {
		t.Fatalf("%+v, %v", id, err)
	}
	if !Alive(id) {
		t.Error("not alive")
	}
	for _, other := range []Identity{
		{id.Pid, id.StartTime + 1, id.BootID}, {id.Pid, id.StartTime, "x"}, {1, id.StartTime, id.BootID},
	} {
		if Alive(other) {
			t.Errorf("%+v is taken for %+v", other, id)
		}
	}
	if err := p.Signal(unix.SIGKILL); err != nil {
		t.Fatal(err)
	}
	<-p.Exited()
	if Alive(id) {
		t.Error("a zombie is alive")
	}
	if _, err := p.Reap(); err != nil {
		t.Fatal(err)
	}
	if _, err := Identify(id.Pid); err == nil {
		t.Error("identified after its end")
	}
}

// Without cgroups: a subreaper finds who fled, kills it, and reaps it; whom it
// is told to spare lives.
func TestKillTree(t *testing.T) {
	testpeer.Need(t, "setsid", "util-linux")
	if !inner(t) {
		return
	}
	if err := BecomeSubreaper(); err != nil {
		t.Fatal(err)
	}
	if HasDescendants() {
		t.Error("descendants before the start")
	}
	s := newSpawner(t, SpawnerOptions{})
	reaped := make(chan Reaped, 100)
	reaper := StartReaper(s.Owns, func(r Reaped) { reaped <- r })
	defer reaper.Close()

	r, w := pipeTo(t)
	c := sh(escape)
	c.Files = []*os.File{nil, w}
	p := start(t, s, c)
	spared := start(t, s, sh("sleep 1000 & wait"))
	grandchild, err := strconv.Atoi(line(t, r))
	if err != nil {
		t.Fatal(err)
	}
	// The leader dies, the others become our children.
	if err := p.Signal(unix.SIGKILL); err != nil {
		t.Fatal(err)
	}
	<-p.Exited()
	if _, err := p.Reap(); err != nil {
		t.Fatal(err)
	}
	tree, err := Descendants("/", os.Getpid())
	if err != nil || !slices.ContainsFunc(tree, func(p Proc) bool { return p.PID == grandchild }) {
		t.Errorf("%v, %v: no %d", tree, err, grandchild)
	}
	w.Close()
	if left := KillTree(KillOptions{Except: []int{spared.Pid()}, Timeout: time.Minute}); left != nil {
		t.Errorf("survivors %v", left)
	}
	if rest, err := io.ReadAll(r); err != nil || len(rest) > 0 {
		t.Errorf("%q, %v", rest, err)
	}
	// All of them come here to be reaped, unless a dying parent was in the
	// middle of a wait.
	for {
		tree, err := Descendants("/", os.Getpid())
		if err != nil {
			t.Fatal(err)
		}
		if len(tree) == 2 && tree[0].PID == spared.Pid() {
			break
		}
		if got := <-reaped; got.Status.Signal != unix.SIGKILL {
			t.Errorf("%+v", got)
		}
	}
	tree, err = Descendants("/", spared.Pid())
	if err != nil || len(tree) != 1 || tree[0].Comm != "sleep" {
		t.Errorf("below the spared: %v, %v", tree, err)
	}
}

// A tree that forks as fast as it can.
func TestKillTreeForker(t *testing.T) {
	if !inner(t) {
		return
	}
	if err := BecomeSubreaper(); err != nil {
		t.Fatal(err)
	}
	s := newSpawner(t, SpawnerOptions{})
	reaper := StartReaper(s.Owns)
	defer reaper.Close()
	r, w := pipeTo(t)
	// Each generation lives on in the next one: no pid is worth a kill.
	c := sh(`echo up; f() { (f) & exit; }; f`)
	c.Files = []*os.File{nil, w}
	p := start(t, s, c)
	w.Close()
	line(t, r)
	if left := KillTree(KillOptions{Timeout: time.Minute}); left != nil {
		t.Errorf("survivors %v", left)
	}
	if rest, err := io.ReadAll(r); err != nil || len(rest) > 0 {
		t.Errorf("%q, %v", rest, err)
	}
	<-p.Exited()
}

// By cookie: one worker's processes among others'.
func TestKillTreeByCookie(t *testing.T) {
	if !inner(t) {
		return
	}
	s := newSpawner(t, SpawnerOptions{})
	r, w := pipeTo(t)
	a := sh("env -u PROC_COOKIE sleep 1000 & wait")
	a.Env, a.Files = append(os.Environ(), "PROC_COOKIE=0"), []*os.File{nil, w}
	pa := start(t, s, a)
	w.Close()
	b := sh("exec sleep 1000")
	b.Env = append(os.Environ(), "PROC_COOKIE=1")
	pb := start(t, s, b)
	if left := KillTree(KillOptions{Key: "PROC_COOKIE", Value: "0", Timeout: time.Minute}); left != nil {
		t.Errorf("survivors %v", left)
	}
	if rest, err := io.ReadAll(r); err != nil || len(rest) > 0 {
		t.Errorf("%q, %v", rest, err)
	}
	<-pa.Exited()
	if id, err := Identify(pb.Pid()); err != nil || !Alive(id) {
		t.Errorf("the other worker: %+v, %v", id, err)
	}
}

// Survivors are told, with what they do: here somebody we may not kill.
func TestSurvivors(t *testing.T) {
	testpeer.NeedRoot(t, "becomes another user")
	if !inner(t) {
		return
	}
	s := newSpawner(t, SpawnerOptions{})
	p := start(t, s, &Cmd{Path: "/bin/sleep", Args: []string{"sleep", "1000"}})
	tree, err := Descendants("/", os.Getpid())
	if err != nil || len(tree) != 1 {
		t.Fatal(tree, err)
	}
	got := survivors(tree)
	if len(got) != 1 || got[0].PID != p.Pid() || got[0].Comm != "sleep" {
		t.Fatalf("%+v", got)
	}
	if text := got[0].String(); !strings.HasPrefix(text, strconv.Itoa(p.Pid())+" (sleep, state ") {
		t.Errorf("%q", text)
	}
	if err := unix.Setresuid(64999, 64999, -1); err != nil {
		t.Fatal(err)
	}
	left := KillTree(KillOptions{Timeout: 20 * time.Millisecond})
	if err := unix.Setresuid(0, 0, 0); err != nil {
		t.Fatal(err)
	}
	if len(left) != 1 || left[0].PID != p.Pid() {
		t.Errorf("%v", left)
	}
}

// Strangers are reaped, statuses of ours and of os/exec never stolen.
func TestReaperStealsNothing(t *testing.T) {
	if !inner(t) {
		return
	}
	if err := BecomeSubreaper(); err != nil {
		t.Fatal(err)
	}
	reapEverybody(t, 100)
}

// reapEverybody runs n workers that each leave an orphan, and others beside.
func reapEverybody(t *testing.T, n int) {
	s := newSpawner(t, SpawnerOptions{})
	strangers := make(chan Reaped, 2*n)
	reaper := StartReaper(s.Owns, func(r Reaped) { strangers <- r })
	defer reaper.Close()
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			// One child ends whenever it likes, the other as an orphan.
			r, w, err := os.Pipe()
			if err != nil {
				t.Error(err)
				return
			}
			defer w.Close()
			c := sh("(exit 8) & (read x <&3; exit 9) & exit " + strconv.Itoa(i))
			c.Files = []*os.File{nil, nil, nil, r}
			p, err := s.Start(c)
			r.Close()
			if err != nil {
				t.Error(err)
				return
			}
			<-p.Exited()
			if st := p.Status(); st != (Status{Kind: job.KindExited, Code: i}) {
				t.Errorf("worker %d: %+v", i, st)
			}
			if _, err := p.Reap(); err != nil {
				t.Errorf("worker %d: %v", i, err)
			}
		})
		if i%10 == 0 {
			wg.Go(func() {
				if err := exec.Command("/bin/sh", "-c", "exit 0").Run(); err != nil {
					t.Errorf("os/exec: %v", err)
				}
			})
			wg.Go(func() {
				if _, err := s.Start(&Cmd{Path: "/nowhere"}); err == nil {
					t.Error("started /nowhere")
				}
			})
		}
	}
	wg.Wait()
	nines := 0
	for nines < n {
		if r := <-strangers; r.Status.Code == 9 {
			nines++
		}
	}
	for HasDescendants() {
		<-strangers // the last 8s
	}
}

// The first process of a pid namespace has every orphan, subreaper or not, and
// also those it was born with.
func TestPidOne(t *testing.T) {
	testpeer.NeedRoot(t, "makes a pid namespace")
	unshare := testpeer.Need(t, "unshare", "util-linux")
	if !inner(t, unshare, "-pf", "--mount-proc", "/bin/sh", "-c", `sh -c "exit 33" & exec "$0" "$@"`) {
		return
	}
	if os.Getpid() != 1 {
		t.Fatalf("pid %d", os.Getpid())
	}
	early := make(chan Reaped, 10)
	r := StartReaper(func(int) bool { return false }, func(r Reaped) { early <- r })
	if got := <-early; got.Status.Code != 33 {
		t.Errorf("%+v", got)
	}
	r.Close()
	reapEverybody(t, 30)
	s := newSpawner(t, SpawnerOptions{Pdeathsig: unix.SIGKILL})
	p := start(t, s, sh("exit 3"))
	<-p.Exited()
	if st := p.Status(); st.Code != 3 {
		t.Errorf("%+v", st)
	}
}

// The two ways to list our children agree.
func TestChildren(t *testing.T) {
	if !inner(t) {
		return
	}
	s := newSpawner(t, SpawnerOptions{})
	var want []int
	for range 3 {
		want = append(want, start(t, s, sh("exec sleep 1000")).Pid())
	}
	for name, list := range map[string]func() ([]int, error){"lists": children, "scan": childrenByScan} {
		got, err := list()
		slices.Sort(got)
		slices.Sort(want)
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: %v, %v; want %v", name, got, err, want)
		}
	}
}
