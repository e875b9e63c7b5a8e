//go:build linux

package stream

import (
	"bytes"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/sluicerun/sluice/job"
)

// filled makes a tmpfs with room for some bytes beside a file that takes the rest.
func filled(t *testing.T) (dir, ballast string) {
	t.Helper()
	dir = tmpfs(t, 1<<20)
	ballast = filepath.Join(dir, "ballast")
	if err := os.WriteFile(ballast, make([]byte, 700<<10), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir, ballast
}

func TestFullBlock(t *testing.T) {
	dir, ballast := filled(t)
	ev := newEvents()
	l := mustCreate(t, dir, LogOptions{OnEvent: ev.on})
	r, w := pipe(t)
	p := StartPump(r, l, PumpOptions{})
	want := wantText(2, 100, 900<<10)
	var wg sync.WaitGroup
	wg.Go(func() { write(t, w, string(want)); w.Close() })
	ev.await(t, job.EventLogFull)
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	ev.await(t, job.EventLogResumed)
	wg.Wait()
	<-p.Done()
	same(t, "log", readAll(t, dir), want)
	if n, _ := ev.count(job.EventLogFull); n != 1 || l.Dropped() != 0 {
		t.Errorf("%d times full, %d dropped", n, l.Dropped())
	}
}

func TestFullBlockDrain(t *testing.T) {
	dir, _ := filled(t)
	ev := newEvents()
	l := mustCreate(t, dir, LogOptions{OnEvent: ev.on})
	r, w := pipe(t)
	p := StartPump(r, l, PumpOptions{})
	want := wantText(2, 100, 500<<10)
	var wg sync.WaitGroup
	wg.Go(func() { w.Write(want) }) // gets an error when the pipe closes
	ev.await(t, job.EventLogFull)
	p.Drain()
	if l.Dropped() == 0 {
		t.Error("nothing counts as dropped")
	}
	if n, bytes := ev.count(job.EventLogDropped); n != 1 || bytes != l.Dropped() {
		t.Errorf("%d events of %d bytes, %d dropped", n, bytes, l.Dropped())
	}
	same(t, "log", readAll(t, dir), want[:l.Size()])
	r.Close()
	wg.Wait()
}

func TestFullDrop(t *testing.T) {
	for _, policy := range []job.FullPolicy{job.FullDrop, job.FullStop} {
		t.Run(string(policy), func(t *testing.T) {
			dir, ballast := filled(t)
			ev := newEvents()
			l := mustCreate(t, dir, LogOptions{OnEvent: ev.on, OnFull: policy})
			r, w := pipe(t)
			p := StartPump(r, l, PumpOptions{})
			want := wantText(2, 100, 900<<10)
			write(t, w, string(want)) // is not held up
			ev.await(t, job.EventLogFull)
			if err := os.Remove(ballast); err != nil {
				t.Fatal(err)
			}
			// The next attempt is due after a pause: write until it was made.
			tail := bytes.Repeat([]byte("again\n"), 100)
			sent, done := int64(len(want)), make(chan struct{})
			go func() {
				defer close(done)
				ev.await(t, job.EventLogResumed)
			}()
			for more := true; more; {
				select {
				case <-done:
					more = false
				case <-time.After(time.Millisecond): // or the disk is full again
					write(t, w, string(tail))
					sent += int64(len(tail))
				}
			}
			write(t, w, "the end\n")
			sent += 8
			w.Close()
			<-p.Done()
			if l.Dropped() == 0 || l.Size()+l.Dropped() != sent {
				t.Errorf("%d in the log and %d dropped of %d", l.Size(), l.Dropped(), sent)
			}
			if n, bytes := ev.count(job.EventLogDropped); n != 1 || bytes != l.Dropped() {
				t.Errorf("%d events of %d bytes, %d dropped", n, bytes, l.Dropped())
			}
			got := readAll(t, dir)
			if !bytes.HasSuffix(got, []byte("again\nthe end\n")) || !bytes.HasPrefix(want, got[:100<<10]) {
				t.Errorf("log of %d bytes: %.50q ... %.50q", len(got), got, got[max(0, len(got)-50):])
			}
		})
	}
}

// A rotation that cannot be made does not stop the log, and a full disk in the
// middle of one loses nothing.
func TestFullWhileRotating(t *testing.T) {
	dir, ballast := filled(t)
	ev := newEvents()
	l := mustCreate(t, dir, LogOptions{OnEvent: ev.on, Rotate: job.Rotate{MaxSize: 20000}})
	r, w := pipe(t)
	p := StartPump(r, l, PumpOptions{})
	want := wantText(4, 100, 900<<10)
	var wg sync.WaitGroup
	wg.Go(func() { write(t, w, string(want)); w.Close() })
	ev.await(t, job.EventLogFull)
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	wg.Wait()
	<-p.Done()
	same(t, "log", readAll(t, dir), want)
}
