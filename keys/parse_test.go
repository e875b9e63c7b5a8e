package keys

import (
	"errors"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestParse(t *testing.T) {
	for _, c := range []struct{ want, forms string }{
		{"Ctrl+C", "Ctrl+C ctrl+c CONTROL+c C-c C-C ^c ^C <C-c> <c-C> \\C-c 0x03 U+0003 C+c Ctrl-C"},
		{"Ctrl+Alt+X", "C-M-x M-C-x M-^x ctrl+alt+x Alt+Ctrl+X \\C-\\M-x \\M-\\C-x <C-A-x> Control+Meta+x option+ctrl+x"},
		{"Enter", "Enter Return CR RET enter ENTER <CR> <Enter> 0x0d U+D"},
		{"Escape", "Escape Esc ESC <Esc> 0x1b U+1B"},
		{"Backspace", "Backspace BSpace BS BackSpace 0x7f 0x7F"},
		{"Delete", "Delete Del DC"},
		{"Insert", "Insert Ins IC"},
		{"PageUp", "PageUp PgUp PPage Prior page_up Page_Up page-up"},
		{"PageDown", "PageDown PgDn NPage Next"},
		{"Shift+Tab", "BTab BackTab S-Tab Shift+Tab ISO_Left_Tab <S-Tab>"},
		{"Up", "Up ArrowUp up UP"},
		{"Space", "Space SPC U+20 0x20 space"},
		{"Ctrl+Space", "C-Space 0x00 ^@_ Nul C-SPC"},
		{"a", "a U+61 0x61"},
		{"A", "A S-a Shift+a Shift+A S-A U+41 0x41 shift+U+61"},
		{"Alt+a", "M-a A-a Alt+a"},
		{"Alt+Shift+A", "M-A Alt+A Alt+Shift+a M-S-a"},
		{"Ctrl+Shift+A", "Ctrl+Shift+a C-S-A Shift+Ctrl+a"},
		{"!", "! S-1 Shift+1 Shift+! exclam"},
		{"Ctrl+_", "C-_ ^_ Ctrl+Shift+- Ctrl+underscore 0x1f"},
		{"Ctrl+|", "C-| C-S-\\ S-0x1c"},
		{"+", "+ plus U+2B"},
		{"-", "- minus"},
		{"Ctrl++", "Ctrl++ C-+ Ctrl+plus"},
		{"Ctrl+-", "C-- Ctrl+-"},
		{"^", "^ asciicircum"},
		{"Ctrl+^", "^^ C-^ C-S-6"},
		{"<", "< <lt> <<> Less"},
		{">", "> <>>"},
		{"Ctrl+>", "<C->> C->"},
		{"F1", "F1 f1 <F1>"},
		{"F35", "F35"},
		{"Ctrl+Shift+F12", "C-S-F12 <C-S-F12> ctrl+shift+f12"},
		{"KP0", "KP0 KP_0 kp0 Numpad0"},
		{"KPMultiply", "KP* KPMultiply KP_Multiply"},
		{"KPAdd", "KP+ KP_Add"},
		{"KPSubtract", "KP- KP_Subtract"},
		{"KPEnter", "KPEnter KP_Enter NumpadEnter"},
		{"Ctrl+KPAdd", "C-KP+"},
		{"\U0001F600", "U+1F600 \U0001F600 u+1f600"},
		{"é", "é U+E9 U+00e9"},
		{"É", "É S-é"},
		{"Ctrl+É", "C-é C-É"},
		{"U+200B", "U+200B"},
		{"U+0301", "U+0301 \u0301"},
		{"Super+A", "Super+a D-A Cmd+a"},
		{"Super+Up", "Super+Up win+up"},
		{"LeftCtrl", "LeftCtrl Control_L"},
		{"Menu", "Menu ContextMenu"},
		{"Ctrl+J", "NL LF 0x0a Linefeed"},
	} {
		for _, form := range strings.Fields(c.forms) {
			if form == "^@_" {
				form = "^@"
				if k, err := Parse(form); err != nil || k != (Key{'@', Ctrl}) {
					t.Errorf("Parse(%q) = %v, %v", form, k, err)
				}
				continue
			}
			k, err := Parse(form)
			if err != nil || k.String() != c.want {
				t.Errorf("Parse(%q) = %v, %v; want %v", form, k, err, c.want)
			}
		}
	}
}

func TestParseErrors(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"Entr", "unknown key \"Entr\": did you mean Enter?\n  hint: to type the text \"Entr\", use type"},
		{"Ctrl+Entr", "unknown key \"Ctrl+Entr\": did you mean Ctrl+Enter?\n  hint: to type the text \"Ctrl+Entr\", use type"},
		{"Crtl+C", "unknown key \"Crtl+C\": did you mean Ctrl+C?\n  hint: to type the text \"Crtl+C\", use type"},
		{"ArowUp", "unknown key \"ArowUp\": did you mean ArrowUp?\n  hint: to type the text \"ArowUp\", use type"},
		{"pgdwn", "unknown key \"pgdwn\": did you mean PgDn?\n  hint: to type the text \"pgdwn\", use type"},
		{"hello", "unknown key \"hello\"\n  hint: to type the text \"hello\", use type"},
		{"", "the name of a key is empty\n  hint: the blank is called Space"},
		{"Ctrl+", "no key follows the modifier in \"Ctrl+\""},
		{"0xff", "the code 0xff is no ASCII character, so it could be a byte or a character\n  hint: write U+FF for the character; for a byte send raw bytes"},
		{"U+110000", "U+110000 is past the last character, U+10FFFF"},
		{"U+D800", "U+D800 is not a character that a key can type"},
		{"\xff", "unknown key \"\\xff\"\n  hint: to type the text \"\\xff\", use type"},
		{"Down Down", "unknown key \"Down Down\"\n  hint: to type the text \"Down Down\", use type"},
	} {
		_, err := Parse(c.in)
		var e *Error
		if !errors.As(err, &e) || e.Error() != c.want {
			t.Errorf("Parse(%q):\n%v\nwant\n%s", c.in, err, c.want)
		}
	}
}

