package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/sluicerun/sluice/cast"
	"github.com/sluicerun/sluice/internal/web/alis"
	"github.com/sluicerun/sluice/vt"
)

// push is Push with short waits.
func push(t *testing.T, o PushOptions, live Live) <-chan error {
	t.Helper()
	p, err := newPusher(o)
	if err != nil {
		t.Fatal(err)
	}
	p.base, p.limit = time.Millisecond, 8*time.Millisecond
	done := make(chan error, 1)
	go func() { done <- p.run(t.Context(), live) }()
	return done
}

func wsURL(s *asciinemaServer) string { return strings.Replace(s.URL, "http", "ws", 1) + "/ws/S/token" }

func TestPush(t *testing.T) {
	s := newAsciinemaServer(t)
	got, joined := make(chan watched, 1), make(chan bool, 1)
	s.stream = func(_ int, c *websocket.Conn, p *picture) {
		joined <- true
		err := p.rest(context.Background(), c)
		got <- watched{p, err}
	}
	live := newLive(50, 10)
	done := push(t, PushOptions{URL: wsURL(s)}, live)
	within(t, "the connection", joined)
	live.out(time.Second, "hello \x1b[1mwo")
	live.out(2*time.Second, "rld\xff\x1b[m")
	live.events <- cast.Event{Time: 3 * time.Second, Code: cast.Exit, Status: 7}
	close(live.events)
	w := within(t, "the stream", got)
	if w.err != nil {
		t.Fatal(w.err)
	}
	if err := within(t, "Push", done); err != nil {
		t.Error(err)
	}
	var kinds []alis.Kind
	for _, e := range w.p.events {
		kinds = append(kinds, e.Kind)
	}
	// No second screen: the server records what it gets.
	if want := []alis.Kind{alis.Init, alis.Output, alis.Output, alis.Exit, alis.EOT}; !slices.Equal(kinds, want) {
		t.Errorf("the events are %q, want %q", kinds, want)
	}
	if e := w.p.events[3]; e.Status != 7 || e.Time != 3*time.Second {
		t.Errorf("the exit is %+v", e)
	}
	if got := w.p.term.LineText(0); got != "hello world\uFFFD" {
		t.Errorf("the server sees %q", got)
	}
}

// Each new connection begins with the screen as it is.
func TestPushReconnects(t *testing.T) {
	s := newAsciinemaServer(t)
	pictures := make(chan *picture, 10)
	drop := make(chan bool)
	s.stream = func(n int, c *websocket.Conn, p *picture) {
		pictures <- p
		switch n {
		case 1, 3: // without a word
			<-drop
		case 2:
			<-drop
			c.Close(websocket.StatusInternalError, "restarting")
		default:
			p.rest(context.Background(), c)
			pictures <- p
		}
	}
	var mu sync.Mutex
	var notices []string
	live := newLive(50, 10)
	ref := vt.New(50, 10, vt.Options{})
	done := push(t, PushOptions{URL: wsURL(s), Notice: func(n string) {
		mu.Lock()
		defer mu.Unlock()
		notices = append(notices, n)
	}}, live)
	for n := range 4 {
		p := within(t, "a connection", pictures)
		if got := p.term.Text(false); got != ref.Text(false) {
			t.Errorf("connection %d begins with %q, want %q", n+1, got, ref.Text(false))
		}
		text := fmt.Sprintf("line %d\r\n", n)
		live.out(time.Duration(n), text)
		ref.Write([]byte(text))
		live.out(time.Duration(n), "") // the one before was taken
		if n < 3 {
			drop <- true
		}
	}
	close(live.events)
	if p := within(t, "the end", pictures); p.term.Text(false) != ref.Text(false) {
		t.Errorf("the server sees %q", p.term.Text(false))
	}
	if err := within(t, "Push", done); err != nil {
		t.Error(err)
	}
	again := 0
	for _, n := range notices {
		if strings.Contains(n, "token") {
			t.Errorf("the secret is in %q", n)
		}
		if strings.HasSuffix(n, " again") && strings.HasPrefix(n, "connected") {
			again++
		}
	}
	if again != 3 || len(notices) != 6 {
		t.Errorf("the notices are %q", notices)
	}
}

