package cli

import (
	"errors"
	"fmt"
	"maps"
	"net"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"golang.org/x/sys/unix"
	"golang.org/x/term"

	"github.com/sluicerun/sluice/internal/agent"
	"github.com/sluicerun/sluice/internal/early"
	"github.com/sluicerun/sluice/internal/scheduler"
	"github.com/sluicerun/sluice/internal/torchargs"
	"github.com/sluicerun/sluice/job"
)

// torchrunName is the subcommand, and the name of a link to this program that
// means it.
const torchrunName = early.Torchrun

// statusFailed is torchrun's exit status for everything but bad usage.
const statusFailed = 1

func newTorchrun(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   torchrunName + " [flags] SCRIPT [ARG...]",
		Short: "Run a PyTorch script as torchrun does, with torchrun's flags",
		// Its words are Python's argparse's: prefixes, PET_* variables, -r3.
		DisableFlagParsing: true,
		RunE: func(cmd *cobra.Command, args []string) error {
			return torchrun(a, args)
		},
	}
}

func torchrun(a *app, args []string) error {
	var o runOptions
	flags := pflag.NewFlagSet(torchrunName, pflag.ContinueOnError)
	o.addFlags(flags)
	o.nodes.addFlags(flags, false)
	t, err := torchargs.Parse(args, os.LookupEnv, flags)
	if errors.Is(err, pflag.ErrHelp) {
		torchargs.Usage(a.stdout, flags)
		return nil
	}
	if err != nil {
		return err
	}
	o.workers = nprocFlag(t, flags.Changed("workers"), o.workers)
	command, err := torchCommand(t)
	if err != nil {
		return err
	}
	// What torchrun's words mean comes first; finalize adds what run's own do.
	if err := o.likeTorchrun(t, flags); err != nil {
		return err
	}
	spec, err := o.finalize(flags, command)
	if err != nil {
		return err
	}
	notes := o.threads(&spec, os.LookupEnv)
	if !o.spec.Console.Quiet {
		for _, w := range append(t.Warnings, notes...) {
			fmt.Fprintln(a.stderr, "sluice:", w)
		}
	}
	return statusOfTorchrun(o.start(a, spec), flags.Changed("exit-code"))
}

// statusOfTorchrun makes a run that could not start end with 1, which schedulers
// know torchrun by, unless the user asked for another policy. One that started
// has the status of its result.
func statusOfTorchrun(err error, propagate bool) error {
	var failure *agent.Failure
	if !propagate && errors.As(err, &failure) && failure.Status != job.StatusUsage {
		return &agent.Failure{Status: statusFailed, Text: failure.Text}
	}
	return err
}

// nprocFlag is -n where it was given, else --nproc-per-node.
func nprocFlag(t *torchargs.Args, given bool, w workersFlag) workersFlag {
	switch {
	case given:
		return w
	case t.NprocPerNode.Device != "":
		return workersFlag(t.NprocPerNode.Device)
	}
	return workersFlag(strconv.Itoa(t.NprocPerNode.Count))
}

func torchCommand(t *torchargs.Args) ([]string, error) {
	py := ""
	if t.NeedsPython() {
		var err error
		py, err = torchargs.Interpreter(os.LookupEnv, func(path string) bool { return unix.Access(path, unix.X_OK) == nil }, exec.LookPath)
		if err != nil {
			return nil, err
		}
	}
	return t.Command(py), nil
}

// likeTorchrun turns torchrun's options into a spec. Flags of sluice run that
// were given stand.
func (o *runOptions) likeTorchrun(t *torchargs.Args, flags *pflag.FlagSet) error {
	s := &o.spec
	r := t.Rendezvous()
	s.Torch = &job.Torch{
		Macros: true, VirtualLocalRank: t.VirtualLocalRank,
		AgentStore:      os.Getenv("TORCH_DISABLE_SHARE_RDZV_TCP_STORE") != "1",
		MasterAddr:      t.LocalAddr,
		DuplicateStdout: t.DuplicateStdoutFilters, DuplicateStderr: t.DuplicateStderrFilters,
	}
	if !r.Standalone {
		s.Torch.RunID = r.RunID
	}
	if err := o.place(t, r); err != nil {
		return err
	}
	if s.Name == "" {
		named := job.Spec{Command: []string{strings.TrimSuffix(t.Script, ".py")}}
		if s.Torch.RunID != "" && s.Torch.RunID != "none" {
			named.Command[0] = s.Torch.RunID
		}
		s.Name = named.RunName()
	}
	if !flags.Changed("role") {
		s.Role = t.Role
	}
	if !flags.Changed("restarts") {
		s.Restart.Max = t.MaxRestarts
	}
	if !flags.Changed("exit-code") {
		s.ExitCode = job.ExitAny
	}
	s.Stop.On, s.Stop.AsSent = t.Signals, true
	if t.Signals == nil {
		s.Stop.On = []job.Signal{}
	}
	s.Stop.Forward = t.ForwardSignals
	if !flags.Changed("grace") {
		s.Stop.Grace, s.Stop.GraceSet = job.Duration(t.ShutdownTimeout), true
	}
	if !flags.Changed("stdin") {
		s.Stdin = job.Stdin{Mode: job.StdinShared}
	}
	if t.NumaBinding != "" && !flags.Changed("bind") {
		if err := s.Bind.Set(t.NumaBinding); err != nil {
			return err
		}
	}
	if t.EventLogHandler == "console" && !flags.Changed("events") {
		o.events = "/dev/stderr" // torchrun's console
	}
	o.torchStreams(t, flags)
	return torchServices(s.Torch, os.LookupEnv)
}

