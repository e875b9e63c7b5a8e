package console

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sluicerun/sluice/job"
)

// TestOutput: what one or two ranks say at once and then end, as it is shown.
func TestOutput(t *testing.T) {
	tmpl, err := job.ParseTemplate("{role}/{rank}:{stream}> ")
	if err != nil {
		t.Fatal(err)
	}
	empty, err := job.ParseTemplate("")
	if err != nil {
		t.Fatal(err)
	}
	long := strings.Repeat("x", 300<<10)
	tests := []struct {
		name string
		cfg  Config
		say  []string // by rank
		want string
	}{
		{"one worker is passed through", Config{}, []string{"a\r\x1b[2Jb\x00\xff\xfe"}, "a\r\x1b[2Jb\x00\xff\xfe"},
		{"one worker on a terminal too", Config{TTY: true}, []string{"a\r\x1b[2Jb\n"}, "a\r\x1b[2Jb\n"},
		{"default prefix", Config{Workers: 2}, []string{"a\n", "b\n"}, "[0] a\n[1] b\n"},
		{"aligned for the largest rank", Config{Workers: 11}, []string{"a\n"}, "[ 0] a\n"},
		{"template", Config{Workers: 2, Role: "gpu", Spec: job.Console{Prefix: &tmpl}}, []string{"a\nb\n"}, "gpu/0:stdout> a\ngpu/0:stdout> b\n"},
		{"template for one worker", Config{Spec: job.Console{Prefix: &tmpl}}, []string{"a\rb"}, "/0:stdout> b\n"},
		{"no prefix, whole lines", Config{Workers: 2, Spec: job.Console{Prefix: &empty}}, []string{"a", "b"}, "a\nb\n"},
		{"the last line gets a newline", Config{Workers: 2}, []string{"a", "b\nc"}, "[0] a\n[1] b\n[1] c\n"},
		{"empty lines", Config{Workers: 2}, []string{"\n\na\n"}, "[0] \n[0] \n[0] a\n"},
		{"bytes are exact", Config{Workers: 2}, []string{"\x00\xff\xfe\n"}, "[0] \x00\xff\xfe\n"},
		{"colours off a terminal are exact", Config{Workers: 2}, []string{"\x1b[31mred\x1b[2J\n"}, "[0] \x1b[31mred\x1b[2J\n"},
		{"crlf is a line end", Config{Workers: 2}, []string{"a\r\nb\r\n"}, "[0] a\r\n[0] b\r\n"},
		{"progress is folded", Config{Workers: 2}, []string{"1%\r2%\r3%\n", "\r1%\r2%\r\n"}, "[0] 3%\n[1] 2%\r\n"},
		{"progress without an end is folded", Config{Workers: 2}, []string{"1%\r2%\r3%", "1%\r2%\r"}, "[0] 3%\n[1] 2%\r\n"},
		{"raw progress", Config{Workers: 2, Progress: ProgressRaw}, []string{"1%\r2%\n"}, "[0] 1%\r2%\n"},
		{"a long line", Config{Workers: 2}, []string{long + "\n", "b\n"}, "[0] " + long + "\n[1] b\n"},
		{"a long line without an end", Config{Workers: 2}, []string{long, "b\n"}, "[0] " + long + "\n[1] b\n"},
		{"long progress", Config{Workers: 2}, []string{long + "\r" + long + "1\r\n"}, "[0] " + long + "1\r\n"},
		{"a terminal: only colours pass", Config{Workers: 2, TTY: true},
			[]string{"\x1b[2J\x1b[31mred\x1b[0m\x1b]0;title\x07!\x1b[3;4H\n", "\x1b[1mbold\n"}, "[0] \x1b[31mred\x1b[0m!\n[1] \x1b[1mbold\x1b[0m\n"},
		{"coloured prefix", Config{Workers: 2, Color: true}, []string{"a\n"}, "\x1b[38;5;32m[0] \x1b[0ma\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				out := &memSink{}
				tt.cfg.Out = out
				tt.cfg.Width, tt.cfg.Height = func() int { return 80 }, func() int { return 24 }
				c := New(tt.cfg)
				ws := gang(c, len(tt.say))
				total := int64(0)
				for r, s := range tt.say {
					ws[r].say(s)
					ws[r].Done()
					synctest.Wait()
					total += int64(len(s))
				}
				s := finish(t, c)
				if got := out.String(); got != tt.want {
					if len(got) > 1000 {
						t.Errorf("%d bytes, want %d", len(got), len(tt.want))
					} else {
						t.Errorf("got\n%q\nwant\n%q", got, tt.want)
					}
				}
				if s.Shown != total || s.Unshown != 0 || s.Closed != 0 {
					t.Errorf("stats %+v, want %d shown", s, total)
				}
			})
		})
	}
}

