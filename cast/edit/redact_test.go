package edit

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/sluicerun/sluice/cast"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func events(list ...cast.Event) cast.Events {
	return func(yield func(cast.Event, error) bool) {
		for _, e := range list {
			if !yield(e, nil) {
				return
			}
		}
	}
}

// outputs are events 10 ms apart.
func outputs(text ...string) []cast.Event {
	var list []cast.Event
	for i, s := range text {
		list = append(list, cast.Event{Time: time.Duration(i) * 10 * time.Millisecond, Code: cast.Output, Data: []byte(s)})
	}
	return list
}

// collect reads all events, with data of their own.
func collect(t interface{ Fatal(...any) }, ev cast.Events) []cast.Event {
	var out []cast.Event
	for e, err := range ev {
		if err != nil {
			t.Fatal(err)
		}
		e.Data = bytes.Clone(e.Data)
		out = append(out, e)
	}
	return out
}

func rules(exprs ...string) []Rule {
	var r []Rule
	for _, e := range exprs {
		r = append(r, Rule{Re: regexp.MustCompile(e)})
	}
	return r
}

func redacted(t interface{ Fatal(...any) }, r []Rule, list []cast.Event) []cast.Event {
	_, ev := Redact(r, RedactOptions{})(cast.Header{}, events(list...))
	return collect(t, ev)
}

func datas(list []cast.Event) string {
	var s []string
	for _, e := range list {
		s = append(s, string(e.Data))
	}
	return strings.Join(s, "|")
}

func TestRedactOutput(t *testing.T) {
	for _, c := range []struct{ name, rule, in, want string }{
		{"plain", "secret", "a secret b", "a ****** b"},
		{"over events", "secret", "a se|cr|et b", "a **|**|** b"},
		{"colours within", "secret", "a se\x1b[1;31mcr\x1b[0met b", "a **\x1b[1;31m**\x1b[0m** b"},
		{"a cut sequence", "secret", "se\x1b|[3|1mcret", "**\x1b|[3|1m****"},
		{"a title within", "secret", "se\x1b]0;x\x07cret", "**\x1b]0;x\x07****"},
		{"in a title", "secret", "\x1b]0;my sec|ret\x07", "\x1b]0;my ***|***\x07"},
		{"in a link", "tok=[a-z]+", "\x1b]8;;http://x/?tok=abc\x1b\\link\x1b]8;;\x1b\\", "\x1b]8;;http://x/?*******\x1b\\link\x1b]8;;\x1b\\"},
		{"not in colours", "[0-9]+", "\x1b[31m1\x1b]4;1;rgb:11/22/33\x07\x1bP123\x1b\\", "\x1b[31m*\x1b]4;1;rgb:11/22/33\x07\x1bP123\x1b\\"},
		{"a cut character", "né+", "n\xc3|\xa9\xc3|\xa9!", "**|*|!"},
		{"wide", "世界", "a世界b", "a＊＊b"},
		{"joined", "e\u0301x", "e\u0301x", "**"},
		{"no match over lines", "a\\s*b", "a\r\nb", "a\r\nb"},
		{"a match over lines", "(?s)a\\s*b", "a\r\nb", "*\r\n*"},
		{"a line feed in the rule", "a\nb", "a\r\r\nb", "*\r\r\n*"},
		{"the group", "key=(?P<secret>\\w+)", "key=abc", "key=***"},
		{"begin of lines", "^a", "aa\r\naa", "*a\r\n*a"},
		{"end of lines", "a$", "aa\r\naa", "a*\r\na*"},
		{"an absolute place ends the line", "ab", "a\x1b[5;1Hb", "a\x1b[5;1Hb"},
		{"forward is a blank", "a b", "a\x1b[Cb", "*\x1b[C*"},
		{"written anew", "abc", "ab\bbc", "**\b**"},
		{"as shells colour", "abcd", "a|\b\x1b[31ma\x1b[0mb|\b\b\x1b[31mab\x1b[0mc|\b\b\babcd", "*|\b\x1b[31m*\x1b[0m*|\b\b\x1b[31m**\x1b[0m*|\b\b\b****"},
		{"a slip", "secret", "sexx\b \b\b \bcret!", "****\b*\b\b*\b****!"},
		{"put in", "secret", "seret\x1b[3D\x1b[@c", "*****\x1b[3D\x1b[@*"},
		{"deleted", "secret", "secxret\x1b[4D\x1b[P", "***x***\x1b[4D\x1b[P"},
		{"was there", "secret", "secret\b\b\b\b\b\bpublic", "******\b\b\b\b\b\bpublic"},
		{"cleared", "sec$", "secret\x1b[3D\x1b[K\r\n", "***ret\x1b[3D\x1b[K\r\n"},
		{"unfinished", "secret+", "secret", "******"},
		{"invalid bytes", "a\uFFFDb", "a\xffb", "***"},
		{"bytes that stay", "b", "\xff\x00\x80b\x9b\xc3", "\xff\x00\x80*\x9b\xc3"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := datas(redacted(t, rules(c.rule), outputs(strings.Split(c.in, "|")...))); got != c.want {
				t.Errorf("%q\nin   %q\ngot  %q\nwant %q", c.rule, c.in, got, c.want)
			}
		})
	}
}