// place says where the workers and the nodes meet.
func (o *runOptions) place(t *torchargs.Args, r torchargs.Rendezvous) error {
	s := &o.spec
	if r.MaxNodes == 1 && r.Backend == "static" {
		s.Torch.MasterAddr, s.Torch.MasterPort = r.Host, r.Port
	}
	switch {
	case r.MaxNodes == 1 && (t.Given["nnodes"] || t.Standalone):
		return nil
	case r.Backend != "static" || r.MaxNodes == 1:
		return o.elastic(t, r)
	}
	s.Nodes = job.Nodes{Count: r.MaxNodes, Rank: r.NodeRank, Host: r.Host, Port: r.Port, LocalAddr: t.LocalAddr,
		ExitBarrier: job.Duration(t.ExitBarrierTimeout), ExitBarrierSet: true}
	return rdzvConf(t, r.Conf, &s.Nodes)
}

// elastic places the gang among nodes that come and go, as c10d does. Where the
// number of nodes was not given, a batch system may know it: each node would be a
// world of its own otherwise.
func (o *runOptions) elastic(t *torchargs.Args, r torchargs.Rendezvous) error {
	n := job.Nodes{LocalAddr: t.LocalAddr, ExitBarrier: job.Duration(t.ExitBarrierTimeout), ExitBarrierSet: true}
	if err := o.nodes.common(&n, os.LookupEnv); err != nil {
		return err
	}
	if t.Given["node_rank"] {
		n.Rank, n.RankSet = r.NodeRank, true
	}
	if t.Given["nnodes"] {
		n.Min, n.Max, n.RunID = r.MinNodes, r.MaxNodes, r.RunID
		if len(n.Servers) == 0 && n.Host == "" {
			n.Host, n.Port = r.Host, r.Port
			if !t.Given["rdzv_endpoint"] && !t.Given["master_addr"] {
				t.Warnings = append(t.Warnings, fmt.Sprintf("no --rdzv-endpoint is given: only agents of this machine meet at %s",
					net.JoinHostPort(r.Host, strconv.Itoa(r.Port))))
			}
		}
	} else {
		found, err := scheduler.Detect(os.LookupEnv, scheduler.MachineNames)
		if err != nil || found == nil {
			return err
		}
		if t.Given["rdzv_id"] {
			n.RunID = r.RunID
		}
		told := t.Given["rdzv_endpoint"] || t.Given["master_addr"] && r.Backend == "static"
		if told && len(n.Servers) == 0 && n.Host == "" {
			n.Host, n.Port = r.Host, r.Port
		}
		if err := o.nodes.scheduled(&n, found); err != nil || n.Max <= 1 {
			return err
		}
		o.spec.Torch.MasterAddr, o.spec.Torch.MasterPort = t.LocalAddr, 0
	}
	if err := rdzvConf(t, r.Conf, &n); err != nil {
		return err
	}
	o.spec.Nodes = n
	return secured(n)
}

// rdzvConf reads --rdzv-conf. Keys that mean nothing here are told.
func rdzvConf(t *torchargs.Args, conf map[string]string, n *job.Nodes) error {
	numbers := map[string]float64{"join_timeout": 0, "keep_alive_interval": 5, "keep_alive_max_attempt": 3}
	if n.Elastic() {
		numbers["last_call_timeout"], numbers["close_timeout"] = 0, 0
	}
	for _, key := range slices.Sorted(maps.Keys(conf)) {
		if key == "is_host" && n.Elastic() {
			is, ok := truth(conf[key])
			if !ok {
				return usagef("--rdzv-conf: is_host=%s is neither 1 nor 0", conf[key])
			}
			n.IsHost = &is
			continue
		}
		if _, ok := numbers[key]; !ok {
			t.Warnings = append(t.Warnings, fmt.Sprintf("--rdzv-conf: %s has no effect", key))
			continue
		}
		v, err := strconv.ParseFloat(conf[key], 64)
		if zero := v == 0 && key == "last_call_timeout"; err != nil || !(v > 0 || zero) || v > 1e6 {
			return usagef("--rdzv-conf: %s=%s is no number above 0", key, conf[key])
		}
		numbers[key] = v
	}
	seconds := func(v float64) job.Duration { return job.Duration(v * float64(time.Second)) }
	n.JoinTimeout = seconds(numbers["join_timeout"])
	silence := seconds(numbers["keep_alive_interval"] * numbers["keep_alive_max_attempt"])
	asked := conf["keep_alive_interval"] != "" || conf["keep_alive_max_attempt"] != ""
	if n.Elastic() {
		n.LastCall, n.LastCallSet = seconds(numbers["last_call_timeout"]), conf["last_call_timeout"] != ""
		n.CloseTimeout = seconds(numbers["close_timeout"])
		if asked && n.Lease == 0 {
			n.Lease = silence
		}
	} else if asked {
		n.Heartbeat = silence
	}
	return nil
}

