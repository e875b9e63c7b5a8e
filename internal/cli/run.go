package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/sluicerun/sluice/internal/agent"
	"github.com/sluicerun/sluice/internal/remote"
	"github.com/sluicerun/sluice/job"
	"github.com/sluicerun/sluice/launch"
)

// runOptions are the flags of sluice run.
type runOptions struct {
	spec     job.Spec
	workers  workersFlag
	detach   bool
	envFile  []string
	env      []string
	prefix   job.Template
	grace    job.Duration
	maxSize  job.Size
	events   string
	progress string
	dryRun   bool
	json     bool
	machine  string
	pty      ptyOptions
	nodes    nodesOptions
	hosts    hostsOptions
	places   []remote.Host // of --hosts
}

func newRun(a *app) *cobra.Command {
	var o runOptions
	cmd := &cobra.Command{
		Use:   "run [flags] [--] COMMAND [ARG...]",
		Short: "Start a gang of workers, stream it, explain it, clean up",
		Long: `Start COMMAND once per worker. Every byte a worker writes is in its log before
anybody sees it; the console shows them all, line by line. The first failure
stops the gang (see --on-failure) and is explained at the end.

Flags come before COMMAND; everything after it belongs to it.

Workers get RANK, LOCAL_RANK, WORLD_SIZE, LOCAL_WORLD_SIZE, MASTER_ADDR and
MASTER_PORT (see --env-dialect), and SLUICE_RUN, SLUICE_RANK, SLUICE_SOCKET.

Ctrl-C stops the gang gracefully, a second one hurries, a third kills.

Rank sets:     0   0,8-15   all   none   %8   %8+1 (every eighth, from 1)
Stream specs:  all   out   err   none   0:all,1-31:err   3   0:1,1:3`,
		Example: `  sluice run -n 4 -- python train.py
  sluice run -n 8 --console 0 --redirect 1-7:all -- ./solver input.dat
  sluice run -n 2 --restarts 3 --grace 5m -- ./serve
  sluice run -d --name nightly -- make check
  sluice run --nodes 2:4 --rendezvous host0:29400 --tls keys -n 8 -- python train.py
  sluice run --hosts a:8,b:8 -- python train.py`,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error { return o.run(a, cmd.Flags(), args) },
	}
	o.addFlags(cmd.Flags())
	o.nodes.addFlags(cmd.Flags(), true)
	o.hosts.addFlags(cmd.Flags())
	cmd.Flags().SetInterspersed(false)
	cmd.SetUsageTemplate(cmd.UsageTemplate() + `
Exit status: 0 if every worker succeeded; else by --exit-code the worker's
(128+n for signal n); 124 --timeout or --stall-timeout; 125 sluice itself
failed; 126 or 127 COMMAND could not be executed or found; 2 bad usage;
128+n when sluice was stopped by signal n.
`)
	return cmd
}

