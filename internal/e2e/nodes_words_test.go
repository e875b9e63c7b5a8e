//go:build linux

package e2e

import (
	"net"
	"strings"
	"syscall"
	"testing"

	"github.com/sluicerun/sluice/internal/runs"
)

// --local-addr has to be this machine's, whatever way it is written.
func TestNodesLocalAddr(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, tt := range []struct{ addr, says string }{
		{"192.0.2.7", "it is no address of this machine, which has "},
		{"0.0.0.0", "it is no address of this machine, which has "},
		{"no..name", "neither an address nor a name that is known here"},
	} {
		r := w.run("run", "--nodes", "2", "--rendezvous", "127.0.0.1:"+unusedPort(t), "--local-addr", tt.addr, "--", "true")
		if r.status != 2 || !strings.Contains(r.stderr, "--local-addr "+tt.addr+": ") || !strings.Contains(r.stderr, tt.says) {
			t.Errorf("%s: %+v", tt.addr, r)
		}
	}
	for _, addr := range []string{"127.0.0.3", "localhost", "::1"} {
		r := w.run("run", "--nodes", "1", "--rendezvous", "127.0.0.1:"+unusedPort(t), "--local-addr", addr, "--", "true")
		if r.status != 0 {
			t.Errorf("%s: %+v", addr, r)
		}
	}
}

// SLUICE_NODES is what --nodes is if it is not given.
func TestNodesVar(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	plain := w.env
	w.env = append(plain[:len(plain):len(plain)], "SLUICE_NODES=2")
	if r := w.run("run", "--", "true"); r.status != 2 || !strings.Contains(r.stderr, "SLUICE_NODES is 2, so say where the machines meet") {
		t.Errorf("without a meeting place: %+v", r)
	}
	port := unusedPort(t)
	both := []string{"run", "--rendezvous", "127.0.0.1:" + port, "--", "sh", "-c", "echo $RANK of $WORLD_SIZE"}
	a, b := w.start(both...), w.start(both...)
	for _, s := range []*started{a, b} {
		if status := s.end(); status != 0 || !strings.Contains(s.out.String(), " of 2\n") {
			t.Errorf("exit status %d\n%s%s", status, s.out, s.err)
		}
	}
	if r := w.run("run", "--nodes", "1", "--", "sh", "-c", "echo $WORLD_SIZE"); r.status != 0 || r.stdout != "1\n" {
		t.Errorf("a flag is worth more: %+v", r)
	}
	// A job of one machine has the words of larger ones.
	w.env = append(plain[:len(plain):len(plain)], "OMPI_COMM_WORLD_SIZE=1", "OMPI_COMM_WORLD_RANK=0", "OMPI_COMM_WORLD_LOCAL_SIZE=1")
	if r := w.run("run", "--rendezvous", "nowhere.invalid:1", "-n", "2", "--", "sh", "-c", "echo $RANK of $WORLD_SIZE"); r.status != 0 || sortedLines(r.stdout) != "[0] 0 of 2\n[1] 1 of 2\n" {
		t.Errorf("mpirun -np 1: %+v", r)
	}
	w.env = append(plain[:len(plain):len(plain)], "SLUICE_NODES=many")
	if r := w.run("run", "--", "true"); r.status != 2 || !strings.Contains(r.stderr, "SLUICE_NODES") || !strings.Contains(r.stderr, "MIN:MAX") {
		t.Errorf("no number: %+v", r)
	}
}

// A restart has the same words on all machines, and one line on each.
func TestNodesRestartWords(t *testing.T) {
	t.Parallel()
	ws := []*world{newWorld(t), newWorld(t)}
	meet := "127.0.0.1:" + unusedPort(t)
	all := make([]*started, 2)
	for i, w := range ws {
		all[i] = w.start("run", "--nodes", "2", "--rendezvous", meet, "--restarts", "2", "-n", "2", "--grace", "5s", "--", "sh", "-c",
			`if [ $TORCHELASTIC_RESTART_COUNT = 2 ]; then exit 0; fi; if [ $RANK = 3 ]; then exit 7; fi; sleep 1000`)
	}
	for _, s := range all {
		if status := s.end(); status != 0 {
			t.Errorf("exit status %d\n%s", status, s.err)
		}
		for _, count := range []string{"1 of 2", "2 of 2"} {
			if n := strings.Count(s.err.String(), "all nodes start again ("+count+")\n"); n != 1 {
				t.Errorf("restart %s is told %d times:\n%s", count, n, s.err)
			}
		}
		if n := strings.Count(s.err.String(), "start again"); n != 2 {
			t.Errorf("%d lines tell of two restarts:\n%s", n, s.err)
		}
	}
}

