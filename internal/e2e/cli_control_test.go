//go:build linux

package e2e

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

func TestPs(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if r := w.run("ps"); r.status != 0 || r.stdout != "" || !strings.Contains(r.stderr, "no runs yet") {
		t.Errorf("without runs: %+v", r)
	}
	if r := w.run("ps", "--json"); r.stdout != "[]\n" {
		t.Errorf("without runs: %+v", r)
	}
	w.run("run", "-q", "-n", "2", "--name", "bad", "--", "sh", "-c", "[ $RANK = 1 ] && exit 3; sleep 60")
	s := w.start("run", "-n", "2", "--name", "going", "--", "sh", "-c", "echo up; exec sleep 60")
	eventually(t, "it runs", func() bool { return strings.Count(s.out.String(), "up") == 2 })
	r := w.run("ps")
	for _, want := range []string{
		`(?m)^RUN +RANK +STATE +PID +UPTIME +EXIT +COMMAND$`,
		`(?m)^going-\w{6} +n=2 +running +\d+ +\S+ +- +sh -c 'echo up; exec sleep 60'$`,
		`(?m)^ +0 +running +\d+ +\S+ +- *$`,
		`(?m)^ +1 +running +\d+ +\S+ +- *$`,
		`(?m)^bad-\w{6} +n=2 +failed +- +\S+ +3 +sh`,
		`(?m)^ +1 +failed +\S+ +\S+ +3 *$`,
	} {
		if !regexp.MustCompile(want).MatchString(r.stdout) {
			t.Errorf("%q is not in\n%s", want, r.stdout)
		}
	}
	if strings.Index(r.stdout, "going-") > strings.Index(r.stdout, "bad-") {
		t.Errorf("the latest is not first:\n%s", r.stdout)
	}
	recs := w.ps()
	if len(recs) != 2 || recs[0].State != "running" || len(recs[0].Workers) != 2 || recs[1].Result.Status != 3 || *recs[1].Result.First != 1 {
		t.Errorf("--json: %+v", recs)
	}
	if !alive(recs[0].Workers[1].PID) {
		t.Errorf("pid %d is nobody", recs[0].Workers[1].PID)
	}
	if r := w.run("ps", "bad"); strings.Contains(r.stdout, "going") || !regexp.MustCompile(`(?m)^ +0 +stopped`).MatchString(r.stdout) {
		t.Errorf("ps RUN: %+v", r)
	}
	if r := w.run("ps", "nobody"); r.status != 2 {
		t.Errorf("ps of an unknown run: %+v", r)
	}
	// Ended runs are shown up to a number.
	for range 12 {
		w.run("run", "--name", "many", "--", "true")
	}
	if n := strings.Count(w.run("ps").stdout, "many-"); n != 10 {
		t.Errorf("%d ended runs", n)
	}
	if n := strings.Count(w.run("ps", "-a").stdout, "many-"); n != 12 {
		t.Errorf("%d ended runs with --all", n)
	}
}

// TestRunSelectors: what RUN may be.
func TestRunSelectors(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if r := w.run("logs"); r.status == 0 || !strings.Contains(r.stderr, "no runs yet") {
		t.Errorf("without runs: %+v", r)
	}
	for _, name := range []string{"alpha", "alpha", "alpine", "beta"} {
		w.run("run", "--name", name, "--", "sh", "-c", "echo $SLUICE_RUN")
	}
	recs := w.ps() // the latest first
	beta, alpine, alpha, older := recs[0].ID, recs[1].ID, recs[2].ID, recs[3].ID
	for sel, want := range map[string]string{
		"": beta, "beta": beta, "alpha": alpha, "alp": "", "alpi": alpine, "b": beta,
		older: older, alpha: alpha, older[:len(older)-1]: older, "gamma": "", "alpha-": "",
		"alpha/0": alpha, "/0": "", recs[3].Dir: older, "beta/": "",
	} {
		args := []string{"logs"}
		if sel != "" {
			args = append(args, sel)
		}
		r := w.run(args...)
		switch {
		case want == "" && (r.status == 0 || r.stdout != "" || r.stderr == ""):
			t.Errorf("%q: %+v", sel, r)
		case want == "" && strings.HasPrefix(sel, "al") && (r.status != 2 || !strings.Contains(r.stderr, "several runs begin so")):
			t.Errorf("%q is ambiguous: %+v", sel, r)
		case want != "" && r.stdout != want+"\n":
			t.Errorf("%q: %+v instead of %s", sel, r, want)
		}
	}
	// A script's variable that is not set is not the latest run, nor all its ranks.
	s := w.start("run", "--name", "lives", "--", "sleep", "1000")
	eventually(t, "it runs", func() bool { return w.ps()[0].State == "running" })
	for _, args := range [][]string{{"stop", ""}, {"stop", "lives/"}, {"signal", "", "KILL"}, {"signal", "lives/", "KILL"}, {"eof", ""}, {"logs", ""}, {"wait", ""}} {
		if r := w.run(args...); r.status != 2 || !strings.Contains(r.stderr, "empty") && !strings.Contains(r.stderr, "no ranks") {
			t.Errorf("%q: %+v", args, r)
		}
	}
	if got := w.ps()[0].State; got != "running" {
		t.Errorf("it is %s", got)
	}
	if r := w.run("stop"); r.status != 0 || s.end() != 143 {
		t.Errorf("%+v\n%s", r, s.err)
	}
}

