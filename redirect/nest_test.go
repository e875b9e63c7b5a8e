//go:build linux || darwin

package redirect

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"
)

// Every order of redirecting, writing and restoring is compared with a model of
// two stacks.
func TestNesting(t *testing.T) {
	if !alone(t) {
		return
	}
	runs := 0
	rapid.Check(t, func(rt *rapid.T) {
		runs++
		s := newScene(t)
		for i := range 2 { // a fresh pair of files in the terminal's place
			name := fmt.Sprintf("term%d.%d", runs, i+1)
			s.put(name, "")
			d, _, err := openFile(s.path(name), 0)
			if err != nil {
				rt.Fatal(err)
			}
			s.replace(i+1, int(d))
			d.close()
		}
		before := [2]string{snapshot(1), snapshot(2)}
		type level struct {
			r       *Redirection
			tee     bool
			names   [3]string
			streams []int
		}
		var levels []*level
		want := map[string]string{}
		for step := range rapid.IntRange(1, 12).Draw(rt, "steps") {
			switch rapid.IntRange(0, 2).Draw(rt, "what") {
			case 0:
				l := &level{tee: rapid.Bool().Draw(rt, "tee")}
				var opts []Option
				if l.tee {
					opts = append(opts, Tee)
				}
				a, b := fmt.Sprintf("%d.%d.a", runs, step), fmt.Sprintf("%d.%d.b", runs, step)
				switch rapid.IntRange(0, 3).Draw(rt, "which") {
				case 0:
					l.r, l.streams, l.names = s.ok(Stdout(s.path(a), opts...)), []int{1}, [3]string{1: a}
				case 1:
					l.r, l.streams, l.names = s.ok(Stderr(s.path(a), opts...)), []int{2}, [3]string{2: a}
				case 2:
					l.r, l.streams, l.names = s.ok(Both(s.path(a), s.path(b), opts...)), []int{1, 2}, [3]string{1: a, 2: b}
				case 3: // one file; only stdout is written, since the order of two tees is open
					l.r, l.streams, l.names = s.ok(Both(s.path(a), s.path(a), opts...)), []int{1, 2}, [3]string{1: a, 2: a}
				}
				levels = append(levels, l)
			case 1:
				fd := rapid.IntRange(1, 2).Draw(rt, "fd")
				text := fmt.Sprintf("%d\n", step)
				s.say(fd, text)
				below := true
				for _, l := range slices.Backward(levels) {
					if !slices.Contains(l.streams, fd) {
						continue
					}
					want[l.names[fd]] += text
					if below = l.tee; !below {
						break
					}
				}
				if below {
					want[fmt.Sprintf("term%d.%d", runs, fd)] += text
				}
			case 2:
				if len(levels) > 0 {
					i := rapid.IntRange(0, len(levels)-1).Draw(rt, "restored")
					s.restore(levels[i].r)
					levels = slices.Delete(levels, i, i+1)
				}
			}
		}
		for len(levels) > 0 {
			i := rapid.IntRange(0, len(levels)-1).Draw(rt, "restored")
			s.restore(levels[i].r)
			levels = slices.Delete(levels, i, i+1)
		}
		if after := [2]string{snapshot(1), snapshot(2)}; after != before {
			rt.Fatalf("the streams were %q and are %q", before, after)
		}
		for name, text := range want {
			got := read(t, s.path(name))
			// Two pipes into one file deliver in either order, so there only the
			// lines count.
			if sortLines(got) != sortLines(text) {
				rt.Fatalf("%s holds %q, want %q", name, got, text)
			}
		}
	})
}

func sortLines(text string) string {
	lines := strings.SplitAfter(text, "\n")
	slices.Sort(lines)
	return strings.Join(lines, "")
}

func TestConcurrentRedirections(t *testing.T) {
	if !alone(t) {
		return
	}
	s := newScene(t)
	s.restore(s.ok(Stdout(s.path("warm-up"), Tee)))
	before := openFDs(t)
	var wg sync.WaitGroup
	for g := range 6 {
		wg.Go(func() {
			name := s.path(fmt.Sprint(g))
			for i := range 40 {
				var opts []Option
				if (g+i)%2 == 0 {
					opts = append(opts, Tee)
				}
				var r *Redirection
				var err error
				switch (g + i) % 3 {
				case 0:
					r, err = Stdout(name, opts...)
				case 1:
					r, err = Stderr(name, opts...)
				default:
					r, err = Both(name, name, opts...)
				}
				if err != nil {
					t.Error(err)
					return
				}
				fmt.Printf("%d %d\n", g, i)
				if err := r.Restore(); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if after := openFDs(t); after != before {
		t.Errorf("descriptors changed\n%s\nto\n%s", before, after)
	}
	s.say(1, "the end\n")
	if text := read(t, s.path("term.out")); !strings.HasSuffix(text, "the end\n") {
		t.Errorf("stdout did not come back: %q", text)
	}
}
