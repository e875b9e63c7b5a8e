package rendezvous

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// cluster is a run on several nodes over one map, in one bubble of fake time.
type cluster struct {
	*testing.T
	local *Local
	seats []*Static
	// masters counts the calls of Master.
	masters int
}

// bubble runs a test with n nodes named a, b, c, ... of one worker each.
func bubble(t *testing.T, n int, f func(*cluster)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		c := &cluster{T: t, local: NewLocal()}
		for rank := range n {
			c.seats = append(c.seats, c.seat(c.config(n, rank)))
		}
		defer func() { c.all((*Static).Close) }()
		f(c)
	})
}

func (c *cluster) config(nodes, rank int) StaticConfig {
	return StaticConfig{
		Store: c.local.Handle(), RunID: "job", Nodes: nodes,
		Self: Node{Name: string(rune('a' + rank)), Workers: 1, Role: "default", Rank: rank},
		Master: func(_ context.Context, round int) (string, int, error) {
			c.masters++
			return "a", 1000 + round, nil
		},
	}
}

func (c *cluster) seat(cfg StaticConfig) *Static {
	c.Helper()
	s, err := NewStatic(cfg)
	if err != nil {
		c.Fatal(err)
	}
	return s
}

// all does something on every node at once and returns the errors by rank.
func (c *cluster) all(f func(*Static) error) []error {
	return together(c.seats, f)
}

func together(seats []*Static, f func(*Static) error) []error {
	errs := make([]error, len(seats))
	back := make(chan int)
	for i, s := range seats {
		go func() { errs[i] = f(s); back <- i }()
	}
	for range seats {
		<-back
	}
	return errs
}

// join has all nodes meet and returns their rounds.
func (c *cluster) join() []Round {
	c.Helper()
	synctest.Wait() // until all know that the round before has ended
	rounds := make([]Round, len(c.seats))
	for rank, err := range c.all(func(s *Static) (err error) {
		rounds[s.self.Rank], err = s.Join(c.soon())
		return err
	}) {
		if err != nil {
			c.Fatalf("node %d: %v", rank, err)
		}
	}
	return rounds
}

// soon is a context that no test should see the end of.
func (c *cluster) soon() context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), time.Hour)
	c.Cleanup(cancel)
	return ctx
}

// change takes the Change that a node has been told, after all has settled.
func (c *cluster) change(s *Static) Change {
	c.Helper()
	synctest.Wait()
	select {
	case ch := <-s.Changes():
		return ch
	default:
		c.Fatalf("%v was told nothing", s.self)
		return Change{}
	}
}

func (c *cluster) quiet(s *Static) {
	c.Helper()
	synctest.Wait()
	select {
	case ch := <-s.Changes():
		c.Fatalf("%v was told %+v", s.self, ch)
	default:
	}
}

func (c *cluster) ok(err error) {
	c.Helper()
	if err != nil {
		c.Fatal(err)
	}
}

// wantError checks that an error is there and says all of the words.
func (c *cluster) wantError(err error, words ...string) {
	c.Helper()
	if err == nil {
		c.Fatalf("no error, wanted one with %q", words)
	}
	for _, w := range words {
		if !strings.Contains(err.Error(), w) {
			c.Fatalf("the error %q does not say %q", err, w)
		}
	}
}

// culprit checks that err is the failure of that node.
func (c *cluster) culprit(err error, rank int) *FailedError {
	c.Helper()
	var failed *FailedError
	if !errors.As(err, &failed) || failed.Failure.Node.Rank != rank {
		c.Fatalf("the error is %v, not the failure of node %d", err, rank)
	}
	return failed
}

// kill takes a node away without a word, as the end of its process would.
func (c *cluster) kill(s *Static) {
	c.ok(s.store.Close())
	synctest.Wait()
}