func TestSignal(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.start("run", "-n", "3", "--name", "ears", "--", "sh", "-c",
		`trap 'echo heard' USR1; trap 'echo bye; exit 0' TERM; echo up; while :; do sleep 0.02; done`)
	eventually(t, "all are up", func() bool { return strings.Count(s.out.String(), "up") == 3 })
	r := w.run("signal", "ears/1-2", "USR1")
	if r.status != 0 || !strings.Contains(r.stderr, "sent SIGUSR1 to ranks 1-2 of ears-") {
		t.Errorf("got %+v", r)
	}
	eventually(t, "ranks 1 and 2 heard it", func() bool { return strings.Count(s.out.String(), "heard") == 2 })
	if strings.Contains(s.out.String(), "[0] heard") {
		t.Error("rank 0 was not meant")
	}
	for _, tt := range []struct {
		args   string
		says   string
		status int
	}{
		{"ears NOSUCH", "NOSUCH", 2},
		{"ears", "takes RUN and SIGNAL", 2},
		{"ears/7 USR1", "invalid RANK \"7\": run ears-", 2},
		{"ears/1,7 TERM", "no such rank", 2},
		{"ears/y USR1", "rank set", 2},
		{"eyes USR1", "no run has this id", 2},
	} {
		if r := w.run(append([]string{"signal"}, strings.Fields(tt.args)...)...); r.status != tt.status || !strings.Contains(r.stderr, tt.says) {
			t.Errorf("sluice signal %s: %+v", tt.args, r)
		}
	}
	if r := w.run("stop", "ears/0-1,5-9"); r.status != 2 || !strings.Contains(r.stderr, "\"5-9\"") {
		t.Errorf("half of them do not exist: %+v", r)
	}
	if r := w.run("signal", "ears", "15"); r.status != 0 {
		t.Errorf("by number: %+v", r)
	}
	if st := s.end(); st != 0 || strings.Count(s.out.String(), "bye") != 3 {
		t.Errorf("status %d: %s", st, s.out)
	}
	if r := w.run("signal", "ears", "USR1"); r.status == 0 || !strings.Contains(r.stderr, "has ended") {
		t.Errorf("after the end: %+v", r)
	}
}

// A run that cannot have a control socket goes on, and says so also where it has no
// terminal to say it on.
func TestNoControlSocket(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	long := w.path(strings.Repeat("d", 108))
	w.mkdir(long)
	w.env = append(w.env, "XDG_RUNTIME_DIR="+long)
	for _, flags := range [][]string{{"-d"}, {}} {
		r := w.run(append(append([]string{"run"}, flags...), "--name", "deaf", "--", "true")...)
		if r.status != 0 || !strings.Contains(r.stderr, "sluice: this run cannot be controlled from outside: the control socket's path "+long) {
			t.Errorf("%q: %+v", flags, r)
		}
	}
}

