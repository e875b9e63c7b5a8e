//go:build linux

package e2e

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/sluicerun/sluice/internal/web/alis"
	"github.com/sluicerun/sluice/vt"
)

// seen is what one end of a stream gets: a screen, and the kinds of its events.
type seen struct {
	mu    sync.Mutex
	term  *vt.Terminal
	kinds string
	exit  int
	err   error // why the connection ended
	over  chan struct{}
}

// follow reads a stream to its end.
func follow(ctx context.Context, c *websocket.Conn) *seen {
	s := &seen{over: make(chan struct{})}
	go s.read(ctx, c)
	return s
}

func (s *seen) read(ctx context.Context, c *websocket.Conn) {
	defer close(s.over)
	var dec alis.Decoder
	for {
		_, msg, err := c.Read(ctx)
		var e alis.Event
		var ok bool
		if err == nil {
			e, ok, err = dec.Decode(msg)
		}
		s.mu.Lock()
		if s.err = err; ok {
			s.kinds += string(rune(e.Kind))
		}
		switch {
		case !ok:
		case e.Kind == alis.Init:
			s.term = vt.New(e.Cols, e.Rows, vt.Options{})
			s.term.Write([]byte(e.Text))
		case e.Kind == alis.Output:
			s.term.Write([]byte(e.Text))
		case e.Kind == alis.Exit:
			s.exit = e.Status
		}
		s.mu.Unlock()
		if err != nil {
			return
		}
	}
}

func (s *seen) text() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.term == nil {
		return ""
	}
	return s.term.Text(false)
}

func (s *seen) shows(t *testing.T, text string) {
	t.Helper()
	until(t, fmt.Sprintf("the viewer sees %q", text), func() bool { return strings.Contains(s.text(), text) })
}

// ends waits for the end, which must have come with this code and all events.
func (s *seen) ends(t *testing.T, code websocket.StatusCode, kinds string) {
	t.Helper()
	select {
	case <-s.over:
	case <-time.After(time.Minute):
		t.Fatal("the stream does not end")
	}
	if got := websocket.CloseStatus(s.err); got != code || !strings.HasSuffix(s.kinds, kinds) {
		t.Errorf("the stream %q ended with %d, want %q and %d", s.kinds, got, kinds, code)
	}
}

// views is a browser's connection to the page.
func views(t *testing.T, url string) *seen {
	t.Helper()
	c, _, err := websocket.Dial(t.Context(), strings.Replace(url, "http", "ws", 1)+"ws", &websocket.DialOptions{Subprotocols: []string{alis.Protocol}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.CloseNow() })
	return follow(t.Context(), c)
}

func get(t *testing.T, url, host string) (status int, body string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), "GET", url, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Host = host
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(b)
}
