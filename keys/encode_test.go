package keys

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/sluicerun/sluice/vt"
)

const (
	disambiguate = vt.KittyDisambiguate
	everything   = vt.KittyDisambiguate | vt.KittyEvents | vt.KittyAlternates | vt.KittyAllKeys | vt.KittyText
)

func TestEncode(t *testing.T) {
	for _, c := range []struct {
		name string
		m    vt.Modes
		keys string // name=bytes, with blanks between; \e is ESC
	}{
		{"legacy", vt.Modes{}, `Ctrl+Space=\0 C-@=\0 C-/=\x1f C-_=\x1f C-^=\x1e C-6=\x1e C-?=\x7f C-BSpace=\x08 M-x=\ex M-Enter=\e\r
			F1=\eOP F4=\eOS F5=\e[15~ C-F1=\e[1;5P S-F12=\e[24;2~ F13=\e[25~ F20=\e[34~ F21=\e[42~ F35=\e[56~ Up=\e[A S-Up=\e[1;2A Home=\e[H
			Delete=\e[3~ C-Delete=\e[3;5~ PageUp=\e[5~ M-PageDown=\e[6;3~ S-Tab=\e[Z KP5=5 KPEnter=\r KPAdd=+ M-KP5=\e5 KPHome=\e[H KPBegin=\e[E
			é=é É=É M-é=\eé C-M-a=\e\x01 Escape=\e M-Escape=\e\e Menu=\e[29~`},
		{"DECCKM", vt.Modes{AppCursor: true}, `Up=\eOA Home=\eOH End=\eOF C-Up=\e[1;5A F1=\eOP PageUp=\e[5~`},
		{"DECKPAM", vt.Modes{AppKeypad: true}, `KP0=\eOp KP9=\eOy KP.=\eOn KP/=\eOo KP*=\eOj KP-=\eOm KP+=\eOk KPEnter=\eOM KP==\eOX KP,=\eOl 5=5`},
		{"DECBKM", vt.Modes{BackarrowBS: true}, `BSpace=\x08 C-BSpace=\x7f M-BSpace=\e\x08`},
		{"LNM", vt.Modes{Newline: true}, `Enter=\r\n KPEnter=\r\n C-m=\r M-Enter=\e\r\n`},
		{"modifyOtherKeys 1", vt.Modes{ModifyOtherKeys: 1}, `C-Enter=\e[27;5;13~ S-Enter=\e[27;2;13~ C-Tab=\e[27;5;9~ S-Tab=\e[Z C-a=\x01 M-a=\ea C-1=\e[27;5;49~ C-;=\e[27;5;59~ C-!=\e[27;6;33~ A=A`},
		{"modifyOtherKeys 2", vt.Modes{ModifyOtherKeys: 2}, `C-a=\e[27;5;97~ C-S-a=\e[27;6;65~ M-a=\e[27;3;97~ C-Escape=\e[27;5;27~ S-Space=\e[27;2;32~ A=A C-]=\e[27;5;93~ C-Up=\e[1;5A C-_=\e[27;6;95~ Escape=\e`},
		{"kitty disambiguate", vt.Modes{Kitty: disambiguate, AppCursor: true}, `a=a A=A Escape=\e[27u Enter=\r Tab=\t BSpace=\x7f C-Enter=\e[13;5u S-Tab=\e[9;2u C-a=\e[97;5u C-S-a=\e[97;6u M-a=\e[97;3u
			Up=\e[A C-Up=\e[1;5A F1=\e[P F3=\e[13~ C-F3=\e[13;5~ F13=\e[57376u KPEnter=\e[57414u KP5=5 S-KP0=\e[57399;2u C-!=\e[49;6u Super+a=\e[97;9u Menu=\e[57363u Hyper+F5=\e[15;17~ C-Space=\e[32;5u KPBegin=\e[E MediaPlay=\e[57428u`},
		{"kitty events", vt.Modes{Kitty: vt.KittyEvents}, `a=a C-a=\x01 Up=\e[A Escape=\e`},
		{"kitty alternates", vt.Modes{Kitty: disambiguate | vt.KittyAlternates}, `C-S-a=\e[97:65;6u C-!=\e[49:33;6u C-a=\e[97;5u`},
		{"kitty all", vt.Modes{Kitty: vt.KittyAllKeys}, `a=\e[97u A=\e[97;2u Enter=\e[13u Tab=\e[9u KP5=\e[57404u LeftShift=\e[57441u S-Space=\e[32;2u`},
		{"kitty everything", vt.Modes{Kitty: everything}, `a=\e[97;;97u A=\e[97:65;2;65u !=\e[49:33;2;33u C-a=\e[97;5u Enter=\e[13u é=\e[233;;233u KP5=\e[57404;;53u`},
	} {
		for field := range strings.FieldsSeq(c.keys) {
			i := strings.LastIndex(field, "=")
			want, err := Unescape(field[i+1:])
			if err != nil {
				t.Fatal(err)
			}
			k, err := Parse(field[:i])
			if err != nil {
				t.Fatal(err)
			}
			got, err := k.Encode(c.m)
			if err != nil || !bytes.Equal(got, want) {
				t.Errorf("%s: %v gives %q, %v; want %q", c.name, k, got, err, want)
			}
		}
	}
}