func TestStopAndWait(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.start("run", "-n", "3", "--name", "waits", "--", "sh", "-c", `echo up; exec sleep 1000`)
	eventually(t, "all are up", func() bool { return strings.Count(s.out.String(), "up") == 3 })
	if r := w.run("wait", "waits", "--timeout", "50ms"); r.status != 124 || !strings.Contains(r.stderr, "still runs") {
		t.Errorf("wait --timeout: %+v", r)
	}
	waiter := w.start("wait", "waits")
	r := w.run("stop", "waits/1")
	if r.status != 0 || !strings.Contains(r.stderr, "stopping rank 1 of waits-") {
		t.Errorf("stop of a rank: %+v", r)
	}
	eventually(t, "rank 1 has ended and the others have not", func() bool {
		rec := w.ps()[0]
		return rec.State == "running" && rec.Workers[1].Kind == "signaled" && rec.Workers[0].Kind == "running" && rec.Workers[2].Kind == "running"
	})
	if r := w.run("stop", "waits/1"); r.status != 2 || !strings.Contains(r.stderr, "none of them is running") {
		t.Errorf("stop of a rank that has ended: %+v", r)
	}
	if r := w.run("stop", "waits"); r.status != 0 || !strings.Contains(r.stderr, "stopped, exit status 143") {
		t.Errorf("stop: %+v", r)
	}
	if st := s.end(); st != 143 {
		t.Errorf("the run's status %d", st)
	}
	if st := waiter.end(); st != 143 || !strings.Contains(waiter.err.String(), "stopped, exit status 143") {
		t.Errorf("the waiter's status %d: %s", st, waiter.err)
	}
	pair := w.start("run", "-n", "2", "--name", "pair", "--", "sleep", "1000")
	eventually(t, "both run", func() bool { rec := w.ps()[0]; return rec.Name == "pair" && len(rec.Workers) == 2 })
	if r := w.run("stop", "pair/0-1"); r.status != 0 || !strings.Contains(r.stderr, "stopping ranks 0-1 of pair-") {
		t.Errorf("stop of all ranks: %+v", r)
	}
	if st := pair.end(); st != 143 || !strings.Contains(pair.err.String(), "each of its ranks was stopped") {
		t.Errorf("nobody came to his end, and the status is %d: %s", st, pair.err)
	}
	if r := w.run("stop", "waits"); r.status != 0 || !strings.Contains(r.stderr, "has ended already") {
		t.Errorf("stop of what has ended: %+v", r)
	}
	w.run("run", "-q", "--", "sh", "-c", "exit 42")
	if r := w.run("wait"); r.status != 42 {
		t.Errorf("wait for what has ended: %+v", r)
	}
	for _, cmd := range []string{"wait", "stop", "eof"} {
		if r := w.run(cmd, "nobody"); r.status != 2 {
			t.Errorf("sluice %s nobody: %+v", cmd, r)
		}
	}
}

func TestEvents(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := w.run("run", "--events", "events", "-n", "2", "--", "echo", "shown")
	if perRank(t, r.stdout)["1"] != "shown\n" {
		t.Errorf("with a file the console is as ever: %+v", r)
	}
	b, err := os.ReadFile(filepath.Join(w.dir, "events"))
	if err != nil {
		t.Fatal(err)
	}
	checkEvents(t, string(b))
	own, err := os.ReadFile(filepath.Join(w.ps()[0].Dir, "events.jsonl"))
	if err != nil || string(own) != string(b) {
		t.Errorf("events.jsonl: %v\n%s\n--events:\n%s", err, own, b)
	}
	// On stdout they are alone: what workers say goes to stderr.
	r = w.run("run", "--events", "-", "-n", "2", "--", "sh", "-c", "echo out; printf err >&2")
	checkEvents(t, r.stdout)
	for rank, text := range perRank(t, r.stderr) {
		if text != "out\nerr\n" && text != "err\nout\n" {
			t.Errorf("rank %s: %q", rank, text)
		}
	}
	if r := w.run("run", "--events", "no/such/dir", "--", "touch", "started"); r.status != 2 || !strings.Contains(r.stderr, "no/such/dir") {
		t.Errorf("a file that cannot be made: %+v", r)
	}
	if _, err := os.Stat(filepath.Join(w.dir, "started")); err == nil {
		t.Error("it was started")
	}
}

