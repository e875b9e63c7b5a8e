package playback

import (
	"bytes"
	"strings"

	"github.com/sluicerun/sluice/cast"
	"github.com/sluicerun/sluice/vt"
)

const (
	// lookBytes is the most output that is played before somebody looks at it.
	lookBytes = 64 << 10
	// reelScrollback holds the lines that lookBytes of output can scroll off.
	reelScrollback = 8 << 20
)

// reel is a terminal for those who want everything that was ever on it: its
// scrollback holds the lines since the latest drop.
type reel struct {
	t     *vt.Terminal
	since int  // bytes of output since looked was called
	last  byte // the latest byte of output
	row   []byte
}

func newReel(h cast.Header) *reel {
	cols, rows := size(h)
	return &reel{t: vt.New(cols, rows, vt.Options{Scrollback: reelScrollback})}
}

// feed plays an event and calls look, which calls looked, before so much has been
// played that something is lost. next are bytes that come after those that were
// played.
func (r *reel) feed(e cast.Event, look func(next []byte)) {
	if e.Code != cast.Output {
		apply(r.t, e)
		return
	}
	for p := e.Data; len(p) > 0; {
		n := len(p)
		if room := lookBytes - r.since; n > room {
			n = max(room, 1)
			// Lines are best let go where one has ended.
			if i := bytes.LastIndexByte(p[:n], '\n'); i >= 0 {
				n = i + 1
			}
		}
		r.t.Write(p[:n])
		r.since += n
		r.last = p[n-1]
		p = p[n:]
		if r.since >= lookBytes || len(p) > 0 {
			look(p)
		}
	}
}

func (r *reel) looked() { r.since = 0 }

// text is all that is there, with wrapped lines joined: first lines that are
// off, in whole, and then those of the screen. The first of the screen may have
// begun before it, if cont.
func (r *reel) text() (all string, off int, cont bool) {
	if r.t.Modes().AltScreen || r.t.ScrollbackLines() == 0 {
		return r.t.JoinedText(false), 0, false
	}
	all = r.t.JoinedText(true)
	_, rows := r.t.Size()
	n := 0 // lines of the screen
	for y := range rows {
		if !r.t.Wraps(y) {
			n++
		}
	}
	// A line that is on both sides is one of the screen.
	at := len(all)
	for range n + 1 {
		at = strings.LastIndexByte(all[:max(at, 0)], '\n')
	}
	off = strings.Count(all[:at+1], "\n")
	if !r.t.Wraps(0) {
		first, _, _ := strings.Cut(all[at+1:], "\n")
		r.row = r.t.AppendLine(r.row[:0], 0)
		return all, off, first != string(r.row)
	}
	return all, off, len(all)-at-1 != len(r.t.JoinedText(false))
}

// muchText is so much text that it is dropped even where that does some harm.
const muchText = 1 << 20

// drop forgets the lines that are off, if that changes nothing for the output that
// goes on with next, or must be.
func (r *reel) drop(next []byte, must bool) bool {
	if r.t.Modes().AltScreen || len(r.t.Pending()) > 0 {
		return false
	}
	// What joins or repeats the character before must find it.
	plain := len(next) > 0 && next[0] < 0x7f && next[0] != 0x1b
	if !plain && r.last >= ' ' && !must {
		return false
	}
	r.t.Write([]byte("\x1b[3J"))
	return true
}
