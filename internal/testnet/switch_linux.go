package testnet

import (
	"bytes"
	"container/heap"
	"time"
)

// overtaken is how much longer a frame takes that others shall overtake.
const overtaken = 20 * time.Millisecond

// link is the way from one machine to another.
type link struct {
	faults Faults
	cut    bool
	last   time.Time // when the last frame that was not to be overtaken arrives
	queued int       // of such frames those under way
	bytes  int64
}

// parcel is a frame that is under way.
type parcel struct {
	due      time.Time
	order    uint64 // among those due at the same time
	from, to *Host
	inOrder  bool
	frame    []byte
}

type parcels []parcel

func (p parcels) Len() int { return len(p) }
func (p parcels) Less(i, j int) bool {
	return p[i].due.Before(p[j].due) || p[i].due.Equal(p[j].due) && p[i].order < p[j].order
}
func (p parcels) Swap(i, j int) { p[i], p[j] = p[j], p[i] }
func (p *parcels) Push(x any)   { *p = append(*p, x.(parcel)) }
func (p *parcels) Pop() any {
	last := len(*p) - 1
	x := (*p)[last]
	(*p)[last] = parcel{}
	*p = (*p)[:last]
	return x
}

// read takes what the machine sends, until its device is closed.
func (h *Host) read() {
	frame := make([]byte, maxFrame)
	for {
		size, err := h.tap.Read(frame)
		if err != nil {
			return
		}
		for _, to := range h.net.hosts {
			if to != h && reaches(frame[:size], [6]byte(to.mac)) {
				for range h.net.send(h, to, frame[:size]) {
					h.net.deliver(h, to, frame[:size])
				}
			}
		}
	}
}

// send decides what becomes of a frame. It keeps a copy of one that is to arrive
// later, and returns how many times it is to be delivered now.
func (n *Net) send(from, to *Host, frame []byte) (now int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	l := &from.links[to.index]
	copies := 1
	switch {
	case n.isCut(from, to), n.chance(l.faults.Loss):
		return 0
	case n.chance(l.faults.Duplicate):
		copies = 2
	}
	for range copies {
		at := time.Now()
		p := parcel{due: at.Add(l.faults.Delay), from: from, to: to, inOrder: !n.chance(l.faults.Reorder)}
		if l.faults.Jitter > 0 {
			p.due = p.due.Add(time.Duration(n.random.Int64N(int64(l.faults.Jitter))))
		}
		if !p.inOrder {
			p.due = p.due.Add(overtaken)
		} else {
			if p.due.Before(l.last) {
				p.due = l.last
			}
			l.last = p.due
			if l.queued == 0 && !p.due.After(at) {
				now++
				continue
			}
			l.queued++
		}
		n.sent++
		p.order, p.frame = n.sent, bytes.Clone(frame)
		heap.Push(&n.parcels, p)
		select {
		case n.wake <- struct{}{}:
		default: // it will look anyway
		}
	}
	return now
}

// deliver hands a frame to a machine, unless the link was cut on its way.
func (n *Net) deliver(from, to *Host, frame []byte) {
	n.mu.Lock()
	cut := n.isCut(from, to)
	if !cut {
		from.links[to.index].bytes += payload(frame)
	}
	n.mu.Unlock()
	if !cut {
		to.tap.Write(frame) // a device that is down or closed takes nothing
	}
}

// deliverLate delivers each parcel when it is due, until the net is closed.
func (n *Net) deliverLate() {
	for {
		p, wait := n.next()
		if p != nil {
			n.deliver(p.from, p.to, p.frame)
			if p.inOrder {
				n.mu.Lock()
				p.from.links[p.to.index].queued--
				n.mu.Unlock()
			}
			continue
		}
		select {
		case <-n.done:
			return
		case <-n.wake:
		case <-time.After(wait):
		}
	}
}

// next takes the parcel that is due, or tells how long to wait.
func (n *Net) next() (*parcel, time.Duration) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if len(n.parcels) == 0 {
		return nil, time.Hour
	}
	if wait := time.Until(n.parcels[0].due); wait > 0 {
		return nil, wait
	}
	p := heap.Pop(&n.parcels).(parcel)
	return &p, 0
}
