package cli

import (
	"context"
	"fmt"
	"hash/fnv"
	"io"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/sluicerun/sluice/internal/creds"
	"github.com/sluicerun/sluice/internal/runs"
	"github.com/sluicerun/sluice/internal/scheduler"
	"github.com/sluicerun/sluice/internal/torchargs"
	"github.com/sluicerun/sluice/job"
)

// nodesOptions are the flags of a run over several machines.
type nodesOptions struct {
	span       string
	rendezvous string
	runID      string
	rank       int
	localAddr  string
	tls        string
	insecure   bool
	lastCall   job.Duration
	join       job.Duration
	lease      job.Duration
	grace      job.Duration

	plan bool   // nothing is started: nothing is made for it
	made string // the directory of credentials that were made here for a job of Slurm's
}

// addFlags adds the flags that torchrun has no words for, and, for run, the others.
func (o *nodesOptions) addFlags(f *pflag.FlagSet, words bool) {
	if words {
		f.StringVar(&o.span, "nodes", "", "`N` or MIN:MAX machines, each with this same command (default: what the batch system says, else 1)")
		f.StringVar(&o.rendezvous, "rendezvous", "", "where the machines meet: `HOST[:PORT]` of one of them, or nats://SERVER,SERVER")
		f.StringVar(&o.runID, "run-id", "", "`ID` of the run, the same on all machines, where several meet at one place")
		f.IntVar(&o.rank, "node-rank", 0, "this machine's `RANK` (default: dealt out)")
		f.StringVar(&o.localAddr, "local-addr", "", "`ADDRESS` by which the others reach this machine")
		f.Var(&o.lastCall, "last-call", "how long the first round waits for more than MIN machines (default 30s)")
		f.Var(&o.join, "join-timeout", "how long to wait for the others (default 10m)")
	} else {
		f.StringVar(&o.rendezvous, "rendezvous", "", "meet at servers of NATS, nats://`SERVER,SERVER`, instead of --rdzv-endpoint")
	}
	f.StringVar(&o.tls, "tls", "", "`DIR` of sluice certs: certificates and token that all machines have (default $SLUICE_TLS)")
	f.BoolVar(&o.insecure, "insecure", false, "do without certificates and token on a network (default $SLUICE_INSECURE)")
	f.Var(&o.lease, "lease", "how long a silent machine is taken to be alive (default 5s)")
	f.Var(&o.grace, "store-grace", "how long the machine where they meet may be away (default 30s)")
}

// common fills in what run and torchrun share.
func (o *nodesOptions) common(n *job.Nodes, lookup func(string) (string, bool)) error {
	n.Lease, n.StoreGrace, n.Credentials, n.Insecure = o.lease, o.grace, o.tls, o.insecure
	if n.Credentials == "" {
		n.Credentials, _ = lookup("SLUICE_TLS")
	}
	if n.Credentials != "" {
		abs, err := filepath.Abs(n.Credentials)
		if err != nil {
			return fmt.Errorf("finding the credentials: %w", err)
		}
		n.Credentials = abs
		if _, err := creds.Load(abs); err != nil {
			return &flagError{err: fmt.Errorf("--tls: %w", err)}
		}
	}
	if v, _ := lookup("SLUICE_INSECURE"); v != "" && v != "0" {
		n.Insecure = true
	}
	if o.rendezvous != "" {
		return o.meet(n)
	}
	return nil
}

// meet reads --rendezvous.
func (o *nodesOptions) meet(n *job.Nodes) error {
	if rest, ok := strings.CutPrefix(o.rendezvous, "nats://"); ok {
		for _, s := range strings.Split(rest, ",") {
			s = strings.TrimPrefix(s, "nats://")
			if s == "" {
				return usagef("--rendezvous %s: a server is missing; write nats://HOST:PORT,HOST:PORT", o.rendezvous)
			}
			n.Servers = append(n.Servers, "nats://"+s)
		}
		return nil
	}
	if strings.TrimSpace(o.rendezvous) == "" {
		return usagef("--rendezvous: it is empty; write HOST:PORT, or nats://SERVER")
	}
	host, port, err := torchargs.Endpoint(o.rendezvous)
	if err != nil {
		return usagef("--rendezvous: %v", err)
	}
	if port == 0 {
		return usagef("--rendezvous: %q: all machines need to know the port: give one from 1 to 65535", o.rendezvous)
	}
	n.Host, n.Port = host, port
	return nil
}

