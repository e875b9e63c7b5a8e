package adopt

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// Plumbing is processes that are connected, and what connects them.
type Plumbing struct {
	// Processes are in the order of the flow: who writes comes before who reads, as
	// far as there is such an order.
	Processes []Node `json:"processes"`
	Links     []Link `json:"links"`
	// Omitted are the connected processes beyond the first MostNodes.
	Omitted int `json:"omitted,omitempty"`
	// Shared are descriptors above 2 of the process that was asked for, that more than
	// one other process has too: inherited mostly, and not followed.
	Shared    []int           `json:"shared,omitempty"`
	Terminals []TerminalState `json:"terminals"` // those of the process that was asked for
}

// MostNodes is how many processes a Plumbing has at most.
const MostNodes = 24

// Node is a process of a Plumbing.
type Node struct {
	Who
	Command []string `json:"command"`
	Asked   bool     `json:"asked"` // it is the one that was asked for
	Ports   []Port   `json:"ports"`
}

// Port is descriptors of a process that are open in one way on one object.
type Port struct {
	FDs  []int `json:"fds"`
	Kind Kind  `json:"kind"`
	In   bool  `json:"in"`  // data flows into the process; of a terminal, as its number has it
	Out  bool  `json:"out"` // data flows out of the process
	// Link is the place in Links, -1 if the object connects nobody here: Name is then
	// what it is.
	Link int    `json:"link"`
	Name string `json:"name"`

	ino uint64 // of a socket: its two ends are two objects
}

// Link is what connects processes: a pipe, a FIFO, a pair of sockets.
type Link struct {
	Kind    Kind   `json:"kind"`
	Name    string `json:"name"`
	Waiting *int   `json:"waiting,omitempty"` // bytes in a pipe

}

// Plumbing finds out with whom p is connected by pipes, FIFOs and sockets, with whom
// these are, and so on. Of the others only descriptors 0 to 2 lead further, of p
// itself those besides that it shares with one other process; nothing leads
// further from behind a socket with a name: a picture of a pipeline is wanted, not
// of all that ever spoke to a supervisor or to the system's logger.
func (p *Process) Plumbing(ctx context.Context, t *Table) (*Plumbing, error) {
	r, err := p.Inspect(ctx, t)
	if err != nil {
		return nil, err
	}
	if r.Refusal != nil {
		return nil, r.Refusal
	}
	b := &plumber{t: t, links: map[object]int{}, leaf: map[int]bool{}, shown: map[object]bool{}, files: map[int][]OpenFile{p.PID: r.Descriptors}}
	queue := []int{p.PID}
	seen := map[int]bool{p.PID: true}
	out := &Plumbing{Links: []Link{}, Terminals: r.Terminals}
	for len(queue) > 0 {
		if err := ctx.Err(); err != nil {
			return nil, context.Cause(ctx)
		}
		pid := queue[0]
		queue = queue[1:]
		if len(b.order) == MostNodes {
			out.Omitted++
			continue
		}
		b.order = append(b.order, pid)
		if pid != p.PID {
			b.files[pid] = b.open(ctx, pid)
		}
		if b.leaf[pid] {
			continue
		}
		for _, f := range b.files[pid] {
			if pid != p.PID && f.FD > 2 {
				continue
			}
			joined := b.joined(f)
			if f.FD > 2 && others(pid, joined) > 1 {
				out.Shared = append(out.Shared, f.FD)
				continue
			}
			if len(joined) > 0 {
				b.shown[f.key()] = true
			}
			named := f.Kind == Socket && !f.Socket.pair(t)
			for _, h := range joined {
				if !seen[h.PID] {
					seen[h.PID] = true
					b.leaf[h.PID] = named
					queue = append(queue, h.PID)
				}
			}
		}
	}
	b.nodes(p.PID, out)
	return out, nil
}

// plumber makes a Plumbing.
type plumber struct {
	t     *Table
	order []int // the processes as they were found
	leaf  map[int]bool
	files map[int][]OpenFile
	links map[object]int
	shown map[object]bool // the links that are part of the picture
}

