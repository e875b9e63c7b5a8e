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
	"syscall"
	"testing"

	"github.com/sluicerun/sluice/internal/testssh"
	"github.com/sluicerun/sluice/job"
)

func TestHosts(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	r := f.run("run", "--hosts", "a:2,b:3,c", "--env", "WORD=a b'c", "--", "sh", "-c",
		`echo $RANK of $WORLD_SIZE on $GROUP_RANK: "$WORD" $(pwd) $XDG_STATE_HOME; echo err $RANK >&2`)
	var want, wantErr strings.Builder
	for rank, node := range []int{0, 0, 1, 1, 1, 2} {
		fmt.Fprintf(&want, "[%d] %[1]d of 6 on %d: a b'c %s %s/%c\n", rank, node, f.world.dir, f.dir, 'a'+node)
		fmt.Fprintf(&wantErr, "[%d] err %[1]d\n", rank)
	}
	if r.status != 0 || sortedLines(r.stdout) != want.String() || sortedLines(r.stderr) != wantErr.String() {
		t.Errorf("%+v\nwant %s", r, want.String())
	}
	f.gone()
	// The logs are on the hosts.
	for host, ranks := range map[string]int{"a": 2, "b": 3, "c": 1} {
		logs, _ := filepath.Glob(filepath.Join(f.dir, host, "sluice", "runs", "*", "attempt_0", "*", "stdout.log"))
		if len(logs) != ranks {
			t.Errorf("%s: %v", host, logs)
		}
	}
}

