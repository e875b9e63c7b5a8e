package session

import (
	"context"
	"sync"
	"time"

	"github.com/sluicerun/sluice/vt"
)

// feedMax is how much the emulator is given at a time: nobody who looks at the
// screen waits for more.
const feedMax = 64 << 10

// feed shows the emulator what is in the log, until all of it is there or owed.
func (s *Session) feed() {
	defer close(s.shown)
	f := s.feeder
	pause := time.NewTimer(floodPause)
	defer pause.Stop()
	complete := s.complete
	for {
		end, again := f.step(complete == nil)
		if again {
			continue
		}
		if complete == nil {
			s.mu.Lock()
			s.owed = end // with a sequence that nobody completes any more
			s.mu.Unlock()
			s.applySize(true)
			return
		}
		s.applySize(false)
		var due <-chan time.Time
		if s.behind() {
			pause.Reset(floodPause)
			due = pause.C
		}
		select {
		case <-s.grew:
		case <-due:
			f.pause()
			s.catchUp()
			s.mu.Unlock()
		case <-complete:
			complete = nil // once more, and then it is all
		}
	}
}

// behind tells whether the emulator is to be shown more in the next pause: not when
// the program has ended, for then perhaps nobody will look any more.
func (s *Session) behind() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.off < s.noted && !s.ended
}

// feeder is what feed knows of the flood.
type feeder struct {
	s *Session

	mu    sync.Mutex // held while the emulator is fed; guards what follows
	flood int64      // it is one when so much has come without a pause
	most  int64      // that may be owed
	buf   []byte
	run   int64 // bytes without a pause
	last  time.Time
}

// echoPause is how long nothing came before what is taken for an answer to a key.
const echoPause = time.Millisecond

// now deals with the n bytes that are new in the log, on the goroutine that brought
// them: an echo needs no other to wake up. false: feed has to see to them.
func (f *feeder) now(n int64) bool {
	if n > directMax || !f.mu.TryLock() {
		return false
	}
	defer f.mu.Unlock()
	s := f.s
	s.mu.Lock()
	at, end := s.owed, s.noted
	alone := s.off == at && end-at == n && s.resize == nil
	s.mu.Unlock()
	return alone && f.run < f.flood && f.next(at, end)
}

// step deals with some of what there is up to end. all: that is the whole log.
func (f *feeder) step(all bool) (end int64, again bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	s := f.s
	s.mu.Lock()
	at, end := s.owed, s.noted
	s.mu.Unlock()
	if all {
		end = s.opt.Log.Size()
	}
	return end, at < end && f.next(at, end)
}

func (f *feeder) pause() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.run = 0
}

// next deals with bytes of the log from at on, some of those up to end. false: what
// is there is a part of a sequence that may be owed when it has come whole.
func (f *feeder) next(at, end int64) bool {
	s := f.s
	if end-at > int64(len(f.buf)) && len(f.buf) < feedMax {
		f.buf = make([]byte, feedMax)
	}
	n, err := s.opt.Log.ReadAt(f.buf[:min(int64(len(f.buf)), end-at)], at)
	p := f.buf[:n]
	now := time.Now()
	if now.Sub(f.last) > floodPause {
		f.run = 0
	}
	f.last = now
	k, cut := 0, false
	if f.run >= f.flood {
		k, cut = plain(p)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if (k > 0 || cut) && s.mayOwe() {
		f.run += int64(k)
		s.owed = at + int64(k)
		for s.owed-s.off > f.most {
			s.pay(s.owed - f.most)
		}
		return k > 0
	}
	f.run += int64(n)
	s.payAll()
	if n > 0 {
		s.show(p, now)
	} else {
		s.skip(err, end)
	}
	s.owed = s.off
	return true
}

// show gives the emulator the next bytes of the log, which came at that time. The
// caller holds mu.
func (s *Session) show(p []byte, came time.Time) {
	for s.pass(); len(p) > 0; s.pass() {
		n := int64(len(p))
		if s.resize != nil {
			n = min(n, s.resizeAt-s.off)
		}
		if len(s.due) > 0 {
			n = min(n, s.due[0].off-s.off)
		}
		s.write(p[:n], came)
		p = p[n:]
	}
}

// pass does what was to be done when the emulator is where it is now. The caller
// holds mu.
func (s *Session) pass() {
	if s.resize != nil && s.off >= s.resizeAt {
		s.setSize()
	}
	s.takeDue()
}

// takeDue takes the baselines whose time has come. The caller holds mu.
func (s *Session) takeDue() {
	for len(s.due) > 0 && s.off >= s.due[0].off {
		s.due[0].take(s)
		s.due = s.due[1:]
	}
}

// write shows bytes between which nothing else is to be done.
func (s *Session) write(p []byte, came time.Time) {
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
		s.changed = came
	}
	s.notify()
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
	if s.resize != nil {
		s.payAll()
	}
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
	s.catchUp()
	defer s.mu.Unlock()
	return s.vt.Snapshot(scrollback)
}

// Dump is the screen as bytes that bring a fresh vt.Terminal of the given size
// to the same state, with so many of the lines that scrolled off; negative: all.
func (s *Session) Dump(scrollback int) (cols, rows int, dump []byte) {
	s.catchUp()
	defer s.mu.Unlock()
	cols, rows = s.vt.Size()
	if scrollback < 0 {
		return cols, rows, s.vt.Dump()
	}
	return cols, rows, s.vt.DumpTail(scrollback)
}
