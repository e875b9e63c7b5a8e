//go:build linux || darwin

package attach

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/sluicerun/sluice/session"
	"golang.org/x/sys/unix"
)

func TestDetach(t *testing.T) {
	for _, c := range []struct{ name, key, typed string }{
		{"d", "", "ls\x1dd"},
		{"nothing follows", "", "ls\x1d"},
		{"kitty", "", "ls\x1b[93;5u\x1b[93;5:3ud"},
		{"kitty, held down", "", "ls\x1b[93;5u\x1b[93;5:2u\x1b[93;5:2u\x1b[93;5:3u"},
		{"modifyOtherKeys", "", "ls\x1b[27;5;93~d"},
		{"another key", "Ctrl+A", "ls\x01d"},
		{"a function key", "F12", "ls\x1b[24~d"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newStage(t)
			s.run(role{DetachKey: c.key})
			s.send(session.FrameRedraw, fullScreen)
			s.untilShown("hello")
			s.typeText(c.typed)
			if o := s.over(); !o.Result.Detached || o.Err != "" {
				t.Errorf("%+v", o)
			}
			s.untilKeys("ls")
			s.untilSane()
			wantLeft(t, s)
		})
	}
}

// What comes after d was typed for the shell; it is not the program's.
func TestDetachDropsTheRest(t *testing.T) {
	s := newStage(t)
	s.run(role{})
	s.typeText("a\x1ddrm -r")
	s.over()
	s.untilKeys("a")
}

func TestPrefixKeys(t *testing.T) {
	s := newStage(t)
	s.run(role{})
	s.untilFrame(session.FrameSize)
	s.forget()
	s.typeText("a\x1d\x1db\x1dt\x1dgc\x1dxd")
	want := []got{
		{session.FrameKeys, "a\x1db"}, {session.FrameTake, ""}, {session.FrameGive, ""},
		{session.FrameKeys, "c"}, {session.FrameKeys, "d"},
	}
	s.until("all frames arrive", func() bool { return s.keys() == "a\x1dbcd" })
	if diff := cmp.Diff(want, s.frames(), cmp.AllowUnexported(got{})); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	s.untilShown("Ctrl+]: d detach, t take, g give, m mark, p pause, Ctrl+] send it, ? help") // the x, and all of it
	s.forget()
	s.typeText("\x1d?")
	s.untilShown("Ctrl+]: d detach,")
	s.forget()
	s.typeText("e") // takes the notice away
	s.untilKeys("e")
	if f := s.frames(); f[0].kind != session.FrameRepaint {
		t.Errorf("no redraw was asked for: %v", f)
	}
}

// A detach key within a paste is pasted.
func TestPaste(t *testing.T) {
	s := newStage(t)
	s.run(role{})
	s.untilFrame(session.FrameSize)
	s.forget()
	paste := "\x1b[200~" + strings.Repeat("line of a paste with \x1dd in it\r", 4000) + "\x1b[201~"
	s.typeText(paste)
	s.untilKeys(paste)
	parts := s.frames()
	for i, f := range parts {
		want := session.FrameKeysPart
		if i == len(parts)-1 {
			want = session.FrameKeys
		}
		if f.kind != want {
			t.Errorf("frame %d of %d is %c", i, len(parts), f.kind)
		}
	}
	if len(parts) < 2 {
		t.Errorf("%d frames", len(parts))
	}
}

// What has no end yet is held back, and then let go.
func TestUnits(t *testing.T) {
	s := newStage(t)
	s.run(role{})
	for _, c := range []struct {
		name  string
		typed []string
		want  []string
	}{
		{"a lone ESC", []string{"\x1b"}, []string{"\x1b"}},
		{"an arrow", []string{"\x1b[A"}, []string{"\x1b[A"}},
		{"several keys at once", []string{"ab\x1b[Ac"}, []string{"ab\x1b[Ac"}},
		{"a reply goes by itself", []string{"a\x1b[?1;2cb"}, []string{"a", "\x1b[?1;2c", "b"}},
		{"mouse and focus", []string{"\x1b[<0;3;4M\x1b[I"}, []string{"\x1b[<0;3;4M\x1b[I"}},
		{"not UTF-8", []string{"\xff\xfe"}, []string{"\xff\xfe"}},
		{"a sequence without an end", []string{"\x1b[12"}, []string{"\x1b[12"}},
	} {
		s.until("the size", func() bool { return s.count(session.FrameSize) > 0 || c.name != "a lone ESC" })
		s.forget()
		for _, p := range c.typed {
			s.typeText(p)
		}
		s.untilKeys(strings.Join(c.want, ""))
		var sent []string
		for _, f := range s.frames() {
			sent = append(sent, f.payload)
		}
		if diff := cmp.Diff(c.want, sent); diff != "" {
			t.Errorf("%s (-want +got)\n%s", c.name, diff)
		}
	}
}

func TestObserver(t *testing.T) {
	s := newStage(t)
	s.run(role{ReadOnly: true})
	s.send(session.FrameRedraw, "watch this")
	s.untilShown("watch this")
	s.typeText("rm -r\r\x1b[?1;2c\x1b[200~x\x1b[201~")
	s.untilShown("watching only: keys are not sent. Ctrl+] leaves")
	s.typeText("\x1dd")
	if o := s.over(); !o.Result.Detached {
		t.Errorf("%+v", o)
	}
	for _, f := range s.frames() {
		if f.kind != session.FrameRepaint { // the notice was taken away
			t.Errorf("an observer sent %c %q", f.kind, f.payload)
		}
	}
}