func TestRedactFixed(t *testing.T) {
	r := []Rule{{regexp.MustCompile("sec.?ret"), "[gone]"}}
	if got, want := datas(redacted(t, r, outputs("a se", "c\x1b[1mret b"))), "a [gone]|\x1b[1m b"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestRedactTyped(t *testing.T) {
	in := func(keys ...string) []cast.Event {
		l := outputs(keys...)
		for i := range l {
			l[i].Code = cast.Input
		}
		return l
	}
	for _, c := range []struct {
		keys []string
		want string
	}{
		{[]string{"p", "w", "1", "\r"}, "*|*|*|\r"},
		{[]string{"p", "x", "\x7f", "w", "1", "\r"}, "*|x|\x7f|*|*|\r"},
		{[]string{"p", "1", "\x1b[D", "w", "\r"}, "*|*|\x1b[D|*|\r"},
		{[]string{"p", "1", "\x1bO", "D", "w", "\r"}, "*|*|\x1bO|D|*|\r"},
		{[]string{"\x1b[200~pw1\x1b[201~"}, "\x1b[200~***\x1b[201~"},
		{[]string{"p", "w", "\x15", "1"}, "p|w|\x15|1"},
	} {
		if got := datas(redacted(t, rules("pw1"), in(c.keys...))); got != c.want {
			t.Errorf("%q: got %q, want %q", c.keys, got, c.want)
		}
	}
}

// Events of all codes stay in their order, and their data is searched if it is
// text.
func TestRedactOrder(t *testing.T) {
	list := []cast.Event{
		{Time: 1, Code: cast.Output, Data: []byte("se")},
		{Time: 2, Code: cast.Resize, Cols: 3, Rows: 4},
		{Time: 3, Code: cast.Marker, Data: []byte("secret here")},
		{Time: 4, Code: "z", Raw: true, Data: []byte(`{"a":["secret",1.50]}`)},
		{Time: 5, Code: "z", Raw: true, Data: []byte(`{ "b" : 1.50 }`)},
		{Time: 6, Code: cast.Comment, Data: []byte("secret")},
		{Time: 7, Code: cast.Output, Data: []byte("cret")},
		{Time: 8, Code: cast.Exit, Status: 2},
	}
	got := redacted(t, rules("secret"), list)
	if d, want := datas(got), `**||****** here|{"a":["******",1.50]}|{ "b" : 1.50 }|******|****|`; d != want {
		t.Errorf("got %q, want %q", d, want)
	}
	for i, e := range got {
		if e.Time != list[i].Time || e.Code != list[i].Code || e.Cols != list[i].Cols || e.Status != list[i].Status {
			t.Errorf("event %d is %+v", i, e)
		}
	}
}

func TestRedactHeader(t *testing.T) {
	pw, err := Builtin("password-assignments")
	if err != nil {
		t.Fatal(err)
	}
	r, err := NewRedactor(append(rules("hush"), pw...), RedactOptions{})
	if err != nil {
		t.Fatal(err)
	}
	env := map[string]string{"API_TOKEN": "abc", "SHELL": "/bin/sh", "X": "hush"}
	h := r.Header(cast.Header{Title: "hush!", Command: "x --password=abc", Env: env, Tags: []string{"hush"},
		Extra: []cast.Field{{Name: "k", Value: []byte(`{"v":"hush"}`)}}})
	want := `****! x --password=*** map[API_TOKEN:*** SHELL:/bin/sh X:****] [****] {"v":"****"}`
	if got := fmt.Sprint(h.Title, " ", h.Command, " ", h.Env, " ", h.Tags, " ", string(h.Extra[0].Value)); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if env["X"] != "hush" {
		t.Error("the caller's header has changed")
	}
}

func TestRedactErrors(t *testing.T) {
	if _, err := NewRedactor([]Rule{{}}, RedactOptions{}); err == nil || !strings.Contains(err.Error(), "rule 1") {
		t.Errorf("an error that tells the rule, not %v", err)
	}
	if _, err := NewRedactor(nil, RedactOptions{MaxHold: -1}); err == nil {
		t.Error("a negative limit is taken")
	}
	if _, err := Builtin("nothing"); err == nil || !strings.Contains(err.Error(), "github") {
		t.Errorf("an error that tells the names, not %v", err)
	}
	_, ev := Redact([]Rule{{}}, RedactOptions{})(cast.Header{}, events())
	for _, err := range ev {
		if err == nil {
			t.Error("no error")
		}
		return
	}
	t.Error("no error")
}

// What no rule can be in the middle of goes out at once.
func TestRedactLive(t *testing.T) {
	r, err := NewRedactor(rules("secret", `pw=\w+`), RedactOptions{MaxHold: 300})
	if err != nil {
		t.Fatal(err)
	}
	out := func(ms int, s string) cast.Event {
		return cast.Event{Time: time.Duration(ms) * time.Millisecond, Code: cast.Output, Data: []byte(s)}
	}
	check := func(what string, got []cast.Event, want string) {
		t.Helper()
		if d := datas(got); d != want {
			t.Errorf("%s: got %q, want %q", what, d, want)
		}
	}
	check("nothing pending", r.Feed(out(0, "hello ")), "hello ")
	check("a whole match that cannot grow", r.Feed(out(1, "secret")), "******")
	check("pending", r.Feed(out(10, "a s")), "")
	check("still", r.Feed(out(20, "ec")), "")
	if at, ok := r.Due(); !ok || at != 210*time.Millisecond {
		t.Errorf("due at %v, %v", at, ok)
	}
	check("decided", r.Feed(out(30, "x")), "a s|ec|x")
	if _, ok := r.Due(); ok {
		t.Error("due, but nothing waits")
	}
	check("pending", r.Feed(out(300, "pw=a")), "")
	check("not yet", r.Tick(499*time.Millisecond), "")
	check("too long", r.Tick(500*time.Millisecond), "****")
	check("the match goes on", r.Feed(out(600, "bc")), "")
	check("to its end", r.Feed(out(610, " d")), "**| d")
	check("pending", r.Feed(out(700, "se")), "")
	check("another event waits", r.Feed(cast.Event{Time: 710 * time.Millisecond, Code: cast.Marker, Data: []byte("m")}), "")
	check("too long", r.Tick(900*time.Millisecond), "se|m")
	check("the end of a match is hidden still", r.Feed(out(910, "cret ")), "**** ")
	check("pending", r.Feed(out(1000, "pw=")), "")
	check("too much", r.Feed(out(1001, strings.Repeat("x", 500))), "***|"+strings.Repeat("*", 500))
	check("a sequence that is not whole", r.Feed(out(1002, " \x1b[3")), "")
	check("the end", r.Flush(), " \x1b[3")
	check("nothing", r.Flush(), "")
}
