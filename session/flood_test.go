//go:build linux

package session_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sluicerun/sluice/job"
	"github.com/sluicerun/sluice/session"
)

// flood is a program that writes four megabytes of coloured lines, and then does
// something else.
func flood(t *testing.T, dir, then string) *session.Session {
	t.Helper()
	s, err := session.Start(context.Background(), session.Command{Dir: dir, Args: []string{"bash", "-c",
		`line=$(printf 'some text of a log \033[32mgreen\033[0m and more %.0s' {1..20})
		yes "$line" | head -c 4000000; printf '\r\n'; ` + then}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

func ended(t *testing.T, s *session.Session) {
	t.Helper()
	for begun := time.Now(); !s.Ended(); time.Sleep(10 * time.Millisecond) {
		if time.Since(begun) > time.Minute {
			t.Fatal("it does not end")
		}
	}
}

// The last screen of a flood that nobody looked at is there when somebody does, also
// when the log was closed meanwhile.
func TestScreenAfterFlood(t *testing.T) {
	for _, dir := range []string{t.TempDir(), ""} {
		s := flood(t, dir, "echo the end")
		ended(t, s)
		if dir == "" {
			s.Close()
			if got := s.Screen(false).Lines[22].Cells[0].Text; got != "t" {
				t.Errorf("the last line begins with %q", got)
			}
			continue
		}
		want, err := session.Replay(dir)
		if err != nil {
			t.Fatal(err)
		}
		s.Close()
		if d := cmp.Diff(want.Snapshot(false), s.Screen(false)); d != "" {
			t.Errorf("another screen (-want +got):\n%s", d)
		}
		if st := s.State(); st.Offset == 0 || !st.Ended {
			t.Errorf("the state is %+v", st)
		}
	}
}

// A question behind a flood is answered, with what is true then, though nobody looks.
func TestQuestionAfterFlood(t *testing.T) {
	s := flood(t, t.TempDir(), `printf '\033[5;7H\033[6n'; stty raw -echo; read -rsd R answer; stty sane; printf '\033[2J\033[H<%s>' "${answer#?}"`)
	ended(t, s)
	if err := s.Wait(context.Background(), session.Condition{Text: "<[5;7>"}); err != nil {
		t.Errorf("%v; the screen: %v", err, s.Screen(false).Lines[0].Cells)
	}
}

// Who waits for something on the screen finds it in a flood that goes on, and what is
// typed into it counts from where the flood was.
func TestWaitInFlood(t *testing.T) {
	s := flood(t, t.TempDir(), `stty -echo; echo ready; read -r l; yes "more $l" | head -c 3000000; echo; echo over; read -r l`)
	ctx := context.Background()
	long := job.Duration(time.Minute)
	if err := s.Wait(ctx, session.Condition{Text: "ready", Timeout: long}); err != nil {
		t.Fatal(err)
	}
	if err := s.Send(ctx, session.Input{Source: "test", Steps: []session.Step{{Text: "x\n"}}}); err != nil {
		t.Fatal(err)
	}
	if err := s.Wait(ctx, session.Condition{Text: "over", SinceInput: true, Source: "test", Timeout: long}); err != nil {
		t.Error(err)
	}
	if err := s.Wait(ctx, session.Condition{Settled: job.Duration(200 * time.Millisecond), Timeout: long}); err != nil {
		t.Error(err)
	}
}

// What comes a word at a time, with pauses and without, is on the screen once and in
// its order, whoever showed it to the emulator: who brought it or who feeds it.
func TestScreenOfWordsWithPauses(t *testing.T) {
	dir := t.TempDir()
	s, err := session.Start(context.Background(), session.Command{Dir: dir, Args: []string{"bash", "-c",
		`for i in {1..400}; do printf '\033[%dm%d ' $((30 + i % 8)) $i; ((i % 3)) || sleep 0.002; done; echo the end`}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	for begun := time.Now(); !s.Ended(); time.Sleep(time.Millisecond) {
		if time.Since(begun) > time.Minute {
			t.Fatal("it does not end")
		}
		s.Screen(false) // who looks is in the way of both
	}
	want, err := session.Replay(dir)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want.Snapshot(false), s.Screen(false)); d != "" {
		t.Errorf("another screen (-want +got):\n%s", d)
	}
}

// What was on the screen before an input is not news, also when the program answers
// the input with nothing.
func TestNothingNewSinceInput(t *testing.T) {
	s, err := session.Start(context.Background(), session.Command{Args: []string{"sh", "-c", "stty -echo; echo ready; exec sleep 60"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	ctx := context.Background()
	if err := s.Wait(ctx, session.Condition{Text: "ready", Timeout: job.Duration(time.Minute)}); err != nil {
		t.Fatal(err)
	}
	if err := s.Send(ctx, session.Input{Source: "test", Steps: []session.Step{{Text: "x"}}}); err != nil {
		t.Fatal(err)
	}
	var no *session.NotMetError
	err = s.Wait(ctx, session.Condition{Text: "ready", SinceInput: true, Source: "test", Timeout: job.Duration(100 * time.Millisecond)})
	if !errors.As(err, &no) {
		t.Errorf("the wait ended with %v; want that it was not met", err)
	}
}