// Without a detach key an observer is not locked in.
func TestObserverWithoutKey(t *testing.T) {
	s := newStage(t)
	s.run(role{ReadOnly: true, DetachKey: "none"})
	s.typeText("\x1d\x03")
	if o := s.over(); !o.Result.Detached {
		t.Errorf("%+v", o)
	}
}

func TestForegroundStays(t *testing.T) {
	s := newStage(t)
	s.run(role{Foreground: true})
	s.typeText("\x1ddx")
	s.untilKeys("x")
	s.typeText("\x1dd")
	s.untilShown("cannot detach")
	s.end(session.End{Ended: true})
	if o := s.over(); o.Result.Detached {
		t.Errorf("%+v", o)
	}
	s.untilShown(noNotice) // no redraw will take it away
}

func TestForegroundMayLeave(t *testing.T) {
	s := newStage(t)
	s.run(role{Foreground: true, CanDetach: true})
	s.typeText("\x1dd")
	if o := s.over(); !o.Result.Detached {
		t.Errorf("%+v", o)
	}
}

func TestNoDetachKey(t *testing.T) {
	s := newStage(t)
	s.run(role{DetachKey: "none"})
	s.typeText("\x1dd")
	s.untilKeys("\x1dd")
}

func TestUnknownDetachKey(t *testing.T) {
	s := newStage(t)
	s.start(s.client(role{DetachKey: "Entr"}))
	if o := s.over(); !strings.Contains(o.Err, "the detach key") || !strings.Contains(o.Err, "Entr") {
		t.Errorf("%+v", o)
	}
}

func TestKeymap(t *testing.T) {
	s := newStage(t)
	file := t.TempDir() + "/ran"
	s.run(role{Keymap: "Ctrl+K -> Home Ctrl+K\nF5 -> \":make\\r\"\nF6 -> !echo yes > '" + file + "'\nj k -> Escape\n"})
	s.untilFrame(session.FrameSize)
	s.forget()
	s.typeText("a\x0bb\x1b[15~jx\x1b[17~")
	s.until("the keys arrive", func() bool { return s.keys() == "ab:make\rjx" })
	s.untilFrame(session.FrameInput)
	f := s.frames()
	if f[1].kind != session.FrameInput || !strings.Contains(f[1].payload, `["Home","Ctrl+K"]`) {
		t.Errorf("second frame: %c %s", f[1].kind, f[1].payload)
	}
	s.until("the command has run", func() bool { return fileText(file) == "yes\n" })
	s.forget()
	s.typeText("j") // may become j k
	s.untilKeys("j")
}

// Answers of the terminal that come after the end do not stay for the shell.
func TestLateReplies(t *testing.T) {
	s := newStage(t)
	s.run(role{})
	s.kill(unix.SIGSTOP)
	s.until("the client is stopped", func() bool { return processState(t, s.cmd.Process.Pid) == "T" })
	s.end(session.End{Ended: true, Replies: 2})
	s.typeText("\x1b[?1;2c\x1b[5;2R")
	s.kill(unix.SIGCONT)
	s.over()
	s.untilSane()
	if n, err := s.m.Untaken(); err != nil || n != 0 {
		t.Errorf("%d bytes were left for the shell, %v", n, err)
	}
}

// Exactly the replies that are awaited are dropped.
func TestDrain(t *testing.T) {
	k := &keyboard{C: make(chan []byte, 4)}
	for _, p := range []string{"\x1b[?1;2", "c", "\x1b[1;2R", "ls\r"} {
		k.C <- []byte(p)
	}
	c := &client{kb: k}
	c.drain(2)
	if p := <-k.C; string(p) != "ls\r" {
		t.Errorf("next is %q", p)
	}
	c.drain(1) // ends although nothing comes
}

// Keys go out in the order in which they were typed, whichever goroutine deals with
// them: their reader, or the client, which is busy with notices from time to time.
func TestKeysKeepTheirOrder(t *testing.T) {
	s := newStage(t)
	s.run(role{})
	s.untilFrame(session.FrameSize)
	s.forget()
	var all strings.Builder
	for i := range 300 {
		piece := fmt.Sprintf("%d ", i)
		if i%3 == 0 {
			s.send(session.FrameNotice, piece)
		}
		s.typeText(piece)
		all.WriteString(piece)
	}
	s.untilKeys(all.String())
}

// What the reader has handed over comes before what it reads next, and a client that
// is busy is not disturbed.
func TestTypedNowKeepsTheOrder(t *testing.T) {
	c := &client{screen: newScreen(nil, false), queue: &queue{more: make(chan struct{}, 1)}, poke: make(chan struct{}, 1)}
	if err := c.hand.init(Options{}); err != nil {
		t.Fatal(err)
	}
	k := &keyboard{sent: 1}
	c.kb = k
	if c.typedNow(k, []byte("b")) {
		t.Error("b was taken while a is under way")
	}
	if err := c.read([]byte("a"), true); err != nil {
		t.Fatal(err)
	}
	c.mu.Lock()
	if c.typedNow(k, []byte("b")) {
		t.Error("b was taken while the client is busy")
	}
	c.mu.Unlock()
	if !c.typedNow(k, []byte("b")) {
		t.Error("b was not taken")
	}
	sent := ""
	for _, f := range c.queue.frames {
		sent += string(f.payload)
	}
	if sent != "ab" || len(c.poke) != 0 {
		t.Errorf("sent %q, and %d pokes", sent, len(c.poke))
	}
	if !c.typedNow(k, []byte("\x1d")) || len(c.poke) != 1 {
		t.Error("nobody looks at the time that the detach key waits for")
	}
}
