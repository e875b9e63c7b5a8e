package natsbus

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/sluicerun/sluice/bus"
)

// Store is the map of a run, in a key-value bucket of JetStream. It implements
// rendezvous.Store. Calls wait for the link while it is down.
//
// All writes are conditional on what was there before, and all reads ask the leader
// of the bucket: what one node has written, all others read.
type Store struct {
	c       *Conn
	js      jetstream.JetStream
	stream  jetstream.Stream
	bucket  string
	part    int           // bytes of a value that one message may have
	writing chan struct{} // held by the writer: those of one Store need not compete

	ctx context.Context // ends with Close, or with the Conn
	end context.CancelFunc
}

// ErrEmptied is what a Store says whose server was started anew: all that was in it is
// gone. Conn.Store makes another one.
var ErrEmptied = jetstream.ErrStreamNotFound

// Store opens the bucket of the run and makes it if it is missing: in memory, and
// on three servers if they are a cluster. It lives on after Close, until the server
// ends.
func (c *Conn) Store(ctx context.Context) (*Store, error) {
	s, err := c.store(ctx)
	if err != nil {
		return nil, fmt.Errorf("opening the store of the run on the NATS server: %w", err)
	}
	return s, nil
}

func (c *Conn) store(ctx context.Context) (*Store, error) {
	js, err := jetstream.New(c.nc)
	if err != nil {
		return nil, err
	}
	s := &Store{c: c, js: js, bucket: bucket(c.runID), writing: make(chan struct{}, 1)}
	s.ctx, s.end = context.WithCancel(c.ctx)
	stream, err := do(ctx, s, func(ctx context.Context) (jetstream.Stream, error) { return s.open(ctx) })
	if err != nil {
		s.end()
		return nil, err
	}
	s.stream = stream
	s.part = int(min(c.nc.MaxPayload()-headerRoom, partMax))
	return s, nil
}

// open makes the bucket as the key-value layer of JetStream does, but for reads:
// these may not be answered by servers that lag behind.
func (s *Store) open(ctx context.Context) (jetstream.Stream, error) {
	replicas := 1
	if s.c.cluster {
		replicas = 3
	}
	config := jetstream.StreamConfig{
		Name:              "KV_" + s.bucket,
		Subjects:          []string{"$KV." + s.bucket + ".>"},
		Storage:           jetstream.MemoryStorage,
		Replicas:          replicas,
		MaxMsgsPerSubject: 1,
		Discard:           jetstream.DiscardNew,
		DenyDelete:        true,
		AllowRollup:       true,
		Duplicates:        2 * time.Minute,
	}
	var absent time.Time // since when nobody answers
	return try(ctx, s, func(ctx context.Context) (jetstream.Stream, error) {
		stream, err := s.js.CreateStream(ctx, config)
		if errors.Is(err, jetstream.ErrStreamNameAlreadyInUse) {
			stream, err = s.js.Stream(ctx, config.Name)
		}
		if errors.Is(err, jetstream.ErrJetStreamNotEnabled) || errors.Is(err, nats.ErrNoResponders) {
			if absent.IsZero() {
				absent = time.Now()
			}
			if time.Since(absent) > settled {
				return nil, final{fmt.Errorf("it has no JetStream: turn it on (nats-server -js, or jetstream {} in its configuration): %w", err)}
			}
		}
		return stream, err
	})
}

// subject is where the key is kept.
func (s *Store) subject(key string) string { return "$KV." + s.bucket + "." + encodeKey(key) }

// Set implements rendezvous.Store.
func (s *Store) Set(ctx context.Context, key string, value []byte) error {
	value = bytes.Clone(value)
	_, err := s.update(ctx, "setting", key, func(entry) (*change, error) {
		return &change{value: value}, nil
	})
	return err
}

// Get implements rendezvous.Store.
func (s *Store) Get(ctx context.Context, key string) (value []byte, ok bool, err error) {
	e, err := do(ctx, s, func(ctx context.Context) (entry, error) { return s.read(ctx, key) })
	if err != nil {
		return nil, false, fmt.Errorf("reading %.80q: %w", key, err)
	}
	return e.value, e.exists, nil
}

