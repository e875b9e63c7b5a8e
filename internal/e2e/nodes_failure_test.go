//go:build linux

package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// fails has a worker fail.
func (h hand) fails(t *testing.T) {
	t.Helper()
	if err := syscall.Kill(h.PID, syscall.SIGUSR1); err != nil {
		t.Errorf("%+v: %v", h, err)
	}
}

// blames checks that all machines name the same root cause: on their screens, and in
// run.json.
func (c *crew) blames(runs []*started, at []int, want root) {
	c.t.Helper()
	for k, i := range at {
		n := c.nodes[i]
		got := n.root()
		if got == nil {
			c.t.Errorf("%s knows of no root cause", n.Name())
			continue
		}
		if got.Rank != want.Rank || got.Host != want.Host || !strings.Contains(got.Text, want.Text) || !strings.Contains(got.Tail, want.Tail) {
			c.t.Errorf("%s blames %+v, not %+v", n.Name(), *got, want)
		}
		says := runs[k].err.String()
		who := "host " + want.Host
		if want.Rank >= 0 {
			who = fmt.Sprintf("rank %d on host %s", want.Rank, want.Host)
			if want.Host == n.Name() {
				who = fmt.Sprintf("rank %d failed first", want.Rank)
			}
		}
		for _, words := range []string{who, want.Tail} {
			if !strings.Contains(says, words) {
				c.t.Errorf("%s does not say %q:\n%s", n.Name(), words, clip(says))
			}
		}
	}
}

// A worker fails, with restarts left: everybody starts again, and that counts
// once.
func TestNodesRestart(t *testing.T) {
	t.Parallel()
	c := newCrew(t, 3, "--nodes", "3", "--restarts", "2")
	all := c.startAll()
	first := c.round(nil, "a", "b", "c")
	of(first, "c").fails(t)
	second := c.round([][]hand{first}, "a", "b", "c")
	// Two at a time are one restart as well.
	of(second, "a").fails(t)
	if err := syscall.Kill(of(second, "b").PID, syscall.SIGUSR1); err != nil && err != syscall.ESRCH { // it may be stopped already
		t.Error(err)
	}
	third := c.round([][]hand{first, second}, "a", "b", "c")
	for n, round := range [][]hand{first, second, third} {
		if h := round[0]; h.Restarts != itoa(n) {
			t.Errorf("round %d counts %s restarts", n, h.Restarts)
		}
		for i, h := range round {
			if h.Host != first[i].Host {
				t.Errorf("rank %d was on %s and is on %s", i, first[i].Host, h.Host)
			}
		}
		if h := round[0]; h.Host != "a" {
			t.Errorf("rank 0 is on %s", h.Host)
		}
	}
	c.finish()
	c.ends(0, all...)
	c.whole()
	empty(t, c.nodes)
}

// A worker fails for good: all name it.
func TestNodesFail(t *testing.T) {
	thorough(t)
	t.Parallel()
	c := newCrew(t, 3, "--nodes", "3")
	all := c.startAll()
	round := c.round(nil, "a", "b", "c")
	bad := of(round, "b")
	bad.fails(t)
	c.ends(3, all...)
	c.blames(all, []int{0, 1, 2}, root{Rank: bad.Rank, Host: "b", Text: "exit", Tail: fmt.Sprintf("rank %d fails on b", bad.Rank)})
	c.whole()
	empty(t, c.nodes)
}

// The first failure is the root cause, also if the agent of its victim is the first
// to see a worker end: the culprit has written why, but hangs on.
func TestNodesRootCause(t *testing.T) {
	thorough(t)
	t.Parallel()
	c := newCrew(t, 3, "--nodes", "3")
	all := c.startAll()
	round := c.round(nil, "a", "b", "c")
	bad := of(round, "c")
	if err := syscall.Kill(bad.PID, syscall.SIGUSR2); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the culprit has written why", func() bool {
		_, err := os.Stat(filepath.Join(c.dir, "wrote"))
		return err == nil
	})
	of(round, "a").fails(t)
	for _, s := range all {
		if status := s.end(); status == 0 {
			t.Errorf("exit status %d", status)
		}
	}
	c.blames(all, []int{0, 1, 2}, root{Rank: bad.Rank, Host: "c", Text: "the culprit", Tail: fmt.Sprintf("rank %d fails on c", bad.Rank)})
	c.whole()
	empty(t, c.nodes)
}

