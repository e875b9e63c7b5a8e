package keys

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/sluicerun/sluice/vt"
)

const vimLike = `# as in the documentation
timeout 300ms
off Ctrl+^*3

CapsLock -> Escape           # a key becomes another
Ctrl+K   -> Ctrl+A Ctrl+K
F5       -> ":make\r"
F6       -> !notify-send "a # b"
F1       -> nothing
j k      -> Escape
j k l    -> "three"
Ctrl+/   -> "slash"

mode command enter Ctrl+G leave i drop
h -> Left
l -> Right*2
`

// play feeds text to a translator; | is a pause as long as the timeout. Actions
// are written in order, what a pause brings out after a |.
func play(tr *Translator, in string) string {
	var s Splitter
	now := time.Unix(1000, 0)
	var out []string
	note := func(acts []Action) {
		for _, a := range acts {
			switch a.Kind {
			case SendBytes:
				out = append(out, fmt.Sprintf("%q", a.Bytes))
			case SendKeys:
				out = append(out, list(a.Keys))
			case RunCommand:
				out = append(out, "!"+a.Command)
			case ModeChange:
				out = append(out, "mode "+a.Mode)
			case TranslationOff:
				out = append(out, "off")
			case TranslationOn:
				out = append(out, "on")
			}
		}
	}
	for i, part := range strings.Split(in, "|") {
		if i > 0 {
			out = append(out, "|")
			if when, ok := tr.Deadline(); ok {
				now = when
			}
			note(tr.Feed(nil, now))
		}
		note(tr.Feed(append(s.Feed([]byte(part)), s.Flush()...), now))
	}
	note(tr.Close())
	return strings.Join(out, " ")
}

func TestTranslator(t *testing.T) {
	m, err := ParseKeymap(strings.NewReader(vimLike), "vim.keys")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ in, want string }{
		{"abc\x1b[Aé\xff", `"abc\x1b[Aé\xff"`},
		{"\x0b", "Ctrl+A Ctrl+K"},
		{"\x1b[107;5u\x1b[27;5;107~", "Ctrl+A Ctrl+K Ctrl+A Ctrl+K"},
		{"\x1b[15~x", `":make\rx"`},
		{"\x1b[17~", `!notify-send "a # b"`},
		{"a\x1bOPb", `"ab"`},
		{"jkx", `Escape "x"`},
		{"jkl", `"three"`},
		{"jk|l", `| Escape "l"`},
		{"j|k", `| "j" "k"`},
		{"jj|", `"j" | "j"`},
		{"jx", `"jx"`},
		{"jjk|", `"j" | Escape`},
		{"j", `"j"`},
		{"\x1f", `"slash"`},
		{"j\x1b[<0;1;1M", `"j\x1b[<0;1;1M"`},
		{"j\x1b[?1;2ck|", `"\x1b[?1;2c" | Escape`},
		{"\x1b[200~jk\x0b\x1b[201~", `"\x1b[200~jk\v\x1b[201~"`},
		{"\x07hlxij", `mode command Left Right Right mode base "j"`},
		{"\x1e\x1e\x1ejk\x0b\x1e\x1e\x1ejk|", `"\x1e\x1e" off "jk\v\x1e\x1e" on | Escape`},
		{"\x07x\x1e\x1e\x1e\x07", `mode command off "\a"`},
		{"\x1e\x1ea\x1e\x1eb", `"\x1e\x1ea\x1e\x1eb"`},
		{"\x1b[54;6u\x1b[54;6u\x1b[94;5u", `"\x1b[54;6u\x1b[54;6u" off`},
		// With releases told: that of a translated key is not.
		{"\x1b[107;5u\x1b[107;5:3u\x1b[97u\x1b[97;1:3u", `Ctrl+A Ctrl+K "\x1b[97u\x1b[97;1:3u"`},
		{"\x1b[106u\x1b[106;1:3u\x1b[107u\x1b[107;1:3u|", `| Escape`},
		{"\x1b[106u\x1b[106;1:3u\x1b[120u", `"\x1b[106u\x1b[106;1:3u\x1b[120u"`},
	} {
		tr := m.New()
		got := play(tr, c.in)
		if got != c.want {
			t.Errorf("%q:\n%s\nwant\n%s", c.in, got, c.want)
		}
		if _, ok := tr.Deadline(); ok {
			t.Errorf("%q: keys are held after Close", c.in)
		}
	}
}

func TestTranslatorModes(t *testing.T) {
	m, err := ParseKeymap(strings.NewReader("j k -> Escape\nmode x enter F2 leave F2\na -> b\n"), "m")
	if err != nil {
		t.Fatal(err)
	}
	tr := m.New()
	if got := play(tr, "\x1bOQ"); got != "mode x" || tr.Mode() != "x" || tr.Off() {
		t.Errorf("%s, in %s", got, tr.Mode())
	}
	if got := play(tr, "ajkz"); got != `b "jkz"` {
		t.Error(got)
	}
	if got := play(tr, "\x1bOQjk"); got != "mode base Escape" || tr.Mode() != "base" {
		t.Error(got)
	}
	tr.Terminal = vt.Modes{BackarrowBS: true}
	if got := play(tr, "\x08"); got != `"\b"` {
		t.Error(got)
	}
	// What the caller gave is not kept.
	b := []byte("j")
	tr.Feed([]Unit{{Kind: Text, Bytes: b}}, time.Unix(1, 0))
	b[0] = 'x'
	if acts := tr.Close(); len(acts) != 1 || string(acts[0].Bytes) != "j" {
		t.Errorf("%v", acts)
	}
}

