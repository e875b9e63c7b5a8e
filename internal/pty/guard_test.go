//go:build linux

package pty

import (
	"bytes"
	"errors"
	"io"
	"os"
	"strings"
	"testing"
	"testing/iotest"
)

func savedOf(t testing.TB) Saved {
	t.Helper()
	m, slave, err := Open(OpenOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	defer slave.Close()
	s, err := Save(slave)
	if err != nil {
		t.Fatal(err)
	}
	s.Modes = AltScreen | Mouse | TitlePushed
	return s
}

func TestSavedTravels(t *testing.T) {
	s := savedOf(t)
	text, err := s.MarshalText()
	if err != nil {
		t.Fatal(err)
	}
	var got Saved
	if err := got.UnmarshalText(text); err != nil || got != s {
		t.Errorf("%s gives %+v, %v; want %+v", text, got, err, s)
	}
	for name, bad := range map[string]string{
		"empty": "", "version": strings.Replace(string(text), "tty1", "tty2", 1), "system": strings.Replace(string(text), "linux", "plan9", 1),
		"modes": strings.Replace(string(text), " 200003 ", " 400003 ", 1), "short": string(text[:len(text)-2]), "long": string(text) + " 0",
		"flag": strings.Replace(string(text), " 200003 ", " 200003 1ffffffff", 1), "newline": string(text) + "\n",
	} {
		if bad == string(text) {
			t.Fatalf("%s: nothing was changed", name)
		}
		before := Saved{Modes: Focus}
		got := before
		if err := got.UnmarshalText([]byte(bad)); err == nil || got != before {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}

func FuzzSaved(f *testing.F) {
	text, err := savedOf(f).MarshalText()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Add([]byte("tty1 linux 0 1 2 3 4 5 6 7 00"))
	f.Add([]byte("tty1 linux ffffffff 1 2 3 4 100 6 7 " + strings.Repeat("ff", 19)))
	f.Fuzz(func(t *testing.T, text []byte) {
		var s, again Saved
		if s.UnmarshalText(text) != nil {
			if s != (Saved{}) {
				t.Fatalf("an error left %+v", s)
			}
			return
		}
		out, err := s.MarshalText()
		if err != nil {
			t.Fatal(err)
		}
		if err := again.UnmarshalText(out); err != nil || again != s {
			t.Fatalf("%q, then %q: %+v, %v; want %+v", text, out, again, err, s)
		}
	})
}

func TestOrders(t *testing.T) {
	a := savedOf(t)
	b := a
	b.Modes = Focus
	line := func(s Saved) string {
		text, err := s.MarshalText()
		if err != nil {
			t.Fatal(err)
		}
		return string(text) + "\n"
	}
	var told bytes.Buffer
	if err := errors.Join(Arm(&told, a), Disarm(&told), Arm(&told, b)); err != nil {
		t.Fatal(err)
	}
	if want := line(a) + "done\n" + line(b); told.String() != want {
		t.Fatalf("told %q, want %q", told.String(), want)
	}
	for _, c := range []struct {
		name, said string
		want       *Saved
	}{
		{"nothing", "", nil},
		{"armed", line(a), &a},
		{"the last counts", line(a) + line(b), &b},
		{"disarmed", line(a) + "done\n", nil},
		{"armed again", told.String(), &b},
		{"cut by death", line(a) + line(b)[:40], &a},
		{"disarming cut by death", line(a) + "don", &a},
		{"damage", line(a) + "nonsense\n\n\x00\n", &a},
		{"a long line", line(a) + strings.Repeat("x", 3*maxLine) + "\n", &a},
		{"a long line and a good one", strings.Repeat("x", 3*maxLine+5) + "\n" + line(b), &b},
	} {
		for name, r := range map[string]io.Reader{"whole": strings.NewReader(c.said), "in bytes": iotest.OneByteReader(strings.NewReader(c.said))} {
			got, armed, err := orders(r, Saved{}, false)
			if err != nil || armed != (c.want != nil) || armed && got != *c.want {
				t.Errorf("%s, %s: %+v, %v, %v", c.name, name, got, armed, err)
			}
		}
	}
	if got, armed, err := orders(strings.NewReader(""), a, true); err != nil || !armed || got != a {
		t.Errorf("what Watch was given: %+v, %v, %v", got, armed, err)
	}
	if _, armed, err := orders(iotest.ErrReader(os.ErrDeadlineExceeded), a, true); !armed || !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("a pipe that fails: %v, %v", armed, err)
	}
	if err := Arm(failing{}, a); !errors.Is(err, os.ErrClosed) || !strings.Contains(err.Error(), "guardian") {
		t.Errorf("a guardian that is gone: %v", err)
	}
}

type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, os.ErrClosed }

func FuzzOrders(f *testing.F) {
	s := savedOf(f)
	text, err := s.MarshalText()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(text)+"\ndone\n", "x\n")
	f.Add("done\n", string(text)+"\n")
	f.Add(strings.Repeat("y", maxLine), "\n")
	f.Fuzz(func(t *testing.T, before, after string) {
		// A whole good line between any others is understood.
		said := before + "\n" + string(text) + "\n"
		if got, armed, err := orders(strings.NewReader(said), Saved{}, false); err != nil || !armed || got != s {
			t.Fatalf("%q: %+v, %v, %v", said, got, armed, err)
		}
		if _, _, err := orders(strings.NewReader(said+after), Saved{}, false); err != nil {
			t.Fatal(err)
		}
	})
}

func TestModes(t *testing.T) {
	if len(modeNames) != len(leaving) || 1<<len(modeNames) != lastMode {
		t.Fatalf("%d names, %d sequences, the modes end at %x", len(modeNames), len(leaving), uint32(lastMode))
	}
	var all Modes
	for _, l := range leaving {
		if all&l.mode != 0 {
			t.Errorf("%v is left twice", l.mode)
		}
		all |= l.mode
		if strings.ContainsAny(l.seq, "\r\n") || l.seq == "" {
			t.Errorf("%v: %q", l.mode, l.seq)
		}
	}
	if all != lastMode-1 {
		t.Errorf("not left: %v", (lastMode-1)&^all)
	}
	for modes, want := range map[Modes]string{
		0: "", CursorHidden: "\x1b[?25h", AltScreen: "\x1b[?1049l",
		AltScreen | KittyKeyboard: "\x1b[=0u\x1b[?1049l\x1b[=0u",
		SyncOutput | CursorHidden: "\x1b[?2026l\x1b[?25h",
	} {
		if got := string(modes.Leave()); got != want {
			t.Errorf("%v: %q, want %q", modes, got, want)
		}
	}
	if got := (AltScreen | Mouse | TitlePushed).String(); got != "alt-screen,mouse,title-pushed" {
		t.Error(got)
	}
}
