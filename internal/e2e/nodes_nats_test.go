//go:build linux

package e2e

import (
	"context"
	"fmt"
	"net"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// natsProgram is the server that go builds from the module that this one requires.
var natsProgram = sync.OnceValues(func() (string, error) {
	out, err := exec.Command("go", "tool", "-n", "nats-server").Output()
	return strings.TrimSpace(string(out)), err
})

// servers starts NATS on these machines, one cluster if they are several, and has
// the crew meet there. What it returns ends the one of a machine, and starts it.
func (c *crew) servers(names ...string) (kill, start func(name string)) {
	c.t.Helper()
	path, err := natsProgram()
	if err != nil {
		c.t.Fatalf("building nats-server: %v", err)
	}
	var urls, routes []string
	for _, name := range names {
		urls, routes = append(urls, name+":4222"), append(routes, "nats://"+name+":6222")
	}
	c.meet = "nats://" + strings.Join(urls, ",")
	running := map[string]*exec.Cmd{}
	kill = func(name string) {
		if cmd := running[name]; cmd != nil {
			cmd.Process.Kill()
			cmd.Wait()
			delete(running, name)
		}
	}
	dir := c.t.TempDir()
	start = func(name string) {
		c.t.Helper()
		args := []string{"-a", "0.0.0.0", "-p", "4222", "-js", "--store_dir", filepath.Join(dir, name), "--name", name}
		if len(names) > 1 {
			args = append(args, "--cluster_name", "c", "--cluster", "nats://0.0.0.0:6222", "--routes", strings.Join(routes, ","))
		}
		cmd := c.net.Host(name).Command(context.Background(), path, args...)
		if err := cmd.Start(); err != nil {
			c.t.Fatal(err)
		}
		running[name] = cmd
		c.t.Cleanup(func() { kill(name) })
	}
	for _, name := range names {
		start(name)
	}
	for _, name := range names {
		at := fmt.Sprintf("%v:4222", c.net.Host(name).Addr())
		eventually(c.t, "NATS listens on "+name, func() (up bool) {
			c.net.Host(name).Do(c.t, func() {
				conn, err := net.DialTimeout("tcp", at, time.Second)
				if up = err == nil; up {
					conn.Close()
				}
			})
			return up
		})
	}
	return kill, start
}

// With servers of its own a run has nobody who must not go.
func TestNodesNATS(t *testing.T) {
	thorough(t)
	t.Parallel()
	c := newCrewAnd(t, 3, []string{"n"}, "--nodes", "2:3", "--restarts", "1", "--lease", "2s", "--store-grace", "60s", "--last-call", "10s")
	kill, start := c.servers("n")
	all := c.startAll()
	first := c.round(nil, "a", "b", "c")
	of(first, "b").fails(t)
	second := c.round([][]hand{first}, "a", "b", "c")
	if second[0].Restarts != "1" {
		t.Errorf("it is restart %s", second[0].Restarts)
	}
	// The server goes for a moment. With an election there may be another
	// round meanwhile, but not for nodes that cannot reach anybody.
	kill("n")
	time.Sleep(time.Second)
	start("n")
	time.Sleep(4 * time.Second)
	third := c.round(nil, "a", "b", "c")
	// The leader is among those that are killed.
	c.nodes[0].kill9(false)
	fourth := c.round([][]hand{third}, "b", "c")
	all[0].end()
	all[0] = c.start(0)
	c.round([][]hand{third, fourth}, "a", "b", "c")
	c.nodes[1].kill9(false)
	fifth := c.round([][]hand{third, fourth}, "a", "c")
	all[1].end()
	all[1] = c.start(1)
	c.round([][]hand{third, fourth, fifth}, "a", "b", "c")
	c.finish()
	c.ends(0, all...)
	c.whole()
	empty(t, c.nodes)
}

// A server of three is killed: nothing happens, whoever was connected to it.
func TestNodesNATSCluster(t *testing.T) {
	thorough(t)
	t.Parallel()
	c := newCrewAnd(t, 3, []string{"x", "y", "z"}, "--nodes", "2:3", "--restarts", "1", "--lease", "10s", "--last-call", "30s")
	kill, _ := c.servers("x", "y", "z")
	all := c.startAll()
	first := c.round(nil, "a", "b", "c")
	kill("x")
	time.Sleep(3 * time.Second)
	got := c.round(nil, "a", "b", "c")
	if got[0].Master != first[0].Master {
		t.Errorf("another round began")
	}
	of(got, "b").fails(t)
	c.round([][]hand{first}, "a", "b", "c")
	c.finish()
	c.ends(0, all...)
	c.whole()
	empty(t, c.nodes)
}

// A cluster is parted, with a machine on the side of one server: there nothing can be
// agreed about, so its workers end, and the others begin without it.
func TestNodesNATSClusterParted(t *testing.T) {
	thorough(t)
	t.Parallel()
	c := newCrewAnd(t, 3, []string{"x", "y", "z"}, "--nodes", "2:3", "--lease", "5s", "--store-grace", "120s", "--last-call", "30s")
	c.servers("x", "y", "z")
	all := c.startAll()
	first := c.round(nil, "a", "b", "c")
	few := []string{"z", "c"}
	for _, name := range few {
		for _, other := range []string{"x", "y", "a", "b"} {
			c.net.CutOneWay(name, other)
			c.net.CutOneWay(other, name)
		}
	}
	second := c.round([][]hand{first}, "a", "b")
	for _, name := range few {
		c.net.Heal(name)
	}
	c.round([][]hand{first, second}, "a", "b", "c")
	c.finish()
	c.ends(0, all...)
	c.whole()
	empty(t, c.nodes)
}

// A run id can be used again as soon as all have ended.
func TestNodesAgain(t *testing.T) {
	thorough(t)
	for engine, free := range map[string]string{"embedded": "", "nats": "30s", "close_timeout": "2s"} {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			c := newCrewAnd(t, 2, []string{"n"}, "--nodes", "2", "--run-id", "again")
			if free != "" {
				c.servers("n")
			}
			line, ended := c.line("true"), 125
			if engine == "close_timeout" {
				ended = 1
				line = []string{"torchrun", "--nnodes=2", "--rdzv-backend=c10d", "--rendezvous", c.meet, "--rdzv-id=again", "--insecure",
					"--rdzv-conf=close_timeout=2", "--no-python", "true"}
			}
			both := func() (all []*started) {
				for _, n := range c.nodes {
					all = append(all, n.start(line...))
				}
				return all
			}
			c.ends(0, both()...)
			if free == "" { // with its server all of it is gone
				c.ends(0, both()...)
				c.ends(0, both()...)
				return
			}
			for _, s := range both() {
				c.ends(ended, s)
				if want := `run "again" has ended already, with success; its id can be used again ` + free + ` after that`; !strings.Contains(s.err.String(), want) {
					t.Errorf("it does not say %q:\n%s", want, s.err)
				}
			}
			wait, err := time.ParseDuration(free)
			if err != nil {
				t.Fatal(err)
			}
			time.Sleep(wait + time.Second)
			c.ends(0, both()...)
			empty(t, c.nodes)
		})
	}
}

// line is sluice run with another program.
func (c *crew) line(program ...string) []string {
	return append(append([]string{"run", "--rendezvous", c.meet, "--insecure", "-n", "2"}, append(c.flags, "--")...), program...)
}
