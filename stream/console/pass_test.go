package console

import (
	"testing"
	"testing/synctest"

	"github.com/sluicerun/sluice/job"
)

func TestPassThroughIsPrompt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out, errs := &memSink{}, &memSink{}
		c := New(Config{Out: out, Err: errs})
		o, e := add(c, 0, job.Stdout), add(c, 0, job.Stderr)
		for _, s := range []string{"a", "\r\r\n", "\x00\xff", "no newline"} {
			o.say(s)
			synctest.Wait()
			want(t, out.take(), s)
			e.say(s)
			synctest.Wait()
			want(t, errs.take(), s)
		}
		c.Note("a note")
		synctest.Wait()
		want(t, errs.take(), "\na note\n")
		c.Note("two\nlines")
		synctest.Wait()
		want(t, errs.take(), "two\nlines\n")
		finish(t, c, o, e)
		want(t, out.take()+errs.take(), "")
	})
}

func TestNilSinkIsDropped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out := &memSink{}
		c := New(Config{Out: out})
		o, e := add(c, 0, job.Stdout), add(c, 0, job.Stderr)
		o.say("o")
		e.say("e")
		c.Note("nobody hears this")
		s := finish(t, c, o, e)
		want(t, out.take(), "o")
		if s.Shown != 1 || s.Unshown != 0 || s.Closed != 0 {
			t.Errorf("stats %+v", s)
		}
	})
}
