//go:build linux

package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/sluicerun/sluice/internal/testpeer"
)

// A second agent that is killed and started again (87), and one that is killed
// while the other goes on with fewer nodes (88), are for rendezvous where nodes
// come and go. With a fixed number of nodes the run ends: see
// TestNodesOneIsKilled.

// pair is two machines, as far as the network and the host name go, joined by a
// cable: node0 has 10.97.0.1, node1 has 10.97.0.2, on the interface veth0.
type pair struct {
	t     *testing.T
	name  string
	nodes [2]*world
}

const masterAddr, peerAddr = "10.97.0.1", "10.97.0.2"

var pairs atomic.Int32

func newPair(t *testing.T) *pair {
	t.Helper()
	testpeer.NeedRoot(t, "make network namespaces")
	testpeer.Need(t, "nsenter", "util-linux")
	ip := testpeer.Need(t, "ip", "iproute2")
	p := &pair{t: t, name: fmt.Sprintf("sluice-%d-%d", os.Getpid(), pairs.Add(1))}
	p.nodes = [2]*world{newTorchWorld(t), newTorchWorld(t)}
	for _, line := range []string{
		"netns add NAME-0", "netns add NAME-1",
		"link add veth0 netns NAME-0 type veth peer name veth0 netns NAME-1",
		"-n NAME-0 addr add " + masterAddr + "/24 dev veth0", "-n NAME-1 addr add " + peerAddr + "/24 dev veth0",
		"-n NAME-0 link set lo up", "-n NAME-1 link set lo up", "-n NAME-0 link set veth0 up", "-n NAME-1 link set veth0 up",
	} {
		args := strings.Fields(strings.ReplaceAll(line, "NAME", p.name))
		out, err := exec.Command(ip, args...).CombinedOutput()
		if err != nil {
			testpeer.Missing(t, "ip %v: %v: %s", args, err, out)
		}
		if args[1] == "add" && args[0] == "netns" {
			t.Cleanup(func() {
				if out, err := exec.Command(ip, "netns", "delete", args[2]).CombinedOutput(); err != nil {
					t.Errorf("ip netns delete %s: %v: %s", args[2], err, out)
				}
			})
		}
	}
	return p
}

// start starts sluice torchrun on a node. The flags come before the usual ones,
// which are left out where they are given; the rest is a script for sh.
func (p *pair) start(node int, flags []string, command ...string) *started {
	p.t.Helper()
	line := append([]string{"torchrun"}, flags...)
	for _, usual := range []string{"--nnodes=2", fmt.Sprintf("--node-rank=%d", node), "--master-addr=" + masterAddr, "--master-port=29500", "--nproc-per-node=2"} {
		name, _, _ := strings.Cut(usual, "=")
		if !strings.Contains(strings.Join(flags, " "), name) {
			line = append(line, usual)
		}
	}
	host := fmt.Sprintf(`hostname node%d; exec "$0" "$@"`, node)
	return p.nodes[node].startWith(wrapped(p.inside(node, "unshare", "--uts", "sh", "-c", host).Args...), append(line, command...)...)
}

// both starts the same on both nodes.
func (p *pair) both(flags []string, script string, args ...string) (all [2]*started) {
	p.t.Helper()
	for node := range all {
		all[node] = p.start(node, flags, p.nodes[node].shell(script, args...)...)
	}
	return all
}

// sleeping has workers on both nodes that are up and end only when they are ended.
func (p *pair) sleeping(flags ...string) (mark string, all [2]*started) {
	p.t.Helper()
	mark = p.nodes[0].mark()
	all = p.both(flags, "# $1\necho ready; exec sleep 1000", mark)
	for _, s := range all {
		s.ready(2)
	}
	return mark, all
}

// listens tells whether the agents' port is open on a node.
func (p *pair) listens(node int) bool {
	out, _ := p.inside(node, "cat", "/proc/net/tcp", "/proc/net/tcp6").Output() // there may be no IPv6
	return strings.Contains(string(out), fmt.Sprintf(":%04X ", 29500))
}

