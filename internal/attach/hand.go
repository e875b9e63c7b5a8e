//go:build linux || darwin

package attach

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/sluicerun/sluice/keys"
	"github.com/sluicerun/sluice/session"
	"github.com/sluicerun/sluice/vt"
)

const (
	// escapeTime is how long ESC, which may begin a sequence, is held back. A
	// terminal sends a sequence at once.
	escapeTime = 25 * time.Millisecond
	// sequenceTime is the same for a sequence whose beginning is known: a network
	// may have cut it.
	sequenceTime = 250 * time.Millisecond
)

// hand is what becomes of the keyboard's bytes.
type hand struct {
	split  keys.Splitter
	heldAt time.Time // when the splitter began to hold something back
	prefix prefix
	detach keys.Key // the zero Key: none
	orders map[keys.Key]order
	keymap translation
	batch  []byte // whole units, to be sent in one frame
}

func (h *hand) init(o Options) error {
	name := o.DetachKey
	if name == "" {
		name = DefaultDetachKey
	}
	if name != "none" {
		k, err := keys.Parse(name)
		if err != nil {
			return fmt.Errorf("the detach key: %w", err)
		}
		h.detach = k
	}
	h.orders = map[keys.Key]order{}
	for name, do := range map[string]order{o.PauseKey: orderPause, o.MarkerKey: orderMark} {
		if name == "" {
			continue
		}
		k, err := keys.Parse(name)
		if err != nil {
			return fmt.Errorf("the key %q of the recording: %w", name, err)
		}
		h.orders[k] = do
	}
	h.keymap.init(o.Keymap)
	return nil
}

// due is when handTick has something to do.
func (h *hand) due() time.Time {
	first := h.keymap.due()
	if h.prefix.armed && (first.IsZero() || h.prefix.due.Before(first)) {
		first = h.prefix.due
	}
	if t := h.heldUntil(); !t.IsZero() && (first.IsZero() || t.Before(first)) {
		first = t
	}
	return first
}

// heldUntil is when what the splitter holds back is taken for what it is.
func (h *hand) heldUntil() time.Time {
	switch n := h.split.Pending(); {
	case n == 0:
		return time.Time{}
	case n <= 2: // ESC, or Alt with a key that could begin a sequence
		return h.heldAt.Add(escapeTime)
	}
	return h.heldAt.Add(sequenceTime)
}

// typed takes bytes of the keyboard.
func (c *client) typed(p []byte, now time.Time) {
	c.clearNotice()
	c.units(c.hand.split.Feed(p), now)
	if c.hand.split.Pending() > 0 {
		c.hand.heldAt = now
	}
}

// handTick does what is due.
func (c *client) handTick(now time.Time) {
	h := &c.hand
	if t := h.heldUntil(); !t.IsZero() && !now.Before(t) {
		c.units(h.split.Flush(), now)
	}
	if h.prefix.expire(now) {
		c.obey(orderDetach)
	}
	for _, a := range h.keymap.expire(now) {
		c.act(a)
	}
	c.send(false)
}

// units sends what the detach key and the keymap leave. Nothing that comes after
// the user has left is sent: it was typed for the shell.
func (c *client) units(all []keys.Unit, now time.Time) {
	for _, u := range all {
		if c.result != nil {
			break
		}
		s := c.hand.stroke(u)
		send, do := c.hand.prefix.feed(s, now)
		if do != orderNone {
			c.send(false)
			c.obey(do)
		}
		switch {
		case !send:
		case c.o.ReadOnly:
			c.watching(u, s)
		case u.Kind == keys.Reply:
			c.send(false)
			c.hand.batch = append(c.hand.batch, u.Bytes...)
			c.send(u.Inside)
		default:
			for _, a := range c.hand.keymap.feed(u, now) {
				c.act(a)
			}
			if u.Inside {
				c.send(true)
			}
		}
	}
	c.send(false)
}

