package keys

import (
	"testing"

	"github.com/sluicerun/sluice/vt"
)

func TestDecode(t *testing.T) {
	for _, c := range []struct{ unit, want string }{
		{"\x1d", "Ctrl+]"}, {"\x1b[93;5u", "Ctrl+]"}, {"\x1b[27;5;93~", "Ctrl+]"}, {"\x1b[93;5:1u", "Ctrl+]"},
		{"\x1b[93;5:2u", "Ctrl+]"}, {"\x1b[93;5:3u", ""}, {"\x1b[93:125:93;5u", "Ctrl+]"}, {"\x1b[93;69u", "Ctrl+]"},
		{"\x1b[93;133u", "Ctrl+]"}, {"\x1b[1098::93;5u", "Ctrl+]"}, {"\x1b[1098;5u", "Ctrl+Ъ"},
		{"\x1c", "Ctrl+\\"}, {"\x1b[92;5u", "Ctrl+\\"}, {"\x1b[54:94;6u", "Ctrl+^"}, {"\x1b[27;6;94~", "Ctrl+^"}, {"\x1b[54;6u", "Ctrl+^"},
		{"\x1b[97;6u", "Ctrl+Shift+A"}, {"\x1b[27;6;65~", "Ctrl+Shift+A"}, {"\x1b[65;5u", "Ctrl+A"}, {"\x1b[97;2u", "A"}, {"\x1b[50:34;2u", "\""},
		{"\x1b[0;;229u", "å"}, {"\x1b[97;;97u", "a"}, {"\x1b[97;2;65u", "A"},
		{"a", "a"}, {"é", "é"}, {"\x1ba", "Alt+a"}, {"\x1bA", "Alt+Shift+A"}, {"\x1bé", "Alt+é"}, {"\x1b", "Escape"}, {"\x1b\x1b", "Alt+Escape"},
		{"\x1b[", "Alt+["}, {"\x1bO", "Alt+Shift+O"}, {"\x1bP", "Alt+Shift+P"}, {"\x1b]", "Alt+]"}, {"\x1b\r", "Alt+Enter"}, {"\x1b\x01", "Ctrl+Alt+A"},
		{"\x1b[A", "Up"}, {"\x1bOA", "Up"}, {"\x1b\x1b[A", "Alt+Up"}, {"\x1b\x1bOA", "Alt+Up"}, {"\x1b[1;5A", "Ctrl+Up"}, {"\x1b[1;9A", "Alt+Up"}, {"\x1b[1;1:3A", ""},
		{"\x1bOP", "F1"}, {"\x1bO5P", "Ctrl+F1"}, {"\x1b[11~", "F1"}, {"\x1b[[A", "F1"}, {"\x1b[[E", "F5"}, {"\x1b[13~", "F3"}, {"\x1b[1;2R", "Shift+F3"}, {"\x1b[1;1R", ""}, {"\x1b[2;5R", ""},
		{"\x1b[Z", "Shift+Tab"}, {"\x1b[1;5Z", "Ctrl+Shift+Tab"}, {"\x1b[1~", "Home"}, {"\x1b[7~", "Home"}, {"\x1b[4~", "End"}, {"\x1bOM", "KPEnter"}, {"\x1bOk", "KPAdd"},
		{"\x1b[57414u", "KPEnter"}, {"\x1b[57376;2u", "Shift+F13"}, {"\x1b[13;5u", "Ctrl+Enter"}, {"\x1b[27;5;8~", "Ctrl+Backspace"}, {"\x1b[127;5u", "Ctrl+Backspace"},
		{"\x00", "Ctrl+Space"}, {"\x1f", "Ctrl+_"}, {"\x7f", "Backspace"}, {"\x08", "Ctrl+H"}, {"\t", "Tab"}, {"\r", "Enter"}, {"\n", "Ctrl+J"},
		{"", ""}, {"ab", ""}, {"\xff", ""}, {"\x1b[I", ""}, {"\x1b[M !!", ""}, {"\x1b[<0;1;1M", ""}, {"\x1b[200~", ""}, {"\x1b[?1;2c", ""}, {"\x1b]11;rgb:0/0/0\x07", ""},
		{"\x1b[99999999999u", ""}, {"\x1b[97;5:4u", ""}, {"\x1b[97;999u", ""}, {"\x1b\x1b\x1b", ""}, {"\x1b[u", ""}, {"\u0085", ""},
	} {
		k, ok := Decode([]byte(c.unit), vt.Modes{})
		if ok != (c.want != "") || k.String() != c.want {
			t.Errorf("Decode(%q) = %v, %v; want %q", c.unit, k, ok, c.want)
		}
	}
	kitty := vt.Modes{Kitty: 1}
	if k, _ := Decode([]byte("\x1b[1;9A"), kitty); k != (Key{Up, Super}) {
		t.Errorf("with the kitty protocol 9 is Super, not %v", k)
	}
	backarrow := vt.Modes{BackarrowBS: true}
	for m, want := range map[vt.Modes]Key{backarrow: {Backspace, Ctrl}, {BackarrowBS: true, Kitty: 1}: {Code: Backspace}} {
		if k, _ := Decode([]byte{0x7f}, m); k != want {
			t.Errorf("7f with %+v is %v, not %v", m, k, want)
		}
	}
	if k, e, ok := DecodeEvent([]byte("\x1b[97;1:3u"), kitty); !ok || e != Release || k.String() != "a" {
		t.Errorf("a release: %v %v %v", k, e, ok)
	}
}

func TestMatches(t *testing.T) {
	for _, c := range []struct {
		key, unit string
		want      bool
	}{
		{"Ctrl+/", "\x1f", true}, {"Ctrl+_", "\x1f", true}, {"Ctrl+I", "\t", true}, {"Tab", "\t", true}, {"Ctrl+3", "\x1b", true},
		{"Ctrl+I", "\x1b[9u", false}, {"Ctrl+I", "\x1b[105;5u", true}, {"KP5", "5", false}, {"5", "5", true}, {"KPEnter", "\r", false},
		{"Ctrl+]", "\x1b[93;5:3u", false}, {"Alt+a", "\x1ba", true}, {"Alt+a", "a", false}, {"MediaPlay", "", false},
	} {
		k, err := Parse(c.key)
		if err != nil {
			t.Fatal(err)
		}
		if got := k.Matches([]byte(c.unit), vt.Modes{}); got != c.want {
			t.Errorf("%s matches %q: %v", c.key, c.unit, got)
		}
	}
}

func FuzzDecode(f *testing.F) {
	for _, s := range []string{"\x1b[93;5u", "\x1b[27;5;93~", "\x1b[97:65:99;6:1;65u", "\x1b\x1b[A", "\x1bO5P", "\x1b[[A", "é", "\x1b", "\x1b[;;;;u", "\x1b[57441;2:3u"} {
		f.Add([]byte(s), uint8(0))
		f.Add([]byte(s), uint8(31))
	}
	f.Fuzz(func(t *testing.T, b []byte, flags uint8) {
		m := vt.Modes{Kitty: flags & 31, BackarrowBS: flags&32 != 0, Newline: flags&64 != 0}
		k, ok := Decode(b, m)
		if !ok {
			return
		}
		if back, err := Parse(k.String()); err != nil || back != k {
			t.Fatalf("%q decodes to %#v, whose name %q gives %#v, %v", b, k, k.String(), back, err)
		}
		if !k.Matches(b, m) {
			t.Fatalf("%v does not match %q", k, b)
		}
	})
}
