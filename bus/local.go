package bus

import (
	"bytes"
	"errors"
	"slices"
	"sync"
	"time"
)

// errCut is why nothing can be sent through a connection that is cut.
var errCut = errors.New("the link is down")

// Local is a bus within this process, for tests and simulations. It keeps to the
// clock of the testing/synctest bubble that it was made in, and can do to its
// connections what networks do.
type Local struct {
	mu     sync.Mutex
	conns  []*local              // those whose end nobody could notice yet, too
	exact  map[string][]*service // by subject
	wild   []*service            // those with wildcards
	cut    map[string]bool       // by name
	faults func(from, to, subject string) Fault
	late   []delivery // by the time they are due
	gone   chan string
}

// Fault is what happens to one message on its way. The zero Fault is nothing.
type Fault struct {
	Drop bool
	// Delay lets what is sent later arrive before; messages with the same delay
	// keep their order.
	Delay     time.Duration
	Duplicate bool
}

// delivery is a message on its way.
type delivery struct {
	due  time.Time
	to   *local
	data []byte
	put  func([]byte)
}

// NewLocal returns a bus without connections.
func NewLocal() *Local {
	return &Local{exact: map[string][]*service{}, cut: map[string]bool{}, gone: make(chan string, 1024)}
}

// SetFaults has f asked about every message to every receiver, requests, answers
// and publications; from and to are names of connections, and the subject of an
// answer is that of its request. f is called from many goroutines. Nil ends it.
func (l *Local) SetFaults(f func(from, to, subject string) Fault) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.faults = f
}

// Cut takes the network from the connections of that name, those to come as
// well, or gives it back: their links are down, what they send fails, their
// calls wait until their contexts end, nothing reaches them. That nobody can
// notice from outside: calls to them wait, too.
func (l *Local) Cut(name string, cut bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.cut[name] == cut {
		return
	}
	if cut {
		l.cut[name] = true
	} else {
		delete(l.cut, name)
	}
	for _, c := range slices.Clone(l.conns) {
		switch {
		case c.name != name:
		case c.state == open:
			c.since = time.Now()
		default:
			l.bury(c)
		}
	}
}

// Kill ends the connections of that name as the kernel does when it kills their
// process: nothing more comes from them, and calls to them give ErrNobody. While
// they are cut nobody notices: neither Gone nor callers, until the network is
// back.
func (l *Local) Kill(name string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, c := range slices.Clone(l.conns) {
		if c.name == name {
			l.end(c)
		}
	}
}

// Gone tells the names of connections that were closed or killed. It keeps the
// last 1024 that nobody has read.
func (l *Local) Gone() <-chan string { return l.gone }

// end has the connection say and hear nothing from now on.
func (l *Local) end(c *local) {
	if c.state == dead {
		return
	}
	l.shut(c)
	c.state = dead
	close(c.ended)
	l.bury(c)
}

// shut has the connection hear nothing new; answers still come and go.
func (l *Local) shut(c *local) {
	if c.state != open {
		return
	}
	c.state, c.since = closing, time.Now()
	for s := range c.services {
		s.box.close()
	}
	l.bury(c)
}

// bury removes what an ended connection serves, and tells of the end, once the
// network lets others know.
func (l *Local) bury(c *local) {
	if l.cut[c.name] {
		return
	}
	for s := range c.services {
		l.remove(s)
	}
	i := slices.Index(l.conns, c)
	if c.state != dead || i < 0 {
		return
	}
	l.conns = slices.Delete(l.conns, i, i+1)
	for {
		select {
		case l.gone <- c.name:
			return
		default:
		}
		select {
		case <-l.gone:
		default:
		}
	}
}

// add has the service hear its subject.
func (l *Local) add(s *service) {
	if s.wild {
		l.wild = append(l.wild, s)
	} else {
		l.exact[s.pattern] = append(l.exact[s.pattern], s)
	}
	s.conn.services[s] = true
}

// remove undoes add; doing so again does nothing.
func (l *Local) remove(s *service) {
	same := func(o *service) bool { return o == s }
	if s.wild {
		l.wild = slices.DeleteFunc(l.wild, same)
	} else if l.exact[s.pattern] = slices.DeleteFunc(l.exact[s.pattern], same); len(l.exact[s.pattern]) == 0 {
		delete(l.exact, s.pattern)
	}
	delete(s.conn.services, s)
}

// find returns those who hear the subject.
func (l *Local) find(subject string) []*service {
	found := slices.Clone(l.exact[subject])
	for _, s := range l.wild {
		if matches(s.pattern, subject) {
			found = append(found, s)
		}
	}
	return found
}

// carry brings one message to one receiver, or what the faults make of it.
func (l *Local) carry(from string, to *local, subject string, data []byte, put func([]byte)) {
	l.mu.Lock()
	faults := l.faults
	l.mu.Unlock()
	var f Fault
	if faults != nil {
		f = faults(from, to.name, subject)
	}
	if f.Drop {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	times := 1
	if f.Duplicate {
		times = 2
	}
	for range times {
		d := delivery{to: to, data: bytes.Clone(data), put: put}
		if f.Delay <= 0 {
			l.arrive(d)
			continue
		}
		d.due = time.Now().Add(f.Delay)
		i, _ := slices.BinarySearchFunc(l.late, d.due, func(o delivery, due time.Time) int {
			if o.due.After(due) {
				return 1
			}
			return -1 // behind those of the same time
		})
		l.late = slices.Insert(l.late, i, d)
		time.AfterFunc(f.Delay, l.arriveLate)
	}
}

func (l *Local) arriveLate() {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	for len(l.late) > 0 && !l.late[0].due.After(now) {
		l.arrive(l.late[0])
		l.late = slices.Delete(l.late, 0, 1)
	}
}

// arrive is under the lock: it keeps the order.
func (l *Local) arrive(d delivery) {
	if d.to.state != dead && !l.cut[d.to.name] {
		d.put(d.data)
	}
}