// -q keeps reports back, and not that sluice itself failed.
func TestNodesQuietFailure(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := w.run("run", "-q", "--nodes", "2", "--rendezvous", "127.0.0.1:"+unusedPort(t), "--join-timeout", "1s", "--", "true")
	if r.status != 125 || !strings.Contains(r.stderr, "1 of at least 2 nodes are here") || strings.Count(r.stderr, "\n") != 1 {
		t.Errorf("%+v", r)
	}
	if r := w.run("run", "-q", "--", "sh", "-c", "exit 125"); r.status != 125 || r.stderr != "" {
		t.Errorf("a worker's own status: %+v", r)
	}
}

// What cannot be meant is refused before anything starts.
func TestNodesMistakes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for line, says := range map[string]string{
		"--nodes 3:2 --rendezvous localhost":                  `--nodes: "3:2" is neither a number of machines nor MIN:MAX, with 1 <= MIN <= MAX`,
		"--nodes 2 --rendezvous localhost:0":                  `--rendezvous: "localhost:0": all machines need to know the port`,
		"--nodes 2 --rendezvous ::1":                          "an IPv6 address goes into brackets: [::1] or [::1]:29400",
		"--nodes 1:2 --rendezvous 0.0.0.0:1 --insecure":       "the machines cannot meet at 0.0.0.0: on each of them that is the machine itself",
		"--nodes 1:2 --rendezvous [::]:1 --insecure":          "the machines cannot meet at ::",
		"--nodes 2 --rendezvous localhost --lease 0s":         "--lease: 0 is no time to wait",
		"--nodes 2 --rendezvous localhost --store-grace 0":    "--store-grace: 0 is no time to wait",
		"--nodes 2 --rendezvous localhost --join-timeout 0ms": "--join-timeout: 0 is no time to wait",
		"--nodes 2 --rendezvous far:1":                        "the machines would meet at far:1 without certificates and token",
		// Empty variables of a script: one world on each machine would seem to work.
		"--nodes= --rendezvous=": "--nodes: it is empty",
		"--rendezvous=":          "--rendezvous: it is empty",
		"--hosts=":               "--hosts: a host is missing",
	} {
		r := w.run(append(append([]string{"run"}, strings.Fields(line)...), "--", "true")...)
		if r.status != 2 || !strings.Contains(r.stderr, says) {
			t.Errorf("%s: %+v", line, r)
		}
	}
}

// Without credentials only this machine is let in: the others' addresses are not
// listened on.
func TestNodesLoopbackAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	port := unusedPort(t)
	s := w.start("run", "--nodes", "2", "--rendezvous", "127.0.0.1:"+port, "--", "true")
	s.says("waiting: 1 of at least 2 nodes are here")
	for addr, open := range map[string]bool{"127.0.0.1": true, "127.0.0.2": false, "::1": false} {
		c, err := net.Dial("tcp", net.JoinHostPort(addr, port))
		if (err == nil) != open {
			t.Errorf("%s: %v", addr, err)
		}
		if err == nil {
			c.Close()
		}
	}
	_ = s.Process.Signal(syscall.SIGINT)
	if status := s.end(); status != 130 {
		t.Errorf("exit status %d\n%s", status, s.err)
	}
}

