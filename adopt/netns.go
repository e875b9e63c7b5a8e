package adopt

import (
	"net/netip"
	"os"
	"slices"
)

// network is the sockets of a network namespace.
type network struct {
	sockets map[uint64]*SocketState
	// unseen is why the peers of unix sockets are not known here; nil: they are.
	unseen error
}

// SocketOf is what the kernel tells of a socket that a process has open; nil if it
// is none, or is not of the network namespace that its process is in now.
func (t *Table) SocketOf(d Descriptor) *SocketState {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.socket(d)
}

func (t *Table) socket(d Descriptor) *SocketState {
	if d.Kind != Socket {
		return nil
	}
	for _, h := range t.Same(d) {
		if s := t.network(h.PID).sockets[d.Ino]; s != nil {
			return s
		}
	}
	return nil
}

// netns names the network namespace of a process. A packed system may not have the
// links: it is then taken for one that has one namespace.
func (t *Table) netns(pid int) string {
	name, _ := os.Readlink(t.sys.fs.Path(pid, "ns", "net"))
	return name
}

// network reads the sockets of the namespace of a process, once.
func (t *Table) network(pid int) *network {
	name := t.netns(pid)
	if n := t.nets[name]; n != nil {
		return n
	}
	n := &network{sockets: map[uint64]*SocketState{}}
	add := func(all []SocketState) {
		for _, s := range all {
			if s.ino != 0 {
				n.sockets[s.ino] = &s
			}
		}
	}
	for _, f := range []struct {
		name  string
		parse func([]byte) ([]SocketState, error)
	}{
		{"unix", parseUnix},
		{"tcp", inet("tcp")}, {"tcp6", inet("tcp6")}, {"udp", inet("udp")}, {"udp6", inet("udp6")},
		{"raw", inet("raw")}, {"raw6", inet("raw6")}, {"icmp", inet("icmp")}, {"icmp6", inet("icmp6")},
		{"netlink", inodes("netlink", 10)}, {"packet", inodes("packet", 9)},
	} {
		// A kernel may be built without one of them.
		if data, err := t.sys.fs.ReadFile(pid, "net", f.name); err == nil {
			all, _ := f.parse(data)
			add(all)
		}
	}
	peers, err := t.sys.unixPeers(pid)
	n.unseen = err
	for _, p := range peers {
		s := n.sockets[p.ino]
		if s == nil {
			s = &SocketState{Family: "unix", Type: unixTypes[uint64(p.kind)], Local: p.name, State: "unconnected", ino: p.ino}
			n.sockets[p.ino] = s
		}
		s.Peer, s.queue = p.peer, p.queue
		if s.State != "listening" && p.received >= 0 {
			got := int64(p.received)
			s.Received = &got
		}
	}
	if t.nets == nil {
		t.nets = map[string]*network{}
	}
	t.nets[name] = n
	return n
}

func inet(family string) func([]byte) ([]SocketState, error) {
	return func(data []byte) ([]SocketState, error) { return parseInet(data, family) }
}

func inodes(family string, column int) func([]byte) ([]SocketState, error) {
	return func(data []byte) ([]SocketState, error) { return parseInodes(data, family, column) }
}

// peers are the inodes of the sockets at the other end of one.
func (t *Table) peers(d Descriptor) []uint64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	s := t.socket(d)
	switch {
	case s == nil:
		return nil
	case s.Family != "unix":
		return t.inetPeers(s)
	case s.Peer != 0:
		return []uint64{s.Peer}
	}
	// It is the other one that knows: a client that is not accepted yet is in its
	// listener's queue, and those who are connected to a datagram socket name it.
	var all []uint64
	for _, n := range t.nets {
		for ino, o := range n.sockets {
			if slices.Contains(o.queue, d.Ino) || s.Type == "dgram" && o.Peer == d.Ino {
				all = append(all, ino)
			}
		}
	}
	slices.Sort(all)
	return all
}

// inetPeers looks for the socket whose addresses are this one's turned round, in
// every namespace that a process is in; of a loopback address only in its own.
func (t *Table) inetPeers(s *SocketState) []uint64 {
	if s.Remote == "" || s.State == "listening" || !s.inet() {
		return nil
	}
	nets := map[*network]bool{}
	if t.pids == nil {
		t.pids = map[string]int{}
		for pid := range t.procs {
			if name := t.netns(pid); t.pids[name] == 0 && (name != "" || !t.sys.live) {
				t.pids[name] = pid
			}
		}
	}
	for _, pid := range t.pids {
		nets[t.network(pid)] = true
	}
	for _, n := range t.nets {
		nets[n] = true
	}
	loopback := s.remote.Addr().Unmap().IsLoopback()
	var all []uint64
	for n := range nets {
		if loopback && n.sockets[s.ino] != s {
			continue
		}
		for ino, o := range n.sockets {
			if o != s && o.inet() && s.inet() && o.Family[:3] == s.Family[:3] && plain(o.local) == plain(s.remote) && plain(o.remote) == plain(s.local) {
				all = append(all, ino)
			}
		}
	}
	if len(all) == 0 {
		all = waiting(s, nets)
	}
	slices.Sort(all)
	return all
}

// waiting are the listeners that a connection waits at: its other end is there
// already and belongs to nobody until it is accepted.
func waiting(s *SocketState, nets map[*network]bool) []uint64 {
	var all []uint64
	for n := range nets {
		if s.State != "established" || n.sockets[s.ino] != s {
			continue
		}
		for ino, o := range n.sockets {
			if o.State == "listening" && o.local.Port() == s.remote.Port() &&
				(o.local.Addr().IsUnspecified() && n.has(s.remote.Addr()) || o.local.Addr().Unmap() == s.remote.Addr().Unmap()) {
				all = append(all, ino)
			}
		}
	}
	return all
}

// has tells whether an address is one of the namespace itself, as far as its
// connections show.
func (n *network) has(a netip.Addr) bool {
	if a.Unmap().IsLoopback() {
		return true
	}
	for _, s := range n.sockets {
		if s.local.Addr().Unmap() == a.Unmap() {
			return true
		}
	}
	return false
}

// inet tells sockets with addresses of the internet.
func (s *SocketState) inet() bool { return s.local.IsValid() }

// plain is an address without the clothes of version 6.
func plain(a netip.AddrPort) netip.AddrPort {
	return netip.AddrPortFrom(a.Addr().Unmap(), a.Port())
}
