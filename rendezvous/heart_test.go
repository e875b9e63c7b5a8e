package rendezvous

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// A node that is gone without a word is named, whoever has to notice.
func TestSilence(t *testing.T) {
	for dead := range 3 {
		bubble(t, 3, func(c *cluster) {
			c.join()
			time.Sleep(time.Hour)
			for _, s := range c.seats {
				c.quiet(s)
			}
			c.kill(c.seats[dead])
			began := time.Now()
			for rank, s := range c.seats {
				ch := <-s.Changes()
				if rank == dead {
					if ch.Kind != Lost { // of what the dead would know, nothing
						c.Fatalf("the dead node is told %+v", ch)
					}
					continue
				}
				name := string(rune('a' + dead))
				if ch.Kind != Failed || ch.Failure.Node.Rank != dead || ch.Failure.Node.Name != name ||
					!strings.HasPrefix(ch.Why, "no sign of life from node ") || !strings.HasSuffix(ch.Why, "(host "+name+") for 10s") {
					c.Fatalf("told %+v (%+v)", ch, ch.Failure)
				}
				c.culprit(s.Again(c.soon(), "x"), dead)
			}
			if took := time.Since(began); took < 10*time.Second || took > 15*time.Second {
				c.Errorf("it took %v", took)
			}
		})
	}
}

// A node that dies between rounds, or before the first, holds nobody up.
func TestSilenceWhileJoining(t *testing.T) {
	for _, first := range []bool{true, false} {
		bubble(t, 3, func(c *cluster) {
			if !first {
				c.join()
				c.ok(c.seats[0].Again(c.soon(), "x"))
				c.kill(c.seats[1])
			}
			back := make(chan error)
			join := func(s *Static) { _, err := s.Join(c.soon()); back <- err }
			go join(c.seats[0])
			if first {
				go join(c.seats[1])
				synctest.Wait()
				c.kill(c.seats[1])
				<-back
			}
			began := time.Now()
			c.wantError(c.culprit(<-back, 1), "node 1 (host b): no sign of life for 10s")
			if took := time.Since(began); took > 15*time.Second {
				c.Errorf("it took %v", took)
			}
			c.kill(c.seats[2])
		})
	}
}

// stuck is a store whose Add does not answer once it hangs.
type stuck struct {
	Store
	hangs atomic.Bool
}

func (s *stuck) Add(ctx context.Context, key string, delta int64) (int64, error) {
	if s.hangs.Load() {
		<-ctx.Done()
		return 0, ctx.Err()
	}
	return s.Store.Add(ctx, key, delta)
}

// An agent that was stopped for a while accuses nobody when it wakes up: looks
// are counted, not seconds.
func TestSleeperAccusesNobody(t *testing.T) {
	bubble(t, 2, func(c *cluster) {
		s := c.seats[0] // its heart is beaten by hand
		c.ok(s.pass(c.soon()))
		for rank := range 2 {
			_, err := s.store.Add(c.soon(), s.beatKey(rank), 7)
			c.ok(err)
		}
		seen := map[int]*pulse{}
		accused := func() bool {
			_, ok, err := s.look(c.soon(), s.planKey(0))
			c.ok(err)
			return ok
		}
		for own := int64(1); own <= beats+1; own++ {
			if accused() {
				c.Fatalf("node 1 counts as dead after %d looks", own-1)
			}
			c.ok(s.beat(own, []int{1}, seen))
			time.Sleep(time.Hour)
		}
		_, err := s.store.Add(c.soon(), s.beatKey(1), 1) // in the last moment
		c.ok(err)
		for own := int64(1); own <= beats+1; own++ {
			c.ok(s.beat(own, []int{1}, seen))
		}
		if accused() {
			c.Fatal("a sign of life does not count")
		}
		c.ok(s.beat(1, []int{1}, seen))
		if !accused() {
			c.Fatal("a node that gives no sign of life is not missed")
		}
	})
}

func TestStoreHangs(t *testing.T) {
	bubble(t, 1, func(c *cluster) {
		st := &stuck{Store: c.local.Handle()}
		c.seats[0].store = st
		c.join()
		synctest.Wait()
		st.hangs.Store(true)
		ch := <-c.seats[0].Changes()
		if ch.Kind != Lost || !strings.Contains(ch.Why, "no answer for 10s") {
			c.Fatalf("told %+v", ch)
		}
		c.wantError(c.seats[0].Done(c.soon()), `the store of run "job" is lost`)
	})
}

