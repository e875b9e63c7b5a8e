package main

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sluicerun/sluice/bus"
	"github.com/sluicerun/sluice/bus/natsbus"
	"github.com/sluicerun/sluice/rendezvous"
	"github.com/sluicerun/sluice/rendezvous/council"
	"github.com/sluicerun/sluice/rendezvous/dynamic"
)

// runID is that of every run here.
const runID = "bench"

// agent is one node's, without workers.
type agent struct {
	bus  bus.Bus
	seat *dynamic.Seat
}

// field is where agents meet.
type field struct {
	connect func(ctx context.Context, i int, name string) (bus.Bus, error)
	gone    <-chan string
	close   func() error
	calls   *atomic.Int64 // made by agents
	pushes  *atomic.Int64
}

// overTCP is a server in this process, and connections to it over loopback. The
// first agent has none, as in a run. via leads through another address.
func overTCP(via func(netip.AddrPort) (string, error)) (*field, error) {
	server, err := natsbus.Listen(natsbus.ServerOptions{Addr: "127.0.0.1:0", RunID: runID})
	if err != nil {
		return nil, err
	}
	at := server.Addr().String()
	if via != nil {
		if at, err = via(server.Addr()); err != nil {
			return nil, errors.Join(err, server.Close())
		}
	}
	return &field{gone: server.Gone(), close: server.Close, calls: new(atomic.Int64), pushes: new(atomic.Int64),
		connect: func(ctx context.Context, i int, name string) (bus.Bus, error) {
			if i == 0 {
				return server.Connect(name)
			}
			return natsbus.Dial(ctx, []string{at}, natsbus.DialOptions{Name: name, RunID: runID})
		}}, nil
}

// within is a bus without sockets.
func within() *field {
	b := bus.NewLocal()
	return &field{gone: b.Gone(), close: func() error { return nil }, calls: new(atomic.Int64), pushes: new(atomic.Int64),
		connect: func(_ context.Context, _ int, name string) (bus.Bus, error) { return b.Connect(name), nil }}
}

// counting counts what an agent says.
type counting struct {
	bus.Bus
	f *field
}

func (c counting) Call(ctx context.Context, subject string, data []byte) ([]byte, error) {
	c.f.calls.Add(1)
	return c.Bus.Call(ctx, subject, data)
}

func (c counting) Publish(subject string, data []byte) error {
	c.f.pushes.Add(1)
	return c.Bus.Publish(subject, data)
}

// newAgent connects number i of n; n-1 are enough for a round.
func (f *field) newAgent(ctx context.Context, i, n int) (*agent, error) {
	id := dynamic.NewID()
	b, err := f.connect(ctx, i, id)
	if err != nil {
		return nil, err
	}
	name := fmt.Sprintf("node%04d", i)
	cfg := dynamic.Config{Bus: counting{b, f}, Root: "sluice." + runID, ID: id, Host: i == 0, Lead: i == 0,
		Node:  rendezvous.Node{Name: name, Addr: name, Workers: 8, Rank: -1},
		Terms: council.Terms{Run: runID, Min: n - 1, Max: n, LastCall: time.Minute, Lease: dynamic.DefaultLease, Close: 5 * time.Second},
		Master: func(context.Context, int) (string, int, error) {
			return name, 29500, nil
		}}
	if i == 0 {
		cfg.Gone = f.gone
	}
	s, err := dynamic.New(cfg)
	if err != nil {
		return nil, errors.Join(err, b.Close())
	}
	return &agent{bus: b, seat: s}, nil
}

// gang is all agents of a field.
type gang struct {
	*field
	agents []*agent
}

// assemble connects n agents, all at once, and has them join. took is from the
// start, when there is nothing but a server, to the last one's place in a round.
func (f *field) assemble(ctx context.Context, n int) (g *gang, took time.Duration, err error) {
	g = &gang{field: f, agents: make([]*agent, n)}
	began := time.Now()
	err = each(n, func(i int) error {
		a, err := f.newAgent(ctx, i, n)
		if err != nil {
			return err
		}
		g.agents[i] = a
		return a.join(ctx, n)
	})
	took = time.Since(began)
	if err != nil {
		err = errors.Join(err, g.end())
	}
	return g, took, err
}

func (a *agent) join(ctx context.Context, size int) error {
	r, err := a.seat.Join(ctx)
	if err != nil {
		return err
	}
	if r.GroupSize != size {
		return fmt.Errorf("a round of %d nodes, not %d", r.GroupSize, size)
	}
	return nil
}

// lose closes the connection of the last agent, as the kernel does for a process
// that was killed, and waits until the others have a new round.
func (g *gang) lose(ctx context.Context) (time.Duration, error) {
	last := g.agents[len(g.agents)-1]
	g.agents = g.agents[:len(g.agents)-1]
	began := time.Now()
	gone := make(chan error, 1)
	go func() { gone <- last.bus.Close() }()
	err := each(len(g.agents), func(i int) error {
		select {
		case <-g.agents[i].seat.Changes():
			return g.agents[i].join(ctx, len(g.agents))
		case <-ctx.Done():
			return ctx.Err()
		}
	})
	took := time.Since(began)
	return took, errors.Join(err, <-gone, last.seat.Close())
}

// end takes everybody away, the one that leads last.
func (g *gang) end() error {
	err := each(len(g.agents), func(i int) error {
		if i == 0 || g.agents[i] == nil {
			return nil
		}
		return errors.Join(g.agents[i].seat.Close(), g.agents[i].bus.Close())
	})
	if a := g.agents[0]; a != nil {
		err = errors.Join(err, a.seat.Close(), a.bus.Close())
	}
	return errors.Join(err, g.close())
}

// each calls f for 0 to n-1 at once.
func each(n int, f func(i int) error) error {
	var wg sync.WaitGroup
	errs := make([]error, n)
	for i := range n {
		wg.Go(func() { errs[i] = f(i) })
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return err // one is enough: the others say the same
		}
	}
	return nil
}
