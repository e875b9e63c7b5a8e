package cli

import (
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"runtime/debug"
	"strings"
	"syscall"

	"github.com/spf13/pflag"

	"github.com/sluicerun/sluice/internal/remote"
	"github.com/sluicerun/sluice/job"
)

// hostsOptions are the flags of a run that is started on other machines.
type hostsOptions struct {
	hosts  string
	ssh    string
	remote string
}

func (o *hostsOptions) addFlags(f *pflag.FlagSet) {
	f.StringVar(&o.hosts, "hosts", "", "start on these machines by ssh: `HOST[:N],...` or a file of them")
	f.StringVar(&o.ssh, "ssh", "", "the `COMMAND` to reach them (default $SLUICE_SSH, else ssh)")
	f.StringVar(&o.remote, "remote-sluice", "", "`PATH` of sluice on them (default: as here, else in PATH there)")
}

// finalize reads the hosts and gives each its workers; spec has what nodes need.
func (o *hostsOptions) finalize(f *pflag.FlagSet, spec *job.Spec, nodes *nodesOptions, workers int) ([]remote.Host, error) {
	list, err := o.list()
	if err != nil {
		return nil, &flagError{err: fmt.Errorf("--hosts: %w", err), hint: "write HOST[:WORKERS],HOST[:WORKERS] or name a file with one HOST[:WORKERS] a line"}
	}
	for i := range list {
		if list[i].Workers == 0 {
			list[i].Workers = workers
		}
	}
	for name, why := range map[string]string{
		"rendezvous": "the machines meet at the first of them", "node-rank": "the first of them is node 0", "local-addr": "each finds its own",
		"run-id": "each such run has an id of its own", "tls": "credentials are made for the run", "insecure": "credentials are made for the run",
		"detach":  "the run ends with its connections; on one of the machines, sluice run -d does that",
		"dry-run": "it shows the plan of one machine", "record": "a recording is made where its terminal is",
	} {
		if f.Changed(name) {
			return nil, usagef("--%s does not go with --hosts: %s", name, why)
		}
	}
	switch {
	case spec.OnLauncherDeath == job.DeathKeep:
		return nil, usagef("--on-launcher-death keep does not go with --hosts: the run ends with its connections")
	case spec.Stdin.Mode != job.StdinDefault && spec.Stdin.Mode != job.StdinNone:
		return nil, usagef("--stdin does not go with --hosts: workers there have no standard input")
	}
	if spec.Pty == nil {
		spec.Stdin = job.Stdin{Mode: job.StdinNone}
	} // a terminal is the worker's standard input as well: others type into it there
	n := job.Nodes{Min: len(list), Max: len(list), JoinTimeout: nodes.join, LastCall: nodes.lastCall, LastCallSet: f.Changed("last-call"),
		Lease: nodes.lease, StoreGrace: nodes.grace,
		Host: list[0].Name, Port: 1} // to be found out
	if nodes.span != "" {
		low, high, err := nodes.machines()
		switch {
		case err != nil:
			return nil, err
		case low > len(list):
			return nil, usagef("--nodes %s wants more machines than the %d of --hosts", nodes.span, len(list))
		}
		n.Min, n.Max = low, min(high, len(list))
	}
	spec.Nodes = n
	// On all of them the same, as mpirun has it.
	if spec.Cwd, err = filepath.Abs(spec.Cwd); err != nil {
		return nil, fmt.Errorf("finding the working directory: %w", err)
	}
	if spec.LogDir != "" {
		if spec.LogDir, err = filepath.Abs(spec.LogDir); err != nil {
			return nil, fmt.Errorf("finding the log directory: %w", err)
		}
	}
	return list, nil
}

// list reads the hosts: of a file, if there is one of that name. No host has a slash in
// its name, so a value with one can only be meant as a file.
func (o *hostsOptions) list() ([]remote.Host, error) {
	file, err := os.Open(o.hosts)
	path := strings.ContainsRune(o.hosts, '/')
	switch {
	case errors.Is(err, os.ErrNotExist) && !path:
		return remote.ParseHosts(o.hosts)
	case err != nil:
		return nil, fmt.Errorf("reading the file of hosts: %w", err)
	}
	defer file.Close()
	if fi, err := file.Stat(); err == nil && fi.IsDir() {
		if path {
			return nil, fmt.Errorf("%s is a directory, and no file of hosts", o.hosts)
		}
		return remote.ParseHosts(o.hosts) // a host may be called as a directory here is
	}
	list, err := remote.ReadHosts(file)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", o.hosts, err)
	}
	return list, nil
}

// alone refuses flags that only mean something with --hosts.
func (o *hostsOptions) alone(f *pflag.FlagSet) error {
	for _, name := range []string{"ssh", "remote-sluice"} {
		if f.Changed(name) {
			return usagef("--%s goes with --hosts", name)
		}
	}
	return nil
}

// run is sluice run on other machines.
func (o *hostsOptions) run(a *app, spec job.Spec, hosts []remote.Host, events, progress string) error {
	command := o.ssh
	if command == "" {
		command = os.Getenv("SLUICE_SSH")
	}
	if command == "" {
		command = "ssh"
	}
	words, err := remote.SplitCommand(command)
	if err != nil {
		return usagef("--ssh %q: %v", command, err)
	}
	opt := remote.Options{Hosts: hosts, Spec: spec, SSH: words, Remote: o.remote, Version: thisVersion(),
		Stdout: os.Stdout, Stderr: os.Stderr, Progress: progress}
	// Without our own path, the PATH of the hosts has to do.
	opt.Own, _ = os.Executable()
	switch events {
	case "":
	case "-":
		opt.Events, opt.Stdout = os.Stdout, os.Stderr
	default:
		f, err := os.OpenFile(events, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
		if err != nil {
			return &job.UsageError{Field: "events", Value: events, Why: err.Error(), Hint: "name a file that can be written, or -"}
		}
		defer f.Close()
		opt.Events = f
	}
	if a.agent != nil {
		a.agent.Dismiss()
		a.agent = nil
	}
	var heard []os.Signal
	for _, s := range append(spec.Stop.StopsOn(), spec.Stop.Forwards()...) {
		if s := syscall.Signal(s); !signal.Ignored(s) {
			heard = append(heard, s)
		}
	}
	signals := make(chan os.Signal, 16)
	signal.Notify(signals, heard...)
	defer signal.Stop(signals)
	unread := make(chan struct{})
	go func() {
		untilUnread(int(os.Stdout.Fd())) // ends with the process
		close(unread)
	}()
	opt.Signals, opt.Unread = signals, unread
	status, err := remote.Run(opt)
	if err != nil {
		fmt.Fprintln(a.stderr, "sluice:", err)
		if status == 0 {
			status = job.StatusInternal
		}
	}
	if status != 0 {
		return exitStatus(status)
	}
	return nil
}

// thisVersion is what two programs share that understand each other.
func thisVersion() string {
	v, rev := version, ""
	if bi, ok := debug.ReadBuildInfo(); ok {
		if v == "" {
			v = bi.Main.Version
		}
		for _, s := range bi.Settings {
			switch {
			case s.Key == "vcs.revision" && len(s.Value) >= 12:
				rev = " (" + s.Value[:12] + ")"
			case s.Key == "vcs.modified" && s.Value == "true":
				rev += " modified"
			}
		}
	}
	return v + rev
}
