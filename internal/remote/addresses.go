package remote

import (
	"context"
	"crypto/rand"
	"io"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// addresses are those by which other hosts may reach this one: the loopback first,
// should all "hosts" be this machine, then the one that the starter came by, as
// SSH_CONNECTION tells it ("client port server port"), then those of the interfaces.
func addresses(connection string, interfaces []net.Addr) []string {
	list := []netip.Addr{netip.AddrFrom4([4]byte{127, 0, 0, 1})}
	add := func(a netip.Addr) {
		a = a.Unmap().WithZone("")
		if a.IsValid() && (a.IsGlobalUnicast() || a.IsLoopback()) && !slices.Contains(list, a) {
			list = append(list, a)
		}
	}
	if words := strings.Fields(connection); len(words) == 4 {
		if a, err := netip.ParseAddr(words[2]); err == nil {
			add(a)
		}
	}
	var six []netip.Addr
	for _, i := range interfaces {
		ip, ok := i.(*net.IPNet)
		if !ok {
			continue
		}
		a, ok := netip.AddrFromSlice(ip.IP)
		switch {
		case !ok:
		case a.Unmap().Is4():
			add(a)
		default:
			six = append(six, a)
		}
	}
	for _, a := range six {
		add(a)
	}
	var out []string
	for _, a := range list[:min(len(list), maxAddresses)] {
		out = append(out, a.String())
	}
	return out
}

// maxAddresses is how many addresses of a host are tried.
const maxAddresses = 64

// beacon is a port where the other hosts find out by which address they reach this
// one, before the agents meet there.
type beacon struct {
	listener net.Listener
	port     int
	nonce    string
	wg       sync.WaitGroup
}

func newBeacon() (*beacon, error) {
	l, err := net.Listen("tcp", ":0")
	if err != nil {
		return nil, err
	}
	b := &beacon{listener: l, port: l.Addr().(*net.TCPAddr).Port, nonce: rand.Text()}
	b.wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			// A few bytes to a fresh connection: this does not wait.
			c.SetDeadline(time.Now().Add(probeTime))
			io.WriteString(c, b.nonce+"\n")
			c.Close()
		}
	})
	return b, nil
}

func (b *beacon) close() {
	b.listener.Close()
	b.wg.Wait()
}

// probeTime bounds the attempt to reach one address.
const probeTime = 5 * time.Second

// probe tries all addresses at once and returns those where the nonce was found, in
// the order in which they were given.
func probe(ctx context.Context, p Probe) []string {
	ctx, cancel := context.WithTimeout(ctx, probeTime)
	defer cancel()
	addrs := p.Addrs[:min(len(p.Addrs), maxAddresses)]
	found := make([]bool, len(addrs))
	var wg sync.WaitGroup
	for i, a := range addrs {
		wg.Go(func() {
			var d net.Dialer
			c, err := d.DialContext(ctx, "tcp", net.JoinHostPort(a, strconv.Itoa(p.Port)))
			if err != nil {
				return
			}
			defer c.Close()
			c.SetDeadline(time.Now().Add(probeTime))
			b, err := io.ReadAll(io.LimitReader(c, 256))
			found[i] = err == nil && p.Nonce != "" && string(b) == p.Nonce+"\n"
		})
	}
	wg.Wait()
	var out []string
	for i, ok := range found {
		if ok {
			out = append(out, addrs[i])
		}
	}
	return out
}
