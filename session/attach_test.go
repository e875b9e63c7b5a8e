//go:build linux

package session_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sluicerun/sluice/internal/testpeer"
	"github.com/sluicerun/sluice/job"
	"github.com/sluicerun/sluice/session"
	"github.com/sluicerun/sluice/session/sessiontest"
	"github.com/sluicerun/sluice/vt"
)

// guest is a client in a test: what it was sent is fed to an emulator, as the
// terminal of a person is.
type guest struct {
	t    *testing.T
	conn net.Conn
	line *session.Line
	done chan struct{} // Attach has returned
	end  session.End
	left bool

	mu      sync.Mutex
	changed *sync.Cond
	vt      *vt.Terminal
	replies []byte // of its terminal
	frames  map[session.FrameKind]int
	bytes   []byte // of FrameOutput
	notice  string
	paused  bool
}

// join attaches a guest.
func join(t *testing.T, s *session.Session, o session.AttachOptions) *guest {
	t.Helper()
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	conns := [2]net.Conn{}
	for i, fd := range fds {
		f := os.NewFile(uintptr(fd), "line")
		if conns[i], err = net.FileConn(f); err != nil {
			t.Fatal(err)
		}
		f.Close()
	}
	if o.Size.Cols == 0 {
		o.Size = session.Size{Cols: 80, Rows: 24}
	}
	g := &guest{t: t, conn: conns[0], line: session.NewLine(conns[1]), done: make(chan struct{}), frames: map[session.FrameKind]int{}}
	g.changed = sync.NewCond(&g.mu)
	g.vt = vt.New(int(o.Size.Cols), int(o.Size.Rows), vt.Options{Reply: func(p []byte) { g.replies = append(g.replies, p...) }})
	read := make(chan struct{})
	go func() { defer close(read); g.read() }()
	go func() {
		defer close(g.done)
		g.end, g.left = s.Attach(context.Background(), g.line, o)
		if !g.left {
			g.line.End(g.end)
		}
		g.line.Close()
	}()
	t.Cleanup(func() {
		g.conn.Close()
		<-g.done
		<-read
	})
	return g
}

func (g *guest) read() {
	r := session.NewFrameReader(bufio.NewReader(g.conn))
	for {
		kind, p, err := r.Read()
		g.mu.Lock()
		for g.paused {
			g.changed.Wait()
		}
		if err != nil {
			g.frames[0]++
			g.changed.Broadcast()
			g.mu.Unlock()
			return
		}
		g.frames[kind]++
		switch kind {
		case session.FrameOutput:
			g.bytes = append(g.bytes, p...)
			g.vt.Write(p)
		case session.FrameRedraw:
			g.vt.Write(p)
		case session.FrameNotice:
			g.notice = string(p)
		}
		g.changed.Broadcast()
		g.mu.Unlock()
	}
}

func (g *guest) send(kind session.FrameKind, p string) {
	g.t.Helper()
	if err := session.WriteFrame(g.conn, kind, []byte(p)); err != nil {
		g.t.Error(err)
	}
}

// until waits until ok holds of what the guest has.
func (g *guest) until(what string, ok func() bool) {
	g.t.Helper()
	late := time.AfterFunc(30*time.Second, func() { g.mu.Lock(); g.changed.Broadcast(); g.mu.Unlock() })
	defer late.Stop()
	begun := time.Now()
	g.mu.Lock()
	defer g.mu.Unlock()
	for !ok() {
		if time.Since(begun) > 29*time.Second {
			g.t.Fatalf("waited for %s; the guest's screen:\n%s", what, g.screen())
		}
		g.changed.Wait()
	}
}

func (g *guest) text(text string) {
	g.t.Helper()
	g.until(text, func() bool { return strings.Contains(g.screen(), text) })
}

// screen is the guest's screen; it has the lock.
func (g *guest) screen() string {
	var b []byte
	_, rows := g.vt.Size()
	for y := range rows {
		b = append(g.vt.AppendLine(b, y), '\n')
	}
	return string(b)
}

func raw(t *testing.T, script string) *sessiontest.Terminal {
	t.Helper()
	return sessiontest.Start(t, "sh", "-c", "stty raw -echo; echo ready; "+script)
}

var person = session.AttachOptions{Terminal: true}

