package job

import (
	"strings"
	"testing"
	"time"
)

func TestParseLinger(t *testing.T) {
	for text, want := range map[string]Linger{
		"exit": {Mode: "exit"}, "eof": {Mode: "eof"}, "idle": {Mode: "idle"}, "idle:500ms": {Mode: "idle", Idle: Duration(500 * time.Millisecond)},
	} {
		got, err := ParseLinger(text)
		if err != nil || got != want {
			t.Errorf("%q is %+v, %v", text, got, err)
		}
		if again, err := ParseLinger(got.String()); err != nil || again.Mode != got.Mode || again.Silence() != got.Silence() {
			t.Errorf("%q is written as %q, read as %+v, %v", text, got, again, err)
		}
	}
	for _, text := range []string{"", "never", "exit:1s", "idle:", "idle:-1s", "idle:0", "idle:forever", "eof:3"} {
		if got, err := ParseLinger(text); err == nil || !strings.Contains(err.Error(), "linger") {
			t.Errorf("%q is %+v, %v", text, got, err)
		}
	}
	if d := (Linger{}).Silence(); d != 200*time.Millisecond {
		t.Errorf("%v", d)
	}
}

func FuzzParseLinger(f *testing.F) {
	for _, s := range []string{"exit", "eof", "idle", "idle:200ms", "idle:2d", ":", "idle:forever"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		l, err := ParseLinger(s)
		if err != nil {
			return
		}
		if again, err := ParseLinger(l.String()); err != nil || again.Silence() != l.Silence() {
			t.Fatalf("%q is written as %q: %+v, %v", s, l, again, err)
		}
	})
}

func TestParseSizePolicy(t *testing.T) {
	for _, want := range []SizePolicy{SizeLatest, SizeSmallest, SizeLargest, SizeFixed} {
		if got, err := ParseSizePolicy(strings.ToUpper(string(want))); got != want || err != nil {
			t.Errorf("%v: %v, %v", want, got, err)
		}
	}
	if _, err := ParseSizePolicy("biggest"); err == nil {
		t.Error("there is no such policy")
	}
}

func TestPtySpec(t *testing.T) {
	spec := func(change func(*Spec)) *Spec {
		s := &Spec{Command: []string{"cat"}, Workers: 2, Pty: &Pty{}}
		change(s)
		return s
	}
	redirect := func(text string) StreamSpec {
		r, err := ParseStreamSpec(text)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	for field, s := range map[string]*Spec{
		"":            spec(func(*Spec) {}),
		"pty.cols":    spec(func(s *Spec) { s.Pty.Cols, s.Pty.Rows = 70000, 2 }),
		"pty.rows":    spec(func(s *Spec) { s.Pty.Cols, s.Pty.Rows = 70, -2 }),
		"pty.size":    spec(func(s *Spec) { s.Pty.Cols = 80 }),
		"scrollback":  spec(func(s *Spec) { s.Pty.Scrollback = -1 }),
		"term":        spec(func(s *Spec) { s.Pty.Term = "a\x00b" }),
		"redirect":    spec(func(s *Spec) { s.Redirect = redirect("1:out") }),
		"stdin":       spec(func(s *Spec) { s.Stdin.Mode = StdinAll }),
		" split":      spec(func(s *Spec) { s.Redirect, s.Pty.SplitStderr = redirect("err"), true }),
		"redirect ":   spec(func(s *Spec) { s.Redirect = redirect("err") }),
		" any stream": spec(func(s *Spec) { s.Tee = redirect("none") }),
	} {
		err := s.Validate()
		if want := strings.TrimSpace(field); strings.HasPrefix(field, " ") || want == "" {
			if err != nil {
				t.Errorf("%s: %v", field, err)
			}
		} else if usage, ok := err.(*UsageError); !ok || usage.Field != want {
			t.Errorf("%s: %v", field, err)
		}
	}
	for _, c := range []struct {
		split    bool
		redirect string
		to, tee  Std
	}{{false, "none", 0, Out}, {true, "none", 0, All}, {true, "err", Err, Out}} {
		s := spec(func(s *Spec) { s.Redirect, s.Pty.SplitStderr = redirect(c.redirect), c.split })
		if to, tee := s.Streams(1); to != c.to || tee != c.tee {
			t.Errorf("%+v: %v %v", c, to, tee)
		}
	}
	if (&Pty{}).Terminal() != "xterm-256color" || (&Pty{Term: "foot"}).Terminal() != "foot" {
		t.Error("TERM")
	}
}