// inside is a command in a node's network.
func (p *pair) inside(node int, prog ...string) *exec.Cmd {
	return exec.Command("nsenter", append([]string{fmt.Sprintf("--net=/run/netns/%s-%d", p.name, node)}, prog...)...)
}

// gone fails if anything of the test is left on either node.
func (p *pair) gone(mark string) {
	p.t.Helper()
	nothingRuns(p.t, mark)
	for node, w := range p.nodes {
		if socks := w.sockets(); len(socks) > 0 {
			p.t.Errorf("node %d: sockets are left: %v", node, socks)
		}
	}
}

// Checklist 86, and 23, 24 on several nodes: contiguous ranks by node, whatever
// their numbers of workers and roles; one master for all.
func TestNodesHaveTheirPlaces(t *testing.T) {
	t.Parallel()
	p := newPair(t)
	const tell = `echo $RANK/$WORLD_SIZE $LOCAL_RANK/$LOCAL_WORLD_SIZE $GROUP_RANK/$GROUP_WORLD_SIZE $ROLE_NAME $ROLE_RANK/$ROLE_WORLD_SIZE $MASTER_ADDR:$MASTER_PORT $TORCHELASTIC_USE_AGENT_STORE $TORCHELASTIC_RUN_ID $TORCHELASTIC_RESTART_COUNT`
	for _, c := range []struct {
		flags [2][]string
		want  [2]string
	}{
		{[2][]string{{"--nproc-per-node=2"}, {"--nproc-per-node=3"}}, [2]string{
			"0/5 0/2 0/2 default 0/5 10.97.0.1:29500 True none 0\n1/5 1/2 0/2 default 1/5 10.97.0.1:29500 True none 0\n",
			"2/5 0/3 1/2 default 2/5 10.97.0.1:29500 True none 0\n3/5 1/3 1/2 default 3/5 10.97.0.1:29500 True none 0\n4/5 2/3 1/2 default 4/5 10.97.0.1:29500 True none 0\n"}},
		{[2][]string{{"--nproc-per-node=1", "--role=ps", "--rdzv-id=r7"}, {"--role=trainer", "--rdzv-id=r7"}}, [2]string{
			"0/3 0/1 0/2 ps 0/1 10.97.0.1:29500 True r7 0\n",
			"1/3 0/2 1/2 trainer 0/2 10.97.0.1:29500 True r7 0\n2/3 1/2 1/2 trainer 1/2 10.97.0.1:29500 True r7 0\n"}},
	} {
		var all [2]*started
		for node := range all {
			all[node] = p.start(node, c.flags[node], p.nodes[node].shell(tell)...)
		}
		for node, s := range all {
			if status := s.end(); status != 0 || sortedLines(s.out.String()) != c.want[node] {
				t.Errorf("node %d: exit status %d\n%s%s", node, status, s.out, s.err)
			}
		}
	}
}

// A rank of node 1 fails with a restart left: both nodes start again, at once and
// with the same count, and meet in an empty store.
func TestNodesRestartTogether(t *testing.T) {
	t.Parallel()
	p := newPair(t)
	stamps := t.TempDir()
	all := p.both([]string{"--max-restarts=2"}, `
		date +%s.%N >$1/$RANK.$TORCHELASTIC_RESTART_COUNT.new; mv $1/$RANK.$TORCHELASTIC_RESTART_COUNT.new $1/$RANK.$TORCHELASTIC_RESTART_COUNT
		[ $TORCHELASTIC_RESTART_COUNT = 1 ] && exit 0
		[ $RANK = 3 ] || exec sleep 1000
		until [ -e $1/0.0 -a -e $1/1.0 -a -e $1/2.0 ]; do sleep 0.01; done
		date +%s.%N >$1/failed; exit 7`, stamps)
	for node, s := range all {
		if status := s.end(); status != 0 {
			t.Errorf("node %d: exit status %d\n%s", node, status, s.err)
		}
	}
	if !strings.Contains(all[1].err.String(), "rank 3 failed (exit code 7): all nodes start again (1 of 2)") {
		t.Errorf("node 1 says:\n%s", all[1].err)
	}
	if want := "node 1 (host node1): rank 3 on node1 failed (exit code 7); all nodes start again (1 of 2)"; !strings.Contains(all[0].err.String(), want) {
		t.Errorf("node 0 does not say %q:\n%s", want, all[0].err)
	}
	at := func(name string) (sec float64) {
		b, err := os.ReadFile(filepath.Join(stamps, name))
		if _, e := fmt.Sscan(string(b), &sec); err != nil || e != nil {
			t.Fatalf("%s: %q %v", name, b, err)
		}
		return sec
	}
	failed := at("failed")
	for rank := range 4 {
		if after := at(fmt.Sprintf("%d.1", rank)) - failed; after < 0 || after > 1 {
			t.Errorf("rank %d is there again %.3f s after the failure", rank, after)
		}
	}
	for node, w := range p.nodes {
		if rec := w.ps()[0]; rec.Result.Attempts != 2 || rec.Result.Verdict != "succeeded" {
			t.Errorf("node %d: %+v", node, rec.Result)
		}
	}
}

