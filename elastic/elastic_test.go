package elastic_test

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/sluicerun/sluice/elastic"
	"github.com/sluicerun/sluice/job"
	"github.com/sluicerun/sluice/launch"
	"github.com/sluicerun/sluice/tcpstore"
)

func TestMain(m *testing.M) {
	launch.Init()
	goleak.VerifyTestMain(m)
}

func soon(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

// TestSingleNode: a fresh and empty store on another port for every attempt.
func TestSingleNode(t *testing.T) {
	spec := job.Spec{Workers: 3, Torch: &job.Torch{AgentStore: true}}
	w := elastic.New(spec)
	ports, last := map[string]bool{}, ""
	for range 3 {
		p, err := w.Join(soon(t))
		if err != nil {
			t.Fatal(err)
		}
		if p.Size != 3 || p.Groups != 1 || !p.AgentStore || p.MasterAddr != "127.0.0.1" || p.MasterPort == last {
			t.Errorf("the place is %+v, after port %s", p, last)
		}
		ports[p.MasterPort], last = true, p.MasterPort
		c, err := tcpstore.Dial(soon(t), net.JoinHostPort(p.MasterAddr, p.MasterPort))
		if err != nil {
			t.Fatal(err)
		}
		if _, ok, err := c.Get(soon(t), "k"); ok || err != nil {
			t.Errorf("the store is not empty: %v, %v", ok, err)
		}
		if err := c.Set(soon(t), "k", []byte("v")); err != nil {
			t.Error(err)
		}
		c.Close()
	}
	if err := w.Close(""); err != nil {
		t.Error(err)
	}
	for port := range ports {
		if c, err := net.Dial("tcp", "127.0.0.1:"+port); err == nil {
			c.Close()
			t.Errorf("somebody still listens on port %s", port)
		}
	}
}

func TestAloneWithoutStore(t *testing.T) {
	for _, spec := range []job.Spec{{Workers: 2}, {Workers: 2, Torch: &job.Torch{}}} {
		if w := elastic.New(spec); w != nil {
			t.Errorf("%+v has the world %T", spec, w)
		}
	}
}

// A port that is asked for is kept from attempt to attempt.
func TestSinglePort(t *testing.T) {
	port := free(t)
	w := elastic.New(job.Spec{Torch: &job.Torch{AgentStore: true, MasterAddr: "::1", MasterPort: port}})
	defer w.Close("")
	for range 2 {
		p, err := w.Join(soon(t))
		if err != nil {
			t.Fatal(err)
		}
		if p.MasterPort != fmt.Sprint(port) || p.MasterAddr != "::1" {
			t.Errorf("the place is %+v", p)
		}
	}
	other := elastic.New(job.Spec{Torch: &job.Torch{AgentStore: true, MasterAddr: "::1", MasterPort: port}})
	defer other.Close("")
	if _, err := other.Join(soon(t)); err == nil || !strings.Contains(err.Error(), fmt.Sprint("port ", port)) {
		t.Errorf("a port in use: %v", err)
	}
}

func free(t *testing.T) int {
	l, err := net.Listen("tcp", "[::]:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// nodes runs a script on several nodes, here in one process, and returns what
// became of each.
func nodes(t *testing.T, sizes []int, restarts int, script string) []job.Result {
	t.Helper()
	port := free(t)
	results := make([]job.Result, len(sizes))
	var wg sync.WaitGroup
	for i, n := range sizes {
		spec := job.Spec{
			Command: []string{"sh", "-c", script}, Workers: n, Role: fmt.Sprintf("role%d", i%2), LogDir: t.TempDir(),
			Torch:   &job.Torch{RunID: "job-1", AgentStore: true},
			Nodes:   job.Nodes{Count: len(sizes), Rank: i, Host: "127.0.0.1", Port: port, JoinTimeout: job.Duration(30 * time.Second)},
			Restart: job.Restart{Max: restarts},
		}
		wg.Go(func() {
			res, err := launch.Run(soon(t), spec, launch.Options{World: elastic.New(spec)})
			if err != nil {
				t.Errorf("node %d: %v", i, err)
			}
			results[i] = res
		})
	}
	wg.Wait()
	return results
}

func log(t *testing.T, res job.Result, attempt, local int) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(res.Dir, fmt.Sprintf("attempt_%d/%d/stdout.log", attempt, local)))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// Checklist 86: nodes of mixed sizes and roles.
func TestNodes(t *testing.T) {
	res := nodes(t, []int{1, 2, 3}, 0,
		`echo $RANK/$WORLD_SIZE $LOCAL_RANK/$LOCAL_WORLD_SIZE $GROUP_RANK/$GROUP_WORLD_SIZE $ROLE_NAME $ROLE_RANK/$ROLE_WORLD_SIZE $TORCHELASTIC_RUN_ID`)
	for i, want := range [][]string{
		{"0/6 0/1 0/3 role0 0/4 job-1\n"},
		{"1/6 0/2 1/3 role1 0/2 job-1\n", "2/6 1/2 1/3 role1 1/2 job-1\n"},
		{"3/6 0/3 2/3 role0 1/4 job-1\n", "4/6 1/3 2/3 role0 2/4 job-1\n", "5/6 2/3 2/3 role0 3/4 job-1\n"},
	} {
		if res[i].Verdict != job.Succeeded {
			t.Fatalf("node %d: %+v", i, res[i])
		}
		for local, line := range want {
			if got := log(t, res[i], 0, local); got != line {
				t.Errorf("node %d, local rank %d: %q, not %q", i, local, got, line)
			}
		}
	}
}

// One rank fails: all nodes start again together, and agree how often.
func TestNodesStartAgain(t *testing.T) {
	res := nodes(t, []int{2, 1, 1}, 2,
		`echo $TORCHELASTIC_RESTART_COUNT; [ $RANK = 2 ] && [ $TORCHELASTIC_RESTART_COUNT -lt 2 ] && exit 9; [ $TORCHELASTIC_RESTART_COUNT = 2 ] || sleep 1000`)
	for i, r := range res {
		if r.Verdict != job.Succeeded || r.Attempts != 3 {
			t.Fatalf("node %d: %+v", i, r)
		}
		for attempt := range 3 {
			// A worker may be stopped before it says anything, but not the last.
			if got := log(t, r, attempt, 0); got != fmt.Sprintln(attempt) && (got != "" || attempt == 2) {
				t.Errorf("node %d counts %q in attempt %d", i, got, attempt)
			}
		}
	}
}

// The failure is the run's: everybody ends, and names the culprit.
func TestNodeFails(t *testing.T) {
	res := nodes(t, []int{1, 2}, 1, `[ $RANK = 2 ] && exit 9; sleep 1000`)
	host, _ := os.Hostname()
	if r := res[0]; r.Verdict != job.Failed || r.Status != 1 || r.First != nil ||
		!strings.Contains(r.Detail, "rank 2 on host "+host+" (node 1)") || !strings.Contains(r.Detail, "exit code 9") {
		t.Errorf("node 0: %+v", r)
	}
	if r := res[1]; r.Verdict != job.Failed || r.Status != 9 || r.FirstFailure().Rank != 2 || r.Attempts != 2 {
		t.Errorf("node 1: %+v", r)
	}
}
