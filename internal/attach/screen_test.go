//go:build linux || darwin

package attach

import (
	"io"
	"os"
	"strings"
	"testing"

	"github.com/clipperhouse/displaywidth"
	"github.com/sluicerun/sluice/internal/pty"
	"github.com/sluicerun/sluice/session"
)

// The guard hears of a mode before the terminal does.
func TestGuardHearsFirst(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	s := newScreen(w, true)
	var told []pty.Modes
	s.modesChanged = func(m pty.Modes) {
		told = append(told, m)
		if s.scan.modes&pty.AltScreen != 0 {
			t.Error("told after the bytes were written")
		}
	}
	for _, p := range []string{"text", "\x1b[?1049h", "more"} {
		if err := s.show(session.FrameOutput, []byte(p)); err != nil {
			t.Fatal(err)
		}
	}
	w.Close()
	if b, _ := io.ReadAll(r); string(b) != "text\x1b[?1049hmore" {
		t.Errorf("written: %q", b)
	}
	if len(told) != 2 || told[0] != 0 || told[1] != pty.AltScreen {
		t.Errorf("told: %v", told)
	}
}

// A notice waits for the end of a sequence, harms nothing and fits.
func TestNotice(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	s := newScreen(w, true)
	s.show(session.FrameOutput, []byte("\x1b[3"))
	if s.over(noticeBytes("hello", 80)) {
		t.Error("shown within a sequence")
	}
	s.show(session.FrameOutput, []byte("1m"))
	if !s.over(noticeBytes("evil \x1b[2J\nlong "+strings.Repeat("語", 100), 40)) {
		t.Error("not shown between sequences")
	}
	w.Close()
	b, _ := io.ReadAll(r)
	_, text, _ := strings.Cut(string(b), "\x1b[0;7m")
	text, _, _ = strings.Cut(text, "\x1b[0m")
	if strings.ContainsAny(text, "\x1b\n") || !strings.HasPrefix(text, " evil [2J long ") {
		t.Errorf("notice: %q", text)
	}
	if n := displaywidth.String(text); n > 39 || n < 35 {
		t.Errorf("the notice is %d columns wide", n)
	}
}

// How fast output reaches a terminal that takes it as fast as it can.
func BenchmarkShow(b *testing.B) {
	m, slave, err := pty.Open(pty.OpenOptions{})
	if err != nil {
		b.Fatal(err)
	}
	defer slave.Close()
	done := make(chan struct{})
	go func() {
		defer close(done)
		p := make([]byte, 64<<10)
		for {
			if _, err := m.Read(p); err != nil {
				return
			}
		}
	}()
	text := []byte(strings.Repeat("\x1b[38;5;33mthe quick\x1b[0m brown fox jumps over the lazy dog\r\n", 1000))
	b.Run("written by us", func(b *testing.B) {
		b.SetBytes(int64(len(text)))
		s := newScreen(slave, true)
		for b.Loop() {
			if err := s.show(session.FrameOutput, text); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("by write alone", func(b *testing.B) {
		b.SetBytes(int64(len(text)))
		for b.Loop() {
			if _, err := slave.Write(text); err != nil {
				b.Fatal(err)
			}
		}
	})
	m.Close()
	<-done
}
