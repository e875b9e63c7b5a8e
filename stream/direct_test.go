//go:build linux

package stream

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sluicerun/sluice/job"
)

func TestDirectTellsOfGrowth(t *testing.T) {
	w, err := NewWatcher()
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	grew := make(chan int64, 100)
	l := mustCreate(t, t.TempDir(), LogOptions{Direct: true, Watcher: w, OnGrow: func(n int64, _ time.Time) { grew <- n }})
	f, err := l.WriterFile()
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	write(t, f, "one\n")
	if n := <-grew; n != 4 {
		t.Errorf("grew by %d", n)
	}
	write(t, f, "three\n")
	if n := <-grew; n != 6 || l.Size() != 10 {
		t.Errorf("grew by %d to %d", n, l.Size())
	}
	write(t, f, "x")
	l.Close()
	if n := <-grew; n != 1 || l.Size() != 11 {
		t.Errorf("at the end: grew by %d to %d", n, l.Size())
	}
}

func TestDirectRotation(t *testing.T) {
	onFS(t, func(t *testing.T, dir string) {
		ev := newEvents()
		var told atomic.Int64
		l := mustCreate(t, dir, LogOptions{
			Direct: true, Rotate: job.Rotate{MaxSize: 50000, Keep: 4}, OnEvent: ev.on,
			OnGrow: func(n int64, _ time.Time) { told.Add(n) },
		})
		f, err := l.WriterFile()
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		want := wantText(6, 100, 1<<20)
		for b := want; len(b) > 0; {
			n := min(len(b), 7777)
			write(t, f, string(b[:n]))
			b = b[n:]
		}
		for {
			l.wmu.Lock() // not in the middle of a rotation
			left := l.Size() - l.start
			l.wmu.Unlock()
			if left <= 50000 {
				break
			}
			ev.await(t, job.EventLogRotated)
		}
		got, err := io.ReadAll(io.NewSectionReader(l, l.Base(), l.Size()))
		if err != nil {
			t.Fatal(err)
		}
		same(t, "kept", got, want[l.Base():])
		l.Close()
		if told.Load() != int64(len(want)) {
			t.Errorf("told of %d bytes", told.Load())
		}
		var st unix.Stat_t
		if err := unix.Stat(l.path(), &st); err != nil || st.Blocks*512 > 200000 {
			t.Errorf("the file takes %d bytes, %v", st.Blocks*512, err)
		}
		// Somebody else, later.
		fo, err := OpenFollower(dir, "stdout.log", l.Base())
		if err != nil {
			t.Fatal(err)
		}
		defer fo.Close()
		same(t, "followed", drainFollower(t, fo), want[l.Base():])
		if n, _ := ev.count(job.EventLogError); n > 0 {
			t.Errorf("%d errors told", n)
		}
	})
}

// `echo x > /dev/stderr` in a shell truncates its own log.
func TestDirectCutBackByWorker(t *testing.T) {
	dir := t.TempDir()
	ev := newEvents()
	grew := make(chan int64, 100)
	l := mustCreate(t, dir, LogOptions{Direct: true, OnEvent: ev.on, OnGrow: func(n int64, _ time.Time) { grew <- n }})
	f, err := l.WriterFile()
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	write(t, f, "a long beginning\n")
	<-grew
	if err := f.Truncate(0); err != nil {
		t.Fatal(err)
	}
	if e := ev.await(t, job.EventLogError); e.Bytes != 17 || !strings.Contains(e.Detail, "cut back") {
		t.Errorf("told: %+v", e)
	}
	write(t, f, "new\n")
	if n := <-grew; n != 4 || l.Size() != 21 {
		t.Errorf("grew by %d to %d", n, l.Size())
	}
	b := make([]byte, 4)
	if n, err := l.ReadAt(b, 17); n != 4 || string(b) != "new\n" {
		t.Errorf("ReadAt: %q, %v", b[:n], err)
	}
	fo, err := OpenFollower(dir, "stdout.log", 0)
	if err != nil {
		t.Fatal(err)
	}
	defer fo.Close()
	var skip *SkippedError
	if _, err := fo.Read(b); !errors.As(err, &skip) || skip.To != 17 {
		t.Errorf("following: %v", err)
	}
	same(t, "followed", drainFollower(t, fo), []byte("new\n"))
}

