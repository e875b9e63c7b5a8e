package elastic

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"syscall"

	"github.com/sluicerun/sluice/bus"
	"github.com/sluicerun/sluice/internal/runs"
	"github.com/sluicerun/sluice/job"
	"github.com/sluicerun/sluice/rendezvous"
)

// engine is the node's way to the others.
type engine struct {
	root      string
	host      bool // this is the endpoint's host
	conn      bus.Bus
	divided   bool             // servers may lose each other
	server    io.Closer        // if it is here
	gone      <-chan string    // names of those whose connection to it ended
	store     rendezvous.Store // with servers that are not ours
	forbidden error            // what one is told who may not take part
}

// serves tells that the others meet here.
func (e *engine) serves() bool { return e.server != nil }

func (e *engine) close() error {
	var errs []error
	if e.store != nil {
		errs = append(errs, e.store.Close())
	}
	errs = append(errs, e.conn.Close())
	if e.server != nil {
		errs = append(errs, e.server.Close())
	}
	return errors.Join(errs...)
}

func endpoint(nd job.Nodes) string { return net.JoinHostPort(nd.Host, strconv.Itoa(nd.Port)) }

// spot is what this machine has to do with the endpoint.
type spot struct {
	here bool   // it is this machine's
	bind string // the address to serve; "": somebody else does
	why  string // why it is not served here
}

// whereIs finds out whether the endpoint is this machine's. An address that can be
// bound is; names alone say little, as machines have several and some none that
// resolves.
func whereIs(ctx context.Context, nd job.Nodes) (spot, error) {
	port := strconv.Itoa(nd.Port)
	if nd.IsHost != nil {
		if !*nd.IsHost {
			return spot{why: "is_host says so"}, nil
		}
		return spot{here: true, bind: net.JoinHostPort("", port)}, nil
	}
	var addrs []netip.Addr
	if ip, err := netip.ParseAddr(nd.Host); err == nil {
		addrs = []netip.Addr{ip}
	} else {
		var lookup error
		addrs, lookup = net.DefaultResolver.LookupNetIP(ctx, "ip", nd.Host)
		if lookup != nil {
			if sameName(nd.Host, runs.Hostname()) {
				return spot{here: true, bind: net.JoinHostPort("", port)}, nil
			}
			return spot{why: fmt.Sprintf("the name %s is not known here (%v)", nd.Host, lookup)}, nil
		}
	}
	foreign := []string{}
	for _, ip := range addrs {
		ip = ip.Unmap()
		at := netip.AddrPortFrom(ip, uint16(nd.Port)).String()
		l, err := net.Listen("tcp", at)
		switch {
		case err == nil:
			l.Close()
			if !ip.IsLoopback() && bindable(port) {
				at = net.JoinHostPort("", port) // peers may come by other addresses
			}
			return spot{here: true, bind: at}, nil
		case errors.Is(err, syscall.EADDRINUSE):
			return spot{here: true, why: "another process of this machine has the port"}, nil
		case errors.Is(err, syscall.EADDRNOTAVAIL):
			foreign = append(foreign, ip.String())
		default:
			return spot{}, fmt.Errorf("serving the endpoint %s: %w", endpoint(nd), err)
		}
	}
	if sameName(nd.Host, runs.Hostname()) {
		// A name of ours whose address is outside, behind a translation.
		return spot{here: true, bind: net.JoinHostPort("", port)}, nil
	}
	return spot{why: fmt.Sprintf("no interface here has %s", strings.Join(foreign, " or "))}, nil
}

// bindable tells whether the port is free on all addresses.
func bindable(port string) bool {
	l, err := net.Listen("tcp", net.JoinHostPort("", port))
	if err != nil {
		return false
	}
	l.Close()
	return true
}

// sameName compares host names; one of them may lack the domain.
func sameName(a, b string) bool {
	a, b = strings.ToLower(strings.TrimSuffix(a, ".")), strings.ToLower(strings.TrimSuffix(b, "."))
	if a == b {
		return true
	}
	short, _, dotted := strings.Cut(a, ".")
	other, _, otherDotted := strings.Cut(b, ".")
	return short == other && (!dotted || !otherDotted)
}

// localAddr is the address by which the others reach this node: that of the
// endpoint where it is ours, else the one that our connection to it has.
func (e *engine) localAddr(nd job.Nodes) string {
	if len(nd.Servers) == 0 && e.host {
		return nd.Host
	}
	to := endpoint(nd)
	if len(nd.Servers) > 0 {
		to = serverAddr(nd.Servers[0])
	}
	// Nothing is sent: the kernel chooses the way, and with it our address.
	c, err := net.Dial("udp", to)
	if err != nil {
		return runs.Hostname()
	}
	defer c.Close()
	host, _, err := net.SplitHostPort(c.LocalAddr().String())
	if err != nil {
		return runs.Hostname()
	}
	return host
}

// serverAddr is the host and port of a server's URL.
func serverAddr(server string) string {
	if u, err := url.Parse(server); err == nil && u.Host != "" {
		server = u.Host
	}
	if _, _, err := net.SplitHostPort(server); err != nil {
		server = net.JoinHostPort(strings.Trim(server, "[]"), "4222")
	}
	return server
}
