//go:build linux

package e2e

import (
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/sluicerun/sluice/job"
)

// machines starts the same command as nodes of one run, each in a world of its
// own, and waits until all ranks run. The worlds are in the order of the ranks.
func machines(t *testing.T, n int, args ...string) (worlds []*world, all []*started) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	at := l.Addr().String()
	l.Close()
	args = append([]string{"run", "--nodes", strconv.Itoa(n), "--rendezvous", at, "--run-id", "shared", "--insecure"}, args...)
	for i := range n {
		w := newWorld(t)
		worlds = append(worlds, w)
		// A wish for a rank, for the tests to know who is who.
		all = append(all, w.start(slices.Insert(slices.Clone(args), 1, "--node-rank", strconv.Itoa(i))...))
		if i == 0 { // who comes first hosts the others
			eventually(t, "node 0 listens", func() bool {
				c, err := net.Dial("tcp", at)
				if err == nil {
					c.Close()
				}
				return err == nil
			})
		}
	}
	t.Cleanup(func() {
		for _, w := range worlds {
			w.run("stop", "shared", "--kill") // one that is detached
		}
		if t.Failed() {
			for i, s := range all {
				t.Logf("node %d: %s\n%s", i, clip(s.out.String()), clip(s.err.String()))
			}
		}
	})
	for i, w := range worlds {
		eventually(t, fmt.Sprintf("node %d runs among all", i), func() bool {
			r := w.run("ps", "shared")
			return r.status == 0 && strings.Count(r.stdout, " running ") > n
		})
	}
	return worlds, all
}

func TestViewPs(t *testing.T) {
	t.Parallel()
	ws, all := machines(t, 3, "-n", "2", "--name", "seen", "--", "sleep", "1000")
	for _, args := range [][]string{{"ps"}, {"ps", "shared"}, {"ps", "seen"}} {
		r := ws[1].run(args...)
		for _, want := range []string{`(?m)^RUN +RANK +HOST +STATE `, `(?m)^seen-\w{6} +n=6 +\S+ +running `,
			`(?m)^ +0 +\S+ +running +\d+ `, `(?m)^ +3 +\S+ +running +\d+ `, `(?m)^ +5 +\S+ +running +\d+ `} {
			if !regexp.MustCompile(want).MatchString(r.stdout) {
				t.Errorf("%v: %q is not in\n%s%s", args, want, r.stdout, r.stderr)
			}
		}
	}
	var recs []struct {
		ID    string
		Nodes []struct {
			Rank, Base, Workers int
			Self, Alive         bool
			Record              *record
		}
	}
	r := ws[2].run("ps", "--json", "shared")
	if err := json.Unmarshal([]byte(r.stdout), &recs); err != nil || len(recs) != 1 || len(recs[0].Nodes) != 3 {
		t.Fatalf("%v\n%+v", err, r)
	}
	for i, n := range recs[0].Nodes {
		if n.Rank != i || n.Base != 2*i || n.Workers != 2 || n.Self != (i == 2) || !n.Alive || n.Record == nil || len(n.Record.Workers) != 2 || !alive(n.Record.Workers[1].PID) {
			t.Errorf("node %d: %+v", i, n)
		}
	}
	if r := ws[0].run("stop", "shared", "--kill"); r.status != 0 {
		t.Errorf("%+v", r)
	}
	if all[2].end() == 0 || !regexp.MustCompile(`sluice: run seen-\w{6} \(2 of 6 workers are here\) `).MatchString(all[2].err.String()) {
		t.Errorf("the report: %s", all[2].err)
	}
	if r := ws[2].run("ps", "shared"); strings.Contains(r.stdout, "HOST") || !regexp.MustCompile(`(?m)^seen-\w{6} +n=2 of 6 `).MatchString(r.stdout) {
		t.Errorf("of a run that has ended: %s", r.stdout)
	}
}

