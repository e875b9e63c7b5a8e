package cli

import (
	"context"
	"fmt"
	"time"

	"github.com/sluicerun/sluice/api"
	"github.com/sluicerun/sluice/internal/runs"
)

// psRun is a run as ps --json shows it: the record that this machine has, and,
// where there are several, those of all machines.
type psRun struct {
	*runs.Record
	Nodes []psNode `json:"nodes,omitempty"`

	size int
}

// count is how many workers the run has, and of how many, where those of other
// machines are not shown.
func (r *psRun) count() string {
	if len(r.Nodes) == 0 && r.WorldSize > r.size {
		return fmt.Sprintf("n=%d of %d", r.size, r.WorldSize)
	}
	return fmt.Sprintf("n=%d", r.size)
}

// psNode is one machine's part. A node that waits, or does not answer, has no
// record.
type psNode struct {
	api.Node
	Record *runs.Record `json:"record,omitempty"`
	Error  string       `json:"error,omitempty"`
}

// everywhere asks the other machines of runs that have some.
func (a *app) everywhere(ctx context.Context, recs []*runs.Record) []*psRun {
	out := []*psRun{}
	for _, rec := range recs {
		v := across(ctx, rec)
		r := &psRun{Record: v.here, size: v.size()}
		out = append(out, r)
		if v.err != nil && v.here.State != runs.Ended {
			fmt.Fprintf(a.stderr, "sluice: the other machines of %s cannot be asked: %v\n", rec.ID, v.err)
		}
		if !v.several() {
			continue
		}
		theirs, errs := v.records(ctx, v.nodes)
		for i, n := range v.nodes {
			p := psNode{Node: n, Record: theirs[i]}
			if errs[i] != nil {
				p.Error = errs[i].Error()
				fmt.Fprintln(a.stderr, "sluice:", errs[i])
			}
			r.Nodes = append(r.Nodes, p)
		}
	}
	return out
}

// rows are the lines of a node.
func (n psNode) rows(host func(string) string, all bool, now time.Time) []string {
	if n.Record != nil && n.Rank >= 0 {
		return workerRows(n.Record, host, all, now)
	}
	ranks, state := "-", "waiting"
	if n.Rank >= 0 {
		ranks, state = fmt.Sprint(n.Base), "no answer"
		if n.Workers > 1 {
			ranks = fmt.Sprintf("%d-%d", n.Base, n.Base+n.Workers-1)
		}
	}
	return []string{fmt.Sprintf("%s\t%s%s\t-\t-\t-\t", ranks, host(n.Host), state)}
}
