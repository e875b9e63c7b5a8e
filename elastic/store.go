//go:build !small

package elastic

import (
	"context"
	"errors"
	"sync"

	"github.com/sluicerun/sluice/bus/natsbus"
	"github.com/sluicerun/sluice/rendezvous"
)

// refilled is the map of a run on servers of NATS. They keep it in memory: after
// they were started anew it is gone, and an empty one takes its place, as the
// agents can say again what was in it.
type refilled struct {
	conn *natsbus.Conn

	mu  sync.Mutex
	now *natsbus.Store
}

var _ rendezvous.Store = (*refilled)(nil)

func openStore(ctx context.Context, c *natsbus.Conn) (*refilled, error) {
	s, err := c.Store(ctx)
	if err != nil {
		return nil, err
	}
	return &refilled{conn: c, now: s}, nil
}

func (r *refilled) current() *natsbus.Store {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.now
}

// with calls f, and once more if the map was lost.
func with[T any](ctx context.Context, r *refilled, f func(*natsbus.Store) (T, error)) (T, error) {
	old := r.current()
	v, err := f(old)
	if !errors.Is(err, natsbus.ErrEmptied) {
		return v, err
	}
	fresh, lost := r.conn.Store(ctx)
	if lost != nil {
		return v, lost
	}
	r.mu.Lock()
	if r.now == old {
		r.now, fresh = fresh, old
	}
	r.mu.Unlock()
	if err := fresh.Close(); err != nil { // the one that nobody needs
		return v, err
	}
	return f(r.current())
}

func (r *refilled) Set(ctx context.Context, key string, value []byte) error {
	_, err := with(ctx, r, func(s *natsbus.Store) (struct{}, error) { return struct{}{}, s.Set(ctx, key, value) })
	return err
}

func (r *refilled) Get(ctx context.Context, key string) ([]byte, bool, error) {
	var ok bool
	v, err := with(ctx, r, func(s *natsbus.Store) (value []byte, err error) {
		value, ok, err = s.Get(ctx, key)
		return value, err
	})
	return v, ok, err
}

func (r *refilled) Wait(ctx context.Context, keys ...string) error {
	_, err := with(ctx, r, func(s *natsbus.Store) (struct{}, error) { return struct{}{}, s.Wait(ctx, keys...) })
	return err
}

func (r *refilled) Add(ctx context.Context, key string, delta int64) (int64, error) {
	return with(ctx, r, func(s *natsbus.Store) (int64, error) { return s.Add(ctx, key, delta) })
}

func (r *refilled) CompareSet(ctx context.Context, key string, expected, desired []byte) ([]byte, error) {
	return with(ctx, r, func(s *natsbus.Store) ([]byte, error) { return s.CompareSet(ctx, key, expected, desired) })
}

func (r *refilled) Delete(ctx context.Context, key string) (bool, error) {
	return with(ctx, r, func(s *natsbus.Store) (bool, error) { return s.Delete(ctx, key) })
}

func (r *refilled) Close() error { return r.current().Close() }