func checkEvents(t *testing.T, text string) {
	t.Helper()
	count := map[string]int{}
	var last string
	for line := range strings.Lines(text) {
		var e struct{ Time, Type string }
		if err := json.Unmarshal([]byte(line), &e); err != nil || e.Time == "" {
			t.Fatalf("%q: %v", line, err)
		}
		if count[e.Type]++; len(count) == 1 && e.Type != "run_started" {
			t.Errorf("it begins with %s", e.Type)
		}
		last = e.Type
	}
	if count["run_started"] != 1 || count["worker_started"] != 2 || count["worker_ended"] != 2 || last != "run_ended" {
		t.Errorf("%v, at the end %s", count, last)
	}
}

// TestEventsThatNobodyReads must not hold up the run: there are more of them
// than fit into the pipe.
func TestEventsThatNobodyReads(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s, _ := w.unread("run", "--events", "-", "-n", "200", "--console-linger", "300ms", "--redirect", "all", "--", "true")
	if st := s.end(); st != 0 {
		t.Errorf("status %d: %s", st, s.err)
	}
	if rec := w.ps()[0]; rec.Result == nil || rec.Result.Verdict != "succeeded" {
		t.Errorf("%+v", rec)
	}
}

func TestDryRun(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	args := []string{"run", "--dry-run", "-n", "3", "--stdin", "1", "--redirect", "2:all", "--console", "0", "--cwd", "/", "--nice", "3",
		"--rlimit", "nofile=100:200", "--env", "COLOUR=dark blue", "--name", "plan"}
	r := w.run(append(args, "--", "sh", "-c", "exit 1")...)
	for _, want := range []string{"command  /", "args     sh -c 'exit 1'\n", "cwd      /\n", "rlimits  nofile=100:200\n", "nice     +3\n",
		"rank 1\n  stdin   the launcher's\n", "/attempt_0/0/stdout.log and the console\n", "/attempt_0/1/stdout.log (tee'd, not on the console)\n",
		"/attempt_0/2/stderr.log\n", " RANK=2 ", " WORLD_SIZE=3 ", "'COLOUR=dark blue'", "/plan-??????/"} {
		if !strings.Contains(r.stdout, want) {
			t.Errorf("%q is not in\n%s", want, r.stdout)
		}
	}
	if r.status != 0 || r.stderr != "" {
		t.Errorf("got %+v", r)
	}
	r = w.run(append(append(args, "--json"), "--", "sh", "-c", "exit 1")...)
	var plan struct {
		Path    string
		Command []string
		Nice    int
		Workers []struct {
			Rank                  int
			Stdin, Stdout, Stderr string
			Env                   []string
		}
	}
	if err := json.Unmarshal([]byte(r.stdout), &plan); err != nil || len(plan.Workers) != 3 || plan.Workers[0].Stdin != "/dev/null" || plan.Nice != 3 {
		t.Errorf("--json: %v\n%s", err, r.stdout)
	}
	if len(w.ps()) != 0 {
		t.Error("a dry run left a run")
	}
	if r := w.run("run", "--dry-run", "--", "no-such-command"); r.status != 127 {
		t.Errorf("a command that is not there: %+v", r)
	}
}

func TestVersionAndCompletion(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if r := w.run("version"); r.status != 0 || !regexp.MustCompile(`^sluice \S+.* go1\.\S+ linux/\w+\n$`).MatchString(r.stdout) {
		t.Errorf("version: %+v", r)
	}
	for _, shell := range []string{"bash", "zsh", "fish", "powershell"} {
		if r := w.run("completion", shell); r.status != 0 || !strings.Contains(r.stdout, "sluice") || r.stderr != "" {
			t.Errorf("completion %s: status %d, %s", shell, r.status, r.stderr)
		}
	}
	if r := w.run("__complete", "attach", "--detach"); !strings.HasPrefix(r.stdout, "--detach-key\tKEY that leaves") {
		t.Errorf("completing --detach: %+v", r)
	}
	if r := w.run("completion", "tcsh"); r.status != 2 || r.stdout != "" || !strings.Contains(r.stderr, "none of bash, zsh") {
		t.Errorf("completion tcsh: %+v", r)
	}
	if r := w.run("--help"); r.status != 0 || !strings.Contains(r.stdout, "Launch") && !strings.Contains(r.stdout, "sluice starts a gang") {
		t.Errorf("--help: %+v", r)
	}
	for _, cmd := range []string{"run", "ps", "logs", "signal", "stop", "wait", "console", "eof", "resume", "version", "completion"} {
		if r := w.run(cmd, "--help"); r.status != 0 || !strings.Contains(r.stdout, "sluice "+cmd) || r.stderr != "" {
			t.Errorf("%s --help: status %d, %s", cmd, r.status, r.stderr)
		}
	}
}

