package vt

import (
	"fmt"
	"maps"
	"slices"
)

// palette writes the colours that differ from those a fresh terminal has.
func (d *drawer) palette() {
	t := d.t
	if t.palette != nil {
		for i, c := range t.palette {
			if c != defaultColor(i) {
				d.p = fmt.Appendf(d.p, "\x1b]4;%d;%s\x1b\\", i, formatColor(c))
			}
		}
	}
	for i, c := range [...][2]uint32{{t.fg, t.o.Fg}, {t.bg, t.o.Bg}, {t.cc, t.o.Cursor}} {
		if c[0] != c[1] {
			d.p = fmt.Appendf(d.p, "\x1b]%d;%s\x1b\\", 10+i, formatColor(c[0]))
		}
	}
}

// resetModes puts the modes that state writes only if they are set out of force.
func (d *drawer) resetModes() {
	d.p = append(d.p, "\x1b[?1l\x1b[?45l\x1b>\x1b[?67l\x1b[?9l\x1b[?1000l\x1b[?1002l\x1b[?1003l"...)
	d.p = append(d.p, "\x1b[?1004l\x1b[?1005l\x1b[?1006l\x1b[?1015l\x1b[?1016l\x1b[?2004l\x1b[>4;0m"...)
}

// state writes everything that does not belong to one screen, the cursor last.
func (d *drawer) state() {
	t := d.t
	d.tabs()
	d.titles()
	for _, n := range slices.Sorted(maps.Keys(t.savedModes)) {
		v := 0
		if t.savedModes[n] {
			v = 1
		}
		d.private(fmt.Sprintf("s=%d.%d", n, v))
	}
	if t.prompt.Seen {
		bit := map[bool]int{true: 1}
		p := t.prompt
		d.private(fmt.Sprintf("q=%d,%d,%d,%d,%d", p.State, p.Exit, bit[p.Known], p.Count, bit[p.Ends]))
	}
	if t.m.LeftRightMargin {
		d.p = append(d.p, "\x1b[?69h"...)
		if t.left != 0 || t.right != t.cols-1 {
			d.p = fmt.Appendf(d.p, "\x1b[%d;%ds", t.left+1, t.right+1)
		}
	}
	for _, n := range [...]int{1, 4, 5, 7, 8, 40, 45, 66, 67, 95, 1004, 1007, 1039, 1045, 2004, 2026, 2031, 2048} {
		if !d.exact && (n == 4 || n == 8 || n == 40 || n == 95 || n == 1039 || n >= 2026) {
			continue // what the outer terminal has to do is decided elsewhere
		}
		f, inv := t.flag(n)
		on := *f != inv
		if first := n == 7 || n == 1007; on != first {
			d.setMode(n, on)
		}
	}
	d.mouse()
	d.keyboard()
	if t.decsace {
		d.p = append(d.p, "\x1b[2*x"...)
	}
	if n := t.cursorStyle(); n != 2 || !d.exact {
		d.csi(n, " q")
	}
	if t.m.Newline {
		d.p = append(d.p, "\x1b[20h"...)
	}
	d.cursor()
}

// setMode is mode, but for another terminal in the form that all know.
func (d *drawer) setMode(n int, on bool) {
	switch {
	case n != 66 || d.exact:
		d.mode(n, on)
	case on:
		d.p = append(d.p, "\x1b="...)
	default:
		d.p = append(d.p, "\x1b>"...)
	}
}

func (d *drawer) mouse() {
	for n := range 10000 {
		if m, ok := mouseMode(n); ok && m == d.t.m.Mouse {
			d.mode(n, true)
		}
		if e, ok := mouseEncoding(n); ok && e == d.t.m.MouseEncoding {
			d.mode(n, true)
		}
	}
}

func (d *drawer) keyboard() {
	if n := d.t.m.ModifyOtherKeys; n != 0 {
		d.p = fmt.Appendf(d.p, "\x1b[>4;%dm", n)
	}
	if !d.exact {
		d.p = fmt.Appendf(d.p, "\x1b[=%d;1u", d.t.kittyFlags())
	}
}

func (d *drawer) mode(n int, on bool) {
	f := "l"
	if on {
		f = "h"
	}
	d.csi2('?', n, f)
}

func (d *drawer) csi2(prefix byte, n int, f string) {
	d.p = append(appendInt(append(d.p, 0x1b, '[', prefix), n), f...)
}

