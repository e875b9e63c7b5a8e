package playback

import (
	"errors"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/sluicerun/sluice/cast"
	"github.com/sluicerun/sluice/vt"
)

func TestText(t *testing.T) {
	wide := strings.Repeat("x", 100)
	lines := strings.Repeat("a line\r\n", 40)
	for _, c := range []struct {
		name   string
		events []cast.Event
		want   string
	}{
		{"nothing", nil, ""},
		{"a line", []cast.Event{ev(0, "\x1b[1mhello\x1b[m  \r\n")}, "hello\n"},
		{"wrapped", []cast.Event{ev(0, wide+"\r\nend")}, wide + "\nend\n"},
		{"scrolled", []cast.Event{ev(0, lines+"end")}, strings.Repeat("a line\n", 40) + "end\n"},
		{"wrapped and scrolled", []cast.Event{ev(0, wide), ev(0, wide+"\r\n"+lines)}, wide + wide + "\n" + strings.Repeat("a line\n", 40)},
		{"longer than the screen", []cast.Event{ev(0, strings.Repeat(wide, 50))}, strings.Repeat(wide, 50) + "\n"},
		{"empty lines", []cast.Event{ev(0, "a\r\n\r\n\r\nb"+strings.Repeat("\r\n", 50)+"c\r\n\r\n")}, "a\n\n\nb" + strings.Repeat("\n", 50) + "c\n"},
		{"written over", []cast.Event{ev(0, "1%\r2%\r\n")}, "2%\n"},
		{"grows", []cast.Event{ev(0, lines), ev(1, "r:80x50"), ev(2, "end")}, strings.Repeat("a line\n", 40) + "end\n"},
		{"narrower", []cast.Event{ev(0, lines), ev(1, "r:3x5"), ev(2, "end")}, strings.Repeat("a line\n", 40) + "end\n"},
		{"an editor", []cast.Event{ev(0, "$ vi\r\n\x1b[?1049htext\x1b[?1049lbye")}, "$ vi\nbye\n"},
		{"ends in an editor", []cast.Event{ev(0, lines+"$ vi\r\n\x1b[?1049h\x1b[Htext\x1b[")}, strings.Repeat("a line\n", 40) + "$ vi\n\ntext\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var b strings.Builder
			if err := Text(FromEvents(header, c.events), &b); err != nil {
				t.Fatal(err)
			}
			if got := b.String(); got != c.want {
				t.Errorf("%q\nwant\n%q", got, c.want)
			}
		})
	}
}

// Much of it is the same as with a terminal that has room for all.
func TestTextOfMuch(t *testing.T) {
	for seed := range uint64(2) {
		events := randomEvents(rand.New(rand.NewPCG(seed, 3)), 6000, false)
		term := vt.New(80, 24, vt.Options{Scrollback: 256 << 20})
		// One event of all, and the events as they are.
		one := cast.Event{Code: cast.Output}
		for _, e := range events {
			apply(term, e)
			if e.Code == cast.Output {
				one.Data = append(one.Data, e.Data...)
			}
		}
		apply(term, ev(0, "\x18\x1b[?1049l"))
		one.Data = append(one.Data, "\x18\x1b[?1049l"...)
		want := strings.TrimRight(term.JoinedText(true), "\n") + "\n"
		for name, es := range map[string][]cast.Event{"events": append(events, ev(1e9, "\x18\x1b[?1049l")), "one": {one}} {
			var b strings.Builder
			if err := Text(FromEvents(header, es), &b); err != nil {
				t.Fatal(err)
			}
			if got := b.String(); got != want {
				i := 0
				for i < len(got) && i < len(want) && got[i] == want[i] {
					i++
				}
				t.Fatalf("seed %d, %s: %d bytes, want %d; differs at %d: %.80q, want %.80q", seed, name, len(got), len(want), i, got[i:], want[i:])
			}
		}
		if len(want) < 70_000 {
			t.Fatalf("only %d bytes", len(want))
		}
	}
}

type full struct{ left int }

var errFull = errors.New("no space left")

func (f *full) Write(p []byte) (int, error) {
	if f.left -= len(p); f.left < 0 {
		return 0, errFull
	}
	return len(p), nil
}

func TestTextErrors(t *testing.T) {
	events := []cast.Event{ev(0, "one\r\n"), ev(0, "two\r\n"), ev(0, strings.Repeat("line\r\n", 50000))}
	if err := Text(FromEvents(header, events), &full{1000}); !errors.Is(err, errFull) {
		t.Errorf("%v", err)
	}
	var b strings.Builder
	if err := Text(&broken{FromEvents(header, events), 2}, &b); !errors.Is(err, errBroken) || b.String() != "one\ntwo\n" {
		t.Errorf("%q, %v", b.String(), err)
	}
}