func TestStreamsGoToTheirSinks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out, errs := &memSink{}, &memSink{}
		c := New(Config{Out: out, Err: errs, Workers: 2, Color: true, ErrColor: true})
		o, e := add(c, 1, job.Stdout), add(c, 1, job.Stderr)
		o.say("o\n")
		e.say("e\n")
		finish(t, c, o, e)
		want(t, out.String(), "\x1b[38;5;35m[1] \x1b[0mo\n")
		want(t, errs.String(), "\x1b[1;38;5;35m[1] \x1b[0me\n")
	})
}

// A terminal and a file: colours are for the one alone.
func TestColoursAreOfAStream(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out, errs := &memSink{}, &memSink{}
		c := New(Config{Out: out, Err: errs, Workers: 2, Color: true})
		o, e := add(c, 1, job.Stdout), add(c, 1, job.Stderr)
		o.say("o\n")
		e.say("e\n")
		finish(t, c, o, e)
		want(t, out.String(), "\x1b[38;5;35m[1] \x1b[0mo\n")
		want(t, errs.String(), "[1] e\n")
	})
}

func TestTimestamps(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out := &memSink{}
		c := New(Config{Out: out, Workers: 2, Spec: job.Console{Timestamps: true}})
		w := add(c, 0, job.Stdout)
		time.Sleep(1500 * time.Millisecond)
		at := time.Now().Format("15:04:05.000")
		w.say("a\n")
		synctest.Wait()
		time.Sleep(time.Second)
		w.say("b\n")
		finish(t, c, w)
		want(t, out.String(), at+" [0] a\n"+at[:7]+"2.500 [0] b\n")
	})
}

// TestHalves: lines that several ranks write in two halves at the same time come out whole.
func TestHalves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out := &memSink{}
		c := New(Config{Out: out, Workers: 4})
		ws := gang(c, 4)
		var exp strings.Builder
		for line := range 5 {
			for r, w := range ws {
				w.say(fmt.Sprintf("line %d of ", line))
				time.Sleep(time.Duration(50*r) * time.Millisecond)
			}
			time.Sleep(300 * time.Millisecond)
			for r, w := range ws {
				w.say(fmt.Sprintf("rank %d\n", r))
				synctest.Wait()
				fmt.Fprintf(&exp, "[%d] line %d of rank %d\n", r, line, r)
			}
		}
		want(t, out.String(), exp.String())
		finish(t, c, ws...)
	})
}

func TestPrompt(t *testing.T) {
	for _, tt := range []struct {
		tty  bool
		idle time.Duration
	}{{false, time.Second}, {true, 300 * time.Millisecond}} {
		synctest.Test(t, func(t *testing.T) {
			out := &memSink{}
			c := New(Config{Out: out, Workers: 2, TTY: tt.tty})
			ws := gang(c, 2)
			ws[0].say("Doing X... ")
			time.Sleep(tt.idle - time.Millisecond)
			synctest.Wait()
			want(t, out.take(), "")
			time.Sleep(2 * time.Millisecond)
			synctest.Wait()
			want(t, out.take(), "[0] Doing X... ")
			ws[0].say("still ")
			synctest.Wait()
			want(t, out.take(), "still ")
			ws[1].say("hello\n") // waits for the line to end
			time.Sleep(500 * time.Millisecond)
			synctest.Wait()
			want(t, out.take(), "")
			ws[0].say("done\nnext\n")
			synctest.Wait()
			want(t, out.take(), "done\n[0] next\n[1] hello\n")
			finish(t, c, ws...)
			want(t, out.take(), "")
		})
	}
}

