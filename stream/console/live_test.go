package console

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sluicerun/sluice/job"
	"pgregory.net/rapid"
)

// liveConsole is a console on a screen of 40×10.
func liveConsole(n int) (*Console, *memSink, *screen) {
	out, s := &memSink{}, &screen{width: 40}
	return New(Config{Out: out, Err: out, TTY: true, Workers: n,
		Width: func() int { return 40 }, Height: func() int { return 10 }}), out, s
}

func TestLiveArea(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, out, scr := liveConsole(8)
		ws := gang(c, 8)
		shows := func(text string) {
			t.Helper()
			time.Sleep(liveGap)
			synctest.Wait()
			scr.write(t, []byte(out.take()))
			want(t, scr.String(), text)
		}
		ws[1].say("\r10%")
		shows("[1] 10%\n")
		ws[0].say("\r5%")
		ws[1].say("\r20%")
		shows("[0] 5%\n[1] 20%\n")
		ws[2].say("a line\n")
		shows("[2] a line\n[0] 5%\n[1] 20%\n")
		c.Note("a note")
		shows("[2] a line\na note\n[0] 5%\n[1] 20%\n")
		ws[0].say("\r" + strings.Repeat("#", 100))
		shows("[2] a line\na note\n[0] " + strings.Repeat("#", 35) + "\n[1] 20%\n")
		ws[0].say("\rdone\n")
		shows("[2] a line\na note\n[0] done\n[1] 20%\n")
		for _, w := range ws[2:] {
			w.say("1%\r2%") // seven bars, and room for five rows
		}
		shows("[2] a line\na note\n[0] done\n[1] 20%\n[2] 2%\n[3] 2%\n[4] 2%\n… and 3 more\n")
		c.Pause()
		shows("[2] a line\na note\n[0] done\n")
		ws[1].say("\r30%")
		c.Resume()
		shows("[2] a line\na note\n[0] done\n[1] 30%\n[2] 2%\n[3] 2%\n[4] 2%\n… and 3 more\n")
		for _, w := range ws[2:] {
			w.say("\n")
			synctest.Wait()
		}
		ws[1].say("\r\x1b[2Khello\x1b]0;title\x07 \x1b[31mred")
		shows("[2] a line\na note\n[0] done\n[2] 2%\n[3] 2%\n[4] 2%\n[5] 2%\n[6] 2%\n[7] 2%\n[1] hello red\n")
		finish(t, c, ws...)
		shows("[2] a line\na note\n[0] done\n[2] 2%\n[3] 2%\n[4] 2%\n[5] 2%\n[6] 2%\n[7] 2%\n[1] hello red\n")
		if scr.col != 0 {
			t.Errorf("the cursor is left in column %d", scr.col)
		}
	})
}

// TestLiveIsRateLimited: a bar that moves a thousand times a second is drawn ten times.
func TestLiveIsRateLimited(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, out, _ := liveConsole(2)
		w := add(c, 0, job.Stdout)
		for i := range 3000 {
			w.say(fmt.Sprintf("\r%d", i))
			time.Sleep(time.Millisecond)
		}
		synctest.Wait()
		out.mu.Lock()
		n := out.writes
		out.mu.Unlock()
		if n < 25 || n > 32 {
			t.Errorf("%d frames in 3 s", n)
		}
		finish(t, c, w)
	})
}

// TestLiveStateEndsWithCR: "10%\r" may become "10%\r\n"; if it does not, it is a bar.
func TestLiveStateEndsWithCR(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, out, scr := liveConsole(2)
		w := add(c, 0, job.Stdout)
		w.say("10%\r")
		time.Sleep(idleTTY - time.Millisecond)
		synctest.Wait()
		want(t, out.take(), "")
		time.Sleep(2 * time.Millisecond)
		synctest.Wait()
		scr.write(t, []byte(out.take()))
		want(t, scr.String(), "[0] 10%\n")
		w.say("\n")
		finish(t, c, w)
		scr.write(t, []byte(out.take()))
		want(t, scr.String(), "[0] 10%\n")
	})
}

// TestLiveProperties: whatever ranks do, in the end every finished line stands
// on the screen once, in its rank's order, and nothing else does.
func TestLiveProperties(outer *testing.T) {
	type act struct {
		rank  int
		text  string
		pause time.Duration
	}
	rapid.Check(outer, func(t *rapid.T) {
		n := rapid.IntRange(2, 6).Draw(t, "ranks")
		acts := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) act {
			return act{
				rapid.IntRange(0, n-1).Draw(t, "rank"),
				rapid.SampledFrom([]string{"\r1%", "2%\r", "x\n", "\n", "y", "\r\n"}).Draw(t, "text"),
				time.Duration(rapid.IntRange(0, 250).Draw(t, "pause")) * time.Millisecond,
			}
		}), 0, 50).Draw(t, "acts")
		said := make([]string, n)
		scr := &screen{width: 40}
		synctest.Test(outer, func(outer *testing.T) {
			c, out, s := liveConsole(n)
			scr = s
			ws := gang(c, n)
			for _, a := range acts {
				ws[a.rank].say(a.text)
				said[a.rank] += a.text
				time.Sleep(a.pause)
			}
			finish(outer, c, ws...)
			scr.write(outer, []byte(out.take()))
		})
		shown := make([][]string, n)
		for line := range strings.Lines(scr.String()) {
			var r int
			if _, err := fmt.Sscanf(line, "[%d]", &r); err != nil {
				t.Fatalf("a line without prefix: %q in\n%s", line, scr)
			}
			shown[r] = append(shown[r], strings.TrimRight(line[4:], "\n"))
		}
		for r := range n {
			var lines []string
			for line := range strings.Lines(said[r]) {
				lines = append(lines, strings.TrimRight(string(lastState([]byte(strings.TrimSuffix(line, "\n")))), "\r"))
			}
			// Lines may have been broken while they were idle; their texts then
			// follow one another, and parts that \r took back stay.
			if got, exp := texts(shown[r]), texts(lines); len(shown[r]) == len(lines) && got != exp {
				t.Fatalf("rank %d said %q, shown as %q\n%s", r, lines, shown[r], scr)
			} else if len(shown[r]) < len(lines) {
				t.Fatalf("rank %d said %q, only %q are shown\n%s", r, lines, shown[r], scr)
			}
		}
	})
}

func texts(lines []string) string {
	return strings.ReplaceAll(strings.Join(lines, "\n"), contMark, "")
}
