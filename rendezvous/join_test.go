package rendezvous

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestStaticMeets(t *testing.T) {
	for n := 1; n <= 8; n++ {
		bubble(t, n, func(c *cluster) {
			for i, s := range c.seats {
				s.self.Workers = i + 1
			}
			want := Assign(c.join()[0].Nodes)
			for number := range 3 {
				for _, s := range c.seats[:min(number, n)] { // none, one, two ask for it
					c.ok(s.Again(c.soon(), "test"))
				}
				if number == 0 {
					continue
				}
				for rank, r := range c.join() {
					w := want[rank]
					w.Number, w.Restarts, w.MasterAddr, w.MasterPort = number, number, "a", 1000+number
					if d := cmp.Diff(w, r); d != "" {
						c.Fatalf("node %d of %d, round %d:\n%s", rank, n, number, d)
					}
				}
			}
			if c.masters != 3 {
				c.Fatalf("the workers' store was made %d times for 3 rounds", c.masters)
			}
			for _, err := range c.all(func(s *Static) error { return s.Done(c.soon()) }) {
				c.ok(err)
			}
		})
	}
}

func TestJoinWaitsForAll(t *testing.T) {
	bubble(t, 3, func(c *cluster) {
		back := make(chan error, 2)
		for _, s := range c.seats[:2] {
			go func() { _, err := s.Join(c.soon()); back <- err }()
		}
		time.Sleep(59 * time.Minute) // nobody counts as dead, or waits in vain
		if len(back) != 0 || c.masters != 0 {
			c.Fatalf("two of three nodes have met: %v", <-back)
		}
		_, err := c.seats[2].Join(c.soon())
		c.ok(err)
		c.ok(<-back)
		c.ok(<-back)
	})
}

// The error names who is missing; the others hear of it at once, and so does the
// node that comes after all.
func TestJoinTimeout(t *testing.T) {
	bubble(t, 4, func(c *cluster) {
		back := make(chan error)
		go func() { _, err := c.seats[2].Join(c.soon()); back <- err }()
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		began := time.Now()
		_, err := c.seats[0].Join(ctx)
		c.wantError(err, `run "job", round 0`, "node ranks 1, 3 of 4 did not join")
		if !errors.Is(err, context.DeadlineExceeded) {
			c.Errorf("%v does not wrap the deadline", err)
		}
		f := c.culprit(<-back, 0)
		c.wantError(f, "node 0 (host a)", "gave up joining", "node ranks 1, 3")
		if took := time.Since(began); took != time.Minute {
			c.Errorf("it took %v", took)
		}
		_, err = c.seats[1].Join(c.soon())
		c.culprit(err, 0)
		_, err = c.seats[0].Join(c.soon())
		c.wantError(err, "did not join") // the seat is lost
	})
}

// Who waits says for whom, once; and nothing where nobody is missed for long.
func TestJoinSaysWhoIsMissing(t *testing.T) {
	bubble(t, 1, func(c *cluster) {
		var seats []*Static
		var notes [4]chan string
		for rank := range notes {
			notes[rank] = make(chan string, 9)
			cfg := c.config(4, rank)
			cfg.Note = func(text string) { notes[rank] <- text }
			seats = append(seats, c.seat(cfg))
		}
		back := make(chan error, len(seats))
		join := func(s *Static) { _, err := s.Join(c.soon()); back <- err }
		go join(seats[0])
		go join(seats[2])
		time.Sleep(patience + time.Second)
		go join(seats[1])
		go join(seats[3])
		for range seats {
			c.ok(<-back)
		}
		for rank, want := range []string{"waiting for node ranks 1, 3 of 4", "", "waiting for node ranks 1, 3 of 4", ""} {
			var said []string
			for len(notes[rank]) > 0 {
				said = append(said, <-notes[rank])
			}
			if got := strings.Join(said, "|"); got != want {
				c.Errorf("node %d says %q, not %q", rank, got, want)
			}
		}
		for _, s := range seats {
			c.ok(s.Close())
		}
	})
}

func TestMasterFails(t *testing.T) {
	bubble(t, 2, func(c *cluster) {
		c.seats[0].master = func(context.Context, int) (string, int, error) {
			return "", 0, errors.New("address in use")
		}
		errs := c.all(func(s *Static) error { _, err := s.Join(c.soon()); return err })
		c.wantError(errs[0], "making the workers' store: address in use")
		c.wantError(c.culprit(errs[1], 0), "address in use")
	})
}

