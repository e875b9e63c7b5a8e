package console

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sluicerun/sluice/job"
)

func TestSetShow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out := &memSink{}
		c := New(Config{Out: out, Workers: 3, Spec: job.Console{Show: job.Ranks(0)}})
		ws := gang(c, 3)
		say := func(s string) {
			for _, w := range ws {
				w.say(s)
				synctest.Wait()
			}
		}
		say("one\n")
		want(t, out.take(), "[0] one\n")
		say("half")
		c.SetShow(job.Ranks(1, 2)) // from now, which is in the middle of a line
		say(" two\nthree\n")
		want(t, out.take(), "[1] … two\n[1] three\n[2] … two\n[2] three\n")
		c.SetShow(job.RankSet{})
		say("four\n")
		want(t, out.take(), "[0] four\n[1] four\n[2] four\n")
		// Switching off the holder of the lock frees the screen.
		ws[0].say("prompt ")
		time.Sleep(1100 * time.Millisecond)
		c.SetShow(job.Ranks(1))
		ws[1].say("a\n")
		synctest.Wait()
		want(t, out.take(), "[0] prompt \n[1] a\n")
		c.SetShow(job.NoRanks())
		say("five\n")
		s := finish(t, c, ws...)
		want(t, out.take(), "")
		if s.Unshown != 0 || s.Closed != 0 {
			t.Errorf("stats %+v", s)
		}
	})
}

func TestSetSinks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		old, out := &memSink{}, &memSink{}
		c := New(Config{Out: old, Err: old, Workers: 2})
		ws := gang(c, 2)
		ws[0].say("one\n")
		synctest.Wait()
		ws[0].say("half")
		time.Sleep(2 * time.Second) // the old screen has the lock
		c.SetSinks(nil, nil)
		ws[0].say(" of a line\ntwo\n")
		ws[1].say("two\n")
		synctest.Wait()
		want(t, old.take(), "[0] one\n[0] half")
		c.SetSinks(out, out)
		c.Note("hello")
		ws[1].say("three\n")
		ws[0].say("three\n")
		synctest.Wait()
		want(t, old.take(), "")
		// Which of the three the console looks at first is its own business.
		got := slices.Sorted(strings.Lines(out.take()))
		if !slices.Equal(got, []string{"[0] three\n", "[1] three\n", "hello\n"}) {
			t.Errorf("new sink has %q", got)
		}
		s := finish(t, c, ws...)
		if s.Unshown != 0 || s.Closed != 0 {
			t.Errorf("stats %+v", s)
		}
	})
}

// TestSetSinksFromStuck: a launcher that left while its pipe was full does not hold up the next.
func TestSetSinksFromStuck(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stuck, out := newGate(), &memSink{}
		c := New(Config{Out: stuck, Workers: 2})
		w := add(c, 0, job.Stdout)
		w.say(strings.Repeat("line\n", 1<<20))
		synctest.Wait()
		c.SetSinks(out, nil)
		w.say("new\n")
		s := finish(t, c, w)
		want(t, out.take(), "[0] new\n")
		if s.Unshown != 0 {
			t.Errorf("stats %+v", s)
		}
		close(stuck.open) // lets the writer end
	})
}

func TestPause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out := &memSink{}
		c := New(Config{Out: out, Err: out, Workers: 2, Spec: job.Console{Linger: job.Duration(time.Second)}})
		w := add(c, 0, job.Stdout)
		w.say("one\n")
		synctest.Wait()
		c.Pause()
		w.say("two\nthree")
		c.Note("note")
		time.Sleep(time.Hour)
		synctest.Wait()
		want(t, out.take(), "[0] one\n")
		c.Resume()
		synctest.Wait()
		want(t, out.take(), "[0] two\nnote\n")
		time.Sleep(1100 * time.Millisecond)
		synctest.Wait()
		want(t, out.take(), "[0] three")
		// A pause holds up the end, and does not count as linger.
		c.Pause()
		w.say("!\n")
		w.Done()
		ended := make(chan Stats)
		go func() { ended <- c.Finish(t.Context()) }()
		time.Sleep(time.Minute)
		synctest.Wait()
		want(t, out.take(), "")
		c.Resume()
		s := <-ended
		want(t, out.take(), "!\n")
		if s.Unshown != 0 {
			t.Errorf("stats %+v", s)
		}
	})
}

func TestNoteBetweenLines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out := &memSink{}
		c := New(Config{Out: out, Err: out, Workers: 2})
		ws := gang(c, 2)
		ws[0].say("a\nhalf ")
		c.Note("note 1")
		synctest.Wait()
		want(t, out.take(), "[0] a\nnote 1\n")
		time.Sleep(1100 * time.Millisecond)
		c.Note("note 2") // does not wait for a prompt
		ws[0].say("line\n")
		synctest.Wait()
		got := out.take()
		if got != "[0] half \nnote 2\n[0] …line\n" && got != "[0] half line\nnote 2\n" {
			t.Errorf("got %q", got)
		}
		finish(t, c, ws...)
	})
}

func TestNotesAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out := newGate()
		c := New(Config{Err: out, Workers: 2})
		e := add(c, 0, job.Stderr)
		e.say(strings.Repeat("line\n", 1<<20)) // fills the buffers
		synctest.Wait()
		for range 2 * noteMax / 64 {
			c.Note(strings.Repeat("n", 64))
		}
		close(out.open)
		finish(t, c, e)
		if !strings.Contains(out.String(), "notes were dropped while the console was stuck\n") {
			t.Error("nothing is said of the dropped notes")
		}
	})
}
