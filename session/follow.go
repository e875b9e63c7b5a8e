package session

import (
	"bytes"
	"strings"

	"github.com/sluicerun/sluice/vt"
)

// serve writes what the program writes to the client, from the log.
func (c *client) serve() error {
	s := c.s
	off, err := c.begin()
	if err != nil {
		return err
	}
	buf := make([]byte, 4096)
	for {
		select {
		case f := <-c.kick:
			if err := c.line.write(f.kind, f.payload); err != nil {
				return err
			}
			continue
		case <-c.ctx.Done():
			return errCut
		default:
		}
		end := s.opt.Log.Size()
		s.mu.Lock()
		again := c.redraw
		inPlace := c.repaint && (s.vt.Modes().AltScreen || !c.opt.JobControl)
		c.redraw, c.repaint = false, false
		lag := c.opt.Terminal && end-off > maxLag
		fits := c.fits()
		s.mu.Unlock()
		if !fits {
			done, err := c.view()
			if err != nil || done {
				return err
			}
			// It has the program's size now, and the emulator will soon.
			s.sizeApplied(c.ctx)
			if off, err = c.draw("", 0); err != nil {
				return err
			}
			continue
		}
		if inPlace && !again {
			if off, err = c.draw("", 0); err != nil {
				return err
			}
			continue
		}
		if again || lag {
			to, err := c.resync(off, again)
			if err != nil {
				return err
			}
			off = to
			continue
		}
		if off < end {
			if end-off > int64(len(buf)) && len(buf) < feedMax {
				buf = make([]byte, feedMax)
			}
			n, err := s.opt.Log.ReadAt(buf[:min(int64(len(buf)), end-off)], off)
			if n == 0 && err != nil {
				off = c.advance(end) // the log no longer has it
				continue
			}
			if err := c.line.write(FrameOutput, buf[:n]); err != nil {
				return err
			}
			off = c.advance(off + int64(n))
			continue
		}
		if !c.rests(off) {
			continue
		}
		var told *frame
		ended := false
		select {
		case <-c.grew:
		case f := <-c.kick:
			told = &f
		case <-c.ctx.Done():
			return errCut
		case <-s.shown:
			ended = true
		}
		if off, err = c.wakes(); err != nil {
			return err
		}
		if told != nil {
			if err := c.line.write(told.kind, told.payload); err != nil {
				return err
			}
		}
		if ended && s.opt.Log.Size() == off {
			return nil
		}
	}
}

// rests tells that the client has everything. Until it is woken it may be given
// more by giveAll: off is then what is noted.
func (c *client) rests(off int64) bool {
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	c.idle = c.s.opt.Log.Size() == off && !c.redraw && !c.repaint && c.fits()
	return c.idle
}

// wakes ends the rest, and writes what was begun meanwhile.
func (c *client) wakes() (int64, error) {
	c.s.mu.Lock()
	c.idle = false
	off, rest := c.sent, c.unsent
	c.unsent = nil
	c.s.mu.Unlock()
	if len(rest) == 0 {
		return off, nil
	}
	return off, c.line.finish(rest)
}

// directMax is how much is given to clients on the way into the log: a key's echo,
// a line. More is for their own goroutines.
const directMax = 4096

// giveAll gives the last n bytes of the log to the clients that have all before
// and can take them at once, and wakes the others. The caller holds mu.
func (s *Session) giveAll(n int64) {
	var p []byte
	end := s.opt.Log.Size()
	for _, c := range s.clients {
		if !c.idle || n > directMax || c.sent != end-n || len(c.kick) > 0 {
			wake(c.grew)
			continue
		}
		if p == nil {
			p = make([]byte, n)
			if k, _ := s.opt.Log.ReadAt(p, end-n); k < len(p) {
				n = directMax + 1 // it is gone already
				wake(c.grew)
				continue
			}
		}
		rest, ok := c.line.try(FrameOutput, p)
		if !ok {
			wake(c.grew)
			continue
		}
		c.sent = end
		if c == s.primary {
			s.seen(end)
		}
		if len(rest) > 0 {
			c.idle, c.unsent = false, rest
			wake(c.grew)
		}
	}
}

// advance notes how far the client is.
func (c *client) advance(off int64) int64 {
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	c.sent = off
	if c == c.s.primary {
		c.s.seen(off)
	}
	return off
}

// begin brings the client to where its bytes begin.
func (c *client) begin() (int64, error) {
	s := c.s
	s.catchUp()
	off := s.off
	s.mu.Unlock()
	switch {
	case c.opt.FromStart:
		return c.advance(0), nil
	case !c.opt.Terminal:
		return c.advance(off), nil
	}
	s.sizeApplied(c.ctx)
	return c.draw(c.below(), c.opt.Scrollback)
}

// below moves what is on the client's screen now to where the person can scroll
// back to it.
func (c *client) below() string { return "\r" + strings.Repeat("\n", int(c.opt.Size.Rows)) }

// resync gives the client the screen in place of the bytes up to it; back tells
// that it had another screen meanwhile, a shell's.
func (c *client) resync(off int64, back bool) (int64, error) {
	s := c.s
	s.catchUp()
	if s.off < off && !back { // it is ahead of the emulator
		s.mu.Unlock()
		return off, nil
	}
	first := ""
	switch alt := s.vt.Modes().AltScreen; {
	case back && !alt && c.opt.JobControl:
		// As without us: what the program wrote meanwhile, and what it writes now,
		// comes below what the shell wrote.
		modes := s.vt.RedrawModes()
		if at := c.base + c.shown; at >= s.off-maxLag && at <= off && !s.switches(at, s.off) {
			off = at
		} else {
			modes, off = append(modes, s.vt.Pending()...), s.off
		}
		c.base = off
		s.mu.Unlock()
		if err := c.line.write(FrameRedraw, modes); err != nil {
			return off, err
		}
		return c.advance(off), nil
	case back && !alt:
		first = c.below()
	case !back:
		c.resyncs++
	}
	if c == s.primary {
		s.seen(off)
		s.unseen()
	}
	s.mu.Unlock()
	return c.draw(first, 0)
}

// switches tells whether the program left or entered the alternate screen
// between two offsets: a client that did so by itself meanwhile must not again.
func (s *Session) switches(from, to int64) bool {
	p := make([]byte, to-from)
	n, _ := s.opt.Log.ReadAt(p, from)
	for _, mode := range []string{"?1049", "?1047", "?47"} {
		if bytes.Contains(p[:n], []byte(mode)) {
			return true
		}
	}
	return false
}

func (c *client) draw(first string, scrollback int) (int64, error) {
	s := c.s
	s.catchUp()
	screen := append([]byte(nil), first...)
	screen = append(screen, s.vt.Redraw(vt.RedrawOptions{Scrollback: scrollback})...)
	screen = append(screen, s.vt.Pending()...)
	off := s.off
	c.base = off
	s.mu.Unlock()
	for len(screen) > maxFrame {
		if err := c.line.write(FrameRedraw, screen[:maxFrame]); err != nil {
			return off, err
		}
		screen = screen[maxFrame:]
	}
	if err := c.line.write(FrameRedraw, screen); err != nil {
		return off, err
	}
	return c.advance(off), nil
}
