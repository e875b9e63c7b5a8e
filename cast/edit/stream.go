package edit

import (
	"math"

	"github.com/sluicerun/sluice/cast/edit/internal/automaton"
)

// mark is a place in a stream from which it can be read again.
type mark struct {
	at      int64
	kind    automaton.Kind
	threads automaton.Threads
	tokens  tokens
}

// move takes a mark to where no thread is live.
func (m *mark) move(at int64, k automaton.Kind, t tokens) {
	m.at, m.kind, m.tokens = at, k, t
	if _, live := m.threads.Live(); live {
		m.threads = automaton.Threads{}
	}
}

// stream finds what is secret in one direction of a recording.
//
// Nearly all of it goes through the scanner, which only tells whether an
// expression may be in the middle of a match. The bytes stay in buf, and where the
// scanner has seen a match they are read once more, exactly. In a line in which
// the cursor goes back, and that is mostly a person editing a command, all is done
// exactly, on the line as it is seen.
type stream struct {
	rules   []Rule
	lines   bool // a line is not decided before it is over
	scanner *automaton.Scanner
	runner  *automaton.Runner

	buf     []byte
	base    int64 // the position of buf[0]
	pos     int64 // up to here it is taken apart
	tokens  tokens
	patches patches

	origin mark   // where what is not decided begins
	rest   uint64 // what has matched since then
	anchor mark   // where the line begins, or as far back as it is kept

	// found takes matches, if it is set, and nothing is replaced. It gets some of an
	// edited line again and again.
	found func(*text, automaton.Match)

	edited *text // the line, if the cursor has gone back in it
	held   int64 // with edited: from here on a match may grow
	dirty  bool  // with edited: it has changed since it was judged
	edits  int
}

// farAnchor is how many bytes of a line are kept for a cursor that goes back.
const farAnchor = 1 << 10

// mostEdits is how often a line is judged anew: what goes on like that is no
// person, and would cost the line's length each time.
const mostEdits = 256

func newStream(rules []Rule, set *automaton.Set, typed bool) *stream {
	s := &stream{rules: rules, scanner: set.NewScanner(), runner: set.NewRunner(), tokens: tokens{typed: typed}}
	s.origin.tokens, s.anchor.tokens = s.tokens, s.tokens
	return s
}

func (s *stream) end() int64 { return s.base + int64(len(s.buf)) }

// feed takes bytes, which are copied.
func (s *stream) feed(p []byte) {
	s.trim()
	s.buf = append(s.buf, p...)
	for s.pos < s.end() {
		rest := s.buf[s.pos-s.base:]
		if s.edited == nil && !s.tokens.inString && (rest[0] >= ' ' && rest[0] < 0x7f || rest[0] == '\t') {
			s.skip(rest)
			continue
		}
		before := s.tokens
		t, whole := s.tokens.next(rest)
		if !whole {
			s.tokens = before
			break
		}
		s.take(t)
	}
	if s.edited != nil {
		s.judge(false)
	}
}

// trim lets go of what will not be read again.
func (s *stream) trim() {
	n := int(min(s.anchor.at, s.origin.at, s.pos, s.patches.floor) - s.base)
	if n > len(s.buf)/2 {
		s.buf = append(s.buf[:0], s.buf[n:]...)
		s.base += int64(n)
	}
}

// skip takes the printable ASCII that p begins with.
func (s *stream) skip(p []byte) {
	s.tokens.afterCR = false
	span := automaton.Span{From: int(s.origin.at - s.pos), Before: automaton.State(s.origin.kind), Rules: s.rest}
	n := s.scanner.Skip(p, 0, &span)
	s.pos += int64(n)
	if from := s.pos - int64(n) + int64(span.From); from != s.origin.at {
		s.origin.move(from, automaton.Kind(span.Before), s.tokens)
	}
	s.rest = span.Rules
	s.settle()
}

// character takes one character, or the line feed that a break is.
func (s *stream) character(r rune) {
	s.rest |= s.scanner.Next(r)
	s.settle()
}

// settle decides about what lies before, if nothing is in the middle of a match.
func (s *stream) settle() {
	if s.scanner.State < automaton.Idle {
		if s.rest != 0 {
			x := s.read(s.origin, s.pos)
			s.run(x, s.origin, s.rest)
			s.hide(x, s.runner.Matches())
		}
		s.origin.move(s.pos, automaton.Kind(s.scanner.State), s.tokens)
		s.rest = 0
		if s.pos-s.anchor.at > farAnchor {
			s.anchor = s.origin
		}
	}
}

// take does what a token says.
func (s *stream) take(t token) {
	at := s.pos
	s.pos += int64(t.n)
	if t.op == opLetter {
		if s.found != nil {
			return
		}
		s.letter(s.buf[at-s.base+int64(t.from):at-s.base+int64(t.until)], at+int64(t.from))
		return
	}
	if s.edited != nil {
		s.edit(t, at)
		return
	}
	switch t.op {
	case opText:
		s.character(t.r)
	case opBreak:
		s.character('\n')
		if s.scanner.State < automaton.Idle {
			s.anchor = s.origin
		}
	case opForward:
		for range min(t.count, mostCells) {
			s.character(' ')
		}
	case opBack, opRubout:
		s.edited, s.dirty, s.edits = s.read(s.anchor, at), true, 0
		s.edit(t, at)
	}
}

// read takes the bytes from m to end apart into characters.
func (s *stream) read(m mark, end int64) *text {
	x := &text{typed: m.tokens.typed}
	k, p := m.tokens, s.buf[m.at-s.base:end-s.base]
	for at := m.at; len(p) > 0; {
		t, whole := k.next(p)
		if !whole {
			break
		}
		x.apply(t, at)
		p, at = p[t.n:], at+int64(t.n)
	}
	return x
}

func (s *stream) run(x *text, m mark, rules uint64) {
	s.runner.Begin(m.kind, m.threads, rules)
	for i := range x.cells {
		s.runner.Next(x.cells[i].r)
	}
}

func (s *stream) hide(x *text, found []automaton.Match) {
	for _, m := range found {
		if s.found != nil {
			s.found(x, m)
			continue
		}
		x.hide(&s.patches, m, s.rules[m.Rule].With)
	}
}

// letter hides what is secret in a text of its own.
func (s *stream) letter(p []byte, at int64) {
	x := plain(p, at)
	s.run(x, mark{}, automaton.All)
	s.hide(x, s.runner.End())
}

// free is the position before which all is decided.
func (s *stream) free() int64 {
	switch {
	case s.lines:
		return min(s.anchor.at, s.origin.at)
	case s.edited != nil:
		return min(s.held, s.pos)
	case s.scanner.State < automaton.Idle:
		return s.pos
	}
	return min(s.origin.at, s.pos)
}

// force decides about all there is: what matches up to here is hidden. A match
// that goes on is hidden from here on; over says that nothing follows.
func (s *stream) force(over bool) {
	if s.edited != nil {
		s.judge(over)
		s.held = math.MaxInt64
		return
	}
	x := s.read(s.origin, s.pos)
	s.run(x, s.origin, automaton.All)
	if over {
		s.hide(x, s.runner.End())
		return
	}
	s.hide(x, s.runner.Matches())
	s.carry()
}

// bytes appends the bytes [from, until) as they are to be.
func (s *stream) bytes(dst []byte, from, until int64) []byte {
	return s.patches.apply(dst, s.buf[from-s.base:until-s.base], from)
}
