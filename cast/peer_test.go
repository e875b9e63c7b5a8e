//go:build linux

package cast

import (
	"bytes"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/sluicerun/sluice/internal/testpeer"
)

// asciinema gives back what was written, and nothing of what was typed.
func TestAsciinema(t *testing.T) {
	testpeer.Need(t, "asciinema", "asciinema")
	testpeer.Need(t, "script", "bsdutils") // asciinema wants a terminal of its own
	all := make([]byte, 0, 0x300)
	for c := range 0x80 {
		all = append(all, byte(c))
	}
	want := "\x1b[1;31mé日本👩‍🚀\x1b[m\r\n\"quoted\\\"\r\n" + string(all) + strings.Repeat("a long line ", 10_000) + "\u2028\U0010FFFF\r\n"
	dir := t.TempDir()
	file := filepath.Join(dir, "demo.cast")
	recording := write(t, Header{Width: 80, Height: 24, Timestamp: time.Unix(1_700_000_000, 0), Duration: time.Hour, IdleTimeLimit: time.Second, Command: "vim", Title: "a \"title\"", Env: map[string]string{"TERM": "xterm"}},
		func(c *Writer) {
			at := time.Duration(0)
			for p := []byte(want); len(p) > 0; {
				n := min(len(p), 1+int(at/ms)%977)
				c.Output(at, p[:n])
				c.Input(at, p[:n])
				p = p[n:]
				at += 37 * ms
			}
			c.Resize(at, 100, 30)
			c.Marker(at, "the \"end\"")
			c.Exit(at, 3)
		})
	if err := os.WriteFile(file, []byte(recording), 0o600); err != nil {
		t.Fatal(err)
	}
	catsTo(t, file, want)
}

// catsTo checks what asciinema takes for the output of a recording.
func catsTo(t *testing.T, file, want string) {
	t.Helper()
	dir := t.TempDir()
	out := filepath.Join(dir, "out")
	cmd := exec.Command("script", "-qec", `asciinema cat "$CAST" >"$OUT"`, "/dev/null")
	cmd.Env = append(os.Environ(), "CAST="+file, "OUT="+out, "HOME="+dir, "LC_ALL=C.UTF-8")
	if log, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("asciinema: %v\n%s", err, log)
	}
	got, err := os.ReadFile(out)
	if err != nil || !bytes.Equal(got, []byte(want)) {
		t.Errorf("%v: %d bytes of %d, %.200q", err, len(got), len(want), got)
	}
}

// run runs a program in dir, with a terminal of script's if it needs one.
func run(t *testing.T, dir string, args ...string) []byte {
	t.Helper()
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "HOME="+dir, "LC_ALL=C.UTF-8", "TERM=xterm", "SHELL=/bin/sh")
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %v\n%s", args, err, out)
	}
	return out
}

// odds is what the peers record: characters that are cut, bytes that are no text,
// pauses.
const odds = `printf 'h\303'; sleep 0.05; printf '\251llo \033[31mred\033[m\n'; sleep 0.05; printf 'tail \342\202'; sleep 0.05; printf '\254 \377\n'; exit 3`

