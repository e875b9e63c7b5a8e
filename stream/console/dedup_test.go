package console

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sluicerun/sluice/job"
	"pgregory.net/rapid"
)

func TestDedup(t *testing.T) {
	tests := []struct {
		name string
		say  []string // by rank
		want string
	}{
		{"same text", []string{"Loading…\n", "Loading…\n", "Loading…\n"}, "[0-2] Loading…\n"},
		{"some ranks", []string{"a\n", "b\n", "a\n"}, "[0,2] a\n[1] b\n"},
		{"numbers differ", []string{"loss 0.5 at step 10\n", "loss 1.25e-3 at step 10\n", "x\n"}, "[0-1] ~loss 0.5 at step 10\n[2] x\n"},
		{"addresses differ", []string{"at 0x7ffe, 3fa9c1d\n", "at 0x12, 00c1dab\n", ""}, "[0-1] ~at 0x7ffe, 3fa9c1d\n"},
		{"one rank repeats", []string{"retry\nretry\nretry\n", "", ""}, "[0] retry\n[0] retry\n[0] retry\n"},
		{"all repeat", []string{"retry\nretry\n", "retry\nretry\n", "retry\n"}, "[0-2] retry\n[0-1] retry\n"},
		{"numbers alone", []string{"1 2 3\n", "1 2 3\n", "--- 7 ---\n"}, "[0] 1 2 3\n[1] 1 2 3\n[2] --- 7 ---\n"},
		{"empty lines", []string{"\n", "\n", ""}, "[0] \n[1] \n"},
		{"the exact line is preferred", []string{"step 1\nstep 2\n", "step 2\n", ""}, "[0] step 1\n[0-1] step 2\n"},
		{"order of a rank", []string{"a\nb\n", "b\na\n", ""}, "[0] a\n[0-1] b\n[1] a\n"},
		{"progress is folded first", []string{"1%\rdone\n", "50%\rdone\n", ""}, "[0-1] done\n"},
		{"the last line has no newline", []string{"a\nb", "a\nb", ""}, "[0-1] a\n[0] b\n[1] b\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				out := &memSink{}
				c := New(Config{Out: out, Workers: 3, Spec: job.Console{Dedup: true}})
				ws := gang(c, 3)
				total := 0
				for r, w := range ws {
					w.say(tt.say[r])
					synctest.Wait()
					total += len(tt.say[r])
				}
				s := finish(t, c, ws...)
				want(t, out.take(), tt.want)
				if s.Shown != int64(total) {
					t.Errorf("stats %+v, want %d shown", s, total)
				}
			})
		})
	}
}

func TestDedupWindow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out := &memSink{}
		c := New(Config{Out: out, Workers: 3, Spec: job.Console{Dedup: true, Timestamps: true}})
		ws := gang(c, 3)
		at := time.Now().Format(stampLayout)
		ws[0].say("a\n")
		time.Sleep(99 * time.Millisecond)
		ws[2].say("a\n")
		synctest.Wait()
		want(t, out.take(), "")
		time.Sleep(2 * time.Millisecond)
		synctest.Wait()
		want(t, out.take(), at+"[0,2] a\n")
		ws[1].say("a\n") // too late: alone
		time.Sleep(101 * time.Millisecond)
		synctest.Wait()
		if got := out.take(); !strings.HasSuffix(got, " [1] a\n") {
			t.Errorf("got %q", got)
		}
		for _, w := range ws {
			w.say("b\n")
			synctest.Wait()
		}
		if got := out.take(); !strings.HasSuffix(got, " [0-2] b\n") { // all are there: at once
			t.Errorf("got %q", got)
		}
		finish(t, c, ws...)
	})
}

// TestDedupIsBounded: lines that cannot be held are shown.
func TestDedupIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out := &memSink{}
		c := New(Config{Out: out, Workers: 2, Spec: job.Console{Dedup: true}})
		ws := gang(c, 2)
		var text strings.Builder
		for i := range 3 * dedupEntries {
			fmt.Fprintf(&text, "line %d\n", i)
		}
		ws[0].say(text.String())
		synctest.Wait()
		if n := strings.Count(out.String(), "\n"); n < 2*dedupEntries-1 {
			t.Errorf("%d lines are shown before the window is over", n)
		}
		ws[1].say(strings.Repeat("x", dedupLine+1) + "\n") // pushes the rest out
		synctest.Wait()
		if n := strings.Count(out.String(), "\n"); n != 3*dedupEntries+1 {
			t.Errorf("%d lines are shown", n)
		}
		finish(t, c, ws...)
	})
}

