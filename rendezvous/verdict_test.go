package rendezvous

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// Everybody restarts together, at once, with one count.
func TestAgain(t *testing.T) {
	bubble(t, 3, func(c *cluster) {
		c.join()
		began := time.Now()
		for i := range 4 {
			c.ok(c.seats[i%3].Again(c.soon(), "rank 1 was killed"))
			for _, s := range c.seats {
				ch := c.change(s)
				if ch.Kind != Again || ch.Node.Rank != i%3 || ch.Why != "rank 1 was killed" || ch.Restarts != i+1 {
					c.Fatalf("told %+v", ch)
				}
				c.quiet(s) // once
			}
			for _, r := range c.join() {
				if r.Number != i+1 || r.Restarts != i+1 || r.MasterPort != 1001+i {
					c.Fatalf("met in %+v", r)
				}
			}
		}
		if took := time.Since(began); took != 0 {
			c.Errorf("it took %v", took)
		}
	})
}

func TestAgainTogether(t *testing.T) {
	for range 20 {
		bubble(t, 4, func(c *cluster) {
			c.join()
			for _, err := range c.all(func(s *Static) error { return s.Again(c.soon(), "mine") }) {
				c.ok(err)
			}
			// Nobody has looked at the Change: it is not taken for one of round 1.
			for _, r := range c.join() {
				if r.Number != 1 || r.Restarts != 1 {
					c.Fatalf("met in %+v", r)
				}
			}
			for _, s := range c.seats {
				c.quiet(s)
			}
		})
	}
}

// A node that is slow to stop its workers is waited for.
func TestAgainLate(t *testing.T) {
	bubble(t, 2, func(c *cluster) {
		c.join()
		c.ok(c.seats[0].Again(c.soon(), "x"))
		back := make(chan error, 1)
		go func() { _, err := c.seats[0].Join(c.soon()); back <- err }()
		time.Sleep(10 * time.Minute)
		if len(back) != 0 {
			c.Fatalf("node 0 met itself: %v", <-back)
		}
		c.change(c.seats[1])
		c.ok(c.seats[1].Again(c.soon(), "mine too")) // the same restart
		r, err := c.seats[1].Join(c.soon())
		c.ok(err)
		c.ok(<-back)
		if r.Number != 1 {
			c.Errorf("met in %+v", r)
		}
	})
}

func TestFail(t *testing.T) {
	bubble(t, 3, func(c *cluster) {
		c.join()
		why := Failure{Rank: 2, Host: "gpu7", Text: "exit status 3"}
		c.ok(c.seats[2].Fail(c.soon(), why))
		why.Node = c.seats[2].self
		for _, s := range c.seats {
			ch := c.change(s)
			if ch.Kind != Failed || ch.Node.Rank != 2 || *ch.Failure != why || ch.Why != "rank 2 on host gpu7 (node 2): exit status 3" {
				c.Fatalf("told %+v (%+v)", ch, ch.Failure)
			}
			c.culprit(s.Again(c.soon(), "x"), 2)
			c.culprit(s.Done(c.soon()), 2)
			c.ok(s.Fail(c.soon(), Failure{Text: "stopped"})) // the first culprit stays
			_, err := s.Join(c.soon())
			c.culprit(err, 2)
			c.quiet(s)
		}
	})
}

// A failure that meets a restart wins: it goes into the next free cell.
func TestFailAgainstAgain(t *testing.T) {
	bubble(t, 3, func(c *cluster) {
		c.join()
		c.ok(c.seats[0].Again(c.soon(), "x"))
		back := make(chan error)
		go func() { _, err := c.seats[0].Join(c.soon()); back <- err }()
		synctest.Wait()
		c.ok(c.seats[1].Fail(c.soon(), Failure{Rank: 1, Text: "no restarts left"}))
		c.culprit(<-back, 1)
		c.change(c.seats[2]) // Again
		_, err := c.seats[2].Join(c.soon())
		c.culprit(err, 1)
		_, err = c.seats[1].Join(c.soon())
		c.culprit(err, 1)
	})
}