// What asciinema has recorded is the same after it was version 3, a typescript and
// ttyrec's: line by line, empty ones as well, where the format holds that.
func TestAsciinemaRecords(t *testing.T) {
	testpeer.Need(t, "asciinema", "asciinema")
	testpeer.Need(t, "script", "bsdutils")
	dir := t.TempDir()
	demo := filepath.Join(dir, "demo.sh")
	if err := os.WriteFile(demo, []byte(odds), 0o700); err != nil {
		t.Fatal(err)
	}
	run(t, dir, "script", "-qec", "stty cols 90 rows 30; asciinema rec -q --stdin -t 'a title' -c 'sh demo.sh' a.cast", "/dev/null")
	r, err := Open(filepath.Join(dir, "a.cast"), ReadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	rec := recording{r.Header(), readAll(t, r)}
	if r.Format() != V2 || rec.h.Title != "a title" || rec.h.Width != 90 || rec.h.Height != 30 || rec.h.Env["SHELL"] != "/bin/sh" || rec.h.TermType != "xterm" || len(r.Warnings()) > 0 {
		t.Errorf("%+v, %v", rec.h, r.Warnings())
	}
	var text bytes.Buffer
	for _, e := range rec.events {
		text.Write(e.Data)
	}
	if want := "hé" + "llo \x1b[31mred\x1b[m\r\ntail € \uFFFD\r\n"; text.String() != want {
		t.Errorf("%q, want %q", text.String(), want)
	}
	_, lines, _ := strings.Cut(content(t, filepath.Join(dir, "a.cast")), "\n")
	for _, f := range []Format{V2, Script} {
		got := rec
		for _, f := range []Format{f, V2} {
			data, timing := got.written(t, f)
			if f == V2 {
				if _, again, _ := strings.Cut(string(data), "\n"); again != lines {
					t.Errorf("%v: it is\n%s\nwas\n%s", f, again, lines)
				}
			}
			got, _ = read(t, data, timing)
		}
	}
	// And asciinema reads what we make of it, with the same output.
	for _, f := range []Format{V1, V2} {
		data, _ := rec.written(t, f)
		file := filepath.Join(dir, f.String())
		if err := os.WriteFile(file, data, 0o600); err != nil {
			t.Fatal(err)
		}
		catsTo(t, file, text.String())
	}
}

// What script has recorded converts there and back with the same bytes and the
// same times, and scriptreplay plays ours as it plays its own.
func TestScriptRecords(t *testing.T) {
	testpeer.Need(t, "script", "bsdutils")
	testpeer.Need(t, "scriptreplay", "bsdutils")
	for name, c := range map[string]struct {
		args   []string
		format Format
		replay []string
		input  bool
	}{
		"advanced":    {[]string{"-O", "a", "-T", "a.timing", "-m", "advanced"}, Script, []string{"-O", "a"}, false},
		"both in one": {[]string{"-B", "a", "-T", "a.tm"}, Script, []string{"-B", "a"}, true},
		"both in two": {[]string{"-I", "in", "-O", "a", "-T", "timing"}, Script, []string{"-O", "a", "-I", "in"}, true},
		"classic":     {[]string{"-O", "a", "-T", "a.timing", "-m", "classic"}, ScriptClassic, []string{"-O", "a"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel() // script waits two seconds for what is typed to end
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, "demo.sh"), []byte(odds), 0o700); err != nil {
				t.Fatal(err)
			}
			// -e: the status is the command's, which is 3.
			script := "(sleep 0.1; printf 'typed\\r') | script -q " + strings.Join(c.args, " ") + " -e -c 'sh demo.sh; x=$?; sleep 0.1; exit $x' >out; test $? = 3"
			run(t, dir, "sh", "-c", script)
			path := filepath.Join(dir, "a")
			r, err := Open(path, ReadOptions{})
			if err != nil {
				t.Fatal(err)
			}
			defer r.Close()
			rec := recording{r.Header(), readAll(t, r)}
			if r.Format() != c.format || len(r.Warnings()) > 0 || !strings.HasPrefix(rec.h.Command, "sh demo.sh; x=$?") || time.Since(rec.h.Timestamp).Abs() > time.Hour {
				t.Errorf("%v, %v, %+v", r.Format(), r.Warnings(), rec.h)
			}
			// The terminal's own bytes, and the times, as script has them.
			var output, input bytes.Buffer
			for _, e := range rec.events {
				switch e.Code {
				case Output:
					output.Write(e.Data)
				case Input:
					input.Write(e.Data)
				}
			}
			if want := content(t, filepath.Join(dir, "out")); output.String() != want {
				t.Errorf("the output is %q, want %q", output.String(), want)
			}
			if got := input.String(); c.input != strings.HasPrefix(got, "typed\r") {
				t.Errorf("the input is %q", got)
			}
			if last := rec.events[len(rec.events)-1]; last.Code != Exit || last.Status != 3 {
				t.Errorf("the last event is %+v", last)
			}
			// There and back: the typescript and the entries of its timing.
			data, _ := rec.written(t, V2)
			back, _ := read(t, data, nil)
			data, timing := back.written(t, c.format)
			if name != "both in two" {
				if want := content(t, path); firstLast(string(data)) != firstLast(want) {
					t.Errorf("the typescript is %q, was %q", data, want)
				}
			}
			timingFile := c.args[3]
			if strings.HasPrefix(name, "both in two") {
				timingFile = c.args[5]
			}
			if got, want := entries(string(timing)), entries(content(t, filepath.Join(dir, timingFile))); got != want {
				t.Errorf("the timing is\n%s\nwas\n%s", got, want)
			}
			// Played by scriptreplay, theirs and ours are the same.
			want := run(t, dir, append([]string{"scriptreplay", "-d", "1000", "-t", timingFile}, c.replay...)...)
			ours := filepath.Join(dir, "ours")
			w, err := Create(ours, c.format, back.h, CreateOptions{})
			if err != nil {
				t.Fatal(err)
			}
			if err := w.Marker(0, "here"); err != nil { // which it passes over
				t.Fatal(err)
			}
			for _, e := range back.events {
				if err := w.Write(e); err != nil {
					t.Fatal(err)
				}
			}
			if err := w.Close(); err != nil {
				t.Fatal(err)
			}
			got := run(t, dir, "scriptreplay", "-d", "1000", "-t", "ours.timing", "-B", "ours")
			if !bytes.Equal(got, want) || !bytes.Contains(got, []byte("red")) {
				t.Errorf("scriptreplay shows %q, want %q", got, want)
			}
		})
	}
}