func TestViewLogs(t *testing.T) {
	t.Parallel()
	start := filepath.Join(t.TempDir(), "go")
	end := start + ".end"
	ws, all := machines(t, 3, "-n", "2", "--", "sh", "-c",
		`echo first; echo "one $RANK"; echo "err $RANK" >&2; while [ ! -e "$0" ]; do sleep 0.05; done; echo "two $RANK"; seq 20000; echo same; while [ ! -e "$0.end" ]; do sleep 0.05; done`, start)
	eventually(t, "all have written", func() bool {
		return strings.Count(ws[0].run("logs", "shared", "--stream", "err").stdout, "err ") == 6
	})
	if r := ws[1].run("logs", "shared"); r.stdout != ofEach("[%d] first\n[%[1]d] one %[1]d\n[%[1]d] err %[1]d\n", 0, 1, 2, 3, 4, 5) {
		t.Errorf("%+v", r)
	}
	for args, want := range map[string]string{
		"shared --rank 0,5 --tail 1 --stream out":       "[0] one 0\n[5] one 5\n",
		"shared/4 --since-offset 6":                     "one 4\n",
		"shared/4 --stream err --raw":                   "err 4\n",
		"shared/1 --stream out --attempt 0":             "first\none 1\n",
		"shared/2-3 --stream out --since-offset 10":     "[2] 2\n[3] 3\n",
		"shared/0-1 --raw --stream err --tail 0":        "",
		"shared --raw --stream err --tail 1 --rank 3,5": "err 3\nerr 5\n",
	} {
		if r := ws[1].run(append([]string{"logs"}, strings.Fields(args)...)...); r.status != 0 || r.stdout != want {
			t.Errorf("logs %s: %+v, want %q", args, r, want)
		}
	}
	for args, word := range map[string]string{
		"shared/9":                     "no such rank",
		"shared/0 --since-offset 9999": "past the end",
		"shared --dedup":               "add -f",
		"shared/5 --attempt 7":         "",
	} {
		if r := ws[1].run(append([]string{"logs"}, strings.Fields(args)...)...); r.status == 0 && word != "" || !strings.Contains(r.stderr, word) {
			t.Errorf("logs %s: %+v", args, r)
		}
	}
	some := ws[1].start("logs", "-f", "shared", "--rank", "0,5", "--stream", "out")
	every := ws[2].start("logs", "-f", "shared", "--stream", "out", "--dedup")
	eventually(t, "they are followed", func() bool {
		return strings.Contains(some.out.String(), "[5] one 5") && strings.Contains(some.out.String(), "[0] one 0") && len(sayers(t, every, "first")) == 6
	})
	writeFile(t, start, "", 0o600)
	// The end of a run gives readers some seconds only, which a busy machine may need.
	eventually(t, "all of it is shown", func() bool {
		return strings.Contains(some.out.String(), "[0] same") && strings.Contains(some.out.String(), "[5] same") && len(sayers(t, every, "same")) == 6
	})
	writeFile(t, end, "", 0o600)
	if some.end() != 0 || every.end() != 0 {
		t.Errorf("%s\n%s", some.err, every.err)
	}
	var numbers strings.Builder
	for i := range 20000 {
		fmt.Fprintln(&numbers, i+1)
	}
	// Which ranks share a line depends on how soon each of them was read.
	if got := sayers(t, every, "same"); !slices.Equal(got, []int{0, 1, 2, 3, 4, 5}) {
		t.Errorf("same is shown of %v", got)
	}
	for _, rank := range []int{0, 5} {
		var got strings.Builder
		for line := range strings.Lines(some.out.String()) {
			if text, mine := strings.CutPrefix(line, fmt.Sprintf("[%d] ", rank)); mine {
				got.WriteString(text)
			}
		}
		if want := fmt.Sprintf("first\none %d\ntwo %[1]d\n", rank) + numbers.String() + "same\n"; got.String() != want {
			t.Errorf("rank %d: %d bytes of %d", rank, got.Len(), len(want))
		}
	}
	for i, s := range all {
		if s.end() != 0 {
			t.Errorf("node %d: %s", i, s.err)
		}
	}
}

// sayers are the ranks, in order, before the lines with a text.
func sayers(t *testing.T, s *started, text string) (all []int) {
	t.Helper()
	for _, m := range regexp.MustCompile(`(?m)^\[(.*)\] `+text+`$`).FindAllStringSubmatch(s.out.String(), -1) {
		set, err := job.ParseRankSet(m[1])
		if err != nil {
			t.Fatal(err)
		}
		for rank := range 6 {
			if set.Contains(rank) {
				all = append(all, rank)
			}
		}
	}
	slices.Sort(all)
	return all
}

// ofEach is a format for each rank.
func ofEach(format string, ranks ...int) string {
	var b strings.Builder
	for _, r := range ranks {
		fmt.Fprintf(&b, format, r)
	}
	return b.String()
}

// Nothing of a log is on its way while nobody looks, and no more than a window is
// when a reader rests.
func TestViewBytesOnlyForReaders(t *testing.T) {
	thorough(t)
	t.Parallel()
	ws, all := machines(t, 2, "--console", "none", "--", "sh", "-c", `[ $RANK = 1 ] && yes | head -c 64000000; sleep 1000`)
	eventually(t, "it is written", func() bool {
		return len(ws[1].run("logs", "shared/1", "--tail", "1").stdout) > 0 && ws[1].written() > 60<<20
	})
	if n := received(t, all[0]); n > 10<<20 {
		t.Errorf("%d bytes came that nobody asked for", n)
	}
	r := ws[0].run("logs", "shared/1", "--raw")
	if len(r.stdout) != 64000000 {
		t.Errorf("%d bytes of the log, %s", len(r.stdout), r.stderr)
	}
}

