package natsbus

import (
	"context"
	crand "crypto/rand"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Large values are kept in parts, below the subject of their key, and the key's own
// message only names them: a message has a bound, and the store has none.
const (
	partMax    = 512 << 10
	headerRoom = 8 << 10 // of a message, for subject and headers

	partsHeader     = "Sluice-Parts" // "<name> <how many>"
	operationHeader = "KV-Operation" // of the key-value layer: "DEL" for a key that was deleted
)

// attemptTime bounds one question to the server, which may be lost with a leader.
const attemptTime = 3 * time.Second

// racePause is the most that a writer waits who came second.
const racePause = 5 * time.Millisecond

// entry is what was read of a key.
type entry struct {
	value    []byte
	exists   bool
	removed  bool   // by the change that was made
	revision uint64 // 0: never written
	parts    string // name of its parts, "" if it is in one piece
}

// change is what a key is to become.
type change struct {
	value  []byte
	remove bool
}

// errRaced says that somebody else has written meanwhile.
var errRaced = errors.New("somebody else has written")

// final is an error that trying again does not mend.
type final struct{ error }

func (f final) Unwrap() error { return f.error }

// update reads the key, has decide say what it is to become, and writes that unless
// somebody else has written meanwhile: then it begins again. It returns what the key
// is then. decide returns nil for no change.
func (s *Store) update(ctx context.Context, doing, key string, decide func(entry) (*change, error)) (entry, error) {
	e, err := do(ctx, s, func(ctx context.Context) (entry, error) {
		select {
		case s.writing <- struct{}{}:
			defer func() { <-s.writing }()
		case <-ctx.Done():
			return entry{}, ended(ctx)
		}
		for {
			e, err := s.read(ctx, key)
			if err != nil {
				return entry{}, err
			}
			c, err := decide(e)
			if err != nil || c == nil {
				return e, err
			}
			switch err := s.write(ctx, key, e, *c); {
			case err == nil:
				return entry{value: c.value, exists: !c.remove, removed: c.remove}, nil
			case !errors.Is(err, errRaced):
				return entry{}, err
			}
			if err := sleep(ctx, rand.N(racePause)); err != nil {
				return entry{}, err
			}
		}
	})
	if err != nil {
		return entry{}, fmt.Errorf("%s %.80q: %w", doing, key, err)
	}
	return e, nil
}

// read reads a key.
func (s *Store) read(ctx context.Context, key string) (entry, error) {
	subject := s.subject(key)
	for {
		m, err := s.message(ctx, subject)
		if err != nil || m == nil {
			return entry{}, err
		}
		e := entry{value: m.Data, exists: m.Header.Get(operationHeader) == "", revision: m.Sequence}
		if !e.exists {
			e.value = nil
		}
		parts := m.Header.Get(partsHeader)
		if parts == "" {
			return e, nil
		}
		name, count, _ := strings.Cut(parts, " ")
		n, err := strconv.ParseUint(count, 10, 16)
		if err != nil {
			return entry{}, fmt.Errorf("its parts %.40q are not sluice's", parts)
		}
		e.parts = name
		for i := range n {
			p, err := s.message(ctx, partSubject(subject, name, i))
			if err != nil {
				return entry{}, err
			}
			if p == nil { // replaced meanwhile
				e.exists = false
				break
			}
			e.value = append(e.value, p.Data...)
		}
		if e.exists {
			return e, nil
		}
		if err := sleep(ctx, again); err != nil {
			return entry{}, err
		}
	}
}

func partSubject(subject, name string, i uint64) string {
	return subject + "." + name + "." + strconv.FormatUint(i, 10)
}

// message reads the last message of a subject, nil if there is none.
func (s *Store) message(ctx context.Context, subject string) (*jetstream.RawStreamMsg, error) {
	return try(ctx, s, func(ctx context.Context) (*jetstream.RawStreamMsg, error) {
		m, err := s.stream.GetLastMsgForSubject(ctx, subject)
		if errors.Is(err, jetstream.ErrMsgNotFound) {
			return nil, nil
		}
		return m, err
	})
}

// write replaces was, or returns errRaced.
func (s *Store) write(ctx context.Context, key string, was entry, c change) error {
	subject := s.subject(key)
	head := &nats.Msg{Subject: subject, Data: c.value, Header: nats.Header{}}
	name := ""
	switch {
	case c.remove:
		head.Data = nil
		head.Header.Set(operationHeader, "DEL")
	case len(c.value) > s.part:
		name = crand.Text()
		n := uint64(0)
		for rest := c.value; len(rest) > 0; n++ {
			part := rest[:min(len(rest), s.part)]
			if err := s.put(ctx, &nats.Msg{Subject: partSubject(subject, name, n), Data: part, Header: nats.Header{}}, 0); err != nil {
				return err
			}
			rest = rest[len(part):]
		}
		head.Data = nil
		head.Header.Set(partsHeader, name+" "+strconv.FormatUint(n, 10))
	}
	old := was.parts
	err := s.put(ctx, head, was.revision)
	if err != nil {
		old = name // these are nobody's now
	}
	if old != "" {
		_, purgeErr := try(ctx, s, func(ctx context.Context) (struct{}, error) {
			return struct{}{}, s.stream.Purge(ctx, jetstream.WithPurgeSubject(subject+"."+old+".>"))
		})
		if err == nil {
			err = purgeErr
		}
	}
	return err
}

// put writes a message if the last one of its subject has that revision. An answer
// may be lost: the message has an id, so that it is not written twice.
func (s *Store) put(ctx context.Context, m *nats.Msg, revision uint64) error {
	id := crand.Text()
	_, err := try(ctx, s, func(ctx context.Context) (struct{}, error) {
		_, err := s.js.PublishMsg(ctx, m, jetstream.WithMsgID(id),
			jetstream.WithExpectLastSequencePerSubject(revision), jetstream.WithRetryAttempts(0))
		if raced(err) {
			err = final{errRaced}
		}
		return struct{}{}, err
	})
	return err
}

// try asks the server until it answers: a link that is down and a cluster that has
// no leader come back. What the server answers for good is returned.
func try[T any](ctx context.Context, s *Store, f func(context.Context) (T, error)) (T, error) {
	var none T
	for {
		if err := s.c.await(ctx); err != nil {
			return none, err
		}
		attempt, cancel := context.WithTimeout(ctx, attemptTime)
		v, err := f(attempt)
		cancel()
		var stop final
		switch {
		case err == nil:
			return v, nil
		case ctx.Err() != nil:
			return none, fmt.Errorf("%w: %w", ended(ctx), err)
		case errors.As(err, &stop):
			return none, stop.error
		case errors.Is(err, jetstream.ErrStreamNotFound):
			return none, fmt.Errorf("the bucket %s is not on the server: it keeps it in memory, and was started anew: %w", s.bucket, err)
		case errors.Is(err, context.DeadlineExceeded) && s.c.refused("Publish to", s.bucket) != nil:
			return none, s.c.refused("Publish to", s.bucket)
		case !passing(err):
			return none, s.c.plain(err)
		}
		if err := sleep(ctx, again); err != nil {
			return none, err
		}
	}
}

// Codes of JetStream that its client has no names for.
const (
	codeOtherInFlight = 10164 // in a cluster: another write of the subject is not done yet
	codeSameInFlight  = 10158 // in a cluster: this very message is not done yet
)

// raced tells that the server refuses a write as the key is not as it was read.
func raced(err error) bool {
	var api *jetstream.APIError
	return errors.As(err, &api) && (api.ErrorCode == jetstream.JSErrCodeStreamWrongLastSequence || api.ErrorCode == codeOtherInFlight)
}

// passing tells of errors that may be over soon.
func passing(err error) bool {
	if api := (*jetstream.APIError)(nil); errors.As(err, &api) {
		return api.Code == 503 || api.ErrorCode == codeSameInFlight // 503: no leader, or not one yet
	}
	return lost(err) || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, nats.ErrTimeout) ||
		errors.Is(err, nats.ErrNoResponders) || errors.Is(err, jetstream.ErrNoStreamResponse)
}
