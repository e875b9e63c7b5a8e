package cast

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func content(t testing.TB, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// record makes a recording of one output at one second.
func record(t testing.TB, path string, f Format, o CreateOptions, text string) error {
	t.Helper()
	c, err := Create(path, f, Header{Width: 90, Height: 30}, o)
	if err != nil {
		return err
	}
	if err := errors.Join(c.Output(time.Second, []byte(text)), c.Exit(2*time.Second, 3), c.Close()); err != nil {
		t.Fatal(err)
	}
	return nil
}

func events(t testing.TB, path string, o ReadOptions) (string, []Warning) {
	t.Helper()
	r, err := Open(path, o)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	return dump(readAll(t, r)), r.Warnings()
}

// Two recorders do not write into one file, and nobody mends it meanwhile.
func TestOneRecorder(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("files are not locked there")
	}
	path := filepath.Join(t.TempDir(), "x.cast")
	c, err := Create(path, V3, Header{}, CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	c.Output(time.Second, []byte("one"))
	for _, o := range []CreateOptions{{Append: true}, {Overwrite: true}} {
		if _, err := Create(path, V3, Header{}, o); !errors.Is(err, errLocked) {
			t.Errorf("%+v: %v", o, err)
		}
	}
	if _, err := Repair(path); !errors.Is(err, errLocked) {
		t.Errorf("repair: %v", err)
	}
	if got, _ := events(t, path, ReadOptions{}); got != "1s o \"one\"\n" {
		t.Errorf("it has\n%s", got)
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	if err := record(t, path, V3, CreateOptions{Append: true}, "two"); err != nil {
		t.Errorf("after it: %v", err)
	}
}

func TestCreate(t *testing.T) {
	dir := t.TempDir()
	for _, f := range []Format{V1, V2, V3, Script, ScriptClassic, TTYRec, Raw} {
		path := filepath.Join(dir, f.String())
		if err := record(t, path, f, CreateOptions{}, "first"); err != nil {
			t.Fatal(err)
		}
		before := content(t, path)
		if err := record(t, path, f, CreateOptions{}, "two"); !errors.Is(err, fs.ErrExist) || !strings.Contains(err.Error(), path) || content(t, path) != before {
			t.Errorf("%v: a file that is there: %v", f, err)
		}
		if runtime.GOOS != "windows" {
			if err := os.Chmod(path, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if err := record(t, path, f, CreateOptions{Overwrite: true}, "3"); err != nil || strings.Contains(content(t, path), "first") {
			t.Errorf("%v: overwritten: %v, %q", f, err, content(t, path))
		}
		if got, _ := events(t, path, ReadOptions{}); !strings.Contains(got, `o "3"`) {
			t.Errorf("%v: %s", f, got)
		}
		files := []string{path}
		if f == Script || f == ScriptClassic {
			files = append(files, TimingFile(path))
		}
		for _, file := range files {
			if st, err := os.Stat(file); err != nil || runtime.GOOS != "windows" && st.Mode() != 0o600 {
				t.Errorf("%v: %v, %v", f, err, st.Mode())
			}
		}
		link := path + ".link"
		if err := os.Symlink(path, link); err != nil {
			t.Fatal(err)
		}
		before = content(t, path)
		for _, o := range []CreateOptions{{}, {Overwrite: true}, {Append: true}} {
			if err := record(t, link, f, o, "four"); err == nil || !strings.Contains(err.Error(), "symbolic link") || content(t, path) != before {
				t.Errorf("%v %v: a link: %v", f, o, err)
			}
		}
	}
	if err := record(t, dir, V2, CreateOptions{Overwrite: true}, ""); err == nil || !strings.Contains(err.Error(), "no regular file") {
		t.Errorf("a folder: %v", err)
	}
	if err := record(t, filepath.Join(dir, "none", "a"), V2, CreateOptions{}, ""); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no folder: %v", err)
	}
	if err := record(t, filepath.Join(dir, "both"), V2, CreateOptions{Append: true, Overwrite: true}, ""); err == nil {
		t.Error("appended and overwritten")
	}
	// A typescript whose timing file cannot be made leaves nothing.
	path := filepath.Join(dir, "half")
	if err := os.WriteFile(TimingFile(path), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := record(t, path, Script, CreateOptions{}, ""); !errors.Is(err, fs.ErrExist) {
		t.Errorf("half a typescript: %v", err)
	}
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("it is there: %v", err)
	}
}

func TestAppend(t *testing.T) {
	dir := t.TempDir()
	for f, want := range map[Format]string{
		V2:     "1s o \"one\"\n2s x 3\n2s r 90x30\n3s o \"two\"\n4s x 3\n",
		V3:     "1s o \"one\"\n2s x 3\n2s r 90x30\n3s o \"two\"\n4s x 3\n",
		TTYRec: "1s o \"one\"\n1s r 90x30\n2s o \"two\"\n",
		Raw:    "0s o \"one\\x1b[8;30;90ttwo\"\n",
	} {
		path := filepath.Join(dir, f.String())
		for _, text := range []string{"one", "two"} {
			if err := record(t, path, f, CreateOptions{Append: true}, text); err != nil {
				t.Fatal(err)
			}
		}
		if got, warn := events(t, path, ReadOptions{}); got != want || len(warn) > 0 {
			t.Errorf("%v, %v: %s", f, warn, got)
		}
		other := V2
		if f == V2 {
			other = V3
		}
		if err := record(t, path, other, CreateOptions{Append: true}, ""); err == nil || !strings.Contains(err.Error(), "it is of the format "+f.String()) {
			t.Errorf("%v: another format: %v", f, err)
		}
		if err := record(t, path, 0, CreateOptions{Append: true}, "three"); err != nil {
			t.Errorf("%v: its own format: %v", f, err)
		}
	}
	want := "[2.0, \"x\", \"3\"]\n[2.0, \"r\", \"90x30\"]\n[3.0, \"o\", \"two\"]\n"
	if got := content(t, filepath.Join(dir, "v2")); !strings.Contains(got, want) {
		t.Errorf("%s", got)
	}
	want = "[1.000, \"x\", \"3\"]\n[0.000, \"r\", \"90x30\"]\n[1.000, \"o\", \"two\"]\n"
	if got := content(t, filepath.Join(dir, "v3")); !strings.Contains(got, want) {
		t.Errorf("%s", got)
	}
	for f, want := range map[Format]string{V1: "version 1 is one object", Script: "a typescript cannot be gone on with", ScriptClassic: "a typescript cannot"} {
		path := filepath.Join(dir, f.String())
		if err := record(t, path, f, CreateOptions{}, "one"); err != nil {
			t.Fatal(err)
		}
		before := content(t, path)
		if err := record(t, path, f, CreateOptions{Append: true}, "two"); err == nil || !strings.Contains(err.Error(), want) || before != content(t, path) {
			t.Errorf("%v: %v", f, err)
		}
	}
	path := filepath.Join(dir, "text")
	if err := os.WriteFile(path, []byte("dear diary\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := record(t, path, V2, CreateOptions{Append: true}, "two"); err == nil || content(t, path) != "dear diary\n" {
		t.Errorf("what is no recording: %v", err)
	}
	// A line that was cut is mended before.
	path = filepath.Join(dir, "cut")
	if err := os.WriteFile(path, []byte(h2+"[1.5, \"o\", \"a\"]\n[2.5, \"o\", \"b\\u00"), 0o600); err != nil {
		t.Fatal(err)
	}
	lost := int64(-1)
	if err := record(t, path, V2, CreateOptions{Append: true, Repaired: func(rep Report) { lost = rep.Lost }}, "two"); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(h2+"[1.5, \"o\", \"a\"]\n[2.5, \"o\", \"b\"]\n[2.5, \"r\", \"90x30\"]\n[3.5, \"o\", \"two\"]\n[4.5, \"x\", \"3\"]\n", content(t, path)); diff != "" || lost != 4 {
		t.Errorf("%d bytes are lost; (-want +got)\n%s", lost, diff)
	}
	// NULs have the file written anew: what follows goes to that one.
	path = filepath.Join(dir, "middle")
	if err := os.WriteFile(path, []byte(h2+"[1.5, \"o\", \"a\"]\n\x00\x00[2.5, \"o\", \"b\"]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := record(t, path, V2, CreateOptions{Append: true}, "two"); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(h2+"[1.5, \"o\", \"a\"]\n[2.5, \"o\", \"b\"]\n[2.5, \"r\", \"90x30\"]\n[3.5, \"o\", \"two\"]\n[4.5, \"x\", \"3\"]\n", content(t, path)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// Nothing is taken out of a recording with damage in its middle, or at its end, for
// which no crash accounts.
func TestAppendDamaged(t *testing.T) {
	for name, text := range map[string]string{
		"line 3": h2 + "[1.5, \"o\", \"a\"]\ngarbage\n[2.5, \"o\", \"b\"]\n",
		"line 2": h3 + "garbage\n",
	} {
		path := filepath.Join(t.TempDir(), "f")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		err := record(t, path, 0, CreateOptions{Append: true}, "two")
		if err == nil || !strings.Contains(err.Error(), name) || !strings.Contains(err.Error(), "sluice cast repair") || content(t, path) != text {
			t.Errorf("%s: %v", name, err)
		}
		if again := CheckAppend(path, 0); again == nil || err == nil || again.Error() != err.Error() {
			t.Errorf("%s, before: %v", name, again)
		}
	}
}

// Without a format, a file that is begun has the header of version 2.
func TestAppendBegins(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new")
	w, err := Create(path, 0, Header{TermType: "xterm"}, CreateOptions{Append: true})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if got := content(t, path); !strings.Contains(got, `"env":{"TERM":"xterm"}`) {
		t.Errorf("%s", got)
	}
}

// A damaged file is whole afterwards, and repairing it again does nothing.
func TestRepair(t *testing.T) {
	type files struct{ data, timing string }
	started := typescriptMark + "2026-01-02 03:04:05+00:00 [COMMAND=\"x\"]\n"
	for name, c := range map[string]struct {
		f      Format
		before files
		after  files
		lost   int64
		events int
		note   string
	}{
		"nothing":           {V2, files{h2 + "[1, \"o\", \"a\"]\r\n", ""}, files{h2 + "[1, \"o\", \"a\"]\r\n", ""}, 0, 1, ""},
		"no end of line":    {V2, files{h2 + `[1, "o", "a"]`, ""}, files{h2 + "[1, \"o\", \"a\"]\n", ""}, 0, 1, ""},
		"cut text":          {V3, files{h3 + `[1, "o", "abc\u1b`, ""}, files{h3 + "[1, \"o\", \"abc\"]\n", ""}, 4, 1, "line 2: the last line is cut: what is left"},
		"cut before text":   {V3, files{h3 + "[1, \"o\", \"\"]\n[1, \"o\"", ""}, files{h3 + "[1, \"o\", \"\"]\n", ""}, 7, 1, "line 3: the last line is cut"},
		"cut comment":       {V3, files{h3 + "# abc", ""}, files{h3 + "# abc\n", ""}, 0, 1, ""},
		"NULs":              {V2, files{h2 + "[1, \"o\", \"a\"]\n\x00\x00\x00", ""}, files{h2 + "[1, \"o\", \"a\"]\n", ""}, 3, 1, "line 3: it begins with NULs"},
		"NULs in between":   {V2, files{h2 + "\x00\x00[1, \"o\", \"a\"]\n", ""}, files{h2 + "[1, \"o\", \"a\"]\n", ""}, 2, 1, "line 2: it begins with NULs"},
		"in the middle":     {V2, files{h2 + "[1, \"o\", \"a[1, \"o\", \"b\"]\n[2.50, \"z\", {}]\n[3, \"o\", \"b", ""}, files{h2 + "[2.50, \"z\", {}]\n[3, \"o\", \"b\"]\n", ""}, 25, 2, "line 2: it is taken out"},
		"version 1":         {V1, files{`{"version":1,"width":9,"height":8,"title":"T","stdout":[[1,"a"],[0.5,"b"],[1,"`, ""}, files{"{\"version\":1,\"width\":9,\"height\":8,\"title\":\"T\",\"stdout\":[\n[1.0, \"a\"],\n[0.5, \"b\"]\n],\"duration\":1.5}\n", ""}, 0, 2, "the recording is cut"},
		"version 1, whole":  {V1, files{`{"version":1,"stdout":[[1,"a"]]}`, ""}, files{`{"version":1,"stdout":[[1,"a"]]}`, ""}, 0, 1, ""},
		"a frame":           {TTYRec, files{"\x01\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00a\x02\x00\x00\x00\x00\x00\x00\x00\x09\x00\x00\x00bc", ""}, files{"\x01\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00a\x02\x00\x00\x00\x00\x00\x00\x00\x02\x00\x00\x00bc", ""}, 0, 2, "the last frame, at byte 13, is cut: it has 2 bytes of 9"},
		"a frame's header":  {TTYRec, files{"\x01\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00a\x02\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00b\x02\x00\x00", ""}, files{"\x01\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00a\x02\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00b", ""}, 3, 2, "the last frame, at byte 26, is cut"},
		"a typescript":      {Script, files{started + "abc", "H 0.000000 COMMAND x\nO 0.500000 3\nH 0.000000 DURATION 0.700000\n"}, files{started + "abc", "H 0.000000 COMMAND x\nO 0.500000 3\nH 0.000000 DURATION 0.700000\n"}, 0, 1, ""},
		"timing, cut":       {Script, files{started + "abc", "O 0.500000 3\nO 0.4000"}, files{started + "abc", "O 0.500000 3\n"}, 8, 1, "line 2: the timing file's last line is cut"},
		"timing, cut digit": {Script, files{started + "abcdefghijklmnop", "O 0.500000 3\nO 0.400000 1"}, files{started + "abcdefghijklmnop", "O 0.500000 3\nO 0.000000 13\n"}, 0, 2, "line 2: the timing file's last line is cut"},
		"too much timing":   {ScriptClassic, files{started + "abc", "0.500000 2\n0.400000 10\n0.100000 7\n"}, files{started + "abc", "0.500000 2\n0.400000 1\n"}, 12, 2, "line 2: the timing file tells of 10 bytes, of which the typescript has 1"},
		"too little timing": {ScriptClassic, files{started + "abcde\nScript done on x [COMMAND_EXIT_CODE=\"4\"]\n", "0.500000 2\n"}, files{started + "abcde\nScript done on x [COMMAND_EXIT_CODE=\"4\"]\n", "0.500000 2\n0.000000 3\n"}, 0, 3, "the end of the typescript has no times"},
		"raw":               {Raw, files{"\x1b[8;24;80tabc", ""}, files{"\x1b[8;24;80tabc", ""}, 0, 1, ""},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "a")
			got := func() (f files) {
				f.data = content(t, path)
				if c.before.timing != "" {
					f.timing = content(t, TimingFile(path))
				}
				return f
			}
			if err := os.WriteFile(path, []byte(c.before.data), 0o640); err != nil {
				t.Fatal(err)
			}
			if c.before.timing != "" {
				if err := os.WriteFile(TimingFile(path), []byte(c.before.timing), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			rep, err := Repair(path)
			if err != nil {
				t.Fatal(err)
			}
			if got() != c.after {
				t.Errorf("it is %q, want %q", got(), c.after)
			}
			notes := ""
			for i, n := range rep.Notes {
				notes += n.String() + "\n"
				if i > 0 && n.Line > 0 && n.Line == rep.Notes[i-1].Line {
					t.Errorf("told twice: %v, %v", rep.Notes[i-1], n)
				}
			}
			if rep.Format != c.f || rep.Changed != (c.before != c.after) || rep.Lost != c.lost || rep.Events != c.events || !strings.HasPrefix(notes, c.note) || c.note == "" && notes != "" {
				t.Errorf("%+v", rep)
			}
			if st, err := os.Stat(path); err != nil || runtime.GOOS != "windows" && st.Mode() != 0o640 {
				t.Errorf("%v, %v", err, st.Mode())
			}
			entries, _ := os.ReadDir(filepath.Dir(path))
			if want := map[bool]int{true: 2, false: 1}[c.before.timing != ""]; len(entries) != want {
				t.Errorf("%v", entries)
			}
			_, warn := events(t, path, ReadOptions{})
			if len(warn) > 0 {
				t.Errorf("afterwards: %v", warn)
			}
			if rep, err = Repair(path); err != nil || rep.Changed || got() != c.after || rep.Events != c.events {
				t.Errorf("again: %v, %+v", err, rep)
			}
		})
	}
	if _, err := Repair(filepath.Join(t.TempDir(), "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%v", err)
	}
}

// However a recording is cut, it is whole after Repair, and has every event whose
// line is.
func TestRepairEveryCut(t *testing.T) {
	dir := t.TempDir()
	r := recording{h: Header{Width: 80, Height: 24}}
	for i, s := range []string{"one", "\x1b[m\xff", "é", "日\xff"} {
		r.events = append(r.events, Event{Time: time.Duration(i+1) * time.Second, Code: Output, Data: []byte(s)})
	}
	r.events = append(r.events, Event{Time: 9 * time.Second, Code: Exit})
	for _, f := range []Format{V1, V2, V3, TTYRec} {
		data, _ := r.written(t, f)
		first := strings.IndexByte(string(data), '\n') + 1
		if f == TTYRec {
			first = frameHeader + len("\x1b[8;24;80t") + frameHeader + 3
		}
		for n := first; n <= len(data); n++ {
			path := filepath.Join(dir, "cut")
			if err := os.WriteFile(path, data[:n], 0o600); err != nil {
				t.Fatal(err)
			}
			rep, err := Repair(path)
			if err != nil {
				t.Fatalf("%v, %d bytes: %v", f, n, err)
			}
			got, warn := events(t, path, ReadOptions{})
			for _, w := range warn { // what a cut has left of a text is another text
				if !strings.Contains(w.Text, "does not fit") && !strings.Contains(w.Text, "does not follow") {
					t.Errorf("%v, %d bytes: %v", f, n, w)
				}
			}
			whole := strings.Count(string(data[first:n]), "\n") - strings.Count(string(data[first:n]), `, "b", `)
			if f == V1 || f == TTYRec {
				whole = 0
			}
			if events := strings.Count(got, "\n"); events < whole || events != rep.Events {
				t.Errorf("%v, %d bytes: %d events, of %d whole ones: %+v\n%s", f, n, events, whole, rep, got)
			}
		}
	}
}
