package session

import (
	"errors"
	"io"
	"slices"
	"time"

	"github.com/sluicerun/sluice/stream"
)

// In a flood the emulator is most of the work, and often nobody looks. So it is
// owed bytes that only change what is on the screen (see plain), and is shown them
// when somebody looks, when anything else comes, or in a pause. Modes, the title
// and the count of questions are never behind: what changes them is not owed. The
// log has the bytes meanwhile.

const (
	// floodAfter is how much comes without a pause before anything is owed: less is
	// shown as it comes.
	floodAfter = 256 << 10
	// floodPause ends a flood.
	floodPause = 50 * time.Millisecond
	// maxOwed bounds what who looks first has to wait for: about half a second.
	maxOwed = 64 << 20
)

// mayOwe tells whether nobody needs the emulator now. The caller holds mu.
func (s *Session) mayOwe() bool {
	return !s.opt.Forgets && len(s.watchers) == 0 && s.resize == nil &&
		// A terminal falls behind in most floods, and is given the screen then.
		!slices.ContainsFunc(s.clients, func(c *client) bool { return c.opt.Terminal }) &&
		(s.off < s.owed || len(s.vt.Pending()) == 0) // not in the middle of a sequence
}

// catchUp locks mu when the emulator has been shown all that it was owed.
func (s *Session) catchUp() {
	s.mu.Lock()
	s.payAll()
}

// payAll is catchUp below the lock, which others get in between.
func (s *Session) payAll() {
	for to := s.owed; s.off < to; {
		s.pay(to)
		s.mu.Unlock()
		s.mu.Lock()
	}
}

// pay shows the emulator the next of the bytes up to an offset that it was owed.
// The caller holds mu.
func (s *Session) pay(to int64) {
	if s.slice == nil {
		s.slice = make([]byte, feedMax)
	}
	p := s.slice[:min(to-s.off, feedMax)]
	n, err := s.source().ReadAt(p, s.off)
	if n > 0 {
		s.show(p[:n], s.came)
	} else {
		s.skip(err, to)
	}
	if s.off < s.owed {
		return
	}
	s.slice = nil
	if s.disk != nil {
		s.disk.Close()
		s.disk = nil
	}
}

// skip goes on where the log does that could not be read, at most at to: what it no
// longer has (rotated away, cut off by somebody) is not shown. The caller holds mu.
func (s *Session) skip(err error, to int64) {
	var gap *stream.SkippedError
	if errors.As(err, &gap) && gap.To > s.off {
		to = min(to, gap.To)
	}
	s.off = to
	s.pass()
}

// source is where the bytes are that are owed: after Close the log has to be
// opened again. The caller holds mu.
func (s *Session) source() io.ReaderAt {
	if !s.closed {
		return s.opt.Log
	}
	if s.disk == nil {
		r, err := stream.OpenReader(s.opt.Dir, OutputLog)
		if err != nil {
			return s.opt.Log // which says that it is closed
		}
		s.disk = r
	}
	return s.disk
}

// letLog prepares for the end of the log; kept tells that it can be opened again in
// Dir, and so that nothing needs to be shown before somebody looks.
func (s *Session) letLog(kept bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !kept {
		s.payAll()
	}
	s.closed = true
}
