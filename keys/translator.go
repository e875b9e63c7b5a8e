package keys

import (
	"bytes"
	"time"

	"github.com/sluicerun/sluice/vt"
)

// Translator applies a [Keymap] to what one keyboard types. It reads no clock:
// the caller says what time it is, and comes back at [Translator.Deadline].
type Translator struct {
	// Terminal are the modes of the terminal that the units come from, for
	// [Decode].
	Terminal vt.Modes

	m     *Keymap
	mode  *keyMode
	off   bool
	queue []typedKey // what may become a rule
	since time.Time  // when the last of it came
	last  []Key      // what was typed last, to find the keys that switch off
	// swallowed are keys whose press became something else, so that the
	// program is not told of a release either.
	swallowed map[Code]bool
	out       []Action
}

// typedKey is a key that is held, as it came. more is its release, if that came
// meanwhile.
type typedKey struct {
	key   Key
	bytes []byte
	more  []byte
}

// New returns a translator in the mode base.
func (m *Keymap) New() *Translator {
	return &Translator{m: m, mode: m.modes[0], swallowed: map[Code]bool{}}
}

// Mode is the name of the mode, Off whether translation is switched off.
func (t *Translator) Mode() string { return t.mode.name }

// Off tells whether translation is switched off.
func (t *Translator) Off() bool { return t.off }

// Deadline is the time at which keys that are held will be let go; call Feed
// then, without units if none came. ok is false while none is held.
func (t *Translator) Deadline() (when time.Time, ok bool) {
	if len(t.queue) == 0 {
		return time.Time{}, false
	}
	return t.since.Add(t.m.timeout), true
}

// Feed takes units of a [Splitter] that came at now, and returns what to do, in
// order. It may be nothing, if keys are held.
func (t *Translator) Feed(units []Unit, now time.Time) []Action {
	if when, ok := t.Deadline(); ok && !now.Before(when) {
		t.resolve(true)
	}
	for _, u := range units {
		t.unit(u, now)
	}
	out := t.out
	t.out = nil
	return out
}

// Close lets go what is held, at the end of input.
func (t *Translator) Close() []Action {
	t.resolve(true)
	out := t.out
	t.out = nil
	return out
}

func (t *Translator) unit(u Unit, now time.Time) {
	switch u.Kind {
	case Reply, FocusReport:
		t.send(u.Bytes) // not typed, so it need not wait for what is
		return
	case MouseReport, Pasted:
		t.last = nil
		t.resolve(true)
		t.send(u.Bytes)
		return
	}
	k, e, ok := DecodeEvent(u.Bytes, t.Terminal)
	switch {
	case !ok:
		t.last = nil
		t.resolve(true)
		t.send(u.Bytes)
	case e == Release:
		t.release(k, u.Bytes)
	case t.switches(k, u.Bytes):
		t.toggle(k)
	case t.off:
		t.send(u.Bytes)
	default:
		t.queue = append(t.queue, typedKey{key: k, bytes: bytes.Clone(u.Bytes)})
		t.since = now
		t.resolve(false)
	}
}

// switches tells whether a key is the last of those that switch translation off
// and on.
func (t *Translator) switches(k Key, unit []byte) bool {
	off := t.m.off
	for _, want := range off {
		if want != k && want.Matches(unit, t.Terminal) {
			k = want // the same key by another name
		}
	}
	t.last = append(t.last, k)
	if n := len(t.last) - len(off); n > 0 {
		t.last = t.last[n:]
	}
	if len(t.last) < len(off) {
		return false
	}
	for i, want := range off {
		if t.last[i] != want {
			return false
		}
	}
	return true
}

func (t *Translator) toggle(k Key) {
	t.off = !t.off
	t.mode, t.queue, t.last = t.m.modes[0], nil, nil
	t.swallowed[k.Code] = true
	kind := TranslationOn
	if t.off {
		kind = TranslationOff
	}
	t.out = append(t.out, Action{Kind: kind, Mode: baseMode})
}

// release sends the release of a key if its press was sent.
func (t *Translator) release(k Key, unit []byte) {
	for i := range t.queue {
		if t.queue[i].key.Code == k.Code {
			t.queue[i].more = append(t.queue[i].more, unit...)
			return
		}
	}
	if t.swallowed[k.Code] {
		delete(t.swallowed, k.Code)
		return
	}
	t.send(unit)
}

// resolve takes rules and keys off the queue, until the rest may yet become a
// longer rule; with force it does not wait for that.
func (t *Translator) resolve(force bool) {
	for len(t.queue) > 0 {
		n := t.mode.root
		var hit *rule
		used, i := 0, 0
		for ; i < len(t.queue); i++ {
			if n = n.child(t.queue[i], t.Terminal); n == nil {
				break
			}
			if n.rule != nil {
				hit, used = n.rule, i+1
			}
		}
		if n != nil && len(n.next) > 0 && !force {
			return // every key so far is on the way to a longer rule
		}
		if hit == nil {
			t.pass(t.queue[0])
			t.queue = t.queue[1:]
			continue
		}
		for _, q := range t.queue[:used] {
			if q.more == nil {
				t.swallowed[q.key.Code] = true
			}
		}
		t.queue = t.queue[used:]
		t.fire(hit)
	}
	t.queue = nil
}

// pass is for a key without a rule.
func (t *Translator) pass(q typedKey) {
	if t.mode.drop {
		if q.more == nil {
			t.swallowed[q.key.Code] = true
		}
		return
	}
	delete(t.swallowed, q.key.Code)
	t.send(q.bytes)
	t.send(q.more)
}

func (t *Translator) fire(r *rule) {
	switch {
	case r.mode != nil:
		t.mode = r.mode
	case r.act.Kind == SendBytes:
		t.send(r.act.Bytes)
		return
	case r.act.Kind == SendKeys && len(r.act.Keys) == 0:
		return
	}
	t.out = append(t.out, r.act)
}

// send joins bytes to those that are on their way already.
func (t *Translator) send(b []byte) {
	if len(b) == 0 {
		return
	}
	if n := len(t.out); n > 0 && t.out[n-1].Kind == SendBytes {
		t.out[n-1].Bytes = append(t.out[n-1].Bytes, b...)
		return
	}
	t.out = append(t.out, Action{Kind: SendBytes, Bytes: bytes.Clone(b)})
}

// child is the node that a key leads to, or nil.
func (n *node) child(q typedKey, m vt.Modes) *node {
	if c := n.next[q.key]; c != nil {
		return c
	}
	// Rules may name a key in another way than Decode does: Ctrl+M for Enter.
	// The smallest is taken, as the order of a map is by chance.
	var best Key
	for k := range n.next {
		if k.Matches(q.bytes, m) && (best == (Key{}) || k.Code < best.Code) {
			best = k
		}
	}
	return n.next[best]
}
