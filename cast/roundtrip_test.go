package cast

import (
	"bytes"
	"encoding/json"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"
)

// recording is a header and events.
type recording struct {
	h      Header
	events []Event
}

// piece draws bytes: text, halves of it, and what is no text.
func piece(t *rapid.T, name string) []byte {
	return []byte(strings.Join(rapid.SliceOfN(rapid.SampledFrom([]string{
		"a", "hello\r\n", "\x1b[31m", "é", "日本", "👍", "\xc3", "\xe2\x82", "\x82", "\xf0", "\x9f", "\x91", "\xff", "\x00", "\uFFFD", "\xed\xa0\x80", "\"\\", "\u2028", "\x7f",
	}), 0, 6).Draw(t, name), ""))
}

// draw draws a recording whose times are multiples of unit.
func draw(t *rapid.T, unit time.Duration, codes ...Code) recording {
	r := recording{h: Header{Width: rapid.IntRange(1, 300).Draw(t, "cols"), Height: rapid.IntRange(1, 300).Draw(t, "rows")}}
	text := rapid.StringMatching(`[a-zA-Zäö"\\ 日/=-]{0,9}`)
	if rapid.Bool().Draw(t, "header") {
		r.h.Timestamp = time.Unix(rapid.Int64Range(1e9, 4e9).Draw(t, "start"), 0)
		r.h.IdleTimeLimit = time.Duration(rapid.IntRange(0, 1e7).Draw(t, "idle")) * time.Microsecond
		r.h.Title, r.h.TermType, r.h.TermVersion = text.Draw(t, "title"), text.Draw(t, "type"), text.Draw(t, "version")
		r.h.Command = text.Draw(t, "command")
		r.h.Tags = rapid.SliceOf(text).Draw(t, "tags")
		r.h.Env = map[string]string{"SHELL": text.Draw(t, "shell")}
		r.h.Extra = []Field{{"term.z", json.RawMessage("null")}, {"x", json.RawMessage(`{"y":[1,2.50]}`)}}
		if rapid.Bool().Draw(t, "theme") {
			r.h.Theme = &Theme{FG: "#000000", BG: "#ffFFff"}
			for range 16 {
				r.h.Theme.Palette = append(r.h.Theme.Palette, "#123456")
			}
		}
	}
	at := time.Duration(0)
	for range rapid.IntRange(0, 12).Draw(t, "events") {
		at += time.Duration(rapid.IntRange(0, 2_000_000).Draw(t, "delay")) * unit
		e := Event{Time: at, Code: rapid.SampledFrom(codes).Draw(t, "code")}
		switch e.Code {
		case Resize:
			e.Cols, e.Rows = rapid.IntRange(1, maxSize).Draw(t, "cols"), rapid.IntRange(1, maxSize).Draw(t, "rows")
		case Exit:
			e.Status = rapid.IntRange(math.MinInt32, math.MaxInt32).Draw(t, "status")
		case Output, Input:
			e.Data = piece(t, "data")
		case Comment:
			e.Data = []byte(text.Draw(t, "comment"))
		case "json":
			e.Raw, e.Data = true, []byte(rapid.SampledFrom([]string{"null", "1.50", `{"a": [1, "]"]}`, "[]"}).Draw(t, "value"))
		default:
			e.Data = []byte(text.Draw(t, "label"))
		}
		r.events = append(r.events, e)
	}
	return r
}

// normal is r as the comments are read: at the time of the event before.
func (r recording) normal() recording {
	last := time.Duration(0)
	for i := range r.events {
		if r.events[i].Code == Comment {
			r.events[i].Time = last
		}
		last = r.events[i].Time
	}
	return r
}

