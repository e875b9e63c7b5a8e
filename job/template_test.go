package job

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
)

func sampleFields() *Fields {
	return &Fields{
		Rank: 12, LocalRank: 4, Attempt: 1, Role: "trainer", Host: "node7", Stream: Stderr,
		Time: time.Date(2026, 3, 4, 10, 20, 30, 45_000_000, time.FixedZone("CET", 3600)),
	}
}

func TestTemplate(t *testing.T) {
	for text, want := range map[string]string{
		"":                        "",
		"[{rank}] ":               "[12] ",
		"[{rank:4}|{role:3}]":     "[  12|trainer]",
		"{local_rank}/{attempt}":  "4/1",
		"{host}:{stream}> ":       "node7:stderr> ",
		"{{{rank}}}":              "{12}",
		"}}{{":                    "}{",
		"{time} ":                 "10:20:30.045 ",
		"{time:15:04}":            "10:20",
		"{time:iso}":              "2026-03-04T10:20:30.045+01:00",
		"{time:unix}":             "1772616030.045",
		"{time:Jan _2 15:04:05}é": "Mar  4 10:20:30é",
	} {
		tmpl, err := ParseTemplate(text)
		if err != nil {
			t.Errorf("%q: %v", text, err)
			continue
		}
		if got := string(tmpl.Append([]byte("x"), sampleFields())); got != "x"+want {
			t.Errorf("%q gives %q, want %q", text, got, "x"+want)
		}
		if tmpl.String() != text {
			t.Errorf("%q turned into %q", text, tmpl.String())
		}
	}
}

func TestTemplateErrors(t *testing.T) {
	for text, want := range map[string]string{
		"[{rnak}]":         "there is no field \"rnak\": did you mean rank?\n    [{rnak}]\n      ^\n  allowed: {rank}",
		"{rank":            "a { that is never closed",
		"rank}":            "a } that closes nothing",
		"{}":               "a field's name is missing",
		"{rank:}":          "a width is missing",
		"{rank:x}":         `"x" is no width`,
		"{role:15:04}":     "only {time} takes a layout",
		"{rank:99999}":     "the width is above 200",
		"{time:}":          "a time layout is missing",
		"{time:%H:%M:%S}":  "shows no time: write the moment 2006-01-02",
		"{time:HH:MM:SS}":  "shows no time",
		"a\nb":             "cannot hold line ends",
		"{unknown_field}":  `there is no field "unknown_field"`,
		"\u65e5\u672c{ro}": "\u65e5\u672c{ro}\n       ^",
	} {
		_, err := ParseTemplate(text)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %q in it", text, err, want)
		}
	}
}

func TestTemplateUses(t *testing.T) {
	tmpl, err := ParseTemplate("[{rank}] {time} role")
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]bool{"rank": true, "time": true, "role": false, "host": false, "": false, "nonsense": false} {
		if tmpl.Uses(name) != want {
			t.Errorf("Uses(%q) is not %v", name, want)
		}
	}
}

func TestTemplateJSON(t *testing.T) {
	// An empty template is not the same as none: it says "no prefix".
	empty := &Template{}
	text, err := json.Marshal(Console{Prefix: empty})
	if err != nil {
		t.Fatal(err)
	}
	var back Console
	if err := json.Unmarshal(text, &back); err != nil || back.Prefix == nil || back.Prefix.String() != "" {
		t.Errorf("%s came back as %v (%v)", text, back.Prefix, err)
	}
}

func TestTemplateAllocatesNothing(t *testing.T) {
	tmpl, err := ParseTemplate("{time} {time:unix} {time:iso} [{role} {rank:6} {local_rank} {host} {stream} {attempt}] ")
	if err != nil {
		t.Fatal(err)
	}
	f, buf := sampleFields(), make([]byte, 0, 256)
	if n := testing.AllocsPerRun(100, func() { buf = tmpl.Append(buf[:0], f) }); n > 0 {
		t.Errorf("Append allocates %v times", n)
	}
}

func BenchmarkTemplate(b *testing.B) {
	tmpl, err := ParseTemplate("{time} [{rank}] ")
	if err != nil {
		b.Fatal(err)
	}
	f, buf := sampleFields(), make([]byte, 0, 256)
	for b.Loop() {
		buf = tmpl.Append(buf[:0], f)
	}
}

func FuzzTemplate(f *testing.F) {
	for _, s := range []string{"[{rank:4}] ", "{{{time:15:04}}}", "{time:unix}{host}", "{rnak", "}", "{time:%H}"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		tmpl, err := ParseTemplate(s)
		if err != nil {
			checkSyntaxError(t, s, err)
			return
		}
		out := tmpl.Append(nil, sampleFields())
		if strings.ContainsAny(string(out), "\n\r\x00") {
			t.Fatalf("%q gives more than a line: %q", s, out)
		}
		back, err := ParseTemplate(tmpl.String())
		if err != nil || string(back.Append(nil, sampleFields())) != string(out) {
			t.Fatalf("%q does not read back (%v)", s, err)
		}
	})
}
