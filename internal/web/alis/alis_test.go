package alis

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

const us = time.Microsecond

var palette16 = []Color{
	{0, 0, 0}, {128, 0, 0}, {0, 128, 0}, {128, 128, 0}, {0, 0, 128}, {128, 0, 128}, {0, 128, 128}, {192, 192, 192},
	{128, 128, 128}, {255, 0, 0}, {0, 255, 0}, {255, 255, 0}, {0, 0, 255}, {255, 0, 255}, {0, 255, 255}, {255, 255, 255},
}

// vectors are those of the unit tests of asciinema's own encoder: the event, the
// time of the message before it, and the bytes.
var vectors = []struct {
	name string
	last uint64
	e    Event
	want string
}{
	{"init with theme and screen", 0, Event{Kind: Init, ID: 42, Time: 1000 * us, Cols: 180, Rows: 24, Text: "terminal seed",
		Theme: &Theme{FG: Color{255, 255, 255}, Palette: palette16}},
		"\x01\x2a\xe8\x07\xb4\x01\x18\x10\xff\xff\xff\x00\x00\x00" + colours(palette16) + "\x0dterminal seed"},
	{"init without", 0, Event{Kind: Init, ID: 1, Time: 500 * us, Cols: 120, Rows: 130}, "\x01\x01\xf4\x03\x78\x82\x01\x00\x00"},
	{"output", 1000, Event{Kind: Output, ID: 5, Time: 1200 * us, Text: "Hello 世界 🌍"}, "o\x05\xc8\x01\x11Hello 世界 🌍"},
	{"input", 500, Event{Kind: Input, ID: 1000000, Time: 750 * us, Text: "x"}, "i\xc0\x84\x3d\xfa\x01\x01x"},
	{"resize", 2000, Event{Kind: Resize, ID: 15, Time: 2100 * us, Cols: 180, Rows: 50}, "r\x0f\x64\xb4\x01\x32"},
	{"marker", 3000, Event{Kind: Marker, ID: 20, Time: 3500 * us, Text: "checkpoint"}, "m\x14\xf4\x03\x0acheckpoint"},
	{"marker without label", 3000, Event{Kind: Marker, ID: 2, Time: 3300 * us}, "m\x02\xac\x02\x00"},
	{"exit", 4000, Event{Kind: Exit, ID: 25, Time: 4200 * us}, "x\x19\xc8\x01\x00"},
	{"eot", 4000, Event{Kind: EOT}, "\x04"},
	// The numbers of which the public examples are wrong.
	{"125 ms", 0, Event{Kind: Marker, Time: 125 * time.Millisecond}, "m\x00\xc8\xd0\x07\x00"},
	{"50 ms", 0, Event{Kind: Marker, Time: 50 * time.Millisecond}, "m\x00\xd0\x86\x03\x00"},
	{"10 ms", 0, Event{Kind: Marker, Time: 10 * time.Millisecond}, "m\x00\x90\x4e\x00"},
	{"1 s", 0, Event{Kind: Marker, Time: time.Second}, "m\x00\xc0\x84\x3d\x00"},
	{"500 ms", 0, Event{Kind: Marker, Time: 500 * time.Millisecond}, "m\x00\xa0\xc2\x1e\x00"},
}

func colours(p []Color) string {
	var b strings.Builder
	for _, c := range p {
		b.Write(c[:])
	}
	return b.String()
}

func TestVectors(t *testing.T) {
	for _, v := range vectors {
		e := Encoder{last: v.last}
		if got := e.Append(nil, &v.e); string(got) != v.want {
			t.Errorf("%s: got % x, want % x", v.name, got, v.want)
		}
		d := Decoder{state: wantEvent, last: v.last}
		got, ok, err := d.Decode([]byte(v.want))
		if err != nil || !ok {
			t.Errorf("%s: %v %v", v.name, ok, err)
		}
		if diff := cmp.Diff(v.e, got); diff != "" {
			t.Errorf("%s: -want +got\n%s", v.name, diff)
		}
	}
}

func TestNumbers(t *testing.T) {
	for v, want := range map[int]string{0: "\x00", 1: "\x01", 127: "\x7f", 128: "\x80\x01", 255: "\xff\x01", 256: "\x80\x02", 16383: "\xff\x7f", 16384: "\x80\x80\x01"} {
		got := new(Encoder).Append(nil, &Event{Kind: Exit, Status: v})
		if string(got[3:]) != want {
			t.Errorf("%d: got % x, want % x", v, got[3:], want)
		}
	}
}

func TestTimesDoNotGoBack(t *testing.T) {
	e := Encoder{last: 1000}
	a := e.Append(nil, &Event{Kind: Output, ID: 1, Time: 1000 * us, Text: "first"})
	b := e.Append(nil, &Event{Kind: Output, ID: 2, Time: 500 * us, Text: "second"})
	if a[2] != 0 || b[2] != 0 || e.last != 1000 {
		t.Errorf("got % x, % x, last %d", a, b, e.last)
	}
	if got := e.Append(nil, &Event{Kind: Init, Time: 500 * us}); !bytes.HasPrefix(got, []byte("\x01\x00\xe8\x07")) {
		t.Errorf("an init: % x", got)
	}
	if got := new(Encoder).Append(nil, &Event{Kind: Exit, Status: -1}); !bytes.Equal(got, []byte("x\x00\x00\x00")) {
		t.Errorf("a negative status: % x", got)
	}
}