// A Master that takes its time is named when the others' time is up.
func TestMasterSlow(t *testing.T) {
	bubble(t, 2, func(c *cluster) {
		c.seats[0].master = func(ctx context.Context, _ int) (string, int, error) {
			<-ctx.Done()
			return "", 0, ctx.Err()
		}
		errs := c.all(func(s *Static) error {
			ctx, cancel := context.WithTimeout(context.Background(), time.Duration(2-s.self.Rank)*time.Minute)
			defer cancel()
			_, err := s.Join(ctx)
			return err
		})
		c.wantError(errs[1], "node rank 0 has not made the workers' store")
		c.culprit(errs[0], 1)
	})
}

// Disagreement ends the meeting at once for all: no separate worlds, no waiting.
func TestDisagreement(t *testing.T) {
	for name, x := range map[string]struct {
		change func(*StaticConfig)
		words  []string
		others bool // whether they are told
	}{
		"rank": {func(cfg *StaticConfig) { cfg.Self.Rank = 1 },
			[]string{"two nodes have --node-rank 1", "b", "c", "give each node its own"}, true},
		"nnodes": {func(cfg *StaticConfig) { cfg.Nodes = 4 },
			[]string{"--nnodes 4", "others have 3"}, true},
		"heart-beat": {func(cfg *StaticConfig) { cfg.HeartbeatTimeout = time.Minute },
			[]string{"timeout of 1m0s", "others have 10s"}, true},
		"run id": {func(cfg *StaticConfig) { cfg.RunID = "other" },
			[]string{`belongs to run "job"`, `this is run "other"`, "--rdzv-id"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, 2, func(c *cluster) {
				for _, s := range c.seats {
					s.nodes = 3
				}
				back := make(chan error, 2)
				for _, s := range c.seats {
					go func() { _, err := s.Join(c.soon()); back <- err }()
				}
				synctest.Wait()
				cfg := c.config(3, 2)
				x.change(&cfg)
				odd := c.seat(cfg)
				began := time.Now()
				_, err := odd.Join(c.soon())
				c.wantError(err, x.words...)
				c.ok(odd.Close())
				if x.others {
					c.culprit(<-back, cfg.Self.Rank)
					c.culprit(<-back, cfg.Self.Rank)
				} else {
					synctest.Wait()
					if len(back) != 0 {
						c.Fatalf("another run's node disturbs this one: %v", <-back)
					}
					right := c.seat(c.config(3, 2))
					c.seats = append(c.seats, right)
					_, err := right.Join(c.soon())
					c.ok(err)
				}
				if took := time.Since(began); took != 0 {
					c.Errorf("it took %v", took)
				}
			})
		})
	}
}

// Nodes that are too many, or come too late, do no harm to a run that has begun.
func TestStrangers(t *testing.T) {
	bubble(t, 2, func(c *cluster) {
		c.join()
		try := func(rank, nodes int, words ...string) {
			t.Helper()
			s := c.seat(c.config(nodes, rank))
			_, err := s.Join(c.soon())
			c.wantError(err, words...)
			c.wantError(s.Done(c.soon()))
			c.ok(s.Close())
		}
		try(1, 2, "node rank 1 is taken by node 1 (host b)", "the run has begun")
		try(0, 2, "node rank 0 is taken", "the run has begun")
		try(2, 3, "--nnodes 3", "others have 2")
		for _, s := range c.seats {
			c.quiet(s)
		}
		c.ok(c.seats[1].Again(c.soon(), "once"))
		c.join()
		try(1, 2, "the run has begun")
		time.Sleep(time.Minute)
		for _, s := range c.seats {
			c.quiet(s)
		}
		c.all(func(s *Static) error { return s.Done(c.soon()) })
		try(1, 2, "the run has ended with success")
	})
}

func TestJoinAfterFailure(t *testing.T) {
	bubble(t, 2, func(c *cluster) {
		c.join()
		c.ok(c.seats[1].Fail(c.soon(), Failure{Rank: 1, Text: "exit status 3"}))
		s := c.seat(c.config(2, 1))
		_, err := s.Join(c.soon())
		c.wantError(c.culprit(err, 1), `run "job" has failed`, "exit status 3")
		c.ok(s.Close())
		_, err = c.seats[1].Join(c.soon())
		c.culprit(err, 1)
	})
}

