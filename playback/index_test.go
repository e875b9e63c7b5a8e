package playback

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"github.com/sluicerun/sluice/cast"
)

func build(t testing.TB, events []cast.Event) *Index {
	t.Helper()
	x := &Index{}
	if err := x.Build(context.Background(), FromEvents(header, events)); err != nil {
		t.Fatal(err)
	}
	return x
}

func TestIndex(t *testing.T) {
	events := longEvents(3<<20, 40*time.Minute)
	mid := len(events) / 2
	events[mid] = cast.Event{Time: events[mid].Time, Code: cast.Marker, Data: []byte("middle")}
	x := build(t, events)
	if d, done := x.Duration(); d != events[len(events)-1].Time || !done {
		t.Errorf("it lasts %v (%v), want %v", d, done, events[len(events)-1].Time)
	}
	if got, want := x.Markers(), []Marker{{events[mid].Time, "middle"}}; !reflect.DeepEqual(got, want) {
		t.Errorf("markers %v, want %v", got, want)
	}
	// Every keyframe is within reach of the one before.
	at, count := time.Duration(0), int64(0)
	for _, k := range x.frames {
		if k.Since > everyBytes+1<<20 || k.Count <= count || k.Time < at {
			t.Errorf("a keyframe at %v, %d bytes and %d events after the one at %v", k.Time, k.Since, k.Count-count, at)
		}
		at, count = k.Time, k.Count
	}
	if len(x.frames) < 60 {
		t.Errorf("%d keyframes in 40 minutes", len(x.frames))
	}
	events2 := append([]cast.Event(nil), events...)
	if err := x.Build(context.Background(), FromEvents(header, events2)); err != nil || len(x.Markers()) != 1 {
		t.Errorf("once more: %v, %d markers", err, len(x.Markers()))
	}
}

// A small budget keeps fewer keyframes, over all of the recording.
func TestThinOut(t *testing.T) {
	events := longEvents(1<<20, time.Hour)
	x := &Index{limit: 8 << 10}
	if err := x.Build(context.Background(), FromEvents(header, events)); err != nil {
		t.Fatal(err)
	}
	if x.size > x.limit || len(x.frames) < 3 || x.thin == 0 {
		t.Fatalf("%d bytes in %d keyframes, want at most %d", x.size, len(x.frames), x.limit)
	}
	end, gap, before := events[len(events)-1].Time, time.Duration(0), time.Duration(0)
	sum := 0
	for _, k := range x.frames {
		gap, before = max(gap, k.Time-before), k.Time
		sum += len(k.dump)
	}
	if gap = max(gap, end-before); gap > end/2 {
		t.Errorf("a gap of %v", gap)
	}
	if sum != x.size {
		t.Errorf("%d bytes, counted %d", sum, x.size)
	}
	s := NewScreen(FromEvents(header, events), x)
	for _, at := range []time.Duration{end, end / 3, end / 2, 0} {
		got, err := s.At(at)
		if err != nil || shown(t, got) != shown(t, play(header, events, at)) {
			t.Errorf("at %v: %v\n%s", at, err, got.Text(false))
		}
	}
}

// The work of a Build that was ended is not lost.
func TestBuildAgain(t *testing.T) {
	events := longEvents(1<<20, 10*time.Minute)
	ctx, cancel := context.WithCancel(context.Background())
	src := &counting{Source: FromEvents(header, events), at: len(events) / 2, do: cancel}
	x := &Index{}
	if err := x.Build(ctx, src); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	known := len(x.frames)
	again := &counting{Source: FromEvents(header, events)}
	if err := x.Build(context.Background(), again); err != nil {
		t.Fatal(err)
	}
	if d, done := x.Duration(); !done || d != events[len(events)-1].Time {
		t.Errorf("%v %v", d, done)
	}
	if known == 0 || again.n > len(events)*2/3 {
		t.Errorf("%d keyframes were there, and still %d of %d events were read", known, again.n, len(events))
	}
	whole := build(t, events)
	if len(x.frames) != len(whole.frames) {
		t.Errorf("%d keyframes, want %d", len(x.frames), len(whole.frames))
	}
}

type counting struct {
	Source
	n, at int
	do    func()
}

