//go:build linux

package e2e

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/sluicerun/sluice/internal/testnet"
	"github.com/sluicerun/sluice/internal/testpeer"
)

// same checks that the workers that live are still those of a round.
func (c *crew) same(round []hand) {
	c.t.Helper()
	got := living(c.dir)
	if len(got) != len(round) || got[0].Master != round[0].Master {
		c.t.Errorf("%+v live, who were %+v", got, round)
	}
}

// The power of a machine goes: its lease tells the others.
func TestNodesPowerOffOne(t *testing.T) {
	thorough(t)
	t.Parallel()
	c := newCrew(t, 3, "--nodes", "2:3", "--lease", "2s")
	all := c.startAll()
	first := c.round(nil, "a", "b", "c")
	c.dark["b"] = true
	c.nodes[1].PowerOff()
	second := c.round([][]hand{first}, "a", "c")
	if of(second, "c").Host == "" || second[0].Host != "a" {
		t.Errorf("the round is %+v", second)
	}
	c.dark["c"] = true
	c.nodes[2].PowerOff()
	c.ends(1, all[0])
	if got := c.nodes[0].root(); got == nil || got.Host != "c" || !strings.Contains(got.Text, "no sign of life") {
		t.Errorf("the root cause is %+v", got)
	}
	c.whole()
}

// A machine that is cut off for longer than its lease kills its workers before the
// others begin without it: the workers see to that themselves. It comes back.
func TestNodesCutOff(t *testing.T) {
	thorough(t)
	t.Parallel()
	c := newCrew(t, 3, "--nodes", "2:3", "--lease", "2s")
	all := c.startAll()
	first := c.round(nil, "a", "b", "c")
	c.net.Cut("c")
	second := c.round([][]hand{first}, "a", "b")
	c.net.Heal("c")
	third := c.round([][]hand{first, second}, "a", "b", "c")
	for i, h := range third {
		if h.Host != first[i].Host || h.Restarts != "0" {
			t.Errorf("rank %d is %+v and was %+v", i, h, first[i])
		}
	}
	c.finish()
	c.ends(0, all...)
	c.whole()
	empty(t, c.nodes)
}

// Cut off for less than the lease: nothing happens.
func TestNodesCutShortly(t *testing.T) {
	thorough(t)
	t.Parallel()
	c := newCrew(t, 3, "--nodes", "2:3", "--lease", "20s")
	all := c.startAll()
	first := c.round(nil, "a", "b", "c")
	c.net.Cut("b")
	time.Sleep(3 * time.Second)
	c.same(first)
	c.net.Heal("b")
	time.Sleep(time.Second)
	c.same(first)
	// It is one of them again: what fails elsewhere ends its workers, too.
	c.finish()
	c.ends(0, all...)
	c.whole()
}

// Runs form, start again and end well over networks that lose, double, reorder and
// delay.
func TestNodesBadLinks(t *testing.T) {
	thorough(t)
	for name, f := range map[string]testnet.Faults{
		"slow":      {Delay: 50 * time.Millisecond},
		"lossy":     {Loss: 0.05},
		"disorder":  {Duplicate: 0.1, Reorder: 0.1, Jitter: 10 * time.Millisecond},
		"all of it": {Delay: 20 * time.Millisecond, Jitter: 20 * time.Millisecond, Loss: 0.03, Duplicate: 0.05, Reorder: 0.05},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newCrew(t, 3, "--nodes", "3", "--restarts", "1", "--lease", "10s")
			c.net.SetFaults("", "", f)
			all := c.startAll()
			first := c.round(nil, "a", "b", "c")
			of(first, "c").fails(t)
			second := c.round([][]hand{first}, "a", "b", "c")
			if second[0].Restarts != "1" {
				t.Errorf("it is restart %s", second[0].Restarts)
			}
			c.finish()
			c.ends(0, all...)
			c.whole()
			empty(t, c.nodes)
		})
	}
}

