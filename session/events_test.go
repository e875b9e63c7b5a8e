//go:build linux

package session_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sluicerun/sluice/session"
	"github.com/sluicerun/sluice/session/sessiontest"
)

// logsOf makes the logs of a session by hand.
func logsOf(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// A real session's logs tell who typed what, what was hidden, and how it ended;
// the recording has only what may be seen.
func TestEvents(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "log")
	term := sessiontest.Run(t, session.Command{Args: []string{"sh", "-c", `echo one; read x; echo "got $x"; read x; stty -echo; echo ready; read x; stty echo; printf '\033[2J\033[Hdone'; exit 3`}, Dir: dir})
	ctx := context.Background()
	send := func(source, text string, secret bool) {
		t.Helper()
		if err := term.Send(ctx, session.Input{Source: source, Secret: secret, Steps: []session.Step{{Text: text + "\n"}}}); err != nil {
			t.Fatal(err)
		}
	}
	term.WaitText("one")
	term.Mark("first\nmark")
	send("ann", "two", false)
	term.WaitText("got two")
	term.Hide()
	send("bob", "unseen", false)
	term.WaitText("ready")
	term.Show()
	if err := term.Resize(session.Size{Cols: 100, Rows: 30}); err != nil {
		t.Fatal(err)
	}
	send("ann", "swordfish", true)
	if st := term.WaitExit(); st != 3 {
		t.Errorf("status %d", st)
	}
	term.Close()
	var got []string
	var output, input strings.Builder
	var last session.Event
	err := session.Events(dir, func(e session.Event) error {
		if e.Time < last.Time {
			t.Errorf("%s at %v, after %v", e.Kind, e.Time, last.Time)
		}
		last = e
		switch e.Kind {
		case session.EventOutput:
			output.Write(e.Data)
			return nil
		case session.EventInput:
			input.Write(e.Data)
			got = append(got, fmt.Sprintf("input %q", e.Data))
			return nil
		}
		if e.Kind == session.EventBegin && (e.Head.Start.IsZero() || e.Head.Term != "xterm-256color" || !strings.HasPrefix(e.Head.Command, "sh -c echo one;")) {
			t.Errorf("the head: %+v", e.Head)
		}
		got = append(got, fmt.Sprint(e.Kind, " ", e.Cols, " ", e.Text, e.Status))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"begin 80 0", "mark 0 first mark0", "source 0 ann0", `input "two\n"`, "hide 0 0", "source 0 bob0", `input "unseen\n"`, "show 0 0", "resize 100 0",
		"secret 0 ann0", "exit 0 3",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	log, err := os.ReadFile(filepath.Join(dir, session.OutputLog))
	if err != nil || output.String() != string(log) {
		t.Errorf("%v: %q, want %q", err, output.String(), log)
	}
	for _, o := range []session.CastOptions{{}, {Input: true, Title: "a title"}} {
		var b bytes.Buffer
		if err := session.WriteCast(dir, &b, o); err != nil {
			t.Fatal(err)
		}
		text := b.String()
		for part, is := range map[string]bool{
			`{"version":2,"width":80,"height":24,"timestamp":1`: true, `"command":"sh -c echo one;`: true, `"title":"a title"`: o.Input, `"env":{"TERM":"xterm-256color"}`: true,
			`, "m", "first mark"]`: true, `, "i", "two\n"]`: o.Input, "swordfish": false, `, "r", "100x30"]`: true, `, "x", "3"]`: true, `, "i", "unseen`: false,
		} {
			if strings.Contains(text, part) != is {
				t.Errorf("%q is in it: %v\n%s", part, !is, text)
			}
		}
	}
}

// A part of the log that was deleted is told of, and what follows is told at its
// time.
func TestEventsRotated(t *testing.T) {
	dir := logsOf(t, map[string]string{
		session.TimingFile: "O 1.000000 8\nO 1.000000 4\nO 1.000000 2\nS 1.000000 SIGWINCH ROWS=5 COLS=20\nO 1.000000 1\n",
		fmt.Sprintf("%s.%016d-%016d", session.OutputLog, 6, 12): "ef\nhi\n", session.OutputLog: "no\n",
	})
	var got []string
	err := session.Events(dir, func(e session.Event) error {
		got = append(got, fmt.Sprintf("%v %s %d %q", e.Time, e.Kind, e.N, e.Data))
		return nil
	})
	want := []string{`0s begin 0 ""`, `1s lost 6 ""`, `1s output 0 "ef"`, `2s output 0 "\nhi\n"`, `3s output 0 "no"`, `4s resize 0 ""`, `5s output 0 "\n"`}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v (-want +got)\n%s", err, diff)
	}
	screen, err := session.Replay(dir)
	if err != nil {
		t.Fatal(err)
	}
	if c, r := screen.Size(); c != 20 || r != 5 || !strings.HasPrefix(screen.Text(false), "ef\n  hi\n    no\n") {
		t.Errorf("%dx%d %q", c, r, screen.Text(false))
	}
}

// noSpace takes nothing.
type noSpace struct{}

var errNoSpace = errors.New("no space left on device")

func (noSpace) Write([]byte) (int, error) { return 0, errNoSpace }

func TestEventsErrors(t *testing.T) {
	empty, none := t.TempDir(), filepath.Join(t.TempDir(), "none")
	for dir, want := range map[string]string{empty: "holds the logs of no terminal", none: "no such file"} {
		_, replayed := session.Replay(dir)
		for _, err := range []error{replayed, session.Events(dir, nil), session.WriteCast(dir, nil, session.CastOptions{})} {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v", dir, err)
			}
		}
	}
	dir := logsOf(t, map[string]string{session.TimingFile: "H 0.0 HIDE\nO 1.000000 3\n", session.OutputLog: "abc"})
	if err := session.WriteCast(dir, noSpace{}, session.CastOptions{}); !errors.Is(err, errNoSpace) {
		t.Errorf("%v", err)
	}
	stop := errors.New("enough")
	if err := session.Events(dir, func(session.Event) error { return stop }); err != stop {
		t.Errorf("%v", err)
	}
}
