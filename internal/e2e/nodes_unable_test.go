//go:build linux

package e2e

import (
	"fmt"
	"strings"
	"syscall"
	"testing"
)

// One machine cannot start its workers: the others end at once, with its name, and do
// not wait for it. It says so whether or not it is the one where they meet, and
// whether or not they were there first.
func TestNodesUnable(t *testing.T) {
	thorough(t)
	t.Parallel()
	for _, words := range []string{"run", "torchrun"} {
		for at, name := range []string{"a", "b"} {
			for _, first := range []bool{true, false} {
				t.Run(fmt.Sprintf("%s on %s first %v", words, name, first), func(t *testing.T) {
					t.Parallel()
					_, nodes := newNodes(t, "a", "b")
					line := func(i int) []string {
						if words == "run" {
							return []string{"run", "--nodes", "2", "--rendezvous", "a:29400", "--insecure", "--"}
						}
						return []string{"torchrun", "--nnodes=2", fmt.Sprintf("--node-rank=%d", i), "--master-addr=a", "--master-port=29500", "--no-python"}
					}
					starts := [2]func() *started{
						func() *started { return nodes[at].start(append(line(at), "no-such-program")...) },
						func() *started { return nodes[1-at].start(append(line(1-at), "sleep", "1000")...) },
					}
					var unable, other *started
					if first {
						unable, other = starts[0](), starts[1]()
					} else {
						other = starts[1]()
						other.takesPart()
						unable = starts[0]()
					}
					const what = "starting no-such-program: command not found"
					// All end alike; for torchrun every failure is 1.
					want := 127
					if words == "torchrun" {
						want = 1
					}
					if status := other.end(); status != want || !strings.Contains(other.err.String(), "host "+name) || !strings.Contains(other.err.String(), what) {
						t.Errorf("the other one: exit status %d\n%s", status, other.err)
					}
					if status := unable.end(); status != want || !strings.Contains(unable.err.String(), what) {
						t.Errorf("exit status %d\n%s", status, unable.err)
					}
					empty(t, nodes)
				})
			}
		}
	}
}

// takesPart waits until a run has its directory: it meets the others next.
func (s *started) takesPart() {
	s.w.t.Helper()
	eventually(s.w.t, "the run is there", func() bool { return len(s.w.ps()) > 0 })
}

// Who works already goes on, whoever wants to come and cannot.
func TestNodesUnableLate(t *testing.T) {
	thorough(t)
	t.Parallel()
	c := newCrew(t, 3, "--nodes", "2:3", "--last-call", "0s")
	a, b := c.start(0), c.start(1)
	c.round(nil, "a", "b")
	late := c.nodes[2].run("run", "--rendezvous", c.meet, "--insecure", "--nodes", "2:3", "--last-call", "0s", "-n", "2", "--", "no-such-program")
	if late.status != 127 || !strings.Contains(late.stderr, "no-such-program") {
		t.Errorf("%+v", late)
	}
	c.round(nil, "a", "b")
	c.finish()
	c.ends(0, a, b)
}

// Somebody who waits to tell the others can be interrupted.
func TestNodesUnableAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.start("run", "--nodes", "2", "--rendezvous", "127.0.0.1:"+unusedPort(t), "--", "no-such-program")
	s.says("an interrupt ends that")
	s.Process.Signal(syscall.SIGINT)
	if status := s.end(); status != 127 {
		t.Errorf("exit status %d\n%s", status, s.err)
	}
}
