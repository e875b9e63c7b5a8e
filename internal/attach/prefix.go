package attach

import "time"

// patience is how long the detach key waits for a second key. Alone it detaches.
const patience = 500 * time.Millisecond

// strokeKind is what a unit of the keyboard is to the detach key.
type strokeKind uint8

const (
	strokeKey     strokeKind = iota // any key
	strokePrefix                    // the detach key
	strokeRepeat                    // a key that is held down
	strokeRelease                   // a key that was let go
	strokeOrder                     // a key with a meaning of its own
	strokeOther                     // no key: the mouse, a reply, a paste, a modifier alone
)

// stroke is a unit of the keyboard. Terminals that speak the kitty protocol tell
// more than presses.
type stroke struct {
	kind strokeKind
	key  string // which key, without modifiers; "" where no release can follow
	char rune   // what it types, 0 for nothing
	do   order  // of strokeOrder
}

// order is what the keys after the detach key ask for.
type order uint8

const (
	orderNone order = iota
	orderDetach
	orderTake
	orderGive
	orderPause
	orderMark
	orderHelp
	orderUnknown
)

// prefix is the state of the detach key. It has no clock: the caller looks at
// due.
type prefix struct {
	armed bool
	due   time.Time // when it detaches, if armed
	// swallowed are the keys whose press was not sent: their release is not
	// either, or the program would see keys go up that never went down.
	swallowed map[string]bool
}

// feed takes one stroke, and tells whether to send it and what to do.
func (p *prefix) feed(s stroke, now time.Time) (send bool, do order) {
	switch s.kind {
	case strokeOther:
		return true, orderNone
	case strokeRepeat:
		return !p.swallowed[s.key], orderNone
	case strokeRelease:
		if p.swallowed[s.key] {
			delete(p.swallowed, s.key)
			return false, orderNone
		}
		return true, orderNone
	case strokeOrder:
		p.armed = false
		p.swallow(s.key)
		return false, s.do
	}
	switch {
	case !p.armed && s.kind == strokePrefix:
		p.armed, p.due = true, now.Add(patience)
		p.swallow(s.key)
		return false, orderNone
	case !p.armed || s.kind == strokePrefix: // the second press is meant for the program
		p.armed = false
		delete(p.swallowed, s.key)
		return true, orderNone
	}
	p.armed = false
	p.swallow(s.key)
	switch s.char {
	case 'd':
		return false, orderDetach
	case 't':
		return false, orderTake
	case 'g':
		return false, orderGive
	case 'p':
		return false, orderPause
	case 'm':
		return false, orderMark
	case '?', 'h':
		return false, orderHelp
	}
	return false, orderUnknown
}

// expire tells whether the detach key has waited long enough, once.
func (p *prefix) expire(now time.Time) bool {
	if !p.armed || now.Before(p.due) {
		return false
	}
	p.armed = false
	return true
}

func (p *prefix) swallow(key string) {
	if key == "" {
		return
	}
	if p.swallowed == nil {
		p.swallowed = map[string]bool{}
	}
	p.swallowed[key] = true
}
