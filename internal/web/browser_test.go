package web

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/google/go-cmp/cmp"

	"github.com/sluicerun/sluice/cast"
	"github.com/sluicerun/sluice/internal/testpeer"
	"github.com/sluicerun/sluice/vt"
)

// browser is a Chromium that is driven over its DevTools protocol.
type browser struct {
	t    *testing.T
	conn *websocket.Conn
	id   int
	log  []string // what pages wrote to their console, and violations of their policy
}

func startBrowser(t *testing.T) *browser {
	t.Helper()
	path := testpeer.Need(t, "chromium", "chromium")
	cmd := exec.Command(path, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
		"--disable-background-networking", "--disable-component-update", "--disable-extensions",
		"--remote-debugging-port=0", "--user-data-dir="+t.TempDir(), "about:blank")
	cmd.Env = append(os.Environ(), "HOME="+t.TempDir())
	cmd.WaitDelay = 5 * time.Second
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	found, drained := make(chan string, 1), make(chan struct{})
	go func() {
		defer close(drained)
		for in := bufio.NewScanner(stderr); in.Scan(); {
			if _, u, ok := strings.Cut(in.Text(), "DevTools listening on "); ok {
				found <- u
			}
		}
	}()
	t.Cleanup(func() {
		cmd.Process.Kill()
		within(t, "the browser's end", drained)
	})
	c, _, err := websocket.Dial(t.Context(), within(t, "the browser", found), nil)
	if err != nil {
		t.Fatal(err)
	}
	c.SetReadLimit(64 << 20)
	b := &browser{t: t, conn: c}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		c.Write(ctx, websocket.MessageText, []byte(`{"id":999999,"method":"Browser.close"}`))
		c.CloseNow()
	})
	return b
}

type message struct {
	ID        int             `json:"id,omitempty"`
	SessionID string          `json:"sessionId,omitempty"`
	Method    string          `json:"method,omitempty"`
	Params    any             `json:"params,omitempty"`
	Result    json.RawMessage `json:"result,omitempty"`
	Error     json.RawMessage `json:"error,omitempty"`
}

func (b *browser) call(session, method string, params any) json.RawMessage {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.t.Context(), patience)
	defer cancel()
	b.id++
	msg, err := json.Marshal(message{ID: b.id, SessionID: session, Method: method, Params: params})
	if err != nil {
		b.t.Fatal(err)
	}
	if err := b.conn.Write(ctx, websocket.MessageText, msg); err != nil {
		b.t.Fatal(err)
	}
	for {
		_, msg, err := b.conn.Read(ctx)
		if err != nil {
			b.t.Fatalf("%s: %v", method, err)
		}
		var m message
		if err := json.Unmarshal(msg, &m); err != nil {
			b.t.Fatal(err)
		}
		switch {
		case m.ID == b.id && m.Error != nil:
			b.t.Fatalf("%s: %s", method, m.Error)
		case m.ID == b.id:
			return m.Result
		case m.Method == "Log.entryAdded" || m.Method == "Runtime.exceptionThrown":
			b.log = append(b.log, string(msg))
		}
	}
}

func callFor[T any](b *browser, session, method string, params any) T {
	b.t.Helper()
	var v T
	if err := json.Unmarshal(b.call(session, method, params), &v); err != nil {
		b.t.Fatal(err)
	}
	return v
}

// open opens a page and returns its session.
func (b *browser) open(url string) string {
	b.t.Helper()
	target := callFor[struct{ TargetID string }](b, "", "Target.createTarget", map[string]any{"url": "about:blank"})
	s := callFor[struct{ SessionID string }](b, "", "Target.attachToTarget", map[string]any{"targetId": target.TargetID, "flatten": true}).SessionID
	for _, m := range []string{"Page.enable", "Log.enable", "Runtime.enable"} {
		b.call(s, m, nil)
	}
	b.call(s, "Page.navigate", map[string]any{"url": url})
	return s
}

func (b *browser) eval(session, js string) string {
	b.t.Helper()
	v := callFor[struct {
		Result           struct{ Value any }
		ExceptionDetails json.RawMessage
	}](b, session, "Runtime.evaluate", map[string]any{"expression": js, "returnByValue": true})
	if v.ExceptionDetails != nil {
		b.t.Fatalf("%s: %s", js, v.ExceptionDetails)
	}
	return fmt.Sprint(v.Result.Value)
}

// screenJS is the text that the player shows, a line for each row.
const screenJS = `[...document.querySelectorAll(".ap-term .ap-line")].map(l => l.textContent.replace(/\s+$/, "")).join("\n")`

// await waits until the player shows want.
func (b *browser) await(session, what, want string) {
	b.t.Helper()
	got := ""
	b.call(session, "Page.bringToFront", nil) // pages draw only where they are seen
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		if got = b.eval(session, screenJS); got == want {
			return
		}
	}
	b.t.Fatalf("%s: the player shows something else: %s\nconsole: %s", what, cmp.Diff(want, got), b.log)
}

// The standard player in a real browser, under our page's policy, shows the
// session's screen: one that was there from the begin, one that came late, one
// that came after the end.
func TestBrowser(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a browser")
	}
	b := startBrowser(t)
	live := newLive(60, 12)
	base, _ := serve(t, Options{Listen: "127.0.0.1:0", Token: "a-token-for-the-test"}, live)
	ref := vt.New(60, 12, vt.Options{})
	out := func(at time.Duration, text string) {
		ref.Write([]byte(text))
		live.out(at, text)
	}
	screen := func() string {
		var lines []string
		_, rows := ref.Size()
		for y := range rows {
			lines = append(lines, ref.LineText(y))
		}
		return strings.Join(lines, "\n")
	}
	first := b.open(base)
	out(0, "$ ls\r\n\x1b[1;34mbin\x1b[0m  etc  \x1b[32m日本語\x1b[0m\r\n")
	b.await(first, "first", screen())
	// Questions are never answered: a viewer that says something would be cut off.
	out(10*time.Millisecond, "\x1b[c\x1b[6n\x1b[5n\x1b]11;?\a\x1b[>q")
	for i := range 30 {
		out(time.Duration(20+i)*time.Millisecond, fmt.Sprintf("line %d\r\n", i))
	}
	out(60*time.Millisecond, "\x1b[3;10Hin the middle\x1b[12;1H\x1b[7mstatus\x1b[m")
	late := b.open(base)
	b.await(late, "late", screen())
	b.await(first, "first again", screen())

	live.events <- cast.Event{Time: 80 * time.Millisecond, Code: cast.Resize, Cols: 70, Rows: 15}
	ref.Resize(70, 15)
	out(81*time.Millisecond, "\x1b[?1049h\x1b[Hfull screen\x1b[15;60Hcorner\x1b[2;1H┌──┐\xe2")
	out(82*time.Millisecond, "\x94\x82 bye")
	b.await(first, "first, resized", screen())
	b.await(late, "late, resized", screen())
	onAlt := b.open(base)
	b.await(onAlt, "on the alternate screen", screen())

	out(90*time.Millisecond, "\x1b[?1049lback")
	live.events <- cast.Event{Time: 91 * time.Millisecond, Code: cast.Exit}
	close(live.events)
	after := b.open(base)
	for what, s := range map[string]string{"first": first, "late": late, "from the alternate screen": onAlt, "after": after} {
		b.await(s, what+", at the end", screen())
	}
	for _, line := range b.log {
		if strings.Contains(line, "Content Security Policy") || strings.Contains(line, "exceptionThrown") || strings.Contains(line, `"level":"error"`) {
			t.Errorf("the page complains: %s", line)
		}
	}
}
