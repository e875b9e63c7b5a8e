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
	"github.com/sluicerun/sluice/report"
	"github.com/sluicerun/sluice/stream"
	"github.com/sluicerun/sluice/stream/console"
	"golang.org/x/term"
)

// tailLines is how much of the first failure's stderr the report shows.
const tailLines = 20

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
	if spec.Console.Quiet {
		return
	}
	tty := term.IsTerminal(int(a.err.Fd()))
	width := 80
	if w, _, err := term.GetSize(int(a.err.Fd())); err == nil && w > 0 {
		width = w
	}
	var buf bytes.Buffer
	report.Write(&buf, spec, res, func(rank int) []byte { return Tail(res, rank) }, report.Options{
		Color: console.ColorEnabled(os.Getenv, tty), Width: width, TailLines: tailLines,
		Command: func(rank int, stream string) string {
			return fmt.Sprintf("sluice logs %s --rank %d --stream %s", res.RunID, rank, strings.TrimPrefix(stream, "std"))
		},
	})
	done := make(chan struct{})
	go func() {
		console.NewFDSink(int(a.err.Fd())).Write(buf.Bytes())
		close(done)
	}()
	wait := reportWait
	if res.Unshown > 0 {
		wait = stuckWait // --console-linger has been waited for already
	}
	select {
	case <-done:
	case <-time.After(wait):
	}
}

// Tail reads the last lines that a rank wrote to stderr, or to stdout if it
// wrote nothing there.
func Tail(res job.Result, rank int) []byte {
	for _, o := range res.Outcomes {
		if o.Rank != rank {
			continue
		}
		dir := filepath.Join(res.Dir, runs.WorkerDir(o.Attempt, o.LocalRank))
		for _, name := range []string{"stderr.log", "stdout.log"} {
			l, err := stream.OpenReader(dir, name)
			if err != nil {
				continue
			}
			b, err := report.Tail(l, l.Size(), tailLines, 64<<10)
			l.Close()
			if err == nil && len(b) > 0 {
				return b
			}
		}
	}
	return nil
}
