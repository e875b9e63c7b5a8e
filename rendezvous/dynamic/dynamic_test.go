package dynamic_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sluicerun/sluice/rendezvous"
	"github.com/sluicerun/sluice/rendezvous/dynamic"
)

func TestSuccess(t *testing.T) {
	both(t, 3, 3, func(f *field) {
		a, b, c := f.node("a"), f.node("b"), f.node("c")
		begin := time.Now()
		f.meet(a, b, c)
		if took := time.Since(begin); took > time.Second {
			f.Errorf("all were there, and it took %v", took)
		}
		f.done(a, b, c)
		f.close(a, b, c)
	})
}

func TestAgain(t *testing.T) {
	both(t, 3, 3, func(f *field) {
		a, b, c := f.node("a"), f.node("b"), f.node("c")
		first := f.meet(a, b, c)
		if err := b.Again(f.Context(), "a worker was killed"); err != nil {
			f.Fatal(err)
		}
		f.told(a, rendezvous.Again, "a worker was killed")
		if err := c.Again(f.Context(), "so was one here"); err != nil {
			f.Fatal(err)
		}
		second := f.meet(a, b, c)
		for i := range second {
			if second[i].Restarts != 1 || second[i].Number != first[i].Number+1 || second[i].GroupRank != first[i].GroupRank {
				f.Errorf("after %+v comes %+v", first[i], second[i])
			}
		}
		f.done(a, b, c)
		f.close(a, b, c)
	})
}

func TestFail(t *testing.T) {
	both(t, 2, 2, func(f *field) {
		a, b := f.node("a"), f.node("b")
		f.meet(a, b)
		now := time.Now()
		time.Sleep(time.Second)
		// The victim is heard first; the culprit failed before.
		if err := a.Fail(f.Context(), rendezvous.Failure{Rank: 0, Text: "connection reset", At: now.Add(500 * time.Millisecond)}); err != nil {
			f.Fatal(err)
		}
		f.told(b, rendezvous.Failed, "connection reset")
		if err := b.Fail(f.Context(), rendezvous.Failure{Rank: 3, Text: "exit status 7", At: now, Tail: "KeyError"}); err != nil {
			f.Fatal(err)
		}
		b.Idle()
		for _, n := range []*node{a, b} {
			root := n.Root(f.Context())
			if root == nil || root.Rank != 3 || root.Node.Name != "b" || root.Node.Rank != 1 || root.Tail != "KeyError" {
				f.Errorf("%s hears of root cause %+v", n.name, root)
			}
		}
		f.close(a, b)
	})
}

// Whoever asks for the end of the run, nobody takes it for a failure.
func TestStopped(t *testing.T) {
	both(t, 2, 3, func(f *field) {
		a, b, c := f.node("a"), f.node("b"), f.node("c")
		f.meet(a, b, c)
		if err := b.Fail(f.Context(), rendezvous.Failure{Rank: -1, Text: "stopped by somebody", At: time.Now(), Stopped: 143}); err != nil {
			f.Fatal(err)
		}
		for _, n := range []*node{a, c} {
			if ch := f.told(n, rendezvous.Failed, "stopped by somebody"); ch.Failure.Stopped != 143 || ch.Failure.String() != "stopped by somebody" {
				f.Errorf("%s is told %+v", n.name, ch.Failure)
			}
		}
		var failed *rendezvous.FailedError
		if err := a.Done(f.Context()); !errors.As(err, &failed) || failed.Failure.Stopped != 143 || !strings.HasSuffix(err.Error(), " was stopped by somebody") {
			f.Errorf("who is done meanwhile: %v", err)
		}
		f.close(a, b, c)
	})
}

