package vt

import (
	"bytes"
	"encoding/base64"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// osc obeys an operating system command. over says that bytes of it were left out.
func (t *Terminal) osc(buf []byte, over bool) {
	num, rest, _ := bytes.Cut(buf, []byte(";"))
	n, err := strconv.Atoi(string(num))
	if err != nil {
		t.count.Unknown++
		return
	}
	switch n {
	case 0, 1, 2:
		s := t.clean(rest, MaxTitle)
		if n != 1 {
			t.setTitle(s)
		}
		if n != 2 {
			t.setIcon(s)
		}
		return
	case 7:
		t.dir = t.clean(rest, MaxTitle)
		t.changed = true
		t.notify(Event{Kind: DirEvent, Text: t.dir})
		return
	}
	if over { // half of anything else would be something else
		return
	}
	switch n {
	case 4:
		t.oscPalette(string(rest))
	case 8:
		t.oscLink(rest)
	case 9:
		t.oscMessage(rest)
	case 10, 11, 12:
		t.oscColors(n, string(rest))
	case 22:
		t.notify(Event{Kind: PointerEvent, Text: t.clean(rest, MaxTitle)})
	case 52:
		t.oscClipboard(rest)
	case 104:
		t.resetPalette(string(rest))
	case 110:
		t.fg = t.o.Fg
		t.paletteChanged()
	case 111:
		t.bg = t.o.Bg
		t.paletteChanged()
	case 112:
		t.cc = t.o.Cursor
		t.paletteChanged()
	case 133, 633:
		t.oscPrompt(string(rest))
	case 777:
		if what, msg, _ := bytes.Cut(rest, []byte(";")); string(what) == "notify" {
			t.notify(Event{Kind: MessageEvent, Text: t.clean(bytes.Replace(msg, []byte(";"), []byte(": "), 1), MaxTitle)})
		}
	case oscRestore:
		t.restore(string(rest))
	default:
		t.count.Unknown++
	}
}

// clean makes text of at most limit bytes out of what a program sent: valid, and
// without characters that do things.
func (t *Terminal) clean(b []byte, limit int) string {
	s := string(b)
	if printable(b) < len(b) {
		s = strings.Map(func(r rune) rune {
			if unicode.IsControl(r) {
				return -1
			}
			return r
		}, strings.ToValidUTF8(s, "\uFFFD"))
	}
	if len(s) > limit {
		t.count.Truncated++
		s = s[:limit]
		for !utf8.ValidString(s) { // at most three times
			s = s[:len(s)-1]
		}
	}
	return s
}

// oscLink begins or ends a hyperlink: OSC 8 ; params ; address.
func (t *Terminal) oscLink(rest []byte) {
	args, uri, _ := bytes.Cut(rest, []byte(";"))
	t.penDirty = true
	t.pen.link = 0
	var id []byte
	for a := range bytes.SplitSeq(args, []byte(":")) {
		if v, ok := bytes.CutPrefix(a, []byte("id=")); ok {
			id = v
		}
	}
	if len(uri) > MaxLink || len(id) > MaxLink {
		t.count.Truncated++
		return
	}
	address := t.clean(uri, MaxLink)
	if address == "" {
		return
	}
	if t.tab.full() {
		t.sweep()
	}
	t.pen.link = t.tab.link(link{t.clean(id, MaxLink), address})
}

func (t *Terminal) oscMessage(rest []byte) {
	if arg, ok := bytes.CutPrefix(rest, []byte("4;")); ok { // ConEmu's progress
		st, pr, _ := strings.Cut(string(arg), ";")
		state, err := strconv.Atoi(st)
		if err != nil || state < 0 || state > 4 {
			return
		}
		n, _ := strconv.Atoi(pr) // missing: 0
		t.notify(Event{Kind: ProgressEvent, Exit: state, N: min(max(n, 0), 100)})
		return
	}
	t.notify(Event{Kind: MessageEvent, Text: t.clean(rest, MaxTitle)})
}

func (t *Terminal) oscClipboard(rest []byte) {
	sel, data, ok := bytes.Cut(rest, []byte(";"))
	if !ok {
		return
	}
	name := t.clean(sel, 16)
	if string(data) == "?" {
		t.notify(Event{Kind: ClipboardQuery, Text: name})
		return
	}
	// Anything that is no base64 clears the selection, says xterm's ctlseqs.
	clip, err := base64.StdEncoding.DecodeString(string(data))
	if err != nil {
		clip, err = base64.RawStdEncoding.DecodeString(string(data))
	}
	if err != nil {
		clip = nil
	}
	t.notify(Event{Kind: ClipboardEvent, Text: name, Data: clip})
}

// oscPrompt keeps what a shell tells of prompts and commands, in the form of
// FinalTerm: A prompt, B input, C output, D done and its status.
func (t *Terminal) oscPrompt(s string) {
	what, args, _ := strings.Cut(s, ";")
	var m Mark
	switch what {
	case "A", "N":
		for a := range strings.SplitSeq(args, ";") {
			if a == "k=s" || a == "k=c" { // the second line of an input
				return
			}
		}
		m = PromptStart
		t.prompt.Count++
		for i := range t.main.meta {
			t.main.meta[i].prompt = false
		}
		if t.scr == t.main {
			t.scr.rowMeta(t.y).prompt = true
		}
	case "B":
		m = InputStart
		t.prompt.Ends = true
	case "C":
		m = OutputStart
	case "D":
		m = CommandDone
		status, _, _ := strings.Cut(args, ";")
		n, err := strconv.Atoi(status)
		t.prompt.Exit, t.prompt.Known = 0, err == nil
		if err == nil {
			t.prompt.Exit = n
		}
	default:
		return
	}
	t.prompt.Seen = true
	t.prompt.State = m
	// A line can hold several: the end of one command, the next prompt and its
	// input. The prompt is what one looks for.
	if r := t.scr.rowMeta(t.y); markRank(m) >= markRank(r.mark) {
		r.mark = m
	}
	t.changed = true
	t.notify(Event{Kind: PromptEvent, Mark: m, Exit: t.prompt.Exit, Known: m == CommandDone && t.prompt.Known})
}

func markRank(m Mark) int { return int([...]uint8{0, 4, 1, 3, 2}[m]) }
