package vt

import (
	"fmt"
	"math"
	"runtime"
	"strings"
	"testing"
)

func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// 10,000 lines of 80 coloured columns take less than 12 MB of heap.
func TestScrollbackIsCompact(t *testing.T) {
	before := heap()
	v := New(80, 24, Options{})
	for i := range 10_024 {
		fmt.Fprintf(v, "\x1b[32m%6d\x1b[m \x1b[1;38;5;%dm%-70.70s\x1b[m\r\n", i, i%256, strings.Repeat("some text ", 7))
	}
	if n := v.ScrollbackLines(); n < 10_000 {
		t.Errorf("%d lines are kept", n)
	}
	grown := int64(heap()) - int64(before)
	t.Logf("%d lines take %d KB, by our own account %d KB", v.ScrollbackLines(), grown>>10, v.lines.bytes>>10)
	if grown > 12_000_000 {
		t.Errorf("the heap grew by %d bytes", grown)
	}
	runtime.KeepAlive(v)
}

// Whatever comes, the scrollback and the tables keep to their limits.
func TestMemoryIsBounded(t *testing.T) {
	long := strings.Repeat("x", 1500)
	for name, line := range map[string]func(i int) string{
		"plain":   func(int) string { return strings.Repeat("y", 100) },
		"empty":   func(int) string { return "" },
		"colours": func(i int) string { return fmt.Sprintf("\x1b[38;2;%d;%d;%dmcolour", i>>16&255, i>>8&255, i&255) },
		"links":   func(i int) string { return fmt.Sprintf("\x1b]8;;http://host/%d/%s\alink", i, long) },
		"clusters": func(i int) string {
			return fmt.Sprintf("e%s", string([]rune{0x300 + rune(i%64), 0x300 + rune(i/64%64), 0x300 + rune(i/4096%64)}))
		},
		"zalgo":  func(int) string { return "e" + strings.Repeat("\u0301", 100) },
		"titles": func(i int) string { return fmt.Sprintf("\x1b]2;%d%s\a\x1b[22t\x1b[>1u", i, long) },
	} {
		t.Run(name, func(t *testing.T) {
			const limit = 256 << 10
			before := heap()
			v := New(40, 5, Options{Scrollback: limit})
			for i := range 5_000 {
				v.Write([]byte(line(i) + "\r\n"))
			}
			if v.lines.bytes > limit {
				t.Errorf("the scrollback says %d bytes", v.lines.bytes)
			}
			if n := len(v.tab.pens) + len(v.tab.links) + len(v.tab.clusters); n > 3*tableMark+100 {
				t.Errorf("%d entries in the tables", n)
			}
			// The tables may hold some thousand links besides.
			if grown := int64(heap()) - int64(before); grown > 4*limit+tableMark*int64(MaxLink) {
				t.Errorf("the heap grew by %d bytes", grown)
			}
			if e := broken(v); e != "" {
				t.Error(e)
			}
		})
	}
}

func TestLimits(t *testing.T) {
	var said int
	v := New(80, 24, Options{ReplyLimit: 100, Reply: func(b []byte) { said += len(b) }})
	v.Write([]byte(strings.Repeat("\x1b[6n", 1000)))
	if c := v.Counters(); said > 100 || said < 90 || c.Replies == 0 || v.QueryCount() != 1000 {
		t.Errorf("%d bytes of answers, %+v, %d questions", said, c, v.QueryCount())
	}
	v.Write([]byte("\x1b[6n"))
	if said <= 100 {
		t.Error("the limit is for one Write")
	}
	v.Write([]byte("\x1b]2;" + strings.Repeat("ä", 5000) + "\a"))
	if n := len(v.Title()); n > MaxTitle || n < MaxTitle-1 {
		t.Errorf("a title of %d bytes", n)
	}
	v.Write([]byte("\x1b[" + strings.Repeat("1;", 100) + "31mx\x1b[99999999999999999999Cy"))
	if v.x != 79 {
		t.Errorf("column %d after a large number", v.x)
	}
	var clip int
	w := New(80, 24, Options{Notify: func(e Event) { clip = len(e.Data) }})
	w.Write([]byte("\x1b]52;c;" + strings.Repeat("QUFB", MaxClipboard/4-10) + "\a"))
	if clip < MaxClipboard/2 {
		t.Errorf("%d bytes for the clipboard", clip)
	}
	clip = 0
	w.Write([]byte("\x1b]52;c;" + strings.Repeat("QUFB", MaxClipboard) + "\a"))
	if clip != 0 || w.Counters().Truncated != 1 || cap(w.p.buf) > 2*MaxString {
		t.Errorf("%d bytes for the clipboard, %+v, %d bytes kept", clip, w.Counters(), cap(w.p.buf))
	}
	for _, c := range [][4]int{{0, 0, 1, 1}, {-5, 7, 1, 7}, {math.MaxInt, math.MaxInt, MaxCols, MaxCells / MaxCols}, {80, math.MaxInt, 80, MaxRows}} {
		cols, rows := clampSize(c[0], c[1])
		if cols != c[2] || rows != c[3] {
			t.Errorf("%dx%d becomes %dx%d", c[0], c[1], cols, rows)
		}
	}
}

