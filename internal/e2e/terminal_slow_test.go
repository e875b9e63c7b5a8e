//go:build linux

package e2e

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/sluicerun/sluice/api"
	"github.com/sluicerun/sluice/internal/runs"
	"github.com/sluicerun/sluice/session"
	"github.com/sluicerun/sluice/vt"
	"github.com/sluicerun/sluice/vt/render"
)

// Who does not read holds nobody up, and is shown the screen as it is in place
// of what it missed.
func TestStorySlowClient(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const last = 400_000 // some 4 MB: more than sockets and pipes hold
	w.script("flood", fmt.Sprintf("echo ready; read x; seq %d; echo over; read x; exit 4", last))
	w.terminal("flood", "--", "./flood")
	w.waitText("flood", "ready")
	rec, err := runs.Load(w.ps()[0].Dir)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := api.Attach(context.Background(), rec.Socket, api.Request{Attach: &session.AttachOptions{
		Terminal: true, Size: session.Size{Cols: 80, Rows: 24},
	}})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(30 * time.Second))
	w.must("type", "flood", "--enter", "go")
	w.waitText("flood", fmt.Sprintf("%d\nover", last)) // though nobody has read yet

	screen := vt.New(80, 24, vt.Options{})
	frames := session.NewFrameReader(bufio.NewReader(conn))
	redraws, seen := 0, int64(0)
	for !strings.Contains(textOf(screen), "over") {
		kind, p, err := frames.Read()
		if err != nil {
			t.Fatalf("after %d bytes and %d redraws: %v", seen, redraws, err)
		}
		switch kind {
		case session.FrameRedraw:
			redraws++
			screen.Write(p)
		case session.FrameOutput:
			seen += int64(len(p))
			screen.Write(p)
		}
	}
	if redraws < 2 || seen > 3<<20 {
		t.Errorf("it was sent %d redraws and %d bytes", redraws, seen)
	}
	if got := w.must("screen", "flood", "--join"); strings.TrimSpace(got) != strings.TrimSpace(textOf(screen)) {
		t.Errorf("it shows\n%s\nwant\n%s", textOf(screen), got)
	}
	var s struct {
		State struct{ Clients []struct{ Resyncs int } }
	}
	if err := json.Unmarshal([]byte(w.must("screen", "flood", "--json")), &s); err != nil || len(s.State.Clients) != 1 || s.State.Clients[0].Resyncs == 0 {
		t.Errorf("%v, clients %+v", err, s.State.Clients)
	}
	// It is a client like any other.
	if err := session.WriteFrame(conn, session.FrameKeys, []byte("\r")); err != nil {
		t.Fatal(err)
	}
	for {
		kind, p, err := frames.Read()
		if err != nil {
			t.Fatal(err)
		}
		if kind == session.FrameEnd {
			var end session.End
			if err := json.Unmarshal(p, &end); err != nil || !end.Ended || end.Status != 4 {
				t.Errorf("the end: %v, %+v", err, end)
			}
			break
		}
	}
	if st := w.waitEnded("flood"); st != 4 {
		t.Errorf("status %d", st)
	}
}

// textOf is the text of a screen.
func textOf(t *vt.Terminal) string {
	return render.Text(t.Snapshot(false), render.Options{Join: true})
}

// A window that takes nothing more does not stop the program.
func TestStoryHeldWindow(t *testing.T) {
	t.Parallel()
	o := newOuter(newWorld(t))
	o.script("count", "seq 300000; echo over > done; read x; exit 5")
	p := o.main
	o.must("run", "--pty", "-d", "--name", "c", "--", "sh", "-c", "read x; exec ./count")
	p.fresh("$S attach c")
	p.until("it is attached", func() bool { return strings.Contains(o.must("sessions", "c"), " 1 ") })
	// Nobody reads the window's terminal while tmux is stopped.
	resume := o.stopTmux()
	o.must("type", "c", "--enter", "go")
	until(t, "the program is through", func() bool { return strings.Contains(o.must("screen", "c"), "300000") })
	resume()
	p.shows("300000")
	p.keys("Enter")
	p.prompted()
	if st := p.status(); st != "5" {
		t.Errorf("status %s", st)
	}
}
