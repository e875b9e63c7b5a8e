//go:build linux

package e2e

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
)

// Who attaches to a rank that has ended is told so at once, on whatever machine it
// was and though the run goes on; so is who was attached when it ended.
func TestViewAttachToEnded(t *testing.T) {
	thorough(t)
	t.Parallel()
	ws, _ := machines(t, 3, "--pty", "-d", "--restarts", "1", "--", "sh", "-c", `echo "rank $RANK"; read x; exit $x`)
	for _, to := range []string{"shared/2", "shared/0"} {
		attached := ws[0].start("attach", "--read-only", to)
		eventually(t, "it is attached", func() bool { return strings.Contains(ws[0].run("sessions", "shared").stdout, " 0+1r ") })
		if r := ws[1].run("type", to, "0", "--enter"); r.status != 0 {
			t.Fatalf("type: %+v", r)
		}
		if status := attached.end(); status != 0 {
			t.Errorf("who was attached to %s: exit status %d\n%s", to, status, attached.err)
		}
		for _, w := range ws {
			r := w.run("attach", to)
			if r.status != 0 || !strings.HasPrefix(r.stdout, "rank "+to[7:]) ||
				!regexp.MustCompile(`^\[\S+/`+to[7:]+`: it ended with 0; this was its last screen; sluice logs \S+/`+to[7:]+` shows`).MatchString(r.stderr) {
				t.Errorf("attach %s: %+v", to, r)
			}
		}
	}
	if r := ws[2].run("ps", "shared"); strings.Count(r.stdout, " running ") != 2 {
		t.Errorf("the run and rank 1 go on: %+v", r)
	}
}

// A rank that is about to be started anew is waited for, which is said.
func TestViewAttachBetweenAttempts(t *testing.T) {
	thorough(t)
	t.Parallel()
	may := filepath.Join(t.TempDir(), "may")
	// Rank 0 holds up the second attempt of all until it may end.
	ws, _ := machines(t, 2, "--pty", "-d", "--restarts", "1", "--grace", "60s", "--", "sh", "-c",
		`echo "life $SLUICE_ATTEMPT of $RANK"
		if [ $RANK$SLUICE_ATTEMPT = 00 ]; then trap "" HUP; while [ ! -e "$0" ]; do sleep 0.05; done; exit; fi
		read x; exit $x`, may)
	w := ws[0]
	if r := w.run("type", "shared/1", "3", "--enter"); r.status != 0 {
		t.Fatalf("type: %+v", r)
	}
	eventually(t, "rank 1 has failed", func() bool { return strings.Contains(w.run("ps", "shared").stdout, " failed ") })
	attached := w.start("attach", "--read-only", "shared/1")
	eventually(t, "it waits", func() bool { return strings.Contains(attached.err.String(), "waiting for its next attempt") })
	if text := attached.err.String(); !strings.Contains(text, "it ended (exit code 3)") {
		t.Errorf("it says %q", text)
	}
	writeFile(t, may, "", 0o600)
	eventually(t, "it sees the next life", func() bool { return strings.Contains(attached.out.String(), "life 1 of 1") })
	if r := w.run("type", "shared/1", "0", "--enter"); r.status != 0 {
		t.Fatalf("type: %+v", r)
	}
	if status := attached.end(); status != 0 {
		t.Errorf("exit status %d\n%s", status, attached.err)
	}
}

// The ranks of a machine that was cut off are looked for there, before the others
// have begun without it and after that.
func TestViewOfLost(t *testing.T) {
	thorough(t)
	t.Parallel()
	c := newCrew(t, 3, "--nodes", "2:3", "--lease", "5s")
	c.startAll()
	first := c.round(nil, "a", "b", "c")
	c.net.Cut("c")
	named := func(n *node) bool {
		r := n.run("logs", "--rank", "4", "--stream", "out")
		if r.status != 125 {
			t.Errorf("logs on %s: %+v", n.Name(), r)
		}
		return strings.Contains(r.stderr, "node 2 (host c) cannot be reached")
	}
	for _, n := range c.nodes[:2] {
		eventually(t, "it is told who has the rank", func() bool { return named(n) })
	}
	c.round([][]hand{first}, "a", "b")
	for _, n := range c.nodes[:2] {
		eventually(t, "it is told who had the rank", func() bool { return named(n) })
		if r := n.run("logs", "--rank", "9"); r.status != 2 || !strings.Contains(r.stderr, "no such rank") {
			t.Errorf("%+v", r)
		}
	}
	c.finish()
}

