package web

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/google/go-cmp/cmp"

	"github.com/sluicerun/sluice/cast"
	"github.com/sluicerun/sluice/internal/web/alis"
	"github.com/sluicerun/sluice/vt"
	"github.com/sluicerun/sluice/vt/render"
)

type watched struct {
	p   *picture
	err error
}

// randomEvents is a session of everything that programs do, cut anywhere.
func randomEvents(r *rand.Rand) []cast.Event {
	snippets := []string{
		"hello world ", "\r\n", "\r\n\r\n", "\x1b[1;31mred\x1b[0m", "\x1b[2J\x1b[H", "\x1b[5;10H", "\x1b[K", "\x1b[3A",
		"日本語", "🌍", "e\u0301", "\x1b[?1049h", "\x1b[?1049l", "\x1b[2;8r", "\x1b[r", "\x1b[4h", "\x1b[4l", "\x1b7", "\x1b8",
		"\t", "\b\b", "\x1b[48;2;10;200;30m ", "\x1b[0m", "\xff", "\xe4\xb8", "\x1b]0;title\a", "\x1b[c", "\x1b[6n", "\x1b]11;?\a",
		strings.Repeat("a long line that wraps ", 8), "\x1b[2L", "\x1b[M", "\x1b[?25l", "\x1b[?25h", "\x1b(0lqqk\x1b(B", "\x1b[S", "\x1bM",
	}
	var all strings.Builder
	for range 50 + r.IntN(150) {
		all.WriteString(snippets[r.IntN(len(snippets))])
	}
	var events []cast.Event
	var t time.Duration
	for rest := all.String(); rest != ""; {
		t += time.Duration(r.IntN(5000)) * time.Microsecond
		n := min(1+r.IntN(40), len(rest))
		events = append(events, cast.Event{Time: t, Code: cast.Output, Data: []byte(rest[:n])})
		rest = rest[n:]
		switch r.IntN(30) {
		case 0:
			events = append(events, cast.Event{Time: t, Code: cast.Resize, Cols: 20 + r.IntN(100), Rows: 5 + r.IntN(40)})
		case 1:
			events = append(events, cast.Event{Time: t, Code: cast.Marker, Data: []byte("here")})
		case 2:
			events = append(events, cast.Event{Time: t, Code: cast.Input, Data: []byte("secret")})
		case 3:
			events = append(events, cast.Event{Time: t / 2, Code: cast.Resize}, cast.Event{Time: t, Code: "zz", Data: []byte("unknown")})
		}
	}
	return append(events, cast.Event{Time: t, Code: cast.Exit, Status: r.IntN(256)})
}

// Whenever a viewer joins, at the end it sees the session's screen.
func TestRandomSessions(t *testing.T) {
	for seed := range uint64(100) {
		r := rand.New(rand.NewPCG(seed, 5))
		live := newLive(20+r.IntN(80), 5+r.IntN(30))
		ref := vt.New(live.header.Width, live.header.Height, vt.Options{})
		base, stop := serve(t, Options{}, live)
		views := make(chan watched, 4)
		join := func() {
			c := dial(t, base, alis.Protocol)
			go func() {
				p, err := watchAll(t.Context(), c)
				views <- watched{p, err}
			}()
		}
		events := randomEvents(r)
		late := []int{0, r.IntN(len(events)), r.IntN(len(events)), len(events)}
		for i := range len(events) + 1 {
			for _, n := range late {
				if n == i && i < len(events) {
					join()
				}
			}
			if i == len(events) {
				break
			}
			e := events[i]
			switch {
			case e.Code == cast.Output:
				ref.Write(e.Data)
			case e.Code == cast.Resize && e.Cols > 0:
				ref.Resize(e.Cols, e.Rows)
			}
			live.events <- e
		}
		ref.Write([]byte{0x1b, '[', 'm'}) // a cut character comes out
		status := events[len(events)-1].Status
		close(live.events)
		join() // after the end
		for range late {
			v := within(t, "a viewer", views)
			if v.err != nil {
				t.Fatalf("session %d: %v", seed, v.err)
			}
			v.p.term.Write([]byte{0x1b, '[', 'm'})
			if got, want := v.p.term.Text(false), ref.Text(false); got != want {
				t.Fatalf("session %d: a viewer sees something else: %s", seed, cmp.Diff(want, got))
			}
			if got, want := v.p.term.Snapshot(false), ref.Snapshot(false); render.Hash(got) != render.Hash(want) {
				t.Fatalf("session %d: a viewer sees it in another way: %v", seed, render.Diff(want, got, render.Options{}))
			}
			if v.p.count(alis.Input) > 0 {
				t.Fatalf("session %d: a viewer saw what was typed", seed)
			}
			exits := 0
			for _, e := range v.p.events {
				if e.Kind == alis.Exit {
					exits++
					if e.Status != status {
						t.Errorf("session %d: exit %d, want %d", seed, e.Status, status)
					}
				}
			}
			if exits != 1 {
				t.Errorf("session %d: a viewer saw %d exits", seed, exits)
			}
		}
		if err := stop(); err != nil {
			t.Fatal(err)
		}
	}
}

