package vt

import "testing"

// A terminal that was in other hands takes the modes and nothing else.
func TestRedrawModes(t *testing.T) {
	in := New(20, 4, Options{})
	in.Write([]byte("text\x1b[?1h\x1b[?2004h\x1b[?1002h\x1b[?1006h\x1b[>4;2m\x1b[=5u\x1b[4 q\x1b[?25l\x1b]2;title\a\x1b="))
	out := New(20, 4, Options{})
	out.Write([]byte("other\r\ntext"))
	out.Write(in.RedrawModes())
	if out.LineText(0) != "other" || out.LineText(1) != "text" || out.Cursor().X != 4 || out.Cursor().Y != 1 {
		t.Errorf("it drew: %q, %+v", out.Text(false), out.Cursor())
	}
	if out.Modes() != in.Modes() || out.Title() != "title" || out.Cursor().Visible || out.Cursor().Shape != in.Cursor().Shape {
		t.Errorf("%+v %q %+v, want %+v %+v", out.Modes(), out.Title(), out.Cursor(), in.Modes(), in.Cursor())
	}
}
