//go:build linux

package agent

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sluicerun/sluice/internal/coldjson"
	"github.com/sluicerun/sluice/internal/fdpass"
	"github.com/sluicerun/sluice/job"
	"github.com/sluicerun/sluice/stream/console"
)

const (
	// eventQueue bounds what waits for a slow reader of --events, in bytes.
	eventQueue = 4 << 20
	// eventPortion is what is written at a time, so that progress shows.
	eventPortion = 16 << 10
)

// eventWriter writes --events. Its reader may be slow, stuck or gone, and the
// run must not feel it: events wait in a bounded queue, and those that find no
// room are counted. events.jsonl in the run's directory has them all.
type eventWriter struct {
	sink *console.FDSink
	file *os.File // nil for our own stdout and stderr
	wake chan struct{}
	done chan struct{}
	took atomic.Int64 // when the reader last took something, unix ns

	mu      sync.Mutex
	queue   []byte
	dropped int
	ended   bool  // no more will come, or nobody takes them
	failed  error // why nobody does, if it is not that the reader has gone
}

const stderrPath = "/dev/stderr"

func openEvents(path string) (*eventWriter, error) {
	w := &eventWriter{wake: make(chan struct{}, 1), done: make(chan struct{})}
	fd := 1
	switch path {
	case "":
		return nil, nil
	case "-":
	case stderrPath: // by its name it could not be opened where it is a socket
		fd = 2
	default:
		f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
		if err != nil {
			return nil, &job.UsageError{Field: "events", Value: path, Why: err.Error(), Hint: "name a file that can be written, or -"}
		}
		w.file = f
		if fd, err = fdpass.Descriptor(f); err != nil {
			return nil, fmt.Errorf("opening %s: %w", path, err)
		}
	}
	w.sink = console.NewFDSink(fd)
	go w.run()
	return w, nil
}

func (w *eventWriter) write(e job.Event) {
	b, err := coldjson.Marshal(e)
	if err != nil {
		return
	}
	w.mu.Lock()
	switch {
	case w.ended:
	case len(w.queue)+len(b) >= eventQueue:
		w.dropped++
	default:
		w.queue = append(append(w.queue, b...), '\n')
	}
	w.mu.Unlock()
	w.poke()
}

func (w *eventWriter) poke() {
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// take is what waits, with a line about what found no room; more is false when
// nothing will follow.
func (w *eventWriter) take(spare []byte) (b []byte, more bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	b, w.queue = w.queue, spare[:0]
	if w.dropped > 0 {
		note, _ := json.Marshal(job.Event{Time: time.Now(), Type: job.EventNote,
			Detail: fmt.Sprintf("%d events were not written here, as nobody read them in time; events.jsonl has them", w.dropped)})
		b = append(append(b, note...), '\n')
		w.dropped = 0
	}
	return b, !w.ended
}

func (w *eventWriter) run() {
	defer close(w.done)
	var spare []byte
	for {
		b, more := w.take(spare)
		spare = b
		for len(b) > 0 {
			n, err := w.sink.Write(b[:min(len(b), eventPortion)])
			if err != nil {
				w.mu.Lock()
				w.ended, w.queue = true, nil
				if !errors.Is(err, console.ErrClosed) {
					w.failed = err
				}
				w.mu.Unlock()
				return
			}
			w.took.Store(time.Now().UnixNano())
			b = b[n:]
		}
		if !more {
			return
		}
		<-w.wake
	}
}

// failure is why the file lacks events, if it does.
func (w *eventWriter) failure() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.failed
}

// close writes what is left, unless nobody has taken anything for the time of
// linger (negative: however long it takes).
func (w *eventWriter) close(linger time.Duration) {
	w.mu.Lock()
	w.ended = true
	w.mu.Unlock()
	w.took.Store(time.Now().UnixNano())
	w.poke()
	for {
		var late <-chan time.Time
		if linger >= 0 {
			late = time.After(linger - time.Since(time.Unix(0, w.took.Load())))
		}
		select {
		case <-w.done:
			w.sink.Close()
			if w.file != nil {
				w.file.Close()
			}
			return
		case <-late:
			if time.Since(time.Unix(0, w.took.Load())) >= linger {
				return // the process ends now, and a stuck write with it
			}
		}
	}
}