// TestUsageErrors exit with 2, say which flag is meant, and start nothing.
func TestUsageErrors(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, tt := range []struct{ args, says string }{
		{"nonsense", `no command "nonsense"`},
		{"run", "no command to run"},
		{"run --", "no command to run"},
		{"run --no-such-flag -- touch started", "--no-such-flag"},
		{"run -n 0 -- touch started", "--workers"},
		{"run -n many -- touch started", "many"},
		{"run --tee 7 -- touch started", "--tee"},
		{"run --redirect 0-:out -- touch started", "--redirect"},
		{"run --console 9 -- touch started", "--console"},
		{"run -n 2 --redirect 5:all -- touch started", "--redirect"},
		{"run -d --events - -- touch started", "--events"},
		{"run --stdin 1 -- touch started", "--stdin"},
		{"run --env K -- touch started", "--env"},
		{"run --env-file no-such-file -- touch started", "no-such-file"},
		{"run --env-file broken -- touch started", "broken:2:"},
		{"run --env-dialect lam -- touch started", "--env-dialect"},
		{"run --rlimit nofile=x -- touch started", "--rlimit"},
		{"run --rlimit nofiles=4 -- touch started", "--rlimit"},
		{"run --nice 40 -- touch started", "--nice"},
		{"run --log-keep 2 -- touch started", "--log-keep"},
		{"run --log-max-size lots -- touch started", "--log-max-size"},
		{"run --grace soon -- touch started", "--grace"},
		{"run --stop-signal STOP -- touch started", "--stop-signal"},
		{"run --on-failure maybe -- touch started", "--on-failure"},
		{"run --on-failure stop-when=0 -- touch started", "--on-failure"},
		{"run --exit-code best -- touch started", "--exit-code"},
		{"run --restart-scope world -- touch started", "--restart-scope"},
		{"run --restarts -1 -- touch started", "--restarts"},
		{"run --restarts x -- touch started", `--restarts: "x" is not a whole number`},
		{"run --nice 99999999999999999999 -- touch started", "--nice: 99999999999999999999 is out of range"},
		{"run --dedup=x -- touch started", `--dedup: "x" is not true or false`},
		{"run --json -- touch started", "--json goes with --dry-run"},
		{"cast retime --speed x in.cast", `--speed: "x" is not a number`},
		{"run --on-full wait -- touch started", "--on-full"},
		{"run --on-launcher-death die -- touch started", "--on-launcher-death"},
		{"run --on-stall date -- touch started", "--stall-timeout"},
		{"run --progress fast -- touch started", "--progress"},
		{"run --prefix {rank -- touch started", "--prefix"},
		{"run --name a/b -- touch started", "--name"},
		{"run --timeout 5parsecs -- touch started", "--timeout"},
		{"ps a b", "at most one RUN"},
		{"console", "takes RUN and SET, not nothing"},
		{"console onlyone", `takes RUN and SET, not "onlyone" alone`},
		{"wait a b", "at most one RUN"},
		{"version now", "no arguments"},
	} {
		os.WriteFile(filepath.Join(w.dir, "broken"), []byte("A=1\n=2\n"), 0o600)
		r := w.run(strings.Fields(tt.args)...)
		if r.status != 2 || !strings.Contains(r.stderr, tt.says) || r.stdout != "" || !strings.HasPrefix(r.stderr, "sluice: ") {
			t.Errorf("sluice %s: %+v does not say %q", tt.args, r, tt.says)
		}
	}
	if _, err := os.Stat(filepath.Join(w.dir, "started")); err == nil {
		t.Error("something was started")
	}
	if len(w.ps()) != 0 {
		t.Error("a run was left")
	}
}