// One direction is lost: to the leader or from it, that is cut off all the same.
func TestNodesOneWay(t *testing.T) {
	thorough(t)
	for _, way := range [][2]string{{"a", "c"}, {"c", "a"}} {
		t.Run(way[0]+" to "+way[1], func(t *testing.T) {
			t.Parallel()
			c := newCrew(t, 3, "--nodes", "2:3", "--lease", "2s")
			all := c.startAll()
			first := c.round(nil, "a", "b", "c")
			c.net.CutOneWay(way[0], way[1])
			second := c.round([][]hand{first}, "a", "b")
			c.net.Heal("c")
			c.round([][]hand{first, second}, "a", "b", "c")
			c.finish()
			c.ends(0, all...)
			c.whole()
			empty(t, c.nodes)
		})
	}
}

// Nodes come late and go early; nobody takes more than MAX; who waits steps in.
func TestNodesComeAndGo(t *testing.T) {
	thorough(t)
	t.Parallel()
	c := newCrew(t, 4, "--nodes", "2:3", "--last-call", "1s")
	a, b := c.start(0), c.start(1)
	first := c.round(nil, "a", "b")
	third := c.start(2)
	second := c.round([][]hand{first}, "a", "b", "c")
	spare := c.start(3)
	spare.says("this one steps in when one of them goes")
	c.same(second)
	third.Process.Signal(syscall.SIGTERM)
	c.ends(143, third)
	last := c.round([][]hand{first, second}, "a", "b", "d")
	if h := last[0]; h.Host != "a" || h.Restarts != "0" {
		t.Errorf("rank 0 is %+v", h)
	}
	c.finish()
	c.ends(0, a, b, spare)
	c.whole()
	empty(t, c.nodes)
}

// One that comes and goes in a loop does not keep the others from working.
func TestNodesFlapping(t *testing.T) {
	thorough(t)
	t.Parallel()
	c := newCrew(t, 3, "--nodes", "2:3", "--last-call", "1s")
	a, b := c.start(0), c.start(1)
	seen := map[string]bool{}
	rounds := [][]hand{c.round(nil, "a", "b")}
	for end := time.Now().Add(6 * time.Second); time.Now().Before(end); {
		s := c.start(2)
		for until := time.Now().Add(300 * time.Millisecond); time.Now().Before(until); time.Sleep(20 * time.Millisecond) {
			for _, h := range living(c.dir) {
				seen[h.Master] = true
			}
		}
		s.Process.Signal(syscall.SIGTERM)
		s.end()
	}
	c.round(rounds, "a", "b")
	// Each coming that is let in makes two rounds; after 0, 1, 2, 4 s of work.
	if len(seen) > 12 {
		t.Errorf("%d rounds", len(seen))
	}
	c.finish()
	c.ends(0, a, b)
	c.whole()
}

