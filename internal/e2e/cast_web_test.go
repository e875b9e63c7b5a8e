//go:build linux

package e2e

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"github.com/coder/websocket"

	"github.com/sluicerun/sluice/internal/web/alis"
)

// echo is a session that repeats what is typed until "bye".
const echo = `stty -echo; echo ready; while read -r l; do echo "<$l>"; [ "$l" = bye ] && exit 4; done`

// session starts one, as the run "s".
func (w *world) session() {
	w.t.Helper()
	w.endRuns()
	w.script("echo.sh", echo)
	w.must("run", "--pty", "--name", "s", "-d", "--", "./echo.sh")
	w.waitText("s", "ready")
}

// say types a line into the session.
func (w *world) say(line string) {
	w.t.Helper()
	w.must("type", "s", line)
	w.must("press", "s", "Enter")
}

// serves starts sluice stream and returns it with the page's URL.
func (w *world) serves(args ...string) (*started, string) {
	w.t.Helper()
	s := w.start(append([]string{"stream", "s"}, args...)...)
	until(w.t, "there is a URL", func() bool { return strings.HasSuffix(s.out.String(), "/\n") })
	return s, strings.TrimSpace(s.out.String())
}

// A session is watched in two browsers to its end.
func TestStreamServe(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.session()
	s, url := w.serves("--serve", "127.0.0.1:0", "--linger", "0.1", "--title", "my <session>")
	one := views(t, url)
	one.shows(t, "ready")
	w.say("first")
	one.shows(t, "<first>")
	two := views(t, url)
	two.shows(t, "<first>") // late, and sees all the same
	w.say("second")
	one.shows(t, "<second>")
	two.shows(t, "<second>")

	for path, want := range map[string]string{
		"":                   "my &lt;session&gt;",
		"screen":             "ready\n<first>\n<second>",
		"screen?format=svg":  "&lt;second&gt;",
		"screen?format=json": `"cols":80`,
		"cast":               `{"version":2,"width":80`,
		"player.js":          "AsciinemaPlayer",
	} {
		if code, body := get(t, url+path, ""); code != 200 || !strings.Contains(body, want) {
			t.Errorf("%s: %d\n%.500s", path, code, body)
		}
	}
	if code, body := get(t, url, "evil.example"); code != 403 || strings.Contains(body, "session&gt;") {
		t.Errorf("by another name: %d %s", code, body)
	}
	if code, _ := get(t, url+"absent", ""); code != 404 {
		t.Errorf("absent: %d", code)
	}
	// Who watches cannot type.
	c, _, err := websocket.Dial(t.Context(), strings.Replace(url, "http", "ws", 1)+"ws", &websocket.DialOptions{Subprotocols: []string{alis.Protocol}})
	if err != nil {
		t.Fatal(err)
	}
	c.Write(t.Context(), websocket.MessageBinary, []byte("bye\n"))
	follow(t.Context(), c).ends(t, websocket.StatusPolicyViolation, "")

	w.say("bye")
	for _, v := range []*seen{one, two} {
		v.ends(t, websocket.StatusNormalClosure, "x\x01\x04") // the last screen once more, to stay
		if !strings.Contains(v.text(), "<bye>") || v.exit != 4 {
			t.Errorf("at the end there is, with status %d,\n%s", v.exit, v.text())
		}
	}
	if st := s.end(); st != 0 || s.err.String() != "" {
		t.Errorf("%d\n%s", st, s.err)
	}
}

