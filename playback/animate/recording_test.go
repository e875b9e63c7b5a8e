package animate

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/sluicerun/sluice/cast"
)

// recording is events that were written down for a test.
type recording struct {
	h      cast.Header
	events []cast.Event
}

func newRecording(cols, rows int) *recording {
	return &recording{h: cast.Header{Width: cols, Height: rows}}
}

// out adds output at a time in milliseconds.
func (r *recording) out(ms int, text string) *recording {
	r.events = append(r.events, cast.Event{Time: time.Duration(ms) * time.Millisecond, Code: cast.Output, Data: []byte(text)})
	return r
}

func (r *recording) resize(ms, cols, rows int) *recording {
	r.events = append(r.events, cast.Event{Time: time.Duration(ms) * time.Millisecond, Code: cast.Resize, Cols: cols, Rows: rows})
	return r
}

func (r *recording) add(ms int, code cast.Code, data string) *recording {
	r.events = append(r.events, cast.Event{Time: time.Duration(ms) * time.Millisecond, Code: code, Data: []byte(data)})
	return r
}

// all gives each event's data in the same memory, as readers may.
func (r *recording) all() cast.Events {
	return func(yield func(cast.Event, error) bool) {
		var data []byte
		for _, e := range r.events {
			data = append(data[:0], e.Data...)
			e.Data = data
			if !yield(e, nil) {
				return
			}
			for i := range data {
				data[i] = '!'
			}
		}
	}
}

var errBroken = errors.New("line 7 is broken")

// broken gives the events and then an error.
func (r *recording) broken() cast.Events {
	return func(yield func(cast.Event, error) bool) {
		for e := range r.all() {
			if !yield(e, nil) {
				return
			}
		}
		yield(cast.Event{}, errBroken)
	}
}

// shell is a short session with most of what can be seen.
func shell() *recording {
	r := newRecording(40, 8)
	r.h.Title = "a <short> session"
	r.out(100, "\x1b]2;ignored\a\x1b[1;32m$\x1b[m ")
	for i, c := range "ls --color" {
		r.out(300+120*i, string(c))
	}
	r.out(1700, "\r\n\x1b[34;1mbin\x1b[m  \x1b[34;1msrc\x1b[m  \x1b[32mmake    all\x1b[m  caf\u00e9 n\u0303 漢字 😀\r\n")
	r.out(1720, "┌──┬──┐ \x1b[4:3;58;2;255;80;80mcurly\x1b[m \x1b[7minverse\x1b[m \x1b[2mdim\x1b[m \x1b[9mstrike\x1b[m\r\n└──┴──┘ ⣿⡇⢸ █▄▀ ╭╮╰╯ \x1b[38;2;250;120;10mtrue\x1b[m\r\n\x1b[1;32m$\x1b[m ")
	r.out(3000, "vim\r\n")
	r.out(3100, "\x1b[?1049h\x1b[H\x1b[44;97m NORMAL \x1b[m\x1b[3;3Hon the alternate screen\x1b[5 q")
	r.out(4000, "\x1b[5;1H\x1b[3 q~")
	r.out(4800, "\x1b[?1049l\x1b[2 q")
	r.out(5000, "done\r\n\x1b[1;32m$\x1b[m ")
	return r
}

// editor is a recording of so many seconds of somebody who scrolls, types and
// watches a status line in an editor of 80 by 24, 30 updates in a second.
func editor(seconds int) *recording {
	r := newRecording(80, 24)
	source := strings.Fields("func (t *Terminal) Write(p []byte) (int, error) { return len(p), nil } if err != nil // TODO for i := range rows var b strings.Builder switch c.kind { case runEmpty:")
	line := func(n int) string {
		var b strings.Builder
		fmt.Fprintf(&b, "\x1b[33m%4d \x1b[m", n)
		for width, i := 5+n%4*4, 0; ; i++ {
			w := source[(n*7+i*3)%len(source)]
			if width += len(w) + 1; width > 72 {
				break
			}
			if i == 0 {
				b.WriteString(strings.Repeat(" ", n%4*4))
			}
			fmt.Fprintf(&b, "\x1b[%dm%s\x1b[m ", []int{39, 35, 36, 32, 94, 39}[(n+i)%6], w)
		}
		return b.String()
	}
	r.out(0, "\x1b[?1049h\x1b[2J\x1b[H")
	top := 1
	for y := range 22 {
		r.out(0, fmt.Sprintf("\x1b[%d;1H%s\x1b[K", y+1, line(top+y)))
	}
	typed := 0
	for i := range seconds * 30 {
		ms := i * 1000 / 30
		var b strings.Builder
		switch {
		case i/10%2 == 0: // typing
			row := 3 + i/20%16
			typed = typed%60 + 1
			fmt.Fprintf(&b, "\x1b[%d;%dH%c", row, 8+typed, 'a'+i*7%26)
		case i%3 == 0: // scrolling
			top++
			fmt.Fprintf(&b, "\x1b[1;22r\x1b[22;1H\n%s\x1b[K\x1b[r\x1b[12;1H", line(top+21))
		default: // the cursor moves
			fmt.Fprintf(&b, "\x1b[%d;%dH", 2+i%20, 6+i%60)
		}
		fmt.Fprintf(&b, "\x1b7\x1b[24;1H\x1b[7m main.go  line %5d  col %3d  %3d%% \x1b[27m\x1b[K\x1b8", top, typed, i%100)
		r.out(ms, b.String())
	}
	return r
}