// What the session's events become, and what they do not.
func TestEvents(t *testing.T) {
	live := newLive(80, 24)
	live.header.Theme = &cast.Theme{FG: "#010203", BG: "#0a0b0c", Palette: strings.Split(strings.Repeat("#ff8000 ", 8)+"#000000", " ")[:8]}
	base, _ := serve(t, Options{Input: true}, live)
	c := dial(t, base, alis.Protocol)
	var p picture
	for p.term == nil { // joined
		if err := p.read(t.Context(), c); err != nil {
			t.Fatal(err)
		}
	}
	if th := p.events[0].Theme; th == nil || th.FG != (alis.Color{1, 2, 3}) || th.BG != (alis.Color{10, 11, 12}) || len(th.Palette) != 8 || th.Palette[7] != (alis.Color{255, 128, 0}) {
		t.Errorf("the theme is %+v", th)
	}
	const hour = time.Hour // later than the viewer's begin
	for _, e := range []cast.Event{
		{Time: hour, Code: cast.Output, Data: []byte("a\xe4\xb8")},
		{Time: hour + 1500*time.Microsecond, Code: cast.Input, Data: []byte("k")},
		{Time: hour + 2*time.Millisecond, Code: cast.Output, Data: []byte("\x96")},
		{Time: hour, Code: cast.Marker, Data: []byte("m\xff")},
		{Time: hour + 3*time.Millisecond, Code: cast.Resize, Cols: 100, Rows: 30},
		{Time: hour + 3*time.Millisecond, Code: cast.Comment, Data: []byte("nothing to see")},
		{Time: hour + 4*time.Millisecond, Code: cast.Exit, Status: 143},
	} {
		live.events <- e
	}
	close(live.events)
	if err := p.rest(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	last := p.events[len(p.events)-2]
	want := []alis.Event{
		{Kind: alis.Output, ID: 1, Time: hour},
		{Kind: alis.Input, ID: 2, Time: hour + 1500*time.Microsecond, Text: "k"},
		{Kind: alis.Output, ID: 3, Time: hour + 2*time.Millisecond},
		{Kind: alis.Marker, ID: 4, Time: hour + 2*time.Millisecond, Text: "m\uFFFD"},
		{Kind: alis.Resize, ID: 5, Time: hour + 3*time.Millisecond, Cols: 100, Rows: 30},
		{Kind: alis.Exit, ID: 6, Time: hour + 4*time.Millisecond, Status: 143},
		last, // the screen again, for players that drop what they have not shown
		{Kind: alis.EOT},
	}
	if diff := cmp.Diff(want, p.events[1:]); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	if last.Kind != alis.Init || last.ID != 6 || last.Cols != 100 || last.Rows != 30 || !strings.Contains(last.Text, "a世") {
		t.Errorf("the last screen is %+v", last)
	}
}

// A viewer that does not read is skipped forward, and neither the session nor
// another viewer waits for it.
func TestSlowViewer(t *testing.T) {
	live := newLive(80, 24)
	base, _ := serve(t, Options{}, live)
	slow, quick := dial(t, base, alis.Protocol), dial(t, base, alis.Protocol)
	quickDone := make(chan watched, 1)
	go func() {
		p, err := watchAll(t.Context(), quick)
		quickDone <- watched{p, err}
	}()
	var p picture
	for p.term == nil {
		if err := p.read(t.Context(), slow); err != nil {
			t.Fatal(err)
		}
	}
	// More than sockets and queues hold. The session is as quick as the hub.
	line := strings.Repeat("0123456789abcdef", 512)
	const total = 4 << 20
	ref := vt.New(80, 24, vt.Options{})
	for n := 0; n < total; n += len(line) + 10 {
		text := fmt.Sprintf("%s\r\n%08d", line, n)
		ref.Write([]byte(text))
		live.out(0, text)
	}
	// It may have been skipped forward sooner, and got more since.
	for p.count(alis.Init) < 2 || p.term.Text(false) != ref.Text(false) {
		if err := p.read(t.Context(), slow); err != nil {
			t.Fatal(err)
		}
	}
	before := p.count(alis.Output)
	live.out(0, "\r\nthe end")
	ref.Write([]byte("\r\nthe end"))
	close(live.events)
	if err := p.rest(t.Context(), slow); err != nil {
		t.Fatal(err)
	}
	if p.term.Text(false) != ref.Text(false) {
		t.Errorf("the slow viewer ends with\n%s", p.term.Text(false))
	}
	if got := p.count(alis.Output) - before; got != 1 {
		t.Errorf("after the skip came %d events, want 1", got)
	}
	if p.bytes > total/2 {
		t.Errorf("the slow viewer got %d bytes of %d", p.bytes, total)
	}
	q := within(t, "the quick viewer", quickDone)
	if q.err != nil {
		t.Fatal(q.err)
	}
	if q.p.term.Text(false) != ref.Text(false) {
		t.Errorf("the quick viewer ends with\n%s", q.p.term.Text(false))
	}
	t.Logf("slow viewer: %d bytes, %d screens; quick viewer: %d bytes, %d screens", p.bytes, p.count(alis.Init), q.p.bytes, q.p.count(alis.Init))
}

func TestSubprotocol(t *testing.T) {
	base, _ := serve(t, Options{}, newLive(80, 24))
	for _, offered := range [][]string{nil, {"v2.asciicast"}, {"v2.alis", "raw"}} {
		c := dial(t, base, offered...)
		_, _, err := c.Read(t.Context())
		if got := websocket.CloseStatus(err); got != websocket.StatusProtocolError {
			t.Errorf("%v: closed with %d (%v), want 1002", offered, got, err)
		}
	}
	c := dial(t, base, "raw", alis.Protocol, "v2.asciicast")
	if got := c.Subprotocol(); got != alis.Protocol {
		t.Errorf("agreed on %q", got)
	}
}

// Viewers look; who says something is cut off.
func TestViewerSays(t *testing.T) {
	base, _ := serve(t, Options{}, newLive(80, 24))
	c := dial(t, base, alis.Protocol)
	if err := c.Write(t.Context(), websocket.MessageBinary, []byte("\x1b[1;1R")); err != nil {
		t.Fatal(err)
	}
	if _, err := watchAll(t.Context(), c); websocket.CloseStatus(err) != websocket.StatusPolicyViolation {
		t.Errorf("got %v, want 1008", err)
	}
}

func TestTooMany(t *testing.T) {
	base, _ := serve(t, Options{Viewers: 1}, newLive(80, 24))
	c := dial(t, base, alis.Protocol)
	if err := new(picture).read(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	if code, body, _ := get(t, base+"ws", nil); code != 503 || !strings.Contains(body, "too many") {
		t.Errorf("got %d %q", code, body)
	}
}

// A viewer that answers no pings is let go.
func TestNoPong(t *testing.T) {
	s, base := shortServer(t, 10*time.Millisecond)
	c := dial(t, base, alis.Protocol) // pongs are sent while reading
	for len(s.seats) == 0 {
		runtime.Gosched()
	}
	for deadline := time.Now().Add(patience); len(s.seats) > 0; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the viewer is still there")
		}
	}
	if _, err := watchAll(t.Context(), c); err == nil {
		t.Error("the connection is as good as ever")
	}
}

// One that does stays, though nothing happens.
func TestPong(t *testing.T) {
	_, base := shortServer(t, patience)
	c := dial(t, base, alis.Protocol)
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if _, err := watchAll(ctx, c); ctx.Err() == nil {
		t.Errorf("the connection ended: %v", err)
	}
}

// shortServer pings without a pause.
func shortServer(t *testing.T, pong time.Duration) (*server, string) {
	live := newLive(80, 24)
	o := Options{}
	ln, token, err := o.listen(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	s := newServer(o, live, ln.Addr(), token)
	s.ping, s.pong = 5*time.Millisecond, pong
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.serve(ctx, ln, live) }()
	t.Cleanup(func() {
		cancel()
		within(t, "the server to end", done)
	})
	return s, s.url(ln.Addr())
}