// Several share a program; each sees what all type, whenever they came.
func TestGuestsShare(t *testing.T) {
	term := raw(t, "exec cat")
	term.WaitText("ready")
	a := join(t, term.Session, person)
	a.text("ready")
	a.send(session.FrameKeys, "one")
	a.text("one")
	b := join(t, term.Session, person)
	b.text("one")
	b.send(session.FrameKeys, "two")
	w := join(t, term.Session, session.AttachOptions{Terminal: true, ReadOnly: true, Size: session.Size{Cols: 20, Rows: 5}})
	w.send(session.FrameKeys, "NOT")
	for _, g := range []*guest{a, b} {
		g.text("onetwo")
	}
	term.Type("!three")
	a.text("onetwo!three")
	b.text("onetwo!three")
	if strings.Contains(term.Text(), "NOT") {
		t.Errorf("an observer typed:\n%s", term.Text())
	}
	if st := term.State(); len(st.Clients) != 3 || st.Cols != 80 || !st.Clients[2].ReadOnly || !st.Clients[0].Primary {
		t.Errorf("%+v", st)
	}
	b.conn.Close()
	<-b.done
	if !b.left || b.end.Ended {
		t.Errorf("%+v %v", b.end, b.left)
	}
	term.Close()
	a.until("the end", func() bool { return a.frames[session.FrameEnd] == 1 && a.frames[0] == 1 })
	if <-a.done; a.left || !a.end.Ended || a.end.Status != 128+1 {
		t.Errorf("%+v %v", a.end, a.left)
	}
}

// Who joins late sees exactly what the emulator has: alternate screen, colours,
// modes, the middle of a sequence.
func TestPerfectRedraw(t *testing.T) {
	term := raw(t, `printf '\033]2;title\007plain\r\n\033[1;31mred\033[m\r\n\033[?1049h\033[?2004h\033[?1h\033[5;10H\033[44malt\033[3'; read x`)
	term.WaitFor(session.Condition{Text: "alt", Row: 5, Col: 13})
	g := join(t, term.Session, person)
	g.text("alt")
	g.mu.Lock()
	defer g.mu.Unlock()
	// The rest of the sequence makes what follows green there as well.
	want := vt.New(80, 24, vt.Options{})
	_, _, dump := term.Dump(-1)
	want.Write(dump)
	for _, v := range []*vt.Terminal{want, g.vt} {
		v.Write([]byte("2mX"))
	}
	w, got := want.Snapshot(false), g.vt.Snapshot(false)
	for y := range w.Lines {
		for x := range w.Lines[y].Cells {
			if a, b := w.Lines[y].Cells[x], got.Lines[y].Cells[x]; a != b {
				t.Errorf("row %d, column %d: %+v, want %+v", y, x, b, a)
			}
		}
	}
	if w.Cursor != got.Cursor || w.Modes != got.Modes || w.Title != got.Title {
		t.Errorf("%+v %+v %q, want %+v %+v %q", got.Cursor, got.Modes, got.Title, w.Cursor, w.Modes, w.Title)
	}
}

// What a notice covered is drawn again where it was; not between the lines of a
// shell, whose place the session does not know.
func TestRepaint(t *testing.T) {
	term := raw(t, "seq 23 | tr '\\n' '+' | sed 's/+/\\r\\n/g'; printf last; exec cat")
	term.WaitText("last")
	covered := func(g *guest) { g.vt.Write([]byte("\x1b7\x1b[999;1Hnotice\x1b[K\x1b8")) }

	g := join(t, term.Session, person)
	g.text("last")
	g.mu.Lock()
	before := g.screen()
	lines := g.vt.Scrolled()
	covered(g)
	g.mu.Unlock()
	g.send(session.FrameRepaint, "")
	g.until("the screen as it was", func() bool { return g.screen() == before })
	g.mu.Lock()
	if n := g.vt.Scrolled(); n != lines {
		t.Errorf("%d lines scrolled off", n-lines)
	}
	g.mu.Unlock()

	inShell := person
	inShell.JobControl = true
	s := join(t, term.Session, inShell)
	s.text("last")
	s.mu.Lock()
	covered(s)
	drawn := s.frames[session.FrameRedraw]
	s.mu.Unlock()
	s.send(session.FrameRepaint, "")
	s.send(session.FrameKeys, "x")
	s.until("the echo", func() bool { return bytes.HasSuffix(s.bytes, []byte("x")) })
	s.mu.Lock()
	defer s.mu.Unlock()
	if n := s.frames[session.FrameRedraw]; n != drawn {
		t.Errorf("%d redraws", n-drawn)
	}
}

