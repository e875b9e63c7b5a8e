package cast

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// readAll gives the events of r, which are copied.
func readAll(t testing.TB, r *Reader) []Event {
	t.Helper()
	var events []Event
	for e, err := range r.All() {
		if err != nil {
			t.Fatal(err)
		}
		e.Data = bytes.Clone(e.Data)
		events = append(events, e)
	}
	if _, err := r.Next(); err != io.EOF {
		t.Fatalf("after the end: %v", err)
	}
	return events
}

func open(t testing.TB, text string, o ReadOptions) *Reader {
	t.Helper()
	r, err := NewReader(strings.NewReader(text), o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// dump is a recording as a reader sees it, in lines.
func dump(events []Event) string {
	var b strings.Builder
	for _, e := range events {
		fmt.Fprintf(&b, "%v %s", e.Time, e.Code)
		switch e.Code {
		case Resize:
			fmt.Fprintf(&b, " %dx%d", e.Cols, e.Rows)
		case Exit:
			fmt.Fprintf(&b, " %d", e.Status)
		default:
			fmt.Fprintf(&b, " %q", e.Data)
		}
		if e.Raw {
			b.WriteString(" raw")
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// The files are those that every reader of asciicasts has to read: the least, all
// that there is, and values that are null.
func TestFixtures(t *testing.T) {
	palette := strings.Split("#241f31:#c01c28:#2ec27e:#f5c211:#1e78e4:#9841bb:#0ab9dc:#c0bfbc:#5e5c64:#ed333b:#57e389:#f8e45c:#51a1ff:#c061cb:#4fd2fd:#f6f5f4", ":")
	theme := &Theme{FG: "#000000", BG: "#ffffff", Palette: palette}
	shell := map[string]string{"SHELL": "/bin/bash"}
	both := map[string]string{"SHELL": "/bin/bash", "TERM": "xterm-256color"}
	least := Header{Width: 100, Height: 50}
	hello := "1.23s o \"hello\"\n"
	for _, c := range []struct {
		file   string
		format Format
		header Header
		events string
	}{
		{"minimal-v1.json", V1, least, hello},
		{"full-v1.json", V1, Header{Width: 100, Height: 50, Duration: 10500 * ms, Command: "/bin/bash", Title: "the whole format", Env: both, TermType: "xterm-256color"},
			"1µs o \"ż\"\n1.000001s o \"ółć\"\n11.500001s o \"\\r\\n\"\n"},
		{"nulls-v1.json", V1, Header{Width: 100, Height: 50, Duration: 10500 * ms, Env: shell}, "1s o \"hello\"\n"},
		{"minimal-v2.cast", V2, least, hello},
		{"full-v2.cast", V2, Header{Width: 100, Height: 50, Timestamp: time.Unix(1509091818, 0), Duration: 10500 * ms, IdleTimeLimit: 2 * time.Second, Command: "/bin/bash", Title: "the whole format", Env: both, TermType: "xterm-256color", Theme: theme},
			"1µs o \"ż\"\n1s o \"ółć\"\n2.3s i \"\\n\"\n5.600001s r 80x40\n5.600001s m \"\"\n10.5s o \"\\r\\n\"\n10.5s x 0\n"},
		{"nulls-v2.cast", V2, Header{Width: 100, Height: 50, Env: shell}, hello},
		{"minimal-v3.cast", V3, least, hello},
		{"full-v3.cast", V3, Header{Width: 100, Height: 50, Timestamp: time.Unix(1509091818, 0), IdleTimeLimit: 2 * time.Second, Command: "/bin/bash", Title: "the whole format", Env: shell, TermType: "xterm-256color", TermVersion: "foot(1.2)", Theme: theme, Tags: []string{"one", "two"}},
			"1ms o \"ż\"\n1ms # \" a comment\"\n1.001s o \"ółć\"\n2.301s i \"\\n\"\n5.601s r 80x40\n5.601s m \"here\"\n10.501s o \"\\r\\n\"\n10.501s x 0\n"},
	} {
		t.Run(c.file, func(t *testing.T) {
			path := filepath.Join("testdata", c.file)
			r, err := Open(path, ReadOptions{})
			if err != nil {
				t.Fatal(err)
			}
			defer r.Close()
			events := readAll(t, r)
			if r.Format() != c.format || len(r.Warnings()) > 0 {
				t.Errorf("%v, %v", r.Format(), r.Warnings())
			}
			if diff := cmp.Diff(c.header, r.Header(), cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
			if diff := cmp.Diff(c.events, dump(events)); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
			if c.format == V1 || strings.HasPrefix(c.file, "nulls") {
				return
			}
			// Written again, it is the same file: these are as asciinema writes them.
			want, _ := os.ReadFile(path)
			var b bytes.Buffer
			w, err := NewWriter(&b, c.format, r.Header())
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range events {
				if err := w.Write(e); err != nil {
					t.Fatal(err)
				}
			}
			if err := w.Close(); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), b.String()); diff != "" {
				t.Errorf("written again: (-want +got)\n%s", diff)
			}
		})
	}
}

const (
	h2 = `{"version":2,"width":80,"height":24}` + "\n"
	h3 = `{"version":3,"term":{"cols":80,"rows":24}}` + "\n"
)

// What is read, what is warned of and what is an error, line by line.
func TestLines(t *testing.T) {
	for name, c := range map[string]struct {
		text   string
		events string
		warn   string // of all warnings, joined
		err    string // of all, in the middle of it
	}{
		"CRLF":                   {text: "{\"version\":2,\"width\":80,\"height\":24}\r\n[1, \"o\", \"a\"]\r\n", events: "1s o \"a\"\n"},
		"a BOM":                  {text: bom + h3 + "[1, \"o\", \"a\"]\n", events: "1s o \"a\"\n"},
		"blank lines":            {text: "\n" + h3 + "\n  \n[1, \"o\", \"a\"]\n\n\r\n", events: "1s o \"a\"\n"},
		"no end":                 {text: h3 + `[1, "o", "a"]`, events: "1s o \"a\"\n"},
		"comments":               {text: h3 + "[1, \"o\", \"a\"]\n# one \n#\n", events: "1s o \"a\"\n1s # \" one \"\n1s # \"\"\n"},
		"comments of version 2":  {text: h2 + "# one\n[1, \"o\", \"a\"]\n", events: "1s o \"a\"\n", warn: "line 2: it is left out: version 2 has no comments"},
		"white space":            {text: h2 + " [ 1.5 , \"o\"\t,\"a\" ] \n", events: "1.5s o \"a\"\n"},
		"numbers":                {text: h2 + "[0, \"o\", \"\"]\n[1e-05, \"o\", \"\"]\n[0.0000129, \"o\", \"\"]\n[1.9999999, \"o\", \"\"]\n[25E1, \"o\", \"\"]\n", events: "0s o \"\"\n10µs o \"\"\n12µs o \"\"\n1.999999s o \"\"\n4m10s o \"\"\n"},
		"escapes":                {text: h2 + `[0, "o", "\"\\\/\b\f\n\r\t\u0000\u001b\u00e9\u20AC\ud83d\ude00"]` + "\n", events: "0s o \"\\\"\\\\/\\b\\f\\n\\r\\t\\x00\\x1bé€😀\"\n"},
		"lone surrogates":        {text: h2 + `[0, "o", "a\ud83dx\ude00\ud83d\u0041\ud83d"]` + "\n", events: "0s o \"a\uFFFDx\uFFFD\uFFFDA\uFFFD\"\n", warn: "line 2: a half of a surrogate pair is taken as U+FFFD"},
		"a raw NUL":              {text: h2 + "[0, \"o\", \"a\x00\tb\"]\n", events: "0s o \"a\\x00\\tb\"\n", warn: "line 2: a control character is not escaped"},
		"no UTF-8":               {text: h2 + "[0, \"o\", \"a\xffb\"]\n", events: "0s o \"a\\xffb\"\n", warn: "line 2: the text is not UTF-8"},
		"unknown codes":          {text: h2 + "[1, \"z\", \"a\"]\n[1, \"long é\", {\"a\":[1, 2]}]\n[1, \"z\", null]\n", events: "1s z \"a\"\n1s long é \"{\\\"a\\\":[1, 2]}\" raw\n1s z \"null\" raw\n"},
		"sizes":                  {text: h2 + "[1, \"r\", \"0x0\"]\n[1, \"r\", \"65535x1\"]\n", events: "1s r 0x0\n1s r 65535x1\n"},
		"a size too much":        {text: h2 + "[1, \"o\", \"a\"]\n[1, \"r\", \"65536x1\"]\n[2, \"o\", \"b\"]\n", events: "1s o \"a\"\n2s o \"b\"\n", err: "line 3: \"65536x1\" is no size"},
		"no size":                {text: h3 + "[1, \"r\", \"80\"]\n", err: "line 2: \"80\" is no size"},
		"exit":                   {text: h3 + "[1, \"x\", \"-1\"]\n", events: "1s x -1\n"},
		"no exit":                {text: h3 + "[1, \"x\", \"2147483648\"]\n", err: "line 2: \"2147483648\" is no exit status"},
		"back in time":           {text: h2 + "[-1.5, \"o\", \"a\"]\n[2, \"o\", \"b\"]\n[1, \"o\", \"c\"]\n", events: "0s o \"a\"\n2s o \"b\"\n2s o \"c\"\n", warn: "line 2: the time -1.5s is taken as 0s: time does not go back\nline 4: the time 1s is taken as 2s: time does not go back"},
		"a negative interval":    {text: h3 + "[2, \"o\", \"a\"]\n[-1, \"o\", \"b\"]\n", events: "2s o \"a\"\n2s o \"b\"\n", warn: "line 3: the interval -1s is taken as 0"},
		"time without end":       {text: h3 + "[9e9, \"o\", \"a\"]\n[9e9, \"o\", \"b\"]\n", events: "2500000h0m0s o \"a\"\n", err: "line 3: its time is more than a recording can have"},
		"a time too much":        {text: h2 + "[99999999999999999999999, \"o\", \"a\"]\n", err: "line 2: its time of 99999999999999999999999 seconds is more"},
		"a time too much, exp":   {text: h2 + "[1e300, \"o\", \"a\"]\n", err: "line 2: its time 1e300 is no number"},
		"a line in the middle":   {text: h2 + "[1, \"o\", \"a\"]\nwhat is that\n[2, \"o\", \"b\"]\n", events: "1s o \"a\"\n2s o \"b\"\n", err: "line 3: it is no event, which begins with [: \"what is that\""},
		"a cut in the middle":    {text: h2 + "[1, \"o\", \"a\n[2, \"o\", \"b\"]\n", events: "2s o \"b\"\n", err: "line 2: it is cut"},
		"too much":               {text: h2 + "[1, \"o\", \"a\", 1]\n", err: "line 2: it has more than a time"},
		"behind it":              {text: h2 + "[1, \"o\", \"a\"]]\n", err: "line 2: it has more than a time"},
		"too little":             {text: h2 + "[1, \"o\"]\n", err: "line 2: it is no event"},
		"no code":                {text: h2 + "[1, \"\", \"a\"]\n", err: "line 2: its code is empty"},
		"a code of numbers":      {text: h2 + "[1, 2, \"a\"]\n", err: "line 2: its code is no string"},
		"text of numbers":        {text: h2 + "[1, \"o\", 2]\n", err: "line 2: its text is no string"},
		"data of nothing":        {text: h2 + "[1, \"z\", ]\n", err: "line 2: a value is missing"},
		"data of no JSON":        {text: h2 + "[1, \"z\", [1 2}]\n", err: "line 2: its data is no JSON"},
		"a bad escape":           {text: h2 + `[1, "o", "\q"]` + "\n", err: "line 2: a string has an escape that JSON does not have: \\q"},
		"a bad number":           {text: h2 + `[1, "o", "\u12g4"]` + "\n", err: `line 2: a string has \u without`},
		"a time of words":        {text: h2 + `[soon, "o", "a"]` + "\n", err: `line 2: its time is no number`},
		"NULs":                   {text: h2 + "[1, \"o\", \"a\"]\n\x00\x00\x00[2, \"o\", \"b\"]\n\x00\x00", events: "1s o \"a\"\n2s o \"b\"\n", warn: "line 3: it begins with NULs, which are left out\nline 4: it begins with NULs, which are left out"},
		"cut: text":              {text: h2 + "[1, \"o\", \"a\"]\n[2, \"o\", \"bc", events: "1s o \"a\"\n2s o \"bc\"\n", warn: "line 3: the last line is cut: what is left of its text is taken"},
		"cut: an escape":         {text: h2 + `[2, "o", "b\u00`, events: "2s o \"b\"\n", warn: "line 2: the last line is cut: what"},
		"cut: a surrogate":       {text: h2 + `[2, "o", "b\ud83d\ude`, events: "2s o \"b\"\n", warn: "line 2: the last line is cut: what"},
		"cut: a character":       {text: h2 + "[2, \"i\", \"b\xe2\x82", events: "2s i \"b\"\n", warn: "line 2: the last line is cut: what"},
		"cut: behind the text":   {text: h2 + `[2, "o", "b"`, events: "2s o \"b\"\n", warn: "line 2: the last line is cut: what"},
		"cut: before the text":   {text: h2 + `[2, "o", "`, warn: "line 2: the last line is cut, and left out"},
		"cut: in the time":       {text: h2 + `[2`, warn: "line 2: the last line is cut, and left out"},
		"cut: a marker":          {text: h2 + `[2, "m", "ab`, warn: "line 2: the last line is cut, and left out"},
		"an event of code b":     {text: h2 + "[1, \"b\", \"what\"]\n[1, \"b\", 7]\n", events: "1s b \"what\"\n1s b \"7\" raw\n"},
		"one that tells nothing": {text: h2 + "[1, \"b\", \"o3 0:4g\"]\n[1, \"m\", \"\"]\n[1, \"b\", \"o1\"]\n", events: "1s m \"\"\n", warn: "line 3: the line before tells of text that does not follow, and is left out\nline 4: the line before tells of text that does not follow"},
	} {
		t.Run(name, func(t *testing.T) {
			if c.err != "" {
				r := open(t, c.text, ReadOptions{})
				var err error
				for err == nil {
					_, err = r.Next()
				}
				if !strings.Contains(err.Error(), c.err) {
					t.Errorf("the error is %v, want %s", err, c.err)
				}
				if _, again := r.Next(); again != err {
					t.Errorf("after it: %v", again)
				}
				c.warn = strings.Replace(c.err, ": ", ": it is left out: ", 1)
			}
			r := open(t, c.text, ReadOptions{Lenient: c.err != ""})
			events := readAll(t, r)
			if diff := cmp.Diff(c.events, dump(events)); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
			var warn []string
			for _, w := range r.Warnings() {
				warn = append(warn, w.String())
			}
			if got := strings.Join(warn, "\n"); !strings.HasPrefix(got, c.warn) || c.warn == "" && got != "" {
				t.Errorf("warnings:\n%s\nwant:\n%s", got, c.warn)
			}
		})
	}
}

func TestHeaders(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		want Header
		warn string
	}{
		"zero sizes":        {`{"version":2,"width":0,"height":0}`, Header{}, ""},
		"nothing":           {`{"version":2}`, Header{}, ""},
		"large sizes":       {`{"version":3,"term":{"cols":65536,"rows":-1}}`, Header{}, "line 1: the header's cols is left out: 65536 is none"},
		"unknown keys":      {`{"version":3,"term":{"cols":1,"rows":2,"pixels":[3,4]},"z":1,"a":{"b":"c"},"duration":2.5}`, Header{Width: 1, Height: 2, Extra: []Field{{"term.pixels", []byte("[3,4]")}, {"z", []byte("1")}, {"a", []byte(`{"b":"c"}`)}, {"duration", []byte("2.5")}}}, ""},
		"null in env":       {`{"version":2,"width":1,"height":2,"env":{"A":null,"B":"b","C":3}}`, Header{Width: 1, Height: 2, Env: map[string]string{"B": "b"}}, "line 1: the header's env is without \"C\""},
		"a bad theme":       {`{"version":2,"width":1,"height":2,"theme":{"fg":"red","bg":"#000000","palette":""}}`, Header{Width: 1, Height: 2}, "line 1: the header's theme is left out"},
		"eight colours":     {`{"version":2,"width":1,"height":2,"theme":{"fg":"#FFFFFF","bg":"#000000","palette":"#000001:bad:#000002:#000003:#000004:#000005:#000006:#000007:#000008"}}`, Header{Width: 1, Height: 2, Theme: &Theme{"#FFFFFF", "#000000", strings.Split("#000001:#000002:#000003:#000004:#000005:#000006:#000007:#000008:#000001:#000002:#000003:#000004:#000005:#000006:#000007:#000008", ":")}}, ""},
		"a fraction":        {`{"version":2,"width":1,"height":2,"timestamp":1700000000.75}`, Header{Width: 1, Height: 2, Timestamp: time.Unix(1700000000, 0)}, ""},
		"what is no string": {`{"version":2,"width":1,"height":2,"title":7,"duration":"long"}`, Header{Width: 1, Height: 2}, "line 1: the header's title is left out: 7 is none"},
		"a term in v2":      {`{"version":2,"width":1,"height":2,"env":{"TERM":"a"},"term":{"type":"b","version":"c","x":1}}`, Header{Width: 1, Height: 2, TermType: "b", TermVersion: "c", Env: map[string]string{"TERM": "a"}, Extra: []Field{{"term.x", []byte("1")}}}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			r := open(t, c.text+"\n", ReadOptions{})
			if diff := cmp.Diff(c.want, r.Header(), cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
			warn := ""
			for _, w := range r.Warnings() {
				warn += w.String() + "\n"
			}
			if !strings.HasPrefix(warn, c.warn) || c.warn == "" && warn != "" {
				t.Errorf("warnings: %s", warn)
			}
			if c.want.Width == 0 {
				if cols, rows := c.want.Size(); cols != 80 || rows != 24 {
					t.Errorf("the size is %dx%d", cols, rows)
				}
				return
			}
			// The same comes back from a file of ours.
			var b bytes.Buffer
			if _, err := NewWriter(&b, r.Format(), r.Header()); err != nil {
				t.Fatal(err)
			}
			again := open(t, b.String(), ReadOptions{})
			if diff := cmp.Diff(r.Header(), again.Header(), cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("written again: (-want +got)\n%s%s", diff, b.String())
			}
		})
	}
}

// What is no recording is an error that says what was looked for.
func TestNone(t *testing.T) {
	for text, want := range map[string]string{
		"":                              "it is empty",
		"\n\n":                          "it is no recording",
		"hello\n":                       "not an asciicast (version 1, 2 or 3), not a typescript",
		"{":                             "it is no recording",
		"{}":                            "it is no recording",
		`{"version":2,"width":80,"hei`:  "line 1: its header makes no sense: it is cut",
		`{"version":2} x`:               "line 1: its header makes no sense: behind it is \" x\"",
		`{"version":4}`:                 "it is an asciicast of version 4, and 1 to 3 are known",
		`{"version":"2"}`:               "it is no recording",
		`{"version":1,"width":80}`:      "it is no recording",
		`{"version":1,"stdout":{}}`:     "it is no recording",
		`[1, "o", "a"]`:                 "it is no recording",
		"\x1f\x8b\x08\x00":              "it is compressed",
		"H 0.000000 START_TIME 2026":    "it is the timing file of a typescript",
		"\x89PNG\r\n\x1a\n\x00\x00\x00": "it is no recording",
		strings.Repeat("\x00", 100_000): "it is no recording",
	} {
		if _, err := NewReader(strings.NewReader(text), ReadOptions{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.40q: %v, want %s", text, err, want)
		}
	}
	if _, err := Open(filepath.Join(t.TempDir(), "none"), ReadOptions{}); !os.IsNotExist(err) && !strings.Contains(fmt.Sprint(err), "no such file") {
		t.Errorf("%v", err)
	}
	if _, err := Open(t.TempDir(), ReadOptions{}); err == nil || !strings.Contains(err.Error(), "it is a folder") {
		t.Errorf("%v", err)
	}
	if _, err := NewReader(strings.NewReader(h2), ReadOptions{Format: V3}); err == nil || !strings.Contains(err.Error(), "it is of the format v2, not v3") {
		t.Errorf("%v", err)
	}
}

// The first hundred warnings are kept.
func TestWarnings(t *testing.T) {
	r := open(t, h2+"[1, \"o\", \"\"]\n"+strings.Repeat("[0, \"o\", \"\"]\n", 1000), ReadOptions{})
	if n := len(readAll(t, r)); n != 1001 {
		t.Errorf("%d events", n)
	}
	if w := r.Warnings(); len(w) != maxWarnings+1 || w[maxWarnings].Text != "there is more of this kind, from line 103 on" {
		t.Errorf("%d warnings, the last is %v", len(w), w[len(w)-1])
	}
}

// Version 1 is read whatever the order of its keys and however it is laid out.
func TestV1(t *testing.T) {
	for name, c := range map[string]struct{ text, events, warn, err string }{
		"the events first":  {text: `{"stdout":[[1,"a"],[0.5,"b"]],"title":"T","height":2,"width":1,"version":1}`, events: "1s o \"a\"\n1.5s o \"b\"\n"},
		"no events":         {text: "{\"version\":1,\n\"title\":\"T\",\"stdout\":[ ],\"x\":{\"y\":\n1}}", events: ""},
		"cut in an event":   {text: `{"version":1,"title":"T","stdout":[[1,"a"],[0.5,"b`, events: "1s o \"a\"\n", warn: "the recording is cut: it has no end"},
		"cut between":       {text: `{"version":1,"title":"T","stdout":[[1,"a"],`, events: "1s o \"a\"\n", warn: "the recording is cut: it has no end"},
		"cut behind":        {text: `{"version":1,"title":"T","stdout":[[1,"a"]],"dura`, events: "1s o \"a\"\n", warn: "the recording is cut: it has no end"},
		"something behind":  {text: `{"version":1,"title":"T","stdout":[[1,"a"]]}` + "\n{}", events: "1s o \"a\"\n", warn: "what is behind the recording's end is left out"},
		"back in time":      {text: `{"version":1,"title":"T","stdout":[[-1,"a"]]}`, events: "0s o \"a\"\n", warn: "line 1: the delay -1s is taken as 0"},
		"what is no event":  {text: "{\"version\":1,\n\"title\":\"T\",\n\"stdout\":[[1,\"a\"],\n7,[1,\"b\"]]}", events: "1s o \"a\"\n2s o \"b\"\n", err: "line 4: it is no event, which is a list of a delay and a text"},
		"too much":          {text: `{"version":1,"title":"T","stdout":[[1,"o","a"],[1,"b"]]}`, events: "1s o \"b\"\n", err: "line 1: it has more than a delay and a text"},
		"a blank line each": {text: "\n{\"version\":1,\n\n\"title\":\"T\",\"stdout\":[\n\n[1\n,\"a\"\n]\n]\n}\n\n", events: "1s o \"a\"\n"},
	} {
		t.Run(name, func(t *testing.T) {
			r := open(t, c.text, ReadOptions{Lenient: c.err != ""})
			events := readAll(t, r)
			if diff := cmp.Diff(c.events, dump(events)); diff != "" || r.Header().Title != "T" {
				t.Errorf("%v (-want +got)\n%s", r.Header(), diff)
			}
			if warn := fmt.Sprint(r.Warnings()); c.err == "" && (!strings.Contains(warn, c.warn) || c.warn == "" && warn != "[]") {
				t.Errorf("warnings: %s", warn)
			}
			if c.err == "" {
				return
			}
			r = open(t, c.text, ReadOptions{})
			var err error
			for err == nil {
				_, err = r.Next()
			}
			if !strings.Contains(err.Error(), c.err) {
				t.Errorf("the error is %v", err)
			}
		})
	}
}

// An event of 100 MB is read like another one, and takes what it has, about.
func TestLargeEvent(t *testing.T) {
	const n = 100 << 20
	body := bytes.Repeat([]byte(`\u001b[1mab`), n/11)
	r, err := NewReader(io.MultiReader(strings.NewReader(h3+`[1, "o", "`), bytes.NewReader(body), strings.NewReader("\"]\n[1, \"o\", \"b\"]\n")), ReadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	e, err := r.Next()
	if want := bytes.Repeat([]byte("\x1b[1mab"), n/11); err != nil || !bytes.Equal(e.Data, want) {
		t.Fatalf("%v, %d bytes", err, len(e.Data))
	}
	if e, err := r.Next(); err != nil || string(e.Data) != "b" || e.Time != 2*time.Second {
		t.Errorf("%v, %v", e, err)
	}
	if in := r.src.(*lineSource).in; cap(in.buf) > 2*n {
		t.Errorf("%d bytes of memory", cap(in.buf))
	}
}