func TestPromptIsBroken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out := &memSink{}
		c := New(Config{Out: out, Workers: 2})
		ws := gang(c, 2)
		ws[0].say("Doing X... ")
		time.Sleep(1100 * time.Millisecond)
		ws[1].say("hello\n")
		time.Sleep(990 * time.Millisecond)
		synctest.Wait()
		want(t, out.take(), "[0] Doing X... ")
		time.Sleep(20 * time.Millisecond)
		synctest.Wait()
		want(t, out.take(), "\n[1] hello\n")
		ws[0].say("done\nnext\n")
		synctest.Wait()
		want(t, out.take(), "[0] …done\n[0] next\n")
		// A worker that ends gives the lock back.
		ws[1].say("Doing Y")
		time.Sleep(1100 * time.Millisecond)
		ws[0].say("a\n")
		ws[1].Done()
		synctest.Wait()
		want(t, out.take(), "[1] Doing Y\n[0] a\n")
		finish(t, c, ws...)
	})
}

func TestPromptTurnsIntoBar(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out := &memSink{}
		c := New(Config{Out: out, Workers: 2})
		ws := gang(c, 2)
		ws[0].say("Loading ")
		time.Sleep(1100 * time.Millisecond)
		ws[0].say("now\r1%\r2%\r3%\n")
		synctest.Wait()
		want(t, out.take(), "[0] Loading now\n[0] 3%\n")
		ws[0].say("Sure? ")
		time.Sleep(1100 * time.Millisecond)
		ws[0].say("yes\r")
		synctest.Wait()
		ws[0].say("\nnext\r\n")
		synctest.Wait()
		want(t, out.take(), "[0] Sure? yes\n[0] next\r\n")
		finish(t, c, ws...)
	})
}

// TestBarStates: a bar that never ends is seen now and then where it cannot be drawn.
func TestBarStates(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out := &memSink{}
		c := New(Config{Out: out, Workers: 2})
		ws := gang(c, 2)
		for i := range 300 { // 30 s
			ws[0].say(fmt.Sprintf("\r%d%%", i))
			time.Sleep(100 * time.Millisecond)
		}
		synctest.Wait()
		n := strings.Count(out.String(), "\n")
		if n != 3 || !strings.HasPrefix(out.String(), "[0] 9%\n") && !strings.HasPrefix(out.String(), "[0] 10%\n") {
			t.Errorf("states shown: %q", out.String())
		}
		out.take()
		time.Sleep(time.Minute) // no change, no state, after the last one
		synctest.Wait()
		want(t, out.take(), "[0] 299%\n")
		ws[0].say("\rdone\n")
		finish(t, c, ws...)
		want(t, out.take(), "[0] done\n")
	})
}

// TestLongLineIsWhole: others wait for a line that is in the log to be copied.
func TestLongLineIsWhole(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out := &memSink{}
		c := New(Config{Out: out, Workers: 4})
		ws := gang(c, 4)
		big := strings.Repeat("0123456789abcdef", 64<<10) // 1 MiB
		for _, w := range ws {
			w.say(big + "\nshort\n" + big)
		}
		finish(t, c, ws...)
		lines := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
		if len(lines) != 12 {
			t.Fatalf("%d lines, want 12", len(lines))
		}
		for _, line := range lines {
			if text := line[4:]; text != "short" && text != big {
				t.Errorf("a line of %d bytes", len(line))
			}
		}
	})
}

// TestFairness: a chatty rank does not keep a quiet one waiting.
func TestFairness(t *testing.T) {
	out := newGate()
	c := New(Config{Out: out, Workers: 2})
	chatty, quiet := add(c, 0, job.Stdout), add(c, 1, job.Stdout)
	chatty.say(strings.Repeat("all the time\n", 1<<20))
	quiet.say("once\n")
	close(out.open)
	finish(t, c, chatty, quiet)
	if at := strings.Index(out.String(), "[1] once\n"); at > 2<<20 || at < 0 {
		t.Errorf("the quiet rank's line is at %d", at)
	}
}