func TestPushRefused(t *testing.T) {
	for _, c := range []struct {
		code int
		want string
	}{{4000, "4000"}, {4004, `(4004: "too much")`}, {4100, "4100"}, {1000, "ended the stream"}} {
		s := newAsciinemaServer(t)
		s.stream = func(_ int, conn *websocket.Conn, p *picture) { conn.Close(websocket.StatusCode(c.code), "too much") }
		live := newLive(80, 24)
		done := push(t, PushOptions{URL: wsURL(s)}, live)
		// Busy: a write may fail first.
		var err error
		for busy := true; busy; {
			select {
			case live.events <- cast.Event{Code: cast.Output, Data: make([]byte, 1000)}:
			case err = <-done:
				busy = false
			}
		}
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%d: %v", c.code, err)
		}
		if s.streams != 1 {
			t.Errorf("%d: %d connections", c.code, s.streams)
		}
	}
	for _, c := range []struct {
		code int
		want string
	}{{400, "does not take streams of the kind v1.alis"}, {401, "does not know this stream"}, {403, "does not know"}, {404, "does not know"}, {302, "sends us elsewhere"}} {
		asked := 0
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			asked++
			w.Header().Set("Location", "/secret")
			w.WriteHeader(c.code)
		}))
		done := push(t, PushOptions{URL: strings.Replace(s.URL, "http", "ws", 1) + "/ws/S/secret"}, newLive(80, 24))
		err := within(t, "Push", done)
		s.Close()
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "secret") || asked != 1 {
			t.Errorf("%d: %v, asked %d times", c.code, err, asked)
		}
	}
	// A server of before the sub-protocol.
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if c, err := websocket.Accept(w, r, nil); err == nil {
			<-c.CloseRead(context.Background()).Done()
		}
	}))
	defer s.Close()
	err := within(t, "Push", push(t, PushOptions{URL: strings.Replace(s.URL, "http", "ws", 1)}, newLive(80, 24)))
	if err == nil || !strings.Contains(err.Error(), "does not speak v1.alis") {
		t.Errorf("got %v", err)
	}
	for _, bad := range []string{"", "https://h/secret", "ws:///secret", "wss://secret h/", "ws://stream.example.org/secret", "secret"} {
		if err := Push(t.Context(), PushOptions{URL: bad}, newLive(80, 24)); err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

// A server that is away is looked for; a caller that is done is not kept.
func TestPushAway(t *testing.T) {
	s := newAsciinemaServer(t)
	u := wsURL(s)
	s.Close()
	p, err := newPusher(PushOptions{URL: u})
	if err != nil {
		t.Fatal(err)
	}
	tried := make(chan string, 10)
	p.base, p.limit, p.drain = time.Millisecond, time.Millisecond, 20*time.Millisecond
	p.o.Notice = func(n string) { tried <- n }
	live := newLive(80, 24)
	done := make(chan error, 1)
	go func() { done <- p.run(t.Context(), live) }()
	if n := within(t, "a notice", tried); !strings.Contains(n, "trying again") || strings.Contains(n, "token") {
		t.Errorf("the notice is %q", n)
	}
	close(live.events)
	if err := within(t, "the end", done); err == nil || !strings.Contains(err.Error(), "did not take the rest") {
		t.Errorf("got %v", err)
	}

	ctx, cancel := context.WithCancel(t.Context())
	go func() { done <- p.run(ctx, newLive(80, 24)) }()
	within(t, "a notice", tried)
	cancel()
	if err := within(t, "the end", done); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}

	boom := errors.New("boom")
	broken := newLive(80, 24)
	broken.err = boom
	close(broken.events)
	go func() { done <- p.run(t.Context(), broken) }()
	if err := within(t, "the end", done); !errors.Is(err, boom) {
		t.Errorf("got %v", err)
	}
}

func TestBackoff(t *testing.T) {
	p, err := newPusher(PushOptions{URL: "wss://h/ws/S/x"})
	if err != nil || p.base != 500*time.Millisecond || p.limit != 10*time.Second || p.ping != 15*time.Second || p.pong != 10*time.Second || p.send != 10*time.Second {
		t.Errorf("%+v %v", p, err)
	}
}
