package rendezvous

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"strconv"
	"sync"
)

// Local is a map within this process: the store of a run on one node, and of
// tests. Its handles are the Stores.
type Local struct {
	mu     sync.Mutex
	values map[string][]byte
	// waits holds, per missing key, what is closed when it appears and how many
	// wait for it: an entry goes with its last waiter.
	waits map[string]*arrival
}

type arrival struct {
	came    chan struct{}
	waiters int
}

var errClosed = errors.New("this handle of the store is closed")

// NewLocal returns an empty map.
func NewLocal() *Local {
	return &Local{values: map[string][]byte{}, waits: map[string]*arrival{}}
}

// Handle returns a new Store on the map, as one more node's connection would be.
func (l *Local) Handle() Store {
	return &handle{l: l, closed: make(chan struct{})}
}

type handle struct {
	l      *Local
	once   sync.Once
	closed chan struct{}
}

// do runs f on the map unless the handle or ctx has ended.
func (h *handle) do(ctx context.Context, what, key string, f func(*Local) error) error {
	err := ctx.Err()
	if err == nil {
		h.l.mu.Lock()
		defer h.l.mu.Unlock()
		select {
		case <-h.closed:
			err = errClosed
		default:
			err = f(h.l)
		}
	}
	if err != nil {
		return fmt.Errorf("%s key %q: %w", what, key, err)
	}
	return nil
}

// put writes under the lock. Waiters wake up.
func (l *Local) put(key string, value []byte) {
	l.values[key] = bytes.Clone(value)
	if a := l.waits[key]; a != nil {
		close(a.came)
		delete(l.waits, key)
	}
}

func (h *handle) Set(ctx context.Context, key string, value []byte) error {
	return h.do(ctx, "setting", key, func(l *Local) error {
		l.put(key, value)
		return nil
	})
}

func (h *handle) Get(ctx context.Context, key string) (value []byte, ok bool, err error) {
	err = h.do(ctx, "getting", key, func(l *Local) error {
		value, ok = l.values[key]
		value = bytes.Clone(value)
		return nil
	})
	return value, ok, err
}

func (h *handle) Add(ctx context.Context, key string, delta int64) (sum int64, err error) {
	err = h.do(ctx, "adding to", key, func(l *Local) error {
		if old, ok := l.values[key]; ok {
			if sum, err = strconv.ParseInt(string(old), 10, 64); err != nil {
				return fmt.Errorf("its value is no number: %.40q", old)
			}
		}
		if delta > 0 && sum > math.MaxInt64-delta || delta < 0 && sum < math.MinInt64-delta {
			return fmt.Errorf("%d and %d do not fit into 64 bits together", sum, delta)
		}
		sum += delta
		l.put(key, strconv.AppendInt(nil, sum, 10))
		return nil
	})
	if err != nil {
		return 0, err
	}
	return sum, nil
}

func (h *handle) CompareSet(ctx context.Context, key string, expected, desired []byte) (current []byte, err error) {
	err = h.do(ctx, "comparing", key, func(l *Local) error {
		old, ok := l.values[key]
		switch {
		case ok && !bytes.Equal(old, expected):
			current = bytes.Clone(old)
		case !ok && len(expected) > 0:
			current = bytes.Clone(expected)
		default:
			l.put(key, desired)
			current = bytes.Clone(desired)
		}
		return nil
	})
	return current, err
}

func (h *handle) Delete(ctx context.Context, key string) (had bool, err error) {
	err = h.do(ctx, "deleting", key, func(l *Local) error {
		_, had = l.values[key]
		delete(l.values, key)
		return nil
	})
	return had, err
}

func (h *handle) Wait(ctx context.Context, keys ...string) error {
	for {
		var a *arrival
		var missing string
		err := h.do(ctx, "waiting for", first(keys), func(l *Local) error {
			for _, k := range keys {
				if _, ok := l.values[k]; ok {
					continue
				}
				if a = l.waits[k]; a == nil {
					a = &arrival{came: make(chan struct{})}
					l.waits[k] = a
				}
				a.waiters++
				missing = k
				return nil
			}
			return nil
		})
		if err != nil || a == nil {
			return err
		}
		select {
		case <-a.came:
			// All are looked at again: one may have been deleted since.
			continue
		case <-ctx.Done():
			err = ctx.Err()
		case <-h.closed:
			err = errClosed
		}
		h.l.leave(missing, a)
		return fmt.Errorf("waiting for key %q: %w", missing, err)
	}
}

// leave takes a waiter back.
func (l *Local) leave(key string, a *arrival) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if a.waiters--; a.waiters == 0 && l.waits[key] == a {
		delete(l.waits, key)
	}
}

func (h *handle) Close() error {
	h.once.Do(func() { close(h.closed) })
	return nil
}

func first(keys []string) string {
	if len(keys) == 0 {
		return ""
	}
	return keys[0]
}