// TestDedupProperties: whatever ranks say and when, every rank's lines are on
// the screen, under its number, as often as it said them and in its order.
func TestDedupProperties(outer *testing.T) {
	type say struct {
		rank  int
		word  string
		pause time.Duration
	}
	rapid.Check(outer, func(t *rapid.T) {
		n := rapid.IntRange(2, 5).Draw(t, "ranks")
		words := []string{"load", "save", "step 1", "step 2", "7", "", "x 0.5", "x 1e9"}
		says := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) say {
			return say{
				rapid.IntRange(0, n-1).Draw(t, "rank"),
				rapid.SampledFrom(words).Draw(t, "word"),
				time.Duration(rapid.IntRange(0, 60).Draw(t, "pause")) * time.Millisecond,
			}
		}), 0, 60).Draw(t, "says")
		lines := make([][]string, n)
		var text string
		var stats Stats
		total := int64(0)
		synctest.Test(outer, func(outer *testing.T) {
			out := &memSink{}
			c := New(Config{Out: out, Workers: n, Spec: job.Console{Dedup: true}})
			ws := gang(c, n)
			for _, s := range says {
				lines[s.rank] = append(lines[s.rank], s.word)
				total += int64(len(s.word) + 1)
				ws[s.rank].say(s.word + "\n")
				time.Sleep(s.pause)
			}
			stats = finish(outer, c, ws...)
			text = out.String()
		})
		got := make([][]string, n)
		for line := range strings.Lines(text) {
			head, rest, _ := strings.Cut(strings.TrimSuffix(line, "\n")[1:], "] ")
			set, err := job.ParseRankSet(head)
			if err != nil {
				t.Fatal(err)
			}
			members := set.Members(n)
			differs := strings.HasPrefix(rest, "~")
			rest = strings.TrimPrefix(rest, "~")
			if len(members) > 1 && strings.Trim(rest, "0123456789") == "" {
				t.Fatalf("numbers alone were put together: %q", line)
			}
			for _, r := range members {
				if differs && len(got[r]) < len(lines[r]) {
					a, _ := mask(nil, []byte(rest))
					b, _ := mask(nil, []byte(lines[r][len(got[r])]))
					if string(a) == string(b) {
						rest := lines[r][len(got[r])]
						got[r] = append(got[r], rest)
						continue
					}
				}
				got[r] = append(got[r], rest)
			}
		}
		for r := range n {
			if !slices.Equal(got[r], lines[r]) {
				t.Fatalf("rank %d said %q, shown as %q\n%s", r, lines[r], got[r], text)
			}
		}
		if stats.Shown != total {
			t.Fatalf("%d bytes shown, want %d", stats.Shown, total)
		}
	})
}

func TestMask(t *testing.T) {
	for _, tt := range []struct {
		in, want string
		names    bool
	}{
		{"", "", false},
		{"12 / 3.5 -1e+05 7.", "# / # -# #.", false},
		{"epoch 12/100: loss=0.25", "epoch #/#: loss=#", true},
		{"0xdeadbeef 3fa9c1 deadbeef cafe", "# # deadbeef cafe", true},
		{"1e5 2e 3ex x9y", "# #e #ex x#y", true},
		{"ip 10.0.0.1", "ip #.#", true},
		{"Größe 5", "Größe #", true},
		{"\x00\xff1", "\x00\xff#", true},
	} {
		got, names := mask(nil, []byte(tt.in))
		if string(got) != tt.want || names != tt.names {
			t.Errorf("mask(%q) = %q, %v, want %q, %v", tt.in, got, names, tt.want, tt.names)
		}
	}
}

// FuzzMask: no digit is left that stands for itself, and masking twice is masking once.
func FuzzMask(f *testing.F) {
	for _, s := range []string{"loss 1.5e-3", "0x1f 0x", "a1b2c3d4", "10.0.0.1:80", "\xff\x001"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		m, _ := mask(nil, line)
		if len(m) > len(line) {
			t.Errorf("mask(%q) = %q is longer", line, m)
		}
		if strings.ContainsAny(string(m), "0123456789") {
			t.Errorf("mask(%q) = %q has digits", line, m)
		}
		if again, _ := mask(nil, m); string(again) != string(m) {
			t.Errorf("mask(%q) = %q, masked again %q", line, m, again)
		}
	})
}