// An agent is killed: its workers die, and the others go on at once, or say whom
// they lack.
func TestNodesAgentKilled(t *testing.T) {
	for _, what := range []string{"agent", "all"} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			c := newCrew(t, 3, "--nodes", "2:3", "--lease", "20s")
			all := c.startAll()
			first := c.round(nil, "a", "b", "c")
			c.nodes[1].kill9(what == "all")
			// The lease is too long to be what tells them.
			second := c.round([][]hand{first}, "a", "c")
			if h := second[0]; h.Restarts != "0" {
				t.Errorf("a lost node counts as %s restarts", h.Restarts)
			}
			c.nodes[2].kill9(what == "all")
			c.ends(1, all[0])
			if got := c.nodes[0].root(); got == nil || got.Host != "c" || got.Rank != -1 || !strings.Contains(got.Text, "1 of at least 2 nodes are left") {
				t.Errorf("the root cause is %+v", got)
			}
			if says := all[0].err.String(); !strings.Contains(says, "host c") {
				t.Errorf("the report does not name c:\n%s", says)
			}
			if what == "agent" {
				c.whole()
				all[1].end()
				all[2].end()
				empty(t, c.nodes)
			}
		})
	}
}

// The endpoint's agent is killed. The others hold their workers for a while; if
// it does not come back they end and say so, and if it does the run goes on.
func TestNodesEndpointKilled(t *testing.T) {
	thorough(t)
	for _, back := range []bool{false, true} {
		t.Run(fmt.Sprintf("back %v", back), func(t *testing.T) {
			t.Parallel()
			grace := "4s"
			if back {
				grace = "60s"
			}
			c := newCrew(t, 3, "--nodes", "2:3", "--lease", "1s", "--store-grace", grace)
			all := c.startAll()
			first := c.round(nil, "a", "b", "c")
			c.nodes[0].kill9(true)
			time.Sleep(2 * time.Second) // longer than the lease
			held := living(c.dir)
			if len(held) != 4 || held[0].Master != first[0].Master {
				t.Fatalf("they do not hold their workers: %+v", held)
			}
			if !back {
				for i, s := range all[1:] {
					if status := s.end(); status == 0 {
						t.Errorf("%s: exit status 0", c.nodes[i+1].Name())
					}
					if says := s.err.String(); !strings.Contains(says, "no answer from the run's leader") || !strings.Contains(says, "connection refused") {
						t.Errorf("%s says\n%s", c.nodes[i+1].Name(), says)
					}
				}
				empty(t, c.nodes[1:])
				return
			}
			all[0] = c.start(0)
			second := c.round([][]hand{first}, "a", "b", "c")
			if second[0].Host != "a" {
				t.Errorf("rank 0 is on %s", second[0].Host)
			}
			c.finish()
			c.ends(0, all...)
		})
	}
}

// A machine's disk is full: all end, and name it.
func TestNodesFullDisk(t *testing.T) {
	thorough(t)
	t.Parallel()
	c := newCrew(t, 3, "--nodes", "3")
	disk := smallDisk(t, "size=64k")
	all := []*started{c.start(0), c.start(1, "--log-dir", disk, "--on-full", "stop"), c.start(2)}
	for i, s := range all {
		if status := s.end(); status != 125 {
			t.Errorf("%s: exit status %d", c.nodes[i].Name(), status)
		}
		if says := s.err.String(); !strings.Contains(says, "full") && !strings.Contains(says, "no space") || !strings.Contains(says, "host b") && i != 1 {
			t.Errorf("%s says\n%s", c.nodes[i].Name(), says)
		}
	}
	empty(t, c.nodes)
}

// With --on-failure continue nobody is stopped because of a failure, on no machine.
// Each has the exit status of its own ranks; who started them all, the run's.
func TestNodesContinue(t *testing.T) {
	t.Parallel()
	const work = `[ $RANK = 0 ] && exit 3; [ $RANK = 1 ] || sleep 1; echo end of $RANK`
	_, nodes := newNodes(t, "a", "b")
	var runs []*started
	for i, n := range nodes {
		runs = append(runs, n.start("run", "--nodes", "2", "--node-rank", fmt.Sprint(i), "--rendezvous", "a:29400", "--insecure", "-n", "2",
			"--on-failure", "continue", "--", "sh", "-c", work))
	}
	for i, want := range []int{3, 0} {
		if status := runs[i].end(); status != want {
			t.Errorf("%s: exit status %d, want %d\n%s", nodes[i].Name(), status, want, runs[i].err)
		}
	}
	for i, want := range []string{"[1] end of 1\n", "[2] end of 2\n[3] end of 3\n"} {
		if r := nodes[i].run("logs"); sortedLines(r.stdout) != want {
			t.Errorf("%s: %+v", nodes[i].Name(), r)
		}
	}
	empty(t, nodes)

	f := newFleet(t)
	r := f.run("run", "--hosts", "a:2,b:2", "--on-failure", "continue", "--", "sh", "-c", work)
	if r.status != 3 || sortedLines(r.stdout) != "[1] end of 1\n[2] end of 2\n[3] end of 3\n" || !strings.Contains(r.stderr, "rank 0") {
		t.Errorf("%+v", r)
	}
	f.gone()
}
