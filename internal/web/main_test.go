package web

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"
	"go.uber.org/goleak"

	"github.com/sluicerun/sluice/cast"
	"github.com/sluicerun/sluice/internal/web/alis"
	"github.com/sluicerun/sluice/vt"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience is how long something that must happen may take on a busy machine.
const patience = 30 * time.Second

// chanLive is a session whose events the test sends. Closing the channel ends it.
type chanLive struct {
	header cast.Header
	events chan cast.Event
	err    error // what it ends with; nil: io.EOF
}

func newLive(cols, rows int) *chanLive {
	return &chanLive{header: cast.Header{Width: cols, Height: rows}, events: make(chan cast.Event)}
}

func (l *chanLive) Header() cast.Header { return l.header }

func (l *chanLive) Next(ctx context.Context) (cast.Event, error) {
	select {
	case e, ok := <-l.events:
		if ok {
			return e, nil
		}
		if l.err != nil {
			return cast.Event{}, l.err
		}
		return cast.Event{}, io.EOF
	case <-ctx.Done():
		return cast.Event{}, ctx.Err()
	}
}

func (l *chanLive) out(t time.Duration, text string) {
	l.events <- cast.Event{Time: t, Code: cast.Output, Data: []byte(text)}
}

// serve starts a server and returns the page's URL. The server ends with the test,
// and must have done so without an error unless stop was called before.
func serve(t *testing.T, o Options, live Live) (base string, stop func() error) {
	t.Helper()
	o.Source = func(context.Context) (Live, error) { return live, nil }
	ready := make(chan string, 1)
	o.Ready = func(u string) { ready <- u }
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- Serve(ctx, o) }()
	stop = sync.OnceValue(func() error {
		cancel()
		return within(t, "the server to end", done)
	})
	t.Cleanup(func() {
		if err := stop(); err != nil {
			t.Error(err)
		}
	})
	select {
	case base = <-ready:
	case err := <-done:
		t.Fatal(err)
	}
	return base, stop
}

func within[T any](t testing.TB, what string, c <-chan T) T {
	t.Helper()
	select {
	case v := <-c:
		return v
	case <-time.After(patience):
		t.Fatalf("waited too long for %s", what)
		panic("unreachable")
	}
}

func dial(t testing.TB, base string, protocols ...string) *websocket.Conn {
	t.Helper()
	u, err := url.Parse(base)
	if err != nil {
		t.Fatal(err)
	}
	u.Scheme = "ws"
	tr := &http.Transport{}
	defer tr.CloseIdleConnections()
	c, _, err := websocket.Dial(t.Context(), u.JoinPath("ws").String(), &websocket.DialOptions{
		Subprotocols: protocols, HTTPClient: &http.Client{Transport: tr},
	})
	if err != nil {
		t.Fatal(err)
	}
	c.SetReadLimit(64 << 20)
	t.Cleanup(func() { c.CloseNow() })
	return c
}

// picture is what a viewer sees: an emulator that is fed with a stream.
type picture struct {
	dec    alis.Decoder
	term   *vt.Terminal
	events []alis.Event // without Text of Output, which is in the emulator
	bytes  int
}

// read takes the next message. The error is that of the connection, or of the
// stream.
func (p *picture) read(ctx context.Context, c *websocket.Conn) error {
	kind, msg, err := c.Read(ctx)
	if err != nil {
		return err
	}
	if kind != websocket.MessageBinary {
		return errors.New("a message of text")
	}
	p.bytes += len(msg)
	return p.take(msg)
}

func (p *picture) take(msg []byte) error {
	e, ok, err := p.dec.Decode(msg)
	if err != nil || !ok {
		return err
	}
	if n := len(p.events); n > 0 && e.Kind != alis.EOT && e.Time < p.events[n-1].Time {
		return fmt.Errorf("event %d went back in time, from %v to %v", n, p.events[n-1].Time, e.Time)
	}
	switch e.Kind {
	case alis.Init:
		p.term = vt.New(e.Cols, e.Rows, vt.Options{})
		p.term.Write([]byte(e.Text))
	case alis.Output:
		p.term.Write([]byte(e.Text))
		e.Text = ""
	case alis.Resize:
		p.term.Resize(e.Cols, e.Rows)
	}
	p.events = append(p.events, e)
	return nil
}

func (p *picture) count(k alis.Kind) int {
	n := 0
	for _, e := range p.events {
		if e.Kind == k {
			n++
		}
	}
	return n
}

// watchAll reads a stream to its end, which must be the orderly one.
func watchAll(ctx context.Context, c *websocket.Conn) (*picture, error) {
	p := &picture{}
	return p, p.rest(ctx, c)
}

// rest is watchAll for what has been read in part.
func (p *picture) rest(ctx context.Context, c *websocket.Conn) error {
	for {
		err := p.read(ctx, c)
		switch {
		case websocket.CloseStatus(err) == websocket.StatusNormalClosure:
			if n := len(p.events); n == 0 || p.events[n-1].Kind != alis.EOT {
				return errors.New("the stream was closed without an EOT")
			}
			return nil
		case err != nil:
			return err
		}
	}
}

// get asks for a page, with these headers; Host is set in the request.
func get(t testing.TB, u string, headers map[string]string) (code int, body string, h http.Header) {
	t.Helper()
	return ask(t, http.MethodGet, u, headers)
}

func ask(t testing.TB, method, u string, headers map[string]string) (code int, body string, h http.Header) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, u, nil)
	if err != nil {
		t.Fatal(err)
	}
	for k, v := range headers {
		req.Header.Set(k, v)
	}
	if host := req.Header.Get("Host"); host != "" {
		req.Host = host
	}
	tr := &http.Transport{DisableKeepAlives: true}
	resp, err := (&http.Client{Transport: tr, CheckRedirect: noRedirect}).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		return resp.StatusCode, string(b) + " " + err.Error(), resp.Header
	}
	return resp.StatusCode, string(b), resp.Header
}
