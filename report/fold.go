package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/sluicerun/sluice/job"
)

const (
	// maxOthers is how many different failures besides the first get a line.
	maxOthers = 20
	// maxErrorFiles is how many error files are read for them: enough to see
	// the pattern, not so many that a big gang on a slow file system waits.
	maxErrorFiles = 64
	// maxNote bounds what of an error file's message is shown, in characters.
	maxNote = 120
)

// group is ranks with which the same thing happened.
type group struct {
	ranks       []int
	text        string
	note        string    // what their details and error files say
	first, last time.Time // when the first and the last of them ended
}

// others lists the failures besides the first, alike ones together.
func (p *page) others() {
	first := p.first()
	var groups []*group
	byText := map[string]*group{}
	files := 0
	for i := range p.res.Outcomes {
		o := &p.res.Outcomes[i]
		if !o.Failed() || o == first {
			continue
		}
		g := group{text: describe(o)}
		if o.Detail != "" && o.Kind != job.KindStartFailed {
			g.note = "; " + printable(o.Detail)
		}
		if o.ErrorFile != "" && files < maxErrorFiles {
			files++
			if e, ok := p.errorFile(o); ok {
				line, _, _ := strings.Cut(strings.TrimSpace(e.Message), "\n")
				g.note += ": " + clip(printable(line), maxNote)
			}
		}
		key := g.text + g.note
		if byText[key] == nil {
			byText[key] = &g
			groups = append(groups, &g)
		}
		byText[key].add(o)
	}
	if len(groups) == 0 {
		return
	}
	slices.SortStableFunc(groups, func(a, b *group) int {
		return cmp.Or(a.first.Compare(b.first), cmp.Compare(a.ranks[0], b.ranks[0]))
	})
	if first == nil {
		p.line(1, "failed:")
	} else {
		p.line(1, "also failed:")
	}
	for _, g := range groups[:min(len(groups), maxOthers)] {
		p.line(2, fmt.Sprintf("%s %s %s%s%s", plural(len(g.ranks), "rank", "ranks"),
			rankList(g.ranks, p.opt.Width/3), inPlural(g), g.later(first), g.note))
	}
	if more := len(groups) - maxOthers; more > 0 {
		ranks := 0
		for _, g := range groups[maxOthers:] {
			ranks += len(g.ranks)
		}
		p.line(2, fmt.Sprintf("and %d more %s", ranks, plural(ranks, "rank", "ranks")))
	}
}

func (g *group) add(o *job.Outcome) {
	g.ranks = append(g.ranks, o.Rank)
	if len(g.ranks) == 1 || o.Ended.Before(g.first) {
		g.first = o.Ended
	}
	if o.Ended.After(g.last) {
		g.last = o.Ended
	}
}

// later is ", 13 ms later", counted from the first failure.
func (g *group) later(first *job.Outcome) string {
	if first == nil || first.Ended.IsZero() || g.first.Before(first.Ended) {
		return ""
	}
	from, to := span(g.first.Sub(first.Ended)), span(g.last.Sub(first.Ended))
	if from == to {
		return ", " + from + " later"
	}
	return ", " + from + " to " + to + " later"
}

// inPlural makes "was killed" and "is gone" agree with several ranks.
func inPlural(g *group) string {
	if len(g.ranks) == 1 {
		return g.text
	}
	if rest, ok := strings.CutPrefix(g.text, "was "); ok {
		return "were " + rest
	}
	if rest, ok := strings.CutPrefix(g.text, "is gone, and nobody saw how it "); ok {
		return "are gone, and nobody saw how they " + rest
	}
	return g.text
}

// stopped folds everybody who did not fail: a line per reason, never a line per
// rank.
func (p *page) stopped() {
	var groups []*group
	killed := map[*group][]int{}
	for i := range p.res.Outcomes {
		o := &p.res.Outcomes[i]
		if o.Failed() {
			continue
		}
		text := reason(o)
		if text == finished && !p.many() {
			continue
		}
		at := slices.IndexFunc(groups, func(g *group) bool { return g.text == text })
		if at < 0 {
			at = len(groups)
			groups = append(groups, &group{text: text})
		}
		g := groups[at]
		g.add(o)
		if o.Kind == job.KindSignaled && o.Signal == job.SIGKILL && p.spec.Stop.StopSignal() != job.SIGKILL {
			killed[g] = append(killed[g], o.Rank)
		}
	}
	for _, g := range groups {
		text := g.text
		if p.many() {
			text += ": " + rankList(g.ranks, p.opt.Width-40)
		}
		switch k := killed[g]; {
		case len(k) > 0 && len(k) == len(g.ranks):
			text += " (it took SIGKILL)"
		case len(k) > 0:
			text += " (it took SIGKILL for " + rankList(k, p.opt.Width/3) + ")"
		}
		p.line(1, text)
	}
}

const finished = "finished"

// reason says why a worker that did not fail ended.
func reason(o *job.Outcome) string {
	switch o.Cause {
	case job.CausePeer:
		if o.Because != nil {
			return fmt.Sprintf("stopped because of rank %d", *o.Because)
		}
		return "stopped because another rank failed"
	case job.CauseUser:
		return "stopped on request"
	case job.CauseTimeout:
		return "stopped when the time was up"
	case job.CauseStall:
		return "stopped for the stall"
	case job.CauseLauncher:
		return "stopped because the launcher was killed"
	case job.CauseFull:
		return "stopped because the disk was full"
	case job.CauseRestart:
		return "stopped for a restart"
	case job.CauseNode:
		return "stopped because of another node"
	case job.CauseDone:
		return "stopped after the run had ended"
	}
	if o.Kind == job.KindRunning {
		return "still running"
	}
	return finished
}

// leftovers tells what is not as it should be after the end.
func (p *page) leftovers() {
	// Where there is a first failure, the title tells of it and not of this.
	if p.first() != nil && p.res.Verdict == job.Failed && p.res.Detail != "" {
		p.line(1, printable(p.res.Detail))
	}
	if n := len(p.res.Survivors); n > 0 {
		pids := strings.Trim(fmt.Sprint(lastOf(p.res.Survivors, 20)), "[]")
		text := fmt.Sprintf("SIGKILL did not end %s %s", plural(n, "pid", "pids"), strings.ReplaceAll(pids, " ", ", "))
		if n > 20 {
			text += fmt.Sprintf(" and %d more", n-20)
		}
		p.line(1, text+plural(n, ": it waits", ": they wait")+" in the kernel, and what "+
			plural(n, "it holds", "they hold")+" stays taken")
	}
	if n := p.res.Unshown; n > 0 {
		text := size(n) + " of output did not reach the console"
		if p.res.Dropped == 0 {
			text += "; the logs have all of it"
		}
		p.line(1, text)
	}
	if n := p.res.Dropped; n > 0 {
		p.line(1, size(n)+" of output is lost: it was dropped while the disk was full")
	}
}