// open looks at another process; one that has ended or may not be seen has nothing.
func (b *plumber) open(ctx context.Context, pid int) []OpenFile {
	p, err := b.t.sys.Open(pid)
	if err != nil {
		return nil
	}
	defer p.Close()
	r, err := p.Inspect(ctx, b.t)
	if err != nil {
		return nil
	}
	return r.Descriptors
}

// joined are all who have a connecting object open, at either end.
func (b *plumber) joined(f OpenFile) []Holder {
	switch f.Kind {
	case Pipe, FIFO:
		return b.t.Same(f.Descriptor)
	case Socket:
		if ends := b.t.Ends(f.Descriptor); len(ends) > 0 {
			return append(slices.Clone(b.t.Same(f.Descriptor)), ends...)
		}
	}
	return nil
}

// others is how many processes besides pid are among holders.
func others(pid int, all []Holder) int {
	seen := map[int]bool{}
	for _, h := range all {
		if h.PID != pid {
			seen[h.PID] = true
		}
	}
	return len(seen)
}

// pair tells a socket of socketpair(2) from one that was reached by a name.
func (s *SocketState) pair(t *Table) bool {
	if s == nil || s.Family != "unix" || s.Local != "" || s.Peer == 0 {
		return false
	}
	peer := t.SocketOf(Descriptor{Kind: Socket, Ino: s.Peer})
	return peer != nil && peer.Local == ""
}

// key is the object that both sides of a link share.
func (f OpenFile) key() object {
	o, _ := f.object()
	if f.Kind == Socket && f.Socket != nil && f.Socket.Family == "unix" && f.Socket.Peer != 0 {
		o.ino = min(o.ino, f.Socket.Peer)
	}
	return o
}

func (b *plumber) nodes(asked int, out *Plumbing) {
	// A link is one that two ports of the picture share.
	ports := map[object]int{}
	alias := map[object]object{}
	key := func(f OpenFile) object {
		k := f.key()
		if a, ok := alias[k]; ok {
			return a
		}
		return k
	}
	for _, pid := range b.order {
		for _, f := range b.files[pid] {
			if f.Kind == Socket && f.Socket != nil && f.Socket.Peer == 0 {
				for _, h := range b.t.Ends(f.Descriptor) { // of TCP, both sides find each other
					o, _ := h.object()
					k := f.key()
					if o.ino < k.ino {
						alias[k] = o
					}
				}
			}
		}
	}
	for _, pid := range b.order {
		for _, f := range b.files[pid] {
			if f.Kind == Pipe || f.Kind == FIFO || f.Kind == Socket {
				ports[key(f)]++
			}
		}
	}
	for o, a := range alias {
		b.shown[a] = b.shown[a] || b.shown[o]
	}
	writers, readers := map[int][]int{}, map[int][]int{}
	for _, pid := range b.order {
		n := Node{Who: *b.t.who(pid), Asked: pid == asked, Command: []string{}, Ports: []Port{}}
		if data, err := b.t.sys.fs.ReadFile(pid, "cmdline"); err == nil && len(data) > 0 {
			n.Command = strings.Split(strings.TrimSuffix(string(data), "\x00"), "\x00")
		}
		files := 0
		for _, f := range b.files[pid] {
			if f.Kind == Anon || f.Kind == Other || f.Kind == Memory {
				continue
			}
			port := Port{FDs: []int{f.FD}, Kind: f.Kind, Link: -1, Name: f.Title()}
			port.In, port.Out = f.flow()
			if f.Kind == Socket {
				port.ino = f.Ino
			}
			k := key(f)
			if ports[k] > 1 && b.shown[k] {
				i, ok := b.links[k]
				if !ok {
					i = len(out.Links)
					b.links[k] = i
					l := Link{Kind: f.Kind, Name: f.Title(), Waiting: f.Waiting}
					out.Links = append(out.Links, l)
				}
				port.Link = i
				if f.Socket != nil && f.Socket.Local != "" && (out.Links[i].Name == "socketpair" || f.Socket.Family == "unix") {
					out.Links[i].Name = f.Title()
				}
			} else if f.FD > 2 && (pid != asked || slices.Contains(out.Shared, f.FD)) {
				// Programs open the files that they read and write: a few tell what is at
				// the ends of a pipeline.
				if files++; pid == asked || files > 3 || f.Kind != File && f.Kind != FIFO {
					continue
				}
			}
			n.add(port)
		}
		for _, port := range n.Ports {
			if port.Link >= 0 && port.Out && !port.In {
				writers[port.Link] = append(writers[port.Link], pid)
			}
			if port.Link >= 0 && port.In && !port.Out {
				readers[port.Link] = append(readers[port.Link], pid)
			}
		}
		out.Processes = append(out.Processes, n)
	}
	next := map[int][]int{}
	for l, from := range writers {
		for _, w := range from {
			next[w] = append(next[w], readers[l]...)
		}
	}
	rank := flowOrder(b.order, next)
	slices.SortFunc(out.Processes, func(a, c Node) int { return rank[a.PID] - rank[c.PID] })
	b.renumber(out)
}

