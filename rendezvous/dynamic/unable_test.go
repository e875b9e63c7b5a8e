package dynamic_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sluicerun/sluice/rendezvous"
)

// A node that cannot take part ends the run before it has begun, for those who are
// there and for those who come later.
func TestUnable(t *testing.T) {
	both(t, 3, 3, func(f *field) {
		a, b, c := f.node("a"), f.node("b"), f.node("c")
		first := a.join(f.T)
		time.Sleep(time.Second)
		why := rendezvous.Failure{Rank: -1, Text: "there is no such program", At: time.Now()}
		if err := b.Unable(f.Context(), why); err != nil {
			f.Fatal(err)
		}
		for _, w := range []<-chan joined{first, c.join(f.T)} {
			var failed *rendezvous.FailedError
			if j := <-w; !errors.As(j.err, &failed) || failed.Failure.String() != "host b: there is no such program" {
				f.Errorf("told %v", j.err)
			}
		}
		f.close(b, c, a)
	})
}

// The one that leads stays until the others have come; and not for ever.
func TestUnableLeader(t *testing.T) {
	why := rendezvous.Failure{Rank: -1, Text: "there is no such program"}
	synctest.Test(t, func(t *testing.T) {
		f := newField(t, 2, 2)
		a, b := f.node("a"), f.node("b")
		told := make(chan error, 1)
		go func() {
			ctx, stop := context.WithTimeout(t.Context(), time.Minute)
			defer stop()
			told <- a.Unable(ctx, why)
		}()
		time.Sleep(20 * time.Second)
		if len(told) > 0 {
			t.Fatal("it did not wait for the other one")
		}
		var failed *rendezvous.FailedError
		if j := <-b.join(t); !errors.As(j.err, &failed) {
			t.Errorf("told %v", j.err)
		}
		began := time.Now()
		if err := <-told; err != nil {
			t.Error(err)
		}
		f.close(a, b)
		if took := time.Since(began); took > time.Second {
			t.Errorf("all knew, and it took %v", took)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		f := newField(t, 2, 2)
		a := f.node("a")
		ctx, stop := context.WithTimeout(t.Context(), 30*time.Second)
		defer stop()
		if err := a.Unable(ctx, why); err != nil {
			t.Error(err)
		}
		f.close(a)
	})
}

// Those who work already go on.
func TestUnableLate(t *testing.T) {
	both(t, 2, 3, func(f *field) {
		f.terms.LastCall = 0
		a, b, c := f.node("a"), f.node("b"), f.node("c")
		f.meet(a, b)
		if err := c.Unable(f.Context(), rendezvous.Failure{Rank: -1, Text: "there is no such program"}); err != nil {
			f.Error(err)
		}
		f.close(c)
		f.done(a, b)
		f.close(a, b)
	})
}