func TestStoreLost(t *testing.T) {
	bubble(t, 2, func(c *cluster) {
		c.join()
		done := make(chan error)
		go func() { done <- c.seats[1].Done(c.soon()) }()
		synctest.Wait()
		began := time.Now()
		c.kill(c.seats[1])
		if ch := c.change(c.seats[1]); ch.Kind != Lost || ch.Node.Rank != 1 {
			c.Fatalf("told %+v", ch)
		}
		c.wantError(<-done, `the store of run "job" is lost`)
		c.wantError(c.seats[1].Again(c.soon(), "x"), "lost")
		c.wantError(c.seats[1].Fail(c.soon(), Failure{}), "lost")
		_, err := c.seats[1].Join(c.soon())
		c.wantError(err, "lost")
		if took := time.Since(began); took != 0 {
			c.Errorf("it took %v", took)
		}
	})
	bubble(t, 2, func(c *cluster) { // while joining
		back := make(chan error)
		go func() { _, err := c.seats[1].Join(c.soon()); back <- err }()
		synctest.Wait()
		c.kill(c.seats[1])
		c.wantError(<-back, "closed")
	})
}

// A node that leaves in the middle of a round takes the run with it, at once.
func TestCloseInRound(t *testing.T) {
	bubble(t, 3, func(c *cluster) {
		c.join()
		began := time.Now()
		c.ok(c.seats[1].Close())
		ch := c.change(c.seats[2])
		if ch.Kind != Failed || ch.Failure.Node.Rank != 1 || ch.Failure.Text != "left the run" {
			c.Fatalf("told %+v", ch)
		}
		c.ok(c.seats[1].Close()) // once more
		_, err := c.seats[1].Join(c.soon())
		c.culprit(err, 1)
		c.ok(c.seats[0].Close())
		c.ok(c.seats[2].Close())
		if took := time.Since(began); took != 0 {
			c.Errorf("it took %v", took)
		}
	})
}

func TestCloseWhileJoining(t *testing.T) {
	bubble(t, 3, func(c *cluster) {
		back := make(chan error, 2)
		for _, s := range c.seats[:2] {
			go func() { _, err := s.Join(c.soon()); back <- err }()
		}
		synctest.Wait()
		c.ok(c.seats[1].Close())
		for range 2 {
			if err := <-back; err == nil {
				c.Fatal("a meeting without its node")
			}
		}
	})
	bubble(t, 1, func(c *cluster) { // before anything
		c.ok(c.seats[0].Close())
		_, err := c.seats[0].Join(c.soon())
		c.wantError(err, "has left the run")
	})
}

// gate is a store whose verdicts are slow to arrive on one node.
type gate struct {
	Store
	open chan struct{}
}

func (g *gate) Get(ctx context.Context, key string) ([]byte, bool, error) {
	if strings.HasSuffix(key, "/verdict") {
		select {
		case <-g.open:
		case <-ctx.Done():
			return nil, false, ctx.Err()
		}
	}
	return g.Store.Get(ctx, key)
}

// The agent that serves the store stays until the others know how it ended.
func TestCloseWaitsForReaders(t *testing.T) {
	bubble(t, 2, func(c *cluster) {
		g := &gate{Store: c.seats[1].store, open: make(chan struct{})}
		c.seats[1].store = g
		c.join()
		done := make(chan error)
		go func() { done <- c.seats[1].Done(c.soon()) }()
		synctest.Wait()
		c.ok(c.seats[0].Done(c.soon()))
		closed := make(chan error, 1)
		go func() { closed <- c.seats[0].Close() }()
		time.Sleep(3 * time.Second)
		if len(closed) != 0 {
			c.Fatal("it left before the other had read")
		}
		close(g.open)
		c.ok(<-done)
		c.ok(<-closed)
	})
	bubble(t, 2, func(c *cluster) { // not for ever
		g := &gate{Store: c.seats[1].store, open: make(chan struct{})}
		c.seats[1].store = g
		c.join()
		c.ok(c.seats[0].Fail(c.soon(), Failure{Text: "x"}))
		began := time.Now()
		c.ok(c.seats[0].Close())
		if took := time.Since(began); took != 10*time.Second {
			c.Errorf("it took %v", took)
		}
	})
}

func TestFailureText(t *testing.T) {
	node := Node{Rank: 1, Name: "b"}
	for want, f := range map[string]Failure{
		`run "j" has failed: rank 5 on host b (node 1): exit status 3`: {Node: node, Rank: 5, Text: "exit status 3"},
		`run "j" has failed: rank 5 on host c (node 1): exit status 3`: {Node: node, Rank: 5, Host: "c", Text: "exit status 3"},
		`run "j" has failed: node 1 (host b): left the run`:            {Node: node, Rank: -1, Text: "left the run"},
		`run "j" has failed: node 0: left the run`:                     {Rank: -1, Text: "left the run"},
	} {
		if got := (&FailedError{RunID: "j", Failure: f}).Error(); got != want {
			t.Errorf("it reads %q, not %q", got, want)
		}
	}
}
