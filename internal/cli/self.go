package cli

import (
	"context"
	"os"
	"strconv"
	"time"

	"github.com/sluicerun/sluice/api"
	"github.com/sluicerun/sluice/internal/runs"
	"github.com/sluicerun/sluice/job"
)

// selfName is the RUN of who asks: a worker, or what it started.
const selfName = "self"

// askSelf bounds the question who we are.
const askSelf = 2 * time.Second

// self is the run that this process is part of, and its rank unless another one
// is named. It is found by its socket: a worker may have been given another home
// directory, where its run is not listed.
func self(set job.RankSet) (*runs.Record, job.RankSet, error) {
	id, socket := os.Getenv("SLUICE_RUN"), os.Getenv("SLUICE_SOCKET")
	if id == "" {
		return nil, set, &job.UsageError{Field: "RUN", Value: selfName, Why: "this process is not part of a run: SLUICE_RUN is not set",
			Hint: "self is for programs that sluice started; sluice ps lists the runs"}
	}
	if set.IsZero() {
		rank, err := strconv.Atoi(os.Getenv("SLUICE_RANK"))
		if err != nil || rank < 0 || rank > job.MaxRank {
			return nil, set, &job.UsageError{Field: "RUN", Value: selfName, Why: "SLUICE_RANK is " + strconv.Quote(os.Getenv("SLUICE_RANK")) + ", not a rank",
				Hint: "name it: self/0"}
		}
		set = job.Ranks(rank)
	}
	if socket != "" {
		ctx, cancel := context.WithTimeout(context.Background(), askSelf)
		defer cancel()
		if resp, err := api.Ask(ctx, socket, api.Request{Op: api.OpStatus}); err == nil && resp.Record != nil && resp.Record.ID == id {
			return resp.Record, set, nil
		}
	}
	rec, err := runs.Find(id)
	if err != nil {
		return nil, set, err
	}
	return settle(rec), set, nil
}