func TestEncodeRefuses(t *testing.T) {
	for _, c := range []struct {
		key  string
		m    vt.Modes
		near string
		why  string
	}{
		{"Ctrl+Enter", vt.Modes{}, "\r", "cannot send Ctrl+Enter: the program did not ask for a keyboard protocol that can tell it from Enter"},
		{"Ctrl+Shift+a", vt.Modes{}, "\x01", "cannot send Ctrl+Shift+A: the program did not ask for a keyboard protocol that can tell it from Ctrl+A"},
		{"Ctrl+;", vt.Modes{}, ";", "cannot send Ctrl+;: the program did not ask for a keyboard protocol that can tell it from ;"},
		{"Shift+Space", vt.Modes{Kitty: disambiguate}, " ", "cannot send Shift+Space: the program did not ask for a keyboard protocol that can tell it from Space"},
		{"Super+Ctrl+Enter", vt.Modes{}, "\r", "cannot send Ctrl+Super+Enter: the program did not ask for a keyboard protocol that can tell it from Ctrl+Enter"},
		{"Ctrl+KP5", vt.Modes{}, "5", "cannot send Ctrl+KP5: the program did not ask for a keyboard protocol that can tell it from KP5"},
		{"MediaPlay", vt.Modes{}, "", "cannot send MediaPlay: only terminals with the kitty keyboard protocol have bytes for this key"},
	} {
		k, err := Parse(c.key)
		if err != nil {
			t.Fatal(err)
		}
		_, err = k.Encode(c.m)
		var e *Error
		if !errors.As(err, &e) || e.Why != c.why || e.Hint == "" {
			t.Errorf("%s: %v", c.key, err)
		}
		near, err := k.EncodeWith(c.m, EncodeOptions{Approximate: true})
		if string(near) != c.near || (err == nil) != (c.near != "") {
			t.Errorf("%s: nearest %q, %v; want %q", c.key, near, err, c.near)
		}
	}
	if _, err := (Key{}).Encode(vt.Modes{}); err == nil {
		t.Error("the zero Key was sent")
	}
}

