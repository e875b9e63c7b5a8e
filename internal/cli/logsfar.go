package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/sluicerun/sluice/api"
	"github.com/sluicerun/sluice/job"
)

// elsewhere are the logs on other machines that were asked for.
func (o *logsOptions) elsewhere(v *view, ranks job.RankSet) ([]logFile, error) {
	streams, err := o.streams()
	if err != nil || !v.several() {
		return nil, err
	}
	var out []logFile
	for _, n := range v.with(ranks) {
		if n.Self {
			continue
		}
		rec := v.at(n)
		for i := range n.Workers {
			rank := n.Base + i
			if !ranks.IsZero() && !ranks.Contains(rank) {
				continue
			}
			for _, s := range streams {
				out = append(out, logFile{rank: rank, local: i, attempt: o.attempt, std: s, from: o.offset, node: rec})
			}
		}
	}
	return out, nil
}

// inRanks puts logs of here and elsewhere in the order of their ranks.
func inRanks(files, far []logFile) []logFile {
	all := slices.Concat(files, far)
	slices.SortStableFunc(all, func(a, b logFile) int { return cmp.Compare(a.rank, b.rank) })
	return all
}

// request asks for a log on another machine.
func (l logFile) request() api.Request {
	q := &api.LogRequest{Stream: l.std, Offset: l.from}
	if l.attempt >= 0 {
		q.Attempt = &l.attempt
	}
	return api.Request{Via: l.node.Via, Rank: l.rank, Log: q}
}

// openFar opens a log on another machine; os.ErrNotExist if it has none.
func (o *logsOptions) openFar(ctx context.Context, a *app, l logFile) (io.ReadCloser, error) {
	req := l.request()
	if o.tail >= 0 {
		req.Log.Tail = &o.tail
	}
	r, err := api.OpenLog(ctx, l.node.Socket, req)
	if err != nil {
		return nil, fmt.Errorf("showing the %v log of rank %d: %w", l.std, l.rank, err)
	}
	if r.Part().Missing {
		r.Close()
		return nil, os.ErrNotExist
	}
	return &farReader{LogReader: r, log: l, warn: a.stderr, first: true}, nil
}

// cutAt says of an answer that stopped in the middle, at byte off, what may have
// happened: that we are behind two agents and a network is nothing to know.
func (l logFile) cutAt(err error, off int64) error {
	if !errors.Is(err, api.ErrCut) {
		return err
	}
	return fmt.Errorf("the connection to host %s broke at byte %d: the agent there has ended, or the link to it was cut (sluice ps %s tells who answers)",
		l.node.Host, off, l.node.ID)
}

// farReader reads the parts of a log as one.
type farReader struct {
	*api.LogReader
	log   logFile
	warn  io.Writer
	first bool
}

func (r *farReader) Read(p []byte) (int, error) {
	for {
		if skipped := r.Part().Skipped; skipped != "" && r.first {
			fmt.Fprintln(r.warn, "sluice:", skipped)
		}
		r.first = false
		if n, err := r.LogReader.Read(p); n > 0 || err != nil {
			return n, r.log.cutAt(err, r.Offset())
		}
		if err := r.Next(); err != nil {
			return 0, r.log.cutAt(err, r.Offset())
		}
		r.first = true
	}
}
