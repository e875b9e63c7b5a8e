//go:build linux || darwin

package redirect

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

func TestTee(t *testing.T) {
	if !alone(t) {
		return
	}
	s := newScene(t)
	before := openFDs(t)
	r := s.ok(Both(s.path("out"), s.path("err"), Tee))
	fmt.Println("Println")
	s.sh("echo child; echo trouble >&2; (sh -c 'echo grandchild')")
	s.restore(r)
	s.say(1, "after\n")
	s.want("out", "Println\nchild\ngrandchild\n")
	s.want("err", "trouble\n")
	s.want("term.out", "Println\nchild\ngrandchild\nafter\n")
	s.want("term.err", "trouble\n")
	s.restore(s.ok(Stdout(s.path("out"), Tee))) // nothing written at all
	if after := openFDs(t); strings.Count(after, "\n")-strings.Count(before, "\n") > 2 {
		// Two: the runtime's epoll or kqueue descriptors, made for the first pipe.
		t.Errorf("descriptors leaked\n%s\nto\n%s", before, after)
	}
}

// Both streams to one file and one terminal keep their order.
func TestTeeKeepsOrder(t *testing.T) {
	if !alone(t) {
		return
	}
	s := newScene(t)
	term := s.pipe(1)
	s.replace(2, 1)
	outer := s.ok(Both(s.path("log"), s.path("log"), Tee))
	inner := s.ok(Both(s.path("inner"), s.path("inner"), Tee))
	if !outer.merged || !inner.merged {
		t.Errorf("merged: %v, %v", outer.merged, inner.merged)
	}
	want := strings.Repeat("out\nerr\n", 200)
	for range 200 {
		s.say(1, "out\n")
		s.say(2, "err\n")
	}
	s.restore(outer) // beneath the inner one
	s.say(1, "end\n")
	s.restore(inner)
	s.want("log", want)
	s.want("inner", want+"end\n")
	got := make([]byte, len(want)+4)
	if _, err := io.ReadFull(term, got); err != nil || string(got) != want+"end\n" {
		t.Errorf("the terminal got %q, %v", got, err)
	}
}

// Nobody reads the terminal for a while: writers and Restore wait, and nothing
// is lost.
func TestTeeToPipeThatNobodyReads(t *testing.T) {
	if !alone(t) {
		return
	}
	s := newScene(t)
	term := s.pipe(1)
	r := s.ok(Stdout(s.path("log"), Tee))
	text := bytes.Repeat([]byte("0123456789abcde\n"), 4<<20/16)
	restored := make(chan error)
	go func() {
		if _, err := os.Stdout.Write(text); err != nil {
			t.Error(err)
		}
		restored <- r.Restore()
	}()
	// The writer fills both pipes and stops; the file grows beyond what the
	// terminal took only by what the pump has in its hands.
	got := make([]byte, len(text))
	if _, err := io.ReadFull(term, got); err != nil {
		t.Fatal(err)
	}
	if err := <-restored; err != nil {
		t.Error(err)
	}
	if !bytes.Equal(got, text) {
		t.Error("the terminal got other bytes")
	}
	s.want("log", string(text))
}

// The description of a terminal belongs to others too, and they may have set it
// non-blocking.
func TestTeeToNonBlockingTerminal(t *testing.T) {
	if !alone(t) {
		return
	}
	s := newScene(t)
	term := s.pipe(1)
	if err := unix.SetNonblock(1, true); err != nil {
		t.Fatal(err)
	}
	r := s.ok(Stdout(s.path("log"), Tee))
	text := bytes.Repeat([]byte("x"), 1<<20)
	got := make(chan []byte)
	go func() {
		b := make([]byte, len(text))
		_, _ = io.ReadFull(term, b)
		got <- b
	}()
	s.say(1, string(text))
	s.restore(r)
	if !bytes.Equal(<-got, text) {
		t.Error("the terminal lost bytes")
	}
	if flags, err := unix.FcntlInt(1, unix.F_GETFL, 0); err != nil || flags&unix.O_NONBLOCK == 0 {
		t.Errorf("the terminal's flags were changed to %#x, %v", flags, err)
	}
}

func TestTeeWhenTheTerminalIsGone(t *testing.T) {
	if !alone(t) {
		return
	}
	s := newScene(t)
	term := s.pipe(1)
	r := s.ok(Stdout(s.path("log"), Tee))
	s.say(1, "seen\n")
	expect(t, term, "seen\n")
	term.Close()
	s.say(1, "unseen\n")
	s.sh("echo unseen child")
	err := r.Restore()
	if !errors.Is(err, unix.EPIPE) || !strings.Contains(err.Error(), "tee of stdout: the former destination did not take 20 bytes") {
		t.Errorf("Restore: %v", err)
	}
	s.want("log", "seen\nunseen\nunseen child\n")
}

// A child that still holds the pipe holds up nobody, is not killed, and its
// output goes on to both.
func TestTeeWithChildThatStays(t *testing.T) {
	if !alone(t) {
		return
	}
	s := newScene(t)
	term := s.pipe(1)
	r := s.ok(Stdout(s.path("log"), Tee))
	cat := exec.Command("sh", "-c", "exec 3>&1; exec 1>&-; cat >&3")
	cat.Stdout = os.Stdout
	in, err := cat.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cat.Start(); err != nil {
		t.Fatal(err)
	}
	fmt.Println("mine")
	s.restore(r)
	expect(t, term, "mine\n")
	s.want("log", "mine\n")
	s.say(1, "direct\n")
	expect(t, term, "direct\n")

	fmt.Fprintln(in, "later")
	expect(t, term, "later\n")
	s.want("log", "mine\nlater\n")
	in.Close()
	if err := cat.Wait(); err != nil {
		t.Errorf("the child: %v", err)
	}
	<-r.layers[0].pump.ended
}

func TestTeeWithChildThatNeverStopsWriting(t *testing.T) {
	if !alone(t) {
		return
	}
	s := newScene(t)
	r := s.ok(Stdout(s.path("log"), Tee))
	yes := exec.Command("sh", "-c", "while :; do echo y; done")
	yes.Stdout = os.Stdout
	if err := yes.Start(); err != nil {
		t.Fatal(err)
	}
	s.restore(r)
	if err := yes.Process.Signal(unix.Signal(0)); err != nil {
		t.Errorf("the child was ended: %v", err)
	}
	if err := yes.Process.Kill(); err != nil {
		t.Error(err)
	}
	_ = yes.Wait()
	<-r.layers[0].pump.ended
}
