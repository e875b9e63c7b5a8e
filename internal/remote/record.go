package remote

import (
	"fmt"
	"os"
	"time"

	"github.com/sluicerun/sluice/internal/proc"
	"github.com/sluicerun/sluice/internal/runs"
	"github.com/sluicerun/sluice/job"
)

// begin records that the run goes on, so that people find it here as well.
func (r *run) begin(workers int) error {
	dir, err := runs.CreateAs(r.id)
	if err != nil {
		return err
	}
	spec := r.opt.Spec
	spec.Workers = workers
	spec.Nodes = job.Nodes{} // none of them is this machine
	r.rec = &runs.Record{Version: 1, ID: r.id, Name: spec.RunName(), Dir: dir, Host: runs.Hostname(), State: runs.Running, Spec: spec,
		Started: r.began, Remote: &runs.Remote{SSH: r.opt.SSH, Sluice: r.opt.Remote}}
	for _, s := range r.alive() {
		r.rec.Remote.Parts = append(r.rec.Remote.Parts, runs.Part{Host: s.Name, Node: s.rank})
	}
	self, err := proc.Identify(os.Getpid())
	if err != nil {
		return err
	}
	r.rec.Launcher = &self
	return r.rec.Save()
}

// placed records what the run is called on a host. If this process is killed, nothing
// else tells where the files are.
func (r *run) placed(s *session, id string) {
	if r.rec == nil {
		return
	}
	for i := range r.rec.Remote.Parts {
		if p := &r.rec.Remote.Parts[i]; p.Host == s.Name {
			p.Run = id
		}
	}
	if err := r.rec.Save(); err != nil {
		r.console.Note(fmt.Sprintf("sluice: %s: what the run is called there is not recorded: %v", s.Name, err))
	}
}

// keep records the end of the run, and where its files are.
func (r *run) keep(status int, failed error) error {
	if r.rec == nil {
		return nil // nothing was started
	}
	var parts []runs.Part
	for _, s := range r.all {
		if s.part != "" {
			parts = append(parts, runs.Part{Host: s.Name, Run: s.part, Node: s.rank})
		}
	}
	if len(parts) == 0 { // nothing was started after all
		return os.RemoveAll(r.rec.Dir)
	}
	res, _ := r.merge()
	if !r.finished() { // all connections were lost
		res.Verdict, res.Status, res.Started, res.Ended = job.Lost, status, r.began, time.Now()
		if failed != nil {
			res.Detail = firstLine(failed.Error())
		}
	}
	rec := r.rec
	res.Dir = rec.Dir
	rec.State, rec.Launcher, rec.Remote.Parts = runs.Ended, nil, parts
	rec.Attempt, rec.Result = max(res.Attempts-1, 0), &res
	for _, o := range res.Outcomes {
		rec.Workers = append(rec.Workers, runs.Worker{Outcome: o})
	}
	if err := rec.Save(); err != nil {
		return fmt.Errorf("recording run %s: %w", r.id, err)
	}
	return nil
}