// Who has succeeded has nothing to say about what failed: nobody waits for that.
func TestFailAfterDone(t *testing.T) {
	both(t, 2, 2, func(f *field) {
		a, b := f.node("a"), f.node("b")
		f.meet(a, b)
		done := make(chan error, 1)
		go func() { done <- b.Done(f.Context()) }()
		synctest.Wait()
		time.Sleep(f.terms.Lease)
		begin := time.Now()
		if err := a.Fail(f.Context(), rendezvous.Failure{Rank: 0, Text: "exit status 7", At: begin}); err != nil {
			f.Fatal(err)
		}
		var failed *rendezvous.FailedError
		if err := <-done; !errors.As(err, &failed) {
			f.Errorf("who is done hears %v", err)
		}
		for _, n := range []*node{a, b} {
			if root := n.Root(f.Context()); root == nil || root.Text != "exit status 7" {
				f.Errorf("%s hears of root cause %+v", n.name, root)
			}
		}
		// A failure is doubted for a moment, and statuses go on their way.
		if took := time.Since(begin); took > 2*time.Second {
			f.Errorf("it took %v", took)
		}
		f.close(a, b)
	})
}

// Who leaves instead of meeting again is not taken for one that is ready: the others
// would begin a round with it, and end that at once.
func TestLeaveBetweenRounds(t *testing.T) {
	both(t, 1, 2, func(f *field) {
		a, b := f.node("a"), f.node("b")
		f.meet(a, b)
		if err := b.Again(f.Context(), "a worker has failed"); err != nil {
			f.Fatal(err)
		}
		f.told(a, rendezvous.Again, "a worker has failed")
		waits := a.join(f.T)
		synctest.Wait()
		if root := b.Root(f.Context()); root != nil {
			f.Errorf("there is a root cause: %+v", root)
		}
		synctest.Wait()
		time.Sleep(f.terms.Lease / 2)
		f.close(b)
		f.met([]*node{a}, []<-chan joined{waits})
		f.done(a)
		f.close(a)
	})
}

// A node that is killed is noticed at once, and the others go on if they are enough.
func TestKilled(t *testing.T) {
	both(t, 2, 3, func(f *field) {
		a, b, c := f.node("a"), f.node("b"), f.node("c")
		f.meet(a, b, c)
		begin := time.Now()
		f.bus.Kill("b")
		f.told(a, rendezvous.Again, "node 1 (host b)")
		f.told(c, rendezvous.Again, "")
		most := time.Second
		if f.store != nil {
			most = 4 * time.Second // it may be the leader, whose place has to be taken first
		}
		if took := time.Since(begin); took > most {
			f.Errorf("it took %v to notice", took)
		}
		rounds := f.meet(a, c)
		if rounds[0].Restarts != 0 {
			f.Errorf("a lost node is no restart: %+v", rounds[0])
		}
		f.done(a, c)
		b.Close()
		f.close(a, c)
	})
}

// With fewer than Min left, the run ends and names the node.
func TestTooFew(t *testing.T) {
	both(t, 2, 2, func(f *field) {
		a, b := f.node("a"), f.node("b")
		f.meet(a, b)
		f.bus.Kill("b")
		f.told(a, rendezvous.Failed, "host b")
		root := a.Root(f.Context())
		if root == nil || root.Rank != -1 || !strings.Contains(root.Text, "1 of at least 2 nodes are left") {
			f.Errorf("the root cause is %+v", root)
		}
		b.Close()
		f.close(a)
	})
}

// A node that is cut off has its workers killed before the others begin without it.
func TestCutOff(t *testing.T) {
	both(t, 2, 3, func(f *field) {
		f.grace = time.Minute
		a, b, c := f.node("a"), f.node("b"), f.node("c")
		f.meet(a, b, c)
		begin := time.Now()
		f.bus.Cut("b", true)
		fenced := make(chan time.Duration, 1)
		go func() {
			ch := f.told(b, rendezvous.Again, "cut off")
			if !ch.Now {
				f.Error("its workers are not killed at once")
			}
			fenced <- time.Since(begin)
		}()
		f.told(a, rendezvous.Again, "no sign of life")
		again := time.Since(begin)
		if at := <-fenced; at > again || at > f.terms.Lease {
			f.Errorf("it gave its workers up after %v; the others began again after %v", at, again)
		}
		f.told(c, rendezvous.Again, "")
		f.meet(a, c)
		// It comes back, and they make room for it.
		back := b.join(f.T)
		f.bus.Cut("b", false)
		f.told(a, rendezvous.Again, "it has come")
		f.told(c, rendezvous.Again, "it has come")
		rounds := f.met([]*node{a, b, c}, []<-chan joined{a.join(f.T), back, c.join(f.T)})
		f.done(a, b, c)
		_ = rounds
		f.close(a, b, c)
	})
}

