package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/sluicerun/sluice/api"
	"github.com/sluicerun/sluice/internal/runs"
	"github.com/sluicerun/sluice/job"
)

// askNode bounds a question to the agent of another machine.
const askNode = 5 * time.Second

// selfLast is how long this machine's own node is told later than the others, at
// most.
const selfLast = 20 * time.Millisecond

// view is a run as all its machines have it. It is the one place that knows on
// which of them a rank is.
type view struct {
	here  *runs.Record
	nodes []api.Node // empty: here is all there is
	gone  []api.Node // that took part in earlier rounds, and when they went
	err   error      // why the others are not known
}

// across asks a run that goes on for its machines, if it may have several.
func across(ctx context.Context, rec *runs.Record) *view {
	v := &view{here: rec}
	if !rec.Spec.Nodes.Elastic() || rec.State == runs.Ended || rec.Via != "" {
		return v
	}
	ctx, cancel := context.WithTimeout(ctx, askNode)
	defer cancel()
	var resp api.Response
	var wg sync.WaitGroup
	// Ranks are dealt out anew in each round, and run.json tells of the last.
	wg.Go(func() { v.here = fresh(ctx, rec) })
	resp, v.err = api.Ask(ctx, rec.Socket, api.Request{Op: api.OpNodes})
	wg.Wait()
	if errors.Is(v.err, context.DeadlineExceeded) {
		v.err = errors.New("the agent on this machine does not answer: it is suspended, or too busy")
	}
	if v.here.State == runs.Ended {
		return v
	}
	for _, n := range resp.Nodes {
		if n.Gone {
			v.gone = append(v.gone, n)
		} else {
			v.nodes = append(v.nodes, n)
		}
	}
	return v
}

// waits tells that a run has yet to meet the other machines: it had no worker so far.
func waits(rec *runs.Record) bool {
	return rec.State == runs.Running && len(rec.Workers) == 0 && rec.Spec.Nodes.Several() && rec.Remote == nil
}

// begun looks at a run that waits until it has ranks, here or elsewhere, or has ended.
func begun(ctx context.Context, v *view) *view {
	look := time.NewTicker(200 * time.Millisecond)
	defer look.Stop()
	for waits(v.here) && len(v.with(job.RankSet{})) == 0 {
		select {
		case <-look.C:
			v = across(ctx, fresh(ctx, v.here))
		case <-ctx.Done():
			return v
		}
	}
	return v
}

// several tells that there are other machines.
func (v *view) several() bool { return len(v.nodes) > 1 }

// size is how many workers all machines have.
func (v *view) size() int {
	n := 0
	for _, node := range v.nodes {
		if node.Rank >= 0 {
			n += node.Workers
		}
	}
	if n == 0 {
		n = max(v.here.Spec.Workers, 1)
	}
	return n
}

// lacks is the error for ranks of which some do not exist: nothing is done to others.
func (v *view) lacks(ranks job.RankSet) error {
	if n := v.here.Spec.Nodes; n.Several() && (!n.Elastic() || v.err != nil || waits(v.here)) {
		return nil // how many there are is not known here
	}
	if none := ranks.Beyond(v.size()); !none.IsZero() {
		return v.noRank(none)
	}
	return nil
}

// with are the nodes that have some of the ranks; all that have ranks if none are
// named.
func (v *view) with(ranks job.RankSet) []api.Node { return having(v.nodes, ranks) }

func having(nodes []api.Node, ranks job.RankSet) []api.Node {
	var out []api.Node
	for _, n := range nodes {
		for i := range n.Workers {
			if n.Rank >= 0 && (ranks.IsZero() || ranks.Contains(n.Base+i)) {
				out = append(out, n)
				break
			}
		}
	}
	return out
}

// at is the record by which a node is asked. Of another machine's it has what is
// known here; see ask for more.
func (v *view) at(n api.Node) *runs.Record {
	rec := *v.here
	rec.Host, rec.RankBase, rec.Spec.Workers = n.Host, n.Base, n.Workers
	if !n.Self {
		rec.Via, rec.Workers, rec.Result, rec.Launcher, rec.Agent = n.ID, nil, nil, nil, nil
	}
	return &rec
}