func (c *counting) Next() (cast.Event, error) {
	if c.n++; c.n == c.at {
		c.do()
	}
	return c.Source.Next()
}

func TestIndexFile(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "demo.cast")
	if err := os.WriteFile(name, bytes.Repeat([]byte("recording\n"), 10000), 0o600); err != nil {
		t.Fatal(err)
	}
	identity := func() Identity {
		f, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		id, err := Identify(f)
		if err != nil {
			t.Fatal(err)
		}
		return id
	}
	id := identity()
	events := longEvents(1<<20, 3*time.Minute)
	events[5] = ev(0, "m:x")
	events[5].Time = events[4].Time
	x := build(t, events)
	file := filepath.Join(dir, "cache", "index", "it")
	if err := SaveIndex(file, x, id); err != nil {
		t.Fatal(err)
	}
	if st, err := os.Stat(file); err != nil || st.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", st.Mode(), err)
	}
	y := LoadIndex(file, id)
	if !reflect.DeepEqual(x.frames, y.frames) || !reflect.DeepEqual(x.Markers(), y.Markers()) || x.count != y.count || x.size != y.size || !y.done || x.last != y.last {
		t.Errorf("it came back otherwise: %d frames, want %d", len(y.frames), len(x.frames))
	}
	s := NewScreen(FromEvents(header, events), y)
	if got, err := s.At(2 * time.Minute); err != nil || shown(t, got) != shown(t, play(header, events, 2*time.Minute)) {
		t.Errorf("with it: %v\n%s", err, got.Text(false))
	}
	if got := LoadIndex(file+"x", id); got == nil || len(got.frames) > 0 {
		t.Error("an index that is not there has something in it")
	}
	// The recording has changed.
	now := time.Now().Add(time.Hour)
	if err := os.Chtimes(name, now, now); err != nil {
		t.Fatal(err)
	}
	if other := identity(); other == id || len(LoadIndex(file, other).frames) > 0 {
		t.Error("the index of a recording that has changed was taken")
	}
	// Damage anywhere is noticed.
	var b bytes.Buffer
	if err := x.Write(&b, id); err != nil {
		t.Fatal(err)
	}
	whole := b.Bytes()
	for i := 0; i < len(whole); i += 1 + i/50 {
		bad := bytes.Clone(whole)
		bad[i] ^= 0x10
		if _, err := ReadIndex(bytes.NewReader(bad), id); err == nil {
			t.Fatalf("byte %d is wrong, and no error", i)
		}
		if _, err := ReadIndex(bytes.NewReader(whole[:i]), id); err == nil {
			t.Fatalf("cut at %d, and no error", i)
		}
	}
}

func TestCacheFile(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	a, err := CacheFile("a.cast")
	if err != nil {
		t.Fatal(err)
	}
	abs, _ := filepath.Abs("a.cast")
	if again, _ := CacheFile(abs); again != a {
		t.Errorf("%s is at %s and at %s", abs, a, again)
	}
	if b, _ := CacheFile("b.cast"); b == a {
		t.Errorf("two recordings have the index %s", a)
	}
}

func FuzzReadIndex(f *testing.F) {
	id := Identity{Size: 7}
	var b bytes.Buffer
	if err := build(f, []cast.Event{ev(0, "a"), ev(20000, "b")}).Write(&b, id); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes())
	b.Reset()
	if err := build(f, longEvents(200<<10, time.Minute)).Write(&b, id); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes())
	f.Add([]byte(indexMagic))
	f.Fuzz(func(t *testing.T, p []byte) {
		x, err := ReadIndex(bytes.NewReader(seal(p)), id)
		if err != nil {
			return
		}
		for _, k := range x.frames {
			if k.Cols > 100 || k.Rows > 100 || len(k.dump) > 4096 {
				continue // a large screen is slow, not wrong
			}
			k.terminal()
		}
		x.before(time.Second)
	})
}

// seal makes the sum at the end right, or the fuzzer would not come far.
func seal(p []byte) []byte {
	if len(p) < 4 {
		return p
	}
	body := p[:len(p)-4]
	return binary.LittleEndian.AppendUint32(bytes.Clone(body), crc32.Checksum(body, castagnoli))
}