// Without a restart left both end, at once, and each names the culprit; its own
// ranks were stopped and are no failures.
//
// Checklist 70 (host), 80, 89.
func TestNodesFailTogether(t *testing.T) {
	t.Parallel()
	p := newPair(t)
	mark := p.nodes[0].mark()
	began := time.Now()
	// Streams are given by local rank: rank 3 is the second of node 1.
	all := p.both([]string{"--max-restarts=1", "--redirects=1:3"}, `
		[ $RANK = 3 ] || exec sleep 1000
		echo last words >&2
		echo '{"message": "the disk of node 1 is gone", "timestamp": 1767225600}' >$TORCHELASTIC_ERROR_FILE; exit 7`, mark)
	for node, s := range all {
		if status := s.end(); status != 1 {
			t.Errorf("node %d: exit status %d\n%s", node, status, s.err)
		}
	}
	if took := time.Since(began); took > 20*time.Second { // the exit barrier's time is 300 s
		t.Errorf("it took %v", took)
	}
	result{stderr: all[0].err.String(), status: 1}.says(t, 1, "rank 3 on host node1 (node 1): exit code 7: the disk of node 1 is gone",
		"stopped because of another node: 0-1\n", "exit status 1\n")
	result{stderr: all[1].err.String(), status: 1}.says(t, 1, "failed in attempt 2: rank 3 exited with code 7", "host node1, local rank 1, pid ",
		"the disk of node 1 is gone", "| last words\n", "stopped because of rank 3: 2\n")
	for node, w := range p.nodes {
		if rec := w.ps()[0]; rec.Result.Attempts != 2 || rec.Result.Verdict != "failed" {
			t.Errorf("node %d: %+v", node, rec.Result)
		}
	}
	p.gone(mark)
}

// A signal to one node ends its gang by that signal, and the other node's as
// well: nobody trains with half of the ranks.
//
// Checklist 79.
func TestNodesOneIsStopped(t *testing.T) {
	for node := range 2 {
		t.Run(itoa(node), func(t *testing.T) {
			t.Parallel()
			p := newPair(t)
			mark, all := p.sleeping("--max-restarts=1")
			all[node].Process.Signal(syscall.SIGTERM)
			for _, s := range all {
				if status := s.end(); status != 1 {
					t.Errorf("exit status %d\n%s", status, s.err)
				}
			}
			if want := fmt.Sprintf("node %d (host node%[1]d)", node); !strings.Contains(all[1-node].err.String(), want) {
				t.Errorf("the other node does not name %q:\n%s", want, all[1-node].err)
			}
			p.gone(mark)
		})
	}
}

