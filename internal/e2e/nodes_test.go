//go:build linux

package e2e

import (
	"context"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sluicerun/sluice/internal/testnet"
	"github.com/sluicerun/sluice/internal/testpeer"
)

// node is one machine of several: what a world is, and a network, a host name and
// an /etc/hosts with all names.
type node struct {
	*world
	*testnet.Host
}

// thorough is for what takes long, on several machines or in Python: the quick tests
// try some of it.
func thorough(t *testing.T) {
	t.Helper()
	if !testpeer.Strict() {
		t.Skip("it takes long: make test runs it")
	}
}

// newNodes makes machines of these names, on one network.
func newNodes(t *testing.T, names ...string) (*testnet.Net, []*node) {
	t.Helper()
	net := testnet.New(t, names...)
	var nodes []*node
	for _, name := range names {
		nodes = append(nodes, &node{world: newTorchWorld(t), Host: net.Host(name)})
	}
	return net, nodes
}

// inside has a command start on the machine. It becomes the command, so that
// signals to it reach nothing else.
func (n *node) inside(cmd *exec.Cmd) {
	there := n.Command(context.Background(), cmd.Path, cmd.Args[1:]...)
	cmd.Path, cmd.Args, cmd.SysProcAttr = there.Path, there.Args, there.SysProcAttr
}

// start starts sluice on the machine; it ends with the test.
func (n *node) start(args ...string) *started {
	n.t.Helper()
	return n.startWith(n.inside, args...)
}

// run runs sluice on the machine to its end.
func (n *node) run(args ...string) result {
	n.t.Helper()
	return n.runWith(n.inside, args...)
}

// prints waits until a worker has written something.
func (s *started) prints(what string) {
	s.w.t.Helper()
	defer func() {
		if s.w.t.Failed() {
			s.w.t.Logf("stdout: %s\nstderr: %s", clip(s.out.String()), clip(s.err.String()))
		}
	}()
	eventually(s.w.t, fmt.Sprintf("a worker prints %q", what), func() bool { return strings.Contains(s.out.String(), what) })
}

// empty waits until nothing runs on the machines and no control socket is left.
func empty(t *testing.T, nodes []*node) {
	t.Helper()
	for _, n := range nodes {
		eventually(t, "nothing runs on "+n.Name(), func() bool { return len(n.Processes()) == 0 })
		if socks := n.sockets(); len(socks) > 0 {
			t.Errorf("%s: sockets are left: %v", n.Name(), socks)
		}
	}
}

func TestNodesAreMachines(t *testing.T) {
	t.Parallel()
	_, nodes := newNodes(t, "a", "b", "c")
	for _, n := range nodes {
		r := n.run("run", "-n", "2", "--", "sh", "-c", "echo $(uname -n) $RANK")
		want := fmt.Sprintf("[0] %s 0\n[1] %[1]s 1\n", n.Name())
		if r.status != 0 || sortedLines(r.stdout) != want {
			t.Errorf("%s: %+v", n.Name(), r)
		}
	}
	empty(t, nodes)
}

// Agents find each other by name over a slow network that loses frames.
func TestNodesOverBadNetwork(t *testing.T) {
	thorough(t)
	t.Parallel()
	net, nodes := newNodes(t, "a", "b", "c")
	net.SetFaults("", "", testnet.Faults{Delay: 20 * time.Millisecond, Jitter: 20 * time.Millisecond, Loss: 0.02, Reorder: 0.02})
	var all []*started
	for rank, n := range nodes {
		all = append(all, n.start("torchrun", "--nnodes=3", fmt.Sprintf("--node-rank=%d", rank), "--master-addr=a", "--master-port=29500",
			"--nproc-per-node=2", "--no-python", "sh", "-c", "echo rank $RANK of $WORLD_SIZE on $(uname -n)"))
	}
	for rank, s := range all {
		n := nodes[rank]
		want := []string{fmt.Sprintf("rank %d of 6 on %s", 2*rank, n.Name()), fmt.Sprintf("rank %d of 6 on %s", 2*rank+1, n.Name())}
		if status := s.end(); status != 0 {
			t.Errorf("%s: exit status %d\n%s%s", n.Name(), status, s.out, s.err)
			continue
		}
		if got := strings.Split(strings.TrimSpace(sortedLines(s.out.String())), "\n"); !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", n.Name(), got, want)
		}
	}
	empty(t, nodes)
}

// When the power of a machine goes, what ran there is gone at once and the others
// hear nothing: they go on until somebody asks.
func TestNodesPowerOff(t *testing.T) {
	thorough(t)
	t.Parallel()
	_, nodes := newNodes(t, "a", "b")
	var all []*started
	for _, n := range nodes {
		all = append(all, n.start("run", "-n", "2", "--", "sh", "-c", "echo up $RANK; sleep 1000"))
	}
	for _, s := range all {
		s.prints("up 0")
		s.prints("up 1")
	}
	nodes[1].PowerOff()
	if status := all[1].end(); status != 128+9 {
		t.Errorf("b: exit status %d", status)
	}
	if left := nodes[1].Processes(); len(left) > 0 {
		t.Errorf("b: processes %v are left", left)
	}
	if left := nodes[0].Processes(); len(left) < 3 {
		t.Errorf("a: only processes %v are left", left)
	}
}
