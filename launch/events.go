package launch

import (
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/sluicerun/sluice/internal/coldjson"
	"github.com/sluicerun/sluice/job"
)

// recorder writes events.jsonl and passes events on. Events come from the loop
// and from the pumps; one mutex puts them in order.
type recorder struct {
	mu     sync.Mutex
	file   *os.File
	heard  func(job.Event)
	broken bool
}

func newRecorder(dir string, heard func(job.Event)) (*recorder, error) {
	f, err := os.OpenFile(filepath.Join(dir, "events.jsonl"), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return nil, explain("making events.jsonl", err)
	}
	return &recorder{file: f, heard: heard}, nil
}

func (r *recorder) record(e job.Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.file != nil && !r.broken {
		if b, err := coldjson.Marshal(e); err == nil {
			if _, err := r.file.Write(append(b, '\n')); err != nil {
				// Full or gone: the run matters more than its diary. Later
				// events would follow half a line, so none is tried.
				r.broken = true
			}
		}
	}
	if r.heard != nil {
		r.heard(e)
	}
}

func (r *recorder) close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.file != nil {
		r.file.Close()
		r.file = nil
	}
}

func (h *Handle) emit(e job.Event) {
	if e.Time.IsZero() {
		e.Time = time.Now()
	}
	h.events.record(e)
}

// note tells the person in front of the console something. False means that the
// console has ended.
func (h *Handle) note(text string) bool {
	h.emit(job.Event{Type: job.EventNote, Attempt: h.attempt, Detail: text})
	if h.console != nil && !h.spec.Console.Quiet {
		return h.console.Note("sluice: " + text)
	}
	return true
}
