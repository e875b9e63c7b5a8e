package testnet

import (
	"math/rand/v2"
	"time"
)

// Faults is what a link does to frames. A frame is at most one datagram, but up
// to 64 KiB of a TCP stream.
type Faults struct {
	// Probabilities, from 0 to 1: that a frame is lost, arrives twice, and is
	// overtaken by those that are sent up to 20 ms after it.
	Loss, Duplicate, Reorder float64
	// Delay is how long each frame takes, and Jitter the most that is added, by
	// chance. Neither changes the order.
	Delay, Jitter time.Duration
}

// SetFaults has all frames from one machine to another suffer these faults from
// now on; "" stands for any machine. The zero value makes a good link.
func (n *Net) SetFaults(from, to string, f Faults) {
	n.t.Helper()
	n.each(from, to, func(l *link) { l.faults = f })
}

// Cut cuts a machine off: nothing gets in or out, and what is under way is lost.
// Its kernel does not notice.
func (n *Net) Cut(name string) {
	n.t.Helper()
	h := n.Host(name)
	n.mu.Lock()
	defer n.mu.Unlock()
	h.cut = true
}

// CutOneWay loses all frames from one machine to another; "" stands for any machine.
func (n *Net) CutOneWay(from, to string) {
	n.t.Helper()
	n.each(from, to, func(l *link) { l.cut = true })
}

// Heal undoes Cut, and CutOneWay on all links of the machine.
func (n *Net) Heal(name string) {
	n.t.Helper()
	h := n.Host(name)
	n.mu.Lock()
	h.cut = false
	n.mu.Unlock()
	n.each(name, "", func(l *link) { l.cut = false })
	n.each("", name, func(l *link) { l.cut = false })
}

// Seed makes the random numbers start again. A Net starts with Seed(1).
func (n *Net) Seed(seed int64) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.random = rand.New(rand.NewPCG(uint64(seed), 0))
}

// Bytes counts what has arrived from one machine at another within TCP and UDP
// over IPv4, without headers; "" stands for any machine. What is sent again, or
// doubled, counts again.
func (n *Net) Bytes(from, to string) int64 {
	n.t.Helper()
	sum := int64(0)
	n.each(from, to, func(l *link) { sum += l.bytes })
	return sum
}

// each calls f, under the lock, for the links between these machines.
func (n *Net) each(from, to string, f func(*link)) {
	n.t.Helper()
	some := func(name string) []*Host {
		if name == "" {
			return n.hosts
		}
		return []*Host{n.Host(name)}
	}
	froms, tos := some(from), some(to)
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, from := range froms {
		for _, to := range tos {
			f(&from.links[to.index])
		}
	}
}

func (n *Net) isCut(from, to *Host) bool {
	return from.cut || from.off || to.cut || to.off || from.links[to.index].cut
}

func (n *Net) chance(p float64) bool { return p > 0 && n.random.Float64() < p }
