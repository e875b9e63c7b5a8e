package natsbus

import (
	"context"
	"errors"
	"time"

	"github.com/sluicerun/sluice/bus"
)

// until is a context that ends with ctx, or with life, and then because what was
// called is closed. It has a deadline, as the client of NATS wants one.
func until(ctx, life context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(ctx)
	stop := context.AfterFunc(life, func() { cancel(bus.ErrClosed) })
	ctx, cancelTime := context.WithTimeout(ctx, 1000*time.Hour)
	return ctx, func() {
		stop()
		cancelTime()
		cancel(nil)
	}
}

// ended tells why a context that until made has ended.
func ended(ctx context.Context) error {
	if errors.Is(context.Cause(ctx), bus.ErrClosed) {
		return bus.ErrClosed
	}
	return ctx.Err() // not the cause: callers look for Canceled and DeadlineExceeded
}

// bounded runs f and returns with it, or when ctx ends: the client of NATS may wait
// for its lock, whatever the context, while it writes to a network that is cut.
func bounded[T any](ctx context.Context, f func() (T, error)) (T, error) {
	type result struct {
		value T
		err   error
	}
	back := make(chan result, 1)
	go func() {
		value, err := f()
		back <- result{value, err}
	}()
	select {
	case r := <-back:
		return r.value, r.err
	case <-ctx.Done():
	}
	// f knows more of why, if it is just about to say so.
	wait := time.NewTimer(again)
	defer wait.Stop()
	select {
	case r := <-back:
		return r.value, r.err
	case <-wait.C:
		var none T
		return none, ended(ctx)
	}
}

// sleep returns an error if ctx ends first.
func sleep(ctx context.Context, d time.Duration) error {
	wait := time.NewTimer(d)
	defer wait.Stop()
	select {
	case <-wait.C:
		return nil
	case <-ctx.Done():
		return ended(ctx)
	}
}
