package bus

import "sync"

// mailbox is what came and was not handled yet, in order. It has no bound: who
// sends much keeps count himself, as streams do.
type mailbox struct {
	mu     sync.Mutex
	came   sync.Cond
	queue  []Message
	closed bool
}

func newMailbox() *mailbox {
	b := &mailbox{}
	b.came.L = &b.mu
	return b
}

func (b *mailbox) put(m Message) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.closed {
		b.queue = append(b.queue, m)
		b.came.Signal()
	}
}

// get waits for a message; false means that there will be none.
func (b *mailbox) get() (Message, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for len(b.queue) == 0 && !b.closed {
		b.came.Wait()
	}
	if b.closed {
		return Message{}, false
	}
	m := b.queue[0]
	b.queue[0] = Message{}
	b.queue = b.queue[1:]
	return m, true
}

// close forgets what was not handled.
func (b *mailbox) close() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.closed, b.queue = true, nil
	b.came.Signal()
}