func TestEnvironment(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	os.WriteFile(filepath.Join(w.dir, "file.env"), []byte("# a comment\nexport A=file\nB='two\nlines'\nC=file\n"), 0o600)
	w.env = append(w.env, "A=inherited", "D=inherited", "RANK=77")
	show := func(vars string, flags ...string) map[string]string {
		t.Helper()
		r := w.run(append(append([]string{"run", "-q", "-n", "2"}, flags...), "--", "sh", "-c", `for v in `+vars+`; do eval "echo \"$v=\${$v-unset}\""; done`)...)
		if r.status != 0 {
			t.Fatalf("%+v", r)
		}
		return perRank(t, r.stdout)
	}
	got := show("A C D RANK WORLD_SIZE", "--env-file", "file.env", "--env", "C=flag", "--env", "C=last")
	for rank := range 2 {
		want := fmt.Sprintf("A=file\nC=last\nD=inherited\nRANK=%d\nWORLD_SIZE=2\n", rank)
		if got[fmt.Sprint(rank)] != want {
			t.Errorf("rank %d: %q", rank, got[fmt.Sprint(rank)])
		}
	}
	if got := show("PYTHONUNBUFFERED")["0"]; got != "PYTHONUNBUFFERED=1\n" {
		t.Error(got)
	}
	if got := show("PYTHONUNBUFFERED", "--env", "PYTHONUNBUFFERED=")["0"]; got != "PYTHONUNBUFFERED=\n" {
		t.Error(got)
	}
	got = show("RANK OMPI_COMM_WORLD_RANK OMPI_COMM_WORLD_SIZE PMI_RANK SLURM_PROCID SLURM_NTASKS", "--env-dialect", "ompi,pmi,slurm")
	if want := "RANK=77\nOMPI_COMM_WORLD_RANK=1\nOMPI_COMM_WORLD_SIZE=2\nPMI_RANK=1\nSLURM_PROCID=1\nSLURM_NTASKS=2\n"; got["1"] != want {
		t.Errorf("dialects: %q", got["1"])
	}
	if got := show("LOCAL_RANK PMI_RANK", "--env-dialect", "none")["1"]; got != "LOCAL_RANK=unset\nPMI_RANK=unset\n" {
		t.Errorf("no dialect: %q", got)
	}
}

func TestPlaceAndLimits(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	sub := filepath.Join(w.dir, "sub")
	os.Mkdir(sub, 0o700)
	os.WriteFile(filepath.Join(sub, "here"), []byte("#!/bin/sh\necho in $(basename $PWD)\n"), 0o700)
	if r := w.run("run", "--cwd", "sub", "--", "./here"); r.stdout != "in sub\n" {
		t.Errorf("--cwd: %+v", r)
	}
	if r := w.run("run", "--cwd", "nowhere", "--", "true"); r.status == 0 || !strings.Contains(r.stderr, "nowhere") {
		t.Errorf("--cwd: %+v", r)
	}
	r := w.run("run", "--rlimit", "nofile=123:456", "--rlimit", "core=0", "--", "sh", "-c", "ulimit -n; ulimit -H -n; ulimit -c")
	if r.stdout != "123\n456\n0\n" {
		t.Errorf("--rlimit: %+v", r)
	}
	base, err := strconv.Atoi(strings.TrimSpace(w.run("run", "--", "nice").stdout)) // this test may be run with nice
	r = w.run("run", "--nice", "5", "--", "nice")
	if want := fmt.Sprintln(min(base+5, 19)); err != nil || r.stdout != want {
		t.Errorf("--nice: %d (%v) and then %+v", base, err, r)
	}
	cpus := w.run("run", "--", "nproc").stdout
	if r := w.run("run", "-q", "-n", "cpu", "--", "sh", "-c", "echo $WORLD_SIZE"); perRank1(r.stdout) != strings.TrimSpace(cpus) {
		t.Errorf("-n cpu: %q, nproc says %s", r.stdout, cpus)
	}
	if r := w.run("run", "--nproc-per-node", "3", "--", "true"); r.status != 0 {
		t.Errorf("--nproc-per-node: %+v", r)
	}
	if rec := w.ps()[0]; len(rec.Workers) != 3 || !strings.HasPrefix(rec.ID, "true-") {
		t.Errorf("--nproc-per-node: %+v", rec)
	}
}

// perRank1 is the text of a console's first line.
func perRank1(console string) string {
	line, _, _ := strings.Cut(console, "\n")
	if _, text, ok := strings.Cut(line, "] "); ok {
		return text
	}
	return line
}
