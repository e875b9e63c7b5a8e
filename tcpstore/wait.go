package tcpstore

// waiter is one WAIT that was not over at once. A key counts from the moment it
// is there, as in torch: that somebody deletes it again does not matter.
type waiter struct {
	c       *conn
	seq     uint64
	keys    []string
	missing int // how many of keys it is still registered for; 0 once it is over
	cost    int64
	sent    chan struct{} // closed once the ready byte is on its way
}

// wait registers c for those of keys that are not there, or for all of them.
func (s *Server) wait(c *conn, keys []string, all bool) {
	w := &waiter{c: c, seq: s.store.seq, sent: make(chan struct{})}
	s.store.seq++
	for _, k := range keys {
		w.cost += entryCost + int64(len(k))
		if !all && s.store.has(k) {
			continue
		}
		set := s.store.waits[k]
		if set == nil {
			set = map[*waiter]struct{}{}
			s.store.waits[k] = set
		}
		if _, twice := set[w]; !twice {
			set[w] = struct{}{}
			w.keys = append(w.keys, k)
			w.missing++
		}
	}
	c.keep(w.cost)
	c.wait = w
}

// forget takes a wait that is not over out of the books.
func (s *Server) forget(w *waiter) {
	for _, k := range w.keys {
		s.store.unregister(w, k)
	}
	w.missing = 0
	s.bytes.give(w.cost)
}

func (st *store) unregister(w *waiter, key string) {
	set := st.waits[key]
	delete(set, w)
	if len(set) == 0 {
		delete(st.waits, key)
	}
}

// arrived notes that w need not wait for the key any longer.
func (st *store) arrived(w *waiter, key string) {
	st.unregister(w, key)
	if w.missing--; w.missing == 0 {
		st.woken = append(st.woken, w)
	}
}

// wake ends all waits for the key.
func (st *store) wake(key string) {
	for w := range st.waits[key] {
		st.arrived(w, key)
	}
}

// wakeOne ends the oldest wait that the key alone held up: one value was pushed,
// and one of those who wait can pop it. Those who wait for more than it go on
// with the rest.
func (st *store) wakeOne(key string) {
	var oldest *waiter
	for w := range st.waits[key] {
		switch {
		case w.missing > 1:
			st.arrived(w, key)
		case oldest == nil || w.seq < oldest.seq:
			oldest = w
		}
	}
	if oldest != nil {
		st.arrived(oldest, key)
	}
}

// enter begins an operation of c. What it touches counts as used by c.
func (s *Server) enter(c *conn, keys ...string) error {
	s.mu.Lock()
	if c.dead {
		s.mu.Unlock()
		return errGone
	}
	if c.reserved || len(keys) == 0 {
		return nil
	}
	c.used = true
	for _, k := range keys {
		c.reserved = c.reserved || s.reserved(k)
	}
	if c.late && !c.reserved {
		// A worker of the attempt before, whose words were still on their way.
		c.dead = true
		s.mu.Unlock()
		c.nc.Close()
		return errGone
	}
	return nil
}

// leave ends it, and tells those who need wait no longer.
func (s *Server) leave() {
	woken := s.store.woken
	s.store.woken = nil
	s.mu.Unlock()
	for _, w := range woken {
		s.bytes.give(w.cost)
		w.c.ready()
		close(w.sent)
	}
}
