//go:build linux

package e2e

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/sluicerun/sluice/internal/testpeer"
	"github.com/sluicerun/sluice/tcpstore"
)

// polite is a worker that says which signal it got and ends.
const polite = `for s in TERM INT HUP QUIT USR1 USR2; do trap "echo $RANK got $s >>$LOG; exit 0" $s; done
	echo ready; while :; do sleep 0.05; done`

// startTorchrun starts shell workers and waits until they have said "ready".
func (w *world) startTorchrun(workers int, flags []string, script string, args ...string) *started {
	w.t.Helper()
	s := w.start(w.asTorchrun(workers, flags, script, args...)...)
	s.ready(workers)
	return s
}

// got is what polite workers wrote.
func (w *world) got() string {
	b, _ := os.ReadFile(w.path("got"))
	return sortedLines(string(b))
}

// torchWorlds are one with cgroups, and one of a user who has none.
func torchWorlds(t *testing.T, f func(t *testing.T, w *world)) {
	eachUser(t, func(t *testing.T, as *syscall.Credential) {
		w := newTorchWorld(t)
		if as != nil {
			w.become(as)
		}
		w.env = append(w.env, "LOG="+w.path("got"))
		f(t, w)
	})
}

// Checklist 74 (the default four), 75, 76, 78.
func TestTorchrunSignalsEndEverything(t *testing.T) {
	thorough(t)
	for name, sig := range map[string]syscall.Signal{"TERM": syscall.SIGTERM, "INT": syscall.SIGINT, "HUP": syscall.SIGHUP, "QUIT": syscall.SIGQUIT} {
		t.Run(name, func(t *testing.T) {
			torchWorlds(t, func(t *testing.T, w *world) {
				t.Parallel()
				mark := w.mark()
				// A shell's children in the background ignore SIGINT and SIGQUIT.
				s := w.startTorchrun(2, []string{"--shutdown-timeout", "1"}, strings.Replace(brood, "echo ready", "", 1)+polite, mark)
				s.Process.Signal(sig)
				if status := s.end(); status != 1 {
					t.Errorf("exit status %d", status)
				}
				if got, want := w.got(), fmt.Sprintf("0 got %s\n1 got %[1]s\n", name); got != want {
					t.Errorf("the workers saw %q", got)
				}
				if says := s.err.String(); !strings.Contains(says, "was stopped: sluice got SIG"+name) || !strings.Contains(says, "exit status 1\n") {
					t.Errorf("the report: %s", s.err)
				}
				w.clean(mark)
			})
		})
	}
}

// Checklist 74 (a list replaces the default one, bad names warn), 76.
func TestTorchrunSignalsToHandle(t *testing.T) {
	t.Parallel()
	w := newTorchWorld(t)
	w.env = append(w.env, "LOG="+w.path("got"))
	list := []string{"--signals-to-handle", "SIGUSR1,SIGNONSENSE"}
	s := w.startTorchrun(2, list, polite)
	s.says("SIGNONSENSE")
	s.Process.Signal(syscall.SIGUSR1)
	if status := s.end(); status != 1 || w.got() != "0 got USR1\n1 got USR1\n" {
		t.Errorf("exit status %d, the workers saw %q", status, w.got())
	}

	// What is not listed has its usual effect on sluice, and the gang does not
	// outlive that.
	mark := w.mark()
	s = w.startTorchrun(2, list, "# $1\n"+polite, mark)
	s.Process.Signal(syscall.SIGTERM)
	if status := s.end(); status != 128+15 {
		t.Errorf("exit status %d", status)
	}
	eventually(t, "nothing is left", func() bool { return len(marked(mark)) == 0 })
	eventually(t, "the run has ended", func() bool { return w.ps()[0].State == "ended" })
}

// Checklist 74, beyond torchrun: a signal that is for the workers alone.
func TestTorchrunForwardSignals(t *testing.T) {
	t.Parallel()
	w := newTorchWorld(t)
	s := w.startTorchrun(2, []string{"--forward-signals", "SIGUSR1"},
		`trap 'echo saved $RANK' USR1; trap 'echo bye $RANK; exit 0' TERM; echo ready; while :; do sleep 0.05; done`)
	for n := 1; n <= 2; n++ {
		s.Process.Signal(syscall.SIGUSR1)
		eventually(t, "both have saved", func() bool {
			return strings.Count(s.out.String(), "saved 0") == n && strings.Count(s.out.String(), "saved 1") == n
		})
	}
	if rec := w.ps()[0]; rec.State != "running" {
		t.Errorf("the run is %s", rec.State)
	}
	s.Process.Signal(syscall.SIGTERM)
	if status := s.end(); status != 1 || strings.Count(s.out.String(), "bye") != 2 {
		t.Errorf("exit status %d: %s %s", status, s.out, s.err)
	}
}