// A run is stopped by its name on one node: that is the run, not this node's part.
func TestNodesStop(t *testing.T) {
	for node := range 2 {
		t.Run(itoa(node), func(t *testing.T) {
			t.Parallel()
			p := newPair(t)
			mark, all := p.sleeping("--max-restarts=1")
			if r := p.nodes[node].run("stop"); r.status != 0 || !strings.Contains(r.stderr, "stopped, exit status 1 (stopped by sluice stop (pid ") {
				t.Errorf("%+v", r)
			}
			for i, s := range all {
				if status := s.end(); status != 1 || !strings.Contains(s.err.String(), "was stopped: stopped by sluice stop (pid ") {
					t.Errorf("node %d: exit status %d\n%s", i, status, s.err)
				}
			}
			p.gone(mark)
		})
	}
}

// All of node 1's sluice is killed. Node 0 finds that out by itself.
func TestNodesOneIsKilled(t *testing.T) {
	t.Parallel()
	p := newPair(t)
	mark, all := p.sleeping("--rdzv-conf=keep_alive_interval=1,keep_alive_max_attempt=2", "--max-restarts=1")
	rec := p.nodes[1].ps()[0]
	for _, pid := range []int{rec.Agent.Pid, rec.Launcher.Pid} { // the other way the agent would take its leave
		syscall.Kill(pid, syscall.SIGKILL)
	}
	killed := time.Now()
	if status := all[0].end(); status != 1 {
		t.Errorf("exit status %d", status)
	}
	if took := time.Since(killed); took > 10*time.Second {
		t.Errorf("node 0 noticed after %v", took)
	}
	if want := "node 1 (host node1): no sign of life for 2s"; !strings.Contains(all[0].err.String(), want) {
		t.Errorf("node 0 does not say %q:\n%s", want, all[0].err)
	}
	if !strings.Contains(all[0].err.String(), "stopped because of another node: 0-1\n") {
		t.Errorf("node 0 says:\n%s", all[0].err)
	}
	all[1].end()
	eventually(t, "nothing is left", func() bool { return len(marked(mark)) == 0 })
}

// Nodes that finish at different times all succeed, also if nobody is to wait
// for anybody. Node 0 waits all the same: without its store the others fail.
//
// Checklist 90.
func TestNodesFinishOneByOne(t *testing.T) {
	thorough(t)
	for _, barrier := range []string{"", "0"} {
		for first := range 2 {
			t.Run(fmt.Sprintf("barrier %q, node %d first", barrier, first), func(t *testing.T) {
				t.Parallel()
				p := newPair(t)
				for _, w := range p.nodes {
					w.env = append(w.env, "TORCH_ELASTIC_EXIT_BARRIER_TIMEOUT="+barrier)
					if barrier == "" {
						w.unset("TORCH_ELASTIC_EXIT_BARRIER_TIMEOUT")
					}
				}
				// The one that is first has ended, or waits, for longer than a
				// heart may be silent before the other goes on.
				all := p.both([]string{"--rdzv-conf=keep_alive_interval=0.5,keep_alive_max_attempt=2"}, `echo ready; [ $GROUP_RANK = $1 ] && exit 0
					until [ -e $2 ]; do sleep 0.02; done; echo over; exit 0`, itoa(first), p.nodes[0].path("go"))
				all[1-first].ready(2)
				switch {
				case barrier == "0" && first == 0: // it has the store of the others
					all[0].says("this node stays because others still use its store")
				case barrier == "0":
					if status := all[first].end(); status != 0 {
						t.Errorf("node %d: exit status %d\n%s", first, status, all[first].err)
					}
				}
				time.Sleep(1500 * time.Millisecond)
				writeFile(t, p.nodes[0].path("go"), "", 0o600)
				for node, s := range all {
					if status := s.end(); status != 0 {
						t.Errorf("node %d: exit status %d\n%s", node, status, s.err)
					}
				}
				if n := strings.Count(all[1-first].out.String(), "over"); n != 2 {
					t.Errorf("%d workers have finished on node %d:\n%s", n, 1-first, all[1-first].err)
				}
			})
		}
	}
}

