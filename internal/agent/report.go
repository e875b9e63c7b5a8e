//go:build linux

package agent

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/sluicerun/sluice/internal/runs"
	"github.com/sluicerun/sluice/job"
	"github.com/sluicerun/sluice/launch"
	"github.com/sluicerun/sluice/report"
	"github.com/sluicerun/sluice/stream/console"
	"golang.org/x/term"
)

// report explains a run that did not succeed, on the launcher's stderr.
func (a *host) report(res job.Result) {
	a.mu.Lock()
	gone := a.link == nil
	a.mu.Unlock()
	// Bytes that were not shown are no reason alone: the console has told.
	if gone || res.Verdict == job.Succeeded && len(res.Survivors) == 0 && res.Dropped == 0 {
		return
	}
	spec := a.h.Spec()
	if spec.Console.Quiet || seen(spec, res) {
		if res.Status == job.StatusInternal && res.First == nil && res.Detail != "" { // no worker has said anything
			fmt.Fprintf(a.err, "sluice: run %s failed: %s\n", res.RunID, res.Detail)
		}
		return
	}
	tty := term.IsTerminal(int(a.err.Fd()))
	width := 80
	if w, _, err := term.GetSize(int(a.err.Fd())); err == nil && w > 0 {
		width = w
	}
	var buf bytes.Buffer
	report.Write(&buf, spec, res, func(rank int) []byte { return Tail(res, rank, job.Stderr) }, report.Options{
		Stdout: func(rank int) []byte { return Tail(res, rank, job.Stdout) },
		Color:  console.ColorEnabled(os.Getenv, tty), Width: width, TailLines: launch.TailLines,
		Command: func(rank int, stream string) string {
			return fmt.Sprintf("sluice logs %s --rank %d --stream %s", res.RunID, rank, strings.TrimPrefix(stream, "std"))
		},
	})
	wait := reportWait
	if res.Unshown > 0 {
		wait = stuckWait // --console-linger has been waited for already
	}
	a.tell(buf.Bytes(), wait)
}

// tell writes to the launcher's stderr, but does not wait for a reader for ever.
func (a *host) tell(text []byte, wait time.Duration) {
	done := make(chan struct{})
	go func() {
		console.NewFDSink(int(a.err.Fd())).Write(text)
		close(done)
	}()
	select {
	case <-done:
	case <-time.After(wait):
	}
}

// reportEvents tells that the file of --events lacks some.
func (a *host) reportEvents(path string, quiet bool) {
	a.mu.Lock()
	gone := a.link == nil
	a.mu.Unlock()
	if err := a.events.failure(); err != nil && !gone && !quiet {
		a.tell(fmt.Appendf(nil, "sluice: --events %s lacks events: %v; events.jsonl in the run's directory has them\n", path, err), stuckWait)
	}
}

// seen tells that there is nothing to explain: somebody had the program on the
// terminal, and its exit status is ours.
func seen(spec job.Spec, res job.Result) bool {
	if spec.Pty == nil || !spec.Pty.Shown || len(res.Outcomes) != 1 || len(res.Survivors) > 0 || res.Dropped > 0 {
		return false
	}
	o := res.Outcomes[0]
	return o.Kind == job.KindExited && o.Cause == job.CauseOwn && o.Code == res.Status
}

// Tail reads the last lines that a rank wrote to a stream.
func Tail(res job.Result, rank int, std job.Stream) []byte {
	for _, o := range res.Outcomes {
		if o.Rank != rank {
			continue
		}
		dir := filepath.Join(res.Dir, runs.WorkerDir(o.Attempt, o.LocalRank))
		return launch.Tail(dir, std, 64<<10)
	}
	return nil
}
