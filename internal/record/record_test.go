//go:build linux

package record

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/sluicerun/sluice/cast"
	"github.com/sluicerun/sluice/job"
	"github.com/sluicerun/sluice/session"
	"github.com/sluicerun/sluice/session/sessiontest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// begin records a program into a file of format f.
func begin(t *testing.T, o job.Record, script string) (term *sessiontest.Terminal, r *Recorder, end func()) {
	t.Helper()
	term = sessiontest.Run(t, session.Command{Dir: t.TempDir(), Args: []string{"sh", "-c", script}})
	r, err := Open(o, cast.Header{Width: 80, Height: 24, Command: script}, func(text string) { t.Error(text) })
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		r.Run(func(after *session.Session) *session.Session {
			if after == nil {
				return term.Session
			}
			return nil
		})
		r.Close()
	}()
	return term, r, func() {
		t.Helper()
		select {
		case <-done:
		case <-time.After(30 * time.Second):
			t.Fatal("the recorder does not end")
		}
	}
}

// events are those of a file, in words.
func events(t *testing.T, path string) string {
	t.Helper()
	r, err := cast.Open(path, cast.ReadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	var b strings.Builder
	for e, err := range r.All() {
		if err != nil {
			t.Fatal(err)
		}
		b.WriteString(string(e.Code) + string(e.Data) + " ")
	}
	return b.String()
}

func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for begun := time.Now(); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Since(begun) > 30*time.Second {
			t.Fatalf("it never came to this: %s", what)
		}
	}
}

// What has been read is in the file at once, whatever comes or does not come next.
func TestAtOnce(t *testing.T) {
	for format, want := range map[string]string{"v1": "", "v2": "one", "v3": "one", "ttyrec": "one", "raw": "one"} {
		file := filepath.Join(t.TempDir(), "f")
		term, _, end := begin(t, job.Record{File: file, Format: format, Title: "t"}, "stty -echo; printf one; read x; printf two; exit 5")
		until(t, format+" has what was written", func() bool {
			b, _ := os.ReadFile(file)
			return len(b) > 0 && strings.Contains(string(b), want)
		})
		term.Type("\n")
		term.WaitExit()
		end()
		if b, err := os.ReadFile(file); err != nil || !strings.Contains(string(b), "two") {
			t.Errorf("%s: %v %q", format, err, b)
		}
	}
}

// Text that could be the beginning of a secret waits, but not for ever.
func TestHeldBack(t *testing.T) {
	file := filepath.Join(t.TempDir(), "f.cast")
	term, r, end := begin(t, job.Record{File: file, Redact: []string{"token-[0-9]+"}}, "stty -echo; printf tok; read x; printf 'token-1'; printf '23 ok'; exit 0")
	until(t, "what was held back is written", func() bool { return events(t, file) == "otok " })
	term.Type("\n")
	term.WaitExit()
	end()
	if got := events(t, file); !strings.HasPrefix(got, "otok o***") || strings.Contains(got, "123") || !strings.HasSuffix(got, " ok x ") {
		t.Errorf("%q", got)
	}
	if !r.Whole() {
		t.Error("it is not whole")
	}
	if files, _ := filepath.Glob(filepath.Join(term.Dir(), "*")); len(files) != 1 || filepath.Base(files[0]) != "deleted" {
		t.Errorf("logs with the secret are left: %v", files)
	}
	if _, err := session.Replay(term.Dir()); err == nil || !strings.Contains(err.Error(), "deleted") || !strings.Contains(err.Error(), file) {
		t.Errorf("looking at deleted logs: %v", err)
	}
}