func TestKeymapErrors(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"a -> Entr", "m:1:6: unknown key \"Entr\": did you mean Enter?\n  a -> Entr\n       ^\n  hint: text stands between double quotes: -> \"text\""},
		{"\n\ta b", "m:2:2: the line has no -> and is no setting\n   a b\n   ^\n  hint: rules are"},
		{"a ->", "m:1:5: nothing follows the arrow\n  a ->\n      ^\n"},
		{"a -> \"x", "m:1:6: the text has no closing quote\n"},
		{"é -> \"x\\q\"", "m:1:8: unknown escape \\q\n  é -> \"x\\q\"\n         ^\n"},
		{"a -> \"x\" y", "m:1:10: the line goes on after the text\n"},
		{"a -> !", "m:1:6: no command follows the !\n"},
		{"a -> b\na -> c", "m:2:1: mode base has a rule for a in line 1 already\n"},
		{"timeout 1h", "m:1:9: the timeout must be a duration of 1ms to 10s, not \"1h\"\n"},
		{"timeout", "m:1:1: one duration must follow timeout\n"},
		{"off a", "m:1:1: the keys that switch translation off must be 2 to 8\n"},
		{"mode x", "m:1:1: a mode needs a name and the keys that enter it\n"},
		{"mode x enter F1", "m:1:1: mode x has no keys to leave it\n"},
		{"mode x enter F1 leave", "m:1:17: no key is named here\n"},
		{"mode base enter F1 leave F1", "m:1:6: there is a mode base already\n"},
		{"F1 -> a\nmode x enter F1 leave F2", "m:2:14: mode base has a rule for F1 in line 1 already\n"},
		{"mode x enter F1 leave F2\nF2 -> a", "m:2:1: mode x has a rule for F2 in line 1 already\n"},
		{"a*17 -> b", "m:1:1: a rule has more than 16 keys to type\n"},
		{strings.Repeat("#\n", 1<<20), "m: the keymap is larger than 1 MiB"},
	} {
		_, err := ParseKeymap(strings.NewReader(c.in), "m")
		var e *Error
		if !errors.As(err, &e) || !strings.HasPrefix(e.Error(), c.want) {
			t.Errorf("%.40q:\n%v\nwant\n%s", c.in, err, c.want)
		}
	}
	broken := errors.New("broken")
	if _, err := ParseKeymap(failing{broken}, "m"); !errors.Is(err, broken) || err.Error() != "reading the keymap m: broken" {
		t.Error(err)
	}
	for _, ok := range []string{"", "\ufeff# bom\r\na -> b\r\n", "- -> a", "a -> - # minus", "a -> NumberSign", "a -> \"#\" # c", "a -> ! b # c"} {
		if _, err := ParseKeymap(strings.NewReader(ok), "m"); err != nil {
			t.Errorf("%q: %v", ok, err)
		}
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

func FuzzKeymap(f *testing.F) {
	for _, s := range []string{vimLike, "a -> b", "mode x enter F1 leave F2 drop\na b -> !x", "a -> \"\\u{41}\"", "off a b\ntimeout 5ms"} {
		f.Add(s, []byte("jkl\x1b[107;5:3u\x1e\x1e\x1e\x07abF\x1b[200~x\x1b[201~"))
	}
	f.Fuzz(func(t *testing.T, text string, typed []byte) {
		m, err := ParseKeymap(strings.NewReader(text), "fuzz")
		if err != nil {
			var e *Error
			if !errors.As(err, &e) || len(e.Error()) == 0 {
				t.Fatalf("%#v", err)
			}
			return
		}
		var s Splitter
		units := append(s.Feed(typed), s.Reset()...)
		tr := m.New()
		tr.Feed(units, time.Unix(1, 0))
		if when, ok := tr.Deadline(); ok {
			tr.Feed(nil, when)
		}
		if _, ok := tr.Deadline(); ok {
			t.Fatal("keys are held past their deadline")
		}
		// Whatever the rules are, typing the keys after off lets everything pass.
		for !tr.Off() {
			before := tr.Off()
			for _, k := range m.off {
				b, err := k.EncodeWith(vt.Modes{Kitty: everything}, EncodeOptions{})
				if err != nil {
					return // a key that no terminal sends
				}
				if d, ok := Decode(b, vt.Modes{Kitty: everything}); !ok || d != k {
					return // a private character: it is typed as text
				}
				tr.Terminal.Kitty = everything
				tr.Feed([]Unit{{Kind: Sequence, Bytes: b}}, time.Unix(2, 0))
			}
			if before == tr.Off() {
				t.Fatalf("%s does not switch off", list(m.off))
			}
		}
		if acts := tr.Feed([]Unit{{Kind: Text, Bytes: []byte("q")}}, time.Unix(3, 0)); len(m.off) > 0 && (len(acts) != 1 || string(acts[0].Bytes) != "q") && m.off[len(m.off)-1] != Char('q') {
			t.Fatalf("switched off, q gives %v", acts)
		}
	})
}