// A client that does not read is given the screen later, and slows nobody down.
func TestSlowGuest(t *testing.T) {
	term := raw(t, `read x; yes "a line of a flood that nobody can read, and that goes on and on" | head -50000; printf '\033[2J\033[HEND'; read x`)
	term.WaitText("ready")
	g := join(t, term.Session, person)
	g.text("ready")
	g.mu.Lock()
	g.paused = true
	g.mu.Unlock()
	term.Type("\n")
	term.WaitText("END") // the program got there although g reads nothing
	g.mu.Lock()
	g.paused = false
	g.changed.Broadcast()
	g.mu.Unlock()
	g.text("END")
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.frames[session.FrameRedraw] < 2 {
		t.Errorf("it was never given the screen anew: %v", g.frames)
	}
	if int64(len(g.bytes)) >= term.State().Offset {
		t.Errorf("it was given all %d bytes", len(g.bytes))
	}
	if st := term.State(); st.Clients[0].Resyncs == 0 {
		t.Errorf("%+v", st.Clients)
	}
}

// A pipe is given every byte, however slowly it reads.
func TestPipeGetsAll(t *testing.T) {
	term := raw(t, `read x; seq 1 200000`)
	term.WaitText("ready")
	g := join(t, term.Session, session.AttachOptions{})
	g.mu.Lock()
	g.paused = true
	g.mu.Unlock()
	term.Type("\n")
	term.WaitText("200000")
	g.mu.Lock()
	g.paused = false
	g.changed.Broadcast()
	g.mu.Unlock()
	g.until("the end", func() bool { return g.frames[session.FrameEnd] == 1 })
	g.mu.Lock()
	defer g.mu.Unlock()
	if !bytes.HasSuffix(g.bytes, []byte("199999\n200000\n")) || bytes.Count(g.bytes, []byte("\n")) < 200000 || g.frames[session.FrameRedraw] != 0 {
		t.Errorf("%d bytes, %v", len(g.bytes), g.frames)
	}
}

// The size is that of who typed last, of the smallest, of the largest, or fixed.
func TestSizes(t *testing.T) {
	small, large := session.Size{Cols: 60, Rows: 30}, session.Size{Cols: 100, Rows: 20}
	for policy, want := range map[job.SizePolicy]session.Size{
		job.SizeLatest:   small, // it types below
		job.SizeSmallest: {Cols: 60, Rows: 20},
		job.SizeLargest:  {Cols: 100, Rows: 30},
		job.SizeFixed:    {Cols: 80, Rows: 24},
	} {
		t.Run(string(policy), func(t *testing.T) {
			term := sessiontest.Run(t, session.Command{Policy: policy, Args: []string{"sh", "-c", "trap 'stty size' WINCH; stty -echo; echo ready; while :; do read x; done"}})
			term.WaitText("ready")
			a := join(t, term.Session, session.AttachOptions{Terminal: true, Size: small})
			a.text("ready")
			b := join(t, term.Session, session.AttachOptions{Terminal: true, Size: large})
			b.text("ready") // with the latest policy the terminal is large until a types
			// Those who watch have no say.
			join(t, term.Session, session.AttachOptions{Terminal: true, ReadOnly: true, Size: session.Size{Cols: 10, Rows: 5}})
			a.send(session.FrameKeys, "x")
			deadline := time.Now().Add(30 * time.Second)
			for {
				st := term.State()
				if st.Cols == int(want.Cols) && st.Rows == int(want.Rows) && len(st.Clients) == 3 {
					break
				}
				if time.Now().After(deadline) {
					t.Fatalf("%dx%d, want %v", st.Cols, st.Rows, want)
				}
				time.Sleep(5 * time.Millisecond)
			}
			if policy == job.SizeLatest {
				b.send(session.FrameSize, `{"Cols":90,"Rows":21}`) // it does not type, so it does not matter
				b.send(session.FrameKeys, "y")
				term.WaitText("21 90")
			}
		})
	}
}

