package play

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sluicerun/sluice/cast"
	"github.com/sluicerun/sluice/playback"
)

// stamped notes when what was written.
type stamped struct {
	began time.Time
	lines []string
	stop  func() // after most
	most  int
}

func (s *stamped) Write(p []byte) (int, error) {
	s.lines = append(s.lines, fmt.Sprintf("%v %q", time.Since(s.began), p))
	if s.stop != nil && len(s.lines) == s.most {
		s.stop()
	}
	return len(p), nil
}

func TestPlain(t *testing.T) {
	events := []cast.Event{out(sec, "one"), {Time: sec, Code: cast.Input, Data: []byte("x")}, out(2*sec, "\x1b[6ntwo\x1b[c"), out(60*sec, "three"), out(61*sec, "\x1b[5n"), out(62*sec, "four")}
	for _, c := range []struct {
		name string
		o    Options
		want string
	}{
		{"as it is", Options{}, `1s "one", 2s "two", 1m0s "three", 1m2s "four"`},
		{"idle limit", Options{IdleLimit: 5 * sec}, `1s "one", 2s "two", 7s "three", 9s "four"`},
		{"speed", Options{IdleLimit: 5 * sec, Speed: 2}, `500ms "one", 1s "two", 3.5s "three", 4.5s "four"`},
		{"at once", Options{Speed: MaxSpeed}, `0s "one", 0s "two", 0s "three", 0s "four"`},
		{"until", Options{Until: 60 * sec}, `1s "one", 2s "two", 1m0s "three"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := &stamped{began: time.Now()}
				src := playback.FromEvents(cast.Header{}, events)
				c.o.fill(src)
				if _, err := plain(t.Context(), src, w, c.o); err != nil {
					t.Error(err)
				}
				if got := strings.Join(w.lines, ", "); got != c.want {
					t.Errorf("%s, want %s", got, c.want)
				}
			})
		})
	}
}

func TestPlainFrom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &stamped{began: time.Now()}
		src := playback.FromEvents(cast.Header{IdleTimeLimit: 3 * sec}, []cast.Event{out(sec, "\x1b[?1000hbefore"), out(5*sec, "at"), out(50*sec, "after")})
		o := Options{From: 5 * sec}
		o.fill(src)
		if _, err := plain(t.Context(), src, w, o); err != nil {
			t.Error(err)
		}
		if len(w.lines) != 3 || !strings.Contains(w.lines[0], "before") || strings.Contains(w.lines[0], "1000h") || w.lines[1] != `0s "at"` || w.lines[2] != `3s "after"` {
			t.Errorf("%q", w.lines)
		}
	})
}

func TestPlainLoop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		w := &stamped{began: time.Now(), stop: cancel, most: 5}
		src := playback.FromEvents(cast.Header{}, []cast.Event{out(sec, "a"), out(2*sec, "b")})
		o := Options{Loop: true}
		o.fill(src)
		if _, err := plain(ctx, src, w, o); !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		if got, want := strings.Join(w.lines, ", "), `1s "a", 2s "b", 3s "a", 4s "b", 5s "a"`; got != want {
			t.Errorf("%s, want %s", got, want)
		}
		// One that is empty ends all the same.
		if _, err := plain(t.Context(), playback.FromEvents(cast.Header{}, nil), w, o); err != nil {
			t.Error(err)
		}
	})
}

// Run plays plainly to what is no terminal.
func TestRunPiped(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	got := make(chan string)
	go func() {
		var b strings.Builder
		p := make([]byte, 100)
		for {
			n, err := r.Read(p)
			b.Write(p[:n])
			if err != nil {
				got <- b.String()
				return
			}
		}
	}()
	closed := 0
	o := Options{Out: w, Open: func() (playback.Source, error) {
		return &closer{playback.FromEvents(cast.Header{}, []cast.Event{out(0, "hello "), out(1, "there\x1b[c")}), &closed}, nil
	}}
	if _, err := Run(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	w.Close()
	if text := <-got; text != "hello there" || closed != 1 {
		t.Errorf("%q, closed %d times", text, closed)
	}
	o.Open = func() (playback.Source, error) { return nil, errFailing }
	if _, err := Run(t.Context(), o); !errors.Is(err, errFailing) {
		t.Error(err)
	}
	o.Open = func() (playback.Source, error) {
		return playback.FromEvents(cast.Header{}, []cast.Event{out(0, "x")}), nil
	}
	if _, err := Run(t.Context(), o); !errors.Is(err, os.ErrClosed) {
		t.Errorf("to a closed file: %v", err)
	}
}

type closer struct {
	playback.Source
	n *int
}

func (c *closer) Close() error { *c.n++; return nil }
