// Package report tells people how a run went wrong: which rank failed first and
// how, what it last said, who was stopped because of it, and where to see more.
//
// It reads error files and the ends of logs and prints; it decides nothing.
package report

import (
	"fmt"
	"io"

	"github.com/sluicerun/sluice/job"
)

// Options say how a report looks.
type Options struct {
	// Color allows SGR sequences, the report's own and those in the workers'
	// output.
	Color bool
	// Width is the screen's width in columns; 0 means 80.
	Width int
	// TailLines is how many of the worker's last lines are shown at most.
	// 0 means 20; negative means none.
	TailLines int
	// Stdout gives the end of a rank's stdout, which is shown if there is
	// nothing of its stderr. It may be nil.
	Stdout func(rank int) []byte
	// Command gives the command that shows a rank's stream ("stdout" or
	// "stderr") in full. Without it the log's path is shown.
	Command func(rank int, stream string) string
}

// Write writes the report of a run that is over to w, in one call of Write. A
// run that succeeded has nothing to report, unless bytes were lost or not shown
// or processes are left.
//
// tails gives the end of a rank's stderr (see Tail) and may be nil; it is called
// for the rank that failed first. Error files are read from where the outcomes
// say they are.
func Write(w io.Writer, spec job.Spec, res job.Result, tails func(rank int) []byte, opt Options) error {
	if opt.Width <= 0 {
		opt.Width = 80
	}
	if opt.TailLines == 0 {
		opt.TailLines = 20
	}
	p := &page{spec: spec, res: res, opt: opt}
	if res.Verdict == job.Succeeded && res.Unshown == 0 && res.Dropped == 0 && len(res.Survivors) == 0 {
		return nil
	}
	p.title()
	if root := p.elsewhere(); root != nil {
		p.line(0, "")
		p.root(root)
	}
	if first := p.first(); first != nil {
		p.line(0, "")
		p.failure(first, tails)
	}
	p.line(0, "")
	p.others()
	if res.Verdict != job.Succeeded {
		p.stopped()
	}
	p.leftovers()
	p.status()
	if _, err := w.Write(p.buf); err != nil {
		return fmt.Errorf("writing the report: %w", err)
	}
	return nil
}

// first is the failure that came first, if the run has one.
func (p *page) first() *job.Outcome {
	if p.res.First == nil || *p.res.First < 0 {
		return nil
	}
	if o := p.res.FirstFailure(); o != nil && o.Failed() {
		return o
	}
	return nil
}

// title is "sluice: run NAME (8 workers) failed: rank 3 exited with code 1".
func (p *page) title() {
	name := p.res.RunID
	if name == "" {
		name = p.spec.RunName()
	}
	text := "sluice: run " + printable(name)
	switch n := p.spec.Size(); {
	case p.res.WorldSize > n:
		text += fmt.Sprintf(" (%d of %d workers %s here)", n, p.res.WorldSize, plural(n, "is", "are"))
	case p.many():
		text += fmt.Sprintf(" (%d workers)", n)
	}
	text += " " + p.verdict()
	p.styled(0, bold+red, text)
}

func (p *page) verdict() string {
	var text, why string
	switch p.res.Verdict {
	case job.Succeeded:
		return "succeeded"
	case job.TimedOut:
		text = "timed out"
		if p.spec.Timeout > 0 {
			text += " after " + p.spec.Timeout.String()
		}
	case job.Stalled:
		text = "stalled"
		if p.spec.Stall.Timeout > 0 {
			text += ": nothing was written for " + p.spec.Stall.Timeout.String()
		}
	case job.Stopped:
		text = "was stopped"
	case job.Lost:
		text = "was lost"
	default:
		text = "failed"
		if first := p.first(); first != nil {
			why = "it " + describe(first)
			if p.many() {
				why = fmt.Sprintf("rank %d %s", first.Rank, describe(first))
			}
		}
	}
	if p.res.Attempts > 1 {
		text += fmt.Sprintf(" in attempt %d", p.res.Attempts)
	}
	if why == "" && p.res.Detail != "" {
		why = printable(p.res.Detail)
	}
	if why != "" {
		text += ": " + why
	}
	return text
}

// status is the last line: what the shell will see, and by which rule.
func (p *page) status() {
	text := fmt.Sprintf("exit status %d", p.res.Status)
	if rule := p.rule(); rule != "" {
		text += " (" + rule + ")"
	}
	p.line(1, text)
}

func (p *page) rule() string {
	switch p.res.Verdict {
	case job.TimedOut, job.Stalled:
		if p.res.Status == job.StatusTimeout {
			return "timeout"
		}
	case job.Failed:
		if r := p.elsewhere(); r != nil && r.Status == p.res.Status && p.spec.ExitCode.String() == string(job.ExitFirst) {
			return "the first failure's"
		}
		if !p.many() || p.first() == nil {
			return ""
		}
		switch p.spec.ExitCode {
		case job.ExitMax:
			if p.spec.Nodes.Several() {
				return "the highest that is known on this machine"
			}
			return "the highest of all failures"
		case job.ExitLowestRank:
			return "the lowest failed rank's"
		case job.ExitAny:
			return "1 if any worker failed"
		case job.ExitCount:
			if p.spec.Nodes.Several() {
				return "the number of failures on this machine"
			}
			return "the number of failures"
		}
		return "the first failure's"
	}
	return ""
}
