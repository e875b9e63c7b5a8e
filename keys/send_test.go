package keys

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/sluicerun/sluice/vt"
)

func TestPaste(t *testing.T) {
	on := vt.Modes{BracketedPaste: true}
	for _, c := range []struct {
		in   string
		o    PasteOptions
		m    vt.Modes
		want string
	}{
		{"a\nb\r\nc\rd\te", PasteOptions{}, vt.Modes{}, "a\rb\rc\rd\te"},
		{"a\nb", PasteOptions{}, on, "\x1b[200~a\rb\x1b[201~"},
		{"a\r\nb", PasteOptions{KeepNewlines: true}, vt.Modes{}, "a\r\nb"},
		{"a\nb", PasteOptions{Raw: true}, on, "a\rb"},
		{"x\x1b[201~rm\n", PasteOptions{}, on, "\x1b[200~xrm\r\x1b[201~"},
		{"x\x1b[20\x1b[201~1~y", PasteOptions{KeepControl: true}, on, "\x1b[200~xy\x1b[201~"},
		{"x\x1b[20\x1b[20\x1b[200~0~1~y", PasteOptions{KeepControl: true}, on, "\x1b[200~xy\x1b[201~"},
		{"x\x1b[20\x001~y", PasteOptions{}, on, "\x1b[200~xy\x1b[201~"},
		{"x\u009b201~y\x9b201~z", PasteOptions{KeepControl: true}, on, "\x1b[200~xyz\x1b[201~"},
		{"x\x1b[31my\x03\x7f\u0085\x85", PasteOptions{}, vt.Modes{}, "x[31my"},
		{"x\x1b[31my\x03", PasteOptions{KeepControl: true}, vt.Modes{}, "x\x1b[31my\x03"},
		{"é世\xff", PasteOptions{}, vt.Modes{}, "é世\xff"},
		{"", PasteOptions{}, on, "\x1b[200~\x1b[201~"},
	} {
		if got := c.o.Paste([]byte(c.in), c.m); string(got) != c.want {
			t.Errorf("%q, %+v: %q; want %q", c.in, c.o, got, c.want)
		}
	}
}

func FuzzPaste(f *testing.F) {
	for _, s := range []string{"a\x1b[20\x1b[201~1~", "\xc2\x1b\x9b201~", "\xc2\x00\x9b200~", "a\r\nb", "\u009b20\x9b201~1~"} {
		f.Add([]byte(s), true)
		f.Add([]byte(s), false)
	}
	f.Fuzz(func(t *testing.T, in []byte, keep bool) {
		got := PasteOptions{KeepControl: keep}.Paste(in, vt.Modes{BracketedPaste: true})
		body, ok := bytes.CutPrefix(got, []byte("\x1b[200~"))
		body, ok2 := bytes.CutSuffix(body, []byte(pasteEnd))
		if !ok || !ok2 {
			t.Fatalf("%q became %q", in, got)
		}
		for _, mark := range pasteMarks {
			if mark[0] != 0x9b && bytes.Contains(body, []byte(mark)) {
				t.Fatalf("%q became %q", in, got)
			}
		}
		if !keep && bytes.ContainsAny(body, "\x1b\x00\x03\u009b\n") {
			t.Fatalf("%q became %q", in, got)
		}
		if len(body) > len(in) {
			t.Fatalf("%q grew to %q", in, got)
		}
	})
}

