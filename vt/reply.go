package vt

import (
	"fmt"
	"strconv"
)

func appendInt(p []byte, n int) []byte { return strconv.AppendInt(p, int64(n), 10) }

// reply sends an answer to the program, unless too many bytes of answers came out
// of this Write already.
func (t *Terminal) reply(p []byte) {
	t.queries++
	if t.replied+len(p) > t.o.ReplyLimit {
		t.count.Replies++
		return
	}
	t.replied += len(p)
	if t.o.Reply != nil {
		t.o.Reply(p)
	}
}

func (t *Terminal) replyf(format string, args ...any) {
	t.out = fmt.Appendf(t.out[:0], format, args...)
	t.reply(t.out)
}

// primaryAttributes answers DA1: a VT420 with selective erase, user windows,
// horizontal scrolling, colour, rectangular editing and, by the newer convention
// of 52, a clipboard that OSC 52 can write.
func (t *Terminal) primaryAttributes() {
	if t.o.Notify != nil {
		t.reply([]byte("\x1b[?64;6;18;21;22;28;52c"))
	} else {
		t.reply([]byte("\x1b[?64;6;18;21;22;28c"))
	}
}

// status answers DSR.
func (t *Terminal) status(n int) {
	switch n {
	case 5:
		t.reply([]byte("\x1b[0n"))
	case 6:
		t.replyf("\x1b[%d;%dR", t.line()+1, t.column()+1)
	}
}

func (t *Terminal) privateStatus(n int) {
	switch n {
	case 6:
		t.replyf("\x1b[?%d;%d;1R", t.line()+1, t.column()+1)
	case 15: // no printer
		t.reply([]byte("\x1b[?13n"))
	case 25: // user-defined keys are locked
		t.reply([]byte("\x1b[?21n"))
	case 26: // a North American keyboard, ready
		t.reply([]byte("\x1b[?27;1;0;0n"))
	case 53, 55: // no locator
		t.reply([]byte("\x1b[?50n"))
	case 56:
		t.reply([]byte("\x1b[?57;0n"))
	case 62: // no room for macros
		t.reply([]byte("\x1b[0*{"))
	case 63: // the checksum of no macros
		t.reply([]byte("\x1bP0!~0000\x1b\\"))
	case 75:
		t.reply([]byte("\x1b[?70n"))
	case 85: // not one of several sessions
		t.reply([]byte("\x1b[?83n"))
	case 996:
		if t.o.Light {
			t.reply([]byte("\x1b[?997;2n"))
		} else {
			t.reply([]byte("\x1b[?997;1n"))
		}
	default:
		t.count.Unknown++
	}
}

// terminalParameters answers DECREQTPARM: no parity, 8 bits, 38400 baud.
func (t *Terminal) terminalParameters(n int) {
	if n <= 1 {
		t.replyf("\x1b[%d;1;1;128;128;1;0x", n+2)
	}
}

// reportSize is the report of mode 2048.
func (t *Terminal) reportSize() {
	t.replyf("\x1b[48;%d;%d;%d;%dt", t.rows, t.cols, t.rows*t.o.CellHeight, t.cols*t.o.CellWidth)
}

// window obeys XTWINOPS, as far as there is something to tell without a window.
func (t *Terminal) window(a *params) {
	switch n := a.at(0, 0); n {
	case 8:
		t.notify(Event{Kind: SizeEvent, Rows: a.at(1, 0), Cols: a.at(2, 0)})
	case 11:
		t.reply([]byte("\x1b[1t"))
	case 13:
		t.reply([]byte("\x1b[3;0;0t"))
	case 14:
		t.replyf("\x1b[4;%d;%dt", t.rows*t.o.CellHeight, t.cols*t.o.CellWidth)
	case 15:
		t.replyf("\x1b[5;%d;%dt", t.rows*t.o.CellHeight, t.cols*t.o.CellWidth)
	case 16:
		t.replyf("\x1b[6;%d;%dt", t.o.CellHeight, t.o.CellWidth)
	case 18:
		t.replyf("\x1b[8;%d;%dt", t.rows, t.cols)
	case 19:
		t.replyf("\x1b[9;%d;%dt", t.rows, t.cols)
	case 20, 21:
		name, title := byte('L'), t.icon
		if n == 21 {
			name, title = 'l', t.title
		}
		if !t.o.ReportTitle {
			title = ""
		}
		t.replyf("\x1b]%c%s\x1b\\", name, title)
	case 22:
		t.pushTitle(a.at(1, 0))
	case 23:
		t.popTitle(a.at(1, 0))
	default:
		if n >= 24 {
			t.notify(Event{Kind: SizeEvent, Rows: n})
		} else {
			t.count.Unknown++
		}
	}
}

// pushTitle and popTitle keep titles on a stack: 0 both, 1 the icon's, 2 the
// window's.
func (t *Terminal) pushTitle(which int) {
	push := func(stack *[]string, s string) {
		*stack = append(*stack, s)
		if len(*stack) > MaxTitleStack {
			*stack = append((*stack)[:0], (*stack)[1:]...)
			t.count.Truncated++
		}
	}
	if which != 2 {
		push(&t.icons, t.icon)
	}
	if which != 1 {
		push(&t.titles, t.title)
	}
}

func (t *Terminal) popTitle(which int) {
	if n := len(t.icons); n > 0 && which != 2 {
		t.setIcon(t.icons[n-1])
		t.icons = t.icons[:n-1]
	}
	if n := len(t.titles); n > 0 && which != 1 {
		t.setTitle(t.titles[n-1])
		t.titles = t.titles[:n-1]
	}
}

func (t *Terminal) setTitle(s string) {
	t.title = s
	t.changed = true
	t.notify(Event{Kind: TitleEvent, Text: s})
}

func (t *Terminal) setIcon(s string) {
	t.icon = s
	t.changed = true
	t.notify(Event{Kind: IconTitleEvent, Text: s})
}
