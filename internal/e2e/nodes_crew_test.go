//go:build linux

package e2e

import (
	"encoding/json"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/sluicerun/sluice/internal/testnet"
)

func init() { workers["hand"] = beHand }

// hand is what a worker of a crew says of itself, in a file that it holds a lock
// on for as long as it lives: the kernel lets go of that before anybody can see
// the process dead.
type hand struct {
	Host         string
	Rank, Local  int
	World        int
	Group, Count int // this node among how many
	Master       string
	Restarts     string
	PID          int
	Life         string // of its run: RUN/ATTEMPT
}

// attempt is what its run calls the attempt.
func (h hand) attempt() string {
	_, attempt, _ := strings.Cut(h.Life, "/")
	return attempt
}

// beHand is a worker that says in DIR, its argument, who it is, looks whether
// anybody of another round is alive, and then writes numbered lines until DIR
// tells it how to end: "go" for success. SIGUSR1 makes it fail; SIGUSR2 makes it
// write why it is going to fail, without an end.
func beHand() {
	dir := os.Args[1]
	fails, dies := make(chan os.Signal, 1), make(chan os.Signal, 1)
	signal.Notify(fails, syscall.SIGUSR1)
	signal.Notify(dies, syscall.SIGUSR2)
	num := func(key string) int {
		n, err := strconv.Atoi(os.Getenv(key))
		if err != nil {
			panic(err)
		}
		return n
	}
	host, err := os.Hostname()
	if err != nil {
		panic(err)
	}
	h := hand{host, num("RANK"), num("LOCAL_RANK"), num("WORLD_SIZE"), num("GROUP_RANK"), num("GROUP_WORLD_SIZE"),
		os.Getenv("MASTER_ADDR") + ":" + os.Getenv("MASTER_PORT"), os.Getenv("TORCHELASTIC_RESTART_COUNT"), os.Getpid(),
		os.Getenv("SLUICE_RUN") + "/" + os.Getenv("SLUICE_ATTEMPT")}
	b, err := json.Marshal(h)
	if err != nil {
		panic(err)
	}
	path := filepath.Join(dir, fmt.Sprintf("hand-%s-%d", host, h.PID))
	f, err := os.Create(path + ".new")
	if err == nil {
		err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX)
	}
	if err == nil {
		_, err = f.Write(b)
	}
	if err == nil {
		err = os.Rename(path+".new", path)
	}
	if err != nil {
		panic(err)
	}
	for _, other := range living(dir) {
		if other.Master != h.Master {
			text := fmt.Sprintf("%+v began while %+v was alive", h, other)
			os.WriteFile(filepath.Join(dir, fmt.Sprintf("clash-%d", h.PID)), []byte(text), 0o644)
		}
	}
	var counted [20]byte
	for n := 0; ; n++ {
		if _, err := fmt.Printf("rank %d line %d\n", h.Rank, n); err != nil {
			os.Exit(9)
		}
		// Beyond the JSON: how many lines sluice has for sure.
		copy(counted[:], fmt.Sprintf("%-19d\n", n+1))
		f.WriteAt(counted[:], countAt)
		select {
		case <-fails:
			fmt.Fprintf(os.Stderr, "rank %d fails on %s\n", h.Rank, host)
			os.Exit(3)
		case <-dies:
			fmt.Fprintf(os.Stderr, "rank %d fails on %s\n", h.Rank, host)
			os.WriteFile(os.Getenv("TORCHELASTIC_ERROR_FILE"), []byte(`{"message": "the culprit"}`), 0o600)
			os.WriteFile(filepath.Join(dir, "wrote"), nil, 0o600)
		case <-time.After(10 * time.Millisecond):
		}
		if _, err := os.Stat(filepath.Join(dir, "go")); err == nil {
			os.Exit(0)
		}
	}
}

// countAt is where in a hand's file the number of its lines is.
const countAt = 1000

// readHand reads a hand's file; alive tells whether it lives.
func readHand(path string) (h hand, lines int, alive, ok bool) {
	f, err := os.Open(path)
	if err != nil {
		return h, 0, false, false
	}
	defer f.Close()
	b := make([]byte, countAt+20)
	n, _ := f.ReadAt(b, 0)
	if n == len(b) {
		fmt.Sscan(string(b[countAt:]), &lines)
	}
	text, _, _ := strings.Cut(string(b[:min(n, countAt)]), "\x00")
	if json.Unmarshal([]byte(text), &h) != nil {
		return h, 0, false, false
	}
	return h, lines, syscall.Flock(int(f.Fd()), syscall.LOCK_SH|syscall.LOCK_NB) != nil, true
}

