//go:build linux

package agent

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/sluicerun/sluice/cast"
	"github.com/sluicerun/sluice/internal/record"
	"github.com/sluicerun/sluice/job"
	"github.com/sluicerun/sluice/session"
)

// recording is the recording of rank 0, in a file.
type recording struct {
	*record.Recorder
	done chan struct{}
}

// openRecorder begins the recording that the spec asks for, and follows rank 0.
func (a *host) openRecorder() error {
	spec := a.h.Spec()
	if spec.Pty == nil || spec.Pty.Record == nil {
		return nil
	}
	h := cast.Header{Width: spec.Pty.Cols, Height: spec.Pty.Rows, Timestamp: time.Now(),
		Command: job.Quote(spec.Command...), TermType: spec.Pty.Terminal()}
	r, err := record.Open(*spec.Pty.Record, h, func(text string) {
		if a.h.Note(text) != nil { // the run is over, the recording is not
			fmt.Fprintln(a.err, "sluice:", text)
		}
	})
	if err != nil {
		return err
	}
	a.record = &recording{Recorder: r, done: make(chan struct{})}
	go func() {
		defer close(a.record.done)
		r.Run(func(after *session.Session) *session.Session { return a.h.NextSession(0, after) })
		r.Close()
	}()
	return nil
}

// abandonRecording ends the recording where it is.
func (a *host) abandonRecording() {
	if a.record != nil {
		a.record.Abandon()
	}
}

// recorded returns once the recording is complete, and says where it is.
func (a *host) recorded() {
	if a.record == nil {
		return
	}
	a.record.End()
	<-a.record.done
	spec := a.h.Spec()
	if !a.record.Whole() || spec.Console.Quiet {
		return
	}
	file := spec.Pty.Record.File
	if wd, err := os.Getwd(); err == nil {
		if rel, err := filepath.Rel(wd, file); err == nil && !strings.HasPrefix(rel, "..") {
			file = rel
		}
	}
	fmt.Fprintf(a.err, "sluice: recorded to %s; play it: sluice play %s\n", file, job.Quote(file))
}