// A second node 0 says so, on the machine where the first one serves as on another,
// and the first one goes on: the second may be a job of somebody else.
func TestNodesTwoZeros(t *testing.T) {
	thorough(t)
	t.Parallel()
	p := newPair(t)
	first := p.start(0, nil, "--no-python", "sh", "-c", "echo rank $RANK of $WORLD_SIZE")
	eventually(t, "node 0 listens", func() bool { return p.listens(0) })
	for node, says := range []string{
		`two nodes have --node-rank 0: node0 and node0: give each node its own; or, if they are two jobs, give this one another --master-port`,
		`two nodes have --node-rank 0: node0 and node1: give each node its own`,
	} {
		s := p.start(node, []string{"--node-rank=0"}, "--no-python", "true")
		if status := s.end(); status != 1 || !strings.Contains(s.err.String(), says) {
			t.Errorf("on node %d: exit status %d\n%s", node, status, s.err)
		}
	}
	second := p.start(1, nil, "--no-python", "sh", "-c", "echo rank $RANK of $WORLD_SIZE")
	for node, s := range []*started{first, second} {
		if status := s.end(); status != 0 || strings.Count(s.out.String(), "of 4\n") != 2 {
			t.Errorf("node %d: exit status %d\n%s%s", node, status, s.out, s.err)
		}
	}
}

// What cannot come to be ends with a reason, soon, and leaves nothing.
func TestNodesThatDoNotMeet(t *testing.T) {
	thorough(t)
	soon := "--rdzv-conf=join_timeout=1"
	for _, c := range []struct {
		name string
		// The nodes where a sluice is started, and with which flags.
		at    []int
		flags [][]string
		says  []string // by each of them, as regular expressions
	}{
		{"a node never comes", []int{0}, [][]string{{soon}},
			[]string{`node rank 1 of 2 did not join: is sluice running there, with this run id and endpoint\?`}},
		{"node 0 never comes", []int{1}, [][]string{{soon}},
			[]string{`meeting node 0 at 10\.97\.0\.1:29500: .*connection refused`}},
		{"the wrong master address", []int{0, 1}, [][]string{{soon}, {soon, "--master-addr=10.97.0.99"}},
			[]string{`node rank 1 of 2 did not join`, `meeting node 0 at 10\.97\.0\.99:29500: `}},
		{"a master name that nobody knows", []int{1}, [][]string{{soon, "--master-addr=node0.invalid"}},
			[]string{`meeting node 0 at node0\.invalid:29500: .*lookup node0\.invalid`}},
		{"one rank twice", []int{0, 1, 1}, [][]string{{"--nnodes=3"}, {"--nnodes=3"}, {"--nnodes=3"}},
			[]string{`two nodes have --node-rank 1: .*node1.*give each node its own`, `two nodes have --node-rank 1`, `two nodes have --node-rank 1`}},
		{"another --nnodes", []int{0, 1}, [][]string{{"--nnodes=2"}, {"--nnodes=3"}},
			[]string{`has --nnodes [23], others have [23]: give all nodes the same`, `has --nnodes [23], others have [23]`}},
		{"another run", []int{0, 1}, [][]string{{soon, "--rdzv-id=a"}, {soon, "--rdzv-id=b"}},
			[]string{`node rank 1 of 2 did not join`, `the store belongs to run "[ab]" and this is run "[ab]": give all nodes the same --rdzv-id`}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p := newPair(t)
			mark := p.nodes[0].mark()
			var all []*started
			for i, node := range c.at {
				if i > 0 && c.name == "another run" { // the store is the first one's
					eventually(t, "node 0 listens", func() bool { return p.listens(0) })
				}
				all = append(all, p.start(node, c.flags[i], p.nodes[node].shell("echo started; exec sleep 1000", mark)...))
			}
			for i, s := range all {
				if status := s.end(); status != 1 && status != 2 {
					t.Errorf("sluice %d: exit status %d", i, status)
				}
				if s.out.String() != "" || !regexp.MustCompile(c.says[i]).MatchString(s.err.String()) {
					t.Errorf("sluice %d does not say %q: %s\n%s", i, c.says[i], s.out, s.err)
				}
			}
			p.gone(mark)
		})
	}
}
