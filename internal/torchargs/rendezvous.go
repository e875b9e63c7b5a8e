package torchargs

import (
	"crypto/rand"
	"fmt"
	"net"
	"strconv"
)

// Ports that torchrun uses where none is given.
const (
	DefaultStaticPort = 29500
	DefaultC10dPort   = 29400
)

// Rendezvous is how the machines of the run find each other.
type Rendezvous struct {
	// Standalone: one machine, which needs nobody. Host is then localhost and
	// Port 0, for a free one.
	Standalone bool
	// Backend is static or c10d.
	Backend string
	// Host and Port are where they meet; Host is without brackets.
	Host string
	Port int
	// RunID is the same on all machines; a fresh one when standalone.
	RunID string
	Conf  map[string]string
	// NodeRank is this machine's rank; it counts for static alone.
	NodeRank           int
	MinNodes, MaxNodes int
}

// Endpoint is Host:Port as torchrun writes it.
func (r Rendezvous) Endpoint() string { return net.JoinHostPort(r.Host, strconv.Itoa(r.Port)) }

// Rendezvous is what Parse has decided about it.
func (a *Args) Rendezvous() Rendezvous { return a.rendezvous }

// meet decides on the rendezvous. One machine that was given neither an endpoint
// nor a port is standalone without being asked.
func (a *Args) meet() error {
	r := Rendezvous{
		Standalone: a.Standalone, Backend: a.RdzvBackend, RunID: a.RdzvID, Conf: a.RdzvConf,
		NodeRank: a.NodeRank, MinNodes: a.MinNodes, MaxNodes: a.MaxNodes,
	}
	if !r.Standalone && r.Backend == "static" && a.RdzvEndpoint == "" && a.MasterPort < 0 && a.MaxNodes == 1 {
		r.Standalone = true
	}
	if r.Backend == "static" && !a.Given["rdzv_backend"] && !r.Standalone && a.MinNodes < a.MaxNodes {
		// torchrun would wait for all of them, whatever the least is.
		r.Backend = "c10d"
	}
	var err error
	switch {
	case r.Standalone:
		if a.MinNodes > 1 {
			return usagef("leave out --standalone, and say where to meet: --node-rank R --master-addr HOST --master-port PORT",
				"--standalone is for one machine, but --nnodes asks for %d", a.MinNodes)
		}
		a.warnOverridden()
		// Nobody else can join, so nobody is waited for.
		r.Backend, r.Host, r.Port, r.RunID, r.MaxNodes = "c10d", "localhost", 0, newID(), 1
	case r.Backend == "static":
		err = a.meetStatic(&r)
	default:
		err = a.meetC10d(&r)
	}
	if err != nil {
		return err
	}
	if r.RunID == "" {
		return usagef("the same on all machines, such as the number of the batch job", "argument --rdzv-id: it is empty")
	}
	if r.Backend != "static" && a.NodeRank != 0 && a.MaxNodes == 1 {
		a.warn(fmt.Sprintf("--node-rank %d has no effect: there is one machine", a.NodeRank))
	}
	a.rendezvous = r
	return nil
}

// warnOverridden names what standalone does not use.
func (a *Args) warnOverridden() {
	const why = " has no effect: a single machine without --rdzv-endpoint and --master-port is standalone, with an id and a port of its own"
	for _, o := range []struct {
		dest, text string
		other      bool
	}{
		{"rdzv_id", "--rdzv-id " + shown(a.RdzvID), true},
		{"rdzv_backend", "--rdzv-backend " + a.RdzvBackend, a.RdzvBackend != "c10d" && a.Standalone},
		{"rdzv_endpoint", "--rdzv-endpoint " + shown(a.RdzvEndpoint), a.RdzvEndpoint != ""},
		{"master_port", fmt.Sprintf("--master-port %d", a.MasterPort), true},
	} {
		switch {
		case !a.Given[o.dest] || !o.other:
		case a.Standalone:
			a.warn(o.text + " has no effect: --standalone chooses its own")
		default:
			a.warn(o.text + why)
		}
	}
}

func (a *Args) meetStatic(r *Rendezvous) error {
	endpoint, from := a.RdzvEndpoint, "--rdzv-endpoint"
	if endpoint == "" {
		port := a.MasterPort
		if port < 0 {
			port = DefaultStaticPort
		}
		endpoint, from = a.MasterAddr+":"+strconv.Itoa(port), "--master-addr and --master-port"
	}
	host, port, err := parseEndpoint(endpoint, -1)
	switch {
	case err != nil:
		err.Text = from + ": " + err.Text
		return err
	case port < 0:
		return usagef("write --rdzv-endpoint HOST:PORT, or --master-addr and --master-port",
			"--rdzv-endpoint %s: the port is missing, which a static rendezvous needs", shown(endpoint))
	case a.NodeRank >= a.MaxNodes:
		return usagef("", "--node-rank %d: with %d nodes the ranks are 0 to %d", a.NodeRank, a.MaxNodes, a.MaxNodes-1)
	}
	if a.MinNodes < a.MaxNodes {
		a.warn(fmt.Sprintf("--nnodes %d:%d: a static rendezvous waits for all %d",
			a.MinNodes, a.MaxNodes, a.MaxNodes))
	}
	r.Host, r.Port = host, port
	return nil
}

func (a *Args) meetC10d(r *Rendezvous) error {
	if s := a.RdzvConf["store_type"]; s != "" && s != "tcp" {
		return usagef("leave it out, and give --rdzv-endpoint HOST:PORT", "--rdzv-conf: store_type=%s is not supported", shown(s))
	}
	named := a.RdzvEndpoint == "" && (a.Given["master_addr"] || a.Given["master_port"])
	if named && !a.Given["rdzv_backend"] { // they are for where the machines meet
		port := a.MasterPort
		if port < 0 {
			port = DefaultStaticPort
		}
		r.Host, r.Port = a.MasterAddr, port
		return nil
	}
	if named {
		a.warn("--master-addr and --master-port have no effect: --rdzv-backend c10d meets at --rdzv-endpoint, which is not given")
	}
	host, port, err := parseEndpoint(a.RdzvEndpoint, DefaultC10dPort)
	if err != nil {
		err.Text = "--rdzv-endpoint: " + err.Text
		return err
	}
	r.Host, r.Port = host, port
	return nil
}

// newID is a random UUID, version 4.
func newID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // it never fails
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
