//go:build linux || darwin

package attach

import (
	"time"

	"github.com/sluicerun/sluice/session"
)

const (
	// noticeTime is how long a notice stands, unless a key is pressed.
	noticeTime = 4 * time.Second
	// noticeLook is how often a notice is tried that cannot be shown now.
	noticeLook = 50 * time.Millisecond
)

// board is the line for notices: one stands, and the latest waits.
type board struct {
	text  string // waits to be shown
	try   time.Time
	until time.Time // one stands until then, or until it can be taken away
}

func (b *board) put(text string, now time.Time) { b.text, b.try = text, now }

func (b *board) due() time.Time {
	if b.text != "" && (b.until.IsZero() || b.try.Before(b.until)) {
		return b.try
	}
	return b.until
}

// erase takes the notice away when no redraw will come.
func (b *board) erase() []byte {
	if b.until.IsZero() {
		return nil
	}
	b.until = time.Time{}
	return []byte(noNotice)
}

// boardTick shows what waits and takes away what has stood long enough.
func (c *client) boardTick(now time.Time) {
	b := &c.board
	if b.text != "" && !now.Before(b.try) {
		switch {
		case c.place != placeFront:
			b.try = now.Add(backLook)
		case c.screen.over(noticeBytes(b.text, int(c.size.Cols))):
			b.text, b.until = "", now.Add(noticeTime)
		default:
			b.try = now.Add(noticeLook)
		}
	}
	if !b.until.IsZero() && !now.Before(b.until) {
		c.clearNotice()
	}
}

// clearNotice takes the notice away and has the session draw what it covered: the
// session may end before it comes to that, or be unable to.
func (c *client) clearNotice() {
	if c.board.until.IsZero() {
		return
	}
	if !c.screen.over([]byte(noNotice)) {
		c.board.until = time.Now().Add(noticeLook)
		return
	}
	c.board.until = time.Time{}
	c.queue.put(session.FrameRepaint, nil)
}
