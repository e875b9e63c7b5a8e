//go:build linux

package stream

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/sluicerun/sluice/job"
)

// follower reads until it has n bytes, waiting for them.
func readN(t *testing.T, f *Follower, n int64) []byte {
	t.Helper()
	out := make([]byte, 0, n)
	buf := make([]byte, 50000)
	for int64(len(out)) < n {
		k, err := f.Read(buf)
		out = append(out, buf[:k]...)
		if err == io.EOF {
			err = f.Wait(t.Context())
		}
		if err != nil {
			t.Fatalf("at %d: %v", f.Offset(), err)
		}
	}
	return out
}

// Another process writes, rotates and compresses; the follower is right all along.
func TestFollowRotation(t *testing.T) {
	size := int64(pick(8<<20, 32<<20))
	for _, role := range []string{"pump", "keep"} {
		t.Run(role, func(t *testing.T) {
			onFS(t, func(t *testing.T, dir string) {
				flood := child("flood", "SEED=5", "LINE=200", fmt.Sprint("BYTES=", size))
				owner := child(role, "DIR="+dir, "MAX=150000", "COMPRESS=1")
				var stop *os.File
				if role == "pump" {
					r, w := pipe(t)
					owner.ExtraFiles = []*os.File{r}
					flood.Stdout, stop = w, w
				} else {
					l, err := Create(dir, "stdout.log", LogOptions{Direct: true})
					if err != nil {
						t.Fatal(err)
					}
					if flood.Stdout, err = l.WriterFile(); err != nil {
						t.Fatal(err)
					}
					defer flood.Stdout.(*os.File).Close()
					l.Close()
					owner.Stdin, stop = pipe(t)
				}
				f, err := OpenFollower(dir, "stdout.log", 0)
				if err != nil {
					t.Fatal(err)
				}
				defer f.Close()
				for _, c := range []*exec.Cmd{owner, flood} {
					if err := c.Start(); err != nil {
						t.Fatal(err)
					}
				}
				if role == "pump" {
					stop.Close()
				}
				want := wantText(5, 200, size)
				same(t, "followed", readN(t, f, size), want)
				if err := flood.Wait(); err != nil {
					t.Error(err)
				}
				stop.Close()
				if err := owner.Wait(); err != nil {
					t.Error(err)
				}
				same(t, "read after", readAll(t, dir), want)
				if end, err := Size(dir, "stdout.log"); end != size || err != nil {
					t.Errorf("Size = %d, %v", end, err)
				}
				if n := hasSuffix(listDir(t, dir), ".zst"); n < int(size/200000) {
					t.Errorf("%d compressed archives of %d bytes", n, size)
				}
			})
		})
	}
}

func TestFollowerWaits(t *testing.T) {
	dir := t.TempDir()
	f, err := OpenFollower(dir, "stdout.log", 0) // it comes later
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.Read(make([]byte, 1)); err != io.EOF {
		t.Fatalf("reading what is not there: %v", err)
	}
	waited := make(chan error)
	wait := func(ctx context.Context) { go func() { waited <- f.Wait(ctx) }() }
	wait(t.Context())
	l := mustCreate(t, dir, LogOptions{})
	r, w := pipe(t)
	p := StartPump(r, l, PumpOptions{})
	write(t, w, "hello\n")
	if err := <-waited; err != nil {
		t.Fatal(err)
	}
	same(t, "read", drainFollower(t, f), []byte("hello\n"))
	ctx, cancel := context.WithCancel(t.Context())
	wait(ctx)
	cancel()
	if err := <-waited; !errors.Is(err, context.Canceled) {
		t.Errorf("Wait gives %v", err)
	}
	write(t, w, "more\n")
	w.Close()
	<-p.Done()
	f.Finish()
	if err := f.Wait(t.Context()); err != nil {
		t.Errorf("finished, but there is more to read: %v", err)
	}
	same(t, "read", drainFollower(t, f), []byte("more\n"))
	if err := f.Wait(t.Context()); err != io.EOF {
		t.Errorf("all was read: %v", err)
	}
}

