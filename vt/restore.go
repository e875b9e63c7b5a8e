package vt

import (
	"encoding/hex"
	"strconv"
	"strings"
)

// oscRestore is an operating system command of our own, by which Dump says what no
// other sequence can. Other terminals ignore it. It is harmless in the hands of a
// program: it can say nothing that the program could not bring about otherwise.
//
//	OSC 7765 ; key[=value] [; key[=value]]... ST
//
//	c        the cursor's row goes on from the one above
//	m=N      its mark; p: it holds the latest prompt
//	w        the last column is written, the next character wraps
//	o        the character before the cursor was written just now
//	e=N      N cells with nothing in them but the style of the pen
//	t=W.HEX  a cell W columns wide, with this text
//	s=N.V    mode N is kept (XTSAVE) as V, 0 or 1
//	q=S,E,K,C,B  of the latest prompt: state, status, whether it is known, count, whether ends are told
const oscRestore = 7765

func (t *Terminal) restore(s string) {
	for item := range strings.SplitSeq(s, ";") {
		key, val, _ := strings.Cut(item, "=")
		row := t.scr.rowMeta(t.y)
		n, err := strconv.Atoi(val)
		switch key {
		case "c":
			row.cont = true
		case "m":
			if err == nil && n >= 0 && n <= int(CommandDone) {
				row.mark = Mark(n)
			}
		case "p":
			for i := range t.scr.meta {
				t.scr.meta[i].prompt = false
			}
			row.prompt = true
		case "w":
			t.pending = true
		case "o":
			t.open = t.x > 0 || t.pending
		case "e":
			if err == nil && n > 0 {
				t.putEmpty(n)
			}
		case "t":
			t.putText(val)
		case "s":
			mode, v, _ := strings.Cut(val, ".")
			if n, err := strconv.Atoi(mode); err == nil {
				t.keepModeAs(n, v == "1")
			}
		case "q":
			t.restorePrompt(strings.Split(val, ","))
		}
	}
	t.touch(t.y)
}

// putEmpty makes n cells from the cursor on empty, in the style of the pen, and
// goes past them.
func (t *Terminal) putEmpty(n int) {
	if t.penDirty {
		t.syncPen()
	}
	row := t.scr.row(t.y)
	n = min(n, t.cols-t.x)
	c := cell{style: t.style}
	cut(row, t.x, c)
	cut(row, t.x+n, c)
	fill(row[t.x:t.x+n], c)
	t.x = min(t.x+n, t.cols-1)
	t.pending = false
}

func (t *Terminal) putText(val string) {
	w, h, _ := strings.Cut(val, ".")
	text, err := hex.DecodeString(h)
	if err != nil || len(text) == 0 || len(text) > MaxCluster || w != "1" && w != "2" {
		return
	}
	s := t.clean(text, MaxCluster)
	if s == "" {
		return
	}
	if t.penDirty || t.tab.full() {
		t.syncPen()
	}
	ch := t.tab.encode([]byte(s), 1)
	t.put(ch, int(w[0]-'0'))
	t.open = false
}

func (t *Terminal) keepModeAs(n int, on bool) {
	if s := t.modeState(n); s != 1 && s != 2 || n == 1048 {
		return
	}
	if t.savedModes == nil {
		t.savedModes = map[int]bool{}
	}
	t.savedModes[n] = on
}

func (t *Terminal) restorePrompt(f []string) {
	if len(f) != 5 {
		return
	}
	var v [5]int
	for i, s := range f {
		n, err := strconv.Atoi(s)
		if err != nil {
			return
		}
		v[i] = n
	}
	if v[0] < 0 || v[0] > int(CommandDone) || v[3] < 0 {
		return
	}
	t.prompt = Prompt{Seen: true, State: Mark(v[0]), Exit: v[1], Known: v[2] == 1, Count: v[3], Ends: v[4] == 1}
}
