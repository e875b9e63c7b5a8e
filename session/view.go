package session

import (
	"bytes"
	"fmt"
	"strconv"
	"time"

	"github.com/sluicerun/sluice/vt"
	"github.com/sluicerun/sluice/vt/render"
)

// A client whose terminal has another size than the program's cannot be given
// the program's bytes: lines would wrap and scroll in other places. It is given
// the part of the emulator's screen around the cursor, whenever that changes.

// viewPause is the least time between two views: more than people see, less than
// a terminal over a slow line is kept busy by.
const viewPause = 25 * time.Millisecond

// fits tells whether the client's terminal has the size of the program's. The
// caller holds mu.
func (c *client) fits() bool {
	return !c.opt.Terminal || c.size.Cols == 0 || c.size.Rows == 0 || c.size.Cols == c.s.size.Cols && c.size.Rows == c.s.size.Rows
}

// view shows the client a part of the screen until the sizes agree or everything
// was shown (done).
func (c *client) view() (done bool, err error) {
	s := c.s
	changed, leave := s.watch()
	defer leave()
	var v view
	for {
		done = s.Ended()
		s.catchUp()
		if c.fits() {
			s.mu.Unlock()
			return false, nil
		}
		off := s.off
		c.base = off
		if c.redraw || c.repaint {
			c.redraw, c.repaint, v = false, false, view{}
		}
		frame := v.next(s.vt, int(c.size.Cols), int(c.size.Rows))
		notice := v.notice(s.size, c.size)
		s.mu.Unlock()
		if len(frame) > 0 {
			if err := c.line.write(FrameRedraw, frame); err != nil {
				return false, err
			}
		}
		if notice != "" {
			c.tell(FrameNotice, []byte(notice))
		}
		c.advance(off)
		if done {
			return true, nil
		}
		if err := c.rest(changed); err != nil {
			return false, err
		}
	}
}

// rest waits for a change, but not less than viewPause.
func (c *client) rest(changed chan struct{}) error {
	pause := time.NewTimer(viewPause)
	defer pause.Stop()
	var due <-chan struct{}
	shown := c.s.shown
	for ready := false; ; {
		select {
		case <-pause.C:
			ready, due = true, changed
		case <-due:
			return nil
		case <-c.grew: // it comes before the emulator has seen it
		case f := <-c.kick:
			if err := c.line.write(f.kind, f.payload); err != nil {
				return err
			}
		case <-c.ctx.Done():
			return errCut
		case <-shown:
			return nil
		}
		if ready {
			c.s.mu.Lock()
			now := c.redraw || c.repaint || c.fits()
			c.s.mu.Unlock()
			if now {
				return nil
			}
		}
	}
}

// view is what a client's terminal shows of another one.
type view struct {
	begun bool
	modes vt.Modes
	title string
	last  []byte
	told  Size
}

// next is what brings a terminal of this size from the view before to the view
// now; nothing if they are the same.
func (v *view) next(t *vt.Terminal, cols, rows int) []byte {
	var b []byte
	snap := t.Snapshot(false)
	if !v.begun && !snap.Modes.AltScreen {
		// What is on it now goes where the person can scroll back to it.
		b = append(append(b, '\r'), bytes.Repeat([]byte("\n"), rows)...)
	}
	if !v.begun || v.modes != snap.Modes || v.title != snap.Title {
		v.begun, v.modes, v.title, v.last = true, snap.Modes, snap.Title, nil
		b = append(b, t.Redraw(vt.RedrawOptions{})...)
		// The cells are drawn below, without the program's margins.
		b = append(b, "\x1b[?69l\x1b[r\x1b[?6l\x1b[m\x1b[2J"...)
	}
	paint := v.paint(snap, cols, rows)
	if bytes.Equal(paint, v.last) {
		return b
	}
	v.last = paint
	return append(b, paint...)
}

// paint draws the part of the screen that has the cursor.
func (v *view) paint(snap *vt.Snapshot, cols, rows int) []byte {
	top, left := max(snap.Cursor.Y-rows+1, 0), max(snap.Cursor.X-cols+1, 0)
	text := render.ANSI(snap, render.Options{Region: render.Region{Row: top, Col: left, Rows: min(rows, snap.Rows), Cols: min(cols, snap.Cols)}})
	lines := bytes.Split(bytes.TrimSuffix(text, []byte("\n")), []byte("\n"))
	b := []byte("\x1b[?2026h\x1b[?25l")
	for y := range rows {
		b = append(append(append(b, "\x1b["...), strconv.Itoa(y+1)...), "H\x1b[m"...)
		if y < len(lines) {
			b = append(b, lines[y]...)
		}
		b = append(b, "\x1b[m\x1b[K"...)
	}
	b = fmt.Appendf(b, "\x1b[%d;%dH", snap.Cursor.Y-top+1, snap.Cursor.X-left+1)
	if snap.Cursor.Visible {
		b = append(b, "\x1b[?25h"...)
	}
	return append(b, "\x1b[?2026l"...)
}

// notice tells the person once that there is more than they see.
func (v *view) notice(program, own Size) string {
	if v.told == program || own.Cols >= program.Cols && own.Rows >= program.Rows {
		return ""
	}
	v.told = program
	return fmt.Sprintf("the program's screen is %s, yours %s: you see a part of it", program, own)
}
