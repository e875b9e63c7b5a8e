package edit

import (
	"bytes"
	"cmp"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/sluicerun/sluice/cast"
	"github.com/sluicerun/sluice/vt"
)

var wordGen = rapid.SampledFrom([]string{"a", "b", "ab", "sec", "ret", " ", "é", "世", "e\u0301", "1", "2.3", ".", "@", "key=", "\t", "*", "\r\n", "\xff"})

var exprGen = rapid.SampledFrom([]string{"secret", "ab+", "(a|b)+?1", `\w+@\w+`, `key=(?P<secret>\S+)`, `\d+(?:\.\d+)+`, "世.?", "(?s)sec.*?ret",
	`\ba`, "é|e\u0301", "^a.", ".b$", `[^ ]+\.`, "(?i:SEC)", `\s1`, "a\n", "\uFFFDa"})

// genStream makes a text, and the same with control sequences in it that move
// nothing, cut into events anywhere.
func genStream(t *rapid.T) (text string, list []cast.Event) {
	var plain, full []byte
	for _, w := range rapid.SliceOfN(wordGen, 0, 40).Draw(t, "words") {
		plain = append(plain, w...)
		for i := 0; i < len(w); {
			_, n := utf8.DecodeRuneInString(w[i:])
			if rapid.IntRange(0, 5).Draw(t, "sequence") == 0 {
				full = append(full, rapid.SampledFrom([]string{"\x1b[1;31m", "\x1b[m", "\x07", "\x1b]4;1;?\x07", "\x1b(B", "\x1bPab\x1b\\", "\x1b[?25l"}).Draw(t, "s")...)
			}
			full = append(full, w[i:i+n]...)
			i += n
		}
	}
	for at := 0; len(full) > 0; at++ {
		n := rapid.IntRange(1, min(len(full), 12)).Draw(t, "cut")
		list = append(list, cast.Event{Time: time.Duration(at), Code: cast.Output, Data: full[:n:n]})
		full = full[n:]
	}
	return string(plain), list
}

// plainText is a stream without its sequences, with line feeds for line ends.
func plainText(list []cast.Event) string {
	var all []byte
	for _, e := range list {
		all = append(all, e.Data...)
	}
	all = regexp.MustCompile(`\x1b\[[?0-9;]*[a-z]|\x1b\][^\x07]*\x07|\x1bP[^\x1b]*\x1b\\|\x1b\(B|\x07`).ReplaceAll(all, nil)
	return strings.ReplaceAll(string(all), "\r\n", "\n")
}

// hideAll is what a redaction must come to: package regexp on the whole text.
func hideAll(exprs []string, text string) string {
	text = strings.ReplaceAll(text, "\r\n", "\n")
	hidden := make([]bool, len(text)+1)
	for _, e := range exprs {
		re := regexp.MustCompile("(?m)" + e)
		group := max(re.SubexpIndex("secret"), 0)
		at := 0
		lines := strings.SplitAfter(text, "\n")
		if strings.Contains(e, "(?s)") || strings.Contains(e, "\n") {
			lines = []string{text}
		}
		for _, l := range lines {
			body := l
			if len(lines) > 1 {
				body = strings.TrimSuffix(l, "\n")
			}
			for _, m := range re.FindAllStringSubmatchIndex(body, -1) {
				for i := m[2*group]; i < m[2*group+1]; i++ {
					hidden[at+i] = true
				}
			}
			at += len(l)
		}
	}
	var b strings.Builder
	for i := 0; i < len(text); {
		r, n := utf8.DecodeRuneInString(text[i:])
		switch {
		case !hidden[i]:
			b.WriteString(text[i : i+n])
		case r == '世':
			b.WriteString("＊")
		case r == '\n' || r == '\t':
			b.WriteRune(r)
		case r != '\u0301':
			b.WriteByte('*')
		}
		i += n
	}
	return b.String()
}

func TestRedactIsReplaceAll(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		exprs := rapid.SliceOfN(exprGen, 1, 3).Draw(t, "rules")
		text, list := genStream(t)
		got := redacted(t, rules(exprs...), list)
		if len(got) != len(list) {
			t.Fatalf("%d events of %d", len(got), len(list))
		}
		for i := range got {
			if got[i].Time != list[i].Time {
				t.Fatalf("event %d has the time %v", i, got[i].Time)
			}
		}
		if g, w := plainText(got), hideAll(exprs, text); g != w {
			t.Fatalf("%q\nin   %q\ngot  %q\nwant %q", exprs, text, g, w)
		}
	})
}

// genLine makes what programs that edit lines write, and worse.
func genLine(t *rapid.T) []cast.Event {
	piece := rapid.OneOf(wordGen, rapid.SampledFrom([]string{"\b", "\b\b", "\x1b[D", "\x1b[2D", "\x1b[C", "\x1b[P", "\x1b[@", "\x1b[2X", "\x1b[K", "\x1b[2K", "\r", "\n", "\x1b[A", "\x1b[31m", "\x1b[5G",
		"\x1b]0;secret\x07", "\x1b]0;sec", "\x1b", "\x1b[", "\x9b", "\xe4\xb8", "\x1b7", "\x1b8", "\x1bP", "\x1b\\"}))
	return outputs(rapid.SliceOfN(piece, 0, 60).Draw(t, "pieces")...)
}