// The same run id lives again on a fresh store, and one of the old life does not
// get into the new one.
func TestOlderGeneration(t *testing.T) {
	bubble(t, 2, func(c *cluster) {
		c.join()
		synctest.Wait() // until the first beats are given
		old := c.seats
		defer together(old, (*Static).Close)
		c.local.mu.Lock()
		clear(c.local.values) // as when clients connect again to a new server
		c.local.mu.Unlock()
		c.seats = []*Static{c.seat(c.config(2, 0)), c.seat(c.config(2, 1))}
		c.join()
		c.wantError(old[1].Again(c.soon(), "late"), "the store was replaced", `older life of run "job"`)
		c.wantError(old[1].Fail(c.soon(), Failure{Text: "late"}), "the store was replaced")
		c.wantError(old[1].Done(c.soon()), "the store was replaced")
		for _, s := range c.seats {
			c.quiet(s)
		}
		time.Sleep(5 * time.Second) // a heart notices by itself
		if ch := c.change(old[0]); ch.Kind != Lost || !strings.Contains(ch.Why, "replaced") {
			c.Errorf("told %+v", ch)
		}
		for _, s := range c.seats {
			c.quiet(s)
		}
		c.all(func(s *Static) error { return s.Done(c.soon()) })
		c.seats[0].mu.Lock()
		defer c.seats[0].mu.Unlock()
		if c.seats[0].last.Kind != done {
			c.Errorf("the new life ended with %+v", c.seats[0].last)
		}
	})
}

// Values that no agent writes are errors that say where they are.
func TestForeignValues(t *testing.T) {
	bubble(t, 1, func(c *cluster) {
		newer := `{"version":2,"run":"job","nodes":2,"generation":"g"}`
		c.ok(c.local.Handle().Set(c.soon(), fenceKey, []byte(newer)))
		_, err := c.seats[0].Join(c.soon())
		c.wantError(err, fenceKey, "version 2", "run the same sluice")
		// Those who wait in that version are told.
		_, ok, err := c.local.Handle().Get(c.soon(), Prefix("job")+"g/0/plan")
		if !ok || err != nil {
			c.Errorf("the others were not told (%v)", err)
		}
	})
	bubble(t, 2, func(c *cluster) {
		c.ok(c.local.Handle().Set(c.soon(), fenceKey, []byte("host:port")))
		_, err := c.seats[0].Join(c.soon())
		c.wantError(err, fenceKey, "not written by a sluice agent")
	})
	bubble(t, 2, func(c *cluster) {
		back := make(chan error)
		go func() { _, err := c.seats[1].Join(c.soon()); back <- err }()
		synctest.Wait()
		key := c.seats[1].planKey(0)
		c.ok(c.local.Handle().Set(c.soon(), key, []byte(`{"version":1,"kind":"formed"}`)))
		c.wantError(<-back, key, "a plan without nodes")
	})
}

func TestConfig(t *testing.T) {
	for want, change := range map[string]func(*StaticConfig){
		"no store":          func(c *StaticConfig) { c.Store = nil },
		"0 bytes":           func(c *StaticConfig) { c.RunID = "" },
		"2000 bytes":        func(c *StaticConfig) { c.RunID = strings.Repeat("x", 2000) },
		"0 nodes":           func(c *StaticConfig) { c.Nodes = 0 },
		"70000 nodes":       func(c *StaticConfig) { c.Nodes = 70000 },
		"--node-rank is 0":  func(c *StaticConfig) { c.Self.Rank = 2 },
		"node rank -1":      func(c *StaticConfig) { c.Self.Rank = -1 },
		"has 0 workers":     func(c *StaticConfig) { c.Self.Workers = 0 },
		"workers' store":    func(c *StaticConfig) { c.Master = nil },
		"too short":         func(c *StaticConfig) { c.HeartbeatTimeout = time.Nanosecond },
		"-1s is too short:": func(c *StaticConfig) { c.HeartbeatTimeout = -time.Second },
	} {
		c := cluster{T: t, local: NewLocal()}
		cfg := c.config(2, 0)
		if _, err := NewStatic(cfg); err != nil {
			t.Fatal(err)
		}
		change(&cfg)
		_, err := NewStatic(cfg)
		c.wantError(err, "static rendezvous", want)
	}
}

func TestRanksText(t *testing.T) {
	many := make([]int, 40)
	for i := range many {
		many[i] = i
	}
	for want, who := range map[string][]int{"node rank 3": {3}, "node ranks 1, 2": {1, 2}} {
		if got := ranks(who); got != want {
			t.Errorf("%v reads %q", who, got)
		}
	}
	if got := ranks(many); !strings.HasSuffix(got, fmt.Sprintf("15 and %d more", 24)) {
		t.Errorf("forty read %q", got)
	}
}