// Every place in a rotation at which a SIGKILL can strike, made by hand.
func TestRecoverDirect(t *testing.T) {
	const block = 4096
	data := bytes.Repeat([]byte("0123456789abcde\n"), 3*block/16) // three blocks
	head := int64(2*block + 160)                                  // is in the archive
	for _, c := range []struct {
		name string
		make func(t *testing.T, dir string, f *logFile)
	}{
		{"half a copy", func(t *testing.T, dir string, f *logFile) {
			put(t, dir, state{})
			os.WriteFile(filepath.Join(dir, tempPrefix("stdout.log")+"x"), []byte("abc"), 0o600)
		}},
		{"archive, not written down", func(t *testing.T, dir string, f *logFile) {
			put(t, dir, state{})
			arch(t, dir, data[:head])
		}},
		{"archive, written down", func(t *testing.T, dir string, f *logFile) {
			arch(t, dir, data[:head])
			put(t, dir, state{gen: 2, archived: head})
		}},
		{"punched", func(t *testing.T, dir string, f *logFile) {
			arch(t, dir, data[:head])
			put(t, dir, state{gen: 2, archived: head})
			must(t, punch(f, 0, 2*block))
		}},
		{"collapse announced", func(t *testing.T, dir string, f *logFile) {
			arch(t, dir, data[:head])
			must(t, punch(f, 0, 2*block))
			put(t, dir, state{gen: 3, archived: head, pending: 2 * block})
		}},
		{"collapsed, not written down", func(t *testing.T, dir string, f *logFile) {
			arch(t, dir, data[:head])
			must(t, punch(f, 0, 2*block))
			put(t, dir, state{gen: 3, archived: head, pending: 2 * block})
			if err := unix.Fallocate(f.fd, unix.FALLOC_FL_COLLAPSE_RANGE, 0, 2*block); err != nil {
				return // this file system cannot collapse: there is nothing to recover from
			}
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			onFS(t, func(t *testing.T, dir string) {
				f, err := openLogFile(filepath.Join(dir, "stdout.log"), unix.O_CREAT)
				must(t, err)
				defer f.Close()
				_, err = f.WriteAt(data, 0)
				must(t, err)
				c.make(t, dir, f)
				same(t, "before recovery", readAll(t, dir), data)
				l, err := Open(dir, "stdout.log", LogOptions{Direct: true})
				must(t, err)
				defer l.Close()
				got, err := io.ReadAll(io.NewSectionReader(l, 0, l.Size()))
				must(t, err)
				same(t, "after recovery", got, data)
				same(t, "follower after recovery", readAll(t, dir), data)
				for _, n := range listDir(t, dir) {
					if strings.HasPrefix(n, tempPrefix("stdout.log")) {
						t.Errorf("%s was left", n)
					}
				}
			})
		})
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func put(t *testing.T, dir string, s state) {
	t.Helper()
	sf, err := createState(dir, "stdout.log", s)
	must(t, err)
	sf.close()
}

func arch(t *testing.T, dir string, b []byte) {
	t.Helper()
	must(t, os.WriteFile(filepath.Join(dir, archive{0, int64(len(b)), plain}.file("stdout.log")), b, 0o600))
}

// The same for a spliced log.
func TestRecoverSpliced(t *testing.T) {
	const all = "one\ntwo\nthree\n"
	file := func(a archive) string { return a.file("stdout.log") }
	for name, files := range map[string]map[string]string{
		"name made, not exchanged": {"stdout.log": all, file(archive{0, 14, plain}): ""},
		"second one":               {"stdout.log": "three\n", file(archive{0, 8, plain}): "one\ntwo\n", file(archive{8, 14, plain}): ""},
		"renamed, no new file":     {file(archive{0, 14, plain}): all},
		"half compressed":          {"stdout.log": "three\n", file(archive{0, 8, plain}): "one\ntwo\n", tempPrefix("stdout.log") + file(archive{0, 8, packed}): "xyz"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			for n, b := range files {
				must(t, os.WriteFile(filepath.Join(dir, n), []byte(b), 0o600))
			}
			same(t, "before recovery", readAll(t, dir), []byte(all))
			l, err := Open(dir, "stdout.log", LogOptions{})
			must(t, err)
			defer l.Close()
			same(t, "after recovery", readAll(t, dir), []byte(all))
			if l.Size() != 14 {
				t.Errorf("size %d", l.Size())
			}
			r, w := pipe(t)
			write(t, w, "four\n")
			w.Close()
			<-StartPump(r, l, PumpOptions{}).Done()
			same(t, "going on", readAll(t, dir), []byte(all+"four\n"))
		})
	}
}

func TestOpenSplicedThatWasDirect(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, state{})
	if _, err := Open(dir, "stdout.log", LogOptions{}); err == nil {
		t.Error("a direct log was opened for a pump")
	}
}
