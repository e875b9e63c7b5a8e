package console

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sluicerun/sluice/job"
)

func TestFinishWaitsForSlowSink(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out := &slow{each: 3 * time.Second}
		c := New(Config{Out: out, Workers: 2, Spec: job.Console{Linger: job.Duration(4 * time.Second)}})
		ws := gang(c, 2)
		text := strings.Repeat("0123456789\n", 100_000)
		ws[0].say(text)
		ws[1].say(text)
		s := finish(t, c, ws...)
		if s.Shown != int64(2*len(text)) || s.Unshown != 0 {
			t.Errorf("stats %+v", s)
		}
		if n := strings.Count(out.String(), "\n"); n != 200_000 {
			t.Errorf("%d lines", n)
		}
	})
}

type slow struct {
	memSink
	each time.Duration
}

func (s *slow) Write(p []byte) (int, error) {
	time.Sleep(s.each)
	return s.memSink.Write(p)
}

func TestFinishLingers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out, errs := newGate(), &memSink{}
		var ev events
		c := New(Config{Out: out, Err: errs, Workers: 2, OnEvent: ev.add, Spec: job.Console{Linger: job.Duration(5 * time.Second)}})
		ws := gang(c, 2)
		text := strings.Repeat("0123456789\n", 100_000)
		ws[0].say(text)
		ws[1].say("hello\n")
		begin := time.Now()
		s := finish(t, c, ws...)
		if d := time.Since(begin); d != 5*time.Second {
			t.Errorf("Finish took %v", d)
		}
		if s.Shown != 0 || s.Unshown != int64(len(text)+6) || s.UnshownByRank[0] != int64(len(text)) || s.UnshownByRank[1] != 6 {
			t.Errorf("stats %+v", s)
		}
		want(t, errs.take(), "sluice: 1100006 bytes of output were not shown (ranks 0-1); they are in the logs\n")
		if got := strings.Join(ev.all(), "\n"); !strings.Contains(got, "stdout is slow") || !strings.Contains(got, "were not shown") {
			t.Errorf("events %q", got)
		}
		if again := c.Finish(context.Background()); again.Unshown != s.Unshown {
			t.Errorf("a second Finish says %+v", again)
		}
		close(out.open)
	})
}

func TestFinishContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out := newGate()
		c := New(Config{Out: out, Err: out, Spec: job.Console{Linger: -1}})
		w := add(c, 0, job.Stdout)
		w.say("hello\n")
		w.Done()
		ctx, cancel := context.WithTimeout(context.Background(), time.Hour)
		defer cancel()
		begin := time.Now()
		s := c.Finish(ctx)
		if d := time.Since(begin); d != time.Hour || s.Unshown != 6 {
			t.Errorf("after %v: %+v", d, s)
		}
		// Whatever is called now finds a console that has ended.
		w.say("late\n")
		c.Note("late")
		c.Pause()
		c.Resume()
		c.SetSinks(nil, nil)
		c.SetShow(job.NoRanks())
		add(c, 1, job.Stdout).Done()
		close(out.open)
		synctest.Wait()
		want(t, out.take(), "hello\n") // the write that was stuck
	})
}

func TestClosedSink(t *testing.T) {
	for _, tt := range []struct {
		err  error
		says string
	}{
		{ErrClosed, "stdout is closed"},
		{io.ErrShortWrite, "stdout failed"},
		{errors.New("disk on fire"), "disk on fire"},
	} {
		synctest.Test(t, func(t *testing.T) {
			errs := &memSink{}
			var ev events
			c := New(Config{Out: failing{tt.err}, Err: errs, Workers: 2, OnEvent: ev.add})
			o, e := add(c, 0, job.Stdout), add(c, 1, job.Stderr)
			o.say("one\n")
			synctest.Wait()
			for range 100 {
				o.say("more\n")
				e.say("e\n")
			}
			synctest.Wait()
			s := finish(t, c, o, e)
			if s.Closed != 504 || s.Unshown != 0 || s.Shown != 200 {
				t.Errorf("stats %+v", s)
			}
			told := ""
			if tt.err != ErrClosed { // that somebody has read enough is no news
				told = "sluice: stdout failed and is not used any more: " + tt.err.Error() + "; the output is in the logs\n"
			}
			want(t, errs.take(), told+strings.Repeat("[1] e\n", 100))
			if (s.Failed == nil) != (told == "") {
				t.Errorf("it failed for %v", s.Failed)
			}
			if l := ev.all(); len(l) != 1 || !strings.Contains(l[0], tt.says) {
				t.Errorf("events %q", l)
			}
		})
	}
}

func TestSlowIsToldOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out := newGate()
		var ev events
		c := New(Config{Out: out, Workers: 2, OnEvent: ev.add})
		w := add(c, 0, job.Stdout)
		w.say(strings.Repeat("0123456789\n", 100_000))
		time.Sleep(time.Hour)
		close(out.open)
		finish(t, c, w)
		if l := ev.all(); len(l) != 2 || !strings.Contains(l[0], "is slow") || !strings.Contains(l[1], "takes output again") {
			t.Errorf("events %q", l)
		}
	})
}

// TestUnreadIsTold: on Err, if that is wanted, and after all that is shown.
func TestUnreadIsTold(t *testing.T) {
	for _, tell := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			out, errs := &memSink{}, &memSink{}
			c := New(Config{Out: out, Err: errs, Workers: 2, TellUnread: tell})
			h := &hole{head: 100}
			h.b = []byte(strings.Repeat("x", 99) + "\n")
			in := c.Add(job.Fields{Rank: 1, Stream: job.Stdout}, h)
			in.Done()
			e := add(c, 0, job.Stderr)
			e.say("last words\n")
			finish(t, c, e)
			told := ""
			if tell {
				told = "sluice: 100 bytes of output were not shown (ranks 1): they could not be read any more; --log-keep deletes archives\n"
			}
			want(t, errs.take(), "[0] last words\n"+told)
		})
	}
}

// hole is a log whose head is gone.
type hole struct {
	memLog
	head int64
}

func (h *hole) ReadAt(p []byte, off int64) (int, error) {
	if off < h.head {
		return 0, errors.New("no longer there")
	}
	return h.memLog.ReadAt(p, off)
}

func TestUnreadableLog(t *testing.T) {
	for _, workers := range []int{1, 2} {
		synctest.Test(t, func(t *testing.T) {
			out := &memSink{}
			var ev events
			c := New(Config{Out: out, Workers: workers, OnEvent: ev.add})
			h := &hole{head: 100}
			h.b = []byte(strings.Repeat("x", 120))
			in := c.Add(job.Fields{Stream: job.Stdout}, h)
			synctest.Wait()
			h.mu.Lock()
			h.b = append(h.b, "more\n"...)
			h.mu.Unlock()
			in.Grew()
			synctest.Wait()
			in.Done()
			s := c.Finish(context.Background())
			if s.Unshown != 120 || s.Shown != 5 {
				t.Errorf("stats %+v", s)
			}
			if l := ev.all(); len(l) != 1 || !strings.Contains(l[0], "reading the stdout log of rank 0 at 0: no longer there") {
				t.Errorf("events %q", l)
			}
			want(t, out.take(), map[int]string{1: "more\n", 2: "[0] …more\n"}[workers])
		})
	}
}