// More than Max wait, and step in.
func TestSpare(t *testing.T) {
	both(t, 1, 2, func(f *field) {
		a, b, c := f.node("a"), f.node("b"), f.node("c")
		first := a.join(f.T) // which makes it the leader
		time.Sleep(time.Second)
		f.met([]*node{a, b}, []<-chan joined{first, b.join(f.T)})
		wait := c.join(f.T)
		time.Sleep(time.Minute)
		select {
		case j := <-wait:
			f.Fatalf("it joined: %+v", j)
		case ch := <-a.Changes():
			f.Fatalf("a is told %+v", ch)
		default:
		}
		f.bus.Kill("b")
		f.told(a, rendezvous.Again, "host b")
		f.met([]*node{a, c}, []<-chan joined{a.join(f.T), wait})
		f.done(a, c)
		b.Close()
		f.close(a, c)
	})
}

func TestLastCall(t *testing.T) {
	both(t, 1, 3, func(f *field) {
		a, b := f.node("a"), f.node("b")
		begin := time.Now()
		f.meet(a, b)
		if took := time.Since(begin); took < f.terms.LastCall || took > f.terms.LastCall+time.Second {
			f.Errorf("the last call took %v", took)
		}
		f.done(a, b)
		f.close(a, b)
	})
}

// The elected leader is killed: another takes its place, and the run goes on.
func TestLeaderKilled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newField(t, 2, 3)
		f.store = rendezvous.NewLocal()
		a, b, c := f.node("a"), f.node("b"), f.node("c")
		all := map[string]*node{"a": a, "b": b, "c": c}
		f.meet(a, b, c)
		f.bus.Kill("a")
		delete(all, "a")
		for _, n := range all {
			f.told(n, rendezvous.Again, "")
		}
		f.meet(b, c)
		f.done(b, c)
		a.Close()
		f.close(b, c)
	})
}

// An agent that leads for good is killed: the others wait, and say why they end.
func TestLeaderGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newField(t, 2, 2)
		f.grace = 20 * time.Second
		a, b := f.node("a"), f.node("b")
		f.meet(a, b)
		f.bus.Kill("a")
		ch := f.told(b, rendezvous.Again, "cut off")
		if !ch.Now {
			t.Error("its workers are not killed at once")
		}
		ctx, stop := context.WithTimeout(t.Context(), time.Minute)
		defer stop()
		_, err := b.Join(ctx)
		if err == nil || errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "given up") {
			t.Errorf("it joins: %v", err)
		}
		a.Close()
		f.close(b)
	})
}

func TestTermsDiffer(t *testing.T) {
	both(t, 2, 2, func(f *field) {
		a, b := f.node("a"), f.node("b")
		f.terms.Max = 3
		c := f.node("c")
		first := a.join(f.T)
		time.Sleep(time.Second)
		j := <-c.join(f.T)
		if j.err == nil || !strings.Contains(j.err.Error(), "it asks for 2:3 nodes, and the others for 2") {
			f.Errorf("c joins: %v", j.err)
		}
		f.met([]*node{a, b}, []<-chan joined{first, b.join(f.T)})
		f.done(a, b)
		f.close(a, b, c)
	})
}

