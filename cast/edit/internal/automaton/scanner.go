package automaton

import "encoding/binary"

// Scanner runs a set over characters without positions.
type Scanner struct {
	set   *Set
	State State

	next   []int32 // for each state and class the next state and whether there was a match, or -1
	accept map[int]uint64
	states []state
	index  map[string]State
	step   stepper
	rules  uint64 // those that matched in the step being made
	src    []thread
	dst    []thread
	key    []byte
}

// State is where a scanner stands. Those below Idle have no attempt at a match,
// and are the kinds of the character before.
type State int32

// Idle is the first state in which an expression may be in the middle of a match.
const Idle = State(kinds)

type state struct {
	kind Kind
	pcs  []uint32
}

// most is how many entries a scanner's table may have before it is begun anew.
const most = 1 << 20

// NewScanner returns a scanner at the begin of a text.
func (s *Set) NewScanner() *Scanner {
	c := &Scanner{set: s}
	c.step.Set = s
	c.step.found = func(rule int, _ thread, _ int32) { c.rules |= 1 << (rule % 64) }
	c.reset()
	return c
}

func (c *Scanner) reset() {
	c.states, c.next = c.states[:0], c.next[:0]
	c.accept, c.index = map[int]uint64{}, map[string]State{}
	for k := range kinds {
		c.intern(k, nil)
	}
}

// Kind is what the last character was.
func (c *Scanner) Kind() Kind { return c.states[c.State].kind }

// Set puts the scanner where a run ended.
func (c *Scanner) Set(k Kind, t Threads) { c.State = c.intern(k, t.list) }

// Next takes one character, and gives the expressions that have matched at it or
// before it, a bit for each (modulo 64).
func (c *Scanner) Next(r rune) uint64 {
	class := c.set.class(r)
	at := int(c.State)*len(c.set.samples) + int(class)
	v := c.next[at]
	if v < 0 {
		return c.make(class)
	}
	c.State = State(v >> 1)
	if v&1 != 0 {
		return c.accept[at]
	}
	return 0
}

// Span is a stretch of text that is not decided yet: it begins where an attempt
// at a match may have begun that is live, and Rules have matched in it.
type Span struct {
	From   int
	Before State // at From, below Idle
	Rules  uint64
}

// Skip takes the characters of p, which begins at the position at, as long as they
// are printable ASCII or tabs, up to the one with which what has matched is
// decided. It returns how many that are, and moves the span's begin up to there as
// long as nothing matches.
func (c *Scanner) Skip(p []byte, at int, span *Span) int {
	width, st, next, ascii := len(c.set.samples), c.State, c.next, &c.set.ascii
	rules, from, before := span.Rules, span.From, span.Before
	n := len(p)
	for i, b := range p {
		class := ascii[b]
		if class == none {
			n = i
			break
		}
		slot := int(st)*width + int(class)
		v := next[slot]
		switch {
		case v < 0:
			c.State = st
			rules |= c.make(class)
			st, next = c.State, c.next
		case v&1 != 0:
			rules |= c.accept[slot]
			fallthrough
		default:
			st = State(v >> 1)
		}
		if st < Idle {
			if rules != 0 {
				n = i + 1
				break
			}
			from, before = at+i+1, st
		}
	}
	c.State = st
	*span = Span{from, before, rules}
	return n
}

// make takes a character of the class in a state that has not yet met one.
func (c *Scanner) make(class uint16) uint64 {
	st := c.states[c.State]
	c.src = c.src[:0]
	for _, pc := range st.pcs {
		c.src = append(c.src, thread{pc: pc})
	}
	c.rules = 0
	r := c.set.samples[class]
	// Threads begin at 0, and this is position 1: only what begins here can be empty.
	c.dst = c.step.step(c.dst[:0], c.src, st.kind, r, 1, nil)
	rules := c.rules
	if len(c.next) > most {
		c.reset()
		c.State = c.intern(st.kind, c.src)
	}
	at := int(c.State)*len(c.set.samples) + int(class)
	c.State = c.intern(kindOf(r), c.dst)
	v := int32(c.State) << 1
	if rules != 0 {
		v |= 1
		c.accept[at] = rules
	}
	c.next[at] = v
	return rules
}

// intern finds or makes the state with these threads.
func (c *Scanner) intern(k Kind, list []thread) State {
	c.key = append(c.key[:0], byte(k))
	for _, t := range list {
		c.key = binary.LittleEndian.AppendUint32(c.key, t.pc)
	}
	if st, ok := c.index[string(c.key)]; ok {
		return st
	}
	st := State(len(c.states))
	n := state{kind: k}
	for _, t := range list {
		n.pcs = append(n.pcs, t.pc)
	}
	c.states = append(c.states, n)
	c.index[string(c.key)] = st
	for range c.set.samples {
		c.next = append(c.next, -1)
	}
	return st
}
