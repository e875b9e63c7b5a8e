package dynamic_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sluicerun/sluice/bus"
	"github.com/sluicerun/sluice/rendezvous"
	"github.com/sluicerun/sluice/rendezvous/council"
	"github.com/sluicerun/sluice/rendezvous/dynamic"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// field is where the nodes of a test meet.
type field struct {
	*testing.T
	bus    *bus.Local
	store  *rendezvous.Local // nil: the first node leads
	terms  council.Terms
	grace  time.Duration
	mu     sync.Mutex
	notes  []string
	stalls atomic.Bool // the store does not answer
}

func newField(t *testing.T, low, high int) *field {
	return &field{T: t, bus: bus.NewLocal(), terms: council.Terms{Run: "job", Min: low, Max: high, LastCall: 10 * time.Second,
		Lease: 5 * time.Second, Close: 30 * time.Second}}
}

// node is one with two workers, of which the test plays the rest.
type node struct {
	*dynamic.Seat
	name string
	bus  bus.Bus
}

func (f *field) node(name string, change ...func(*dynamic.Config)) *node {
	f.Helper()
	b := f.bus.Connect(name)
	cfg := dynamic.Config{Bus: b, Root: "sluice.job", ID: name, Node: rendezvous.Node{Name: name, Addr: name, Workers: 2, Rank: -1},
		Terms: f.terms, StoreGrace: f.grace,
		Master: func(_ context.Context, round int) (string, int, error) { return name, 1000 + round, nil },
		Note: func(s string) {
			f.mu.Lock()
			defer f.mu.Unlock()
			f.notes = append(f.notes, name+": "+s)
		}}
	if f.store != nil {
		cfg.Store = f.store.Handle()
	} else if name == "a" {
		cfg.Lead, cfg.Host, cfg.Gone = true, true, f.bus.Gone()
	}
	for _, c := range change {
		c(&cfg)
	}
	s, err := dynamic.New(cfg)
	if err != nil {
		f.Fatal(err)
	}
	return &node{s, name, b}
}

// joined is the answer to a Join that goes on beside.
type joined struct {
	rendezvous.Round
	err error
}

func (n *node) join(t *testing.T) <-chan joined {
	out := make(chan joined, 1)
	go func() {
		ctx, stop := context.WithTimeout(t.Context(), 10*time.Minute)
		defer stop()
		r, err := n.Join(ctx)
		out <- joined{r, err}
	}()
	return out
}

// meet has all nodes join, and checks that they have the ranks 0 to N-1 once each.
func (f *field) meet(nodes ...*node) []rendezvous.Round {
	f.Helper()
	var waits []<-chan joined
	for _, n := range nodes {
		waits = append(waits, n.join(f.T))
	}
	return f.met(nodes, waits)
}

func (f *field) met(nodes []*node, waits []<-chan joined) []rendezvous.Round {
	f.Helper()
	var rounds []rendezvous.Round
	seen := map[int]string{}
	for i, w := range waits {
		j := <-w
		if j.err != nil {
			f.Fatalf("%s did not join: %v\n%s", nodes[i].name, j.err, strings.Join(f.notes, "\n"))
		}
		if j.GroupSize != len(nodes) || j.WorldSize != 2*len(nodes) || j.RankBase != 2*j.GroupRank || seen[j.GroupRank] != "" {
			f.Fatalf("%s joined in %+v; before: %v", nodes[i].name, j.Round, seen)
		}
		seen[j.GroupRank] = nodes[i].name
		rounds = append(rounds, j.Round)
	}
	for _, r := range rounds {
		if r.Number != rounds[0].Number || r.MasterPort != rounds[0].MasterPort || r.MasterAddr != seen[0] {
			f.Fatalf("the rounds differ: %+v and %+v (%v)", rounds[0], r, seen)
		}
	}
	return rounds
}

// told takes a change.
func (f *field) told(n *node, kind rendezvous.Kind, words string) rendezvous.Change {
	f.Helper()
	select {
	case c := <-n.Changes():
		text := c.Node.String() + ": " + c.Why
		if c.Failure != nil {
			text = c.Failure.String()
		}
		if c.Kind != kind || !strings.Contains(text, words) {
			f.Fatalf("%s is told %+v (%s), not %s with %q", n.name, c, text, kind, words)
		}
		return c
	case <-time.After(time.Minute):
		f.Fatalf("%s is told nothing", n.name)
		panic("")
	}
}

func (f *field) close(nodes ...*node) {
	var wg sync.WaitGroup
	for _, n := range nodes {
		wg.Go(func() { n.Close(); n.bus.Close() })
	}
	wg.Wait()
}

func (f *field) done(nodes ...*node) {
	f.Helper()
	errs := make(chan error)
	for _, n := range nodes {
		go func() {
			ctx, stop := context.WithTimeout(f.Context(), time.Minute)
			defer stop()
			if err := n.Done(ctx); err != nil {
				errs <- fmt.Errorf("%s: %w", n.name, err)
				return
			}
			errs <- nil
		}()
	}
	for range nodes {
		if err := <-errs; err != nil {
			f.Error(err)
		}
	}
}

// both runs a test with a leader that is given and with one that is elected.
func both(t *testing.T, low, high int, test func(f *field)) {
	for _, elected := range []bool{false, true} {
		t.Run(fmt.Sprintf("elected=%t", elected), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newField(t, low, high)
				if elected {
					f.store = rendezvous.NewLocal()
				}
				test(f)
			})
		})
	}
}
