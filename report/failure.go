package report

import (
	"fmt"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/sluicerun/sluice/job"
)

// failure tells all about the failure that came first.
func (p *page) failure(o *job.Outcome, tails func(rank int) []byte) {
	p.styled(1, bold, p.when(o))
	if p.res.Verdict != job.Failed { // else the title has said it
		p.line(1, "it "+describe(o))
	}
	if o.Detail != "" && o.Kind != job.KindStartFailed {
		p.line(1, printable(o.Detail))
	}
	if o.Cause == job.CauseOOM && o.MaxRSS > 0 {
		p.line(1, "its memory peaked at "+size(o.MaxRSS))
	}
	if o.Kind == job.KindSignaled && o.Signal == job.SIGKILL && o.Cause == job.CauseOwn && o.Detail == "" {
		p.line(1, "sluice did not send that signal: somebody else or the kernel did")
	}
	if o.Kind == job.KindStartFailed {
		return // it never said anything
	}
	e, hasFile := p.errorFile(o)
	if hasFile {
		p.errorMessage(e)
		p.line(1, "its error file: "+printable(o.ErrorFile))
	}
	p.lastWords(o, tails, hasFile && e.Callstack != "")
}

// when is the first line of it: who, the moment, the age, the pid.
func (p *page) when(o *job.Outcome) string {
	text := "it failed"
	if p.many() {
		text = fmt.Sprintf("rank %d failed first", o.Rank)
	}
	at := o.FailedAt
	if at.IsZero() {
		at = o.Ended
	}
	if !at.IsZero() {
		if p.many() {
			text += ","
		}
		text += " at " + at.Format("2006-01-02 15:04:05.000")
		began := o.Started
		if began.IsZero() {
			began = p.res.Started
		}
		if !began.IsZero() && !at.Before(began) {
			text += ", " + span(at.Sub(began)) + " after the start"
		}
	}
	var who []string
	if p.spec.Nodes.Several() && p.res.Host != "" {
		who = append(who, "host "+p.res.Host)
	}
	if o.LocalRank != o.Rank {
		who = append(who, fmt.Sprintf("local rank %d", o.LocalRank))
	}
	if o.PID > 0 {
		who = append(who, fmt.Sprintf("pid %d", o.PID))
	}
	if len(who) > 0 {
		text += " (" + strings.Join(who, ", ") + ")"
	}
	return text
}

// errorFile reads what the worker wrote about itself. A file that cannot be
// understood is no file: the log tells more.
func (p *page) errorFile(o *job.Outcome) (ErrorFile, bool) {
	if o.ErrorFile == "" {
		return ErrorFile{}, false
	}
	path := o.ErrorFile
	if !filepath.IsAbs(path) {
		path = filepath.Join(p.res.Dir, path)
	}
	e, err := ReadErrorFile(path)
	return e, err == nil
}

func (p *page) errorMessage(e ErrorFile) {
	p.line(1, "it left this error:")
	for _, line := range strings.Split(strings.TrimRight(e.Message, "\n"), "\n") {
		if line = strings.TrimRight(line, "\r"); line != "" {
			p.styled(2, bold, string(p.quoted([]byte(line))))
		}
	}
	// A traceback ends with the message, which stands above already.
	stack := strings.TrimRight(e.Callstack, "\n")
	stack = strings.TrimRight(strings.TrimSuffix(stack, e.Message), "\n")
	if stack != "" && p.opt.TailLines > 0 {
		p.quote(2, []byte(stack))
	}
}

// lastWords quotes the end of stderr, unless a traceback said it already, and
// tells where the rest is.
func (p *page) lastWords(o *job.Outcome, tails func(rank int) []byte, explained bool) {
	redirect, tee := p.spec.Streams(o.LocalRank)
	logged := redirect | tee
	stream := job.Stderr
	if logged.Has(job.Stderr) && tails != nil && !explained && p.opt.TailLines > 0 {
		tail := tails(o.Rank)
		if len(tail) > 0 {
			p.line(1, "the end of its stderr:")
			p.quote(2, tail)
		} else {
			stream = job.Stdout
			p.stdoutTail(o.Rank)
		}
	}
	if !logged.Has(stream) {
		stream = job.Stdout + job.Stderr - stream // the other one
	}
	if !logged.Has(stream) {
		if !explained {
			p.line(1, "its output went where sluice's own goes, and was not kept: --tee 3 keeps it as well")
		}
		return
	}
	if p.opt.Command != nil {
		p.line(1, "see more: "+printable(p.opt.Command(o.Rank, stream.String())))
	} else if p.res.Dir != "" {
		path := filepath.Join(p.res.Dir, "attempt_"+strconv.Itoa(o.Attempt), strconv.Itoa(o.LocalRank), stream.String()+".log")
		p.line(1, "see more: "+printable(path))
	}
}

// stdoutTail is for a worker that says on stdout what went wrong.
func (p *page) stdoutTail(rank int) {
	const silent = "it wrote nothing to stderr"
	if p.opt.Stdout != nil {
		if tail := p.opt.Stdout(rank); len(tail) > 0 {
			p.line(1, silent+"; the end of its stdout:")
			p.quote(2, tail)
			return
		}
	}
	p.line(1, silent)
}
