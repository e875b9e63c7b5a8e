package web

import (
	"bytes"
	"context"
	"errors"
	"image/png"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/sluicerun/sluice/cast"
	"github.com/sluicerun/sluice/internal/web/alis"
	"github.com/sluicerun/sluice/vt/render"
)

func TestPages(t *testing.T) {
	live := newLive(40, 5)
	base, _ := serve(t, Options{
		Title: `<script>alert("x")</script>`,
		Cast: func(w io.Writer) error {
			_, err := io.WriteString(w, `{"version":2}`)
			return err
		},
	}, live)
	for range 12 {
		live.out(0, "a line\r\n")
	}
	live.out(0, "\x1b[1mhello <b>\x1b[m")
	live.out(0, "") // the one before has been taken
	for _, c := range []struct {
		path, contentType string
		has               []string
	}{
		{"", "text/html", []string{"&lt;script&gt;alert", `src="player.js"`, `src="page.js"`}},
		{"page.js", "text/javascript", []string{"AsciinemaPlayer.create"}},
		{"player.js", "text/javascript", []string{"AsciinemaPlayer"}},
		{"player.css", "text/css", []string{".ap-"}},
		{"page.css", "text/css", []string{"#player"}},
		{"cast", "application/x-asciicast", []string{`{"version":2}`}},
		{"screen", "text/plain", []string{"hello <b>\n"}},
		{"screen?format=ansi", "text/plain", []string{"\x1b[1mhello <b>"}},
		{"screen?format=html", "text/html", []string{"hello &lt;b&gt;"}},
		{"screen?format=svg", "image/svg+xml", []string{"<svg"}},
		{"screen?format=json", "application/json", []string{`"text":"hello <b>"`}},
		{"screen?format=png", "image/png", nil},
		{"screen?scrollback=1", "text/plain", []string{strings.Repeat("a line\n", 12)}},
	} {
		code, body, h := get(t, base+c.path, nil)
		if code != 200 || !strings.HasPrefix(h.Get("Content-Type"), c.contentType) {
			t.Errorf("%s: %d %s", c.path, code, h.Get("Content-Type"))
		}
		for _, s := range c.has {
			if !strings.Contains(body, s) {
				t.Errorf("%s: %q is not in it:\n%.300s", c.path, s, body)
			}
		}
		if p := h.Get("Content-Security-Policy"); !strings.HasPrefix(p, "default-src 'none'") || strings.Contains(p, "'unsafe-eval'") || strings.Contains(p, "script-src 'self' 'unsafe-inline'") {
			t.Errorf("%s: the policy is %q", c.path, p)
		}
		if h.Get("X-Content-Type-Options") != "nosniff" || h.Get("Referrer-Policy") != "no-referrer" || h.Get("Cross-Origin-Resource-Policy") != "same-origin" {
			t.Errorf("%s: headers %v", c.path, h)
		}
		if c.contentType == "image/png" {
			if _, err := png.Decode(strings.NewReader(body)); err != nil {
				t.Errorf("%s: %v", c.path, err)
			}
		}
		if code, body, _ := ask(t, http.MethodHead, base+c.path, nil); code != 200 || body != "" {
			t.Errorf("HEAD %s: %d %q", c.path, code, body)
		}
	}
	if _, body, _ := get(t, base+"screen?format=json", nil); !bytes.Contains([]byte(body), []byte(`"rows":5`)) {
		t.Errorf("the size is not in %s", body)
	} else if s, err := render.ParseJSON([]byte(body)); err != nil || s.Cols != 40 {
		t.Errorf("%v %+v", err, s)
	}
	if code, body, _ := get(t, base+"screen?format=gif", nil); code != 400 || !strings.Contains(body, "ansi, html, json, png, svg, text") {
		t.Errorf("%d %q", code, body)
	}
	for _, path := range []string{"x", "page/page.js", "..", "screen/", "%2e%2e/etc/passwd"} {
		if code, _, _ := get(t, base+path, nil); code != 404 {
			t.Errorf("%s: %d, want 404", path, code)
		}
	}
	if code, _, h := ask(t, http.MethodPost, base+"screen", nil); code != 405 || h.Get("Allow") != "GET, HEAD" {
		t.Errorf("POST: %d %v", code, h)
	}
	if code, body, _ := get(t, base+"ws", nil); code != http.StatusUpgradeRequired && code != 400 {
		t.Errorf("ws without a handshake: %d %q", code, body)
	}
}