func TestEncodeEvents(t *testing.T) {
	events := vt.Modes{Kitty: vt.KittyDisambiguate | vt.KittyEvents}
	for _, c := range []struct {
		key  string
		m    vt.Modes
		e    Event
		want string
	}{
		{"a", events, Release, "\x1b[97;1:3u"},
		{"a", events, Repeat, "a"},
		{"Ctrl+a", events, Repeat, "\x1b[97;5:2u"},
		{"Up", events, Release, "\x1b[1;1:3A"},
		{"F3", events, Release, "\x1b[13;1:3~"},
		{"Enter", events, Release, ""},
		{"Enter", vt.Modes{Kitty: everything}, Release, "\x1b[13;1:3u"},
		{"a", vt.Modes{}, Release, ""},
		{"a", vt.Modes{}, Repeat, "a"},
		{"Ctrl+a", vt.Modes{Kitty: vt.KittyEvents}, Release, "\x1b[97;5:3u"},
		{"a", vt.Modes{Kitty: everything}, Repeat, "\x1b[97;1:2;97u"},
	} {
		k, _ := Parse(c.key)
		if got, err := k.EncodeWith(c.m, EncodeOptions{Event: c.e}); err != nil || string(got) != c.want {
			t.Errorf("%s, event %d, flags %d: %q, %v; want %q", c.key, c.e, c.m.Kitty, got, err, c.want)
		}
	}
}

// anyModes draws what changes keys.
func anyModes(t *rapid.T) vt.Modes {
	return vt.Modes{
		AppCursor:       rapid.Bool().Draw(t, "cursor"),
		AppKeypad:       rapid.Bool().Draw(t, "keypad"),
		BackarrowBS:     rapid.Bool().Draw(t, "backarrow"),
		Newline:         rapid.Bool().Draw(t, "newline"),
		ModifyOtherKeys: uint8(rapid.IntRange(0, 2).Draw(t, "other")),
		Kitty:           uint8(rapid.SampledFrom([]int{0, 0, 1, 3, 5, 8, 9, 15, 31}).Draw(t, "kitty")),
	}
}

// alike is the key that a program takes k for where both send the same bytes.
func alike(k Key, m vt.Modes) Key {
	if kittyOn(m) {
		if m.Kitty&vt.KittyAllKeys == 0 && k.Code >= KP0 && k.Code <= KPSeparator && k.Code != KPEnter && k.Mods == 0 {
			return Char(rune(keypadChars[k.Code-KP0]))
		}
		return k
	}
	var ctrl rune = -1
	if k.IsChar() && k.Mods&Ctrl != 0 {
		if c, ok := control(rune(k.Code)); ok {
			ctrl = rune(c)
		}
	}
	alt := k.Mods & Alt
	switch {
	case ctrl >= 0:
		d, _, _ := DecodeEvent([]byte{byte(ctrl)}, m)
		return plain(d, d.Mods|alt)
	case k.Code == Backspace && k.Mods&Ctrl != 0 && !m.BackarrowBS:
		return Key{'h', Ctrl | alt}
	case k.Code >= KP0 && k.Code <= KPSeparator && !m.AppKeypad:
		return char(rune(keypadChars[k.Code-KP0]), alt)
	case k.Code >= KPLeft && k.Code <= KPDelete:
		return Key{[...]Code{Left, Right, Up, Down, PageUp, PageDown, Home, End, Insert, Delete}[k.Code-KPLeft], k.Mods}
	case k.Code == F1+15:
		return Key{Menu, k.Mods}
	}
	return k
}

func TestDecodeEncoded(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		k, m := anyKey(t), anyModes(t)
		b, err := k.Encode(m)
		if err != nil {
			if b, err = k.EncodeWith(m, EncodeOptions{Approximate: true}); err == nil && len(b) == 0 {
				t.Fatalf("%v: nothing is nearest", k)
			}
			return
		}
		if len(b) == 0 {
			if k.Code < CapsLock || m.Kitty == 0 {
				t.Fatalf("%v: no bytes", k)
			}
			return
		}
		var s Splitter
		units := append(s.Feed(b), s.Flush()...)
		if len(units) != 1 && string(b) != "\r\n" && string(b) != "\x1b\r\n" {
			t.Fatalf("%v: %q is %d units", k, b, len(units))
		}
		got, ok := Decode(b, m)
		if !ok || got != k && got != alike(k, m) {
			t.Fatalf("%v in %+v: %q decodes to %v, %v; want %v", k, m, b, got, ok, alike(k, m))
		}
		if !k.Matches(b, m) && !(k.Code >= KP0 && k.Code <= KPDelete) {
			t.Fatalf("%v does not match %q", k, b)
		}
	})
}