// finalize says where the gang stands among those of other machines.
func (o *nodesOptions) finalize(f *pflag.FlagSet, s *job.Spec, lookup func(string) (string, bool)) error {
	if err := o.given(f); err != nil {
		return err
	}
	if f.Lookup("nodes") == nil {
		return nil // torchrun's words have said it
	}
	n := job.Nodes{LocalAddr: o.localAddr, RunID: o.runID, JoinTimeout: o.join, LastCall: o.lastCall,
		LastCallSet: f.Changed("last-call"), Rank: o.rank, RankSet: f.Changed("node-rank")}
	if err := o.common(&n, lookup); err != nil {
		return err
	}
	if o.span != "" {
		low, high, err := o.machines()
		if err != nil {
			return err
		}
		n.Min, n.Max = low, high
		if high == 1 && o.rendezvous == "" {
			n = job.Nodes{} // this machine alone, whatever the batch system says
			s.Nodes = n
			return o.alone(f)
		}
	}
	found, err := scheduler.Detect(lookup, scheduler.MachineNames)
	if err != nil {
		return err
	}
	if err := o.scheduled(&n, found); err != nil {
		return err
	}
	if n.Max == 0 {
		if o.rendezvous != "" && found != nil && found.Nodes == 1 {
			return nil // a job of one machine, with the words of larger ones: nobody is to be met
		}
		if o.rendezvous != "" {
			return usagef("--rendezvous says where the machines meet; say how many there are as well: --nodes N or MIN:MAX")
		}
		return o.alone(f)
	}
	if n.Host == "" && len(n.Servers) == 0 {
		return usagef("--nodes %s: say where the machines meet, with the same words on all of them: --rendezvous HOST:PORT, HOST being one of them", o.span)
	}
	s.Nodes = n
	if err := secured(n); err != nil {
		return err
	}
	return checkLocal(n.LocalAddr)
}

// checkLocal refuses an address that no interface of this machine has: the others
// would wait for workers who never answer there. Names that lead to one are fine.
func checkLocal(addr string) error {
	if addr == "" {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), lookUp)
	defer cancel()
	found, err := net.DefaultResolver.LookupNetIP(ctx, "ip", addr)
	if err != nil {
		return usagef("--local-addr %s: it is neither an address nor a name that is known here (%v); this machine has %s", addr, err, ownAddrs())
	}
	for _, ip := range found {
		ip = ip.Unmap()
		if l, err := net.Listen("tcp", netip.AddrPortFrom(ip, 0).String()); err == nil {
			l.Close()
			if !ip.IsUnspecified() {
				return nil
			}
		}
	}
	return usagef("--local-addr %s: it is no address of this machine, which has %s", addr, ownAddrs())
}

// lookUp bounds the search for a name.
const lookUp = 10 * time.Second

// ownAddrs are the addresses of this machine by which others may reach it.
func ownAddrs() string {
	all, err := net.InterfaceAddrs()
	if err != nil {
		return "addresses that the system does not tell: " + err.Error()
	}
	var text []string
	for _, a := range all {
		if n, ok := a.(*net.IPNet); ok && !n.IP.IsLoopback() && !n.IP.IsLinkLocalUnicast() {
			text = append(text, n.IP.String())
		}
	}
	if len(text) == 0 {
		return "127.0.0.1 alone"
	}
	return strings.Join(text, ", ")
}

// machines reads --nodes.
func (o *nodesOptions) machines() (low, high int, err error) {
	const most = 1 << 16
	low, high, ok := job.ParseSpan(o.span)
	if !ok || high > most {
		return 0, 0, usagef("--nodes: %q is neither a number of machines nor MIN:MAX, with 1 <= MIN <= MAX <= %d", o.span, most)
	}
	return low, high, nil
}

// given refuses flags that were given without a value: behind an empty variable of a
// script each machine would be a world of its own. A time of 0 would be the default,
// which is meant by leaving the flag out.
func (o *nodesOptions) given(f *pflag.FlagSet) error {
	switch {
	case f.Changed("nodes") && o.span == "":
		return usagef("--nodes: it is empty; write a number of machines, or MIN:MAX")
	case f.Changed("rendezvous") && o.rendezvous == "":
		return usagef("--rendezvous: it is empty; write HOST:PORT, or nats://SERVER")
	}
	for _, d := range []struct {
		name string
		time job.Duration
	}{{"join-timeout", o.join}, {"lease", o.lease}, {"store-grace", o.grace}} {
		if f.Changed(d.name) && d.time == 0 {
			return usagef("--%s: 0 is no time to wait; leave the flag out for the default", d.name)
		}
	}
	return nil
}

// alone refuses flags that only mean something among several machines.
func (o *nodesOptions) alone(f *pflag.FlagSet) error {
	for _, name := range []string{"run-id", "node-rank", "local-addr", "last-call", "join-timeout", "lease", "store-grace"} {
		if f.Changed(name) {
			return usagef("--%s is for a run over several machines: give --nodes and --rendezvous as well", name)
		}
	}
	return nil
}