// A run that was started with nohup survives the hang-up, and so do its workers.
func TestTorchrunNohup(t *testing.T) {
	t.Parallel()
	w := newTorchWorld(t)
	s := w.startWith(wrapped("sh", "-c", `trap "" HUP; exec "$0" "$@"`), w.asTorchrun(1, nil,
		`grep ^SigIgn /proc/self/status; echo ready; read x <"$1"; exit 0`, w.fifo("go"))...)
	s.ready(1)
	s.Process.Signal(syscall.SIGHUP)
	rec := w.ps()[0]
	syscall.Kill(rec.Agent.Pid, syscall.SIGHUP)
	syscall.Kill(rec.Workers[0].PID, syscall.SIGHUP)
	if rec = w.ps()[0]; rec.State != "running" {
		t.Errorf("the run is %s: %s", rec.State, s.err)
	}
	w.feed("go")
	if status := s.end(); status != 0 {
		t.Errorf("exit status %d: %s", status, s.err)
	}
	var ignored uint64
	if _, err := fmt.Sscanf(s.out.String(), "SigIgn:\t%x", &ignored); err != nil || ignored&1 == 0 {
		t.Errorf("the worker does not ignore SIGHUP: %s (%v)", s.out, err)
	}
}

// --shutdown-timeout counts wherever workers are asked to end: torchrun's own
// 30 s would show in how long they lived.
//
// Checklist 18, 77.
func TestTorchrunShutdownTimeout(t *testing.T) {
	thorough(t)
	const deaf = `trap "" TERM; echo ready; touch "$1.$RANK.$TORCHELASTIC_RESTART_COUNT"; while :; do sleep 0.05; done`
	// Rank 1 fails once rank 0 is deaf, in the attempts before the last.
	const fails = `if [ $RANK = 1 ]; then
			until [ -e "$1.0.$TORCHELASTIC_RESTART_COUNT" ]; do sleep 0.02; done; exit 7
		fi; ` + deaf
	for _, c := range []struct {
		name, script string
		flags        []string
		env          string
		lives        int
		signal       bool
	}{
		{"signal", deaf, []string{"--shutdown-timeout", "1"}, "", 1, true},
		{"signal, from the environment", deaf, nil, "TORCH_ELASTIC_SHUTDOWN_TIMEOUT=0", 1, true},
		{"failure", fails, []string{"--shutdown_timeout=1"}, "", 1, false},
		{"restart", fails, []string{"--shutdown-timeout", "0", "--max-restarts", "1"}, "TORCH_ELASTIC_SHUTDOWN_TIMEOUT=600", 2, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newTorchWorld(t, c.env)
			began := time.Now()
			s := w.start(w.asTorchrun(2, c.flags, c.script, w.path("up"))...)
			if c.signal {
				s.ready(2)
				s.Process.Signal(syscall.SIGTERM)
			}
			if status := s.end(); status != 1 {
				t.Errorf("exit status %d", status)
			}
			if took := time.Since(began); took > 20*time.Second {
				t.Errorf("it took %v", took)
			}
			if !strings.Contains(s.err.String(), "killing rank") {
				t.Errorf("nobody was killed: %s", s.err)
			}
			rec := w.ps()[0]
			if got := rec.Workers[0]; got.Signal != "SIGKILL" || rec.Result.Attempts != c.lives {
				t.Errorf("%+v %+v", got, rec.Result)
			}
		})
	}
	t.Run("polite workers are not killed", func(t *testing.T) {
		t.Parallel()
		w := newTorchWorld(t)
		s := w.startTorchrun(1, []string{"--shutdown-timeout", "30"}, `trap "sleep 0.7; echo saved; exit 0" TERM; echo ready; while :; do sleep 0.05; done`)
		s.Process.Signal(syscall.SIGTERM)
		if status := s.end(); status != 1 || !strings.Contains(s.out.String(), "saved") {
			t.Errorf("exit status %d: %s %s", status, s.out, s.err)
		}
	})
}

func init() {
	// A worker that looks at the store of its attempt, as torch's workers do
	// before they leave a key there.
	workers["store"] = func() {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		at := net.JoinHostPort(os.Getenv("MASTER_ADDR"), os.Getenv("MASTER_PORT"))
		c, err := tcpstore.Dial(ctx, at)
		if err != nil {
			fmt.Println(err)
			os.Exit(9)
		}
		_, there, err := c.Get(ctx, "/default_pg/left-behind")
		if err == nil {
			err = c.Set(ctx, "/default_pg/left-behind", []byte("stale"))
		}
		fmt.Printf("%s: %s of %s at %s, store %s, left behind: %v (%v)\n", os.Getenv("RANK"), os.Getenv("TORCHELASTIC_RESTART_COUNT"),
			os.Getenv("TORCHELASTIC_MAX_RESTARTS"), os.Getenv("MASTER_PORT"), os.Getenv("TORCHELASTIC_USE_AGENT_STORE"), there, err)
		os.Exit(7)
	}
}

