package cast

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// consume reads a recording from data in all ways, and checks what every reader
// promises: times that do not go back, and that the rest can be read from any
// position.
func consume(t *testing.T, data []byte, o ReadOptions) {
	for _, o.Lenient = range []bool{false, true} {
		r, err := NewReader(bytes.NewReader(data), o)
		if err != nil {
			continue
		}
		var last time.Duration
		var at []Position
		var events []Event
		for {
			p := r.Position()
			e, err := r.Next()
			if err != nil {
				if o.Lenient && err != io.EOF && !tooLate(err) {
					t.Errorf("a lenient reader fails: %v", err)
				}
				break
			}
			if e.Time < last {
				t.Fatalf("time goes back from %v to %v", last, e.Time)
			}
			last = e.Time
			if len(at) < 50 {
				e.Data = bytes.Clone(e.Data)
				at, events = append(at, p), append(events, e)
			}
		}
		for i := range at {
			if err := r.Seek(at[i]); err != nil {
				t.Fatal(err)
			}
			e, err := r.Next()
			if err != nil || dump([]Event{e}) != dump(events[i:i+1]) {
				t.Fatalf("from %+v: %v, %s, want %s", at[i], err, dump([]Event{e}), dump(events[i:i+1]))
			}
		}
		// What was read can be written, and is the same when it is read again.
		h := r.Header()
		var b bytes.Buffer
		w, err := NewWriter(&b, V2, h)
		if err != nil {
			t.Fatalf("%+v: %v", h, err)
		}
		w.SetExact(true)
		for _, e := range events {
			if err := w.Write(e); err != nil {
				t.Fatalf("%+v: %v", e, err)
			}
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		again, err := NewReader(&b, ReadOptions{})
		if err != nil {
			t.Fatal(err)
		}
		var got []Event
		for e, err := range again.All() {
			if err != nil {
				t.Fatalf("%v\n%s", err, b.Bytes())
			}
			e.Data = bytes.Clone(e.Data)
			got = append(got, e)
		}
		for i := range events {
			events[i].Time = events[i].Time.Truncate(time.Microsecond)
			if c := events[i].Code; c == Output || c == Input {
				continue
			}
			events[i].Data, events[i].Code = valid(events[i].Data), Code(valid([]byte(events[i].Code)))
		}
		if dump(got) != dump(events) && !hasOurs(events) {
			t.Fatalf("written again: %s\nbefore: %s", dump(got), dump(events))
		}
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// tooLate: nobody can be lenient with a line that has no end.
func tooLate(err error) bool {
	return err != nil && bytes.Contains([]byte(err.Error()), []byte("longer"))
}

// hasOurs tells whether somebody else's event looks like ours.
func hasOurs(events []Event) bool {
	for _, e := range events {
		if e.Code == exactCode {
			return true
		}
	}
	return false
}

func FuzzRead(f *testing.F) {
	files, _ := filepath.Glob("testdata/*.*")
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Add([]byte(h2 + "[1, \"b\", \"o3 0:4g -\"]\n[1, \"o\", \"\uFFFD\"]\n[1, \"b\", \"o0 +4g\"]\n[1, \"o\", \"\"]\n[1e-3, \"o\", \"\\ud83d\\u00"))
	f.Add([]byte(h3 + "# c\n[1, \"z\", {\"a\":[]}]\n\x00[1, \"r\", \"1x2\"]\n[1, \"x\", \"1\"]"))
	f.Add([]byte(h3 + "[1, \"z\", {\"\xff\":[]}]"))
	f.Add([]byte("\x1b[8;24;80tabc"))
	f.Add([]byte("\x01\x00\x00\x00\x00\x00\x00\x00\x0a\x00\x00\x00\x1b[8;24;80t\x02\x00\x00\x00\x00\x00\x00\x00\x02\x00\x00\x00ab"))
	f.Add([]byte(typescriptMark + "2026-01-02 03:04:05+00:00 [COMMAND=\"a\" TERM=\"x\" TTY=\"/dev/pts/0\" COLUMNS=\"80\" LINES=\"24\"]\nabc\nScript done on x [COMMAND_EXIT_CODE=\"0\"]\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		consume(t, data, ReadOptions{})
		consume(t, data, ReadOptions{Format: Raw})
		consume(t, data, ReadOptions{Format: TTYRec})
	})
}

func FuzzScript(f *testing.F) {
	head := typescriptMark + "2026-01-02 03:04:05+00:00 [COMMAND=\"a\" <not executed on terminal>]\n"
	f.Add([]byte(head+"abc\nScript done on x [COMMAND_EXIT_CODE=\"0\"]\n"), []byte("0.5 2\n0.25 1\n"))
	f.Add([]byte(head+"abcdef"), []byte("H 0.000000 START_TIME 2026-01-02 03:04:05+00:00\nH 0.000000 INPUT_LOG x\nH 0.000000 OUTPUT_LOG y\nH 0.000000 COLUMNS 80\nO 0.5 2\nI 0.5 2\nS 0.1 SIGWINCH ROWS=24 COLS=80\nS 0.1 SIGTERM\nH 0.1 EVENT \"m\", \"a\"\nH 0.000000 DURATION 3.0\nH 0.000000 EXIT_CODE 3\n"))
	f.Add([]byte(head), []byte("H 0.000000 HEADER {\"version\":3}\nH 0 EVENT \"b\", \"o0 +4g\"\nO -1 5\nO 1"))
	f.Fuzz(func(t *testing.T, data, timing []byte) {
		path := filepath.Join(t.TempDir(), "timing")
		if err := os.WriteFile(path, timing, 0o600); err != nil {
			t.Fatal(err)
		}
		consume(t, data, ReadOptions{Format: Script, Timing: path})
	})
}

// Whatever is in a file, Repair makes one that opens, and then has nothing to do.
func FuzzRepair(f *testing.F) {
	f.Add([]byte(h2+"[1, \"o\", \"a\"]\nx\n\x00[1, \"o\", \"a\\u00"), []byte(nil))
	f.Add([]byte("{\"version\":1,\"stdout\":[[1,\"a\"],[1,\"b"), []byte(nil))
	f.Add([]byte("\x01\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00a\x02\x00\x00\x00\x00\x00\x00\x00\x02\x00\x00\x00a"), []byte(nil))
	f.Add([]byte(typescriptMark+"\nabc"), []byte("O 1 1\nO 1 5\nO"))
	f.Fuzz(func(t *testing.T, data, timing []byte) {
		path := filepath.Join(t.TempDir(), "a")
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		if len(timing) > 0 {
			if err := os.WriteFile(TimingFile(path), timing, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		rep, err := Repair(path)
		if err != nil {
			return
		}
		again, err := Repair(path)
		if err != nil || again.Changed || again.Events != rep.Events {
			after, _ := os.ReadFile(path)
			t.Errorf("%v\n%+v, then\n%+v\n%q", err, rep, again, after)
		}
	})
}