// A log is one stream of bytes, to its end or until its reader has enough.
func TestFollowerReader(t *testing.T) {
	dir := t.TempDir()
	f, err := OpenFollower(dir, "stdout.log", 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	l := mustCreate(t, dir, LogOptions{})
	r, w := pipe(t)
	p := StartPump(r, l, PumpOptions{})
	write(t, w, "one\n")
	lines := bufio.NewReader(f.Reader(t.Context()))
	if line, err := lines.ReadString('\n'); line != "one\n" || err != nil {
		t.Errorf("%q, %v", line, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(time.Millisecond, cancel)
	if n, err := f.Reader(ctx).Read(make([]byte, 9)); n != 0 || !errors.Is(err, context.Canceled) {
		t.Errorf("%d, %v", n, err)
	}
	write(t, w, "two\nrest")
	w.Close()
	<-p.Done()
	f.Finish()
	if rest, err := io.ReadAll(lines); string(rest) != "two\nrest" || err != nil {
		t.Errorf("%q, %v", rest, err)
	}
}

func TestWatcherIsShared(t *testing.T) {
	w, err := NewWatcher()
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	root := t.TempDir()
	waited := make(chan int)
	const n = 20
	for i := range n {
		dir := filepath.Join(root, fmt.Sprint(i/2))
		os.Mkdir(dir, 0o700)
		f, err := w.Follow(dir, []string{"stdout.log", "stderr.log"}[i%2], 0)
		if err != nil {
			t.Fatal(err)
		}
		go func() {
			defer f.Close()
			if err := f.Wait(t.Context()); err != nil {
				t.Error(err)
			}
			waited <- i
		}()
	}
	for i := range n {
		path := filepath.Join(root, fmt.Sprint(i/2), []string{"stdout.log", "stderr.log"}[i%2])
		if err := os.WriteFile(path, []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
		if got := <-waited; got != i {
			t.Errorf("%d woke up for %d", got, i)
		}
	}
	f, err := w.Follow(filepath.Join(root, "0"), "gone.log", 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	go func() { // ends by the directory's end
		if err := f.Wait(t.Context()); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("the directory is gone: %v", err)
		}
		waited <- 0
	}()
	if err := os.RemoveAll(root); err != nil {
		t.Fatal(err)
	}
	<-waited
}

func TestFollowerPolls(t *testing.T) {
	dir := t.TempDir()
	f, err := OpenFollower(dir, "stdout.log", 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	// As on a file system of another host: inotify hears of nothing.
	f.sub, f.w, f.unwatched = &subscription{w: &Watcher{}}, &Watcher{}, true
	waited := make(chan error)
	go func() { waited <- f.Wait(t.Context()) }()
	if err := os.WriteFile(filepath.Join(dir, "stdout.log"), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := <-waited; err != nil {
		t.Error(err)
	}
	f.sub = nil
}

func TestFollowerOfFileCutBack(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "stdout.log")
	if err := os.WriteFile(path, []byte("a long beginning\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := OpenFollower(dir, "stdout.log", 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	drainFollower(t, f)
	if err := os.WriteFile(path, []byte("new\n"), 0o600); err != nil { // truncates
		t.Fatal(err)
	}
	if err := f.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	var skip *SkippedError
	if _, err := f.Read(make([]byte, 10)); !errors.As(err, &skip) || skip.From != 17 || skip.To != 17 {
		t.Errorf("told: %v", err)
	}
	same(t, "read", drainFollower(t, f), []byte("new\n"))
}

func TestTailOffset(t *testing.T) {
	if _, err := TailOffset(t.TempDir(), "stdout.log", 3); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no log: %v", err)
	}
	base := t.TempDir()
	n := 0
	rapid.Check(t, func(rt *rapid.T) {
		n++
		dir := filepath.Join(base, fmt.Sprint(n))
		os.Mkdir(dir, 0o700)
		var b bytes.Buffer
		for i, k := range rapid.SliceOfN(rapid.IntRange(0, 40000), 0, 12).Draw(rt, "lines") {
			b.WriteString(strings.Repeat(string(rune('a'+i)), k) + "\n")
		}
		if rapid.Bool().Draw(rt, "partial") {
			b.WriteString("partial")
		}
		data := b.Bytes()
		// Archives of any length: the reader does not rely on line ends.
		from := 0
		for rapid.Bool().Draw(rt, "archive") && from < len(data) {
			to := rapid.IntRange(from+1, len(data)).Draw(rt, "to")
			a := archive{int64(from), int64(to), plain}
			os.WriteFile(filepath.Join(dir, a.file("stdout.log")), data[from:to], 0o600)
			from = to
		}
		os.WriteFile(filepath.Join(dir, "stdout.log"), data[from:], 0o600)
		lines := rapid.IntRange(0, 14).Draw(rt, "n")
		want := tailByHand(data, lines)
		got, err := TailOffset(dir, "stdout.log", lines)
		if err != nil || got != want {
			rt.Fatalf("TailOffset(%d) of %d bytes = %d, %v, want %d", lines, len(data), got, err, want)
		}
		os.RemoveAll(dir)
	})
}

func tailByHand(data []byte, lines int) int64 {
	starts := []int{}
	for at := 0; at < len(data); {
		starts = append(starts, at)
		i := bytes.IndexByte(data[at:], '\n')
		if i < 0 {
			break
		}
		at += i + 1
	}
	switch {
	case lines == 0:
		return int64(len(data))
	case lines >= len(starts):
		return 0
	}
	return int64(starts[len(starts)-lines])
}

func TestTailOffsetBehindAGap(t *testing.T) {
	dir := t.TempDir()
	os.WriteFile(filepath.Join(dir, archive{100000, 100006, plain}.file("stdout.log")), []byte("a\nb\nc\n"), 0o600)
	os.WriteFile(filepath.Join(dir, "stdout.log"), []byte("d\ne\n"), 0o600)
	for lines, want := range map[int]int64{1: 100008, 3: 100004, 5: 100000, 50: 100000} {
		if got, err := TailOffset(dir, "stdout.log", lines); got != want || err != nil {
			t.Errorf("TailOffset(%d) = %d, %v, want %d", lines, got, err, want)
		}
	}
}

// Readers in the same process, through the log, while it is rotated.
func TestReadAtWhileRotating(t *testing.T) {
	dir := t.TempDir()
	size := int64(16 << 20)
	ev := newEvents()
	l := mustCreate(t, dir, LogOptions{Rotate: job.Rotate{MaxSize: 60000, Compress: true}, OnEvent: ev.on})
	r, w := pipe(t)
	more := make(chan struct{}, 1)
	p := StartPump(r, l, PumpOptions{OnData: func(int64, time.Time) {
		select {
		case more <- struct{}{}:
		default:
		}
	}})
	want := wantText(8, 150, size)
	go func() { w.Write(want); w.Close() }()
	got := make([]byte, 0, size)
	buf := make([]byte, 30000)
	for int64(len(got)) < size {
		// Now and then an old part, which is in some archive.
		if len(got) > 100000 {
			off := int64(len(got) / 3)
			if _, err := l.ReadAt(buf[:100], off); err != nil || !bytes.Equal(buf[:100], want[off:off+100]) {
				t.Fatalf("at %d: %v", off, err)
			}
		}
		n, err := l.ReadAt(buf, int64(len(got)))
		got = append(got, buf[:n]...)
		if err == io.EOF {
			select {
			case <-more:
			case <-p.Done():
			}
		} else if err != nil {
			t.Fatal(err)
		}
	}
	<-p.Done()
	same(t, "read", got, want)
	if n, _ := ev.count(job.EventLogError); n > 0 {
		t.Errorf("%d errors told", n)
	}
}
