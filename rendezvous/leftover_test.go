package rendezvous

import (
	"context"
	"testing"
)

// A waiter that gave up leaves nothing behind: a store lives as long as its run.
func TestLocalForgetsWaiters(t *testing.T) {
	l := NewLocal()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	h := l.Handle()
	back := make(chan error)
	for range 3 {
		ctx, cancel := context.WithCancel(context.Background())
		go func() { back <- h.Wait(ctx, "k", "l") }()
		cancel()
		if err := <-back; err == nil {
			t.Fatal("a missing key was there")
		}
	}
	if err := h.Wait(ctx, "k"); err == nil {
		t.Fatal("a missing key was there")
	}
	if len(l.waits) != 0 {
		t.Fatalf("%d waiters are left", len(l.waits))
	}
}
