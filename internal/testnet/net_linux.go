package testnet

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/sluicerun/sluice/internal/testpeer"
)

// Net is some machines on one switch.
type Net struct {
	t     testing.TB
	dir   string // has the hosts file; its name says whose it is
	hosts []*Host

	wake chan struct{} // says that parcels changed
	done chan struct{} // closed at the end
	wg   sync.WaitGroup

	// mu guards what follows, and what of the hosts and links is said to be under it.
	mu      sync.Mutex
	random  *rand.Rand
	parcels parcels
	sent    uint64 // parcels so far
}

var nets atomic.Uint32

// New makes machines of these names with the addresses 10.66.N.1, .2 and so on,
// N being another for each Net, and removes them with all that runs there at the
// end of the test. It also ends what killed test processes have left running on
// machines of theirs.
func New(t testing.TB, names ...string) *Net {
	t.Helper()
	testpeer.NeedRoot(t, "make network namespaces")
	for _, tool := range []string{"nsenter", "unshare"} {
		testpeer.Need(t, tool, "util-linux")
	}
	testpeer.Need(t, "mount", "mount")
	if _, err := os.Stat(tunDevice); err != nil {
		testpeer.Missing(t, "needs TAP devices: %v", err)
	}
	sweep(t)

	n := &Net{t: t, wake: make(chan struct{}, 1), done: make(chan struct{})}
	n.Seed(1)
	prefix, err := dirPrefix(os.Getpid())
	if err == nil {
		n.dir, err = os.MkdirTemp("", prefix)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(n.close)

	subnet := byte(nets.Add(1)%254 + 1)
	hosts := new(strings.Builder)
	fmt.Fprint(hosts, "127.0.0.1 localhost\n::1 localhost\n")
	for i, name := range names {
		h := &Host{net: n, name: name, addr: netip.AddrFrom4([4]byte{10, 66, subnet, byte(i + 1)}), links: make([]link, len(names))}
		if err := h.make(); err != nil {
			h.remove()
			t.Fatalf("making the machine %s: %v", name, err)
		}
		h.index = len(n.hosts)
		n.hosts = append(n.hosts, h)
		fmt.Fprintln(hosts, h.addr, name)
	}
	if err := os.WriteFile(n.hostsFile(), []byte(hosts.String()), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(n.dir, 0o755); err != nil { // other users read the file, too
		t.Fatal(err)
	}
	for _, h := range n.hosts {
		if err := h.meet(n.hosts); err != nil {
			t.Fatalf("telling the machine %s of the others: %v", h.name, err)
		}
	}
	for _, h := range n.hosts {
		n.wg.Go(h.read)
	}
	n.wg.Go(n.deliverLate)
	return n
}

func (n *Net) hostsFile() string { return filepath.Join(n.dir, "hosts") }

// Host is the machine of that name.
func (n *Net) Host(name string) *Host {
	n.t.Helper()
	for _, h := range n.hosts {
		if h.name == name {
			return h
		}
	}
	n.t.Fatalf("testnet: there is no machine %q", name)
	return nil
}

func (n *Net) close() {
	for _, h := range n.hosts {
		if err := h.killAll(); err != nil {
			n.t.Error(err)
		}
		h.remove()
	}
	close(n.done)
	n.wg.Wait()
	os.RemoveAll(n.dir)
}
