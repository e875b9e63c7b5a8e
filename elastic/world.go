package elastic

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"

	"github.com/sluicerun/sluice/job"
	"github.com/sluicerun/sluice/launch"
	"github.com/sluicerun/sluice/tcpstore"
)

// loopback is where the workers of a single node meet.
const loopback = "127.0.0.1"

// New is the world of a run, or nil if its gang is alone and rank 0 hosts the
// store, as without torchrun.
func New(spec job.Spec) launch.World {
	switch {
	case spec.Nodes.Elastic():
		return newNodes(spec)
	case spec.Nodes.Several():
		return newStatic(spec)
	case spec.Torch != nil && spec.Torch.AgentStore:
		return &single{spec: spec}
	}
	return nil
}

// single is the world of one node.
type single struct {
	spec  job.Spec
	store *tcpstore.Server
}

// Join opens a new store. Unless a port was asked for, that of the attempt before goes
// only then, so that the kernel gives another port: a worker that is left of it shall
// meet nobody there.
func (s *single) Join(context.Context) (launch.Place, error) {
	t := s.spec.Torch
	addr := t.MasterAddr
	if addr == "" {
		addr = loopback
	}
	if t.MasterPort != 0 {
		if err := s.Close(""); err != nil {
			return launch.Place{}, err
		}
	}
	store, err := listen(addr, t.MasterPort, "")
	if err != nil {
		return launch.Place{}, err
	}
	if err := s.Close(""); err != nil {
		return launch.Place{}, errors.Join(err, store.Close())
	}
	s.store = store
	n := s.spec.Size()
	return launch.Place{Size: n, Groups: 1, RoleSize: n, AgentStore: true,
		MasterAddr: addr, MasterPort: strconv.Itoa(s.store.Port())}, nil
}

// listen opens a store for workers who know this node as host. They may be told
// a name or an address that is not on any interface here (a proxy's, a
// container's outer one): only the loopback, which is nobody else's business, is
// bound by itself.
func listen(host string, port int, reserved string) (*tcpstore.Server, error) {
	bind := ""
	if ip := net.ParseIP(host); ip != nil && ip.IsLoopback() {
		bind = host
	}
	s, err := tcpstore.Listen(tcpstore.Options{Addr: net.JoinHostPort(bind, strconv.Itoa(port)), Reserved: reserved})
	if err != nil {
		return nil, fmt.Errorf("opening the workers' store on port %d: %w", port, err)
	}
	return s, nil
}

// Close implements launch.World.
func (s *single) Close(string) error {
	if s.store == nil {
		return nil
	}
	err := s.store.Close()
	s.store = nil
	return err
}

func (*single) Changes() <-chan launch.Change                           { return nil }
func (*single) Again(context.Context, string) error                     { return nil }
func (*single) Fail(context.Context, job.Outcome, string, string) error { return nil }
func (*single) Stop(context.Context, int, string) error                 { return nil }
func (*single) Root(context.Context) *job.RootCause                     { return nil }
func (*single) Done(context.Context) error                              { return nil }