// What the variables of a batch system cannot mean is told with its name.
func TestNodesOfAJobMistakes(t *testing.T) {
	t.Parallel()
	kubeflow := func(addr string) []string {
		return []string{"PET_NNODES=2", "PET_NODE_RANK=0", "PET_MASTER_ADDR=" + addr}
	}
	for _, c := range []struct {
		env, flags []string
		says       string
	}{
		{kubeflow("127.0.0.1"), []string{"--nodes", "3:4"}, "--nodes 3:4 wants more machines than the 2 that Kubeflow (PET_*) has started this on"},
		{kubeflow("a b"), nil, `Kubeflow (PET_*) names "a b" as the first machine: `},
	} {
		w := newWorld(t)
		w.env = append(w.env, c.env...)
		r := w.run(append(append([]string{"run"}, c.flags...), "--", "true")...)
		if r.status != 2 || !strings.Contains(r.stderr, c.says) {
			t.Errorf("%q: %+v", c.says, r)
		}
	}
}

// The node where they meet gives up: the other one is told why.
func TestNodesHearWhyTheirHostGaveUp(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	at := []string{"run", "--nodes", "3", "--rendezvous", "127.0.0.1:" + unusedPort(t)}
	first := w.start(append(at, "--join-timeout", "6s", "--", "true")...)
	first.says("waiting: 1 of at least 3 nodes are here")
	second := w.start(append(at, "--", "true")...)
	second.says("its agent was stopped (given up after 6s, the join timeout), and it is where all of them meet")
	if status := second.end(); status != 1 {
		t.Errorf("exit status %d\n%s", status, second.err)
	}
	if status := first.end(); status != 125 {
		t.Errorf("exit status %d\n%s", status, first.err)
	}
}

// An agent of another run is refused in one plain message.
func TestNodesOfAnotherRun(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	at := []string{"run", "--nodes", "2", "--rendezvous", "127.0.0.1:" + unusedPort(t), "--run-id"}
	host := w.start(append(at, "a", "--", "true")...)
	host.says("waiting: 1 of at least 2 nodes are here")
	r := w.run(append(at, "b", "--", "true")...)
	if r.status != 125 || !strings.Contains(r.stderr, `the nodes of another run than "b" meet at `) || strings.Contains(strings.ToLower(r.stderr), "permission") {
		t.Errorf("%+v", r)
	}
	_ = host.Process.Signal(syscall.SIGINT)
	host.end()
}

// With a fixed number of nodes, too, who waits says for whom.
func TestTorchrunNodesSayWhomTheyWaitFor(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	port := unusedPort(t)
	at := []string{"torchrun", "--nnodes=2", "--master-addr=127.0.0.1", "--master-port=" + port, "--no-python"}
	second := w.start(append(at, "--node-rank=1", "true")...)
	second.says("still looking for node 0 at 127.0.0.1:" + port + ": nobody has answered there yet")
	_ = second.Process.Signal(syscall.SIGINT)
	second.end()
	first := w.start(append(at, "--node-rank=0", "true")...)
	first.says("waiting for node rank 1 of 2")
	_ = first.Process.Signal(syscall.SIGINT)
	first.end()
}

// Who waits for others says why nobody is found, and gives up in plain words.
func TestNodesGiveUp(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	nobody := "127.0.0.1:" + unusedPort(t)
	down := w.run("run", "--nodes", "2", "--rendezvous", "nats://"+nobody, "--join-timeout", "3s", "--", "true")
	alone := w.run("run", "--nodes", "2", "--rendezvous", "127.0.0.1:"+unusedPort(t), "--join-timeout", "1s", "--", "true")
	for r, says := range map[*result][]string{
		&down: {
			"sluice: still looking for the other nodes at nats://" + nobody + ": nobody listens on " + nobody + ": connection refused\n",
			"; given up after 3s, the join timeout)\n",
		},
		&alone: {"1 of at least 2 nodes are here: given up after 1s, the join timeout\n"},
	} {
		for _, text := range says {
			if !strings.Contains(r.stderr, text) {
				t.Errorf("%q is missing in %+v", text, r)
			}
		}
		if r.status != 125 || strings.Contains(r.stderr, "deadline") {
			t.Errorf("%+v", r)
		}
	}
}