func (o *runOptions) addFlags(f *pflag.FlagSet) {
	s := &o.spec
	f.SortFlags = false
	f.VarP(&o.workers, "workers", "n", "number of workers, or cpu, gpu, auto (default 1)")
	f.Var(&o.workers, "nproc-per-node", "the same, by torchrun's name")
	f.StringVar(&s.Name, "name", "", "`NAME` of the run (default: the command's)")
	f.StringVar(&s.Role, "role", "", "`ROLE` of the workers, for prefixes and ROLE_NAME")
	f.BoolVarP(&o.detach, "detach", "d", false, "print the run's id and go on without the terminal")

	f.StringVar(&s.LogDir, "log-dir", "", "`DIR` where run directories are made (default: XDG state dir)")
	f.Var(&s.Redirect, "redirect", "streams that go to their file only")
	f.Var(&s.Tee, "tee", "streams that go to their file and the console (default all)")
	f.Var(&s.Console.Show, "console", "ranks whose output is shown (default all)")
	f.Var(&o.prefix, "prefix", "template before each line: {rank} {local_rank} {role} {host} {stream} {attempt} {time}")
	f.BoolVar(&s.Console.Timestamps, "timestamps", false, "show when each line arrived")
	f.BoolVar(&s.Console.Dedup, "dedup", false, "show a line that many ranks write once, headed by its ranks")
	f.StringVar(&o.progress, "progress", "auto", "how \"\\r\" progress bars are shown, `HOW`: auto, live, collapse, raw")
	f.Var((*lingerFlag)(&s.Console.Linger), "console-linger", "how long the end waits for a console that takes nothing (default 10s)")
	f.BoolVarP(&s.Console.Quiet, "quiet", "q", false, "no reports of sluice's own")
	f.Var(&s.Stdin, "stdin", "who reads: none, RANK, all, fifo:PATH (default: rank 0 of one worker)")

	o.pty.addFlags(f)

	f.Var(&o.grace, "grace", "time from the stop signal to SIGKILL: 0 to forever (default 30s)")
	f.Var(&s.Stop.Signal, "stop-signal", "the stop signal (default SIGTERM)")
	f.BoolVar(&s.Stop.LeaderFirst, "stop-leader-first", false, "signal the worker alone before its group")
	f.Var(&s.Timeout, "timeout", "end the run after this long, with status 124")
	f.Var(&s.Stall.Timeout, "stall-timeout", "end the run when no rank has written for this long, with status 124")
	f.StringVar(&s.Stall.Command, "on-stall", "", "shell `COMMAND` to run first, with $SLUICE_PIDS")
	f.Var(&s.Stall.Signal, "stall-signal", "signal to send to all workers first, so that stacks land in the logs")

	f.Var(&s.OnFailure, "on-failure", "stop, continue, stop-when=N or stop-when=N%")
	f.Var(&s.ExitCode, "exit-code", "whose status is the run's: first, max, lowest-rank, any or count")
	f.IntVar(&s.Restart.Max, "restarts", 0, "start a failed gang again up to `N` times")
	f.Var(&s.Restart.Backoff, "restart-backoff", "pause before the first restart; doubles each time")
	f.Var(&s.Restart.MinUptime, "min-uptime", "a failure sooner than this is not retried")
	f.Var(&s.Restart.Scope, "restart-scope", "what a restart restarts: gang or worker")

	f.StringArrayVar(&o.env, "env", nil, "variable for the workers, as `K=V`; may be repeated")
	f.StringArrayVar(&o.envFile, "env-file", nil, "`FILE` of K=V lines; may be repeated")
	f.Var((*job.Dialects)(&s.Dialects), "env-dialect", "variables given to ranks: torch, ompi, pmi, slurm (several with commas), none")
	f.StringVar(&s.Cwd, "cwd", "", "the workers' `DIR`")
	f.Var((*job.Rlimits)(&s.Rlimits), "rlimit", "NAME=SOFT[:HARD], for example nofile=4096 or core=unlimited")
	f.IntVar(&s.Nice, "nice", 0, "`N` is added to the workers' niceness, -20 to 19")

	f.Var(&s.Bind, "bind", "CPUs of each worker: none, auto, node, socket, exclusive, core-complex, core, l3, or lists as 0-3:4-7")
	f.Var(&s.Bind, "numa-binding", "the same, by torchrun's name")
	f.Var(&s.Bind.Mem, "mem-bind", "memory of bound workers: none, local or preferred")
	f.BoolVar(&s.Bind.Fallback, "bind-fallback", false, "go on unbound where binding is not possible")
	f.BoolVar(&s.Bind.Report, "report-bindings", false, "tell what the kernel says each worker is bound to")

	f.Var(&o.maxSize, "log-max-size", "cut a log at the first line end past this size")
	f.IntVar(&s.Rotate.Keep, "log-keep", 0, "`N` archives are kept per log (default all)")
	f.BoolVar(&s.Rotate.Compress, "log-compress", false, "compress archives (zstd)")
	f.Var(&s.OnFull, "on-full", "when the disk is full: block, drop or stop")
	f.Var(&s.OnLauncherDeath, "on-launcher-death", "when sluice is killed: stop or keep")

	f.StringVar(&o.events, "events", "", "write events as JSON lines to `FILE`, or - for stdout (workers' output then goes to stderr)")
	f.BoolVar(&o.dryRun, "dry-run", false, "show what would be started, and start nothing")
	f.BoolVar(&o.json, "json", false, "with --dry-run: as JSON")
	f.StringVar(&o.machine, "machine", "", "with --dry-run: plan for the machine whose /sys and /proc lie in `DIR`")
}