// With a token the page is where the token is; the agent may be killed, and the
// server goes on until Ctrl-C.
func TestStreamKilled(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.session()
	const token = "0123456789-abcdefgh"
	s, url := w.serves("--token", token)
	if !strings.HasSuffix(url, "/"+token+"/") {
		t.Errorf("the URL is %s", url)
	}
	root := strings.TrimSuffix(url, token+"/")
	for _, path := range []string{"", "screen", "cast", "ws", "0123456789-abcdefgX/screen"} {
		if code, body := get(t, root+path, ""); code != 403 || strings.Contains(body, "ready") {
			t.Errorf("%s without the token: %d %s", path, code, body)
		}
	}
	v := views(t, url)
	v.shows(t, "ready")
	if err := syscall.Kill(w.ps()[0].Agent.Pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	v.ends(t, websocket.StatusNormalClosure, "\x04")
	if code, body := get(t, url+"screen", ""); code != 200 || !strings.Contains(body, "ready") {
		t.Errorf("afterwards: %d %s", code, body)
	}
	s.Process.Signal(os.Interrupt)
	if st := s.end(); st != 0 || s.err.String() != "" {
		t.Errorf("%d\n%s", st, s.err)
	}
}

// A server takes streams, loses one, and refuses another.
func TestStreamTo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.session()
	conns, drop := make(chan *seen, 10), make(chan websocket.StatusCode)
	srv := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/ws/S/good" {
			http.NotFound(rw, r)
			return
		}
		c, err := websocket.Accept(rw, r, &websocket.AcceptOptions{Subprotocols: []string{alis.Protocol}})
		if err != nil {
			return
		}
		defer c.CloseNow()
		s := follow(context.Background(), c)
		conns <- s
		select {
		case code := <-drop:
			c.Close(code, "drop it")
		case <-s.over:
		}
		<-s.over
	}))
	t.Cleanup(srv.Close)
	url := strings.Replace(srv.URL, "http", "ws", 1) + "/ws/S/"

	r := w.run("stream", "s", "--to", url+"secret")
	if r.status == 0 || !strings.Contains(r.stderr, "404") || strings.Contains(r.stderr, "secret") || r.stdout != "" {
		t.Errorf("a token that is not known: %+v", r)
	}
	s := w.start("stream", "s", "--to", url+"good")
	one := <-conns
	one.shows(t, "ready")
	w.say("first")
	one.shows(t, "<first>")
	drop <- websocket.StatusInternalError
	two := <-conns
	two.shows(t, "<first>")
	until(t, "it is told", func() bool { return strings.Contains(s.err.String(), "again\n") })
	s.Process.Signal(os.Interrupt)
	if st := s.end(); st != 0 || strings.Contains(s.err.String(), "good") {
		t.Errorf("%d\n%s", st, s.err)
	}

	s = w.start("stream", "s", "--to", url+"good")
	(<-conns).shows(t, "<first>")
	drop <- 4000 // for good
	if st := s.end(); st == 0 || !strings.Contains(s.err.String(), "4000") {
		t.Errorf("%d\n%s", st, s.err)
	}

	s = w.start("stream", "s", "--to", url+"good")
	three := <-conns
	three.shows(t, "<first>")
	w.say("bye")
	three.ends(t, websocket.StatusNormalClosure, "x\x04")
	if st := s.end(); st != 0 || s.err.String() != "" {
		t.Errorf("%d\n%s", st, s.err)
	}
}

// A page whose URL nobody could be told is not served on.
func TestStreamUnsaid(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.session()
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer full.Close()
	r := w.runWith(func(cmd *exec.Cmd) { cmd.Stdout = full }, "stream", "s")
	if r.status != 125 || !strings.HasPrefix(r.stderr, "sluice: saying where the page is: ") {
		t.Errorf("%+v", r)
	}
}

func TestStreamMistakes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.session()
	w.must("run", "--name", "pipes", "-q", "--", "true")
	for args, says := range map[string]string{
		"":                           "takes RUN",
		"absent":                     "no run has this",
		"pipes":                      "terminal",
		"s s":                        "one RUN",
		"s --serve nonsense":         "HOST:PORT",
		"s --serve=nonsense":         "host:port",
		"s --serve 127.0.0.1:99999":  "99999",
		"s --serve --to wss://x/":    "exclude",
		"s --to https://x/y":         "wss://",
		"s --to ws://example.org/ws": "not encrypted",
		"s --token short":            "16 to 128",
		"s --linger soon":            "--linger",
	} {
		r := w.run(append([]string{"stream"}, strings.Fields(args)...)...)
		if r.status != 2 || r.stdout != "" || !strings.HasPrefix(r.stderr, "sluice: ") || !strings.Contains(r.stderr, says) {
			t.Errorf("sluice stream %s: %+v", args, r)
		}
	}
}
