package playback

import (
	"bufio"
	"context"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/sluicerun/sluice/cast"
)

// record writes a recording to a file.
func record(t testing.TB, f cast.Format, events []cast.Event) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "it."+f.String())
	file, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	b := bufio.NewWriter(file)
	w, err := cast.NewWriter(b, f, header)
	if err != nil {
		t.Fatal(err)
	}
	w.SetExact(true)
	for _, e := range events {
		if err := w.Write(e); err != nil {
			t.Fatal(err)
		}
	}
	for _, done := range []func() error{w.Close, b.Flush, file.Close} {
		if err := done(); err != nil {
			t.Fatal(err)
		}
	}
	return name
}

func open(t testing.TB, name string) *cast.Reader {
	t.Helper()
	r, err := cast.Open(name, cast.ReadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	return r
}

// Files are sources: what is seen in them is what the events give, whatever way
// one goes, with characters cut between events, and an index that was kept.
func TestFiles(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 7))
	events := randomEvents(r, 900, true)
	end := events[len(events)-1].Time
	for _, f := range []cast.Format{cast.V1, cast.V2, cast.V3, cast.TTYRec} {
		t.Run(f.String(), func(t *testing.T) {
			var mine []cast.Event
			for _, e := range events {
				if f == cast.V2 || f == cast.V3 || f == cast.TTYRec && e.Code == cast.Resize || e.Code == cast.Output {
					mine = append(mine, e)
				}
			}
			name := record(t, f, mine)
			x := &Index{}
			if err := x.Build(context.Background(), open(t, name)); err != nil {
				t.Fatal(err)
			}
			file, err := os.Open(name)
			if err != nil {
				t.Fatal(err)
			}
			id, err := Identify(file)
			file.Close()
			if err != nil {
				t.Fatal(err)
			}
			if err := SaveIndex(name+".index", x, id); err != nil {
				t.Fatal(err)
			}
			if x = LoadIndex(name+".index", id); len(x.frames) < 2 {
				t.Fatalf("%d keyframes", len(x.frames))
			}
			s := NewScreen(open(t, name), x)
			for range 8 {
				at := time.Duration(r.Int64N(int64(end)))
				got, err := s.At(at)
				if err != nil {
					t.Fatal(err)
				}
				if want := play(header, mine, at); shown(t, got) != shown(t, want) {
					t.Errorf("at %v:\n%s\nwant\n%s", at, got.Text(false), want.Text(false))
				}
			}
		})
	}
}

// The whole way, from a file of 100 MB.
func BenchmarkFile(b *testing.B) {
	name := record(b, cast.V3, hour())
	st, err := os.Stat(name)
	if err != nil {
		b.Fatal(err)
	}
	x := &Index{}
	b.Run("index", func(b *testing.B) {
		b.SetBytes(st.Size())
		for b.Loop() {
			x = &Index{}
			if err := x.Build(context.Background(), open(b, name)); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("seek", func(b *testing.B) {
		s := NewScreen(open(b, name), x)
		r := rand.New(rand.NewPCG(1, 1))
		worst := time.Duration(0)
		for b.Loop() {
			start := time.Now()
			if _, err := s.At(time.Duration(r.Int64N(int64(time.Hour)))); err != nil {
				b.Fatal(err)
			}
			worst = max(worst, time.Since(start))
		}
		b.ReportMetric(b.Elapsed().Seconds()*1000/float64(b.N), "ms/seek")
		b.ReportMetric(worst.Seconds()*1000, "ms/worst")
	})
}