// Add implements rendezvous.Store.
func (s *Store) Add(ctx context.Context, key string, delta int64) (int64, error) {
	var sum int64
	e, err := s.update(ctx, "adding to", key, func(e entry) (*change, error) {
		var n int64
		if e.exists {
			var err error
			if n, err = strconv.ParseInt(string(e.value), 10, 64); err != nil {
				return nil, fmt.Errorf("its value %.20q is not a number", e.value)
			}
		}
		if delta > 0 && n > math.MaxInt64-delta || delta < 0 && n < math.MinInt64-delta {
			return nil, fmt.Errorf("%d and %d make too large a number", n, delta)
		}
		return &change{value: strconv.AppendInt(nil, n+delta, 10)}, nil
	})
	if err == nil {
		sum, err = strconv.ParseInt(string(e.value), 10, 64)
	}
	return sum, err
}

// CompareSet implements rendezvous.Store.
func (s *Store) CompareSet(ctx context.Context, key string, expected, desired []byte) ([]byte, error) {
	expected, desired = bytes.Clone(expected), bytes.Clone(desired)
	e, err := s.update(ctx, "setting", key, func(e entry) (*change, error) {
		if !bytes.Equal(e.value, expected) { // a missing key has no value
			return nil, nil
		}
		return &change{value: desired}, nil
	})
	switch {
	case err != nil:
		return nil, err
	case !e.exists:
		return expected, nil
	}
	return bytes.Clone(e.value), nil
}

// Delete implements rendezvous.Store.
func (s *Store) Delete(ctx context.Context, key string) (bool, error) {
	var was bool
	done, err := s.update(ctx, "deleting", key, func(e entry) (*change, error) {
		if !e.exists {
			return nil, nil
		}
		return &change{remove: true}, nil
	})
	was = done.removed
	return was, err
}

// Wait implements rendezvous.Store. A write is a message on the subject of the key,
// which all hear; it may be heard before the bucket has it, or be refused by the
// bucket, or be missed with the link. So it is only a reason to look.
func (s *Store) Wait(ctx context.Context, keys ...string) error {
	missing := slices.Compact(slices.Sorted(slices.Values(keys)))
	_, err := do(ctx, s, func(ctx context.Context) (struct{}, error) { return struct{}{}, s.wait(ctx, missing) })
	if err != nil {
		return fmt.Errorf("waiting for %.80q: %w", missing, err)
	}
	return nil
}

// Pace of looking for keys that are waited for.
const (
	lookFirst = time.Millisecond
	lookLast  = time.Second
)

func (s *Store) wait(ctx context.Context, missing []string) error {
	written := make(chan struct{}, 1)
	for _, key := range missing {
		sub, err := s.c.nc.Subscribe(s.subject(key), func(*nats.Msg) {
			select {
			case written <- struct{}{}:
			default:
			}
		})
		if err != nil {
			return s.c.plain(err)
		}
		defer func() { _ = sub.Unsubscribe() }() // or the connection is closed
	}
	pause := lookFirst
	for {
		for len(missing) > 0 {
			e, err := s.read(ctx, missing[0])
			if err != nil {
				return err
			}
			if !e.exists {
				break
			}
			missing = missing[1:]
		}
		if len(missing) == 0 {
			return nil
		}
		look := time.NewTimer(pause)
		select {
		case <-written:
			look.Stop()
			pause = lookFirst
		case <-look.C:
			pause = min(2*pause, lookLast)
		case <-ctx.Done():
			look.Stop()
			return ended(ctx)
		}
	}
}

// Close implements rendezvous.Store.
func (s *Store) Close() error {
	s.end()
	return nil
}

// do runs one call on the store.
func do[T any](ctx context.Context, s *Store, f func(context.Context) (T, error)) (T, error) {
	var none T
	if err := ctx.Err(); err != nil {
		return none, err
	}
	if s.ctx.Err() != nil {
		return none, bus.ErrClosed
	}
	ctx, cancel := until(ctx, s.ctx)
	defer cancel()
	return bounded(ctx, func() (T, error) { return f(ctx) })
}