// Nobody takes half a recording for all of it, or learns where it lies.
func TestCastFails(t *testing.T) {
	for _, c := range []struct {
		written string
		code    int
		has     string
	}{{"half of it", 200, "unexpected EOF"}, {"", 500, "cannot be read"}} {
		base, _ := serve(t, Options{Cast: func(w io.Writer) error {
			if c.written != "" {
				io.WriteString(w, c.written)
				w.(*counter).w.(http.Flusher).Flush()
			}
			return errors.New("secret/path: no such file")
		}}, newLive(80, 24))
		if code, body, _ := get(t, base+"cast", nil); code != c.code || !strings.Contains(body, c.has) || strings.Contains(body, "secret") {
			t.Errorf("%q: got %d %q", c.written, code, body)
		}
	}
	base, _ := serve(t, Options{}, newLive(80, 24))
	if code, _, _ := get(t, base+"cast", nil); code != 404 {
		t.Errorf("without a recording: %d", code)
	}
}

func TestGuard(t *testing.T) {
	const token = "0123456789abcdefXY"
	loop := &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 8080}
	open := newGuard(loop, "", []string{"Term.Example.org"})
	closed := newGuard(&net.TCPAddr{IP: net.IPv4(10, 0, 0, 7), Port: 8080}, token, nil)
	type headers = map[string]string
	for _, c := range []struct {
		g          guard
		host, path string
		h          headers
		ok         bool
	}{
		{open, "127.0.0.1:8080", "/ws", nil, true},
		{open, "localhost:8080", "/ws", nil, true},
		{open, "LOCALHOST.:8080", "/ws", nil, true},
		{open, "[::1]:8080", "/ws", nil, true},
		{open, "[::1]", "/ws", nil, true},
		{open, "term.example.org", "/", nil, true},
		{open, "evil.example.com:8080", "/", nil, false},
		{open, "127.0.0.1.evil.example.com:8080", "/", nil, false},
		{open, "localhost.evil.example.com", "/", nil, false},
		{open, "", "/", nil, false},
		{open, "10.0.0.7:8080", "/", nil, false},
		{open, "127.0.0.1:8080", "/ws", headers{"Origin": "http://127.0.0.1:8080"}, true},
		{open, "127.0.0.1:8080", "/ws", headers{"Origin": "https://term.example.org"}, true}, // a proxy that speaks TLS
		{open, "127.0.0.1:8080", "/ws", headers{"Origin": "http://localhost:3000"}, false},
		{open, "localhost:8080", "/ws", headers{"Origin": "http://localhost:3000"}, false},
		{open, "127.0.0.1:8080", "/ws", headers{"Origin": "http://evil.example.com"}, false},
		{open, "127.0.0.1:8080", "/ws", headers{"Origin": "null"}, false},
		{open, "127.0.0.1:8080", "/screen", headers{"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"}, false},
		{open, "127.0.0.1:8080", "/", headers{"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}, true},
		{closed, "10.0.0.7:8080", "/" + token + "/ws", nil, true},
		{closed, "any.name", "/" + token + "/ws", headers{"Origin": "http://any.name"}, true},
		{closed, "any.name", "/" + token + "/ws", headers{"Origin": "http://other.name"}, false},
		{closed, "10.0.0.7:8080", "/" + token, nil, true},
		{closed, "10.0.0.7:8080", "/ws", nil, false},
		{closed, "10.0.0.7:8080", "/", nil, false},
		{closed, "10.0.0.7:8080", "/" + token[:17] + "/ws", nil, false},
		{closed, "10.0.0.7:8080", "/" + token + "Z/ws", nil, false},
		{closed, "127.0.0.1:8080", "/x/" + token + "/ws", nil, false},
	} {
		r := httptest.NewRequest("GET", "http://x"+c.path, nil)
		r.Host = c.host
		for k, v := range c.h {
			r.Header.Set(k, v)
		}
		path, status, why := c.g.check(r)
		if ok := status == 0; ok != c.ok || !ok && why == "" {
			t.Errorf("%s %s %v: %v %q", c.host, c.path, c.h, ok, why)
		} else if ok && strings.Contains(path, token) {
			t.Errorf("%s %s: the path is %q", c.host, c.path, path)
		}
	}
}

// On other addresses than loopback nothing is shown without the token; with it,
// the page finds everything beside itself.
func TestToken(t *testing.T) {
	live := newLive(80, 24)
	base, _ := serve(t, Options{Listen: "0.0.0.0:0"}, live)
	rest, _ := strings.CutPrefix(base, "http://")
	hostport, path, _ := strings.Cut(rest, "/")
	_, port, err := net.SplitHostPort(hostport)
	if err != nil || len(path) != 25 || !strings.HasSuffix(path, "/") {
		t.Fatalf("the URL is %q", base)
	}
	root := "http://127.0.0.1:" + port + "/"
	for _, p := range []string{"", "ws", "screen", "player.js", strings.Repeat("A", 24) + "/screen"} {
		if code, body, _ := get(t, root+p, nil); code != 403 || !strings.Contains(body, "token") || strings.Contains(body, path[:24]) {
			t.Errorf("%s: %d %q", p, code, body)
		}
	}
	if code, _, h := get(t, root+path[:24], nil); code != 301 || h.Get("Location") != "/"+path {
		t.Errorf("without the slash: %d, to %q", code, h.Get("Location"))
	}
	if code, _, _ := get(t, root+path, nil); code != 200 {
		t.Errorf("with it: %d", code)
	}
	c := dial(t, root+path, alis.Protocol)
	if err := new(picture).read(t.Context(), c); err != nil {
		t.Error(err)
	}
	for _, bad := range []string{"short", strings.Repeat("a/", 10), strings.Repeat("a", 129)} {
		if err := Serve(t.Context(), Options{Token: bad}); err == nil || !strings.Contains(err.Error(), "16 to 128") {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

func TestListen(t *testing.T) {
	for _, c := range []struct {
		listen string
		host   string
		token  bool
	}{{"", "127.0.0.1", false}, {":0", "127.0.0.1", false}, {"localhost:0", "", false}, {"127.0.0.2:0", "127.0.0.2", false}, {"0.0.0.0:0", "", true}} {
		o := Options{Listen: c.listen}
		ln, token, err := o.listen(t.Context())
		if err != nil {
			t.Errorf("%q: %v", c.listen, err)
			continue
		}
		ln.Close()
		if host, _, _ := net.SplitHostPort(ln.Addr().String()); c.host != "" && host != c.host || (token != "") != c.token {
			t.Errorf("%q: listens on %s with token %q", c.listen, ln.Addr(), token)
		}
	}
	for _, bad := range []string{"8080", "127.0.0.1", "127.0.0.1:99999"} {
		if err := Serve(t.Context(), Options{Listen: bad}); err == nil || !strings.HasPrefix(err.Error(), "serving a session") {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

// The server ends with ctx, whoever is watching or downloading.
func TestClose(t *testing.T) {
	inCast, leave := make(chan struct{}), make(chan struct{})
	base, stop := serve(t, Options{Cast: func(w io.Writer) error {
		close(inCast)
		for {
			if _, err := w.Write(make([]byte, 64<<10)); err != nil {
				close(leave)
				return err
			}
		}
	}}, newLive(80, 24))
	c := dial(t, base, alis.Protocol)
	var p picture
	for p.term == nil {
		if err := p.read(t.Context(), c); err != nil {
			t.Fatal(err)
		}
	}
	conn, err := net.Dial("tcp", strings.TrimSuffix(strings.TrimPrefix(base, "http://"), "/"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	io.WriteString(conn, "GET /cast HTTP/1.1\r\nHost: localhost\r\n\r\n")
	within(t, "the download", inCast)
	watched := make(chan error, 1)
	go func() {
		_, err := watchAll(context.Background(), c)
		watched <- err
	}()
	if err := stop(); err != nil {
		t.Error(err)
	}
	select {
	case <-leave:
	default:
		t.Error("Serve returned before the download had ended")
	}
	if err := within(t, "the viewer", watched); websocket.CloseStatus(err) != websocket.StatusGoingAway {
		t.Errorf("the viewer was told %v, want 1001", err)
	}
}

func TestLinger(t *testing.T) {
	live := newLive(80, 24)
	done := make(chan error, 1)
	ready := make(chan string, 1)
	go func() {
		done <- Serve(t.Context(), Options{
			Source: func(context.Context) (Live, error) { return live, nil },
			Linger: time.Millisecond,
			Ready:  func(u string) { ready <- u },
		})
	}()
	within(t, "the server", ready)
	close(live.events)
	if err := within(t, "the end", done); err != nil {
		t.Error(err)
	}
}

func TestSourceFails(t *testing.T) {
	boom := errors.New("boom")
	err := Serve(t.Context(), Options{Source: func(context.Context) (Live, error) { return nil, boom }})
	if !errors.Is(err, boom) {
		t.Errorf("got %v", err)
	}
	// One that breaks later: the viewers learn of an end, the caller why.
	live := newLive(80, 24)
	live.err = boom
	done := make(chan error, 1)
	ready := make(chan string, 1)
	go func() {
		done <- Serve(t.Context(), Options{
			Source: func(context.Context) (Live, error) { return live, nil },
			Ready:  func(u string) { ready <- u },
		})
	}()
	c := dial(t, within(t, "the server", ready), alis.Protocol)
	go func() {
		live.events <- cast.Event{Code: cast.Output, Data: []byte("so far")}
		close(live.events)
	}()
	p, err := watchAll(t.Context(), c)
	if err != nil {
		t.Error(err)
	} else if got := p.term.Text(false); got != "so far"+strings.Repeat("\n", 24) {
		t.Errorf("the viewer sees %q", got)
	}
	if err := within(t, "the end", done); !errors.Is(err, boom) {
		t.Errorf("got %v", err)
	}
}