// A log is followed over a link that is cut and healed to the last byte, each of
// them once.
func TestViewFollowOverCut(t *testing.T) {
	thorough(t)
	t.Parallel()
	c := newCrew(t, 3, "--nodes", "3", "--lease", "60s") // nobody takes the cut for an end
	all := c.startAll()
	c.round(nil, "a", "b", "c")
	log := filepath.Join(c.nodes[2].ps()[0].Dir, "attempt_0", "0", "stdout.log")
	f := c.nodes[0].start("logs", "-f", "--rank", "4", "--stream", "out", "--raw")
	for cuts := range 2 {
		had := len(f.out.String())
		eventually(t, "it follows", func() bool { return len(f.out.String()) > had+200 })
		c.net.Cut("c")
		eventually(t, "it says that the connection broke", func() bool {
			return len(regexp.MustCompile(`(?m)^sluice: the stdout log of rank 4: .*; trying again for 30s$`).FindAllString(f.err.String(), -1)) > cuts
		})
		c.net.Heal("c")
		eventually(t, "it goes on", func() bool { return strings.Count(f.err.String(), "the stdout log of rank 4 goes on at byte ") > cuts })
	}
	c.finish()
	c.ends(0, all...)
	if status := f.end(); status != 0 {
		t.Errorf("exit status %d", status)
	}
	want, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	if got := f.out.String(); got != string(want) {
		t.Errorf("%d bytes of %d, the same up to byte %d\n%s", len(got), len(want), sameUpTo(got, string(want)), f.err)
	}
	c.whole()
}

// sameUpTo is where two texts begin to differ.
func sameUpTo(a, b string) int {
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return i
		}
	}
	return min(len(a), len(b))
}

// The agent of another machine is killed in the middle of what it shows.
func TestViewLogsBreak(t *testing.T) {
	thorough(t)
	t.Parallel()
	const long = 64_000_000
	ws, _ := machines(t, 2, "--console", "none", "--", "sh", "-c", fmt.Sprintf(`[ $RANK = 1 ] && yes | head -c %d; sleep 1000`, long))
	eventually(t, "it is written", func() bool { return ws[1].written() == long })
	s, r := ws[0].unread("logs", "shared/1", "--raw")
	if _, err := io.ReadFull(r, make([]byte, 1000)); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(ws[1].ps()[0].Agent.Pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	rest, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	host, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	if status := s.end(); status != 125 || !strings.Contains(s.err.String(),
		fmt.Sprintf("showing the stdout log of rank 1: the connection to host %s broke at byte %d: the agent there has ended, or the link to it was cut", host, 1000+len(rest))) {
		t.Errorf("exit status %d after %d bytes\n%s", status, 1000+len(rest), s.err)
	}
}

// Who follows a run that still waits for the other machines waits with it.
func TestViewWaiting(t *testing.T) {
	t.Parallel()
	ws := []*world{newWorld(t), newWorld(t)}
	line := []string{"run", "-d", "--nodes", "2", "--rendezvous", "127.0.0.1:" + unusedPort(t), "--run-id", "shared", "--", "sh", "-c", "echo up $RANK"}
	if r := ws[0].run(line...); r.status != 0 {
		t.Fatalf("%+v", r)
	}
	if r := ws[0].run("ps", "shared"); !strings.Contains(r.stdout, " waiting (detached) ") {
		t.Errorf("%+v", r)
	}
	if r := ws[0].run("logs", "shared"); r.status != 2 || !strings.Contains(r.stderr, "has no logs yet: it waits for the other machines") {
		t.Errorf("%+v", r)
	}
	follow := ws[0].start("logs", "-f", "shared")
	follow.says("waits for the other machines, and this with it")
	if r := ws[1].run(line...); r.status != 0 {
		t.Fatalf("%+v", r)
	}
	if status := follow.end(); status != 0 || !strings.Contains(follow.out.String(), "up ") {
		t.Errorf("exit status %d\n%s%s", status, follow.out, follow.err)
	}
	alone := []string{"run", "--nodes", "2", "--rendezvous", "127.0.0.1:" + unusedPort(t), "--run-id", "alone", "--join-timeout", "1s", "--", "true"}
	ws[0].run(alone...)
	if r := ws[0].run("logs"); r.status != 2 || !strings.Contains(r.stderr, "it ended before a worker was started") {
		t.Errorf("%+v", r)
	}
}