func TestNoScrollback(t *testing.T) {
	v := New(10, 2, Options{Scrollback: -1})
	v.Write([]byte("1\r\n2\r\n3\r\n4"))
	v.Resize(5, 4)
	if n := v.ScrollbackLines(); n != 0 || v.Scrolled() != 2 || trimLines(v.Text(true)) != "3\n4" {
		t.Errorf("%d lines, %d scrolled, %q", n, v.Scrolled(), v.Text(true))
	}
}

func TestGenerationAndDirty(t *testing.T) {
	v := New(10, 4, Options{})
	g := v.Generation()
	same := func(in string) {
		t.Helper()
		v.Write([]byte(in))
		if v.Generation() != g {
			t.Errorf("%q changes the generation", in)
		}
	}
	dirty := func(in string, want ...int) {
		t.Helper()
		v.Write([]byte(in))
		got := v.Dirty(g)
		if v.Generation() == g || fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%q: generation %d after %d, dirty %v, want %v", in, v.Generation(), g, got, want)
		}
		g = v.Generation()
	}
	same("")
	same("\x1b[31m\x1b[c")
	dirty("a", 0)
	dirty("\x1b[3;1Hb\x1b[1;1Hc", 0, 2)
	dirty("\x1b[4;1H")
	dirty("\n", 0, 1, 2, 3)
	dirty("\x1b[2;3r\x1b[3;1H\n", 1, 2)
	dirty("\x1b[?25l")
	same("\x1b[?25l")
	if v.LineText(1) != "" || v.LineText(0) != "" || v.LineText(9) != "" {
		t.Errorf("%q", v.Text(false))
	}
	v.Write([]byte("\x1b[r\x1b[H0123456789ab"))
	if !v.Wraps(0) || v.Wraps(1) || v.Wraps(-1) || v.Wraps(3) || string(v.AppendLine([]byte(">"), 1)) != ">ab" {
		t.Errorf("%q", v.Text(false))
	}
	if j := v.JoinedText(false); !strings.HasPrefix(j, "0123456789ab\n") {
		t.Errorf("%q", j)
	}
}

func TestPending(t *testing.T) {
	for _, in := range []string{"", "\x1b", "\x1b[", "\x1b[1;3", "\x1b[?25", "\x1b[4:3", "\x1b[1 ", "\x1b]2;ti", "\x1b]2;ti\x1b", "\x1bP$q", "\x1bP+q54", "\xe6\x97", "\xf0\x9f\x98", "\x1b(", "\x1b["} {
		v := New(10, 2, Options{})
		v.Write([]byte("x" + in))
		if got := string(v.Pending()); got != in {
			t.Errorf("after %q %q is pending", in, got)
		}
	}
}

// The newest lines of the scrollback land in that of the terminal that is drawn on,
// the main screen below the alternate one.
func TestRedrawWithScrollback(t *testing.T) {
	v := New(10, 3, Options{})
	for i := range 20 {
		fmt.Fprintf(v, "line %d\r\n", i)
	}
	fmt.Fprint(v, "$ \x1b[?1049h\x1b[2;3Heditor")
	outer := New(10, 3, Options{})
	outer.Write(v.Redraw(RedrawOptions{Scrollback: 5}))
	if got, want := outer.Text(false), v.Text(false); got != want {
		t.Errorf("the screen is %q, want %q", got, want)
	}
	if n := outer.ScrollbackLines(); n != 5 {
		t.Errorf("%d lines in the scrollback", n)
	}
	for _, w := range []*Terminal{v, outer} {
		w.Write([]byte("\x1b[?1049l"))
	}
	if got, want := outer.Text(true), "line 13\nline 14\nline 15\nline 16\nline 17\nline 18\nline 19\n$\n"; got != want {
		t.Errorf("afterwards %q, want %q", got, want)
	}
	if outer.Cursor() != v.Cursor() {
		t.Errorf("the cursor is %+v, want %+v", outer.Cursor(), v.Cursor())
	}
}
