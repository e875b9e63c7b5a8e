package edit

import (
	"regexp"
	"strings"
	"testing"

	"github.com/sluicerun/sluice/cast"
)

// marked is the events with markers as [label].
func marked(list []cast.Event) string {
	var s []string
	for _, e := range list {
		if e.Code == cast.Marker {
			s = append(s, "["+string(e.Data)+"]")
			continue
		}
		s = append(s, string(e.Data))
	}
	return strings.Join(s, "|")
}

func TestMarkMatches(t *testing.T) {
	for _, c := range []struct{ re, in, want string }{
		{"error \\d+", "an error 12 x error 3\r\n|ok\r\n", "an error 12 x error 3\r\n|[error 12]|[error 3]|ok\r\n"},
		{"error \\d+", "an err|or \x1b[1m1|2\x1b[m\r\n", "an err|or \x1b[1m1|2\x1b[m\r\n|[error 12]"},
		{"error: (?P<secret>.*)", "error: bad\r\n", "error: bad\r\n|[bad]"},
		{"done", "d|o\bo|n|e|!|\b\b|x", "d|o\bo|n|e|[done]|!|\b\b|x"},
		{"done", "\x1b]0;done\x07|done", "\x1b]0;done\x07|done|[done]"},
		{"a+", "aa|a", "aa|a|[aaa]"},
		{"a", "b", "b"},
	} {
		_, ev := MarkMatches(regexp.MustCompile(c.re))(cast.Header{}, events(outputs(strings.Split(c.in, "|")...)...))
		if got := marked(collect(t, ev)); got != c.want {
			t.Errorf("%q\ngot  %q\nwant %q", c.re, got, c.want)
		}
	}
}

// A line that does not end is not waited for without bound.
func TestMarkMatchesBounded(t *testing.T) {
	n, most, given := 0, 0, 0
	src := func(yield func(cast.Event, error) bool) {
		for range 1500 {
			n++
			if !yield(cast.Event{Code: cast.Output, Data: []byte(strings.Repeat("x", 1000))}, nil) {
				return
			}
			most = max(most, n-given)
		}
	}
	_, ev := MarkMatches(regexp.MustCompile("x+y"))(cast.Header{}, src)
	for range ev {
		given++
	}
	if given != 1500 || most > mostHeld/1000+10 {
		t.Errorf("%d events, and up to %d waited", given, most)
	}
}

func TestMarkCommands(t *testing.T) {
	const prompt = "\x1b]133;A\x07$ \x1b]133;B\x07"
	for _, c := range []struct{ name, in, want string }{
		{"told by 633;E", "\x1b]633;A\x07$ \x1b]633;B\x07ls|\x1b]633;E;ls\\x3b echo \\\\;nonce\x07\x1b]633;C\x07out", "[ls; echo \\]"},
		{"told by cmdline_url", prompt + "x|\x1b]133;C;cmdline_url=ls%20%2Dl\x07", "[ls -l]"},
		{"told by cmdline", prompt + "x|\x1b]133;C;cmdline=ls\\ -l\x1b\\", "[ls -l]"},
		{"what was typed", prompt + "lx|\b \bs -l\r\n\x1b]133;C\x07out", "[ls -l]"},
		{"drawn anew", prompt + "l|\b\x1b[32ml\x1b[ms\r\r\n|\x1b]133;C\x07", "[ls]"},
		{"nothing known", "\x1b]133;C\x07out", "[]"},
		{"both marks", prompt + "ls\r\n|\x1b]133;C\x07\x1b]633;C\x07", "[ls]"},
		{"two commands", prompt + "a\r\n\x1b]133;C\x07|\x1b]133;D;0\x07" + prompt + "b\r\n|\x1b]133;C\x07", "[a]|[b]"},
		{"cut anywhere", prompt + "ls\r\n\x1b]13|3;|C\x07", "[ls]"},
		{"other", "\x1b]0;C\x07\x1b]1337;C\x07C", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			in := strings.Split(c.in, "|")
			_, ev := MarkCommands()(cast.Header{}, events(outputs(in...)...))
			all := collect(t, ev)
			var marks, rest []cast.Event
			for i, e := range all {
				if e.Code != cast.Marker {
					rest = append(rest, e)
					continue
				}
				marks = append(marks, e)
				if next := string(all[i+1].Data); !strings.Contains(next, "C") {
					t.Errorf("the marker is before %q", next)
				}
			}
			if got := marked(marks); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
			if datas(rest) != c.in {
				t.Errorf("the output is %q", datas(rest))
			}
		})
	}
}

func FuzzMarkCommands(f *testing.F) {
	f.Add([]byte("\x1b]133;B\x07ls\b\b\x1b[P\r\n\x1b]133;C\x07"), uint8(2))
	f.Add([]byte("\x1b]633;E;a\\x3\x07\x1b]633;C;cmdline_url=%\x1b"), uint8(0))
	f.Fuzz(func(t *testing.T, p []byte, step uint8) {
		var list []cast.Event
		for i := 0; i < len(p); i += int(step) + 1 {
			list = append(list, cast.Event{Code: cast.Output, Data: p[i:min(i+int(step)+1, len(p))]})
		}
		_, cut := MarkCommands()(cast.Header{}, events(list...))
		_, whole := MarkCommands()(cast.Header{}, events(cast.Event{Code: cast.Output, Data: p}))
		var a, b, out []string
		for _, e := range collect(t, cut) {
			if e.Code == cast.Marker {
				a = append(a, string(e.Data))
				continue
			}
			out = append(out, string(e.Data))
		}
		for _, e := range collect(t, whole) {
			if e.Code == cast.Marker {
				b = append(b, string(e.Data))
			}
		}
		if strings.Join(a, "|") != strings.Join(b, "|") || strings.Join(out, "") != string(p) {
			t.Fatalf("in pieces %q, whole %q", a, b)
		}
	})
}