// A person takes the keyboard over from scripts and gives it back.
func TestTakeOver(t *testing.T) {
	term := raw(t, "exec cat")
	term.WaitText("ready")
	g := join(t, term.Session, person)
	g.text("ready")
	g.send(session.FrameTake, "")
	g.send(session.FrameKeys, "mine")
	term.WaitText("mine")
	if st := term.State(); st.Keyboard != "keyboard" {
		t.Errorf("%+v", st)
	}
	in := session.Input{Source: "script", Steps: []session.Step{{Text: "script"}}, Timeout: job.Duration(50 * time.Millisecond)}
	if err := term.Send(context.Background(), in); err == nil || !strings.Contains(err.Error(), "keyboard has taken the keyboard over") {
		t.Errorf("%v", err)
	}
	in.Timeout = 0
	sent := make(chan error, 1)
	go func() { sent <- term.Send(context.Background(), in) }()
	g.send(session.FrameKeys, "still")
	term.WaitText("minestill")
	g.send(session.FrameGive, "")
	if err := <-sent; err != nil {
		t.Error(err)
	}
	term.WaitText("minestillscript")
}

// Nobody writes inside of somebody's long paste.
func TestPasteInParts(t *testing.T) {
	term := raw(t, "exec cat")
	term.WaitText("ready")
	g := join(t, term.Session, person)
	g.text("ready")
	g.send(session.FrameKeysPart, "\x1b[200~begin")
	term.WaitText("begin")
	sent := make(chan error, 1)
	go func() {
		sent <- term.Send(context.Background(), session.Input{Source: "script", Steps: []session.Step{{Text: "SCRIPT"}}})
	}()
	g.send(session.FrameKeysPart, "middle")
	term.WaitText("beginmiddle")
	g.send(session.FrameKeys, "end\x1b[201~")
	if err := <-sent; err != nil {
		t.Error(err)
	}
	term.WaitText("beginmiddleendSCRIPT")
	// Who goes away in the middle of one leaves the turn to others.
	g.send(session.FrameKeysPart, "\x1b[200~left")
	term.WaitText("left")
	g.conn.Close()
	term.Type("on")
	term.WaitText("lefton")
}

// One terminal answers a question: the emulator alone, else the first person's;
// what was not asked for is dropped.
func TestOneAnswer(t *testing.T) {
	python := testpeer.Need(t, "python3", "python3")
	term := sessiontest.Start(t, python, "-c", `
import os,sys,termios,tty,select
tty.setraw(0)
os.write(1,b'ready\r\n')
n=0
while True:
    c=os.read(0,1)
    if c==b'q': break
    if c==b'?':
        os.write(1,b'\x1b[5n')
    else:
        r=c
        while select.select([0],[],[],.05)[0]: r+=os.read(0,100)
        n+=1
        os.write(1,('%d:%r\r\n' % (n,r)).encode())
`)
	term.WaitText("ready")
	term.Type("?")
	term.WaitText(`1:b'\x1b[0n'`) // the emulator's
	a := join(t, term.Session, person)
	a.text("1:")
	b := join(t, term.Session, person)
	b.text("1:")
	term.Type("?")
	for _, g := range []*guest{a, b} {
		g.until("a question", func() bool { return len(g.replies) > 0 })
	}
	b.send(session.FrameKeys, "\x1b[3n") // is told from a's by its number
	a.send(session.FrameKeys, "\x1b[4n")
	term.WaitText(`2:b'\x1b[4n'`)
	a.send(session.FrameKeys, "\x1b[4n") // nobody asked
	a.send(session.FrameKeys, "k")
	term.WaitText(`3:b'k'`)
	// The next person's terminal answers when the first has gone.
	a.conn.Close()
	<-a.done
	term.Type("?")
	b.until("another question", func() bool { return len(b.replies) > 4 })
	b.send(session.FrameKeys, "\x1b[3n")
	term.WaitText(`4:b'\x1b[3n'`)
	b.conn.Close()
	<-b.done
	term.Type("?")
	term.WaitText(`5:b'\x1b[0n'`)
	term.Type("q")
	term.WaitExit()
	// Nothing of it counts as typed.
	if got := term.Text(); strings.Contains(got, "6:") {
		t.Error(got)
	}
}

// What a person types at a password's prompt is not written down.
func TestHiddenKeys(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "log")
	term := sessiontest.Run(t, session.Command{Dir: dir, Args: []string{"sh", "-c", "stty -echo; echo ready; read x; stty echo; echo got ${#x}; read y"}})
	term.WaitText("ready")
	g := join(t, term.Session, session.AttachOptions{Terminal: true, PID: 17})
	g.send(session.FrameKeys, "hunter2\r")
	term.WaitText("got 7")
	g.send(session.FrameKeys, "seen\r")
	term.WaitExit()
	term.Close()
	in, _ := os.ReadFile(filepath.Join(dir, session.StdinLog))
	timing, _ := os.ReadFile(filepath.Join(dir, session.TimingFile))
	if string(in) != "seen\r" || !bytes.Contains(timing, []byte("HIDDEN keyboard@17\n")) || !bytes.Contains(timing, []byte("SOURCE keyboard@17\n")) {
		t.Errorf("%q\n%s", in, timing)
	}
}