// scheduled takes what a batch system has told where flags say nothing.
func (o *nodesOptions) scheduled(n *job.Nodes, found *scheduler.Found) error {
	switch {
	case found == nil, n.Max > 0 && found.Source == scheduler.NodesVar: // a flag is worth more
		return nil
	case n.Max > 0 && found.Nodes > n.Max:
		return usagef("--nodes %s, but %s has started this on %d machines: more than that would be left over; --nodes %d takes them all", o.span, found.Source, found.Nodes, found.Nodes)
	case n.Min > found.Nodes && found.Nodes > 0 && n.Host == "" && len(n.Servers) == 0:
		// Without an address that others could be given, no other machine can come.
		return usagef("--nodes %s wants more machines than the %d that %s has started this on; machines of other jobs can come only to an address that all are given: --rendezvous HOST:PORT", o.span, found.Nodes, found.Source)
	case n.Max == 0 && found.Nodes == 0 && found.Hint != "":
		return usagef("%s", found.Hint)
	case n.Max == 0 && found.Nodes <= 1:
		return nil // one machine, which may have any endpoint
	}
	if n.Max == 0 {
		n.Min, n.Max = found.MinNodes, found.Nodes
		n.Source = found.Source
	}
	if !n.RankSet && found.NodeRank >= 0 && found.NodeRank < n.Max {
		n.Rank, n.RankSet = found.NodeRank, true
	}
	if n.RunID == "" {
		n.RunID = found.RunID
	}
	if n.Host != "" || len(n.Servers) > 0 {
		return nil
	}
	if found.Endpoint == "" {
		return usagef("%s", found.Hint)
	}
	host, port, err := torchargs.Endpoint(found.Endpoint)
	if err != nil {
		return usagef("%s names %q as the first machine: %v", found.Source, found.Endpoint, err)
	}
	if _, _, told := net.SplitHostPort(found.Endpoint); told != nil {
		port = jobPort(found.RunID)
	}
	n.Host, n.Port = host, port
	if found.Source == "Slurm" && n.Credentials == "" && !n.Insecure {
		return o.slurmCredentials(n, found)
	}
	return nil
}

// jobPort is a port that two jobs of a machine hardly share.
func jobPort(runID string) int {
	sum := fnv.New32a()
	sum.Write([]byte(runID)) // it never fails
	return 20000 + int(sum.Sum32()%10000)
}

// slurmCredentials makes credentials for the job in the home directory, which the
// machines of a cluster share: srun needs no flags then.
func (o *nodesOptions) slurmCredentials(n *job.Nodes, found *scheduler.Found) error {
	n.Credentials = filepath.Join(runs.StateDir(), "credentials", found.RunID)
	if o.plan {
		return nil
	}
	limit := 30 * time.Second
	if join := time.Duration(n.JoinTimeout); join > 0 {
		limit = min(limit, join)
	}
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	slow := time.AfterFunc(3*time.Second, func() {
		fmt.Fprintf(os.Stderr, "sluice: waiting for the credentials in %s, which node 0 makes: the machines must share that directory\n", n.Credentials)
	})
	defer slow.Stop()
	first := found.NodeRank == 0
	if _, err := creds.Shared(ctx, n.Credentials, first, slurmValid); err != nil {
		return &flagError{err: fmt.Errorf("sharing credentials with the other machines in %s: %w", n.Credentials, err),
			hint: "where machines share no home directory, give --tls DIR of sluice certs, or --insecure on a network you trust"}
	}
	if first {
		o.made = n.Credentials
	}
	return nil
}

// slurmValid is how long the credentials of a job are good.
const slurmValid = 30 * 24 * time.Hour

// ended removes credentials that were made here for a run that has ended: whoever took
// part has read them, and it was here that they met.
func (o *nodesOptions) ended(stderr io.Writer) {
	if o.made == "" {
		return
	}
	if err := creds.Unshare(o.made, slurmValid); err != nil {
		fmt.Fprintln(stderr, "sluice: credentials of the job are left behind:", err)
	}
	o.made = ""
}

// secured refuses a run over a network that anybody could join, and an address at
// which each machine would find itself, and be a world of its own.
func secured(n job.Nodes) error {
	if ip := net.ParseIP(n.Host); ip != nil && ip.IsUnspecified() {
		return usagef("the machines cannot meet at %s: on each of them that is the machine itself; name one of them, with the same words on all (or 127.0.0.1 if all agents are on this one)", n.Host)
	}
	if n.Credentials != "" || n.Insecure || len(n.Servers) > 0 || loopbackName(n.Host) {
		return nil
	}
	return usagef("the machines would meet at %s without certificates and token, and whoever reaches that address could type into the workers: make some with sluice certs DIR, copy DIR to every machine and give --tls DIR (or SLUICE_TLS); or give --insecure (SLUICE_INSECURE=1) on a network that you trust",
		net.JoinHostPort(n.Host, strconv.Itoa(n.Port)))
}

// loopbackName tells whether a host can only be this machine, without asking
// anybody.
func loopbackName(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
