package edit

import (
	"math"

	"github.com/sluicerun/sluice/cast/edit/internal/automaton"
)

// edit does what a token says to the line that is edited.
func (s *stream) edit(t token, at int64) {
	x := s.edited
	if s.dirty && t.op != opNone && t.op != opText && t.op != opForward {
		s.judge(true) // it was on screen as it is now
	}
	s.dirty = s.dirty || t.op != opNone && t.op != opBack
	x.apply(t, at)
	if t.op == opBreak || len(x.cells) > mostCells || s.edits > mostEdits {
		s.leave()
	}
}

// leave goes back from the line that was edited to the scanner.
func (s *stream) leave() {
	x := s.edited
	s.run(x, s.anchor, automaton.All)
	s.hide(x, s.runner.Matches())
	s.carry()
	s.anchor, s.edited = s.origin, nil
}

// carry lets what is not decided begin here, with what the run has left.
func (s *stream) carry() {
	s.origin, s.rest = mark{s.pos, s.runner.Kind(), s.runner.Threads(), s.tokens}, 0
	if s.pos-s.anchor.at > farAnchor {
		s.anchor = s.origin
	}
	s.scanner.Set(s.origin.kind, s.origin.threads)
}

// judge hides what matches in the edited line, and finds from where on it may
// still match; as if it were over, where nothing of it is to come.
func (s *stream) judge(over bool) {
	x := s.edited
	if !s.dirty && !over {
		return
	}
	s.dirty, s.held = false, math.MaxInt64
	s.edits++
	s.runner.Begin(s.anchor.kind, s.anchor.threads, automaton.All)
	for i := range x.cells {
		if i == x.cur {
			s.hold(x, i)
		}
		s.runner.Next(x.cells[i].r)
	}
	s.hold(x, len(x.cells))
	if over {
		s.hide(x, s.runner.End())
		return
	}
	s.hide(x, s.runner.Matches())
}

// hold keeps what live threads have taken up to the cell n.
func (s *stream) hold(x *text, n int) {
	first, live := s.runner.Live()
	if !live {
		return
	}
	for i := max(first, 0); i < n; i++ {
		x.cells[i].each(func(p place) { s.held = min(s.held, p.at) })
	}
}