// A theme that the format cannot hold is left out, and the screen comes.
func TestOddTheme(t *testing.T) {
	got := new(Encoder).Append(nil, &Event{Kind: Init, Cols: 1, Rows: 1, Text: "s", Theme: &Theme{Palette: palette16[:5]}})
	if want := "\x01\x00\x00\x01\x01\x00\x01s"; string(got) != want {
		t.Errorf("got % x, want % x", got, want)
	}
}

func TestDecodeOrder(t *testing.T) {
	init, out := "\x01\x00\x00\x50\x18\x00\x00", "o\x01\x00\x01a"
	for _, c := range []struct {
		name string
		msgs []string
		want string // in the error of the last one
	}{
		{"no magic", []string{init}, "does not begin"},
		{"version 2", []string{"ALiS\x02"}, "does not begin"},
		{"event before init", []string{Magic, out}, "0x6f came where an init"},
		{"event after eot", []string{Magic, init, out, "\x04", out}, "0x6f came where an init"},
		{"again after eot", []string{Magic, init, "\x04", init, out}, ""},
		{"older eot", []string{Magic, init, "\x04\x07\x05", init}, ""},
		{"init in between", []string{Magic, init, out, init, out}, ""},
		{"unknown kind", []string{Magic, init, "z\xff\xff"}, ""},
		{"empty", []string{Magic, init, ""}, "empty"},
		{"short", []string{Magic, init, "o\x01"}, "too early"},
		{"short text", []string{Magic, init, "o\x01\x00\x05abc"}, "too early"},
		{"endless number", []string{Magic, init, "o\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x00"}, "64 bits"},
		{"late time", []string{Magic, init, "m\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\x00"}, "beyond all measure"},
		{"wide", []string{Magic, init, "r\x01\x00\x80\x80\x04\x18"}, "65535"},
		{"theme of 9", []string{Magic, "\x01\x00\x00\x50\x18\x09"}, "9 colours"},
		{"no utf-8", []string{Magic, init, "o\x01\x00\x01\xff"}, "UTF-8"},
	} {
		var d Decoder
		for i, m := range c.msgs {
			_, _, err := d.Decode([]byte(m))
			last := i == len(c.msgs)-1
			switch {
			case err == nil && last && c.want != "":
				t.Errorf("%s: no error", c.name)
			case err != nil && (!last || c.want == "" || !strings.Contains(err.Error(), c.want)):
				t.Errorf("%s: message %d: %v", c.name, i, err)
			}
		}
	}
}

func TestRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var enc Encoder
		var dec Decoder
		if _, _, err := dec.Decode([]byte(Magic)); err != nil {
			t.Fatal(err)
		}
		var last time.Duration
		for i := range rapid.IntRange(1, 20).Draw(t, "n") {
			e := Event{Kind: Init, ID: rapid.Uint64().Draw(t, "id")}
			if i > 0 {
				e.Kind = rapid.SampledFrom([]Kind{Init, Output, Input, Resize, Marker, Exit}).Draw(t, "kind")
			}
			e.Time = last + time.Duration(rapid.Int64Range(0, 1<<40).Draw(t, "us"))*us
			last = e.Time
			switch e.Kind {
			case Resize:
				e.Cols, e.Rows = rapid.IntRange(0, maxSide).Draw(t, "cols"), rapid.IntRange(0, maxSide).Draw(t, "rows")
			case Exit:
				e.Status = rapid.IntRange(0, 255).Draw(t, "status")
			case Init:
				e.Cols, e.Rows = 80, 24
				if n := rapid.SampledFrom([]int{0, 8, 16}).Draw(t, "theme"); n > 0 {
					e.Theme = &Theme{FG: Color{1, 2, 3}, BG: Color{4, 5, 6}, Palette: palette16[:n]}
				}
				fallthrough
			default:
				e.Text = rapid.String().Draw(t, "text")
			}
			got, ok, err := dec.Decode(enc.Append(nil, &e))
			if err != nil || !ok {
				t.Fatal(ok, err)
			}
			if diff := cmp.Diff(e, got); diff != "" {
				t.Fatalf("-want +got\n%s", diff)
			}
		}
	})
}

// Whatever is decoded and encoded again decodes to the same.
func FuzzDecode(f *testing.F) {
	for _, v := range vectors {
		f.Add([]byte(v.want))
	}
	f.Add([]byte("\x04\x01\x02"))
	f.Add([]byte("\x010\x0000\x00\x010"))
	f.Add([]byte("o\x01\x00\xff\xff\xff\xff\x0fabc"))
	f.Fuzz(func(t *testing.T, msg []byte) {
		d := Decoder{state: wantEvent, last: 17}
		e, ok, err := d.Decode(msg)
		if err != nil || !ok {
			return
		}
		enc := Encoder{last: 17}
		d = Decoder{state: wantEvent, last: 17}
		again, ok, err := d.Decode(enc.Append(nil, &e))
		if err != nil || !ok {
			t.Fatal(ok, err)
		}
		if e.Kind == Init { // its time may go back, but is not sent so
			e.Time = max(e.Time, 17*time.Microsecond)
		}
		if diff := cmp.Diff(e, again); diff != "" {
			t.Errorf("-first +again\n%s", diff)
		}
	})
}

func BenchmarkEncode(b *testing.B) {
	e := Event{Kind: Output, Text: strings.Repeat("a line of output\r\n", 50)}
	var enc Encoder
	buf := make([]byte, 0, 4096)
	b.SetBytes(int64(len(e.Text)))
	for b.Loop() {
		e.ID++
		e.Time += time.Millisecond
		buf = enc.Append(buf[:0], &e)
	}
}
