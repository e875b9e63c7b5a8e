package report

import (
	"fmt"
	"strings"

	"github.com/sluicerun/sluice/job"
)

// elsewhere is the root cause of the run if that is on another node, or nil: what
// failed here is told anyway.
func (p *page) elsewhere() *job.RootCause {
	root := p.res.Root
	if root == nil || p.res.Verdict != job.Failed || root.Rank < 0 && root.Host == p.res.Host {
		return nil // somebody stopped it, or it is told as this node's own
	}
	for _, o := range p.res.Outcomes {
		if root.Rank >= 0 && o.Rank == root.Rank {
			return nil
		}
	}
	return root
}

// root tells what failed first on another node.
func (p *page) root(r *job.RootCause) {
	text := fmt.Sprintf("host %s (node %d) failed first", printable(r.Host), r.Node)
	switch {
	case r.Node < 0: // it had no place yet
		text = fmt.Sprintf("host %s failed first", printable(r.Host))
	case r.Rank >= 0:
		text = fmt.Sprintf("rank %d on host %s (node %d) failed first", r.Rank, printable(r.Host), r.Node)
	}
	if !r.At.IsZero() {
		text += ", at " + r.At.Local().Format("2006-01-02 15:04:05.000")
	}
	p.styled(1, bold, text)
	for line := range strings.Lines(r.Text) {
		p.line(1, printable(strings.TrimRight(line, "\r\n")))
	}
	if r.Tail != "" && p.opt.TailLines > 0 {
		p.line(1, "the end of what it wrote:")
		p.quote(2, []byte(r.Tail))
	}
	if r.Rank >= 0 && r.Host != p.res.Host {
		p.line(1, "its logs are on host "+printable(r.Host))
	}
}
