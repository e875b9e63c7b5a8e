package session

import (
	"context"
	"time"

	"github.com/sluicerun/sluice/vt"
)

// feedMax is how much the emulator is given at a time: nobody who looks at the
// screen waits for more.
const feedMax = 64 << 10

// feed shows the emulator what is in the log, until all of it is there.
func (s *Session) feed() {
	defer close(s.shown)
	buf := make([]byte, 4096)
	complete := s.complete
	for {
		s.mu.Lock()
		off, end := s.off, s.noted
		s.mu.Unlock()
		if complete == nil {
			end = s.opt.Log.Size()
		}
		if off < end {
			if end-off > int64(len(buf)) && len(buf) < feedMax {
				buf = make([]byte, feedMax)
			}
			n, err := s.opt.Log.ReadAt(buf[:min(int64(len(buf)), end-off)], off)
			if n > 0 {
				s.show(buf[:n])
				continue
			}
			// What the log no longer has (rotated away, cut off by somebody) is
			// not shown.
			if err != nil {
				s.skip(end)
				continue
			}
		}
		s.applySize(false)
		if complete == nil {
			s.applySize(true)
			return
		}
		select {
		case <-s.grew:
		case <-complete:
			complete = nil // once more, and then it is all
		}
	}
}

// show gives the emulator the next bytes of the log.
func (s *Session) show(p []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.resize != nil && s.off < s.resizeAt && s.off+int64(len(p)) > s.resizeAt {
		// The resize comes between these bytes.
		n := s.resizeAt - s.off
		s.write(p[:n])
		s.setSize()
		p = p[n:]
	}
	s.write(p)
}

// write is show below the lock.
func (s *Session) write(p []byte) {
	before := s.vt.Generation()
	s.until = s.off + int64(len(p))
	s.vt.Write(p)
	s.off += int64(len(p))
	if n := s.vt.QueryCount(); n != s.queries {
		if s.primary != nil {
			now := time.Now()
			for range min(n-s.queries, maxAsked) {
				s.asked = append(s.asked, now)
			}
			s.asked = s.asked[max(0, len(s.asked)-maxAsked):]
		}
		s.queries = n
	}
	if s.vt.Generation() != before {
		s.changed = time.Now()
	}
	s.notify()
}

// skip goes on at off: the bytes before are gone.
func (s *Session) skip(off int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.off = off
}

// setSize brings the emulator to the size that was asked for. The caller holds
// mu.
func (s *Session) setSize() {
	if s.resize == nil {
		return
	}
	s.vt.Resize(int(s.resize.Cols), int(s.resize.Rows))
	s.resize = nil
	s.changed = time.Now()
	for _, c := range s.clients {
		wake(c.grew) // it may have to see it in another way now
	}
	s.notify()
}

// applySize does so once the emulator has seen what was written before.
func (s *Session) applySize(anyway bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.resize != nil && (anyway || s.off >= s.resizeAt) {
		s.setSize()
	}
}

// Resize sets the terminal's size. The program hears of it (SIGWINCH) if it
// changes. It returns when the screen has the size too.
func (s *Session) Resize(size Size) error {
	changed, leave := s.watch()
	defer leave()
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.resizeTo(size); err != nil {
		return err
	}
	s.awaitSize(context.Background(), changed)
	return nil
}

// sizeApplied waits until the screen has the size that the terminal has.
func (s *Session) sizeApplied(ctx context.Context) {
	changed, leave := s.watch()
	defer leave()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.awaitSize(ctx, changed)
}

// awaitSize is sizeApplied below the lock, which it lets go of meanwhile.
func (s *Session) awaitSize(ctx context.Context, changed chan struct{}) {
	for s.resize != nil {
		s.mu.Unlock()
		select {
		case <-changed:
		case <-s.shown:
		case <-ctx.Done():
		}
		s.mu.Lock()
		if s.Ended() || ctx.Err() != nil {
			return
		}
	}
}

// resizeTo is Resize below the lock.
func (s *Session) resizeTo(size Size) error {
	if size == s.size {
		return nil
	}
	if err := s.master.Resize(size); err != nil {
		return err
	}
	cells := size.Cols != s.size.Cols || size.Rows != s.size.Rows
	s.size = size
	if cells {
		s.journal.resized(size, time.Now())
		s.resize, s.resizeAt = &size, s.noted
		wake(s.grew)
	}
	return nil
}

// Screen is the screen now; with the lines that scrolled off if asked for.
func (s *Session) Screen(scrollback bool) *vt.Snapshot {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.vt.Snapshot(scrollback)
}

// Dump is the screen as bytes that bring a fresh vt.Terminal of the given size
// to the same state, with so many of the lines that scrolled off; negative: all.
func (s *Session) Dump(scrollback int) (cols, rows int, dump []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	cols, rows = s.vt.Size()
	if scrollback < 0 {
		return cols, rows, s.vt.Dump()
	}
	return cols, rows, s.vt.DumpTail(scrollback)
}