// While a node waits out its back-off the others say so; one that is stopped then
// leaves without a round more.
func TestNodesLeaveInBackoff(t *testing.T) {
	thorough(t)
	t.Parallel()
	ws := []*world{newWorld(t), newWorld(t)}
	meet := "127.0.0.1:" + unusedPort(t)
	up := ws[0].path("up")
	all := make([]*started, 2)
	for i, w := range ws {
		all[i] = w.start("run", "--nodes", "1:2", "--last-call", "60s", "--node-rank", itoa(i), "--rendezvous", meet, "--restarts", "2", "--restart-backoff", "10m", "--", "sh", "-c",
			`echo $RANK of $WORLD_SIZE in $SLUICE_ATTEMPT; [ $WORLD_SIZE = 1 ] && exit 0; [ $RANK = 0 ] && >"$0" && exec sleep 1000; until [ -e "$0" ]; do sleep 0.05; done; exit 7`, up)
		if i == 0 { // it is to be the one where they meet
			all[0].says("waiting: 1 node is here")
		}
	}
	all[0].says("waiting: node 1 (host ")
	all[0].says(" still stops its workers or waits out its back-off\n")
	_ = all[1].Process.Signal(syscall.SIGINT)
	if status := all[1].end(); status != 130 {
		t.Errorf("node 1: exit status %d\n%s", status, all[1].err)
	}
	if status := all[0].end(); status != 0 || all[0].out.String() != "0 of 2 in 0\n0 of 1 in 1\n" { // and not 0 of 2 in 1
		t.Errorf("node 0: exit status %d\n%s%s", status, all[0].out, all[0].err)
	}
}

// A node that comes late has the number of the attempt that the others have: in
// the workers' variables, in the names of directories and for sluice logs.
func TestNodesAttemptOfLatecomer(t *testing.T) {
	t.Parallel()
	ws := []*world{newWorld(t), newWorld(t)}
	meet := "127.0.0.1:" + unusedPort(t)
	all := make([]*started, 2)
	for i, w := range ws {
		all[i] = w.start("run", "--nodes", "1:2", "--last-call", "0s", "--rendezvous", meet, "--restarts", "1", "--", "sh", "-c",
			`echo life $SLUICE_ATTEMPT, $TORCHELASTIC_RESTART_COUNT failures; : >"$0$SLUICE_ATTEMPT$RANK"
			case $SLUICE_ATTEMPT$RANK in 2*) exit 0;; 11) until [ -e "$0"10 ]; do sleep 0.01; done; exit 7;; esac; exec sleep 1000`, ws[0].path("wrote"))
		if i == 0 {
			all[0].prints("life 0, 0 failures\n")
		}
	}
	for i, want := range []string{"life 0, 0 failures\nlife 1, 0 failures\nlife 2, 1 failures\n", "life 1, 0 failures\nlife 2, 1 failures\n"} {
		if status := all[i].end(); status != 0 {
			t.Errorf("node %d: exit status %d\n%s", i, status, all[i].err)
		}
		if got := all[i].out.String(); got != want {
			t.Errorf("node %d says %q", i, got)
		}
	}
	if r := ws[1].run("logs", "--attempt", "1", ws[1].ps()[0].ID); r.stdout != "life 1, 0 failures\n" {
		t.Errorf("%+v", r)
	}
}

// A run that has started again is running, on all machines.
func TestNodesStateAfterRestart(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.start("run", "--nodes", "1:2", "--last-call", "0s", "--rendezvous", "127.0.0.1:"+unusedPort(t), "--restarts", "1", "--restart-backoff", "1ms", "-n", "2", "--", "sh", "-c",
		`[ $SLUICE_ATTEMPT = 0 ] && [ $RANK = 1 ] && exit 7; echo life $SLUICE_ATTEMPT; exec sleep 1000`)
	s.prints("[1] life 1\n")
	if rec := w.ps()[0]; rec.State != string(runs.Running) {
		t.Errorf("it is %s", rec.State)
	}
	_ = s.Process.Signal(syscall.SIGINT)
	if status := s.end(); status != 130 {
		t.Errorf("exit status %d\n%s", status, s.err)
	}
}