// The root cause is the failure that came first, whatever the nodes' clocks show.
func TestClocks(t *testing.T) {
	both(t, 3, 3, func(f *field) {
		clock := func(ahead time.Duration) func(*dynamic.Config) {
			return func(c *dynamic.Config) { c.Clock = func() time.Time { return time.Now().Add(ahead) } }
		}
		a, b, c := f.node("a", clock(-10*time.Second)), f.node("b", clock(10*time.Second)), f.node("c", clock(0))
		f.meet(a, b, c)
		time.Sleep(time.Second)
		// b fails first; by the clocks it is the last, by 10 s.
		failB := time.Now().Add(10 * time.Second)
		time.Sleep(50 * time.Millisecond)
		failA := time.Now().Add(-10 * time.Second)
		if err := a.Fail(f.Context(), rendezvous.Failure{Rank: 0, Text: "lost its peer", At: failA}); err != nil {
			f.Fatal(err)
		}
		if err := b.Fail(f.Context(), rendezvous.Failure{Rank: 2, Text: "out of memory", At: failB}); err != nil {
			f.Fatal(err)
		}
		for _, n := range []*node{a, b, c} {
			n.Idle()
		}
		for _, n := range []*node{a, b, c} {
			if root := n.Root(f.Context()); root == nil || root.Text != "out of memory" {
				f.Errorf("%s hears of root cause %+v", n.name, root)
			}
		}
		f.close(a, b, c)
	})
}

// A node that is cut off while it stops its workers, with more patience than the
// lease has, ends them as well before the others begin.
func TestCutOffWhileStopping(t *testing.T) {
	both(t, 2, 3, func(f *field) {
		f.grace = time.Minute
		a, b, c := f.node("a"), f.node("b"), f.node("c")
		f.meet(a, b, c)
		if err := a.Again(f.Context(), "a worker failed"); err != nil {
			f.Fatal(err)
		}
		f.told(b, rendezvous.Again, "a worker failed")
		f.told(c, rendezvous.Again, "a worker failed")
		wait := []<-chan joined{a.join(f.T), c.join(f.T)}
		f.bus.Cut("b", true)
		if ch := f.told(b, rendezvous.Again, "cut off"); !ch.Now {
			f.Error("its workers are not killed at once")
		}
		for _, w := range wait {
			select {
			case j := <-w:
				f.Fatalf("the others have begun: %+v", j)
			default:
			}
		}
		f.met([]*node{a, c}, wait)
		f.done(a, c)
		f.bus.Cut("b", false)
		f.close(a, b, c)
	})
}

// Workers notice that a peer is gone before its agent is known to be dead: what they
// say then is not held against them.
func TestVictimsFailFirst(t *testing.T) {
	both(t, 2, 3, func(f *field) {
		a, b, c := f.node("a"), f.node("b"), f.node("c")
		first := a.join(f.T) // which makes it the leader
		time.Sleep(time.Second)
		f.met([]*node{a, b, c}, []<-chan joined{first, b.join(f.T), c.join(f.T)})
		f.bus.Kill("b")
		for _, n := range []*node{a, c} {
			err := n.Fail(f.Context(), rendezvous.Failure{Rank: 0, Text: "connection reset by peer", At: time.Now()})
			var again *rendezvous.AgainError
			if !errors.As(err, &again) || again.Node.Name != "b" {
				f.Fatalf("%s hears %v", n.name, err)
			}
		}
		rounds := f.meet(a, c)
		if rounds[0].Restarts != 0 {
			f.Errorf("it counts as a restart: %+v", rounds[0])
		}
		f.done(a, c)
		b.Close()
		f.close(a, c)
	})
}

// A failure for good counts although another node has just asked to meet again.
func TestFailAfterAgain(t *testing.T) {
	both(t, 2, 2, func(f *field) {
		a, b := f.node("a"), f.node("b")
		f.meet(a, b)
		if err := a.Again(f.Context(), "a worker failed"); err != nil {
			f.Fatal(err)
		}
		f.told(b, rendezvous.Again, "a worker failed")
		if err := b.Fail(f.Context(), rendezvous.Failure{Rank: 2, Text: "no such program"}); err != nil {
			f.Fatal(err)
		}
		if j := <-a.join(f.T); j.err == nil || !strings.Contains(j.err.Error(), "no such program") {
			f.Errorf("a joins: %v", j.err)
		}
		f.close(a, b)
	})
}