func TestHostsOfFile(t *testing.T) {
	thorough(t)
	t.Parallel()
	f := newFleet(t)
	file := f.path("hosts")
	if err := os.WriteFile(file, []byte("# ours\na slots=2\n\nb:1 # one\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	r := f.run("run", "--hosts", file, "--prefix", "{rank}/{local_rank} ", "--console", "1-2", "--", "sh", "-c", "echo hi")
	if want := "1/1 hi\n2/0 hi\n"; r.status != 0 || sortedLines(r.stdout) != want {
		t.Errorf("%+v", r)
	}
	if r := f.run("run", "--hosts", "a", "--", "printf", `\000\377 as it is`); r.stdout != "\x00\xff as it is" {
		t.Errorf("one worker: %+v", r)
	}
}

func TestHostsFailure(t *testing.T) {
	thorough(t)
	t.Parallel()
	f := newFleet(t)
	r := f.run("run", "--hosts", "a:2,b:2", "--grace", "10s", "--", "sh", "-c",
		`if [ $RANK = 3 ]; then sleep 1; echo "it broke here" >&2; exit 7; fi; exec sleep 1000`)
	for _, want := range []string{"rank 3 exited with code 7", "host b", "rank 3 failed first", "it broke here", "ssh b sluice logs", "another node: 0-1", "exit status 7"} {
		if !strings.Contains(r.stderr, want) {
			t.Errorf("no %q in:\n%s", want, r.stderr)
		}
	}
	if r.status != 7 {
		t.Errorf("exit status %d", r.status)
	}
	if n := strings.Count(r.stderr, "sluice: run sh-"); n != 1 {
		t.Errorf("%d reports:\n%s", n, r.stderr)
	}
	f.gone()
	r = f.run("run", "--hosts", "a:2,b:2", "--exit-code", "any", "-q", "--", "sh", "-c", "exit $((RANK+5))")
	if r.status != 1 || r.stderr != "" {
		t.Errorf("--exit-code any: %+v", r)
	}
}

// All ranks of all hosts start again.
func TestHostsRestart(t *testing.T) {
	thorough(t)
	t.Parallel()
	f := newFleet(t)
	r := f.run("run", "--hosts", "a,b,c", "--restarts", "1", "--", "sh", "-c",
		`echo $RANK life $TORCHELASTIC_RESTART_COUNT; if [ $TORCHELASTIC_RESTART_COUNT = 1 ]; then exit 0; fi; if [ $RANK = 1 ]; then sleep 1; exit 1; fi; exec sleep 1000`)
	if want := "[0] 0 life 0\n[0] 0 life 1\n[1] 1 life 0\n[1] 1 life 1\n[2] 2 life 0\n[2] 2 life 1\n"; r.status != 0 || sortedLines(r.stdout) != want {
		t.Errorf("%+v", r)
	}
}

// A run that can do with fewer machines goes on.
func TestHostsElastic(t *testing.T) {
	thorough(t)
	t.Parallel()
	f := newFleet(t)
	s := f.start("run", "--hosts", "a,b,c", "--nodes", "2:3", "--lease", "2s", "--grace", "2s", "--restarts", "1", "--", "sh", "-c",
		`echo up $RANK of $WORLD_SIZE; if [ $WORLD_SIZE = 2 ]; then exit 0; fi; exec sleep 1000`)
	for rank := range 3 {
		s.prints(fmt.Sprintf("up %d of 3", rank))
	}
	for _, pid := range f.sshs("c") {
		syscall.Kill(pid, syscall.SIGKILL)
	}
	status := s.end()
	for rank := range 2 {
		if !strings.Contains(s.out.String(), fmt.Sprintf("up %d of 2", rank)) {
			t.Errorf("rank %d did not go on:\n%s", rank, s.out)
		}
	}
	if !strings.Contains(s.err.String(), "host c: the connection is lost") || status != 0 {
		t.Errorf("exit status %d\n%s", status, s.err)
	}
}

// Before anything is started anywhere.
func TestHostsMistakes(t *testing.T) {
	thorough(t)
	t.Parallel()
	f := newFleet(t)
	marker := filepath.Join(f.dir, "ran")
	other := filepath.Join(f.dir, "other")
	build := exec.Command("go", "build", "-ldflags", "-X github.com/sluicerun/sluice/internal/cli.version=v0.0.1-other", "-o", other, "github.com/sluicerun/sluice/cmd/sluice")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, tt := range []struct {
		name   string
		args   []string
		status int
		says   []string
	}{
		{"unreachable", []string{"--hosts", "a,nowhere.invalid,b"}, 125, []string{"host nowhere.invalid: it cannot be reached", "Could not resolve hostname"}},
		{"another version", []string{"--hosts", "a,b", "--remote-sluice", other}, 125, []string{"sluice there is of version v0.0.1-other", "--remote-sluice PATH"}},
		{"missing", []string{"--hosts", "a,b", "--remote-sluice", "/no/such/sluice"}, 125, []string{": there is no /no/such/sluice", "--remote-sluice PATH"}},
		{"no sluice of that name", []string{"--hosts", "b", "--remote-sluice", "false"}, 125, []string{"host b: sluice did not start there: ssh ended with exit status 1"}},
		{"no ssh", []string{"--hosts", "a", "--ssh", "/no/ssh -F x"}, 125, []string{"starting /no/ssh", "no such file"}},
		{"no directory", []string{"--hosts", "a,b", "--cwd", "/no/such/dir"}, 2, []string{": the working directory /no/such/dir: no such file or directory", "--cwd DIR"}},
		{"twice", []string{"--hosts", "a,b,a"}, 2, []string{"a is named twice"}},
		{"option", []string{"--hosts", "-oProxyCommand=x"}, 2, []string{"does not begin with"}},
		{"no file", []string{"--hosts", "/no/such/file"}, 2, []string{"--hosts: reading the file of hosts: open /no/such/file: no such file", "name a file"}},
		{"a directory", []string{"--hosts", f.dir + "/"}, 2, []string{"is a directory"}},
		{"too few", []string{"--hosts", "a,b", "--nodes", "3"}, 2, []string{"--nodes 3 wants more machines than the 2 of --hosts"}},
		{"detached", []string{"--hosts", "a", "-d"}, 2, []string{"--detach does not go with --hosts"}},
		{"ssh alone", []string{"--ssh", "ssh"}, 2, []string{"--ssh goes with --hosts"}},
		{"quote", []string{"--hosts", "a", "--ssh", "ssh 'x"}, 2, []string{"a quote is not closed"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := f.run(append(append([]string{"run"}, tt.args...), "--", "touch", marker)...)
			if r.status != tt.status {
				t.Errorf("exit status %d", r.status)
			}
			for _, want := range tt.says {
				if !strings.Contains(r.stderr, want) {
					t.Errorf("no %q in:\n%s", want, r.stderr)
				}
			}
			if _, err := os.Stat(marker); err == nil {
				t.Error("the command was started")
			}
		})
	}
	r := f.run("run", "--hosts", "a,b", "--", "no-such-command")
	if r.status != 127 || !strings.Contains(r.stderr, "no-such-command") {
		t.Errorf("a missing command: %+v", r)
	}
}

func TestHostsDedup(t *testing.T) {
	thorough(t)
	t.Parallel()
	f := newFleet(t)
	begin := filepath.Join(f.dir, "go")
	s := f.start("run", "--hosts", "a:2,b:2,c:2", "--dedup", "--", "sh", "-c",
		`touch "`+begin+`.$RANK"; while [ ! -e "`+begin+`" ]; do sleep 0.01; done; for i in red green blue black white; do echo all are $i; sleep 0.3; done`)
	eventually(t, "all workers are up", func() bool {
		up, _ := filepath.Glob(begin + ".*")
		return len(up) == 6
	})
	if err := os.WriteFile(begin, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if status := s.end(); status != 0 {
		t.Errorf("exit status %d\n%s", status, s.err)
	}
	// How many find together depends on how busy the machine is.
	ranks, overHosts := 0, false
	for line := range strings.Lines(s.out.String()) {
		head, text, _ := strings.Cut(strings.TrimPrefix(line, "["), "] ")
		set, err := job.ParseRankSet(head)
		if err != nil || !strings.HasPrefix(text, "all are") {
			continue
		}
		hosts := map[int]bool{}
		for rank := range 6 {
			if set.Contains(rank) {
				ranks++
				hosts[rank/2] = true
			}
		}
		overHosts = overHosts || len(hosts) > 1
	}
	if ranks != 6*5 || !overHosts {
		t.Errorf("%d lines of ranks\n%s", ranks, s.out)
	}
}

// Everything arrives, whatever the three hosts write at once.
func TestHostsFlood(t *testing.T) {
	thorough(t)
	t.Parallel()
	f := newFleet(t)
	const lines = 100000
	s := f.start("run", "--hosts", "a,b,c", "--", "seq", "-f", "line %.0f of a flood that fills windows", strconv.Itoa(lines))
	if status := s.end(); status != 0 {
		t.Fatalf("exit status %d\n%s", status, s.err)
	}
	next := map[string]int{}
	for line := range strings.Lines(s.out.String()) {
		rank, text, _ := strings.Cut(strings.TrimSpace(line), " ")
		next[rank]++
		if want := fmt.Sprintf("line %d of a flood that fills windows", next[rank]); text != want {
			t.Fatalf("%s: %q, want %q", rank, text, want)
		}
	}
	for rank := range 3 {
		if n := next[fmt.Sprintf("[%d]", rank)]; n != lines {
			t.Errorf("rank %d: %d lines", rank, n)
		}
	}
}

// A long line is one, and an early end of the reader ends nothing.
func TestHostsLongLine(t *testing.T) {
	thorough(t)
	t.Parallel()
	f := newFleet(t)
	const size = 3 << 20
	r := f.run("run", "--hosts", "a,b", "--console", "1", "--", "sh", "-c", fmt.Sprintf("head -c %d /dev/zero | tr '\\0' x; echo", size))
	if want := "[1] " + strings.Repeat("x", size) + "\n"; r.status != 0 || r.stdout != want {
		t.Errorf("%d bytes, want %d; %s", len(r.stdout), len(want), r.stderr)
	}
	done := filepath.Join(f.dir, "all")
	pipe := exec.Command("sh", "-c", `"$1" run --hosts a:2 -- sh -c 'seq 1000000; echo $RANK >>"$DONE"' | head -n 1`, "sh", sluice)
	pipe.Env, pipe.Dir = append(f.env, "SLUICE_SSH="+f.ssh), f.world.dir
	pipe.Args[2] = strings.ReplaceAll(pipe.Args[2], "$DONE", done)
	if out, err := pipe.Output(); err != nil || !strings.Contains(string(out), "] 1\n") {
		t.Errorf("%q, %v", out, err)
	}
	if b, _ := os.ReadFile(done); len(b) != 4 {
		t.Errorf("the workers did not come to their end: %q", b)
	}
}

func TestHostsEvents(t *testing.T) {
	thorough(t)
	t.Parallel()
	f := newFleet(t)
	r := f.run("run", "--hosts", "a,b:2", "--events", "-", "--", "sh", "-c", "echo out")
	began := map[string]int{}
	for line := range strings.Lines(r.stdout) {
		var e struct {
			Host, Type string
			Rank       *int
		}
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		if e.Type == "worker_started" {
			began[fmt.Sprint(e.Host, *e.Rank)]++
		}
	}
	if len(began) != 3 || began["a0"] != 1 || began["b1"] != 1 || began["b2"] != 1 || !strings.Contains(r.stderr, "[2] out") {
		t.Errorf("%v\n%s", began, r.stderr)
	}
}

// On machines of their own, the agents meet at an address that all reach.
func TestHostsOnNetwork(t *testing.T) {
	thorough(t)
	t.Parallel()
	net, nodes := newNodes(t, "s", "a", "b", "c")
	sshd := testssh.StartOn(t, net.Host("a"), net.Host("b"), net.Host("c"))
	s := nodes[0]
	f := fleetOn(t, s.world, sshd, "a", "b", "c")
	r := s.run("run", "--hosts", "a:2,b,c", "--prefix", "{host}/{rank} ", "--", "sh", "-c", "echo $RANK of $WORLD_SIZE at $MASTER_ADDR on $(uname -n)")
	want := ""
	for rank, host := range []string{"a", "a", "b", "c"} {
		want += fmt.Sprintf("%s/%d %[2]d of 4 at %[3]s on %[1]s\n", host, rank, net.Host("a").Addr())
	}
	if r.status != 0 || sortedLines(r.stdout) != want {
		t.Errorf("%+v\nwant %s", r, want)
	}
	f.gone()

	// The power of one goes: the others end, with a word about it.
	gone := s.start("run", "--hosts", "a,b,c", "--lease", "2s", "--grace", "2s", "--", "sh", "-c", "echo up $RANK; exec sleep 1000")
	for rank := range 3 {
		gone.prints(fmt.Sprint("up ", rank))
	}
	net.Host("b").PowerOff()
	if status := gone.end(); status == 0 {
		t.Errorf("exit status %d", status)
	}
	if got := gone.err.String(); !strings.Contains(got, "host b: it does not answer any more") {
		t.Errorf("host b is not named:\n%s", got)
	}
	os.RemoveAll(filepath.Join(f.dir, "b")) // nobody was left to do it
}

// What a run has left on the hosts is known where it was started, and brought home
// from there.
// A worker with a terminal reads what others type into it.
func TestHostsPty(t *testing.T) {
	thorough(t)
	t.Parallel()
	f := newFleet(t)
	s := f.start("run", "--hosts", "a,b", "--pty", "--name", "asks", "--", "sh", "-c", "echo ready $RANK; read x; echo got $x")
	s.prints("ready 0")
	s.prints("ready 1")
	for rank, text := range []string{"one", "two"} {
		typed := exec.Command(f.ssh, "a", "sh")
		typed.Stdin = strings.NewReader(fmt.Sprintf("exec '%s' type asks/%d %s --enter", sluice, rank, text))
		if out, err := typed.CombinedOutput(); err != nil {
			t.Errorf("%v: %s", err, out)
		}
	}
	if status := s.end(); status != 0 || !strings.Contains(s.out.String(), "[0] got one") || !strings.Contains(s.out.String(), "[1] got two") {
		t.Errorf("exit status %d\n%s%s", status, s.out, s.err)
	}
	f.gone()
}

func TestHostsGather(t *testing.T) {
	thorough(t)
	t.Parallel()
	f := newFleet(t)
	dir := filepath.Join(f.dir, "b")
	if r := f.run("run", "--hosts", "a:2,b,c", "--name", "train", "-q", "--", "sh", "-c", "echo out $RANK"); r.status != 0 {
		t.Fatalf("%+v", r)
	}
	rec := f.ps()[0]
	if rec.Name != "train" || rec.State != "ended" || rec.Result.Verdict != "succeeded" || len(rec.Workers) != 4 {
		t.Errorf("it is remembered as %+v", rec)
	}
	if r := f.run("logs", "train"); r.status != 2 || !strings.Contains(r.stderr, "sluice gather "+rec.ID+" DIR") || !strings.Contains(r.stderr, "ssh a sluice logs train-") {
		t.Errorf("sluice logs: %+v", r)
	}
	r := f.run("gather", "train", "all")
	if r.status != 0 || strings.Count(r.stdout, "\n") != 4 || !strings.Contains(r.stdout, "\n3 of 3 machines: ") {
		t.Errorf("%+v", r)
	}
	for rank, path := range []string{"node-0-a/attempt_0/0", "node-0-a/attempt_0/1", "node-1-b/attempt_0/0", "node-2-c/attempt_0/0"} {
		if got := f.read(filepath.Join(f.world.dir, "all", path, "stdout.log")); got != fmt.Sprintf("out %d\n", rank) {
			t.Errorf("%s: %q", path, got)
		}
	}

	// A host that is gone, and one that has deleted the run: the third is had.
	if err := os.RemoveAll(filepath.Join(dir, "sluice", "runs")); err != nil {
		t.Fatal(err)
	}
	record := filepath.Join(rec.Dir, "run.json")
	writeFile(t, record, strings.Replace(f.read(record), `"host":"c"`, `"host":"nowhere.invalid"`, 1), 0o600)
	r = f.run("gather", "train", "some")
	for _, want := range []string{"nothing whole from host b: ", "nothing whole from host nowhere.invalid: ", "it cannot be reached: ", "2 of 3 machines are missing"} {
		if !strings.Contains(r.stderr, want) {
			t.Errorf("no %q in %s", want, r.stderr)
		}
	}
	if left, _ := filepath.Glob(filepath.Join(f.world.dir, "some", "*")); r.status != 1 || len(left) != 1 || !strings.HasPrefix(r.stdout, "some/node-0-a: ") {
		t.Errorf("%v, %+v", left, r)
	}
	if r := f.run("gather", "train", "some"); r.status != 2 || !strings.Contains(r.stderr, "is there already") {
		t.Errorf("twice: %+v", r)
	}
	f.gone()

	// Of what has started nothing there is nothing to remember.
	if r := f.run("run", "--hosts", "a", "--name", "other", "--", "no-such-command"); r.status != 127 {
		t.Errorf("%+v", r)
	}
	if recs := f.ps(); len(recs) != 1 {
		t.Errorf("remembered: %+v", recs)
	}
}

// A command that only one host lacks ends all of them.
func TestHostsUnable(t *testing.T) {
	thorough(t)
	t.Parallel()
	f := newFleet(t)
	f.mkdir(filepath.Join(f.dir, "a", "bin"))
	writeFile(t, filepath.Join(f.dir, "a", "bin", "only-on-a"), "#!/bin/sh\nexec sleep 1000\n", 0o755)
	r := f.run("run", "--hosts", "a,b", "--", "only-on-a")
	if r.status == 0 || !strings.Contains(r.stderr, "host b: starting only-on-a: command not found") {
		t.Errorf("%+v", r)
	}
	f.gone()
}