// living are those that live.
func living(dir string) []hand {
	var out []hand
	paths, _ := filepath.Glob(filepath.Join(dir, "hand-*"))
	for _, path := range paths {
		if h, _, alive, ok := readHand(path); ok && alive && !strings.HasSuffix(path, ".new") {
			out = append(out, h)
		}
	}
	slices.SortFunc(out, func(a, b hand) int { return a.Rank - b.Rank })
	return out
}

// crew is a run over some machines, with two workers each.
type crew struct {
	t     *testing.T
	net   *testnet.Net
	nodes []*node
	dir   string   // where its hands are
	meet  string   // what --rendezvous says
	flags []string // of sluice run
	runs  []*started
	where []string        // those run
	dark  map[string]bool // machines whose power went
}

// newCrew makes n machines, named a, b and so on, that are to meet at a.
func newCrew(t *testing.T, n int, flags ...string) *crew {
	t.Helper()
	return newCrewAnd(t, n, nil, flags...)
}

// newCrewAnd makes other machines as well, on which tests start what they like.
func newCrewAnd(t *testing.T, n int, others []string, flags ...string) *crew {
	t.Helper()
	var names []string
	for i := range n {
		names = append(names, string(rune('a'+i)))
	}
	c := &crew{t: t, dir: t.TempDir(), meet: "a:29400", flags: flags, dark: map[string]bool{}}
	c.net, c.nodes = newNodes(t, append(names, others...)...)
	c.nodes = c.nodes[:n]
	t.Cleanup(func() {
		clashes, _ := filepath.Glob(filepath.Join(c.dir, "clash-*"))
		for _, path := range clashes {
			b, _ := os.ReadFile(path)
			t.Errorf("workers of two rounds lived at the same time: %s", b)
		}
		if t.Failed() {
			for i, s := range c.runs {
				t.Logf("%s says: %s", c.where[i], clip(s.err.String()))
			}
		}
	})
	return c
}

// start starts sluice run on a machine.
func (c *crew) start(i int, flags ...string) *started {
	c.t.Helper()
	n := c.nodes[i]
	line := append([]string{"run", "--rendezvous", c.meet, "--insecure", "-n", "2", "--grace", "2s"}, c.flags...)
	line = append(append(line, flags...), "--")
	s := n.start(append(append(line, n.worker("hand")...), c.dir)...)
	c.runs, c.where = append(c.runs, s), append(c.where, n.Name())
	return s
}

// startAll starts it on all machines.
func (c *crew) startAll(flags ...string) []*started {
	c.t.Helper()
	var all []*started
	for i := range c.nodes {
		all = append(all, c.start(i, flags...))
	}
	return all
}

