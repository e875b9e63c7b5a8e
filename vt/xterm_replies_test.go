package vt_test

import (
	"regexp"
	"strings"
	"testing"
)

// TestXtermReplies asks ours and @xterm/headless the same questions. Where the
// answers are meant to differ the reason stands with the question, and they do
// have to differ: a reason that no longer holds is an error.
func TestXtermReplies(t *testing.T) {
	type question struct {
		ask string
		why string
	}
	questions := []question{
		{"\x1b[5n", ""},
		{"\x1b[6n", ""},
		{"\x1b[?6n", "xterm tells the page, 1, as well when it is a VT420 or later, as ours is"},
		{"\x1b[3;5r\x1b[?6h\x1b[2;2H\x1b[6n", "xterm.js tells the row on the screen, xterm and DEC the row in the region"},
		{strings.Repeat("-", 80) + "\x1b[6n", "xterm.js tells a column that is not there"},
		{"\x1b[c", "xterm.js says VT100; ours has the functions of later ones"},
		{"\x1b[>c", "the version of xterm.js"},
		{"\x1b[18t", ""},
		{"\x1bP$qr\x1b\\", ""},
		{"\x1b[5;9r\x1bP$qr\x1b\\", ""},
		{"\x1bP$q q\x1b\\", ""},
		{"\x1b[4 q\x1bP$q q\x1b\\", "xterm.js tells the cursor of its options, not the one that was asked for"},
		{"\x1b[5 q\x1bP$q q\x1b\\", "xterm.js tells the cursor of its options, not the one that was asked for"},
		{"\x1bP$q\"q\x1b\\", ""},
		{"\x1b[1\"q\x1bP$q\"q\x1b\\", ""},
		{"\x1bP$qm\x1b\\", ""},
		{"\x1b[1;31m\x1bP$qm\x1b\\", "xterm.js always says 0"},
		{"\x1bP$qz\x1b\\", ""},
		{"\x1bP$q\"p\x1b\\", "xterm.js says level 1 of VT100"},
	}
	// DECRQM: of a fresh terminal, set, reset; the last two are not there.
	modes := []string{"?1", "?6", "?7", "?9", "?12", "?25", "?45", "?47", "?66", "?1000", "?1002", "?1003", "?1004", "?1006", "?1047", "?1049", "?2004", "?2026", "4", "20", "?9999", "99"}
	for _, m := range modes {
		questions = append(questions,
			question{"\x1b[" + m + "$p", ""},
			question{"\x1b[" + m + "h\x1b[" + m + "$p", ""},
			question{"\x1b[" + m + "h\x1b[" + m + "l\x1b[" + m + "$p", ""})
	}
	o := newOracle(t)
	for _, q := range questions {
		steps := []step{{New: &newStep{80, 24}}, {Write: []byte(q.ask)}, {Check: &checkStep{}}}
		shots, err := o.ask(steps)
		if err != nil {
			t.Fatalf("asking the oracle: %v", err)
		}
		want, got := shots[0].Replies, run(steps)[0].Replies
		same := string(want) == string(got)
		switch {
		case q.why == "" && !same:
			t.Errorf("asked %q, xterm.js answers %q, we answer %q", q.ask, want, got)
		case q.why != "" && same:
			t.Errorf("asked %q, both answer %q; this is no longer so: %s", q.ask, got, q.why)
		}
	}
}

// ownReplies are answers that depend on who answers, or that xterm.js without a
// screen does not give.
var ownReplies = regexp.MustCompile(`\x1b\[[?>=][0-9;]*c` + // device attributes
	`|\x1bP>\|[^\x1b]*\x1b\\` + // XTVERSION: not known to xterm.js 6.0
	`|\x1bP![|][^\x1b]*\x1b\\` + // DECRPTUI
	`|\x1bP[01]\+r[^\x1b]*\x1b\\` + // XTGETTCAP: not known to xterm.js
	`|\x1b\](4|1[0-9]);[^\x07\x1b]*(\x07|\x1b\\)` + // colours: its screen would know them
	`|\x1b\[>4;[0-9]m` + // XTQMODKEYS: not known to xterm.js
	`|\x1b\[\?[0-9]+u`) // keyboard flags: not known to xterm.js 6.0