// renumber puts the links into the order in which they are met from the first
// process on.
func (b *plumber) renumber(out *Plumbing) {
	place := map[int]int{}
	links := []Link{}
	for i := range out.Processes {
		for j := range out.Processes[i].Ports {
			port := &out.Processes[i].Ports[j]
			if port.Link < 0 {
				continue
			}
			n, ok := place[port.Link]
			if !ok {
				n = len(links)
				place[port.Link] = n
				links = append(links, out.Links[port.Link])
			}
			port.Link = n
		}
	}
	out.Links = links
}

// add joins a port to another one of the same object and direction.
func (n *Node) add(p Port) {
	for i, o := range n.Ports {
		if o.Kind == p.Kind && o.In == p.In && o.Out == p.Out && o.Link == p.Link && o.Name == p.Name && o.ino == p.ino {
			n.Ports[i].FDs = append(o.FDs, p.FDs...)
			return
		}
	}
	n.Ports = append(n.Ports, p)
}

// flow is the direction of the data. A terminal is mostly open both ways, on
// descriptors that are used for one.
func (f OpenFile) flow() (in, out bool) {
	in, out = f.Readable, f.Writable
	if in && out && f.Kind != Socket && f.FD <= 2 {
		return f.FD == 0, f.FD > 0
	}
	return in, out
}

// Title names what is open for people, in printable characters.
func (f OpenFile) Title() string {
	name := Printable(f.Name)
	switch f.Kind {
	case Pipe:
		return "pipe"
	case FIFO:
		name = "fifo " + name
	case PTY:
		return fmt.Sprintf("/dev/pts/%d", f.Index)
	case Master:
		return fmt.Sprintf("master of /dev/pts/%d", f.Index)
	case Socket:
		return f.Socket.title(name)
	}
	if f.Deleted {
		name += " (deleted)"
	}
	return name
}

func (s *SocketState) title(name string) string {
	switch {
	case s == nil:
		return name
	case s.Family == "unix" && s.Local != "":
		return "unix " + Printable(s.Local)
	case s.Family == "unix" && s.Peer != 0:
		return "socketpair"
	case s.Remote != "":
		return s.Family + " " + s.Local + " - " + s.Remote
	case s.Local != "":
		return s.Family + " " + s.Local
	}
	return s.Family + " socket"
}

// flowOrder is the place of each process in the order of the flow. Where there is a
// ring, the lowest pid in it is first.
func flowOrder(pids []int, next map[int][]int) map[int]int {
	left := slices.Clone(pids)
	slices.Sort(left)
	before := map[int]map[int]bool{}
	for from, all := range next {
		for _, to := range all {
			if from != to {
				if before[to] == nil {
					before[to] = map[int]bool{}
				}
				before[to][from] = true
			}
		}
	}
	rank := map[int]int{}
	last := 0
	for len(left) > 0 {
		pick := -1
		for i, pid := range left {
			if len(before[pid]) > 0 {
				continue
			}
			if pick < 0 || slices.Contains(next[last], pid) && !slices.Contains(next[last], left[pick]) {
				pick = i
			}
		}
		if pick < 0 {
			pick = 0
		}
		last = left[pick]
		rank[last] = len(rank)
		left = slices.Delete(left, pick, pick+1)
		for _, b := range before {
			delete(b, last)
		}
	}
	return rank
}