// written is the recording in a format, and the timing of a typescript.
func (r recording) written(t rapid.TB, f Format) (data, timing []byte) {
	var b, tm bytes.Buffer
	var c *Writer
	var err error
	if f == Script || f == ScriptClassic {
		c, err = NewScriptWriter(&b, &tm, f, r.h)
	} else {
		c, err = NewWriter(&b, f, r.h)
	}
	if err != nil {
		t.Fatal(err)
	}
	c.SetExact(true)
	for _, e := range r.events {
		if err := c.Write(e); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes(), tm.Bytes()
}

// read reads what written has written.
func read(t rapid.TB, data, timing []byte) (recording, *Reader) {
	o := ReadOptions{}
	if timing != nil {
		f, err := os.CreateTemp("", "cast-timing-")
		if err != nil {
			t.Fatal(err)
		}
		defer os.Remove(f.Name())
		defer f.Close()
		if _, err := f.Write(timing); err != nil {
			t.Fatal(err)
		}
		o.Timing = f.Name()
	}
	r, err := NewReader(bytes.NewReader(data), o)
	if err != nil {
		t.Fatalf("%v\n%s\n%s", err, data, timing)
	}
	got := recording{h: r.Header()}
	for e, err := range r.All() {
		if err != nil {
			t.Fatalf("%v\n%s\n%s", err, data, timing)
		}
		e.Data = bytes.Clone(e.Data)
		got.events = append(got.events, e)
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	return got, r
}

func (r recording) diff(other recording) string {
	return cmp.Diff(r.h, other.h, cmpopts.EquateEmpty()) + cmp.Diff(dump(r.events), dump(other.events))
}

var everything = []Code{Output, Input, Output, Resize, Marker, Exit, Signal, Source, "z", "long code", "json"}

// What has been written is read again, to the byte and to the event, whatever it
// is: the formats that hold everything do.
func TestRoundTrip(t *testing.T) {
	for _, c := range []struct {
		f     Format
		unit  time.Duration
		codes []Code
	}{
		{V2, time.Microsecond, append(everything, Comment)},
		{V3, time.Millisecond, append(everything, Comment)},
		{Script, time.Microsecond, append(everything, Comment)},
	} {
		t.Run(c.f.String(), rapid.MakeCheck(func(t *rapid.T) {
			r := draw(t, c.unit, c.codes...)
			if c.f == V3 {
				r = r.normal()
			}
			data, timing := r.written(t, c.f)
			got, reader := read(t, data, timing)
			if diff := r.diff(got); diff != "" || len(reader.Warnings()) > 0 {
				t.Fatalf("%v (-want +got)\n%s\n%s%s", reader.Warnings(), diff, data, timing)
			}
		}))
	}
}

// Through every other format and back, what that can hold is the same.
func TestConversions(t *testing.T) {
	text := func(events []Event, code Code) string {
		var b strings.Builder
		for _, e := range events {
			if e.Code == code {
				b.Write(e.Data)
			}
		}
		return b.String()
	}
	rapid.Check(t, func(t *rapid.T) {
		r := draw(t, time.Millisecond, everything...)
		for _, way := range [][]Format{{V2, V3, V2}, {V3, Script, V3}, {Script, V2, Script}, {V2, TTYRec, V3}, {V3, Raw, V2}, {V2, ScriptClassic, V2}, {V3, V1, V2}} {
			got := r
			for _, f := range way {
				data, timing := got.written(t, f)
				if timing == nil && f == ScriptClassic {
					timing = []byte{}
				}
				got, _ = read(t, data, timing)
			}
			switch way[1] {
			case V2, V3, Script:
				if diff := cmp.Diff(dump(r.events), dump(got.events)); diff != "" {
					t.Fatalf("%v (-want +got)\n%s", way, diff)
				}
			case V1:
				if want, got := string(valid([]byte(text(r.events, Output)))), text(got.events, Output); want != got {
					t.Fatalf("%v: %q became %q", way, want, got)
				}
			default:
				if want, got := text(r.events, Output), text(got.events, Output); want != got {
					t.Fatalf("%v: %q became %q", way, want, got)
				}
			}
			if got.h.Width != r.h.Width || got.h.Height != r.h.Height {
				t.Fatalf("%v: the size is %dx%d, was %dx%d", way, got.h.Width, got.h.Height, r.h.Width, r.h.Height)
			}
			if way[1] == TTYRec { // all but the codes: times and sizes as well
				var want []Event
				for _, e := range r.events {
					if e.Code == Output || e.Code == Resize {
						want = append(want, e)
					}
				}
				if diff := cmp.Diff(dump(want), dump(got.events)); diff != "" {
					t.Fatalf("%v (-want +got)\n%s", way, diff)
				}
			}
		}
	})
}

// From every position, the rest of the events is read.
func TestPositions(t *testing.T) {
	file := filepath.Join(t.TempDir(), "timing")
	rapid.Check(t, func(t *rapid.T) {
		r := draw(t, time.Millisecond, append(everything, Comment)...).normal()
		for _, f := range []Format{V1, V2, V3, Script, ScriptClassic, TTYRec, Raw} {
			data, timing := r.written(t, f)
			if f == ScriptClassic && timing == nil {
				continue
			}
			o := ReadOptions{}
			if timing != nil {
				if err := os.WriteFile(file, timing, 0o600); err != nil {
					t.Fatal(err)
				}
				o.Timing = file
			}
			c, err := NewReader(bytes.NewReader(data), o)
			if err != nil {
				t.Fatalf("%v: %v\n%q", f, err, data)
			}
			var at []Position
			var events []Event
			for {
				p := c.Position()
				e, err := c.Next()
				if err == io.EOF {
					break
				} else if err != nil {
					t.Fatal(err)
				}
				e.Data = bytes.Clone(e.Data)
				at, events = append(at, p), append(events, e)
			}
			for i := len(at) - 1; i >= 0; i-- {
				js, err := json.Marshal(at[i])
				if err != nil {
					t.Fatal(err)
				}
				var p Position
				if err := json.Unmarshal(js, &p); err != nil || p != at[i] {
					t.Fatalf("%v: %s is %v, was %v", err, js, p, at[i])
				}
				if err := c.Seek(p); err != nil {
					t.Fatal(err)
				}
				for _, want := range events[i:] {
					e, err := c.Next()
					if err != nil {
						t.Fatalf("%v from event %d, %s: %v", f, i, js, err)
					}
					if diff := cmp.Diff(dump([]Event{want}), dump([]Event{e})); diff != "" {
						t.Fatalf("%v from event %d, %s (-want +got)\n%s\n%s", f, i, js, diff, data)
					}
				}
				if _, err := c.Next(); err != io.EOF {
					t.Fatalf("%v: no end: %v", f, err)
				}
			}
			if err := c.Close(); err != nil {
				t.Fatal(err)
			}
		}
	})
}

func TestSeekErrors(t *testing.T) {
	r, err := NewReader(io.MultiReader(strings.NewReader(h2+"[1, \"o\", \"a\"]\n")), ReadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Seek(r.Position()); err == nil || !strings.Contains(err.Error(), "it is not in a file") {
		t.Errorf("%v", err)
	}
	r = open(t, h2+"[1, \"o\", \"a\"]\n", ReadOptions{})
	for _, p := range []Position{{Offset: -1}, {Time: -1}, {Held: [2][4]byte{{4}}}, {Line: -1}} {
		if err := r.Seek(p); err == nil {
			t.Errorf("%v is a position", p)
		}
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}
	if err := r.Seek(Position{}); err == nil {
		t.Error("going to a place after Close")
	}
	if _, err := r.Next(); err == nil || !strings.Contains(err.Error(), "closed") {
		t.Errorf("reading after Close: %v", err)
	}
}

// The intervals of version 3 are rounded, and their sum is not: after every event
// it is less than half a millisecond off.
func TestNoDrift(t *testing.T) {
	var b bytes.Buffer
	c, err := NewWriter(&b, V3, Header{})
	if err != nil {
		t.Fatal(err)
	}
	const n, step = 1_000_000, 400 * time.Microsecond
	for i := range n {
		if err := c.Output(time.Duration(i+1)*step, []byte("x")); err != nil {
			t.Fatal(err)
		}
	}
	r := open(t, b.String(), ReadOptions{})
	i, last := 0, time.Duration(0)
	for e, err := range r.All() {
		if err != nil {
			t.Fatal(err)
		}
		i++
		last = e.Time
		if off := e.Time - time.Duration(i)*step; off.Abs() > 500*time.Microsecond {
			t.Fatalf("event %d is %v off", i, off)
		}
	}
	if i != n || last != 400*time.Second {
		t.Errorf("%d events, %v", i, last)
	}
}
