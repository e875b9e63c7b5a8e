package launch

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/sluicerun/sluice/internal/runs"
	"github.com/sluicerun/sluice/job"
)

// Plan is what a spec would start.
type Plan struct {
	Path    string       `json:"path"`
	Command []string     `json:"command"`
	Cwd     string       `json:"cwd,omitempty"`
	LogDir  string       `json:"log_dir"`
	Rlimits []job.Rlimit `json:"rlimits,omitempty"`
	Nice    int          `json:"nice,omitempty"`
	Workers []PlanWorker `json:"workers"`
}

// PlanWorker is one rank of a Plan.
type PlanWorker struct {
	Rank   int    `json:"rank"`
	Stdin  string `json:"stdin"`
	Stdout string `json:"stdout"`
	Stderr string `json:"stderr"`
	// Env are the variables that are not simply inherited.
	Env []string `json:"env"`
	// Command is the rank's own, where macros make it one.
	Command []string `json:"command,omitempty"`
	// Bound is what the rank would be bound to, with the reason.
	Bound string `json:"bound,omitempty"`
}

// MakePlan tells what Prepare and Start would do, and does nothing.
func MakePlan(spec job.Spec, opt Options) (Plan, error) {
	if spec.Workers == 0 {
		spec.Workers = 1
	}
	if err := spec.Validate(); err != nil {
		return Plan{}, err
	}
	h := &Handle{spec: spec, opt: opt, host: hostname()}
	if opt.Environ == nil {
		h.opt.Environ = os.Environ()
	}
	if err := h.resolve(); err != nil {
		return Plan{}, err
	}
	if err := h.planBindings(); err != nil {
		return Plan{}, err
	}
	id := spec.RunName() + "-??????"
	logDir := spec.LogDir
	if logDir == "" {
		logDir = filepath.Join(runs.StateDir(), "runs")
	}
	p := Plan{Path: h.path, Command: h.args, Cwd: spec.Cwd, LogDir: filepath.Join(logDir, id),
		Rlimits: spec.Rlimits, Nice: spec.Nice}
	e := newEnviron(&spec, h.opt.Environ, id, "", h.host)
	addr, port := e.attempt()
	at := Place{Size: spec.Workers, Groups: 1, RoleSize: spec.Workers, MasterAddr: addr, MasterPort: port}
	for r := range spec.Workers {
		env, err := e.worker(r, 0, 0, filepath.Join(p.LogDir, runs.WorkerDir(0, r)), at)
		if err != nil {
			return Plan{}, err
		}
		dir := filepath.Join(p.LogDir, runs.WorkerDir(0, r))
		args := h.argv(r)
		if slices.Equal(args, h.args) {
			args = nil
		}
		p.Workers = append(p.Workers, PlanWorker{
			Command: args, Bound: h.boundWords(r),
			Rank: r, Stdin: planStdin(spec, r),
			Stdout: planOut(spec, r, job.Stdout, dir), Stderr: planOut(spec, r, job.Stderr, dir),
			Env: e.added(env),
		})
	}
	return p, nil
}

func planStdin(spec job.Spec, rank int) string {
	s := spec.Stdin
	switch {
	case s.Mode == job.StdinShared:
		return "the launcher's, shared by all"
	case s.Mode == job.StdinDefault && spec.Workers == 1, s.Mode == job.StdinRank && s.Rank == rank:
		return "the launcher's"
	case s.Mode == job.StdinAll:
		return "a copy of the launcher's"
	case s.Mode == job.StdinFIFO && s.Rank == rank:
		return s.Path
	}
	return "/dev/null"
}

func planOut(spec job.Spec, rank int, s job.Stream, dir string) string {
	redirect, tee := spec.Streams(rank)
	file := filepath.Join(dir, s.String()+".log")
	switch {
	case tee.Has(s) && !spec.Console.Show.IsZero() && !spec.Console.Show.Contains(rank):
		return fmt.Sprintf("%s (tee'd, not on the console)", file)
	case tee.Has(s):
		return file + " and the console"
	case redirect.Has(s):
		return file
	}
	return "the launcher's"
}
