package remote

import (
	"encoding/json"
	"io"
	"sync"
)

// orders is the way to a node. Nobody who gives an order waits: a goroutine writes
// them.
type orders struct {
	w    io.WriteCloser
	wake chan struct{} // one token
	done chan struct{}

	mu      sync.Mutex
	list    []Order
	credits map[int]int64 // the latest for each log
	closed  bool
}

func newOrders(w io.WriteCloser) *orders {
	o := &orders{w: w, wake: make(chan struct{}, 1), done: make(chan struct{}), credits: map[int]int64{}}
	go o.run()
	return o
}

func (o *orders) give(order Order) {
	o.mu.Lock()
	o.list = append(o.list, order)
	o.mu.Unlock()
	o.poke()
}

func (o *orders) credit(log int, to int64) {
	o.mu.Lock()
	if old, ok := o.credits[log]; !ok || old >= 0 {
		o.credits[log] = to
	}
	o.mu.Unlock()
	o.poke()
}

// close ends the node, after what it was told.
func (o *orders) close() {
	o.mu.Lock()
	o.closed = true
	o.mu.Unlock()
	o.poke()
}

func (o *orders) poke() {
	select {
	case o.wake <- struct{}{}:
	default:
	}
}

func (o *orders) run() {
	defer close(o.done)
	defer o.w.Close()
	enc := json.NewEncoder(o.w)
	for {
		o.mu.Lock()
		list, closed := o.list, o.closed
		o.list = nil
		for log, to := range o.credits {
			list = append(list, Order{Credit: &Credit{Log: log, To: to}})
		}
		clear(o.credits)
		o.mu.Unlock()
		for _, order := range list {
			if enc.Encode(order) != nil {
				return // the other side has gone, as the session finds out
			}
		}
		if closed {
			return
		}
		<-o.wake
	}
}
