package torchargs

import (
	"slices"
	"strconv"
	"time"

	"github.com/sluicerun/sluice/job"
)

// Args is a command line of torchrun with everything decided: options, PET_*
// variables, defaults.
type Args struct {
	// MinNodes and MaxNodes are --nnodes; 0 < MinNodes <= MaxNodes.
	MinNodes, MaxNodes int
	NprocPerNode       Nproc

	Role             string
	Module           bool
	NoPython         bool
	RunPath          bool
	StartMethod      string
	NumaBinding      string // "" or one of node, socket, exclusive, core-complex
	VirtualLocalRank bool

	LogDir         string // "" where none was given
	Redirects, Tee job.StreamSpec
	// LocalRanksFilter holds the local ranks that reach the console; not set
	// means all.
	LocalRanksFilter job.RankSet
	// A line with any of these texts also goes to the file of all ranks.
	DuplicateStdoutFilters, DuplicateStderrFilters []string
	LogsSpecs                                      string // "" or "default"
	EventLogHandler                                string // null, console or dynamic_rendezvous

	MaxRestarts     int
	MonitorInterval time.Duration
	// Signals end the run, in the order given, each once. Names that mean
	// nothing are among the warnings.
	Signals         []job.Signal
	ShutdownTimeout time.Duration

	RdzvBackend, RdzvEndpoint, RdzvID string
	RdzvConf                          map[string]string // never nil
	Standalone                        bool
	LocalAddr                         string
	NodeRank                          int
	MasterAddr                        string
	MasterPort                        int // -1 where none was given

	// LogLinePrefix stands before each line on the console.
	LogLinePrefix job.Template
	// RanksFilter holds the global ranks that reach the console; not set means all.
	RanksFilter job.RankSet
	// ForwardSignals are passed on to the workers while the run carries on.
	// None of them is among Signals.
	ForwardSignals     []job.Signal
	ExitBarrierTimeout time.Duration

	Script     string
	ScriptArgs []string

	// Given holds the options that were set, on the command line or by a PET_
	// variable, by torchrun's inner names: "nproc_per_node".
	Given map[string]bool
	// Warnings are for the user; none of them keeps the run from starting.
	Warnings []string

	rendezvous Rendezvous
}

func (a *Args) warn(text string) { a.Warnings = append(a.Warnings, text) }

// fill turns the settings into fields, in the order of the table.
func (a *Args) fill(p *parser, getenv func(string) (string, bool)) error {
	for i := range p.options {
		o := &p.options[i]
		v, given, err := p.lookup(o, getenv)
		if err != nil {
			return err
		}
		if given {
			a.Given[o.dest()] = true
		}
		if err := a.apply(v); err != nil {
			return err
		}
	}
	return a.agree()
}

// apply takes one setting. Every option but help has its case.
func (a *Args) apply(v setting) (err error) {
	switch v.opt.name {
	case "nnodes":
		a.MinNodes, a.MaxNodes, err = v.nodes()
	case "nproc-per-node":
		a.NprocPerNode, err = v.nproc()
	case "role":
		a.Role = v.text
	case "module":
		a.Module = v.on
	case "no-python":
		a.NoPython = v.on
	case "run-path":
		a.RunPath = v.on
	case "start-method":
		a.StartMethod = v.text
		if !slices.Contains(v.opt.choices, v.text) { // torchrun looks at it only for functions
			a.warn(v.from + " " + shown(v.text) + " is no start method and has no effect")
		}
	case "numa-binding":
		a.NumaBinding = v.text
	case "virtual-local-rank":
		a.VirtualLocalRank = v.on
	case "log-dir":
		a.LogDir = v.text
	case "redirects":
		a.Redirects, err = v.std()
	case "tee":
		a.Tee, err = v.std()
	case "local-ranks-filter":
		a.LocalRanksFilter, err = v.localRanks()
	case "duplicate-stdout-filters":
		a.DuplicateStdoutFilters, err = v.filters()
	case "duplicate-stderr-filters":
		a.DuplicateStderrFilters, err = v.filters()
	case "logs-specs":
		a.LogsSpecs, err = v.text, v.logsSpecs()
	case "event-log-handler":
		a.EventLogHandler, err = v.text, v.eventHandler()
	case "max-restarts":
		a.MaxRestarts, err = v.count()
	case "monitor-interval":
		a.MonitorInterval, err = v.seconds()
	case "signals-to-handle":
		a.Signals = a.handledSignals(v)
	case "shutdown-timeout":
		a.ShutdownTimeout, err = v.seconds()
	case "rdzv-backend":
		a.RdzvBackend, err = v.text, v.backend()
	case "rdzv-endpoint":
		a.RdzvEndpoint = v.text
	case "rdzv-id":
		a.RdzvID = v.text
	case "rdzv-conf":
		a.RdzvConf, err = v.conf()
	case "standalone":
		a.Standalone = v.on
	case "local-addr":
		a.LocalAddr = v.text
	case "node-rank":
		a.NodeRank, err = v.count()
	case "master-addr":
		a.MasterAddr = v.text
	case "master-port":
		a.MasterPort, err = v.port()
	case "log-line-prefix-template":
		a.LogLinePrefix, err = v.linePrefix()
	case "ranks-filter":
		a.RanksFilter, err = v.ranks()
	case "forward-signals":
		a.ForwardSignals, err = v.forwarded()
	case "exit-barrier-timeout":
		a.ExitBarrierTimeout, err = v.seconds()
	}
	return err
}

// agree checks what only shows when the options are seen together.
func (a *Args) agree() error {
	switch {
	case a.RunPath:
		a.warn("--run-path: the script runs in an interpreter of its own, as without the option")
	case a.NoPython && a.Module:
		return usagef("leave out --no-python to run a module, or --module to run a program",
			"--no-python and --module (-m) exclude each other")
	}
	if a.Script == "" {
		return usagef("", "argument training_script: the name is empty")
	}
	for _, sig := range a.ForwardSignals {
		if slices.Contains(a.Signals, sig) {
			return usagef("take it out of one of them; without --signals-to-handle the list is "+defaultSignals,
				"%v is in both --signals-to-handle, which ends the run, and --forward-signals, which carries on", sig)
		}
	}
	return nil
}

// Nproc is how many workers one machine runs.
type Nproc struct {
	// Count is the number, at least 1, where Device is "".
	Count int
	// Device says what to count: "gpu", "cpu", or "auto" for the GPUs if there
	// are any, else the CPUs.
	Device string
}

// String is the text the value is read from.
func (n Nproc) String() string {
	if n.Device != "" {
		return n.Device
	}
	return strconv.Itoa(n.Count)
}