// Whatever was written, a terminal has the same cells in use, with the same looks,
// and the cursor at the same place.
func TestRedactKeepsTheLayout(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		list := genLine(t)
		got := redacted(t, rules(rapid.SliceOfN(exprGen, 1, 3).Draw(t, "rules")...), list)
		a, b := vt.New(20, 6, vt.Options{}), vt.New(20, 6, vt.Options{})
		for i := range list {
			a.Write(list[i].Data)
			b.Write(got[i].Data)
			// The stars of a cut character come with its begin.
			if a.Cursor() != b.Cursor() && !bytes.HasSuffix(list[i].Data, []byte("\xb8")) {
				t.Fatalf("event %d, %q as %q: the cursor is at %+v, not %+v", i, list[i].Data, got[i].Data, b.Cursor(), a.Cursor())
			}
		}
		sa, sb := a.Snapshot(false), b.Snapshot(false)
		for y := range sa.Lines {
			for x := range sa.Lines[y].Cells {
				p, q := sa.Lines[y].Cells[x], sb.Lines[y].Cells[x]
				if p.Style != q.Style || p.Width != q.Width || p.Text != q.Text && !strings.HasPrefix(q.Text, "*") && !strings.HasPrefix(q.Text, "＊") && (q.Text == "" || !strings.HasPrefix(p.Text, q.Text)) {
					t.Fatalf("the cell %d, %d is %+v, not %+v", x, y, q, p)
				}
			}
		}
	})
}

// What is seen in a line at any time is hidden in the end, as far as a line is
// seen in the text itself.
func TestRedactWhatIsSeen(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		list := outputs(rapid.SliceOfN(rapid.SampledFrom([]string{"s", "e", "c", "r", "t", "se", "cret", "secret", "\b", "\b\b\b", "\x1b[D", "\x1b[C", "\x1b[P", "\x1b[@", "\x1b[K", "\x1b[1m", " "}), 0, 60).Draw(t, "pieces")...)
		got := redacted(t, rules("secret"), list)
		screen := vt.New(400, 2, vt.Options{})
		for i, e := range got {
			screen.Write(e.Data)
			var row strings.Builder
			for _, c := range screen.Snapshot(false).Lines[0].Cells {
				row.WriteString(cmp.Or(c.Text, " "))
			}
			if strings.Contains(row.String(), "secret") {
				t.Fatalf("after event %d of %q as %q the screen shows %q", i, datas(list), datas(got), row.String())
			}
		}
	})
}

func allBuiltin(t testing.TB) []Rule {
	var all []Rule
	for _, n := range BuiltinNames() {
		r, err := Builtin(n)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, r...)
	}
	return all
}

// Redacting again changes nothing.
func TestBuiltinTwice(t *testing.T) {
	all := allBuiltin(t)
	piece := rapid.SampledFrom([]string{"1.2.3.4", "5", ".", ":", "::", "fe80", "2001:db8", "@", "a", "example.com", "password", "=", "\"", "'", " ", "token: ", "bearer ",
		"AKIAABCDEFGHIJKLMNOP", "ghp_" + strings.Repeat("a", 36), "eyJhbGciOi", "-----BEGIN RSA PRIVATE KEY-----", "\r\n", strings.Repeat("B", 40), "*", "://", "Proc-Type: 4", "Authorization: Basic ", "世", "\\n"})
	rapid.Check(t, func(t *rapid.T) {
		list := outputs(rapid.SliceOfN(piece, 0, 40).Draw(t, "pieces")...)
		once := redacted(t, all, list)
		if twice := redacted(t, all, once); datas(twice) != datas(once) {
			t.Fatalf("in    %q\nonce  %q\ntwice %q", datas(list), datas(once), datas(twice))
		}
	})
}

// fuzzRules are rules of all kinds.
var fuzzRules = append(rules("secret", "(?s)a.*?b", `^x+$`, `\bé`), Rule{Re: regexp.MustCompile("fixed"), With: "[x]"})

func FuzzRedact(f *testing.F) {
	for _, s := range []string{"a secret b", "se\x1b[1mcret", "se\b\bsecret", "\x1b]0;secret\x07", "\x1b[3D\x1b[@x\x1b[P", "a\r\n\r\nb", "\xff\xc3", "\x1bP\x1b", "fixed\x1b[Kfi\x1b[C"} {
		f.Add([]byte(s), uint8(3), false)
		f.Add([]byte(s), uint8(1), true)
	}
	f.Fuzz(func(t *testing.T, p []byte, step uint8, live bool) {
		o := RedactOptions{MaxHold: 1 << 20}
		if live {
			o = RedactOptions{MaxHold: 16}
		}
		r, err := NewRedactor(fuzzRules, o)
		if err != nil {
			t.Fatal(err)
		}
		var in, out []cast.Event
		take := func(l []cast.Event) {
			for _, e := range l {
				e.Data = bytes.Clone(e.Data)
				out = append(out, e)
			}
		}
		for i := 0; i < len(p); i += int(step) + 1 {
			code := cast.Output
			if i%7 == 6 {
				code = cast.Input
			}
			e := cast.Event{Time: time.Duration(i), Code: code, Data: p[i:min(i+int(step)+1, len(p))]}
			in = append(in, e)
			take(r.Feed(e))
			if live && i%5 == 0 {
				take(r.Tick(time.Duration(i) + time.Second))
			}
		}
		take(r.Flush())
		if len(in) != len(out) {
			t.Fatalf("%d events of %d", len(out), len(in))
		}
		for i := range in {
			if in[i].Time != out[i].Time || in[i].Code != out[i].Code {
				t.Fatalf("event %d is %+v", i, out[i])
			}
			if control(in[i].Data) != control(out[i].Data) {
				t.Fatalf("the controls of %q are others in %q", in[i].Data, out[i].Data)
			}
		}
	})
}

// control is the control characters of p.
func control(p []byte) string {
	return string(bytes.Map(func(r rune) rune {
		if r < ' ' && r != '\t' {
			return r
		}
		return -1
	}, p))
}