// In every order of two nodes' words there is one outcome for all.
func TestFailAndAgainTogether(t *testing.T) {
	for range 30 {
		bubble(t, 3, func(c *cluster) {
			c.join()
			c.all(func(s *Static) error {
				if s.self.Rank == 1 {
					return s.Fail(c.soon(), Failure{Rank: 1, Text: "x"})
				}
				_ = s.Again(c.soon(), "y")
				return nil
			})
			for _, err := range c.all(func(s *Static) error { _, err := s.Join(c.soon()); return err }) {
				c.culprit(err, 1)
			}
		})
	}
}

func TestFailBeforeJoin(t *testing.T) {
	bubble(t, 2, func(c *cluster) {
		back := make(chan error)
		go func() { _, err := c.seats[1].Join(c.soon()); back <- err }()
		synctest.Wait()
		c.ok(c.seats[0].Fail(c.soon(), Failure{Rank: -1, Text: "no such program"}))
		c.wantError(c.culprit(<-back, 0), "node 0 (host a): no such program")
		_, err := c.seats[0].Join(c.soon())
		c.culprit(err, 0)
	})
}

// The exit barrier: workers that end at different times are one success.
func TestDone(t *testing.T) {
	bubble(t, 3, func(c *cluster) {
		c.join()
		began := time.Now()
		for _, err := range c.all(func(s *Static) error {
			time.Sleep(time.Duration(s.self.Rank) * time.Minute)
			return s.Done(c.soon())
		}) {
			c.ok(err)
		}
		if took := time.Since(began); took != 2*time.Minute {
			c.Errorf("it took %v", took)
		}
		for _, s := range c.seats {
			c.quiet(s)
			c.wantError(s.Again(c.soon(), "x"), "ended")
			_, err := s.Join(c.soon())
			c.wantError(err, "ended")
		}
	})
}

// A barrier of 0 counts the node in and names those who still work.
func TestDoneWithoutWaiting(t *testing.T) {
	bubble(t, 3, func(c *cluster) {
		c.join()
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		for range 2 { // said twice, counted once
			err := c.seats[1].Done(ctx)
			c.wantError(err, "waiting for node ranks 0, 2 to finish")
			var failed *FailedError
			if !errors.Is(err, context.Canceled) || errors.As(err, &failed) {
				c.Fatalf("it is %v", err)
			}
		}
		c.ok(c.seats[1].Close())
		time.Sleep(time.Minute) // it does not count as dead
		c.quiet(c.seats[0])
		for _, err := range together([]*Static{c.seats[0], c.seats[2]}, func(s *Static) error { return s.Done(c.soon()) }) {
			c.ok(err)
		}
	})
}

func TestDoneWhileOthersEnd(t *testing.T) {
	bubble(t, 2, func(c *cluster) {
		c.join()
		back := make(chan error)
		wait := func() { back <- c.seats[0].Done(c.soon()) }
		go wait()
		synctest.Wait()
		c.wantError(c.seats[0].Again(c.soon(), "x"), "has said that it is done")
		c.ok(c.seats[1].Again(c.soon(), "rank 1 was killed"))
		var again *AgainError
		if err := <-back; !errors.As(err, &again) || again.Node.Rank != 1 || again.Why != "rank 1 was killed" {
			c.Fatalf("a done node is told %v", err)
		}
		c.join()
		go wait()
		synctest.Wait()
		c.ok(c.seats[1].Fail(c.soon(), Failure{Rank: 1, Text: "x"}))
		c.culprit(<-back, 1)
	})
}

// Nobody waits for a node that finished, had no time for the barrier and left.
func TestAgainAfterOneLeft(t *testing.T) {
	bubble(t, 2, func(c *cluster) {
		c.join()
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		c.wantError(c.seats[1].Done(ctx))
		c.ok(c.seats[1].Close())
		c.ok(c.seats[0].Again(c.soon(), "x"))
		_, err := c.seats[0].Join(c.soon())
		c.wantError(c.culprit(err, 1), "had finished and left")
	})
}

func TestWrongOrder(t *testing.T) {
	bubble(t, 1, func(c *cluster) {
		s := c.seats[0]
		c.wantError(s.Again(c.soon(), "x"), "Join first")
		c.wantError(s.Done(c.soon()), "Join first")
		c.join()
		_, err := s.Join(c.soon())
		c.wantError(err, "round 0 goes on")
		c.ok(s.Again(c.soon(), "x"))
		c.join()
		c.ok(s.Done(c.soon()))
	})
}
