package tcpstore

import (
	"net"
	"sync"
)

// outbox is what waits to be written to a connection that others send to: the
// callbacks of WATCH_KEY, and ready bytes that its socket did not take. Once there
// is one, everything goes through it.
type outbox struct {
	c     *conn
	more  chan struct{} // holds one word that there is something
	ended chan struct{} // closed when nothing will be written any more

	mu     sync.Mutex
	items  []item
	cost   int64 // of the items that nobody waits for
	closed bool
}

type item struct {
	bufs net.Buffers
	sent chan struct{} // may be nil
	cost int64
}

// newOutbox starts its goroutine, which ends with the connection's.
func (c *conn) newOutbox() *outbox {
	o := &outbox{c: c, more: make(chan struct{}, 1), ended: make(chan struct{})}
	c.s.wg.Add(1) // the caller is a goroutine of the group
	go o.run()
	return o
}

// push adds to the queue and never blocks. sent, if any, is closed once the bytes
// are written; without it they are charged, and a client that does not read while
// others send to it is hung up on.
func (o *outbox) push(bufs net.Buffers, sent chan struct{}) {
	it := item{bufs: bufs, sent: sent}
	if sent == nil {
		it.cost = entryCost
		for _, b := range bufs {
			it.cost += int64(len(b))
		}
		if err := o.c.s.bytes.take(it.cost); err != nil {
			o.c.hangUp(err)
			return
		}
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.closed {
		o.c.s.bytes.give(it.cost)
		return
	}
	o.items = append(o.items, it)
	if o.cost += it.cost; o.cost > o.limit() {
		o.c.hangUp(breach("it does not read what it asked to be told"))
	}
	select {
	case o.more <- struct{}{}:
	default:
	}
}

// limit is room for some callbacks with an old and a new value each.
func (o *outbox) limit() int64 { return 1<<20 + 4*int64(o.c.s.opt.MaxValue) }

func (o *outbox) run() {
	defer o.c.s.wg.Done()
	var err error
	for err == nil {
		select {
		case <-o.more:
		case <-o.c.gone:
			err = errGone
		}
		for _, it := range o.take(err != nil) {
			if err == nil {
				_, err = it.bufs.WriteTo(o.c.nc)
			}
			o.done(it, err)
		}
	}
	for _, it := range o.take(true) {
		o.done(it, err)
	}
	close(o.ended)
	o.c.nc.Close()
}

func (o *outbox) take(last bool) []item {
	o.mu.Lock()
	defer o.mu.Unlock()
	items := o.items
	o.items, o.closed = nil, o.closed || last
	return items
}

func (o *outbox) done(it item, err error) {
	o.mu.Lock()
	o.cost -= it.cost
	o.mu.Unlock()
	o.c.s.bytes.give(it.cost)
	if it.sent != nil && err == nil {
		close(it.sent)
	}
}
