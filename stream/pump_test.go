//go:build linux

package stream

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"
	"pgregory.net/rapid"

	"github.com/sluicerun/sluice/job"
)

func mustCreate(t *testing.T, dir string, opt LogOptions) *Log {
	t.Helper()
	l, err := Create(dir, "stdout.log", opt)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	return l
}

func write(t *testing.T, w io.Writer, b string) {
	t.Helper()
	if _, err := io.WriteString(w, b); err != nil {
		t.Error(err)
	}
}

func TestCreateWantsNothingThere(t *testing.T) {
	dir := t.TempDir()
	l := mustCreate(t, dir, LogOptions{})
	if fi, err := os.Stat(l.path()); err != nil || fi.Mode().Perm() != 0o600 {
		t.Errorf("the file: %v, %v", fi.Mode(), err)
	}
	if _, err := Create(dir, "stdout.log", LogOptions{}); !errors.Is(err, os.ErrExist) {
		t.Errorf("Create on an existing log: %v", err)
	}
	a := archive{0, 10, packed}.file("other.log")
	if err := os.WriteFile(filepath.Join(dir, a), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Create(dir, "other.log", LogOptions{}); !errors.Is(err, os.ErrExist) {
		t.Errorf("Create beside an old archive: %v", err)
	}
	if _, err := l.WriterFile(); err == nil {
		t.Error("a spliced log gave its file to a worker")
	}
}

func TestThreePumps(t *testing.T) {
	size := int64(100 << 20)
	if testing.Short() {
		size = 10 << 20
	}
	limit := make(chan struct{}, 2)
	var wg sync.WaitGroup
	for i := range 3 {
		dir := t.TempDir()
		l := mustCreate(t, dir, LogOptions{Rotate: job.Rotate{MaxSize: []int64{0, 9 << 20, 1 << 20}[i]}})
		r, w := pipe(t)
		var told atomic.Int64
		p := StartPump(r, l, PumpOptions{Limit: limit, OnData: func(n int64, at time.Time) {
			told.Add(n)
			if at.IsZero() {
				t.Error("no time")
			}
		}})
		wrote, written := sha256.New(), make(chan struct{})
		wg.Go(func() {
			defer close(written)
			defer w.Close()
			txt := newText(uint64(i), 200)
			out := io.MultiWriter(w, wrote)
			for left := size; left > 0; {
				n, err := out.Write(txt.next(int(min(left, 100000))))
				if err != nil {
					t.Error(err)
					return
				}
				left -= int64(n)
			}
		})
		wg.Go(func() {
			<-p.Done()
			<-written
			read := sha256.New()
			n, err := io.Copy(read, io.NewSectionReader(l, 0, l.Size()))
			if err != nil || n != size || told.Load() != size || !bytes.Equal(read.Sum(nil), wrote.Sum(nil)) {
				t.Errorf("log %d: %d bytes of %d, told of %d, %v, checksums equal: %v", i, n, size, told.Load(), err,
					bytes.Equal(read.Sum(nil), wrote.Sum(nil)))
			}
		})
	}
	wg.Wait()
}

// Archives end with lines and keep the limit, unless a line is longer.
func TestRotationCutsAtLineEnds(t *testing.T) {
	base := t.TempDir()
	n := 0
	rapid.Check(t, func(rt *rapid.T) {
		n++
		dir := filepath.Join(base, fmt.Sprint(n))
		if err := os.Mkdir(dir, 0o700); err != nil {
			rt.Fatal(err)
		}
		limit := rapid.IntRange(1, 3000).Draw(rt, "limit")
		lines := rapid.SliceOfN(rapid.IntRange(0, 2000), 1, 60).Draw(rt, "lines")
		chunk := rapid.IntRange(1, 5000).Draw(rt, "chunk")
		longest := 0
		var data []byte
		for i, k := range lines {
			data = append(data, strings.Repeat(string(rune('a'+i%26)), k)...)
			data = append(data, '\n')
			longest = max(longest, k+1)
		}
		data = append(data, "no end"...)
		l, err := Create(dir, "stdout.log", LogOptions{Rotate: job.Rotate{MaxSize: int64(limit)}})
		if err != nil {
			rt.Fatal(err)
		}
		defer l.Close()
		r, w := pipe(t)
		defer r.Close()
		p := StartPump(r, l, PumpOptions{})
		for b := data; len(b) > 0; {
			k := min(chunk, len(b))
			if _, err := w.Write(b[:k]); err != nil {
				rt.Fatal(err)
			}
			b = b[k:]
		}
		w.Close()
		<-p.Done()
		as, err := listArchives(dir, "stdout.log")
		if err != nil {
			rt.Fatal(err)
		}
		var at int64
		for _, a := range as {
			b, err := os.ReadFile(filepath.Join(dir, a.file("stdout.log")))
			if err != nil || a.from != at || int64(len(b)) != a.to-a.from {
				rt.Fatalf("archive %+v after %d: %d bytes, %v", a, at, len(b), err)
			}
			if b[len(b)-1] != '\n' {
				rt.Fatalf("archive %+v ends in the middle of a line", a)
			}
			if len(b) > limit+longest {
				rt.Fatalf("archive %+v: %d bytes with a limit of %d and lines of %d at most", a, len(b), limit, longest)
			}
			at = a.to
		}
		got, err := io.ReadAll(io.NewSectionReader(l, 0, l.Size()))
		if err != nil || !bytes.Equal(got, data) {
			rt.Fatalf("%d bytes of %d, %v", len(got), len(data), err)
		}
		if f := readAll(t, dir); !bytes.Equal(f, data) {
			rt.Fatalf("follower: %d bytes of %d", len(f), len(data))
		}
		os.RemoveAll(dir)
	})
}

func TestLongLinesAreNotSplit(t *testing.T) {
	dir := t.TempDir()
	ev := newEvents()
	l := mustCreate(t, dir, LogOptions{Rotate: job.Rotate{MaxSize: 100000}, OnEvent: ev.on})
	r, w := pipe(t)
	p := StartPump(r, l, PumpOptions{})
	line := strings.Repeat("x", 1<<20-1) + "\n"
	for range 5 {
		write(t, w, line)
	}
	w.Close()
	<-p.Done()
	as, err := listArchives(dir, "stdout.log")
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range as {
		if (a.to-a.from)%(1<<20) != 0 {
			t.Errorf("archive %+v splits a line", a)
		}
	}
	if n, _ := ev.count(job.EventLogRotated); n != 4 || len(as) != 4 {
		t.Errorf("%d rotations told, %d archives, want 4: the last line is not over the limit before more comes", n, len(as))
	}
	same(t, "log", readAll(t, dir), bytes.Repeat([]byte(line), 5))
}

func TestKeepAndCompress(t *testing.T) {
	dir := t.TempDir()
	limit := make(chan struct{}, 1)
	l, err := Create(dir, "stdout.log", LogOptions{
		Rotate: job.Rotate{MaxSize: 10000, Keep: 3, Compress: true}, CompressLimit: limit,
	})
	if err != nil {
		t.Fatal(err)
	}
	r, w := pipe(t)
	p := StartPump(r, l, PumpOptions{})
	want := wantText(1, 100, 300000)
	write(t, w, string(want))
	w.Close()
	<-p.Done()
	base, size := l.Base(), l.Size()
	_, err = l.ReadAt(make([]byte, 10), base-1)
	var skip *SkippedError
	if !errors.As(err, &skip) || skip.From != base-1 || skip.To != base {
		t.Errorf("reading below the base %d: %v", base, err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	names := listDir(t, dir)
	if hasSuffix(names, ".zst") != 3 || len(names) != 4 {
		t.Errorf("files: %q", names)
	}
	f, err := OpenFollower(dir, "stdout.log", 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.Read(make([]byte, 10)); !errors.As(err, &skip) || skip.From != 0 || skip.To != base || f.Offset() != base {
		t.Errorf("following from 0: %v, now at %d", err, f.Offset())
	}
	same(t, "kept", drainFollower(t, f), want[base:])
	if size != int64(len(want)) {
		t.Errorf("size %d", size)
	}
}

// The worker has ended; a grandchild holds the pipe and writes on.
func TestDrainDoesNotWaitForTheEnd(t *testing.T) {
	dir := t.TempDir()
	l := mustCreate(t, dir, LogOptions{})
	r, w := pipe(t)
	p := StartPump(r, l, PumpOptions{})
	write(t, w, "last words\n")
	p.Drain()
	p.Drain()
	same(t, "log", readAll(t, dir), []byte("last words\n"))
	write(t, w, "too late\n")
	if n, err := DrainTo(r, dir, "stdout.log"); n != 9 || err != nil {
		t.Errorf("DrainTo = %d, %v", n, err)
	}
	same(t, "log", readAll(t, dir), []byte("last words\ntoo late\n"))
	if p.Dropped() != 0 {
		t.Errorf("%d dropped", p.Dropped())
	}
}

func TestClosingThePipeStopsThePump(t *testing.T) {
	ev := newEvents()
	l := mustCreate(t, t.TempDir(), LogOptions{OnEvent: ev.on})
	r, _ := pipe(t)
	p := StartPump(r, l, PumpOptions{})
	r.Close()
	<-p.Done()
	if n, _ := ev.count(job.EventLogError); n != 0 {
		t.Errorf("%d errors told", n)
	}
}

func TestNotAPipe(t *testing.T) {
	ev := newEvents()
	l := mustCreate(t, t.TempDir(), LogOptions{OnEvent: ev.on})
	s, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	r, w := os.NewFile(uintptr(s[0]), "socket"), os.NewFile(uintptr(s[1]), "socket")
	defer r.Close()
	defer w.Close()
	p := StartPump(r, l, PumpOptions{})
	write(t, w, "x")
	<-p.Done()
	if e := ev.await(t, job.EventLogError); !strings.Contains(e.Detail, "not a pipe") {
		t.Errorf("told: %s", e.Detail)
	}
}

// What a file system without splice gets.
func TestCopying(t *testing.T) {
	dir := t.TempDir()
	l := mustCreate(t, dir, LogOptions{Rotate: job.Rotate{MaxSize: 100000}})
	l.copies = true
	r, w := pipe(t)
	p := StartPump(r, l, PumpOptions{})
	want := wantText(5, 300, 2<<20)
	write(t, w, string(want))
	w.Close()
	<-p.Done()
	same(t, "log", readAll(t, dir), want)
}

func TestChattyPipesGrow(t *testing.T) {
	l := mustCreate(t, t.TempDir(), LogOptions{})
	r, w := pipe(t)
	p := StartPump(r, l, PumpOptions{})
	b := strings.Repeat("y", 1<<20)
	for range 40 {
		write(t, w, b)
	}
	size, err := unix.FcntlInt(w.Fd(), unix.F_GETPIPE_SZ, 0)
	w.Close()
	<-p.Done()
	if err != nil || size != bigPipe && os.Geteuid() == 0 {
		t.Errorf("pipe of %d bytes, %v", size, err)
	}
}

func TestDeletedUnderUs(t *testing.T) {
	for _, c := range []struct {
		name string
		away func(dir string) error
	}{
		{"unlink", func(dir string) error { return os.Remove(filepath.Join(dir, "stdout.log")) }},
		{"rename", func(dir string) error {
			return os.Rename(filepath.Join(dir, "stdout.log"), filepath.Join(dir, "old"))
		}},
		{"replace", func(dir string) error {
			os.Remove(filepath.Join(dir, "stdout.log"))
			return os.WriteFile(filepath.Join(dir, "stdout.log"), []byte("mine"), 0o600)
		}},
		{"directory", func(dir string) error { return os.RemoveAll(dir) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "d")
			if err := os.Mkdir(dir, 0o700); err != nil {
				t.Fatal(err)
			}
			ev := newEvents()
			l := mustCreate(t, dir, LogOptions{OnEvent: ev.on})
			r, w := pipe(t)
			data := make(chan int64, 100)
			p := StartPump(r, l, PumpOptions{OnData: func(n int64, _ time.Time) { data <- n }})
			write(t, w, "before\n")
			<-data
			if err := c.away(dir); err != nil {
				t.Fatal(err)
			}
			l.wmu.Lock()
			l.checked = time.Time{} // as if a second had gone by
			l.wmu.Unlock()
			write(t, w, "meanwhile\n")
			e := ev.await(t, job.EventLogError)
			if e.Bytes != 7 || e.Offset != 7 || !strings.Contains(e.Detail, "bytes 0 to 7") {
				t.Errorf("told: %+v", e)
			}
			write(t, w, "after\n")
			w.Close()
			<-p.Done()
			f, err := OpenFollower(dir, "stdout.log", 3)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			var skip *SkippedError
			if _, err := f.Read(make([]byte, 9)); !errors.As(err, &skip) || skip.From != 3 || skip.To != 7 {
				t.Errorf("what went away: %v", err)
			}
			same(t, "log", drainFollower(t, f), []byte("meanwhile\nafter\n"))
			if l.Size() != 23 || l.Base() != 7 {
				t.Errorf("size %d, base %d", l.Size(), l.Base())
			}
			if c.name == "replace" {
				if b, err := os.ReadFile(filepath.Join(dir, "stdout.log.other-0")); string(b) != "mine" {
					t.Errorf("the other file: %q, %v", b, err)
				}
			}
			// The numbering survives the process.
			l2, err := Open(dir, "stdout.log", LogOptions{})
			if err != nil {
				t.Fatal(err)
			}
			defer l2.Close()
			if l2.Size() != 23 {
				t.Errorf("opened again: size %d", l2.Size())
			}
		})
	}
}

func TestTruncatedUnderUs(t *testing.T) {
	dir := t.TempDir()
	ev := newEvents()
	l := mustCreate(t, dir, LogOptions{OnEvent: ev.on})
	r, w := pipe(t)
	p := StartPump(r, l, PumpOptions{})
	write(t, w, "before\n")
	w.Close()
	<-p.Done()
	if err := os.Truncate(l.path(), 0); err != nil {
		t.Fatal(err)
	}
	r, w = pipe(t)
	p = StartPump(r, l, PumpOptions{})
	l.wmu.Lock()
	if err := l.checkPlace(); err != nil {
		t.Error(err)
	}
	l.wmu.Unlock()
	write(t, w, "after\n")
	w.Close()
	<-p.Done()
	if e := ev.await(t, job.EventLogError); e.Bytes != 7 {
		t.Errorf("told: %+v", e)
	}
	same(t, "log", readAll(t, dir), []byte("\x00\x00\x00\x00\x00\x00\x00after\n"))
}
