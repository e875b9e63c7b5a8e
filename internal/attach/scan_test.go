package attach

import (
	"testing"

	"github.com/sluicerun/sluice/internal/pty"
)

var scanCases = []struct {
	in     string
	modes  pty.Modes
	inside bool // not at a place for other text
}{
	{"plain\r\n", 0, false},
	{"\x1b[31mred\x1b[0m", 0, false},
	{"\x1b[31mred\x1b[m", 0, false},
	{"\x1b[0;1mbold", pty.Style, false},
	{"\x1b]8;;https://example.org\x1b\\x", pty.Style, false},
	{"\x1b]8;;https://example.org\ax\x1b]8;;\a", 0, false},
	{"\x1b[?1049h\x1b[?25l", pty.AltScreen | pty.CursorHidden, false},
	{"\x1b[?1049h\x1b[?25l\x1b[?25h\x1b[?1049l", 0, false},
	{"\x1b[?1000;1006h", pty.Mouse, false},
	{"\x1b[?1000;1006h\x1b[?1000l", pty.Mouse, false},
	{"\x1b[?1000;1006h\x1b[?1000;1006l", 0, false},
	{"\x1b[?2004h\x1b[?1004h\x1b[?1h\x1b=", pty.BracketedPaste | pty.Focus | pty.AppCursor | pty.AppKeypad, false},
	{"\x1b[>1u", pty.KittyKeyboard, false},
	{"\x1b[?u", 0, false},
	{"\x1b[>4;1m", pty.ModifyOtherKeys, false},
	{"\x1b[5 q", pty.CursorShape, false},
	{"\x1b[5 q\x1b[0 q", 0, false},
	{"\x1b[2;10r", pty.Margins, false},
	{"\x1b[r", 0, false},
	{"\x1b(0", pty.Charset, false},
	{"\x1b(B", 0, false},
	{"\x0e", pty.Charset, false},
	{"\x1b[4h\x1b[?7l\x1b[?5h\x1b[?6h", pty.InsertMode | pty.NoWrap | pty.ReverseVideo | pty.Origin, false},
	{"\x1b]11;#000000\a", pty.Palette, false},
	{"\x1b]11;?\a", 0, false},
	{"\x1b[22;0t", pty.TitlePushed, false},
	{"\x1b[22;0t\x1b[23;0t", 0, false},
	{"\x1b[?2026h\x1b[?2048h\x1b[?2031h", pty.SyncOutput | pty.ResizeReports | pty.ThemeReports, false},
	{"\x1b[?1049h\x1bc", 0, false},
	{"\x1bP+q544e\x1b\\\x1b[?1049h", pty.AltScreen, false},
	{"\x1b]0;title \x1b[?1049h", pty.AltScreen, false}, // a string that another sequence cuts off
	{"\x1b[?104\x189h", 0, false},
	{"\x1b", 0, true},
	{"\x1b[?10", 0, true},
	{"\x1b]0;tit", 0, true},
	{"\x1b]0;tit\x1b", 0, true},
	{"a\xe2\x82", 0, true},
	{"a\xe2\x82\xac", 0, false},
	{"\xe2\x82\x1b[m", 0, false},
	{"\xff\xfe", 0, false},
}

// Wherever the bytes are cut, the answer is the same.
func TestScan(t *testing.T) {
	for _, c := range scanCases {
		for cut := range len(c.in) + 1 {
			var s scan
			s.feed([]byte(c.in[:cut]))
			s.feed([]byte(c.in[cut:]))
			if s.modes != c.modes || s.ground() == c.inside {
				t.Errorf("%q cut at %d: %s, ground %v; want %s", c.in, cut, s.modes, s.ground(), c.modes)
			}
		}
	}
}

func FuzzScan(f *testing.F) {
	for _, c := range scanCases {
		f.Add([]byte(c.in), 3)
	}
	f.Fuzz(func(t *testing.T, p []byte, cut int) {
		var whole, cutUp scan
		whole.feed(p)
		if cut = min(max(cut, 1), 100); len(p) > 0 {
			for rest := p; len(rest) > 0; {
				n := min(cut, len(rest))
				cutUp.feed(rest[:n])
				rest = rest[n:]
			}
		}
		if whole.modes != cutUp.modes || whole.ground() != cutUp.ground() {
			t.Errorf("whole: %s, %v; in pieces of %d: %s, %v", whole.modes, whole.ground(), cut, cutUp.modes, cutUp.ground())
		}
		if len(whole.body) > maxBody {
			t.Errorf("%d bytes kept", len(whole.body))
		}
		// CAN and a character that is whole lead out of everything.
		if whole.feed([]byte("\x18x")); !whole.ground() {
			t.Error("not at the ground after CAN")
		}
	})
}