// written is how long the log of rank 1 is.
func (w *world) written() int64 {
	for _, rec := range w.ps() {
		if fi, err := os.Stat(filepath.Join(rec.Dir, "attempt_0", "0", "stdout.log")); err == nil {
			return fi.Size()
		}
	}
	return 0
}

// received is how many bytes the agent of a run has read, files and sockets
// together.
func received(t *testing.T, s *started) int64 {
	t.Helper()
	for _, rec := range s.w.ps() {
		if rec.Agent == nil {
			continue
		}
		b, err := os.ReadFile(fmt.Sprintf("/proc/%d/io", rec.Agent.Pid))
		if err != nil {
			t.Fatal(err)
		}
		var n int64
		if _, err := fmt.Sscanf(string(b), "rchar: %d", &n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	t.Fatal("there is no agent")
	return 0
}

func TestViewTerminals(t *testing.T) {
	thorough(t)
	t.Parallel()
	ws, _ := machines(t, 3, "--pty", "-d", "--name", "term", "--", "sh", "-c", `PS1="$RANK> "; export PS1; exec sh -i`)
	w := ws[0]
	for rank := range 3 {
		to := fmt.Sprintf("shared/%d", rank)
		if r := w.run("type", to, "echo typed-$((6*7))", "--enter", "--until", "typed-42", "--show"); r.status != 0 || !strings.Contains(r.stdout, "typed-42") {
			t.Errorf("type: %+v", r)
		}
		if r := w.run("press", to, "e", "c", "h", "o", "Space", "p", "Enter"); r.status != 0 {
			t.Errorf("press: %+v", r)
		}
		if r := w.run("wait", to, "--regex", `(?m)^p$`); r.status != 0 {
			t.Errorf("wait: %+v", r)
		}
		paste := func(cmd *exec.Cmd) { cmd.Stdin = strings.NewReader("echo pasted-$((3*3))\n") }
		if r := w.runWith(paste, "paste", to); r.status != 0 {
			t.Errorf("paste: %+v", r)
		}
		if r := w.run("wait", to, "--text", "pasted-9"); r.status != 0 {
			t.Errorf("wait: %+v", r)
		}
		if r := w.run("resize", to, "101x31"); r.status != 0 {
			t.Errorf("resize: %+v", r)
		}
		if r := w.run("screen", to, "--json"); r.status != 0 || !strings.Contains(r.stdout, `"cols":101`) || !strings.Contains(r.stdout, `"run": "term-`) {
			t.Errorf("screen: %+v", r)
		}
		if r := w.run("screen", to); !strings.Contains(r.stdout, fmt.Sprintf("%d> ", rank)) {
			t.Errorf("screen: %+v", r)
		}
		if r := w.run("wait", to, "--text", "never there", "--timeout", "100ms"); r.status != 3 || !strings.Contains(r.stderr, "pasted-9") {
			t.Errorf("wait in vain: %+v", r)
		}
	}
	if r := w.run("type", "shared/all", "echo to-all-$RANK", "--enter", "--until", "to-all-"); r.status != 0 {
		t.Errorf("type to all: %+v", r)
	}
	host, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	there := regexp.MustCompile(" " + regexp.QuoteMeta(host) + `:(\d+) `)
	r := w.run("sessions", "shared")
	if strings.Count(r.stdout, " 101x31 ") != 3 || len(there.FindAllString(r.stdout, -1)) != 2 {
		t.Errorf("sessions: %+v", r)
	}
	for _, m := range there.FindAllStringSubmatch(r.stdout, -1) {
		if pid, err := strconv.Atoi(m[1]); err != nil || !alive(pid) {
			t.Errorf("process %s is not alive", m[1])
		}
	}
	if r := w.run("screen", "shared/7"); r.status != 2 || !strings.Contains(r.stderr, "no such rank") {
		t.Errorf("%+v", r)
	}
	// Attached, and away from it again by the end of the program.
	in := func(cmd *exec.Cmd) { cmd.Stdin = strings.NewReader("echo from-$((50+1)); exit 7\n") }
	if r := w.runWith(in, "attach", "shared/2"); r.status != 7 || !strings.Contains(r.stdout, "from-51") {
		t.Errorf("attach: %+v", r)
	}
	for i, w := range ws {
		if r := w.run("wait", "shared", "--timeout", "20s"); r.status == 0 || r.status == 124 {
			t.Errorf("node %d: %+v", i, r)
		}
	}
	if r := w.run("screen", "shared/2"); r.status != 2 || !strings.Contains(r.stderr, "other machines") {
		t.Errorf("after the end: %+v", r)
	}
}

func TestViewSignalsAndStops(t *testing.T) {
	thorough(t)
	t.Parallel()
	ws, all := machines(t, 3, "-n", "2", "--", "sh", "-c", `trap 'echo usr1' USR1; trap 'echo term; exit 0' TERM; echo up; while :; do sleep 0.05; done`)
	eventually(t, "all are up", func() bool { return strings.Count(ws[0].run("logs", "shared").stdout, "up\n") == 6 })
	got := func(word string) []string {
		var ranks []string
		for line := range strings.Lines(ws[2].run("logs", "shared").stdout) {
			if strings.HasSuffix(line, "] "+word+"\n") {
				ranks = append(ranks, line[1:2])
			}
		}
		return ranks
	}
	if r := ws[1].run("signal", "shared/0,5", "USR1"); r.status != 0 || !strings.Contains(r.stderr, "ranks 0,5 of") {
		t.Errorf("%+v", r)
	}
	eventually(t, "two have it", func() bool { return slices.Equal(got("usr1"), []string{"0", "5"}) })
	if r := ws[1].run("signal", "shared", "USR1"); r.status != 0 || !strings.Contains(r.stderr, "ranks 0-5 of") {
		t.Errorf("%+v", r)
	}
	eventually(t, "all have it", func() bool { return len(got("usr1")) == 8 })
	if r := ws[1].run("signal", "shared/9", "USR1"); r.status != 2 || !strings.Contains(r.stderr, "no such rank") {
		t.Errorf("%+v", r)
	}
	if r := ws[1].run("stop", "shared/5"); r.status != 0 || !strings.Contains(r.stderr, "stopping rank 5 of") {
		t.Errorf("%+v", r)
	}
	eventually(t, "one has ended", func() bool { return slices.Equal(got("term"), []string{"5"}) })
	if r := ws[1].run("stop", "shared"); r.status != 0 || !strings.Contains(r.stderr, "exit status") {
		t.Errorf("%+v", r)
	}
	for i, s := range all {
		if status := s.end(); status != 128+15 || !strings.Contains(s.err.String(), "was stopped: stopped by sluice stop (pid ") || strings.Contains(s.err.String(), "hurry:") {
			t.Errorf("node %d: exit status %d\n%s", i, status, s.err)
		}
	}
}

func TestViewGather(t *testing.T) {
	thorough(t)
	t.Parallel()
	// The lease is longer than an agent hangs below.
	ws, all := machines(t, 3, "-n", "2", "--lease", "60s", "--", "sh", "-c", `echo "out $RANK"; exec sleep 1000`)
	eventually(t, "all have written", func() bool { return strings.Count(ws[0].run("logs", "shared").stdout, "out ") == 6 })
	host, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	r := ws[1].run("gather", "shared", "all")
	if r.status != 0 || strings.Count(r.stdout, " files, ") != 4 || !strings.Contains(r.stdout, "\n3 of 3 machines: ") {
		t.Errorf("%+v", r)
	}
	for rank := range 6 {
		dir := ws[1].path(fmt.Sprintf("all/node-%d-%s", rank/2, host))
		if b, err := os.ReadFile(filepath.Join(dir, "attempt_0", strconv.Itoa(rank%2), "stdout.log")); err != nil || string(b) != fmt.Sprintf("out %d\n", rank) {
			t.Errorf("rank %d: %q, %v", rank, b, err)
		}
		if _, err := os.Stat(filepath.Join(dir, "run.json")); err != nil {
			t.Error(err)
		}
	}
	if r := ws[1].run("gather", "shared", "all"); r.status != 2 || !strings.Contains(r.stderr, "is there already") {
		t.Errorf("again: %+v", r)
	}
	if r := ws[1].run("gather", "shared/3", "one"); r.status != 2 {
		t.Errorf("of a rank: %+v", r)
	}
	// The agent of another machine hangs: its name is told, and the others are here.
	agent := ws[2].ps()[0].Agent.Pid
	if err := syscall.Kill(agent, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	r = ws[1].run("gather", "shared", "some")
	own := ws[2].run("ps", "shared")
	syscall.Kill(agent, syscall.SIGCONT)
	if !strings.Contains(own.stderr, "cannot be asked: the agent on this machine does not answer") {
		t.Errorf("on its own machine: %+v", own)
	}
	if r.status != 1 || !strings.Contains(r.stderr, "node 2 (host "+host+")") || !strings.Contains(r.stderr, "of 3 machines are missing") {
		t.Errorf("without one: %+v", r)
	}
	ws[0].run("stop", "shared", "--kill")
	for i, s := range all {
		if status := s.end(); status != 128+9 {
			t.Errorf("killed on request, node %d ends with %d:\n%s", i, status, s.err)
		}
	}
	if r := ws[2].run("gather", "shared", "late"); r.status != 0 || !strings.Contains(r.stderr, "for the rest, type on each of the others:\n  sluice gather shared DIR\n") || !strings.Contains(r.stdout, "node-2-") {
		t.Errorf("after the end: %+v", r)
	}
}