// firstLast takes off the first and the last line, which have dates.
func firstLast(s string) string {
	_, s, _ = strings.Cut(s, "\n")
	if i := strings.LastIndex(s, "\nScript done on "); i >= 0 {
		s = s[:i]
	}
	return s
}

// entries are the lines of a timing file that are of the terminal.
func entries(timing string) string {
	var b strings.Builder
	for line := range strings.Lines(timing) {
		if !strings.HasPrefix(line, "H ") || strings.Contains(line, "DURATION") || strings.Contains(line, "EXIT_CODE") {
			b.WriteString(line)
		}
	}
	return b.String()
}

// A file of ttyrec's converts there and back to the same frames, and ttyplay plays
// ours.
func TestTTYRecRecords(t *testing.T) {
	testpeer.Need(t, "ttyrec", "ttyrec")
	testpeer.Need(t, "ttyplay", "ttyrec")
	testpeer.Need(t, "script", "bsdutils")
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "demo.sh"), []byte(odds), 0o700); err != nil {
		t.Fatal(err)
	}
	run(t, dir, "script", "-qec", "ttyrec -e 'sh demo.sh' a.tty", "/dev/null")
	r, err := Open(filepath.Join(dir, "a.tty"), ReadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	rec := recording{r.Header(), readAll(t, r)}
	if r.Format() != TTYRec || len(r.Warnings()) > 0 || len(rec.events) < 2 || time.Since(rec.h.Timestamp).Abs() > time.Hour {
		t.Fatalf("%v, %v, %+v\n%s", r.Format(), r.Warnings(), rec.h, dump(rec.events))
	}
	data, _ := rec.written(t, TTYRec)
	frames := data[frameHeader+len("\x1b[8;24;80t"):] // ours begins with the size
	if want := content(t, filepath.Join(dir, "a.tty")); string(frames) != want {
		t.Errorf("the frames are %q, were %q", frames, want)
	}
	v2, _ := rec.written(t, V2)
	back, _ := read(t, v2, nil)
	if diff := cmp.Diff(dump(rec.events), dump(back.events)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if err := os.WriteFile(filepath.Join(dir, "b.tty"), data, 0o600); err != nil {
		t.Fatal(err)
	}
	played := run(t, dir, "script", "-qec", "ttyplay -n b.tty", "/dev/null")
	want := "h\xc3\xa9llo \x1b[31mred"
	if !strings.Contains(string(played), want) {
		t.Errorf("ttyplay shows %q", played)
	}
}

// When the disk is full, one error says so, and the file ends with the last event
// that is whole.
func TestFullDisk(t *testing.T) {
	const name = "SLUICE_TEST_FULL_DISK"
	if path := os.Getenv(name); path != "" {
		signal.Ignore(syscall.SIGXFSZ) // as with a full disk, the write fails
		w, err := Create(path, V2, Header{}, CreateOptions{})
		for i := 0; err == nil && i < 1000; i++ {
			err = w.Output(0, []byte("0123456789"))
		}
		if again := w.Output(0, []byte("x")); again == nil || again != err || w.Close() != err {
			t.Errorf("%v, and then %v", err, again)
		}
		return
	}
	path := filepath.Join(t.TempDir(), "a")
	cmd := exec.Command("sh", "-c", `ulimit -f 2; exec "$0" -test.run '^TestFullDisk$'`, os.Args[0])
	cmd.Env = append(os.Environ(), name+"="+path)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	got, warn := events(t, path, ReadOptions{})
	if text := content(t, path); len(warn) > 0 || !strings.HasSuffix(text, "\"]\n") || strings.Count(got, "\n") < 30 || len(text) < 900 || len(text) > 2048 {
		t.Errorf("%d bytes, %v: %s", len(text), warn, got)
	}
}
