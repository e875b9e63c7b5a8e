package tcpstore

import (
	"bytes"
	"fmt"
	"math"
	"strconv"
)

// store is the data. Server.mu guards it; its methods are called with it held.
//
// Values are never changed in place, so that a reply can be written from them
// after the lock is gone. APPEND writes behind the end of a value, where nobody
// who holds the older, shorter one looks.
type store struct {
	keys    map[string][]byte
	queues  map[string]*queue // none is empty
	waits   map[string]map[*waiter]struct{}
	watches map[string][]*conn
	woken   []*waiter // since the lock was taken
	seq     uint64
}

func newStore() store {
	return store{keys: map[string][]byte{}, queues: map[string]*queue{},
		waits: map[string]map[*waiter]struct{}{}, watches: map[string][]*conn{}}
}

// queue is what QUEUE_PUSH fills and QUEUE_POP empties.
type queue struct {
	values [][]byte
	bytes  int64
}

func (q *queue) cost(key string) int64 {
	return entryCost*int64(1+len(q.values)) + int64(len(key)) + q.bytes
}

// has tells whether CHECK and WAIT take the key for there.
func (st *store) has(key string) bool {
	if _, ok := st.keys[key]; ok {
		return true
	}
	return st.queues[key] != nil
}

func (st *store) hasAll(keys []string) bool {
	for _, k := range keys {
		if !st.has(k) {
			return false
		}
	}
	return true
}

// put sets a key, ends the waits for it and tells those who watch it.
func (s *Server) put(c *conn, key string, value []byte, quiet bool) error {
	old, had := s.store.keys[key]
	more := int64(len(value) - len(old))
	if !had {
		more += entryCost + int64(len(key))
	}
	if err := c.charge(more); err != nil {
		return err
	}
	s.store.keys[key] = value
	if !quiet {
		s.store.wake(key)
	}
	s.tell(key, had, old, value)
	return nil
}

func (s *Server) tell(key string, had bool, old, value []byte) {
	if len(s.store.watches) == 0 {
		return
	}
	kind := byte(watchCreated)
	if had {
		kind = watchUpdated
	}
	s.notify(kind, key, old, value)
}

// compareSet answers the value the key has afterwards. A missing key is set if
// nothing is expected; otherwise torch answers what was expected.
func (s *Server) compareSet(c *conn, key string, expected, desired []byte) ([]byte, error) {
	current, ok := s.store.keys[key]
	switch {
	case !ok && len(expected) > 0:
		return expected, nil
	case ok && !bytes.Equal(current, expected):
		return current, nil
	}
	return desired, s.put(c, key, desired, false)
}

// add keeps the sum as decimal text, so that GET reads it as torch expects.
func (s *Server) add(c *conn, key string, delta int64, quiet bool) (int64, error) {
	sum := delta
	if old, ok := s.store.keys[key]; ok {
		v, err := strconv.ParseInt(string(old), 10, 64)
		if err != nil {
			return 0, breach(fmt.Sprintf("ADD to key %.100q, which is no number: %.40q", key, old))
		}
		if delta > 0 && v > math.MaxInt64-delta || delta < 0 && v < math.MinInt64-delta {
			return 0, breach(fmt.Sprintf("ADD of %d to key %.100q, which is %d: the sum does not fit 64 bits", delta, key, v))
		}
		sum += v
	}
	return sum, s.put(c, key, strconv.AppendInt(nil, sum, 10), quiet)
}

func (s *Server) appendTo(c *conn, key string, more []byte) error {
	old, had := s.store.keys[key]
	n := entryCost + int64(len(key)+len(more))
	if had {
		n = int64(len(more))
	}
	if err := c.charge(n); err != nil {
		return err
	}
	s.store.keys[key] = append(old, more...)
	s.store.wake(key)
	if len(s.store.watches) > 0 {
		kind := byte(watchCreated)
		if had {
			kind = watchAppended
		}
		s.notify(kind, key, nil, more)
	}
	return nil
}

func (s *Server) remove(key string) bool {
	old, ok := s.store.keys[key]
	if ok {
		delete(s.store.keys, key)
		s.bytes.give(entryCost + int64(len(key)+len(old)))
		s.notify(watchDeleted, key, old, nil)
	}
	return ok
}

func (s *Server) push(c *conn, key string, value []byte) error {
	q := s.store.queues[key]
	n := entryCost + int64(len(value))
	if q == nil {
		n += entryCost + int64(len(key))
	}
	if err := c.charge(n); err != nil {
		return err
	}
	if q == nil {
		q = &queue{}
		s.store.queues[key] = q
	}
	q.values = append(q.values, value)
	q.bytes += int64(len(value))
	s.store.wakeOne(key)
	return nil
}

// pop answers how many values there were, and the first.
func (s *Server) pop(key string) (int, []byte) {
	q := s.store.queues[key]
	if q == nil {
		return 0, nil
	}
	n, before := len(q.values), q.cost(key)
	first := q.values[0]
	q.values[0] = nil // the array stays for a while, the value need not
	q.values = q.values[1:]
	q.bytes -= int64(len(first))
	if n == 1 {
		delete(s.store.queues, key)
		s.bytes.give(before)
	} else {
		s.bytes.give(before - q.cost(key))
	}
	return n, first
}
