package session

import (
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
		c.redraw = false
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
		select {
		case <-c.grew:
		case f := <-c.kick:
			if err := c.line.write(f.kind, f.payload); err != nil {
				return err
			}
		case <-c.ctx.Done():
			return errCut
		case <-s.shown:
			if s.opt.Log.Size() == off {
				return nil
			}
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
	s.mu.Lock()
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
	s.mu.Lock()
	if s.off < off && !back { // it is ahead of the emulator
		s.mu.Unlock()
		return off, nil
	}
	first := ""
	switch alt := s.vt.Modes().AltScreen; {
	case back && !alt && c.opt.JobControl:
		// As without us: the program goes on below what the shell wrote.
		modes, off := append(s.vt.RedrawModes(), s.vt.Pending()...), s.off
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

func (c *client) draw(first string, scrollback int) (int64, error) {
	s := c.s
	s.mu.Lock()
	screen := append([]byte(nil), first...)
	screen = append(screen, s.vt.Redraw(vt.RedrawOptions{Scrollback: scrollback})...)
	screen = append(screen, s.vt.Pending()...)
	off := s.off
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