// A file that is gone when the program ends is no whole recording: it is told, and
// the logs stay, with secrets or not.
func TestMoved(t *testing.T) {
	file := filepath.Join(t.TempDir(), "f.cast")
	for name, away := range map[string]func() error{
		"removed":  func() error { return os.Remove(file) },
		"replaced": func() error { return os.Rename(file+".new", file) },
	} {
		if err := os.WriteFile(file+".new", []byte("another\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		term := sessiontest.Run(t, session.Command{Dir: t.TempDir(), Args: []string{"sh", "-c", "echo one; read x; echo two"}})
		var notes []string
		o := job.Record{File: file, Overwrite: true, Redact: []string{"secret"}}
		r, err := Open(o, cast.Header{Width: 80, Height: 24}, func(text string) { notes = append(notes, text) })
		if err != nil {
			t.Fatal(err)
		}
		if err := away(); err != nil {
			t.Fatal(err)
		}
		term.Type("\n")
		term.WaitExit()
		r.Run(func(after *session.Session) *session.Session {
			if after == nil {
				return term.Session
			}
			return nil
		})
		r.Close()
		if len(notes) != 1 || !strings.Contains(notes[0], "removed or replaced") || r.Whole() {
			t.Errorf("%s: %q", name, notes)
		}
		if _, err := os.Stat(filepath.Join(term.Dir(), session.OutputLog)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Nobody will say how it ended: the recorder ends when it is told so.
func TestEnd(t *testing.T) {
	dir, file := t.TempDir(), filepath.Join(t.TempDir(), "f.cast")
	for name, text := range map[string]string{session.TimingFile: "H 0.0 COLUMNS 80\nH 0.0 LINES 24\nO 0.5 3\n", session.OutputLog: "abcdef"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, how := range []string{"end", "abandon"} {
		r, err := Open(job.Record{File: file, Overwrite: true}, cast.Header{Width: 80, Height: 24}, func(string) {})
		if err != nil {
			t.Fatal(err)
		}
		done := make(chan error)
		go func() { done <- r.follow(dir) }()
		until(t, "it is recorded", func() bool { return strings.HasPrefix(events(t, file), "oabc ") })
		want := "oabc odef "
		if how == "end" {
			r.End()
		} else {
			r.Abandon()
			want = "oabc "
		}
		if err := <-done; (err == nil) != (how == "end") {
			t.Errorf("%s: %v", how, err)
		}
		r.Close()
		if got := events(t, file); got != want {
			t.Errorf("%s: %q, want %q", how, got, want)
		}
	}
}

// What a crash has left is taken off before a recording goes on, and that is told.
func TestMended(t *testing.T) {
	file := filepath.Join(t.TempDir(), "f.cast")
	if err := os.WriteFile(file, []byte("{\"version\":2,\"width\":80,\"height\":24}\n[1, \"o\", \"a\"]\n[2, \"o"), 0o600); err != nil {
		t.Fatal(err)
	}
	var notes []string
	r, err := Open(job.Record{File: file, Append: true}, cast.Header{Width: 80, Height: 24}, func(text string) { notes = append(notes, text) })
	if err != nil {
		t.Fatal(err)
	}
	if len(notes) > 0 {
		t.Errorf("somebody is to listen before anybody can: %q", notes)
	}
	r.Run(func(*session.Session) *session.Session { return nil })
	r.Close()
	if len(notes) != 1 || !strings.Contains(notes[0], file) || !strings.Contains(notes[0], "6 bytes") || !strings.Contains(notes[0], "line 3") {
		t.Errorf("%q", notes)
	}
}

// What is wrong is said before anything has happened.
func TestCheck(t *testing.T) {
	dir := t.TempDir()
	there, link := filepath.Join(dir, "there"), filepath.Join(dir, "link")
	if err := os.WriteFile(there, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("nowhere", link); err != nil {
		t.Fatal(err)
	}
	damaged := filepath.Join(dir, "damaged")
	if err := os.WriteFile(damaged, []byte("{\"version\":2,\"width\":80,\"height\":24}\ngarbage\n[1, \"o\", \"a\"]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	text := filepath.Join(dir, "text")
	for _, file := range []string{text, filepath.Join(dir, "half.timing")} {
		if err := os.WriteFile(file, []byte("dear diary\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for what, o := range map[string]job.Record{
		"is there already": {File: there},
		"half.timing: it is there already: --overwrite": {File: filepath.Join(dir, "half"), Format: "script"},
		"it is no recording":                            {File: text, Append: true},
		"either appended":                               {File: there, Append: true, Overwrite: true},
		"symbolic link":                                 {File: link, Overwrite: true},
		"no regular file":                               {File: dir, Append: true},
		"no such file":                                  {File: filepath.Join(dir, "no", "f")},
		"not a directory":                               {File: filepath.Join(there, "f")},
		"no format":                                     {File: filepath.Join(dir, "f"), Format: "v9"},
		"--redact":                                      {File: filepath.Join(dir, "f"), Redact: []string{"("}},
		"an empty rule":                                 {File: filepath.Join(dir, "f"), Redact: []string{""}},
		"":                                              {File: filepath.Join(dir, "f"), Redact: []string{"ipv4"}},
		"\x00 never in it ":                             {File: there, Append: true},
		"line 2":                                        {File: damaged, Append: true},
		"append in its format":                          {File: damaged, Append: true, Format: "v3"},
	} {
		err := Check(o)
		if ok := what == "" || what[0] == 0; ok != (err == nil) || !ok && !strings.Contains(err.Error(), what) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if _, err := create(context.Background(), job.Record{File: there}, cast.Header{}, nil); err == nil {
		t.Error("a file that is there was taken")
	}
}