// stroke is the unit as the detach key sees it.
func (h *hand) stroke(u keys.Unit) stroke {
	switch u.Kind {
	case keys.Pasted, keys.MouseReport, keys.FocusReport, keys.Reply:
		return stroke{kind: strokeOther}
	}
	if h.detach == (keys.Key{}) && len(h.orders) == 0 {
		return stroke{kind: strokeOther}
	}
	k, e, ok := keys.DecodeEvent(u.Bytes, vt.Modes{})
	if !ok {
		return stroke{}
	}
	s := stroke{key: keys.Key{Code: k.Code}.String()}
	switch {
	case e == keys.Release:
		s.kind = strokeRelease
		return s
	case k.Code >= keys.LeftShift, k.Code >= keys.CapsLock && k.Code <= keys.NumLock:
		s.kind = strokeOther
		return s
	case e == keys.Repeat:
		s.kind = strokeRepeat
	case h.detach != (keys.Key{}) && h.detach.Matches(u.Bytes, vt.Modes{}):
		s.kind = strokePrefix
	default:
		for k, do := range h.orders {
			if k.Matches(u.Bytes, vt.Modes{}) {
				s.kind, s.do = strokeOrder, do
			}
		}
	}
	if k.IsChar() && k.Mods&^keys.Shift == 0 {
		s.char = rune(k.Code)
	}
	return s
}

// replies counts the terminal's answers in p, which are all that is of interest
// in the end.
func (h *hand) replies(p []byte) int {
	h.split.CPRExpected = func() bool { return true }
	n := 0
	for _, u := range h.split.Feed(p) {
		if u.Kind == keys.Reply && !u.Inside {
			n++
		}
	}
	return n
}

// act does what the keymap says.
func (c *client) act(a action) {
	c.hand.batch = append(c.hand.batch, a.bytes...)
	if len(a.steps) > 0 {
		c.send(false)
		in := session.Input{Source: "keyboard", Steps: a.steps, Approximate: true}
		if b, err := json.Marshal(in); err == nil {
			c.queue.put(session.FrameInput, b)
		}
	}
	if a.notice != "" {
		c.notify(a.notice)
	}
	if a.shell != "" {
		c.send(false)
		c.runShell(a.shell)
	}
}

// send puts the batch on its way. part: its last unit goes on in the next one.
func (c *client) send(part bool) {
	b := c.hand.batch
	if len(b) == 0 {
		return
	}
	c.hand.batch = nil
	kind := session.FrameKeys
	if part {
		kind = session.FrameKeysPart
	}
	c.queue.put(kind, b)
}

// watching is for keys that are not sent because we only watch.
func (c *client) watching(u keys.Unit, s stroke) {
	name := c.detachName()
	switch {
	case s.kind == strokeRelease, u.Kind == keys.MouseReport, u.Kind == keys.FocusReport, u.Kind == keys.Reply:
	case name != "":
		c.notify("watching only: keys are not sent. " + name + " leaves")
	case string(u.Bytes) == "\x03": // the last way out
		c.obey(orderDetach)
	default:
		c.notify("watching only: keys are not sent. Ctrl+C leaves")
	}
}

// obey does what was asked for with the detach key.
func (c *client) obey(do order) {
	name := c.detachName()
	can := !c.o.Foreground || c.o.CanDetach
	switch do {
	case orderDetach:
		if can {
			c.result = &Result{Detached: true}
			return
		}
		c.notify("cannot detach: the program ends with this terminal (" + name + " ?: help)")
	case orderTake, orderGive:
		if c.o.ReadOnly {
			c.notify("watching only: the keyboard is not for this client")
		} else if do == orderTake {
			c.queue.put(session.FrameTake, nil)
		} else {
			c.queue.put(session.FrameGive, nil)
		}
	case orderPause, orderMark:
		kind := session.FrameMark
		if do == orderPause {
			kind = session.FramePause
		}
		if c.o.ReadOnly {
			c.notify("watching only: the recording is not this client's")
		} else {
			c.queue.put(kind, nil)
		}
	case orderHelp, orderUnknown:
		// Short: a notice has one row, and terminals of 80 columns are many.
		text := name + ":"
		if can {
			text += " d detach,"
		}
		if !c.o.ReadOnly {
			text += " t take, g give, m mark, p pause, " + name + " send it,"
		}
		c.notify(text + " ? help")
	}
}
