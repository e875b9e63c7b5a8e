package tcpstore

import (
	"net"
	"slices"
)

// watch makes c be told of every change of the key.
func (s *Server) watch(c *conn, key string) error {
	if err := c.charge(entryCost + int64(len(key))); err != nil {
		return err
	}
	if c.out == nil {
		c.out = c.newOutbox()
	}
	c.watching = append(c.watching, key)
	s.store.watches[key] = append(s.store.watches[key], c)
	// In the queue before the first callback can be.
	c.out.push(net.Buffers{{watchRegistered}}, nil)
	return nil
}

func (s *Server) unwatch(c *conn) {
	for _, key := range c.watching {
		s.bytes.give(entryCost + int64(len(key)))
		rest := slices.DeleteFunc(s.store.watches[key], func(o *conn) bool { return o == c })
		if len(rest) == 0 {
			delete(s.store.watches, key)
		} else {
			s.store.watches[key] = rest
		}
	}
	c.watching = nil
}

// notify tells those who watch the key, once per WATCH_KEY.
func (s *Server) notify(kind byte, key string, old, value []byte) {
	watchers := s.store.watches[key]
	if len(watchers) == 0 {
		return
	}
	head := appendU64(appendString([]byte{kind}, key), uint64(len(old)))
	size := appendU64(nil, uint64(len(value)))
	for _, c := range watchers {
		c.out.push(net.Buffers{head, old, size, value}, nil)
	}
}
