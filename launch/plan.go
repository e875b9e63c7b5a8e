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
	h := &Handle{spec: spec, opt: opt, host: runs.Hostname()}
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
	at := e.planned()
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
			Rank: at.Base + r, Stdin: planStdin(spec, r),
			Stdout: planOut(spec, at.Base+r, r, job.Stdout, dir), Stderr: planOut(spec, at.Base+r, r, job.Stderr, dir),
			Env: e.added(env),
		})
	}
	return p, nil
}

// planned is the place of the gang in the first attempt, if all nodes start as
// many workers as this one.
func (e *environ) planned() Place {
	n, nodes := e.spec.Size(), e.spec.Nodes
	count := max(nodes.Count, 1)
	p := Place{Base: nodes.Rank * n, Size: count * n, Group: nodes.Rank, Groups: count, RoleBase: nodes.Rank * n, RoleSize: count * n,
		AgentStore: e.spec.Torch != nil && e.spec.Torch.AgentStore}
	p.MasterAddr, p.MasterPort = e.attempt()
	if nodes.Several() {
		p.MasterAddr = nodes.Host
		if p.AgentStore {
			p.MasterPort = itoa(nodes.Port)
		}
	}
	return p
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

func planOut(spec job.Spec, rank, local int, s job.Stream, dir string) string {
	redirect, tee := spec.Streams(local)
	file := filepath.Join(dir, s.String()+".log")
	switch {
	case tee.Has(s) && !spec.Console.Shows(rank, local):
		return fmt.Sprintf("%s (tee'd, not on the console)", file)
	case tee.Has(s):
		return file + " and the console"
	case redirect.Has(s):
		return file
	case !spec.Console.Shows(rank, local):
		return os.DevNull
	}
	return "the launcher's"
}
