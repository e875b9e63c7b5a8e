//go:build linux

package agent

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sluicerun/sluice/job"
	"golang.org/x/sys/unix"
)

func TestEventsReachTheirFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "events")
	w, err := openEvents(path)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 1000 {
		w.write(job.Event{Type: job.EventNote, PID: i + 1})
	}
	w.close(time.Second)
	w.write(job.Event{Type: job.EventNote}) // too late, and harmless
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for line := range strings.Lines(string(b)) {
		var e job.Event
		if n++; json.Unmarshal([]byte(line), &e) != nil || e.PID != n {
			t.Fatalf("line %d is %q", n, line)
		}
	}
	if n != 1000 {
		t.Errorf("%d of 1000 events", n)
	}
}

// TestEventsInFrontOfAStuckReader: nobody waits, memory is bounded, and what
// found no room is told of when the reader reads after all.
func TestEventsInFrontOfAStuckReader(t *testing.T) {
	path := filepath.Join(t.TempDir(), "fifo")
	if err := unix.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	r, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	w, err := openEvents(path)
	if err != nil {
		t.Fatal(err)
	}
	long := strings.Repeat("x", 64<<10)
	for range 2 * eventQueue / len(long) {
		w.write(job.Event{Type: job.EventNote, Detail: long})
	}
	w.mu.Lock()
	queued, dropped := len(w.queue), w.dropped
	w.mu.Unlock()
	if queued > eventQueue || dropped == 0 {
		t.Errorf("%d bytes queued, %d events dropped", queued, dropped)
	}
	told := make(chan bool)
	go func() { // reads what there is, to the note
		d := json.NewDecoder(r)
		for {
			var e job.Event
			if err := d.Decode(&e); err != nil {
				told <- false
				return
			}
			if strings.Contains(e.Detail, "events were not written here") {
				told <- true
				return
			}
		}
	}()
	w.close(10 * time.Second)
	if !<-told {
		t.Error("the events that were dropped are not told of")
	}
}

func TestStuckReaderOfEventsIsNotWaitedForLongerThanTheLinger(t *testing.T) {
	path := filepath.Join(t.TempDir(), "fifo")
	if err := unix.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	r, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	w, err := openEvents(path)
	if err != nil {
		t.Fatal(err)
	}
	w.write(job.Event{Type: job.EventNote, Detail: strings.Repeat("x", 1<<20)})
	w.close(20 * time.Millisecond) // returns
	select {
	case <-w.done:
		t.Error("the write was not stuck")
	default:
	}
	r.Close() // nobody reads any more, which ends it
	<-w.done
}