// The input of a pipe arrives whole, and its end ends a reader of lines.
func TestPipedInput(t *testing.T) {
	term := sessiontest.Start(t, "sh", "-c", "stty -echo; echo ready; cat; echo END")
	term.WaitText("ready")
	g := join(t, term.Session, session.AttachOptions{})
	g.send(session.FrameStdin, "a\nb\nlast without newline")
	g.send(session.FrameEOF, "")
	term.WaitText("a\nb\nlast without newlineEND")
	g.until("the end", func() bool { return g.frames[session.FrameEnd] == 1 })
	// A keymap's key.
	term = raw(t, "exec cat")
	term.WaitText("ready")
	g = join(t, term.Session, person)
	in, _ := json.Marshal(session.Input{Steps: []session.Step{{Keys: []string{"x", "y"}}}})
	g.send(session.FrameInput, string(in))
	term.WaitText("xy")
	in, _ = json.Marshal(session.Input{Steps: []session.Step{{Keys: []string{"Ctlr+x"}}}})
	g.send(session.FrameInput, string(in))
	g.until("a notice", func() bool { return strings.Contains(g.notice, "Ctlr+x") })
}

// Who has another size sees the part with the cursor, and all of it when the
// sizes agree; only who is shown the bytes answers questions.
func TestOtherSize(t *testing.T) {
	term := sessiontest.Run(t, session.Command{Policy: job.SizeFixed, Size: session.Size{Cols: 40, Rows: 10},
		Args: []string{"sh", "-c", `stty raw -echo; printf '\033[H0123456789abcdefghijklmnopqrstuvwxyz\r\nsecond\033[10;38HE\033[1;1H'; read x; printf '\033[5n\033[10;38H'; exec cat`}})
	term.WaitText("second")
	small := join(t, term.Session, session.AttachOptions{Terminal: true, Size: session.Size{Cols: 12, Rows: 4}})
	large := join(t, term.Session, session.AttachOptions{Terminal: true, Size: session.Size{Cols: 60, Rows: 20}})
	small.until("its part", func() bool { return strings.HasPrefix(small.screen(), "0123456789ab\nsecond\n\n") })
	large.until("all", func() bool {
		return strings.HasPrefix(large.screen(), "0123456789abcdefghijklmnopqrstuvwxyz\nsecond\n") && strings.Contains(large.screen(), strings.Repeat(" ", 37)+"E")
	})
	small.until("a notice", func() bool { return strings.Contains(small.notice, "40x10, yours 12x4") })
	for _, c := range term.State().Clients {
		if c.Primary {
			t.Errorf("%+v", c)
		}
	}
	small.send(session.FrameKeys, "\n")
	// The emulator's answer is echoed by cat, at the cursor.
	term.WaitRegexp(`E`)
	small.until("the other corner", func() bool { return strings.Contains(small.screen(), "E") && !strings.Contains(small.screen(), "0123") })
	if cur := func() vt.Cursor { small.mu.Lock(); defer small.mu.Unlock(); return small.vt.Cursor() }(); cur.Y != 3 {
		t.Errorf("cursor %+v", cur)
	}
	small.send(session.FrameSize, `{"Cols":40,"Rows":10}`)
	small.mu.Lock()
	small.vt.Resize(40, 10)
	small.mu.Unlock()
	small.until("all", func() bool {
		return strings.HasPrefix(small.screen(), "0123456789abcdefghijklmnopqrstuvwxyz\nsecond\n")
	})
	term.Type("bytes")
	small.text("byt\nes") // at the edge
	// It may have come with the last view; what comes later is the program's bytes.
	for range 1000 {
		term.Type("x")
		time.Sleep(10 * time.Millisecond)
		small.mu.Lock()
		n := bytes.Count(small.bytes, []byte("x"))
		small.mu.Unlock()
		if n > 0 {
			return
		}
	}
	t.Error("it is not given the bytes")
}