// finalize turns flags into a spec.
func (o *runOptions) finalize(f *pflag.FlagSet, args []string) (job.Spec, error) {
	s := o.spec
	s.Command = args
	if len(args) == 0 {
		return s, usagef("there is no command to run; write it after the flags: sluice run -n 4 -- COMMAND")
	}
	var err error
	if s.Workers, err = o.workers.count(os.LookupEnv); err != nil {
		return s, err
	}
	if f.Changed("prefix") {
		s.Console.Prefix = &o.prefix
	}
	if f.Changed("grace") {
		s.Stop.Grace, s.Stop.GraceSet = o.grace, true
	}
	s.Rotate.MaxSize = int64(o.maxSize)
	for _, file := range o.envFile {
		kv, err := job.ReadEnvFile(file)
		if err != nil {
			return s, &flagError{err: err, hint: "an env file has lines of the form K=V"}
		}
		s.Env = append(s.Env, kv...)
	}
	s.Env = append(s.Env, o.env...)
	if err := o.pty.finalize(f, &s); err != nil {
		return s, err
	}
	if f.Changed("hosts") {
		if o.places, err = o.hosts.finalize(f, &s, &o.nodes, s.Workers); err != nil {
			return s, err
		}
	} else {
		o.nodes.plan = o.dryRun
		if err := errors.Join(o.hosts.alone(f), o.nodes.finalize(f, &s, os.LookupEnv)); err != nil {
			return s, err
		}
	}
	switch o.progress {
	case "auto", "live", "collapse", "raw":
	default:
		return s, usagef("--progress: %q is none of auto, live, collapse, raw", o.progress)
	}
	return s, s.Validate()
}

func (o *runOptions) run(a *app, f *pflag.FlagSet, args []string) error {
	spec, err := o.finalize(f, args)
	if err != nil {
		return err
	}
	return o.start(a, spec)
}

// start starts a run, or shows what it would be.
func (o *runOptions) start(a *app, spec job.Spec) (err error) {
	if o.dryRun {
		return o.plan(a, spec)
	}
	if o.json {
		return usagef("--json goes with --dry-run: what a run does is told as JSON by --events FILE and sluice ps --json")
	}
	if o.machine != "" {
		return usagef("--machine goes with --dry-run: workers are started on this machine")
	}
	if o.detach && o.events == "-" {
		return usagef("--events - goes nowhere with -d: name a file, or read events.jsonl in the run's directory")
	}
	if len(o.places) > 0 {
		return o.hosts.run(a, spec, o.places, o.events, o.progress)
	}
	if a.agent == nil {
		if a.agent, err = agent.Spawn(); err != nil {
			return err
		}
	}
	ag := a.agent
	a.agent = nil // it is in use
	id, status, err := ag.Launch(spec, agent.Start{Detach: o.detach, Events: o.events, Progress: o.progress}, o.pty.terminal)
	var left *agent.Detached
	if errors.As(err, &left) {
		fmt.Fprintln(a.stderr, "sluice:", left)
		return nil
	}
	if !o.detach {
		o.nodes.ended(a.stderr)
	}
	if err != nil {
		return err
	}
	if o.detach {
		fmt.Fprintln(a.stdout, id)
	}
	if status != 0 {
		return exitStatus(status)
	}
	return nil
}

func (o *runOptions) plan(a *app, spec job.Spec) error {
	p, err := launch.MakePlan(spec, launch.Options{Machine: o.machine})
	if err != nil {
		return err
	}
	if o.json {
		enc := json.NewEncoder(a.stdout)
		enc.SetIndent("", "  ")
		return enc.Encode(p)
	}
	fmt.Fprintf(a.stdout, "command  %s\nargs     %s\nlog dir  %s\n", p.Path, job.Quote(p.Command...), p.LogDir)
	if p.Cwd != "" {
		fmt.Fprintf(a.stdout, "cwd      %s\n", p.Cwd)
	}
	if len(p.Rlimits) > 0 {
		fmt.Fprintf(a.stdout, "rlimits  %s\n", job.Rlimits(p.Rlimits))
	}
	if p.Nice != 0 {
		fmt.Fprintf(a.stdout, "nice     %+d\n", p.Nice)
	}
	for _, w := range p.Workers {
		fmt.Fprintf(a.stdout, "rank %d\n  stdin   %s\n  stdout  %s\n  stderr  %s\n  env     %s\n",
			w.Rank, w.Stdin, w.Stdout, w.Stderr, job.Quote(w.Env...))
		if w.Command != nil {
			fmt.Fprintf(a.stdout, "  args    %s\n", job.Quote(w.Command...))
		}
		if w.Bound != "" {
			fmt.Fprintf(a.stdout, "  bound   %s\n", w.Bound)
		}
	}
	return nil
}
