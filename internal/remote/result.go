package remote

import (
	"bytes"
	"cmp"
	"fmt"
	"os"
	"slices"
	"strings"

	"golang.org/x/term"

	"github.com/sluicerun/sluice/job"
	"github.com/sluicerun/sluice/report"
	"github.com/sluicerun/sluice/stream/console"
)

// finished tells that there is a result to report.
func (r *run) finished() bool {
	return slices.ContainsFunc(r.all, func(s *session) bool { return s.ended != nil && s.ended.Result != nil })
}

// report explains the run, as one, on stderr, and returns its exit status.
func (r *run) report(unshown int64, workers int) int {
	res, home := r.merge()
	res.Unshown = unshown
	if r.opt.Spec.Console.Quiet {
		if res.Status == job.StatusInternal && res.First == nil && res.Detail != "" && r.losses() == nil { // else that is told
			fmt.Fprintf(r.opt.Stderr, "sluice: run %s failed: %s\n", r.id, res.Detail)
		}
		return res.Status
	}
	spec := r.opt.Spec
	spec.Workers = workers
	stderr := func(s *session) []byte {
		if s == nil || s.ended == nil {
			return nil
		}
		return s.ended.Stderr
	}
	stdout := func(s *session) []byte {
		if s == nil || s.ended == nil {
			return nil
		}
		return s.ended.Stdout
	}
	fd := int(r.opt.Stderr.Fd())
	tty := term.IsTerminal(fd)
	width := 80
	if w, _, err := term.GetSize(fd); err == nil && w > 0 {
		width = w
	}
	var buf bytes.Buffer
	report.Write(&buf, spec, res, func(rank int) []byte { return stderr(home[rank]) }, report.Options{
		Stdout: func(rank int) []byte { return stdout(home[rank]) },
		Color:  console.ColorEnabled(os.Getenv, tty), Width: width,
		Command: func(rank int, stream string) string {
			s := home[rank]
			if s == nil {
				return "sluice logs on its host"
			}
			return fmt.Sprintf("%s %s sluice logs %s --rank %d --stream %s", job.Quote(r.opt.SSH...), s.Name, s.ended.Result.RunID, rank, strings.TrimPrefix(stream, "std"))
		},
	})
	r.opt.Stderr.Write(buf.Bytes())
	return res.Status
}

// merge makes one result of those of all hosts. home are the hosts of the ranks.
func (r *run) merge() (job.Result, map[int]*session) {
	res := job.Result{RunID: r.id, Verdict: job.Succeeded}
	home := map[int]*session{}
	var root *job.RootCause
	for _, s := range r.all {
		if s.ended == nil || s.ended.Result == nil {
			continue
		}
		one := s.ended.Result
		for _, o := range one.Outcomes {
			o.ErrorFile = "" // it is not here
			home[o.Rank] = s
			res.Outcomes = append(res.Outcomes, o)
		}
		if res.Started.IsZero() || one.Started.Before(res.Started) {
			res.Started = one.Started
		}
		if one.Ended.After(res.Ended) {
			res.Ended = one.Ended
		}
		res.Attempts = max(res.Attempts, one.Attempts)
		res.Survivors = append(res.Survivors, one.Survivors...)
		res.Dropped += one.Dropped
		if one.Root != nil && (root == nil || one.Root.At.Before(root.At)) {
			root = one.Root
		}
	}
	slices.SortStableFunc(res.Outcomes, func(a, b job.Outcome) int { return cmp.Compare(a.Rank, b.Rank) })
	r.first(&res, root)
	r.verdict(&res, root)
	if res.First != nil {
		o := &res.Outcomes[*res.First]
		if s := home[o.Rank]; s != nil {
			res.Host = s.Name
		}
		// What its error file says came with the root cause.
		if _, message, ok := strings.Cut(rootText(root, o.Rank), ": "); ok && o.Detail == "" {
			o.Detail = "it left this error: " + message
		}
	}
	return res, home
}

func rootText(root *job.RootCause, rank int) string {
	if root == nil || root.Rank != rank {
		return ""
	}
	return root.Text
}

// first finds the outcome that is the root cause, or failed first by the clocks of the
// hosts.
func (r *run) first(res *job.Result, root *job.RootCause) {
	for i := range res.Outcomes {
		o := &res.Outcomes[i]
		switch {
		case !o.Failed():
		case root != nil && root.Rank == o.Rank:
			res.First = &i
			return
		case res.First == nil || o.FailedAt.Before(res.Outcomes[*res.First].FailedAt):
			res.First = &i
		}
	}
}

// verdict says how the run ended. What a host ended for because of another is no
// reason.
func (r *run) verdict(res *job.Result, root *job.RootCause) {
	rankOf := func(v job.Verdict) int {
		return slices.Index([]job.Verdict{job.Succeeded, job.Lost, job.Failed, job.Stopped, job.Stalled, job.TimedOut}, v)
	}
	for _, s := range r.all {
		if s.ended == nil || s.ended.Result == nil {
			continue
		}
		one := s.ended.Result
		if rankOf(one.Verdict) > rankOf(res.Verdict) {
			res.Verdict, res.Status, res.Detail = one.Verdict, one.Status, one.Detail
		}
	}
	lost := r.losses()
	switch {
	case res.Verdict == job.Stopped && r.asks == 0 && res.First == nil && lost != nil:
		// We have stopped the others.
		res.Verdict, res.Status, res.Detail = job.Failed, r.failed(), firstLine(lost.Error())
	case lost != nil && r.asks == 0 && res.First == nil && res.Verdict != job.Succeeded:
		res.Status, res.Detail = r.failed(), firstLine(lost.Error())
	case res.Verdict == job.Failed && res.First != nil:
		res.Status = job.ExitStatus(r.opt.Spec.ExitCode, res.Outcomes, res.First)
		res.Detail = ""
	case res.Verdict == job.Failed && root != nil:
		res.Detail = fmt.Sprintf("host %s: %s", r.named(root), root.Text)
	}
}

// named is the host of a root cause by the name that the user gave it.
func (r *run) named(root *job.RootCause) string {
	var same []string
	for _, s := range r.all {
		if s.hello != nil && s.hello.Host == root.Host {
			same = append(same, s.Name)
		}
	}
	switch {
	case len(same) == 1:
		return same[0]
	case len(same) == len(r.all) && root.Node >= 0 && root.Node < len(same): // one machine under several names
		return same[root.Node]
	}
	return root.Host
}

func firstLine(text string) string {
	line, _, _ := strings.Cut(text, "\n")
	return line
}
