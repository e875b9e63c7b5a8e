package bus

import (
	"context"
	"errors"
	"fmt"
	"time"
)

const (
	// probeEvery is how often an end asks whether the other is there. The
	// question carries how much was sent, so that a loss at the end of what was
	// said is noticed as well.
	probeEvery = 5 * time.Second
	probeWait  = 5 * time.Second
	// maxMisses is how many questions in a row may stay without an answer: a link
	// may go and come back.
	maxMisses = 3
)

// keep asks until the stream is over.
func (c *conn) keep() {
	tick := time.NewTicker(probeEvery)
	defer tick.Stop()
	for misses := 0; ; {
		select {
		case <-c.over.Done():
			return
		case <-tick.C:
		}
		c.mu.Lock()
		sure, f, peer := c.sure, c.frame(kindWindow), c.peer
		c.mu.Unlock()
		if !sure {
			continue
		}
		err := c.probe(peer, f)
		if misses++; err == nil {
			misses = 0
		}
		switch {
		case errors.Is(err, ErrNobody):
			// What it sent before may wait to be heard, its end among it: a
			// question to this end itself comes behind that.
			_ = c.probe(c.own, frame{kind: kindWindow})
			c.fail(fmt.Errorf("%w: the other end is gone", ErrBroken), false)
		case errors.Is(err, ErrClosed), misses == maxMisses:
			c.fail(fmt.Errorf("%w: %w", ErrBroken, err), true)
		}
	}
}

// probe asks one end. Of the answer only the limit counts: it may overtake the
// frames that were sent before it.
func (c *conn) probe(subject string, f frame) error {
	ctx, cancel := context.WithTimeout(c.over, probeWait)
	defer cancel()
	answer, err := c.bus.Call(ctx, subject, f.append(nil))
	if err != nil {
		return err
	}
	if f, err := parseFrame(answer); err == nil && subject != c.own {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.out.grant(f.limit)
		c.moved.Broadcast()
	}
	return nil
}