// round waits until workers of one round live, which is none of those before, on
// the machines of these names and nowhere else.
func (c *crew) round(before [][]hand, names ...string) []hand {
	c.t.Helper()
	var got []hand
	var why string
	deadline := time.Now().Add(40 * time.Second)
	for {
		got = living(c.dir)
		if why = c.isRound(got, before, names); why == "" {
			return got
		}
		if time.Now().After(deadline) {
			c.t.Fatalf("no round of %v: %s\n%+v", names, why, got)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// isRound tells what hands lack to be a whole round.
func (c *crew) isRound(got []hand, before [][]hand, names []string) string {
	for _, b := range before {
		if len(got) > 0 && got[0].Master == b[0].Master {
			return "it is an old one"
		}
	}
	if len(got) != 2*len(names) {
		return fmt.Sprintf("%d workers live", len(got))
	}
	groups := map[int]string{}
	for i, h := range got {
		if h.Rank != i || h.World != len(got) || h.Count != len(names) || h.Group != i/2 ||
			h.Master != got[0].Master || h.Restarts != got[0].Restarts || h.attempt() != got[0].attempt() || !slices.Contains(names, h.Host) {
			return fmt.Sprintf("rank %d is %+v", i, h)
		}
		if groups[h.Group] != "" && groups[h.Group] != h.Host {
			return fmt.Sprintf("node %d is on %s and %s", h.Group, groups[h.Group], h.Host)
		}
		groups[h.Group] = h.Host
	}
	return ""
}

// of is a hand on some machine.
func of(round []hand, host string) hand {
	for _, h := range round {
		if h.Host == host {
			return h
		}
	}
	return hand{}
}

// finish has all workers succeed.
func (c *crew) finish() { writeFile(c.t, filepath.Join(c.dir, "go"), "", 0o644) }

// ends checks exit statuses.
func (c *crew) ends(status int, all ...*started) {
	c.t.Helper()
	for _, s := range all {
		if got := s.end(); got != status {
			c.t.Errorf("%v: exit status %d, not %d\n%s", s.Args[1:], got, status, clip(s.err.String()))
		}
	}
}

// agents are the processes that own the gangs of a machine.
func (n *node) agents() (pids []int) {
	for _, pid := range n.sluices() {
		b, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
		if strings.HasPrefix(string(b), "sluice\x00__agent\x00") {
			pids = append(pids, pid)
		}
	}
	return pids
}

// kill9 kills the agent of a machine, and with all, what guards it too.
func (n *node) kill9(all bool) {
	n.t.Helper()
	pids := n.agents()
	if all {
		pids = n.sluices()
	}
	if len(pids) == 0 {
		n.t.Fatalf("%s: no sluice runs", n.Name())
	}
	for _, pid := range slices.Backward(pids) { // the launcher is the oldest: none is to hear of another's end
		syscall.Kill(pid, syscall.SIGSTOP)
	}
	for _, pid := range pids {
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
			n.t.Errorf("%s: %v", n.Name(), err)
		}
	}
}

// root is what run.json on a machine says was the root cause.
type root struct {
	Node, Rank       int
	Host, Text, Tail string
}

// ended is what run.json says of a run that is over.
type ended struct {
	ID       string
	Restarts int
	Result   struct {
		Verdict          string
		Status, Attempts int
		WorldSize        int `json:"world_size"`
		Root             *root
	}
}

// ended reads it, of the latest run.
func (n *node) ended() (run ended) {
	n.t.Helper()
	recs := n.ps()
	if len(recs) == 0 {
		n.t.Fatalf("%s: there is no run", n.Name())
	}
	b, err := os.ReadFile(filepath.Join(recs[0].Dir, "run.json"))
	if err == nil {
		err = json.Unmarshal(b, &run)
	}
	if err != nil {
		n.t.Fatal(err)
	}
	return run
}

// root reads the root cause of the latest run.
func (n *node) root() *root {
	n.t.Helper()
	return n.ended().Result.Root
}

// whole checks that the logs on all machines have what the workers wrote: each
// line, in order, as often as it was written. What a machine had not written when
// its power went is gone.
func (c *crew) whole() {
	c.t.Helper()
	paths, _ := filepath.Glob(filepath.Join(c.dir, "hand-*"))
	checked := 0
	for _, path := range paths {
		h, lines, _, ok := readHand(path)
		if !ok {
			continue // killed before it had said anything
		}
		i := slices.IndexFunc(c.nodes, func(n *node) bool { return n.Name() == h.Host })
		n := c.nodes[i]
		run, life, _ := strings.Cut(h.Life, "/")
		log := filepath.Join(n.path("state"), "sluice", "runs", run, "attempt_"+life, strconv.Itoa(h.Local), "stdout.log")
		b, err := os.ReadFile(log)
		if err != nil {
			c.t.Errorf("%+v: %v", h, err)
			continue
		}
		checked++
		rest := string(b)
		for k := 0; rest != ""; k++ {
			line := fmt.Sprintf("rank %d line %d\n", h.Rank, k)
			var same bool
			if rest, same = strings.CutPrefix(rest, line); !same {
				c.t.Errorf("%s: line %d is %.60q", log, k, rest)
				break
			}
			if rest == "" && k+1 < lines && !c.dark[h.Host] {
				c.t.Errorf("%s: it has %d lines of %d", log, k+1, lines)
			}
		}
	}
	if checked == 0 {
		c.t.Error("no log was looked at")
	}
}