// What cannot be is refused, with the reason.
func TestNodesRefused(t *testing.T) {
	thorough(t)
	for _, bad := range []struct {
		name  string
		flags [3][]string
		at    [3]int
		says  []string // who is refused says one of them
		all   bool     // everybody is
	}{
		{"another count", [3][]string{{"--nodes", "2"}, {"--nodes", "2"}, {"--nodes", "3"}}, [3]int{0, 1, 2}, []string{"it asks for 3 nodes, and the others for 2"}, false},
		{"other restarts", [3][]string{{"--nodes", "2"}, {"--nodes", "2"}, {"--nodes", "2", "--restarts", "4"}}, [3]int{0, 1, 2}, []string{"it allows 4 restarts, and the others 0"}, false},
		{"a rank too high", [3][]string{{"--nodes", "2"}, {"--nodes", "2"}, {"--nodes", "2", "--node-rank", "2"}}, [3]int{0, 1, 2}, []string{"node ranks go from 0 to 1"}, false},
		{"a rank twice", [3][]string{{"--nodes", "2:3", "--node-rank", "0"}, {"--nodes", "2:3", "--node-rank", "1"}, {"--nodes", "2:3", "--node-rank", "1"}}, [3]int{0, 1, 2},
			[]string{"node rank 1 is taken by host"}, false},
		{"another run", [3][]string{{"--nodes", "2"}, {"--nodes", "2"}, {"--nodes", "2", "--run-id", "x", "--join-timeout", "5s"}}, [3]int{0, 1, 2}, []string{`another run than "x"`, "a:29400", "give all nodes the same run id"}, false},
	} {
		t.Run(bad.name, func(t *testing.T) {
			t.Parallel()
			c := newCrew(t, 3, "--last-call", "0s")
			all := []*started{c.start(0, bad.flags[0]...), c.start(1, bad.flags[1]...)}
			c.round(nil, "a", "b")
			wrong := c.start(2, bad.flags[2]...)
			if status := wrong.end(); status == 0 {
				t.Error("exit status 0")
			}
			for _, words := range bad.says {
				if !strings.Contains(wrong.err.String(), words) {
					t.Errorf("it does not say %q:\n%s", words, wrong.err)
				}
			}
			if strings.Contains(wrong.err.String(), "started") || wrong.out.String() != "" {
				t.Errorf("it ran workers: %s", wrong.out)
			}
			if got := living(c.dir); len(got) != 4 {
				t.Errorf("%+v live", got)
			}
			c.finish()
			c.ends(0, all...)
			empty(t, c.nodes)
		})
	}
}

// Something else listens at the endpoint.
func TestNodesForeignEndpoint(t *testing.T) {
	thorough(t)
	t.Parallel()
	c := newCrew(t, 2, "--nodes", "2", "--join-timeout", "4s")
	c.nodes[0].Do(t, func() {
		var lc net.ListenConfig
		l, err := lc.Listen(context.Background(), "tcp", "0.0.0.0:29400")
		if err != nil {
			t.Error(err)
			return
		}
		t.Cleanup(func() { l.Close() })
		go func() {
			for {
				conn, err := l.Accept()
				if err != nil {
					return
				}
				conn.Write([]byte("220 mail.example.org ESMTP\r\n"))
				conn.Close()
			}
		}()
	})
	for i, s := range c.startAll() {
		if status := s.end(); status == 0 {
			t.Errorf("%s: exit status 0", c.nodes[i].Name())
		}
		if says := s.err.String(); !strings.Contains(says, "a:29400") || !strings.Contains(says, "220 mail") {
			t.Errorf("%s says\n%s", c.nodes[i].Name(), says)
		}
	}
	empty(t, c.nodes)
}

// Credentials: those of the same directory meet, others are turned away.
func TestNodesCredentials(t *testing.T) {
	thorough(t)
	t.Parallel()
	c := newCrew(t, 3, "--nodes", "2", "--join-timeout", "5s")
	for i, n := range c.nodes {
		dir := n.path("creds")
		if i == 1 {
			if err := os.CopyFS(dir, os.DirFS(c.nodes[0].path("creds"))); err != nil {
				t.Fatal(err)
			}
			os.Chmod(dir, 0o700)
			paths, _ := filepath.Glob(dir + "/*")
			for _, path := range paths {
				os.Chmod(path, 0o600)
			}
		} else if r := n.run("certs", dir); r.status != 0 {
			t.Fatalf("%+v", r)
		}
	}
	a := c.start(0, "--tls", c.nodes[0].path("creds"))
	wrong := c.start(2, "--tls", c.nodes[2].path("creds"))
	bare := c.nodes[2].run("run", "--rendezvous", "a:29400", "--nodes", "2", "--join-timeout", "5s", "--insecure", "true")
	c.ends(125, wrong)
	for _, says := range []string{wrong.err.String(), bare.stderr} {
		if !strings.Contains(says, "a:29400") || !strings.Contains(says, "certificate") && !strings.Contains(says, "TLS") {
			t.Errorf("it says\n%s", says)
		}
	}
	if bare.status == 0 {
		t.Error("exit status 0 without credentials")
	}
	b := c.start(1, "--tls", c.nodes[1].path("creds"))
	c.round(nil, "a", "b")
	c.finish()
	c.ends(0, a, b)
}