// ask is a node's record as its agent has it.
func (v *view) ask(ctx context.Context, n api.Node) (*runs.Record, error) {
	if n.Self {
		return v.here, nil
	}
	ctx, cancel := context.WithTimeout(ctx, askNode)
	defer cancel()
	rec := v.at(n)
	resp, err := api.Ask(ctx, rec.Socket, api.Request{Op: api.OpStatus, Via: n.ID})
	switch {
	case ctx.Err() != nil:
		return nil, &api.NodeError{ID: n.ID, Name: nodeName(n), Why: "its agent does not answer"}
	case err != nil:
		return nil, err
	case resp.Record == nil:
		return nil, fmt.Errorf("asking %s: it told nothing", nodeName(n))
	}
	out := elsewhere(rec, resp.Record)
	out.Dir = resp.Record.Dir // where it is over there
	return out, nil
}

// elsewhere makes another machine's record one that is used here: the run goes by
// the name that it has here, and is asked by way of this machine.
func elsewhere(rec, theirs *runs.Record) *runs.Record {
	out := *theirs
	out.ID, out.Dir, out.Socket, out.Via = rec.ID, rec.Dir, rec.Socket, rec.Via
	return &out
}

// records asks all nodes that have some of the ranks, in the order of their ranks;
// errs has an error for each that did not answer.
func (v *view) records(ctx context.Context, nodes []api.Node) (recs []*runs.Record, errs []error) {
	recs, errs = make([]*runs.Record, len(nodes)), make([]error, len(nodes))
	var wg sync.WaitGroup
	for i, n := range nodes {
		wg.Go(func() { recs[i], errs[i] = v.ask(ctx, n) })
	}
	wg.Wait()
	return recs, errs
}

// tell puts a request to several nodes at once. ranks are those that it was about
// on any of them. A node that has none of the ranks running is no error if
// another has.
func (v *view) tell(ctx context.Context, nodes []api.Node, req api.Request) (ranks string, err error) {
	if !v.several() {
		resp, err := live(ctx, v.here, req)
		return resp.Ranks, err
	}
	var all []string
	errs := make([]error, len(nodes))
	resps := make([]api.Response, len(nodes))
	var wg, others sync.WaitGroup
	tell := func(i int) { resps[i], errs[i] = live(ctx, v.at(nodes[i]), req) }
	for i, n := range nodes {
		if !n.Self {
			others.Add(1)
			wg.Go(func() {
				defer others.Done()
				tell(i)
			})
		}
	}
	told := make(chan struct{})
	go func() { others.Wait(); close(told) }()
	if i := slices.IndexFunc(nodes, func(n api.Node) bool { return n.Self }); i >= 0 {
		// Last, as it is the way to the others, which a stop may close.
		select {
		case <-told:
		case <-time.After(selfLast):
		}
		tell(i)
	}
	wg.Wait()
	var idle error
	for i := range nodes {
		var usage *job.UsageError
		switch {
		case errs[i] == nil && resps[i].Ranks != "":
			all = append(all, resps[i].Ranks)
		case errors.As(errs[i], &usage) && usage.Field == "RANKS":
			idle = errs[i]
		case errs[i] != nil && err == nil:
			err = errs[i]
		}
	}
	if err == nil && len(all) == 0 {
		err = idle
	}
	ranks = strings.Join(all, ",")
	if set, perr := job.ParseRankSet(ranks); perr == nil {
		ranks = set.String()
	}
	return ranks, err
}

// noRank is the error of a rank that is nowhere.
func (v *view) noRank(ranks job.RankSet) error {
	if v.err != nil {
		return fmt.Errorf("finding rank %v of %s: it is not on this machine, and the others cannot be asked: %w", ranks, v.here.ID, v.err)
	}
	if gone := having(v.gone, ranks); len(gone) > 0 {
		n := gone[len(gone)-1] // who had it last
		return fmt.Errorf("finding rank %v of %s: %w", ranks, v.here.ID, &api.NodeError{ID: n.ID, Name: nodeName(n),
			Why: fmt.Sprintf("it has left the run, or was lost, and the others have begun without it; what it wrote is on that machine (there: sluice logs --rank %v)", ranks)})
	}
	if v.here.State == runs.Ended && v.here.Spec.Nodes.Elastic() {
		return &job.UsageError{Field: "RANK", Value: ranks.String(), Why: fmt.Sprintf("run %s has ended, and no such rank was on this machine", v.here.ID),
			Hint: "sluice ps " + v.here.ID + " shows those that were; the other machines have theirs"}
	}
	return &job.UsageError{Field: "RANK", Value: ranks.String(), Why: fmt.Sprintf("run %s has no such rank", v.here.ID), Hint: "sluice ps " + v.here.ID + " shows them"}
}

// nodeName is how people know a node.
func nodeName(n api.Node) string {
	if n.Rank < 0 {
		return "host " + n.Host
	}
	return fmt.Sprintf("node %d (host %s)", n.Rank, n.Host)
}
