package playback

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sluicerun/sluice/cast"
	"github.com/sluicerun/sluice/vt"
	"github.com/sluicerun/sluice/vt/render"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const ms = time.Millisecond

// ev is an event at t ms. The code is o unless the text begins with another one and
// a colon.
func ev(t int, text string) cast.Event {
	e := cast.Event{Time: time.Duration(t) * ms, Code: cast.Output, Data: []byte(text)}
	switch code, rest, _ := strings.Cut(text, ":"); code {
	case "i", "m":
		e.Code, e.Data = cast.Code(code), []byte(rest)
	case "r":
		e.Code, e.Data = cast.Resize, nil
		fmt.Sscanf(rest, "%dx%d", &e.Cols, &e.Rows)
	}
	return e
}

// randomEvents is a session of a shell and full-screen programs, with resizes.
func randomEvents(r *rand.Rand, n int, resizes bool) []cast.Event {
	words := strings.Fields("alpha beta gamma error: warning naïve 日本 👩‍🚀 e\u0301 0123456789 ─── x")
	var events []cast.Event
	t := 0
	for range n {
		if r.IntN(3) > 0 {
			t += r.IntN(120)
		}
		var b strings.Builder
		switch k := r.IntN(40); {
		case k == 0 && resizes:
			events = append(events, ev(t, fmt.Sprintf("r:%dx%d", 5+r.IntN(90), 2+r.IntN(30))))
			continue
		case k == 1:
			events = append(events, ev(t, fmt.Sprintf("m:mark %d", t)))
			continue
		case k == 2:
			events = append(events, ev(t, "i:x"))
			continue
		case k == 3:
			b.WriteString("\x1b[?1049h\x1b[2J\x1b[H")
		case k == 4:
			b.WriteString("\x1b[?1049l")
		case k == 5:
			fmt.Fprintf(&b, "\x1b[%d;%dr", 1+r.IntN(5), 6+r.IntN(10))
		case k == 6:
			b.WriteString("\x1b[r")
		case k < 10:
			fmt.Fprintf(&b, "\x1b[%d;%dH", 1+r.IntN(24), 1+r.IntN(80))
		case k < 12:
			b.WriteString("\x1b[K")
		}
		for range r.IntN(30) {
			fmt.Fprintf(&b, "\x1b[%dm%s ", 30+r.IntN(8), words[r.IntN(len(words))])
			if r.IntN(6) == 0 {
				b.WriteString("\r\n")
			}
		}
		text := b.String()
		if r.IntN(4) == 0 && len(text) > 1 { // cut anywhere
			i := r.IntN(len(text))
			events = append(events, ev(t, ""), ev(t+1, ""))
			events[len(events)-2].Data, events[len(events)-1].Data = []byte(text[:i]), []byte(text[i:])
			t++
			continue
		}
		events = append(events, cast.Event{Time: time.Duration(t) * ms, Code: cast.Output, Data: []byte(text)})
	}
	return events
}

// play is the terminal after the events up to t, without any of this package's
// shortcuts.
func play(h cast.Header, events []cast.Event, t time.Duration) *vt.Terminal {
	term := vt.New(h.Width, h.Height, vt.Options{Scrollback: keptScrollback})
	for _, e := range events {
		if e.Time > t {
			break
		}
		switch e.Code {
		case cast.Output:
			term.Write(e.Data)
		case cast.Resize:
			term.Resize(e.Cols, e.Rows)
		}
	}
	return term
}

// shown is all that can be seen of a terminal.
func shown(t testing.TB, term *vt.Terminal) string {
	t.Helper()
	b, err := render.JSON(term.Snapshot(false), render.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

var header = cast.Header{Width: 80, Height: 24}

// hour is a recording of 100 MB of typical output in an hour.
var hour = sync.OnceValue(func() []cast.Event { return longEvents(100_000_000, time.Hour) })

// longEvents is a recording of bytes of typical output over d: a log, an editor,
// a progress bar.
func longEvents(total int, d time.Duration) []cast.Event {
	var pieces [][]byte
	for i := range 400 {
		var b bytes.Buffer
		switch i % 8 {
		case 0, 1, 2:
			for j := range 40 {
				fmt.Fprintf(&b, "2026-01-02T03:04:05Z step %d loss 0.%06d throughput %d tokens/s on 8 devices\r\n", i*40+j, i*7919%1000000, j*i)
			}
		case 3, 4:
			for j := range 30 {
				fmt.Fprintf(&b, "\x1b[2m03:04:05\x1b[0m \x1b[32m INFO\x1b[0m \x1b[1;34mtrain::step\x1b[0m: step \x1b[33m%d\x1b[0m loss 0.%06d\r\n", j, i*31%1000000)
			}
		case 5:
			b.WriteString("\x1b[?1049h\x1b[H\x1b[2J")
			for y := range 24 {
				fmt.Fprintf(&b, "\x1b[%d;1H\x1b[33m%4d\x1b[m \x1b[35mfunc\x1b[m name%d(x \x1b[32mint\x1b[m) {\x1b[K", y+1, y, i*y)
			}
		case 6:
			for y := range 40 {
				fmt.Fprintf(&b, "\x1b[%d;%dHcol %d\x1b[7m bar \x1b[m", y%24+1, y%70+1, i)
			}
			b.WriteString("\x1b[?1049l")
		case 7:
			for j := range 50 {
				fmt.Fprintf(&b, "\rdownloading %3d%% [%-50s]", j*2, strings.Repeat("#", j))
			}
			b.WriteString("\r\n")
		}
		pieces = append(pieces, b.Bytes())
	}
	var events []cast.Event
	for n, i := 0, 0; n < total; i++ {
		p := pieces[i%len(pieces)]
		n += len(p)
		events = append(events, cast.Event{Code: cast.Output, Data: p})
	}
	for i := range events {
		events[i].Time = time.Duration(float64(d) * float64(i) / float64(len(events)))
	}
	return events
}