// does has a shell on the machine do something.
func (n *node) does(script string) {
	n.t.Helper()
	if out, err := n.Command(n.t.Context(), "sh", "-c", script).CombinedOutput(); err != nil {
		n.t.Fatalf("%s: %s: %v: %s", n.Name(), script, err, out)
	}
}

// also gives the machine one more address, which is its first with another number
// at one of four places: at the last it is one more in the same network, before
// that it is in a network of its own.
func (n *node) also(place int, number byte) string {
	n.t.Helper()
	testpeer.Need(n.t, "ip", "iproute2")
	b := n.Addr().As4()
	b[place] = number
	addr := netip.AddrFrom4(b).String()
	n.does("ip addr add " + addr + "/24 dev eth0")
	return addr
}

// MASTER_ADDR is where the others reach the machine of rank 0: on the network over
// which it has come to the endpoint, if nobody has said anything else there.
func TestNodesMasterAddress(t *testing.T) {
	thorough(t)
	const near, far = 0, 1 // the two networks that all are in
	for _, where := range []struct {
		name  string
		meet  int                             // on which network
		first int                             // the machine of rank 0
		says  func(addrs [3][2]string) string // --local-addr there
		want  func(addrs [3][2]string) string
	}{
		{"the endpoint is the first", far, 0, nil, func(a [3][2]string) string { return a[0][far] }},
		{"the network that all know", near, 1, nil, func(a [3][2]string) string { return a[1][near] }},
		{"the other network", far, 1, nil, func(a [3][2]string) string { return a[1][far] }},
		{"an address is given", near, 1, func(a [3][2]string) string { return a[1][far] }, func(a [3][2]string) string { return a[1][far] }},
		{"the endpoint is on the other", far, 2, func(a [3][2]string) string { return a[2][near] }, func(a [3][2]string) string { return a[2][near] }},
		{"a name is given", far, 1, func([3][2]string) string { return "b" }, func([3][2]string) string { return "b" }},
	} {
		t.Run(where.name, func(t *testing.T) {
			t.Parallel()
			c := newCrew(t, 3, "--nodes", "3", "--restarts", "1")
			var addrs [3][2]string
			for i, n := range c.nodes {
				addrs[i] = [2]string{n.Addr().String(), n.also(1, 77)}
			}
			c.meet = addrs[0][where.meet] + ":29400"
			var all []*started
			for i := range c.nodes {
				var flags []string
				if i == where.first {
					flags = append(flags, "--node-rank", "0")
					if where.says != nil {
						flags = append(flags, "--local-addr", where.says(addrs))
					}
				}
				all = append(all, c.start(i, flags...))
			}
			check := func(round []hand) {
				t.Helper()
				if got, want := round[0].Host, c.nodes[where.first].Name(); got != want {
					t.Errorf("rank 0 is on %s, not on %s", got, want)
				}
				// That all say the same is looked at by round.
				got, _, err := net.SplitHostPort(round[0].Master)
				if want := where.want(addrs); err != nil || got != want {
					t.Errorf("MASTER_ADDR is %q, not %q (%v)", got, want, err)
				}
			}
			first := c.round(nil, "a", "b", "c")
			check(first)
			of(first, "c").fails(t)
			check(c.round([][]hand{first}, "a", "b", "c"))
			c.finish()
			c.ends(0, all...)
			empty(t, c.nodes)
		})
	}
}