func (d *drawer) tabs() {
	t := d.t
	same := true
	for x, on := range t.tabs {
		same = same && on == (x%8 == 0)
	}
	if same && d.exact {
		return
	}
	d.p = append(d.p, "\x1b[3g"...)
	for x, on := range t.tabs {
		if on {
			d.goTo(x, 0)
			d.p = append(d.p, "\x1bH"...)
		}
	}
}

func (d *drawer) titles() {
	t := d.t
	osc := func(n int, s string) { d.p = fmt.Appendf(d.p, "\x1b]%d;%s\x1b\\", n, s) }
	if d.exact {
		for _, s := range t.titles {
			osc(2, s)
			d.p = append(d.p, "\x1b[22;2t"...)
		}
		for _, s := range t.icons {
			osc(1, s)
			d.p = append(d.p, "\x1b[22;1t"...)
		}
	}
	if t.title != "" || len(t.titles) > 0 {
		osc(2, t.title)
	}
	if t.icon != "" || len(t.icons) > 0 {
		osc(1, t.icon)
	}
	if t.dir != "" {
		osc(7, t.dir)
	}
}

// cursor writes the cursor's place, the pen, the character sets, and the modes in
// which nothing could have been drawn.
func (d *drawer) cursor() {
	t := d.t
	if t.m.Origin {
		d.mode(6, true)
	}
	d.goTo(t.column(), t.line())
	if t.pending {
		d.pending(t.scr, t.x, t.y)
	}
	d.setPen(t.pen)
	if t.x11.noClusters {
		d.mode(2027, false)
	}
	if t.m.Insert {
		d.csi(4, "h")
	}
	if t.cs != newCharsets() {
		d.charsets(t.cs)
	}
	switch {
	case t.cursorHidden:
		d.mode(25, false)
	case !d.exact || t.pending: // in any case something after the character that pending wrote
		d.mode(25, true)
	}
	if t.open {
		d.private("o")
	}
}

// Pending returns the bytes of a control sequence, string or character that has
// come in part, as far as they still count: what a string lost to its limit is not
// among them. It is empty between sequences. Who joins now is sent Redraw, Pending,
// and then what follows.
func (t *Terminal) Pending() []byte {
	d := &drawer{t: t}
	d.pendingInput()
	return d.p
}

// pendingInput writes the bytes of a sequence that is not complete.
func (d *drawer) pendingInput() {
	q := &d.t.p
	switch q.state {
	case utf8Tail:
		d.p = append(d.p, q.u8.raw[:q.u8.n]...)
	case escape:
		d.p = append(d.p, 0x1b)
		d.intermediates()
	case csi, dcsHead:
		d.p = append(d.p, 0x1b, map[state]byte{csi: '[', dcsHead: 'P'}[q.state])
		if q.bad {
			d.p = append(d.p, "<<"...) // makes any sequence a bad one
			return
		}
		if q.prefix != 0 {
			d.p = append(d.p, q.prefix)
		}
		for i := range q.params.n {
			if i > 0 && q.params.isSub(i) {
				d.p = append(d.p, ':')
			} else if i > 0 {
				d.p = append(d.p, ';')
			}
			if q.params.v[i] != 0 || q.params.any && q.params.n == 1 {
				d.p = appendInt(d.p, int(q.params.v[i]))
			}
		}
		if q.params.cut {
			d.p = append(d.p, ';')
		}
		d.intermediates()
	case str:
		switch q.kind {
		case oscString:
			d.p = append(d.p, "\x1b]"...)
		case dcsString:
			d.p = append(d.p, 0x1b, 'P', q.dcs, 'q')
		default:
			d.p = append(d.p, "\x1b_"...)
		}
		for i, b := range q.buf {
			d.p = append(d.p, b)
			if b == 0xc2 && (i+1 == len(q.buf) || q.buf[i+1] == 0x9c) {
				// A control stood between them, or else it were U+009C.
				d.p = append(d.p, 0)
			}
		}
		if q.over {
			d.p = append(d.p, 'x')
		}
		if q.sawEsc {
			d.p = append(d.p, 0x1b)
		}
		if q.sawC2 {
			d.p = append(d.p, 0xc2)
		}
	}
}

func (d *drawer) intermediates() {
	for _, b := range [...]byte{d.t.p.inter1, d.t.p.inter} {
		if b != 0 {
			d.p = append(d.p, b)
		}
	}
}