func TestParseAll(t *testing.T) {
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"Ctrl+X m"}, "Ctrl+X m"},
		{[]string{"Escape : w q Enter"}, "Escape : w q Enter"},
		{[]string{"Down*3", "a"}, "Down Down Down a"},
		{[]string{"Ctrl Alt b", "Shift F1"}, "Ctrl+Alt+B Shift+F1"},
		{[]string{"Ctrl A"}, "Ctrl+A"},
		{[]string{"**2", "KP*", "KP**2", "*"}, "* * KPMultiply KPMultiply KPMultiply *"},
		{[]string{"C-x*2"}, "Ctrl+X Ctrl+X"},
		{[]string{" a\tb\n"}, "a b"},
	} {
		got, err := ParseAll(c.args)
		if err != nil || list(got) != c.want {
			t.Errorf("ParseAll(%q) = %s, %v; want %s", c.args, list(got), err, c.want)
		}
	}
	for _, c := range []struct {
		arg, want string
	}{
		{"a Entr b", "unknown key \"Entr\": did you mean Enter?\n  a Entr b\n    ^\n  hint: to type the text \"Entr\", use type"},
		{"世 Entr", "unknown key \"Entr\": did you mean Enter?\n  世 Entr\n     ^\n  hint: to type the text \"Entr\", use type"},
		{"Down*0", "cannot repeat a key 0 times: the number must be 1 to 10000"},
		{"Down*10001", "cannot repeat a key 10001 times: the number must be 1 to 10000"},
		{"Down*99999999999999999999", "cannot repeat a key 99999999999999999999 times: the number must be 1 to 10000"},
		{" ", "the name of a key is empty\n  hint: the blank is called Space"},
		{"a Ctrl", "no key follows the modifier in \"Ctrl\"\n  a Ctrl\n    ^\n  hint: a modifier as a key of its own is called LeftShift, LeftCtrl, LeftAlt, LeftSuper"},
		{strings.Repeat("a*10000 ", 11), "more than 100000 keys at once"},
	} {
		_, err := ParseAll([]string{c.arg})
		if err == nil || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("ParseAll(%q):\n%v\nwant\n%s", c.arg, err, c.want)
		}
	}
}

// anyKey draws keys in the form that Key promises.
func anyKey(t *rapid.T) Key {
	mods := Mods(rapid.IntRange(0, 31).Draw(t, "mods"))
	switch rapid.IntRange(0, 2).Draw(t, "kind") {
	case 0:
		return Key{Code(rapid.IntRange(int(firstCode), int(lastCode)).Draw(t, "code")), mods}
	case 1:
		return char(rune(rapid.IntRange(0x20, 0x7e).Draw(t, "ascii")), mods)
	}
	r := rapid.Rune().Filter(func(r rune) bool { return char(r, 0).Code != 0 }).Draw(t, "rune")
	return char(r, mods)
}

func TestStringParses(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		k := anyKey(t)
		got, err := Parse(k.String())
		if err != nil || got != k {
			t.Fatalf("Parse(%q) = %#v, %v; want %#v", k.String(), got, err, k)
		}
	})
	for c := firstCode; c <= lastCode; c++ {
		if k, err := Parse(codeName(c)); err != nil || k.Code != c {
			t.Errorf("%#x: %q = %v, %v", c, codeName(c), k, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"Ctrl+C", "C-M-x", "<C->>", "KP**3", "U+1F600", "0x1b", "Ctrl Alt b", "Crtl+C", "^", "\\C-\\M-x", "a Entr", "\xff", "---", "+++", "世 Ctrl"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		keys, err := ParseAll([]string{s})
		if err != nil {
			var e *Error
			if !errors.As(err, &e) || e.Why == "" || len(e.Error()) == 0 {
				t.Fatalf("ParseAll(%q): %#v", s, err)
			}
			return
		}
		if len(keys) == 0 {
			t.Fatalf("no keys and no error for %q", s)
		}
		for i, k := range keys {
			if back, err := Parse(k.String()); err != nil || back != k {
				t.Fatalf("%q gave %#v, whose name %q gives %#v, %v", s, k, k.String(), back, err)
			}
			if i > 3 {
				break
			}
		}
	})
}