// Four attempts with three restarts: each counts them, keeps its logs and has an
// empty store.
//
// Checklist 80.
func TestTorchrunRestarts(t *testing.T) {
	t.Parallel()
	w := newTorchWorld(t)
	r := w.run(append([]string{"torchrun", "--max-restarts", "3", "--log-dir", w.path("logs"), "--tee", "3", "--no-python"}, w.worker("store")...)...)
	r.says(t, 1, "failed in attempt 4: it exited with code 7", "restarting the gang (1 of 3)", "restarting the gang (3 of 3)")
	ports := map[string]bool{}
	for n := range 4 {
		logs, _ := filepath.Glob(filepath.Join(w.path("logs"), "*", "attempt_"+itoa(n), "0", "stdout.log"))
		if len(logs) != 1 {
			t.Fatalf("attempt %d has the logs %v", n, logs)
		}
		b, err := os.ReadFile(logs[0])
		if err != nil {
			t.Fatal(err)
		}
		_, port, _ := strings.Cut(string(b), " at ")
		port, _, _ = strings.Cut(port, ",")
		ports[port] = true
		if want := fmt.Sprintf("0: %d of 3 at %s, store True, left behind: false (<nil>)\n", n, port); string(b) != want {
			t.Errorf("attempt %d says %q", n, b)
		}
	}
	// The kernel chooses: that it hits the same again once is no fault.
	if len(ports) < 3 {
		t.Errorf("the four attempts met at ports %v", ports)
	}
	if more, _ := filepath.Glob(filepath.Join(w.path("logs"), "*", "attempt_4")); len(more) > 0 {
		t.Errorf("there is a fifth attempt: %v", more)
	}
}

// Checklist 81.
func TestTorchrunSuccessSpendsNoRestart(t *testing.T) {
	t.Parallel()
	w := newTorchWorld(t)
	r := w.run(w.asTorchrun(2, []string{"--max-restarts", "3"}, "echo $TORCHELASTIC_RESTART_COUNT of $TORCHELASTIC_MAX_RESTARTS")...)
	if rec := w.ps()[0]; r.status != 0 || r.stdout != "0 of 3\n0 of 3\n" || rec.Result.Attempts != 1 {
		t.Errorf("%+v %+v", r, rec.Result)
	}
}

// Nothing runs if what is needed before the workers cannot be had.
//
// Checklist 84.
func TestTorchrunCannotBegin(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	port := strconv.Itoa(l.Addr().(*net.TCPAddr).Port)
	for _, c := range []struct {
		env, says string
		flags     []string
	}{
		{"", "address already in use", []string{"--master-port", port}},
		{"TORCHELASTIC_HEALTH_CHECK_PORT=" + port, "address already in use", nil},
		{"TORCHELASTIC_ENABLE_FILE_TIMER=1", "is no FIFO", nil},
	} {
		w := newTorchWorld(t, c.env)
		w.env = append(w.env, "TORCHELASTIC_TIMER_FILE="+writeFile(t, w.path("no-fifo"), "", 0o600))
		r := w.run(w.asTorchrun(2, append(c.flags, "--max-restarts", "2"), `echo started`)...)
		if r.status != 1 && r.status != 2 {
			t.Errorf("%+v: exit status %d", c, r.status)
		}
		if strings.Contains(r.stderr, "--TORCH") { // a variable is no flag
			t.Errorf("%+v: %s", c, r.stderr)
		}
		if r.stdout != "" || !strings.Contains(r.stderr, c.says) || c.flags != nil && !strings.Contains(r.stderr, port) {
			t.Errorf("%+v: %+v", c, r)
		}
	}
}

// A worker that asked for a deadline and hangs is ended, and the report says why.
//
// Checklist 91.
func TestTorchrunFileTimer(t *testing.T) {
	t.Parallel()
	python := testpeer.NeedPython(t, "json", "python3")
	w := newTorchWorld(t, "TORCHELASTIC_ENABLE_FILE_TIMER=1", "PYTHON_EXEC="+python)
	r := w.run("torchrun", "--nproc-per-node", "2", testdata(t, "train_timer.py"))
	r.says(t, 1, "rank 1 was killed by SIGKILL when its timer had expired", `its timer "step 2" expired and asked for SIGKILL`, "stopped because of rank 1: 0")
	if strings.Contains(r.stderr, `"step 1"`) {
		t.Errorf("a timer that was taken back expired:\n%s", r.stderr)
	}
	if rec := w.ps()[0]; strings.Contains(rec.Workers[0].Detail, "timer") || !strings.Contains(rec.Workers[1].Detail, "step 2") {
		t.Errorf("%+v", rec.Workers)
	}
}