func TestMouse(t *testing.T) {
	sgr := func(mode vt.MouseMode) vt.Modes { return vt.Modes{Mouse: mode, MouseEncoding: vt.MouseSGR} }
	form := func(e vt.MouseEncoding) vt.Modes { return vt.Modes{Mouse: vt.MouseAny, MouseEncoding: e} }
	scroll := vt.Modes{AltScroll: true, AltScreen: true}
	for _, c := range []struct {
		e    Mouse
		m    vt.Modes
		want string // bytes, or ! and the beginning of the error
	}{
		{Mouse{Button: LeftButton, Action: MouseClick, X: 4, Y: 2}, sgr(vt.MouseNormal), "\x1b[<0;5;3M\x1b[<0;5;3m"},
		{Mouse{Button: RightButton, Action: MouseClick, X: 4, Y: 2, Mods: Ctrl | Alt | Shift}, sgr(vt.MouseNormal), "\x1b[<30;5;3M\x1b[<30;5;3m"},
		{Mouse{Button: MiddleButton, Action: MousePress}, form(vt.MouseLegacy), "\x1b[M!!!"},
		{Mouse{Button: MiddleButton, Action: MouseRelease}, form(vt.MouseLegacy), "\x1b[M#!!"},
		{Mouse{Button: LeftButton, Action: MouseClick, X: 9}, form(vt.MouseURXVT), "\x1b[32;10;1M\x1b[35;10;1M"},
		{Mouse{Button: LeftButton, Action: MousePress, X: 222, Y: 222}, form(vt.MouseLegacy), "\x1b[M \xff\xff"},
		{Mouse{Button: LeftButton, Action: MousePress, X: 223}, form(vt.MouseLegacy), "!cannot send the mouse at column 223, row 0: the program asked for its old form of reports, which end at 222"},
		{Mouse{Button: LeftButton, Action: MousePress, X: 223}, form(vt.MouseUTF8), "\x1b[M \u0100!"},
		{Mouse{Button: LeftButton, Action: MousePress, Y: 2015}, form(vt.MouseUTF8), "!cannot send the mouse at column 0, row 2015"},
		{Mouse{Button: LeftButton, Action: MousePress, X: 2, Y: 1, CellWidth: 10, CellHeight: 20}, form(vt.MouseSGRPixel), "\x1b[<0;26;31M"},
		{Mouse{Button: LeftButton, Action: MousePress}, form(vt.MouseSGRPixel), "!cannot send the mouse: the program wants its place in pixels"},
		{Mouse{Action: MouseMove, X: 1}, sgr(vt.MouseAny), "\x1b[<35;2;1M"},
		{Mouse{Button: LeftButton, Action: MouseMove, X: 1}, sgr(vt.MouseButton), "\x1b[<32;2;1M"},
		{Mouse{Action: MouseMove, X: 1}, sgr(vt.MouseButton), "!cannot move the mouse: the program asked for movement with a button held only"},
		{Mouse{Action: MouseMove, X: 1}, sgr(vt.MouseNormal), "!cannot move the mouse: the program asked for its buttons only"},
		{Mouse{Button: LeftButton, Action: MouseDrag, ToX: 3}, sgr(vt.MouseButton), "\x1b[<0;1;1M\x1b[<32;4;1M\x1b[<0;4;1m"},
		{Mouse{Button: LeftButton, Action: MouseDrag, ToX: 3}, sgr(vt.MouseNormal), "\x1b[<0;1;1M\x1b[<0;4;1m"},
		{Mouse{Button: LeftButton, Action: MouseDrag, ToX: 3}, vt.Modes{Mouse: vt.MouseX10}, "!cannot release a button"},
		{Mouse{Button: LeftButton, Action: MouseClick, Mods: Ctrl}, vt.Modes{Mouse: vt.MouseX10}, "\x1b[M !!"},
		{Mouse{Button: WheelUp, Action: MouseScroll, Count: 2}, sgr(vt.MouseNormal), "\x1b[<64;1;1M\x1b[<64;1;1M"},
		{Mouse{Button: WheelRight, Action: MouseScroll}, sgr(vt.MouseNormal), "\x1b[<67;1;1M"},
		{Mouse{Button: Button8, Action: MousePress}, sgr(vt.MouseNormal), "\x1b[<128;1;1M"},
		{Mouse{Button: WheelDown, Action: MouseScroll, Count: 3}, scroll, "\x1b[B\x1b[B\x1b[B"},
		{Mouse{Button: WheelUp, Action: MouseScroll}, vt.Modes{AltScroll: true, AltScreen: true, AppCursor: true}, "\x1bOA"},
		{Mouse{Button: WheelLeft, Action: MouseScroll}, scroll, "!cannot scroll sideways"},
		{Mouse{Button: WheelUp, Action: MouseScroll}, vt.Modes{AltScroll: true}, "!cannot send the mouse: the program did not ask for it"},
		{Mouse{Button: LeftButton, Action: MouseClick}, scroll, "!cannot send the mouse: the program did not ask for it"},
		{Mouse{Button: LeftButton, Action: MouseScroll}, sgr(vt.MouseAny), "!only the wheel scrolls"},
		{Mouse{Button: WheelUp, Action: MouseClick}, sgr(vt.MouseAny), "!the wheel is only turned"},
		{Mouse{Action: MouseClick}, sgr(vt.MouseAny), "!no button of the mouse is named"},
		{Mouse{Button: LeftButton, Action: MouseClick, X: -1}, sgr(vt.MouseAny), "!the mouse cannot be outside of the screen"},
		{Mouse{Button: LeftButton, Action: MouseClick, Mods: Super}, sgr(vt.MouseAny), "!cannot send the mouse with Super"},
		{Mouse{Button: WheelUp, Action: MouseScroll, Count: MaxScroll + 1}, sgr(vt.MouseAny), "!cannot scroll 10001 times"},
		{Mouse{Button: 99}, sgr(vt.MouseAny), "!there is no such button"},
	} {
		got, err := c.e.Encode(c.m)
		if want, bad := strings.CutPrefix(c.want, "!"); bad {
			var e *Error
			if !errors.As(err, &e) || !strings.HasPrefix(e.Why, want) {
				t.Errorf("%+v: %q, %v; want %s", c.e, got, err, want)
			}
			continue
		}
		if err != nil || string(got) != c.want {
			t.Errorf("%+v: %q, %v; want %q", c.e, got, err, c.want)
			continue
		}
		// What is sent is cut into reports again.
		s := Splitter{UTF8Mouse: c.m.MouseEncoding == vt.MouseUTF8}
		for _, u := range s.Feed(got) {
			if c.m.Mouse != vt.MouseOff && u.Kind != MouseReport || s.Pending() != 0 {
				t.Errorf("%q has the unit %v %q", got, u.Kind, u.Bytes)
			}
		}
	}
}

func TestFocus(t *testing.T) {
	on := vt.Modes{FocusEvents: true}
	in, err1 := Focus(true, on)
	out, err2 := Focus(false, on)
	if string(in) != "\x1b[I" || string(out) != "\x1b[O" || err1 != nil || err2 != nil {
		t.Errorf("%q %v, %q %v", in, err1, out, err2)
	}
	if _, err := Focus(true, vt.Modes{}); err == nil {
		t.Error("focus was sent though nobody asked")
	}
}