// truth reads a yes or no as torchrun does.
func truth(s string) (yes, ok bool) {
	switch strings.ToLower(s) {
	case "1", "true", "t", "yes", "y":
		return true, true
	case "0", "false", "f", "no", "n":
		return false, true
	}
	return false, false
}

// torchStreams says where output goes. Without a word about it torchrun's
// workers write to what it was given itself. A terminal is left to them; where
// there is none nobody sees a difference, and the logs explain a failure.
func (o *runOptions) torchStreams(t *torchargs.Args, flags *pflag.FlagSet) {
	s := &o.spec
	if !t.LocalRanksFilter.IsZero() {
		s.Console.ShowLocal = t.LocalRanksFilter
	}
	if !t.RanksFilter.IsZero() && !flags.Changed("console") {
		s.Console.Show = t.RanksFilter
	}
	o.spec.LogDir = t.LogDir
	if t.LogDir == os.DevNull {
		s.LogDir, s.Torch.NoErrorFile = "", true
		s.Redirect, s.Tee = job.EveryRank(job.None), job.EveryRank(job.None)
		s.Console.Show, s.Console.ShowLocal = job.RankSet{}, job.RankSet{}
		return
	}
	asked := t.Given["redirects"] || t.Given["tee"]
	if !flags.Changed("redirect") {
		s.Redirect = t.Redirects
	}
	s.Tee = t.Tee
	if !asked && !flags.Changed("redirect") && len(t.DuplicateStdoutFilters)+len(t.DuplicateStderrFilters) == 0 {
		s.Tee = job.EveryRank(noTerminals())
	}
	if flags.Changed("prefix") {
		return
	}
	if asked || t.Given["log_line_prefix_template"] || os.Getenv("TORCHELASTIC_LOG_LINE_PREFIX_TEMPLATE") != "" {
		o.prefix = t.LogLinePrefix
	}
	s.Console.Prefix = &o.prefix
}

// noTerminals are our own streams that are none.
func noTerminals() job.Std {
	var std job.Std
	if !term.IsTerminal(1) {
		std |= job.Out
	}
	if !term.IsTerminal(2) {
		std |= job.Err
	}
	return std
}

// torchServices reads what torchrun takes from the environment alone.
func torchServices(t *job.Torch, getenv func(string) (string, bool)) error {
	if v, _ := getenv("TORCHELASTIC_ENABLE_FILE_TIMER"); v == "1" {
		t.TimerFile, _ = getenv("TORCHELASTIC_TIMER_FILE")
		if t.TimerFile == "" {
			t.TimerFile = job.TimerAuto
		}
	}
	if v, _ := getenv("TORCHELASTIC_HEALTH_CHECK_PORT"); v != "" {
		port, err := strconv.Atoi(v)
		if err != nil || port < 1 || port > 65535 {
			return usagef("TORCHELASTIC_HEALTH_CHECK_PORT=%s is no port from 1 to 65535", v)
		}
		t.HealthPort = port
	}
	return nil
}

// threads sets OMP_NUM_THREADS as torchrun does where nobody has: 1 for each of
// several workers. "auto" shares out the processors that we may use.
func (o *runOptions) threads(s *job.Spec, getenv func(string) (string, bool)) (notes []string) {
	const key = "OMP_NUM_THREADS"
	value, set := getenv(key)
	for _, kv := range s.Env {
		if k, v, _ := job.ParseEnv(kv); k == key {
			value, set = v, true
		}
	}
	n := s.Size()
	switch {
	case value == "auto":
		s.Env = append(s.Env, fmt.Sprintf("%s=%d", key, max(1, cpus()/n)))
	case !set && n > 1:
		s.Env = append(s.Env, key+"=1")
		notes = append(notes, fmt.Sprintf("OMP_NUM_THREADS is 1 for each of the %d workers, as with torchrun; OMP_NUM_THREADS=auto would give each %d of the %d processors",
			n, max(1, cpus()/n), cpus()))
	}
	return notes
}
