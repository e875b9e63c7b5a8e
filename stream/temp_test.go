//go:build linux

package stream

import (
	"errors"
	"io"
	"os"
	"testing"
	"time"

	"github.com/sluicerun/sluice/job"
)

// A log without a name leaves nothing on the disk while it is written and read, and is
// not taken for one that somebody deleted.
func TestCreateTemp(t *testing.T) {
	tmp := t.TempDir()
	t.Setenv("TMPDIR", tmp)
	l, err := CreateTemp(LogOptions{OnEvent: func(e job.Event) { t.Errorf("told: %+v", e) }})
	if err != nil {
		t.Fatal(err)
	}
	r, w := pipe(t)
	data := make(chan int64, 100)
	p := StartPump(r, l, PumpOptions{OnData: func(n int64, _ time.Time) { data <- n }})
	write(t, w, "before\n")
	<-data
	l.wmu.Lock()
	l.checked = time.Time{} // as if a second had gone by
	l.wmu.Unlock()
	write(t, w, "after\n")
	w.Close()
	<-p.Done()
	b := make([]byte, 20)
	if n, err := l.ReadAt(b, 0); string(b[:n]) != "before\nafter\n" || err != io.EOF {
		t.Errorf("read %q, %v", b[:n], err)
	}
	if files, err := os.ReadDir(tmp); err != nil || len(files) != 0 {
		t.Errorf("there are %v, %v", files, err)
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	for name, opt := range map[string]LogOptions{"rotated": {Rotate: job.Rotate{MaxSize: 1}}, "direct": {Direct: true}} {
		if _, err := CreateTemp(opt); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// A reader that was closed says so, wherever it is to read.
func TestReaderClosed(t *testing.T) {
	dir := t.TempDir()
	l := mustCreate(t, dir, LogOptions{})
	r, w := pipe(t)
	p := StartPump(r, l, PumpOptions{})
	write(t, w, "some text\n")
	w.Close()
	<-p.Done()
	read, err := OpenReader(dir, "stdout.log")
	if err != nil {
		t.Fatal(err)
	}
	if n, err := read.ReadAt(make([]byte, 4), 0); n != 4 || err != nil {
		t.Errorf("read %d, %v", n, err)
	}
	for range 2 {
		if err := read.Close(); err != nil {
			t.Error(err)
		}
	}
	for _, off := range []int64{4, 0} {
		if n, err := read.ReadAt(make([]byte, 4), off); n != 0 || !errors.Is(err, os.ErrClosed) {
			t.Errorf("read %d after Close, %v", n, err)
		}
	}
}