// The endpoint is whose address it is, by whatever name; --rdzv-conf has the last
// word.
func TestNodesEndpointNames(t *testing.T) {
	thorough(t)
	for _, where := range []struct {
		name string
		meet func(t *testing.T, c *crew) string
	}{
		{"an alias", func(_ *testing.T, c *crew) string {
			c.nodes[0].does("echo " + c.nodes[0].Addr().String() + " train.example.org >>/etc/hosts")
			return "train.example.org:29400"
		}},
		{"a second address", func(_ *testing.T, c *crew) string {
			return c.nodes[0].also(3, 77) + ":29400"
		}},
		{"an address", func(_ *testing.T, c *crew) string { return c.nodes[0].Addr().String() + ":29400" }},
		{"another port", func(*testing.T, *crew) string { return "a:1234" }},
	} {
		t.Run(where.name, func(t *testing.T) {
			t.Parallel()
			c := newCrew(t, 2, "--nodes", "2")
			c.meet = where.meet(t, c)
			all := c.startAll()
			if round := c.round(nil, "a", "b"); round[0].Host != "a" {
				t.Errorf("rank 0 is on %s", round[0].Host)
			}
			c.finish()
			c.ends(0, all...)
			empty(t, c.nodes)
		})
	}
	// The machine that the endpoint names has no such address, or cannot resolve the
	// name: then its own name decides.
	for what, own := range map[string]string{"a translated address": "192.0.2.9 a.example.org\n", "no DNS on the host": ""} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			c := newCrew(t, 2, "--nodes", "2")
			c.meet = "a.example.org:29400"
			c.nodes[1].does("echo " + c.nodes[0].Addr().String() + " a.example.org >>/etc/hosts")
			a := c.nodes[0]
			a.write("hosts", "127.0.0.1 localhost\n"+own)
			line := append([]string{"run", "--rendezvous", c.meet, "--insecure", "-n", "2", "--nodes", "2", "--"}, append(a.worker("hand"), c.dir)...)
			s := a.startWith(func(cmd *exec.Cmd) {
				cmd.Args = append([]string{"sh", "-c", `mount --bind "$0" /etc/hosts && exec "$@"`, a.path("hosts"), cmd.Path}, cmd.Args[1:]...)
				cmd.Path = "sh"
				a.inside(cmd)
			}, line...)
			all := []*started{s, c.start(1)}
			if round := c.round(nil, "a", "b"); round[0].Host != "a" {
				t.Errorf("rank 0 is on %s", round[0].Host)
			}
			c.finish()
			c.ends(0, all...)
			empty(t, c.nodes)
		})
	}
	t.Run("is_host", func(t *testing.T) {
		t.Parallel()
		c := newCrew(t, 2)
		var all []*started
		for i, n := range c.nodes {
			is := fmt.Sprintf("--rdzv-conf=is_host=%v,join_timeout=30", i == 1)
			line := append([]string{"torchrun", "--nnodes=2", "--nproc-per-node=2", "--rdzv-backend=c10d", "--rdzv-endpoint=b", "--rdzv-id=7", "--insecure", is, "--no-python"}, n.worker("hand")...)
			all = append(all, n.start(append(line, c.dir)...))
		}
		if round := c.round(nil, "a", "b"); round[0].Host != "b" {
			t.Errorf("rank 0 is on %s", round[0].Host)
		}
		c.finish()
		c.ends(0, all...)
	})
	t.Run("nobody's", func(t *testing.T) {
		t.Parallel()
		c := newCrew(t, 2, "--nodes", "2", "--join-timeout", "3s")
		c.meet = "nowhere.invalid:29400"
		s := c.start(1)
		c.ends(125, s)
		if says := s.err.String(); !strings.Contains(says, "the name nowhere.invalid is not known here") {
			t.Errorf("it says\n%s", says)
		}
		c.meet = c.nodes[0].Addr().String() + ":29400" // where nobody serves
		s = c.start(1)
		c.ends(125, s)
		if says := s.err.String(); !strings.Contains(says, "nobody listens on "+c.meet) {
			t.Errorf("it says\n%s", says)
		}
	})
}
